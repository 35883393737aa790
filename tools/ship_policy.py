#!/usr/bin/env python3
"""How does a run become a policy that comes with metammo? Weights, description and card.

Written is checkpoints/NAME: the network of the run's last checkpoint (or of the one given) without
what only training needs, and a card filled from the run's files and from results.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metammo.evaluation.ranking import rank
from metammo.evaluation.report_parts import counted, duration, millions
from metammo.evaluation.rows import EpisodeRow, ResultError, read_rows
from metammo.evaluation.runs import RunFolder, game_name, read_run
from metammo.learner.checkpoint import LAST
from metammo.policies.hub import (
    UNTRAINED,
    WEIGHTS,
    find_policy,
    load_module,
    part_name,
    policy_name,
    read_description,
    save_module,
)
from metammo.policies.shipped import CARD

ROOT = Path(__file__).parents[1]
MOST_BYTES = 3_000_000
"""Of the weights: every clone of the repository holds them."""
KEPT = ("games", "steps", "versions")
"""What the description says of the training; where it began is told by the card."""
OWN_TO_THE_MACHINE = ("name", "folder", "seed", "resume", "threads", "device", "steps", "config")
"""Settings that the card leaves out of its list, or tells elsewhere."""


def ratings(
    paths: Sequence[Path], policy: str, known: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return a policy's row of `ranking.rank` for each file of results in which it played.

    Args:
        paths: files of episodes' rows, or folders in which they lie, however deep.
        policy: what it is called there.
        known: by what names those whom it met there are known to a reader of the card.

    Returns:
        Rows with `game`, `config`, `seeds`, and `others`, whom it met, besides.

    Raises:
        ResultError: it played in none of them.
    """
    rows: list[dict[str, Any]] = []
    met: set[str] = set()
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
        for file in files:
            if file.parent.name == "pieces" or file.stem.endswith("-tasks"):
                continue
            table = read_rows(file, EpisodeRow)
            names = sorted(table["policy"].unique())
            if policy not in names:
                continue
            met |= set(names)
            ranking = rank(table)
            own = next(row for row in ranking.rows if row["policy"] == policy)
            rows.append(
                {
                    **own,
                    "game": table["game"][0],
                    "config": table["config"][0],
                    "progress": table.filter(table["policy"] == policy)["progress"].mean(),
                    "seeds": ranking.seeds,
                    "others": sorted(
                        (known or {}).get(name, name) for name in names if name != policy
                    ),
                }
            )
    if not rows:
        where = ", ".join(map(str, paths))
        raise ResultError(f"{policy!r} played in no file of {where}; --policy says its name there")
    strangers = sorted(set(known or {}) - met)
    if strangers:
        raise ResultError(
            f"--known: {strangers[0]!r} did not meet it; there are {', '.join(sorted(met))}"
        )
    return rows


