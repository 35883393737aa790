"""What does a report say of results? Ratings, task scores, and both over training samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metammo.evaluation.figures import Panel, learning_figure, rating_figure
from metammo.evaluation.published import FIGURE_4, FIGURE_6, TASKS, curves
from metammo.evaluation.ranking import Ranking, rank
from metammo.evaluation.report_parts import (
    Block,
    Gallery,
    Picture,
    Section,
    counted,
    slug,
)
from metammo.evaluation.result_tables import category_table, rating_table, task_score_table
from metammo.evaluation.results import Results
from metammo.evaluation.run_curves import rating_curves
from metammo.evaluation.runs import Experiment
from metammo.evaluation.sequential import START
from metammo.evaluation.task_score import TaskScores, score_tasks

PANELS = 5
"""Beside each other in a figure."""
OTHER_RESULTS = "Results"
"""Title of a figure of results that are not Meta MMO's."""


@dataclass(frozen=True)
class Source:
    """Results of one game, of one folder or of files given together."""

    name: str
    """Of the folder; files: nothing."""
    game: str
    """As the rows say; results of tasks may say nothing."""
    config: str
    """As the rows say; nothing: they do not."""
    results: Results
    """The rows."""

    @property
    def title(self) -> str:
        """What its part of the report is called."""
        more = ", ".join(word for word in (self.config, self.name) if word)
        return f"{self.game or 'tasks'} ({more})" if more else self.game or "tasks"


@dataclass(frozen=True)
class Rated:
    """Ratings of a source, or its task scores."""

    source: Source
    """What was rated."""
    rows: list[dict[str, Any]]
    """Of `ranking.rank` or `score_tasks`, best first."""
    section: Section
    """Its part of the report."""


def rate(source: Source, samples: int) -> Rated:
    """Return the ratings of results of episodes, by so many bootstrap samples.

    Raises:
        ResultError: no two policies have met, or some of them not even by way of others.
    """
    ranking = rank(source.results.table, samples=samples)
    about = f"{counted(ranking.episodes, 'episode')} of {counted(ranking.seeds, 'seed')}."
    best = ranking.rows[0]
    picture = Picture(
        f"ratings-{slug(source.title)}",
        rating_figure(ranking.rows),
        f"Ratings of {source.title}; the best is {best['policy']}",
    )
    blocks: list[Block] = [about, rating_table(ranking.rows), Gallery([picture])]
    return _rated(source, "Ratings", ranking, blocks)


def score(source: Source) -> Rated:
    """Return the scores of results of tasks.

    Raises:
        ResultError: a task is not the evaluation's.
    """
    scores = score_tasks(source.results.table)
    categories: list[Block] = ["Task progress by category:", category_table(scores)]
    return _rated(source, "Task scores", scores, [task_score_table(scores.rows), *categories])


def _rated(
    source: Source, what: str, found: Ranking | TaskScores, blocks: Sequence[Block]
) -> Rated:
    warnings = [f"{each}." for each in (*source.results.warnings, *found.warnings)]
    return Rated(source, found.rows, Section(f"{what}: {source.title}", [*warnings, *blocks]))


def _panel(
    rated: Rated, experiments: Sequence[Experiment], value: str, word: str, start: float | None
) -> tuple[str, int, Panel] | None:
    """Return ratings over training samples; None: of no known runs.

    Before them the figure that they belong to, and their place in it.
    """
    source = rated.source
    for title, known in (("full", (*FIGURE_4, TASKS)), ("mini", FIGURE_6)):
        for place, experiment in enumerate(known):
            is_its = source.name == experiment.folder and source.game in (experiment.game, "")
            if is_its and (experiment is TASKS) == (value == "task_progress"):
                try:
                    drawn = curves(rated.rows, experiment, value, ("low", "high"))
                except (ValueError, KeyError):  # other policies, in a folder of the same name
                    continue
                panel = Panel(experiment.title, word, drawn, start)
                return f"Meta MMO, {title} config", place, panel
    drawn = rating_curves(rated.rows, experiments, source.game, value, ("low", "high"))
    if not drawn:
        return None
    return OTHER_RESULTS, 0, Panel(source.game, word, drawn, start)


def samples_section(
    rated: Sequence[Rated], scored: Sequence[Rated], experiments: Sequence[Experiment]
) -> Section | None:
    """Return ratings and scores over training samples, as the paper's figures; None: no such."""
    placed = [_panel(each, experiments, "bradley_terry", "Rating", START) for each in rated]
    placed += [_panel(each, experiments, "task_progress", "Task progress", None) for each in scored]
    figures: dict[str, list[Panel]] = {}
    for title, _, panel in sorted(filter(None, placed), key=lambda found: found[:2]):
        figures.setdefault(title, []).append(panel)
    if not figures:
        return None
    pictures = [
        Picture(
            f"samples-{slug(title)}",
            learning_figure(panels, title if title != OTHER_RESULTS else "", columns=PANELS),
            f"{title}, over training samples: {', '.join(panel.title for panel in panels)}",
        )
        for title, panels in figures.items()
    ]
    about = (
        "Bradley-Terry ratings over training samples, bars of 95%. Only the samples of the game "
        "count: of a generalist's steps, those that it spent there."
    )
    return Section("Generalist beside specialist", [about, *(Gallery([each]) for each in pictures)])
