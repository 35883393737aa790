"""How well does a policy do what it is asked? The score of the NeurIPS 2023 competition, and more.

A task's value is the mean over seeds of the mean best progress of the lives that were asked it
there; a category's is the mean over its tasks, and so is task progress over all. The weighted score
gives each of the six categories 100/6. The competition's published scores know 62 of the 63 tasks,
all but the one of the category survival: at most 83.3. Both are given.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metammo.evaluation.rows import ResultError
from metammo.evaluation.strengths import COVERAGE
from metammo.tasks.curriculum import CATEGORIES, EVALUATION, PUBLISHED_CATEGORIES

CATEGORY_OF = {str(task): task.category for task in EVALUATION.tasks}
"""Of each of the 63 tasks, as `metammo tasks` writes it."""
PUBLISHED_TASKS = sum(category in PUBLISHED_CATEGORIES for category in CATEGORY_OF.values())
FULL_MARKS = 100.0
DONE = 1.0
"""Progress of a task that is done."""
GOOD_START = 0.3
"""Progress above which a task is begun well."""
MEASURES = ("progress", "completion", "above_30")
GRID_STEP = 1e-3
"""Of the integral behind `student_quantile`."""


@dataclass(frozen=True)
class TaskScores:
    """Task scores of some policies, best first."""

    rows: list[dict[str, Any]]
    """A dictionary for each policy: see `score_tasks`."""
    categories: list[dict[str, Any]]
    """`policy`, `category`, `tasks`; means over them: `task_progress`, `completion`, `above_30`."""
    tasks: list[dict[str, Any]]
    """`policy`, `task`, `category`, `lives`, `task_progress`, `completion`, `above_30`."""
    seeds: int
    """How many there were."""
    warnings: list[str]
    """What the numbers do not say themselves."""


def student_quantile(freedom: float, coverage: float = COVERAGE) -> float:
    """Return within how many standard errors Student's t lies with a probability, by quadrature.

    Args:
        freedom: degrees of freedom, whole or not; at least 1.
        coverage: the probability.
    """
    log_height = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    height = math.exp(log_height) / math.sqrt(freedom * math.pi)
    middle = np.arange(0, 100, GRID_STEP) + GRID_STEP / 2
    density = height * (1 + middle**2 / freedom) ** (-(freedom + 1) / 2)
    reached = 2 * GRID_STEP * np.cumsum(density)
    return float((np.searchsorted(reached, coverage) + 0.5) * GRID_STEP)


def mean_interval(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the 95% interval of a mean over seeds by Student's t; None of fewer than two."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return None, None
    reach = student_quantile(len(known) - 1) * known.std(ddof=1) / math.sqrt(len(known))
    return float(known.mean() - reach), float(known.mean() + reach)


def _mean(values: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Return means over what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis)
    return total / np.where(known.any(axis), known.sum(axis), np.nan)


class _Values:
    """Means by policy, seed and task, float64[measures, policies, seeds, tasks]; NaN: not asked."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.policies = sorted(table["policy"].unique())
        self.seeds = sorted(table["seed"].unique())
        asked = set(table["task"].unique())
        self.tasks = [task for task in CATEGORY_OF if task in asked]
        self.category = np.array([CATEGORY_OF[task] for task in self.tasks])
        shape = (len(MEASURES), len(self.policies), len(self.seeds), len(self.tasks))
        self.means = np.full(shape, np.nan)
        self.lives = np.zeros(shape[1:], np.int64)
        progress = pl.col("progress")
        grouped = table.group_by("policy", "seed", "task").agg(
            progress.mean().alias("progress"),
            (progress >= DONE).mean().alias("completion"),
            (progress > GOOD_START).mean().alias("above_30"),
            pl.len().alias("lives"),
        )
        places = (
            [self.policies.index(policy) for policy in grouped["policy"]],
            [self.seeds.index(seed) for seed in grouped["seed"]],
            [self.tasks.index(task) for task in grouped["task"]],
        )
        for number, measure in enumerate(MEASURES):
            self.means[number][places] = grouped[measure].to_numpy()
        self.lives[places] = grouped["lives"].to_numpy()

    def among(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Return which tasks are of these categories."""
        return np.isin(self.category, categories)

    def overall(self, measure: int, categories: Sequence[str]) -> NDArray[np.float64]:
        """Return a measure's mean over the tasks of some categories, float64[policies]."""
        return _mean(_mean(self.means[measure], 1)[:, self.among(categories)])

    def by_seed(self, categories: Sequence[str]) -> NDArray[np.float64]:
        """Return progress over the tasks of some categories, float64[policies, seeds]."""
        return _mean(self.means[0][:, :, self.among(categories)])


def _weighted(values: _Values, categories: Sequence[str], by_seed: bool) -> NDArray[np.float64]:
    """Return the weighted score; NaN where a whole category was never asked."""
    total: Any = 0.0
    for category in categories:
        one = [category]
        total = total + (values.by_seed(one) if by_seed else values.overall(0, one))
    return np.asarray(total * (FULL_MARKS / len(CATEGORIES)))


def check_tasks(table: pl.DataFrame) -> None:
    """Refuse tasks that are not the evaluation's.

    Raises:
        ResultError: says which.
    """
    unknown = sorted(set(table["task"].unique()) - set(CATEGORY_OF))
    if unknown:
        raise ResultError(
            f"{unknown[0]!r} is none of the evaluation's {len(CATEGORY_OF)} tasks"
            + (f", nor are {len(unknown) - 1} others" if len(unknown) > 1 else "")
            + "; metammo tasks --source evaluation lists them"
        )


def score_tasks(table: pl.DataFrame) -> TaskScores:
    """Return the scores of a table of `TaskRow`.

    Returns:
        Rows with `policy`; `lives`; `tasks`, how many of the 63 it was asked; `length`, mean ticks
        lived; of the 62 published tasks `task_progress` with `low` and `high` (95%, from the spread
        between seeds; None of one seed), `weighted_score` with `weighted_low` and `weighted_high`,
        `completion`, the share of lives that did their task, and `above_30`, of those that got
        further than 30%, both means over tasks; of all 63, None unless survival was asked:
        `task_progress_63`, `weighted_score_63`.

    Raises:
        ResultError: a task is not the evaluation's.
    """
    check_tasks(table)
    values = _Values(table)
    published, every = list(PUBLISHED_CATEGORIES), list(CATEGORIES)
    progress, completion, above = (values.overall(number, published) for number in range(3))
    weighted = _weighted(values, published, by_seed=False)
    progress_by_seed = values.by_seed(published)
    weighted_by_seed = _weighted(values, published, by_seed=True)
    weighted_all = _weighted(values, every, by_seed=False)
    progress_all = np.where(np.isfinite(weighted_all), values.overall(0, every), np.nan)
    rows = []
    for place, policy in enumerate(values.policies):
        low, high = mean_interval(progress_by_seed[place])
        weighted_low, weighted_high = mean_interval(weighted_by_seed[place])
        row = {
            "policy": policy,
            "lives": int(values.lives[place].sum()),
            "tasks": int((values.lives[place].sum(0) > 0).sum()),
            "length": _length(table, policy),
            "task_progress": progress[place],
            "low": low,
            "high": high,
            "weighted_score": weighted[place],
            "weighted_low": weighted_low,
            "weighted_high": weighted_high,
            "completion": completion[place],
            "above_30": above[place],
            "task_progress_63": progress_all[place],
            "weighted_score_63": weighted_all[place],
        }
        rows.append(_plain(row))
    rows.sort(key=lambda row: (-(row["task_progress"] or 0.0), row["policy"]))
    return TaskScores(
        rows, _by_category(values), _by_task(values), len(values.seeds), _warnings(values)
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON has it: no NaN, no NumPy."""
    plain = {}
    for name, value in row.items():
        if isinstance(value, float):
            plain[name] = float(value) if math.isfinite(value) else None
        else:
            plain[name] = value
    return plain


def _length(table: pl.DataFrame, policy: str) -> float:
    """Return the mean over seeds of the mean ticks lived; NaN: not written down."""
    own = table.filter(pl.col("policy") == policy).group_by("seed").agg(pl.col("length").mean())
    mean = own["length"].mean()
    return float("nan") if mean is None else float(mean)  # type: ignore[arg-type]


def _by_category(values: _Values) -> list[dict[str, Any]]:
    rows = []
    for category in CATEGORIES:
        means = [values.overall(number, [category]) for number in range(len(MEASURES))]
        asked = values.lives.sum(1)[:, values.among([category])] > 0
        for place, policy in enumerate(values.policies):
            if asked[place].any():
                row = {"policy": policy, "category": category, "tasks": int(asked[place].sum())}
                names = ("task_progress", *MEASURES[1:])
                row |= {name: float(mean[place]) for name, mean in zip(names, means, strict=True)}
                rows.append(row)
    return rows


def _by_task(values: _Values) -> list[dict[str, Any]]:
    means = _mean(values.means, 2)
    lives = values.lives.sum(1)
    return [
        {
            "policy": policy,
            "task": task,
            "category": CATEGORY_OF[task],
            "lives": int(lives[place, number]),
            "task_progress": float(means[0, place, number]),
            "completion": float(means[1, place, number]),
            "above_30": float(means[2, place, number]),
        }
        for number, task in enumerate(values.tasks)
        for place, policy in enumerate(values.policies)
        if lives[place, number]
    ]


def _warnings(values: _Values) -> list[str]:
    asked = (values.lives.sum(1)[:, values.among(PUBLISHED_CATEGORIES)] > 0).sum(1)
    return [
        f"{policy!r} was asked {count} of {PUBLISHED_TASKS} tasks: its means are over those alone"
        for policy, count in zip(values.policies, asked, strict=True)
        if count < PUBLISHED_TASKS
    ]
