"""What did Meta MMO publish? Its experiments, and how much of its training each game got.

Figure 4 of the paper (arXiv 2406.05071) compares generalist and specialists in the full config,
figure 6 in the mini config. Every folder of results holds four checkpoints of a specialist, which
trained in that game alone, and four of a generalist, which divided its steps between all of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metammo.evaluation.figures import Curve, Panel
from metammo.evaluation.ranking import rank
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import EpisodeRow, TaskRow
from metammo.evaluation.sequential import START
from metammo.evaluation.task_score import score_tasks

GENERALIST = "general"
"""What the names of its checkpoints begin with."""


@dataclass(frozen=True)
class Experiment:
    """One game of the paper's figures."""

    title: str
    """Of its panel."""
    folder: str
    """Where its results are."""
    game: str
    """The peer's word for the game."""
    specialist: str
    """What the names of the specialist's checkpoints begin with."""
    shares: dict[int, float]
    """Share of the generalist's steps that went to this game, by millions of steps."""


def _shares(*values: float) -> dict[int, float]:
    return dict(zip((100, 200, 300, 400), values, strict=True))


# Shares: as the paper's authors read them off the generalists' logs for their figures.
SURVIVE = Experiment(
    "Survival", "full_sv", "survive", "svonly", _shares(0.288, 0.290, 0.293, 0.291)
)
FULL_BATTLE = Experiment(
    "Team battle", "full_tb", "battle", "tbonly", _shares(0.305, 0.304, 0.299, 0.296)
)
TASKS = Experiment(
    "Multi-task evaluation", "full_mt", "task", "mtonly", _shares(0.407, 0.406, 0.408, 0.412)
)
FIGURE_4 = (SURVIVE, FULL_BATTLE)
"""By rating; `TASKS` beside them by task progress."""
FIGURE_6 = (
    Experiment("Team battle", "mini_tb", "battle", "tbonly", _shares(0.218, 0.261, 0.274, 0.280)),
    Experiment("Protect the king", "mini_pk", "ptk", "pkonly", _shares(0.153, 0.188, 0.201, 0.217)),
    Experiment("Race to the center", "mini_rc", "race", "rconly", _shares(0.164, 0.12, 0.1, 0.097)),
    Experiment("King of the hill", "mini_kh", "koh", "khonly", _shares(0.228, 0.231, 0.223, 0.210)),
    Experiment("Sandwich", "mini_sw", "sandwich", "swonly", _shares(0.237, 0.200, 0.202, 0.196)),
)
RATED = (*FIGURE_4, *FIGURE_6)
"""The seven experiments that are rated."""


def read_experiment(folder: Path, experiment: Experiment) -> list[dict[str, Any]]:
    """Return the ratings of an experiment (`ranking.rank`), or the scores of tasks (`score_tasks`).

    Args:
        folder: of all published results.
        experiment: one of `RATED`, or `TASKS`.
    """
    if experiment is TASKS:
        return score_tasks(read_results([folder / experiment.folder], TaskRow).table).rows
    found = read_results([folder / experiment.folder], EpisodeRow, game=experiment.game)
    return rank(found.table).rows


def curves(
    rows: list[dict[str, Any]], experiment: Experiment, value: str, reach: str | tuple[str, str]
) -> list[Curve]:
    """Return generalist and specialist over the samples that they trained on in this game.

    A generalist's millions of steps are multiplied by the share of them that the game got.

    Args:
        rows: with `policy`, such as `general_400m`.
        experiment: which game.
        value: what is drawn, such as `elo`.
        reach: names of the ends of its interval, or of its standard deviation.

    Raises:
        ValueError: a policy is of neither kind.
    """
    found: dict[str, list[tuple[float, float, float, float]]] = {"Generalist": [], "Specialist": []}
    for row in rows:
        named = re.fullmatch(r"(\w+)_(\d+)m", row["policy"])
        if not named or named[1] not in (GENERALIST, experiment.specialist):
            raise ValueError(
                f"policy {row['policy']!r} is neither {GENERALIST}_<millions>m nor "
                f"{experiment.specialist}_<millions>m"
            )
        millions, is_generalist = int(named[2]), named[1] == GENERALIST
        samples = millions * (experiment.shares[millions] if is_generalist else 1.0)
        if isinstance(reach, str):
            spread = row[reach] or 0.0
            low, high = row[value] - spread, row[value] + spread
        else:
            # One seed has no interval.
            low, high = (row[value] if row[end] is None else row[end] for end in reach)
        found["Generalist" if is_generalist else "Specialist"].append(
            (samples, row[value], low, high)
        )
    return [Curve(label, sorted(points)) for label, points in found.items()]


def read_published(
    folder: Path, experiments: Sequence[Experiment] = (*RATED, TASKS)
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of experiments by their folder's name; see `read_experiment`."""
    return {each.folder: read_experiment(folder, each) for each in experiments}


def _rating_panels(
    rows: dict[str, list[dict[str, Any]]], experiments: Sequence[Experiment], rating: str
) -> list[Panel]:
    reach = "elo_spread" if rating == "elo" else ("low", "high")
    word = {"elo": "Elo", "bradley_terry": "Bradley-Terry rating"}[rating]
    return [
        Panel(each.title, word, curves(rows[each.folder], each, rating, reach), START)
        for each in experiments
    ]


def figure_4(rows: dict[str, list[dict[str, Any]]], rating: str = "elo") -> list[Panel]:
    """Return the panels of the paper's figure 4: the full config.

    Args:
        rows: by folder, as `read_published` returns them.
        rating: `elo`, bars one standard deviation over orders of the files; or `bradley_terry`,
            bars the 95% interval, as those of task progress always are.
    """
    progress = curves(rows[TASKS.folder], TASKS, "task_progress", ("low", "high"))
    panels = _rating_panels(rows, FIGURE_4, rating)
    return [*panels, Panel(TASKS.title, "Task progress", progress, None)]


def figure_6(rows: dict[str, list[dict[str, Any]]], rating: str = "elo") -> list[Panel]:
    """Return the panels of the paper's figure 6: the mini config; see `figure_4`."""
    return _rating_panels(rows, FIGURE_6, rating)
