"""`metammo runs`: which training runs there are, how far they came, and in what they differ."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note, print_json, print_rows, print_table
from metammo.evaluation.report_parts import DASH, Table, millions, shown, without_unknown
from metammo.evaluation.runs import (
    RunError,
    RunFolder,
    find_runs,
    game_name,
    is_run,
    read_run,
    split_settings,
)

FOLDER = "runs"
"""Where runs are kept."""


@dataclass(frozen=True)
class Options:
    """List the training runs in a folder; of two or more runs, compare settings and last metrics.

    A run that has not reached its goal counts as stopped when it has written nothing for five
    minutes.

    Example: metammo runs runs/race_to_center-0 runs/race_to_center-1
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER ...")] = (
        FOLDER,
    )
    """A folder of runs; or two or more runs to compare."""
    json: bool = False
    """Print one JSON object."""


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _by_game(run: RunFolder, metric: str) -> dict[str, float | None]:
    """Return a metric's latest value for each game; `{id}` stands for it as in settings."""
    return {
        game_name(given): run.last(metric.format(id=given, game=game_name(given)))
        for given in run.games
    }


def describe_run(run: RunFolder) -> dict[str, Any]:
    """Return what a run is and how far it came, as JSON can hold it; None: not known.

    Returns:
        `name`, `folder`, `games`, `config`, `policy`, `algorithm`, `seed`; `commit` of the package
        that trained it, with a + where its files differed; `steps` of `goal`; `state`: done,
        going or stopped; `agent_steps_per_second`, `seconds`; by game `progress` in training, and
        `score` and `win_rate` against scripted; `changed`, when it last wrote.
    """
    return {
        "name": run.name,
        "folder": str(run.folder),
        "games": [game_name(game) for game in run.games],
        "config": run.settings.get("config"),
        "policy": run.settings.get("policy"),
        "algorithm": run.settings.get("algorithm", "ppo"),
        "commit": run.source.get("commit"),
        "seed": run.settings.get("seed"),
        "steps": run.steps,
        "goal": run.goal,
        "state": run.state(),
        "agent_steps_per_second": run.speed,
        "seconds": run.last("seconds"),
        "progress": _by_game(run, "{game}/progress"),
        "score": _by_game(run, "evaluation/{id}/score"),
        "win_rate": _by_game(run, "evaluation/{id}/win_rate"),
        "changed": _stamp(run.changed),
    }


def _each(values: dict[str, float | None], form: str) -> str:
    """Return values of games, a line each; a dash where there is none at all."""
    if all(value is None for value in values.values()):
        return DASH
    return "\n".join(shown(value, form) for value in values.values())


def _short_commit(commit: str | None) -> str:
    """Return as much of a commit as people tell them apart by."""
    return DASH if commit is None else commit[:7] + ("+" if commit.endswith("+") else "")


def _learner(row: dict[str, Any]) -> str:
    """Return what learns: network, config, algorithm, seed."""
    # Of a network of the user's own the whole path is in the settings.
    network = Path(row["policy"] or DASH).name
    return f"{network}, {row['config'] or DASH}, {row['algorithm']}{_seed(row['seed'])}"


def _seed(seed: int | None) -> str:
    return "" if seed is None else f", seed {seed}"


def _print_runs(rows: Sequence[dict[str, Any]], title: str) -> None:
    cells = [
        (
            f"{row['name']}\n{_learner(row)}",
            "\n".join(row["games"]),
            f"{millions(row['steps'])}\nof {millions(row['goal'])}\n{row['state']}",
            _each(row["progress"], ".2f"),
            _each(row["score"], ".2f"),
            _each(row["win_rate"], ".0%"),
            shown(row["agent_steps_per_second"], ",.0f"),
            "\n".join((*row["changed"].split(), _short_commit(row["commit"]))),
        )
        for row in rows
    ]
    names = ("run", "games", "steps", "progress", "score", "won", "steps/s", "changed")
    print_rows(title, without_unknown(Table(names, cells)))
    print("Progress: of training; score and won: against scripted, at the last evaluation;")
    print("below when it changed: the commit of the package.")


def _origin_of(run: RunFolder) -> dict[str, Any]:
    """Return of which source a run came, and on which machine; nothing where it does not say."""
    told = run.origin.get("machine")
    machine = {name: told[name] for name in sorted(told)} if isinstance(told, dict) else {}
    return {**machine, **run.source}


def compare(runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return in what runs differ: settings, versions, and the last values of all metrics.

    The source of the package and the machine count among the versions.

    Returns:
        `runs`, names; `settings`, `versions` and `metrics`: a list by name, a value for each run,
        None where it has none.
    """
    _, settings = split_settings(runs)
    versions = [{**run.versions, **run.game_versions, **_origin_of(run)} for run in runs]
    names = list(dict.fromkeys(name for own in versions for name in own))
    by_name = {name: [own.get(name) for own in versions] for name in names}
    metrics = list(dict.fromkeys(name for run in runs for row in run.metrics for name in row))
    return {
        "runs": [run.name for run in runs],
        "settings": settings,
        "versions": {
            name: values for name, values in by_name.items() if values != values[:1] * len(values)
        },
        "metrics": {name: [run.last(name) for run in runs] for name in metrics},
    }


def _number(value: float | None) -> str:
    if value is None:
        return DASH
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _print_comparison(told: dict[str, Any]) -> None:
    for title, what in (("Settings that differ", "settings"), ("Versions that differ", "versions")):
        rows = [
            (name, *(DASH if value is None else value for value in values))
            for name, values in told[what].items()
        ]
        if rows:
            print_table(title, (what[:-1], *told["runs"]), rows)
    if not told["settings"]:
        print("No settings differ.")
    rows = [(name, *map(_number, values)) for name, values in told["metrics"].items()]
    print_table("Last metrics", ("metric", *told["runs"]), rows)


def _find(paths: Sequence[Path]) -> list[Path]:
    """Return the runs in folders.

    Raises:
        RunError: a path is no folder, or holds no runs.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            raise RunError(f"there is no folder {str(path)!r}; runs are kept in {FOLDER!r}")
        runs = find_runs(path)
        if not runs:
            raise RunError(f"there are no runs in {str(path)!r}; metammo train makes them")
        found += runs
    return list(dict.fromkeys(found))


def _read_all(folders: Sequence[Path]) -> list[RunFolder]:
    """Return the runs that can be read, newest last; say which cannot."""
    runs = []
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except RunError as error:
            note(f"left out: {error}")
    return sorted(runs, key=lambda run: (run.changed, run.name))


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo runs")
    paths = list(dict.fromkeys(map(Path, options.paths or (FOLDER,))))
    folders = _find(paths)
    if len(paths) > 1 and all(map(is_run, paths)):
        told = compare([read_run(folder) for folder in folders])
        if options.json:
            print_json(told)
        else:
            _print_comparison(told)
        return 0
    rows = [describe_run(each) for each in _read_all(folders)]
    if options.json:
        print_json({"rows": rows})
    else:
        _print_runs(rows, f"Runs in {', '.join(map(str, paths))}")
    return 0
