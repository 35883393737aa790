"""What did the training cost? Steps and hours of the legs, beside the paper's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from experiments.generalist.legs import Experiment, Leg
from experiments.generalist.tables import folded, markdown
from experiments.generalist.training import run_folder

from metammo.evaluation.report_parts import DASH, counted, duration, millions, shown
from metammo.evaluation.runs import RunFolder, read_run

PAPER_STEPS, PAPER_HOURS = 400e6, 20.0
"""Of the paper's generalists: agent-steps, and the hours that they took at most, on an RTX 4090."""
HOUR = 3600.0
"""Seconds."""


def training_tables(experiment: Experiment, folder: Path) -> list[str]:
    """Return how long the legs took, and their steps of each game; nothing: none was begun."""
    found = [(leg, run_folder(folder, leg)) for leg in experiment.legs]
    runs = [(leg, read_run(place)) for leg, place in found if (place / "settings.json").is_file()]
    if not runs:
        return []
    groups: dict[str, list[tuple[Leg, RunFolder]]] = {}
    for leg, run in runs:
        groups.setdefault(leg.kind, []).append((leg, run))
    rows = [_cost_row(name, group) for name, group in groups.items()]
    rate = PAPER_STEPS / PAPER_HOURS / HOUR
    hours = f"{PAPER_HOURS:.0f} h"
    paper = f"{PAPER_STEPS / 1e6:.0f} M"
    rows.append(
        (
            "Meta MMO's generalists",
            DASH,
            "RTX 4090",
            paper,
            f"< {hours}",
            f"> {rate:,.0f}",
            f"< {hours}",
        )
    )
    steps, seconds = sum(run.steps for _, run in runs), sum(_seconds(run) for _, run in runs)
    machines = {
        f"{counted(int(told.get('cores') or 0), 'core')} of {told.get('processor')}"
        for _, run in runs
        if (told := run.origin.get("machine", {}))
    }
    unfinished = [leg.name for leg, run in runs if run.steps < leg.steps]
    text = [
        markdown(
            (
                "leg",
                "seeds",
                "on",
                "agent-steps each",
                "time each",
                "agent-steps/s",
                f"time for {paper}",
            ),
            rows,
        ),
        "Means over seeds; agent-steps/s are those learned from over a leg's whole time, and the "
        f"time for {paper} is at that speed. Legs ran side by side: each is slower than alone, and "
        f"all together took less than the sum of their times, {millions(steps)} agent-steps in "
        f"{seconds / HOUR:.1f} hours. Each could use {' or '.join(sorted(machines)) or DASH}. The "
        "paper's times are of its own network and simulator.",
    ]
    if unfinished:
        text.append(f"**Not at its goal yet**: {', '.join(unfinished)}.")
    shares = [row for name, group in groups.items() for row in _share_rows(name, group)]
    if shares:
        columns = ("leg", "game", "agent-steps, mean over seeds", "least and most of a seed")
        text += folded("What of it went to each game", markdown(columns, shares))
    return text


def _seconds(run: RunFolder) -> float:
    return run.last("seconds") or 0.0


def _cost_row(name: str, group: Sequence[tuple[Leg, RunFolder]]) -> tuple[str, ...]:
    steps = float(np.mean([run.steps for _, run in group]))
    seconds = float(np.mean([_seconds(run) for _, run in group]))
    rate = steps / seconds if seconds else None
    return (
        f"`{name}`",
        ", ".join(str(leg.seed) for leg, _ in group),
        " or ".join(
            sorted({counted(run.cores, "core") if run.cores else DASH for _, run in group})
        ),
        millions(steps),
        duration(seconds),
        shown(rate, ",.0f"),
        duration(PAPER_STEPS / rate if rate else None),
    )


def _share_rows(name: str, group: Sequence[tuple[Leg, RunFolder]]) -> list[tuple[str, ...]]:
    """Return the steps of each game, of a leg that learns several."""
    games = group[0][0].games
    rows = []
    for game in games if len(games) > 1 else ():
        told = [counts[-1][1] for _, run in group if (counts := run.game_steps(game))]
        if told:
            ends = f"{millions(min(told))} to {millions(max(told))}" if len(told) > 1 else DASH
            rows.append((f"`{name}`", f"`{game}`", millions(float(np.mean(told))), ends))
    return rows
