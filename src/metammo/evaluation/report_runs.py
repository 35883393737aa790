"""What does a report say of training runs? Where they stand, curves, deaths, speed, replays."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from metammo.evaluation.report_parts import (
    DASH,
    Gallery,
    Links,
    Picture,
    ReplayLink,
    Section,
    Table,
    duration,
    millions,
    shown,
    without_unknown,
)
from metammo.evaluation.run_curves import MILLION, SEEDS_OF_A_BAND, Line, line_of, samples_at
from metammo.evaluation.run_figures import causes_figure, line_figure
from metammo.evaluation.runs import Experiment, RunFolder, game_name, split_settings
from metammo.evaluation.task_score import mean_interval
from metammo.replay.format import FRAMES, Replay
from metammo.replay.header import ReplayError

NAMED = 3
"""Runs that a line of what is left out names; more it counts."""
CAUSES = ("player", "npc", "fog", "starvation", "game")
"""What agents die of, as metrics name it."""
TIMES = ("simulator", "copying", "forward", "opponents", "update")
"""Where a training run's time goes, as metrics name it."""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value in ("", None):
        return DASH
    return f"{value:,}" if isinstance(value, int) and value >= 100_000 else str(value)


def by_game(run: RunFolder, metric: str, form: str) -> str:
    """Return a metric's latest value for each of a run's games, such as `race 0.52`.

    Args:
        run: the run.
        metric: with `{id}` where the game stands as in settings, `{game}` as in metrics.
        form: of the numbers.
    """
    found = [
        (game_name(given), run.last(metric.format(id=given, game=game_name(given))))
        for given in run.games
    ]
    if len(found) == 1:
        return shown(found[0][1], form)
    return ", ".join(f"{game} {shown(value, form)}" for game, value in found)


def runs_section(runs: Sequence[RunFolder]) -> Section:
    """Return one row a run: what it is, and how far it came."""
    rows = [
        (
            run.name,
            ", ".join(map(game_name, run.games)),
            _value(run.settings.get("config")),
            _value(run.settings.get("seed")),
            f"{millions(run.steps)} of {millions(run.goal)}",
            run.state(),
            by_game(run, "{game}/progress", ".2f"),
            by_game(run, "evaluation/{id}/win_rate", ".0%"),
            shown(run.speed, ",.0f"),
            duration(run.last("seconds")),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.changed)),
        )
        for run in runs
    ]
    columns = ("run", "games", "config", "seed", "agent-steps", "state", "task progress")
    more = ("won against scripted", "steps/s", "time", "last change")
    return Section("Runs", [without_unknown(Table((*columns, *more), rows))])


def _versions(runs: Sequence[RunFolder]) -> list[tuple[str, dict[str, str]]]:
    """Return every run's versions of software and games, by name."""
    return [
        (
            run.name,
            {**run.versions, **{f"game {name}": str(v) for name, v in run.game_versions.items()}},
        )
        for run in runs
    ]


def settings_section(runs: Sequence[RunFolder]) -> Section:
    """Return the settings and versions of runs: those that differ, then those that all share."""
    same, different = split_settings(runs)
    section = Section("Settings and versions")
    if different:
        rows = [(name, *map(_value, values)) for name, values in different.items()]
        if len(runs) > 1:
            section.blocks += ["Settings in which the runs differ:"]
        section.blocks.append(Table(("setting", *(run.name for run in runs)), rows))
    versions = _versions(runs)
    names = list(dict.fromkeys(name for _, own in versions for name in own))
    if names:
        cells = [(name, *(own.get(name, DASH) for _, own in versions)) for name in names]
        section.blocks += ["Versions:", Table(("of", *(run.name for run in runs)), cells)]
    shared = [(name, _value(value)) for name, value in same.items()]
    every = "Settings that all runs share:" if len(runs) > 1 else "Settings:"
    section.blocks += [every, Table(("setting", "value"), shared)]
    return section


