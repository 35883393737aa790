#!/usr/bin/env python3
"""How do the algorithms compare, by steps and by processor time? Trains one, or draws all.

Usage: compare_algorithms.py train [OPTIONS OF METAMMO TRAIN]
       compare_algorithms.py draw RUNS FIGURE    (RUNS is a folder with runs of one game)

Evaluations take no part in the processor time. It counts all threads, and is a fair clock where
other programs use the machine, too, if --threads is 1.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tyro
from matplotlib.figure import Figure

from metammo.cli.train import evaluation_of
from metammo.evaluation.figures import BLUE, GREEN, GREY, ORANGE, save_figure
from metammo.evaluation.runs import METRICS, RunFolder, read_run
from metammo.learner.settings import TrainSettings
from metammo.learner.train import Evaluate, train

PROCESSOR = "processor_seconds"
COLOURS = {"ppo": BLUE, "impala": ORANGE, "pqn": GREEN}


def timed(evaluate: Evaluate) -> Evaluate:
    """Return the evaluation, which says what processor time was used before, without its own."""
    begun, spent = time.process_time(), 0.0

    def evaluate_and_time(module: Any, steps: int) -> dict[str, float]:
        nonlocal spent
        started = time.process_time()
        scores = evaluate(module, steps)
        used = started - begun - spent
        spent += time.process_time() - started
        return {**scores, PROCESSOR: used}

    return evaluate_and_time


def read_curve(run: RunFolder, measure: str) -> tuple[list[float], list[float], list[float]]:
    """Return millions of steps, processor minutes and a measure of its evaluations."""
    name = f"evaluation/{run.games[0]}/{measure}"
    rows = [row for row in run.metrics if name in row]
    return (
        [row["steps"] / 1e6 for row in rows],
        [row[f"evaluation/{PROCESSOR}"] / 60 for row in rows],
        [row[name] for row in rows],
    )


def draw(runs: Sequence[RunFolder]) -> Figure:
    """Return the curves of task progress, by steps and by processor time."""
    figure = Figure(figsize=(8.6, 3.4), layout="constrained")
    by_steps, by_time = figure.subplots(1, 2, sharey=True)
    for run in runs:
        steps, minutes, values = read_curve(run, "progress")
        style = {"color": COLOURS[run.settings.get("algorithm", "ppo")], "marker": "o"}
        for axes, places in ((by_steps, steps), (by_time, minutes)):
            axes.plot(places, values, label=run.name, markersize=4, linewidth=1.4, **style)
    scripted = [value for run in runs for value in read_curve(run, "scripted_progress")[2]]
    for axes, label in (
        (by_steps, "Agent-steps, millions"),
        (by_time, "Processor time, minutes of one core"),
    ):
        axes.spines[["top", "right"]].set_visible(False)
        axes.axhline(sum(scripted) / len(scripted), color=GREY, linestyle=":", label="scripted")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(label)
    by_steps.set_ylabel("Task progress")
    by_steps.legend(frameon=False, fontsize=9)
    figure.suptitle(f"{runs[0].games[0]}, held-out maps, half of the seats each")
    return figure


def main(arguments: Sequence[str]) -> int:
    """Train or draw; return the exit code."""
    if arguments[:1] == ["train"]:
        settings = tyro.cli(TrainSettings, args=list(arguments[1:]))
        print(train(settings, timed(evaluation_of(settings))))
        return 0
    if arguments[:1] != ["draw"] or len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    runs = [read_run(path.parent) for path in sorted(Path(arguments[1]).glob(f"*/{METRICS}"))]
    for run in runs:
        print(run.name)
        curves = read_curve(run, "progress"), read_curve(run, "win_rate")
        for steps, minutes, progress, won in zip(*curves[0], curves[1][2], strict=True):
            print(f"  {steps:.2f} M, {minutes:.1f} minutes: {progress:.3f}, won {won:.0%}")
    save_figure(draw(runs), Path(arguments[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
