"""`metammo sweep`: try settings of training, and learn which are good."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note, print_json, print_table
from metammo.evaluation.figures import save_figure
from metammo.evaluation.report_parts import DASH, counted
from metammo.evaluation.sweep import WORDS, Pruning, Sweep
from metammo.evaluation.sweep_figure import sweep_figure
from metammo.evaluation.sweep_space import read_vary, varied_settings
from metammo.evaluation.sweep_store import TRIALS, Player, Store, play_here, run_sweep
from metammo.learner.settings import TrainSettings

FIGURE = "trials.png"
"""In the sweep's folder."""


@dataclass(frozen=True)
class Options:
    """Train with different settings, and find which learn best; needs pip install 'metammo[sweep]'.

    What varies is given as NAME=log:LOW..HIGH (even in the logarithm), NAME=range:LOW..HIGH or
    NAME=choice:A,B,...; NAME is any setting of `metammo train`. All other settings of `metammo
    train` can be given, too, and hold for all trials; --steps are those of one run, --seed is the
    first. A trial is a run's folder in FOLDER/NAME (by default sweeps/GAMES). The same command goes
    on with a sweep that was interrupted; more --trials add to it.

    Example: metammo sweep --games race_to_center --steps 1000000 --trials 20
    --vary ppo.learning_rate=log:1e-4..1e-2 worlds=choice:4,8,16
    """

    trials: int = 20
    """How many, those included that the folder holds."""
    vary: tyro.conf.UseAppendAction[Annotated[tuple[tuple[str, ...], ...], tyro.conf.arg()]] = ()
    """NAME=KIND:VALUES; by default learning rate, entropy weight, minibatch and epochs."""
    objective: str = "score"
    """What makes settings good: score (on held-out maps), speed, or any metric's last value."""
    minimize: bool = False
    """Less of the objective is better."""
    seeds: int = 1
    """Runs of a trial, whose mean counts; the first decides whether it is given up."""
    points: int = 5
    """How often a trial is looked at, evenly over its steps; each time it may be given up."""
    pruning: Pruning = "median"
    """Give up trials below the median of the others, by Hyperband's rounds, or none."""
    best: int = 5
    """How many rows are printed."""
    ray: bool = False
    """Spread over a Ray cluster's processors; install with pip install 'metammo[ray]'."""
    ray_address: str = ""
    """Of a running cluster; by default RAY_ADDRESS, or else a cluster of this machine."""
    json: bool = False
    """Print one JSON object."""
    settings: Annotated[TrainSettings, tyro.conf.arg(name="")] = field(
        default_factory=lambda: TrainSettings(folder=Path("sweeps"))
    )
    """Of `metammo train`."""


def sweep_of(options: Options) -> Sweep:
    """Return what is asked for."""
    words = [word for each in options.vary for word in each]
    given = options.settings
    settings = given.settled()
    # A sweep of a mix is called by the mix; a run's name has its seed, too.
    name = given.name or ("+".join(given.games) if settings.name else "")
    settings = replace(settings, name=name)
    return Sweep(
        settings,
        read_vary(words, settings),
        objective=WORDS.get(options.objective, options.objective),
        minimize=options.minimize,
        seeds=options.seeds,
        points=options.points,
        pruning=options.pruning,
    )


def _player(options: Options) -> Player:
    if not options.ray:
        return play_here
    from metammo.evaluation.sweep_cluster import RayTrials

    return RayTrials(options.ray_address)


def shown_value(value: Any) -> str:
    """Return a setting as short as it is told apart from others."""
    if value is None:
        return DASH
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _option(name: str, value: Any) -> list[str]:
    """Return a setting as it is given to `metammo train`."""
    *start, last = name.replace("_", "-").split(".")
    if isinstance(value, bool):
        return ["--" + ".".join([*start, last if value else f"no-{last}"])]
    return ["--" + ".".join([*start, last]), str(value)]


def train_command(sweep: Sweep, row: dict[str, Any]) -> str:
    """Return the command that trains with a trial's settings."""
    settings, default = sweep.settings, varied_settings(TrainSettings())
    wanted = varied_settings(settings) | {each.name: row[each.name] for each in sweep.vary}
    weights = settings.weights or repeat(None)
    games = [
        game if weight is None else f"{game}={weight:g}"
        for game, weight in zip(settings.games, weights, strict=False)
    ]
    words = ["metammo", "train", "--games", *games, "--steps", str(sweep.steps)]
    if settings.init is not None:
        words += ["--init", str(settings.init)]
    if settings.pool.others:
        words += ["--pool.from", *settings.pool.others]
    for name, value in wanted.items():
        if value != default.get(name):
            words += _option(name, value)
    return shlex.join(words)


def _tell(sweep: Sweep, row: dict[str, Any], count: int) -> None:
    """Say how a trial ended."""
    told = ", ".join(f"{each.name} {shown_value(row[each.name])}" for each in sweep.vary)
    value = row["error"] or shown_value(row["value"])
    note(f"trial {row['trial']} of {count}: {row['state']}, {value}; {told}")


def _print_best(sweep: Sweep, table: pl.DataFrame, count: int) -> None:
    names = [each.name for each in sweep.vary]
    rows = [
        (
            row["trial"],
            row["state"],
            shown_value(row["value"]),
            *([f"± {shown_value(row['spread'])}"] if sweep.seeds > 1 else []),
            *(shown_value(row[name]) for name in names),
        )
        for row in table.head(count).to_dicts()
    ]
    spread = ["over seeds"] if sweep.seeds > 1 else []
    print_table(
        f"Best of {counted(len(table), 'trial')} by {sweep.objective}",
        ("trial", "state", "value", *spread, *names),
        rows,
    )


def _draw(sweep: Sweep, table: pl.DataFrame) -> Path | None:
    figure = sweep_figure(table, sweep.vary, sweep.objective)
    if figure is None:
        return None
    path = sweep.folder / FIGURE
    save_figure(figure, path)
    return path


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo sweep")
    if options.trials < 1 or options.settings.threads < 0 or options.settings.worlds < 1:
        raise ValueError("trials and worlds must be at least 1, threads at least 0")
    sweep = sweep_of(options)
    store = Store(sweep)
    player = _player(options)
    try:
        for number in run_sweep(store, options.trials, options.settings.threads, player):
            row = store.write().row(by_predicate=pl.col("trial") == number, named=True)
            _tell(sweep, row, options.trials)
    finally:
        table = store.write()
    figure = _draw(sweep, table)
    best = table.row(0, named=True)
    if options.json:
        print_json(
            {
                "folder": str(sweep.folder),
                "objective": sweep.objective,
                "rows": table.drop("error").to_dicts(),
            }
        )
        return 0
    _print_best(sweep, table, options.best)
    note(f"all of them: {sweep.folder / TRIALS}.parquet, .csv" + (f"; {figure}" if figure else ""))
    if best["state"] == "done":
        print(train_command(sweep, best))
    return 0
