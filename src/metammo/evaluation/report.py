"""What did runs and results come to? All of a report's sections, and what had to be left out."""

from collections.abc import Sequence

from metammo.evaluation.report_parts import Report, Section
from metammo.evaluation.report_ratings import Rated, Source, rate, samples_section, score
from metammo.evaluation.report_runs import (
    curves_sections,
    deaths_section,
    replays_section,
    runs_section,
    settings_section,
    speed_section,
)
from metammo.evaluation.rows import ResultError
from metammo.evaluation.runs import RunFolder, game_name, group_runs
from metammo.evaluation.strengths import SAMPLES

RUN_SECTIONS = ("learning curves", "what agents died of", "speed", "replays")
"""Left out where no runs are given."""


def make_report(
    runs: Sequence[RunFolder],
    episodes: Sequence[Source],
    tasks: Sequence[Source],
    *,
    title: str = "",
    samples: int = SAMPLES,
) -> Report:
    """Return a report of runs and of results; what is missing is left out, and said.

    Args:
        runs: training runs.
        episodes: results whose policies are rated.
        tasks: results whose policies are scored by tasks.
        title: above all; by default made of what there is.
        samples: bootstrap samples behind the ratings' intervals.
    """
    left_out: list[str] = []
    # Specialists first: they are blue then, and generalists orange, as in the paper.
    experiments = sorted(group_runs(runs), key=lambda each: each.is_generalist)
    sections: list[Section | None] = []
    if runs:
        sections += [runs_section(runs)]
        sections += curves_sections(experiments, left_out)
    rated: list[Rated] = []
    scored: list[Rated] = []
    for source in episodes:
        try:
            rated.append(rate(source, samples))
        except ResultError as error:
            left_out.append(f"ratings of {source.title}: {error}")
    for source in tasks:
        try:
            scored.append(score(source))
        except ResultError as error:
            left_out.append(f"task scores of {source.title}: {error}")
    beside = samples_section(rated, scored, experiments)
    sections += [beside, *(each.section for each in (*rated, *scored))]
    if runs:
        ends = (
            ("what agents died of", deaths_section(runs)),
            ("speed", speed_section(runs)),
        )
        left_out += [f"{name}: no run's metrics say" for name, found in ends if found is None]
        sections += [found for _, found in ends]
        sections += [replays_section(runs, left_out), settings_section(runs)]
    _note_missing(runs, episodes, tasks, beside, left_out)
    kept = [section for section in sections if section is not None]
    return Report(title or _title(runs, episodes, tasks), kept, left_out)


def _note_missing(
    runs: Sequence[RunFolder],
    episodes: Sequence[Source],
    tasks: Sequence[Source],
    beside: Section | None,
    left_out: list[str],
) -> None:
    if not runs:
        left_out.append(f"{', '.join(RUN_SECTIONS)}: no runs are given")
    if not episodes:
        left_out.append("ratings: no results of episodes are given")
    if not tasks:
        left_out.append("task scores: no results of tasks are given")
    if beside is None and (episodes or tasks):
        left_out.append(
            "ratings over training samples: no policy of the results is a checkpoint of a run that "
            "is given, as RUN or RUN/STEPS"
        )


def _title(runs: Sequence[RunFolder], episodes: Sequence[Source], tasks: Sequence[Source]) -> str:
    if len(runs) == 1:
        return f"Training of {runs[0].name}"
    games = dict.fromkeys(game_name(game) for run in runs for game in run.games)
    if runs:
        return f"{len(runs)} runs: {', '.join(games)}"
    sources = [*episodes, *tasks]
    return (
        f"Results of {sources[0].title}" if len(sources) == 1 else f"{len(sources)} sets of results"
    )
