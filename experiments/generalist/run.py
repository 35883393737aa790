"""Does a generalist match specialists that had as many samples of their game? Run it all.

Usage, from the repository's root: python -m experiments.generalist.run --scale 2000000
"""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from experiments.generalist.legs import HERE, Experiment, choose_legs, read_experiment
from experiments.generalist.matches import FOLDER, play_all
from experiments.generalist.records import RECORDS, keep
from experiments.generalist.report import write_report
from experiments.generalist.training import Machine, is_done, train_legs

from metammo.cli.exits import exit_code_of
from metammo.cli.options import read_options
from metammo.envs.crew import core_count

STAGES = ("train", "evaluate", "report")
"""What is done unless something else is asked for."""
ALL_STAGES = (*STAGES, "record")


@dataclass(frozen=True)
class Options:
    """Train the legs, let their policies meet, and write the report; go on where it was left.

    Example: python -m experiments.generalist.run --config mini --scale 2000000 --seeds 1 2
    """

    config: tuple[str, ...] = ("mini",)
    """mini, full (or both), or the path of a settings file."""
    scale: int = 0
    """Agent-steps of a specialist; 0: the settings'."""
    seeds: tuple[int, ...] = ()
    """Of the training; by default the settings'."""
    legs: tuple[str, ...] = ()
    """Train some alone: families (generalist), FAMILY-GAME, or whole names (generalist-s1)."""
    games: tuple[str, ...] = ()
    """Some of the settings' games alone; generalists of fewer games want a folder of their own."""
    stages: tuple[str, ...] = STAGES
    """What to do: train, evaluate, report; record: keep what the report is made of in `records`."""
    episodes: int = 0
    """Of each tournament, game and seed of its matches; 0: the settings'."""
    parallel: int = 0
    """Legs side by side; 0: as many as there are cores for."""
    threads: int = 1
    """Of each process of a leg."""
    processes: int = 1
    """That train a leg together; one that goes on has as many as it was begun with."""
    evaluation_threads: int = 0
    """Processes that play the tournaments; 0: one for each core."""
    folder: Path = FOLDER
    """Of runs and results."""
    records: Path = RECORDS
    """Where records are kept; as `--folder` it is what a report is made of."""
    report: Path = HERE.parents[1] / "docs" / "results.md"
    """The page that is written."""
    dry: bool = False
    """Only say which legs there are and how far they have come."""


def settings_file(word: str) -> Path:
    """Return the file that a word means: a config's, or a path."""
    path = Path(word)
    return path if path.suffix == ".toml" else HERE / f"{word}.toml"


def experiments_of(options: Options) -> list[Experiment]:
    """Return the experiments that are asked for, each with all of its legs.

    Raises:
        ValueError: what there is not.
    """
    unknown = [stage for stage in options.stages if stage not in ALL_STAGES]
    if unknown:
        raise ValueError(f"no stage {unknown[0]!r}; there are {', '.join(ALL_STAGES)}")
    if min(options.parallel, options.scale, options.episodes, options.evaluation_threads) < 0:
        raise ValueError("parallel, scale, episodes and evaluation_threads must be at least 0")
    if min(options.threads, options.processes) < 1:
        raise ValueError("threads and processes must be at least 1")
    return [
        read_experiment(
            settings_file(word),
            scale=options.scale,
            seeds=options.seeds,
            episodes=options.episodes,
            games=options.games,
        )
        for word in options.config
    ]


def _tell(line: str) -> None:
    print(line, flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def conduct(options: Options) -> None:
    """Do what is asked for.

    Raises:
        ValueError: settings, runs or results that do not fit.
        LegError: a leg died, or cannot go on.
    """
    experiments = experiments_of(options)
    # Of all before anything begins: a word that means no leg is told at once.
    chosen = [choose_legs(experiment, options.legs) for experiment in experiments]
    cores = options.threads * options.processes
    parallel = options.parallel or max(core_count() // cores, 1)
    machine = Machine(parallel, options.threads, options.processes)
    for experiment, trained in zip(experiments, chosen, strict=True):
        if options.dry:
            for leg in trained.legs:
                state = "done" if is_done(options.folder, leg) else "to do"
                _tell(f"{experiment.config}/{leg.name}: {leg.steps:,} agent-steps, {state}")
            continue
        if "train" in options.stages:
            train_legs(trained, options.folder, machine, _tell)
        if "evaluate" in options.stages:
            threads = options.evaluation_threads or None
            play_all(experiment, options.folder, threads, _tell)
        if "record" in options.stages:
            kept = keep(experiment, options.folder, options.records)
            _tell(f"{options.records}: {', '.join(kept) or 'nothing to keep yet'}")
        if "report" in options.stages:
            parts = write_report(experiment, options.folder, options.report)
            _tell(f"{options.report}: {', '.join(parts) or 'nothing to tell yet'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment; return the exit code: 0, 2 for what a user can mend, 130 if stopped."""
    words = sys.argv[1:] if arguments is None else arguments
    program = "python -m experiments.generalist.run"
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        return exit_code_of(
            lambda: conduct(read_options(Options, words, program)),
            "generalist",
            "stopped; the same command goes on from the last checkpoints",
        )
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
