"""`metammo score`: how well policies did the tasks they were asked, from files of results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note, print_json, print_rows, print_table
from metammo.evaluation.report_parts import counted
from metammo.evaluation.result_tables import category_table, task_score_table
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import TaskRow
from metammo.evaluation.task_score import TaskScores, score_tasks


@dataclass(frozen=True)
class Options:
    """Score policies by the evaluation tasks of the NeurIPS 2023 competition.

    Task progress is the mean over tasks of the mean best progress; the weighted score gives each
    of six categories 100/6. The published scores know 62 tasks, at most 83.3; where the 63rd was
    asked, survival, the score over all is beside them. Intervals of 95% are from the spread
    between seeds.

    Example: metammo score results/full_mt
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Files or folders: rows of tasks (.parquet, .csv), Meta MMO's curriculum_info_<seed>.json."""
    game: str = ""
    """Of this game alone, where there are several."""
    config: str = ""
    """Of this config alone, where there are both."""
    tasks: bool = False
    """Also list every task."""
    json: bool = False
    """Print one JSON object."""


def print_scores(scores: TaskScores) -> None:
    """Print scores, and progress by category."""
    title = f"Task scores, {counted(scores.seeds, 'seed')}; intervals of 95%"
    print_rows(title, task_score_table(scores.rows))
    print_rows("Task progress by category", category_table(scores))


def _print_tasks(scores: TaskScores) -> None:
    cells = [
        (
            row["task"],
            row["category"],
            row["policy"],
            f"{row['task_progress']:.3f}",
            f"{row['completion']:.1%}",
            f"{row['above_30']:.1%}",
            row["lives"],
        )
        for row in scores.tasks
    ]
    columns = ("task", "category", "policy", "progress", "done", "above 30%", "lives")
    print_table("Every task", columns, cells)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo score")
    found = read_results(options.paths, TaskRow, game=options.game, config=options.config)
    scores = score_tasks(found.table)
    warnings = [*found.warnings, *scores.warnings]
    for warning in warnings:
        note(f"metammo: warning: {warning}")
    if options.json:
        told: dict[str, Any] = {"seeds": scores.seeds, "warnings": warnings, "rows": scores.rows}
        told["categories"] = scores.categories
        print_json({**told, "tasks": scores.tasks} if options.tasks else told)
        return 0
    print_scores(scores)
    if options.tasks:
        _print_tasks(scores)
    return 0