def front_matter(name: str, config: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the Hugging Face Hub reads of a card, as YAML."""
    lines = [
        "---",
        "license: mit",
        "library_name: metammo",
        "pipeline_tag: reinforcement-learning",
        "tags:",
        *(f"- {tag}" for tag in ("reinforcement-learning", "multi-agent", "meta-mmo", config)),
        "model-index:",
        f"- name: {name}",
        f"  results:{'' if rows else ' []'}",
    ]
    for row in rows:
        others = ", ".join(row["others"])
        metrics = {"Bradley-Terry rating": row["bradley_terry"], "task progress": row["progress"]}
        lines += [
            "  - task:",
            "      type: reinforcement-learning",
            "      name: reinforcement-learning",
            "    dataset:",
            f"      name: {row['game']} ({row['config']}), held-out maps",
            f"      type: {row['game']}",
            "    metrics:",
        ]
        for metric, value in metrics.items():
            lines += [
                f"    - type: {metric.lower().replace(' ', '_').replace('-', '_')}",
                f"      value: {value:.3f}",
                f"      name: {json.dumps(f'{metric}, beside {others}')}",
            ]
    return "\n".join([*lines, "---"])


def ratings_text(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the section of a card about ratings."""
    if not rows:
        return ["No results were given when this card was written."]
    lines = [
        "By the games' evaluation knobs, on maps that training never saw. A rating is by "
        "Bradley-Terry with its 95% interval, in points, the mean of those that met being 1000 and "
        "77.6 ten times the odds; it is among those named alone. Won is the share of episodes that "
        "one of its agents won.",
        "",
        "| game | rating | won | task progress | episodes | who met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        rating = f"{row['bradley_terry']:.0f} [{row['low']:.0f}, {row['high']:.0f}]"
        won = "–" if row["won"] is None else f"{row['won']:.0%}"
        others = ", ".join(f"`{other}`" for other in row["others"])
        cells = (f"`{row['game']}`", rating, won, f"{row['progress']:.3f}", row["episodes"], others)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def training_text(run: RunFolder, steps: int) -> list[str]:
    """Return the section of a card about the training."""
    lines = []
    seconds = run.last("seconds")
    machine = run.origin.get("machine", {})
    source, day = run.source, str(run.origin.get("started", ""))[:10]
    lines.append(
        f"{millions(steps)} agent-steps in {duration(seconds)}"
        + (f", {steps / seconds:,.0f} a second" if seconds else "")
        + (f", on {counted(run.cores, 'core')} of {machine['processor']}" if machine else "")
        + (f", {day}" if day else "")
        + "."
    )
    lines += ["", "| game | version | agent-steps |", "| --- | --- | --- |"]
    for game in map(game_name, run.games):
        counts = run.game_steps(game)
        own = millions(counts[-1][1]) if counts else "–"
        lines.append(f"| `{game}` | {run.game_versions.get(game, '–')} | {own} |")
    told = {
        key: value
        for key, value in run.settings.items()
        if key not in (*OWN_TO_THE_MACHINE, "games", "weights") and value not in ("", None, [], ())
    }
    lines += ["", f"Seed {run.settings.get('seed')}. Settings, as `metammo train` names them:", ""]
    lines += ["```"]
    lines += [f"{key} = {value}" for key, value in told.items()]
    versions = ", ".join(f"{key} {value}" for key, value in run.versions.items())
    where = ", ".join(f"{key} `{value}`" for key, value in source.items())
    return [*lines, "```", "", f"Versions: {versions}." + (f" Source: {where}." if where else "")]


def until(run: RunFolder, steps: int) -> RunFolder:
    """Return a run as it was at a checkpoint after so many steps: the metrics up to there."""
    return replace(run, metrics=[row for row in run.metrics if row["steps"] <= steps])


def begun_name(init: str) -> str:
    """Return what a policy is called with which a run began: of a run's last the run's name."""
    _, place = part_name(init)
    return policy_name(place).removesuffix(f"/{LAST}")


def card(
    name: str, description: Mapping[str, Any], run: RunFolder, rows: Sequence[Mapping[str, Any]]
) -> str:
    """Return a policy's card, Markdown with the Hub's front matter."""
    config, games = description["layout"], list(description["games"])
    game = games[0]
    options = "" if config == "mini" else f" --config {config}"
    kind = "specialist" if len(games) == 1 else "generalist"
    plays = ", ".join(f"`{each}`" for each in games)
    begun = run.settings.get("init")
    lines = [
        front_matter(name, config, rows),
        "",
        f"# {name}",
        "",
        f"A {kind} of the {config} config of metammo, minigames after [Meta MMO]"
        f"(https://arxiv.org/abs/2406.05071), trained on {plays}. One network, recurrent, "
        "plays every seat that it is given.",
        "",
        "```python",
        "import metammo",
        "",
        f'policy = metammo.load_policy("{name}")',
        "```",
        "",
        "```sh",
        f"metammo watch {name} --game {game}{options}",
        f"metammo evaluate {name} --game {game} --against scripted random{options}",
        "```",
        "",
        "## Trained",
        "",
        *([f"It began with the weights of `{begun_name(begun)}`.", ""] if begun else []),
        *training_text(run, description["steps"]),
        "",
        "## Rated",
        "",
        *ratings_text(rows),
        "",
        "## Know",
        "",
        "It reads observations of the layout that it was trained on and refuses others. It was "
        "rated in the games above alone; what it does in others is not known from this card.",
    ]
    return "\n".join(lines) + "\n"


def ship(
    source: Path,
    name: str,
    out: Path,
    results: Sequence[Path],
    called: str = "",
    known: Mapping[str, str] | None = None,
) -> Path:
    """Write a policy's folder, and return it.

    Args:
        source: a run's folder, or that of one of its checkpoints.
        name: by which it is loaded.
        out: the folder of all such policies.
        results: files or folders of episodes' rows; none: the card has no ratings.
        called: what it is called in the results; "": as its folder is.
        known: by what names others in the results are known to a reader of the card.

    Raises:
        ValueError: there is no such policy or run, its weights are too large, or it did not play.
    """
    if not name or not all(sign.isalnum() or sign in "._-" for sign in name):
        raise ValueError(f"a name is of letters, digits, '.', '_' and '-'; got {name!r}")
    if not name.strip(".") or name in UNTRAINED:
        taken = ", ".join(UNTRAINED)
        raise ValueError(f"{name!r} cannot be loaded: choose a name, not dots nor {taken}")
    checkpoint = find_policy(source)
    description = read_description(checkpoint)
    run = until(read_run(checkpoint.parents[1]), description["steps"])
    rows = ratings(results, called or policy_name(source), known) if results else []
    size = (checkpoint / WEIGHTS).stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{checkpoint / WEIGHTS} has {size} bytes; at most {MOST_BYTES} are kept")
    part = out / f".{name}-part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_module(part, load_module(checkpoint), **{key: description[key] for key in KEPT})
    (part / CARD).write_text(card(name, description, run, rows), encoding="utf-8")
    for file in part.iterdir():
        # Safetensors are written for their owner alone; an installed wheel is everybody's.
        file.chmod(0o644)
    shutil.rmtree(out / name, ignore_errors=True)
    return part.rename(out / name)


def names_of(word: str) -> tuple[str, str]:
    """Return both names of NAME=KNOWN.

    Raises:
        ValueError: it is none.
    """
    name, sign, known = word.partition("=")
    if not (name and sign and known):
        raise ValueError(f"--known is given as NAME=KNOWN, got {word!r}")
    return name, known


def main(arguments: Sequence[str]) -> int:
    """Write a policy's folder; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="a run's folder, or a checkpoint's")
    parser.add_argument("name", help="by which it is loaded")
    parser.add_argument("--results", type=Path, nargs="*", default=[], help="rows of tournaments")
    parser.add_argument("--policy", default="", help="its name in the results, if another")
    parser.add_argument(
        "--known",
        nargs="*",
        action="extend",
        default=[],
        metavar="NAME=KNOWN",
        help="what the card calls others in the results, as generalist-s1=mini-generalist",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "checkpoints", help="where")
    given = parser.parse_args(arguments)
    try:
        known = dict(names_of(word) for word in given.known)
        folder = ship(given.source, given.name, given.out, given.results, given.policy, known)
    except (ValueError, OSError) as error:
        print(f"ship_policy: {error}", file=sys.stderr)
        return 2
    print(f"{folder}: {', '.join(sorted(each.name for each in folder.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
