"""Run folders made by hand, as training would have left them."""

import json

SETTINGS = {
    "games": ["race_to_center"],
    "config": "mini",
    "steps": 1000,
    "seed": 0,
    "threads": 0,
    "device": "cpu",
    "folder": "runs",
    "name": "",
    "ppo": {"learning_rate": 0.002},
}
VERSIONS = {"metammo": "0.1.0", "torch": "2.7.0", "numpy": "2.1.0", "python": "3.12.0"}


def metrics_of(games, steps=(250, 500, 750, 1000), gain=0.0, evaluated=True):
    """Return a run's rows: the first game got three quarters of the steps, the others the rest."""
    rows = []
    for number, done in enumerate(steps):
        row = {"steps": float(done), "seconds": done / 100, "agent_steps_per_second": 90.0 + number}
        row |= {"time/simulator": 0.1, "time/forward": 0.3, "time/update": 0.6}
        for place, game in enumerate(games):
            share = 1.0 if len(games) == 1 else (0.75 if place == 0 else 0.25 / (len(games) - 1))
            row |= {f"{game}/steps": done * share, f"{game}/progress": done / 2000 + gain}
            row |= {f"{game}/win_rate": 1.0, f"{game}/return": -1.0 + gain, f"{game}/length": 99.0}
            row |= {f"{game}/died_of_fog": 0.25, f"{game}/died_of_player": 0.5}
            if evaluated and number % 2:
                for name, factor in (("score", 2), ("progress", 0.5), ("win_rate", 1)):
                    row[f"evaluation/{game}/{name}"] = factor * (done / 1000 - 0.1 + gain)
                    row[f"evaluation/{game}/scripted_{name}"] = 0.5
        rows.append(row)
    return rows


def write_run(folder, rows=None, checkpoints=("last",), **settings):
    """Write a run's folder and return it."""
    kept = SETTINGS | settings
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(kept))
    rows = metrics_of(kept["games"]) if rows is None else rows
    if rows:
        lines = [json.dumps(row) for row in rows]
        (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    for name in checkpoints:
        checkpoint = folder / "checkpoints" / name
        checkpoint.mkdir(parents=True)
        steps = int(name) if name.isdigit() else kept["steps"]
        games = dict.fromkeys(kept["games"], 1)
        about = {"format": 1, "steps": steps, "games": games, "versions": VERSIONS}
        (checkpoint / "config.json").write_text(json.dumps(about))
    return folder