CURVES = (
    ("evaluation/{id}/win_rate", "Won against scripted", True),
    ("evaluation/{id}/score", "Score against scripted", False),
    ("evaluation/{id}/progress", "Task progress against scripted", False),
    ("{game}/win_rate", "Training: episodes won", True),
    ("{game}/progress", "Training: task progress", False),
    ("{game}/return", "Training: return", False),
    ("{game}/length", "Training: ticks of an episode", False),
)
"""Metrics drawn of a game, what they are called, and whether they are shares."""
AT_THE_END = [curve for curve in CURVES if "evaluation" in curve[0] or "progress" in curve[0]]
"""Those whose last values are in a table, too."""


def _game_ids(runs: Sequence[RunFolder]) -> dict[str, str]:
    """Return what the games of runs are called in settings, by what metrics call them."""
    return {game_name(game): game for run in runs for game in run.games}


def _game_figures(experiments: Sequence[Experiment], game: str, given: str) -> list[Picture]:
    pictures = []
    for metric, title, is_share in CURVES:
        name = metric.format(id=given, game=game)
        lines = [
            (place, line)
            for place, experiment in enumerate(experiments)
            if (line := line_of(experiment, game, name))
        ]
        if not lines:
            continue
        baseline: list[Line] = []
        if metric.startswith("evaluation"):
            theirs = name.replace(f"{given}/", f"{given}/scripted_")
            others = [line_of(experiment, game, theirs) for experiment in experiments]
            baseline = [_renamed(line, "the scripted player") for line in others if line]
        figure = line_figure(lines, title, is_share=is_share, baseline=baseline)
        last = [f"{line.label} ends at {line.mean[-1]:.3g}" for _, line in lines if len(line.mean)]
        slug = metric.format(id=game, game=game).replace("/", "-")
        pictures.append(Picture(slug, figure, f"{game}, {title.lower()}: {'; '.join(last)}"))
    return pictures


def _last_table(experiments: Sequence[Experiment], game: str, given: str) -> Table:
    """Return where the curves end, and how sure that is where there are several seeds."""
    rows = []
    metrics = [(metric.format(id=given, game=game), share) for metric, _, share in AT_THE_END]
    for experiment in experiments:
        if game not in map(game_name, experiment.runs[0].games):
            continue
        samples = [samples_at(run, game, run.steps) for run in experiment.runs]
        known = [each for each in samples if each is not None]
        cells = [
            _mean_of([run.last(metric) for run in experiment.runs], ".0%" if is_share else ".3f")
            for metric, is_share in metrics
        ]
        reached = millions(sum(known) / len(known) * MILLION) if known else DASH
        rows.append((experiment.label, str(len(experiment.runs)), reached, *cells))
    names = tuple(title for _, title, _ in AT_THE_END)
    return without_unknown(
        Table(("at the end", "seeds", "samples", *(name.lower() for name in names)), rows)
    )


def _mean_of(values: Sequence[float | None], form: str) -> str:
    """Return the mean of some runs' values; of two them too, of more its 95% interval."""
    known = [value for value in values if value is not None]
    if not known:
        return DASH
    mean = format(sum(known) / len(known), form)
    if len(known) == 1:
        return mean
    if len(known) < SEEDS_OF_A_BAND:
        return f"{mean} ({', '.join(format(each, form) for each in known)})"
    low, high = mean_interval(np.array(known))
    return f"{mean} [{low:{form}}, {high:{form}}]"


def _renamed(line: Line, label: str) -> Line:
    return Line(label, line.samples, line.mean, line.low, line.high, line.runs)


def _note_runs(left_out: list[str], what: str, names: Sequence[str], why: str) -> None:
    """Note that something of some runs is left out, in one line."""
    if names:
        more = f" and {len(names) - NAMED} others" if len(names) > NAMED else ""
        left_out.append(f"{what} of {', '.join(names[:NAMED])}{more}: {why}")


