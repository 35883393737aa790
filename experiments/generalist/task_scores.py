"""How well were the 62 published tasks done? Scores by kind, beside those of the paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from experiments.generalist.legs import Experiment, Tournament
from experiments.generalist.matches import results_folder
from experiments.generalist.outcomes import kinds_of
from experiments.generalist.tables import folded, markdown
from experiments.generalist.training import run_folder

from metammo.evaluation.report_parts import DASH, millions
from metammo.evaluation.rows import TaskRow, read_rows
from metammo.evaluation.runs import read_run
from metammo.evaluation.task_score import mean_interval, score_tasks


@dataclass(frozen=True)
class KindScore:
    """Weighted score of a kind of policies."""

    kind: str
    """Its name."""
    seeds: int
    """Of the training, whose policies were scored."""
    steps: str
    """Agent-steps of each, in words."""
    score: float
    """Their mean."""
    low: float | None
    """Lower end of its 95% interval; None: there is nothing to know it from."""
    high: float | None
    """Upper end."""
    is_published: bool = False
    """By the paper's results."""


PUBLISHED = (
    KindScore("Meta MMO's generalist", 1, "400 M", 14.04, 13.78, 14.30, True),
    KindScore("Meta MMO's specialist of tasks", 1, "100 M", 13.58, 13.17, 13.99, True),
)
"""As docs/evaluation.md has them from the published results."""


def read_scores(
    experiment: Experiment, folder: Path, tournament: Tournament
) -> list[dict[str, Any]] | None:
    """Return the rows of `score_tasks`, one a policy and seed; None where no tasks were asked."""
    game, scores = tournament.games[0], []
    for seed in experiment.seeds_of(tournament):
        place = results_folder(folder, experiment.config, seed, tournament.name, game)
        path = place / f"{game}-tasks.parquet"
        if path.is_file():
            rows = score_tasks(read_rows(path, TaskRow)).rows
            scores += [{**row, "training_seed": seed} for row in rows]
    return scores or None


def score_kinds(
    experiment: Experiment,
    folder: Path,
    tournament: Tournament,
    scores: Sequence[Mapping[str, Any]],
) -> list[KindScore]:
    """Return the scores of the kinds of policies, and after them the published ones."""
    found = {row["policy"] for row in scores}
    steps = {
        leg.name: millions(read_run(run_folder(folder, leg)).steps)
        for leg in experiment.legs
        if leg.name in found
    }
    kinds = []
    for kind, names in kinds_of(experiment, tournament, sorted(found)).items():
        own = [row for row in scores if row["policy"] in names]
        values = np.array([row["weighted_score"] for row in own], float)
        if len(own) == 1:
            low, high = (own[0][f"weighted_{end}"] for end in ("low", "high"))
        else:
            low, high = mean_interval(values)
        told = steps.get(names[0], "not trained")
        kinds.append(KindScore(kind, len(own), told, float(values.mean()), low, high))
    return [*kinds, *PUBLISHED]


def task_tables(scores: Sequence[Mapping[str, Any]], kinds: Sequence[KindScore]) -> list[str]:
    """Return the scores of kinds and of every policy."""
    columns = ("kind", "seeds", "agent-steps each", "weighted score")
    rows = [
        (each.kind, f"{each.seeds}", each.steps, _told(each.score, each.low, each.high, ".2f"))
        for each in kinds
    ]
    singles = [
        (
            f"{row['training_seed']}",
            f"`{row['policy']}`",
            _with_ends(row, "weighted_score", "weighted_", ".2f"),
            _with_ends(row, "task_progress", "", ".4f"),
            f"{row['completion']:.1%}",
            f"{row['lives']:,}",
        )
        for row in scores
    ]
    return [
        "Weighted score over the 62 published tasks, at most 83.3, 95% by Student's t: of one seed "
        "of the training between the seeds of its matches, as in the published results, so that it "
        "says nothing of other seeds of the training; of several between those, whose mean it is.",
        markdown(columns, rows),
        *folded(
            "Each policy by itself, 95% between the seeds of the matches",
            markdown(
                (
                    "seed",
                    "policy",
                    "weighted score",
                    "task progress",
                    "lives with all done",
                    "lives",
                ),
                singles,
            ),
        ),
    ]


def _with_ends(row: Mapping[str, Any], name: str, prefix: str, form: str) -> str:
    return _told(row[name], row[f"{prefix}low"], row[f"{prefix}high"], form)


def _told(value: float | None, low: float | None, high: float | None, form: str) -> str:
    if value is None:
        return DASH
    return f"{value:{form}}" + ("" if low is None else f" [{low:{form}}, {high:{form}}]")
