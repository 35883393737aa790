"""How do ratings and task scores read? The same tables on a terminal and in a report."""

from collections.abc import Iterable, Sequence
from typing import Any

from metammo.evaluation.report_parts import Table, shown, without_unknown
from metammo.evaluation.task_score import TaskScores
from metammo.tasks.curriculum import CATEGORIES


def with_interval(values: Iterable[float | None], form: str) -> str:
    """Return a number with the ends of its interval, as `63% [56, 69]`; what is known of it."""
    value, low, high = values
    if low is None or high is None:
        return shown(value, form)
    ends = (format(end, form).removesuffix("%") for end in (low, high))
    return f"{shown(value, form)} [{', '.join(ends)}]"


def _interval(row: dict[str, Any], name: str, prefix: str, form: str) -> str:
    return with_interval((row[name], row[f"{prefix}low"], row[f"{prefix}high"]), form)


def rating_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the ratings of policies that met; brackets are intervals of 95%.

    Args:
        rows: of `ranking.rank`.
    """
    cells = [
        (
            row["policy"],
            _interval(row, "bradley_terry", "", ".0f"),
            _interval(row, "plackett_luce", "plackett_luce_", ".0f"),
            shown(row["elo"], ".0f"),
            shown(row["score"], ".3f"),
            _interval(row, "won", "won_", ".0%"),
            f"{row['episodes']:,}",
        )
        for row in rows
    ]
    names = ("policy", "Bradley-Terry", "Plackett-Luce", "Elo", "score", "won", "episodes")
    table = without_unknown(Table(names, cells))
    if len({row["episodes"] for row in rows}) > 1:
        return table
    # All have played all of them: what stands above tells how many.
    return Table(table.columns[:-1], [cells[:-1] for cells in table.rows])


def order_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the ratings that depend on the order of the episodes, and how far.

    Args:
        rows: of `ranking.rank`.
    """
    cells = [
        (
            row["policy"],
            shown(row["elo"], ".1f"),
            shown(row["elo_spread"], ".1f"),
            shown(row["openskill"], ".1f"),
            shown(row["openskill_reversed"], ".1f"),
        )
        for row in rows
    ]
    names = ("Elo, mean over orders", "spread of one order", "OpenSkill", "backwards")
    return without_unknown(Table(("policy", *names), cells))


def task_score_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the task scores of policies; brackets are intervals of 95%.

    Args:
        rows: of `task_score.score_tasks`.
    """
    cells = [
        (
            row["policy"],
            _interval(row, "task_progress", "", ".3f"),
            _interval(row, "weighted_score", "weighted_", ".2f"),
            shown(row["weighted_score_63"], ".2f"),
            shown(row["completion"], ".1%"),
            shown(row["above_30"], ".1%"),
            shown(row["length"], ".0f"),
            f"{row['lives']:,}",
        )
        for row in rows
    ]
    names = ("task progress", "weighted score", "of all 63", "done", "above 30%", "ticks", "lives")
    return without_unknown(Table(("policy", *names), cells))


def category_table(scores: TaskScores) -> Table:
    """Return progress in the tasks of each category that was asked."""
    cells = {(row["policy"], row["category"]): row["task_progress"] for row in scores.categories}
    asked = [name for name in CATEGORIES if any(name == known for _, known in cells)]
    rows = [
        (row["policy"], *(shown(cells.get((row["policy"], name)), ".4f") for name in asked))
        for row in scores.rows
    ]
    return Table(("policy", *asked), rows)