def curves_sections(experiments: Sequence[Experiment], left_out: list[str]) -> list[Section]:
    """Return learning curves, a section for each game."""
    runs = [run for experiment in experiments for run in experiment.runs]
    sections = []
    begun: list[str] = []
    old: list[str] = []
    unrated: list[str] = []
    for run in runs:
        if not run.metrics:
            begun.append(run.name)
        elif any(run.game_steps(game_name(game)) is None for game in run.games):
            old.append(run.name)
        elif not any(name.startswith("evaluation/") for row in run.metrics for name in row):
            unrated.append(run.name)
    _note_runs(left_out, "learning curves", begun, "no metrics yet")
    why = "metrics do not say how many steps were each game's; runs of this version do"
    _note_runs(left_out, "learning curves", old, why)
    _note_runs(left_out, "evaluations", unrated, "none; train with --evaluate-every STEPS")
    for game, given in _game_ids(runs).items():
        pictures = _game_figures(experiments, game, given)
        if pictures:
            words = (
                "Thick: the mean over seeds, from three seeds on with its 95% interval; thin: the "
                "seeds. "
            )
            has_seeds = any(
                len(experiment.runs) > 1 and given in experiment.runs[0].games
                for experiment in experiments
            )
            about = (
                "Samples are agent-steps in this game alone. Against scripted: half of the seats "
                "each on held-out maps."
            )
            block = f"{words if has_seeds else ''}{about}"
            table = _last_table(experiments, game, given)
            sections.append(Section(f"Learning curves: {game}", [block, Gallery(pictures), table]))
    return sections


def deaths_section(runs: Sequence[RunFolder]) -> Section | None:
    """Return what agents died of at the end of training; None: no run says."""
    rows = []
    for run in runs:
        for game in map(game_name, run.games):
            shares = {cause: run.last(f"{game}/died_of_{cause}") for cause in CAUSES}
            known = {cause: share for cause, share in shares.items() if share is not None}
            if known:
                rows.append((run.name, game, known))
    if not rows:
        return None
    cells = [
        (
            name,
            game,
            *(shown(shares.get(cause), ".1%") for cause in CAUSES),
            f"{max(1 - sum(shares.values()), 0.0):.1%}",
        )
        for name, game, shares in rows
    ]
    many = len({game for _, game, _ in rows}) > 1
    bars = [(f"{name}, {game}" if many else name, shares) for name, game, shares in rows]
    words = "Share of agents by what they died of, a bar for each run and game"
    about = "Share of agents, running mean over the latest training episodes."
    return Section(
        "What agents died of",
        [
            about,
            Gallery([Picture("deaths", causes_figure(bars), words)]),
            Table(("run", "game", *CAUSES, "lived"), cells),
        ],
    )


def speed_section(runs: Sequence[RunFolder]) -> Section | None:
    """Return how fast runs learned, and where the time went; None: no run says."""
    rows = []
    for run in runs:
        speeds = sorted(value for _, value in run.column("agent_steps_per_second"))
        if speeds:
            rows.append(
                (
                    run.name,
                    f"{speeds[len(speeds) // 2]:,.0f}",
                    shown(run.speed, ",.0f"),
                    *(shown(run.last(f"time/{part}"), ".0%") for part in TIMES),
                    duration(run.last("seconds")),
                    _value(run.settings.get("threads") or "all"),
                    _value(run.settings.get("device")),
                )
            )
    columns = ("run", "agent-steps/s, median", "latest", *TIMES, "time", "cores", "device")
    about = "The time is that of collecting and learning, without evaluations and replays."
    return Section("Speed", [about, Table(columns, rows)]) if rows else None


def replays_section(runs: Sequence[RunFolder], left_out: list[str]) -> Section | None:
    """Return links to the replays of runs; None: there are none."""
    links = []
    unfilmed = [run.name for run in runs if not run.replays]
    _note_runs(left_out, "replays", unfilmed, "none; train with --record-every STEPS")
    for run in runs:
        for path in run.replays:
            try:
                replay = Replay.open(path)
                replay.require(FRAMES, "shown")
            except (ReplayError, OSError) as error:
                left_out.append(f"replay {path.name} of {run.name}: {error}")
                continue
            header = replay.header
            steps = f"after {millions(int(path.stem))}" if path.stem.isdigit() else path.stem
            progress = header["progress"]
            more = f", task progress {sum(progress) / len(progress):.2f}" if progress else ""
            ending = ", won" if header["winners"] else ", no winner"
            words = f"{steps}: {header['game']}, {header['ticks']} ticks{ending}{more}"
            links.append(ReplayLink(run.name, path, words))
    return Section("Replays", [Links(links)]) if links else None
