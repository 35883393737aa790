"""How did runs learn? Metrics over a game's training samples, and means over seeds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.evaluation.figures import Curve
from metammo.evaluation.runs import CHECKPOINTS, Experiment, RunFolder, read_description
from metammo.evaluation.task_score import student_quantile

MILLION = 1e6
POINTS = 150
"""Of a drawn line, at most."""
SEEDS_OF_A_BAND = 3
"""Runs from which on there is an interval: of two it reaches six times their distance each way."""


@dataclass(frozen=True)
class Line:
    """A metric over training samples: the mean of some runs."""

    label: str
    """Of the experiment."""
    samples: NDArray[np.float64]
    """float64[points]: millions, ascending."""
    mean: NDArray[np.float64]
    """float64[points]."""
    low: NDArray[np.float64] | None
    """Lower end of the mean's 95% interval by Student's t; None of fewer than three runs."""
    high: NDArray[np.float64] | None
    """Upper end."""
    runs: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
    """Samples and values of each run."""


def samples_at(run: RunFolder, game: str, steps: float) -> float | None:
    """Return how many of a run's first steps were a game's, in millions; None: it does not say.

    Between updates it is interpolated.
    """
    counted = run.game_steps(game)
    if not counted:
        return None
    every, own = zip(*[(0, 0), *counted], strict=True)
    return float(np.interp(steps, every, own)) / MILLION


def _points(
    run: RunFolder, game: str, metric: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return a run's millions of samples of a game and the metric there; None: no such points."""
    values = run.column(metric)
    counted = run.game_steps(game)
    if not values or not counted:
        return None
    every, own = zip(*[(0, 0), *counted], strict=True)
    steps, heights = zip(*values, strict=True)
    samples = np.interp(steps, every, own) / MILLION
    # A game that got no steps in an update has the same sample count twice: its last value counts.
    keep = np.append(np.diff(samples) > 0, True)
    return samples[keep], np.array(heights, float)[keep]


def line_of(experiment: Experiment, game: str, metric: str) -> Line | None:
    """Return an experiment's metric over samples of a game; None: no run has it.

    Of several runs the mean is taken where all of them have values; it is empty where that is
    nowhere.
    """
    found = [points for run in experiment.runs if (points := _points(run, game, metric))]
    if not found:
        return None
    first = max(samples[0] for samples, _ in found)
    last = min(samples[-1] for samples, _ in found)
    every = np.unique(np.concatenate([samples for samples, _ in found]))
    grid = every[(every >= first) & (every <= last)]
    if len(grid) > POINTS:
        grid = np.linspace(grid[0], grid[-1], POINTS)
    values = np.array([np.interp(grid, samples, heights) for samples, heights in found])
    mean = values.mean(0)
    if len(found) < SEEDS_OF_A_BAND:
        return Line(experiment.label, grid, mean, None, None, found)
    reach = student_quantile(len(found) - 1) * values.std(0, ddof=1) / np.sqrt(len(found))
    return Line(experiment.label, grid, mean, mean - reach, mean + reach, found)


def _split_name(policy: str, runs: Sequence[RunFolder]) -> tuple[RunFolder, str] | None:
    """Return the run of a policy's name, and which of its checkpoints; None: no run's."""
    by_name = {run.name: run for run in runs}
    if policy in by_name:
        return by_name[policy], "last"
    found = re.fullmatch(rf"(.+?)(?:/{CHECKPOINTS})?[/@:](\w+)", policy)
    if found and Path(found[1]).name in by_name:
        return by_name[Path(found[1]).name], found[2]
    return None


def policy_samples(
    policy: str, runs: Sequence[RunFolder], game: str
) -> tuple[RunFolder, float] | None:
    """Return which run a policy is of, and its millions of samples of a game; None: unknown.

    Args:
        policy: RUN, or RUN/CHECKPOINT, RUN/checkpoints/CHECKPOINT, RUN@CHECKPOINT.
        runs: of which it may be.
        game: as in metrics.
    """
    named = _split_name(policy, runs)
    if named is None:
        return None
    run, point = named
    if point.isdigit():
        steps: Any = int(point)
    else:
        steps = read_description(run.folder / CHECKPOINTS / point).get("steps")
    if not isinstance(steps, (int, float)):
        return None
    samples = samples_at(run, game, steps)
    return None if samples is None else (run, samples)


def rating_curves(
    rows: Sequence[dict[str, Any]],
    experiments: Sequence[Experiment],
    game: str,
    value: str,
    reach: tuple[str, str],
) -> list[Curve]:
    """Return the ratings of runs' checkpoints over their samples of a game, a curve for each run.

    Where one generalist meets one specialist they are called so.

    Args:
        rows: with `policy`, of `ranking.rank` or `score_tasks`.
        experiments: whose runs they may be.
        game: as in metrics.
        value: which number.
        reach: names of the ends of its interval.
    """
    points: dict[str, dict[str, list[tuple[float, float, float, float]]]] = {}
    kinds: dict[str, str] = {}
    for experiment in experiments:
        for row in rows:
            placed = policy_samples(row["policy"], experiment.runs, game)
            if placed is None or row[value] is None:
                continue
            run, samples = placed
            low, high = (row[end] if row[end] is not None else row[value] for end in reach)
            kinds[experiment.label] = "Generalist" if experiment.is_generalist else "Specialist"
            own = points.setdefault(experiment.label, {}).setdefault(run.name, [])
            own.append((samples, row[value], low, high))
    is_pair = len(kinds) == len(set(kinds.values()))
    return [
        Curve(kinds[label] if is_pair else label, sorted(own))
        for label, by_run in points.items()
        for own in by_run.values()
    ]
