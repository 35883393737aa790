"""What does a sweep try, and what for? Its description, in a folder, and Optuna's study of it."""

import importlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from metammo.evaluation.runs import game_name
from metammo.evaluation.sweep_space import SweepError, Vary, changed, read_vary
from metammo.learner.checkpoint import settings_from_json, settings_to_json
from metammo.learner.settings import DEFAULT_STEPS, TrainSettings
from metammo.minigames.minigame import find_game
from metammo.policies.hub import CheckpointError

SWEEP, JOURNAL = "sweep.json", "study.log"
"""Files in a sweep's folder: what is tried, and what came of it."""
SCORE = "evaluation/score"
"""The mean over games of the score on held-out maps, half of the seats being scripted players'."""
SPEED = "agent_steps_per_second"
WORDS = {"score": SCORE, "speed": SPEED}
"""What objectives may be called in short."""
UNPRUNED = 4
"""Trials that end before any is given up."""
RANDOM = 6
"""Trials whose settings are drawn at random, before any is learned from."""

KINDS_OF_METRICS = ("evaluation", "learning", "time", "no_op", "sampling", "pool")
"""What metrics begin with, besides a game."""

Pruning = Literal["median", "hyperband", "none"]


def optuna() -> Any:
    """Return the library.

    Raises:
        SweepError: it is not installed.
    """
    try:
        library = importlib.import_module("optuna")
    except ImportError as error:
        raise SweepError("Optuna is not installed: pip install 'metammo[sweep]'") from error
    library.logging.set_verbosity(library.logging.ERROR)
    return library


@dataclass(frozen=True)
class Sweep:
    """What is tried, and what for."""

    settings: TrainSettings
    """What all trials have in common; the sweep's folder is `folder` / `name`."""
    vary: tuple[Vary, ...]
    """What differs between them."""
    objective: str = SCORE
    """The metric by which a trial is judged; its last value."""
    minimize: bool = False
    """Less of it is better."""
    seeds: int = 1
    """Runs of a trial; they differ in their seed alone."""
    points: int = 5
    """How often a trial is looked at, evenly over its steps."""
    pruning: Pruning = "median"
    """How it is decided that a trial is given up."""

    def __post_init__(self) -> None:
        if self.settings.resume is not None:
            raise SweepError("a sweep goes on by itself: give the command that began it, no resume")
        if self.settings.processes != 1:
            raise SweepError(
                "a trial is one process: give --threads, or several trials at once, in place of "
                f"processes {self.settings.processes}"
            )
        for name in ("seeds", "points"):
            if getattr(self, name) < 1:
                raise SweepError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.steps < self.points:
            raise SweepError(f"{self.steps} steps cannot be looked at {self.points} times")
        for game in self.settings.games:
            find_game(game)
        starts = [*KINDS_OF_METRICS, *map(game_name, self.settings.games)]
        start, slash, _ = self.objective.partition("/")
        if self.objective != SPEED and not (slash and start in starts):
            raise SweepError(
                f"no objective {self.objective!r}: it is {', '.join(WORDS)}, or one that begins "
                f"with {', '.join(f'{each}/' for each in starts)}"
            )

    @property
    def steps(self) -> int:
        """Agent-steps of a run."""
        return DEFAULT_STEPS if self.settings.steps is None else self.settings.steps

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        games = "+".join(map(game_name, self.settings.games))
        return self.settings.folder / (self.settings.name or games)

    def run_name(self, number: int, place: int) -> str:
        """Return what the run of a trial and of one of its seeds is called."""
        return f"trial-{number:04d}-seed-{self.settings.seed + place}"

    def run_settings(self, values: Mapping[str, Any], number: int, place: int) -> TrainSettings:
        """Return the settings of one run of a trial."""
        every = self.steps // self.points
        common = replace(
            self.settings,
            folder=self.folder,
            name=self.run_name(number, place),
            seed=self.settings.seed + place,
            steps=self.steps,
            checkpoint_every=min(self.settings.checkpoint_every, every),
        )
        if self.objective.startswith("evaluation/"):
            common = replace(common, evaluate_every=every)
        settings: TrainSettings = changed(common, values)
        return settings

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "settings": settings_to_json(self.settings),
            "vary": [str(each) for each in self.vary],
            "objective": self.objective,
            "minimize": self.minimize,
            "seeds": self.seeds,
            "points": self.points,
            "pruning": self.pruning,
        }


def read_sweep(folder: Path) -> Sweep:
    """Return the sweep that a folder holds.

    Raises:
        SweepError: there is none, or it is of another version.
    """
    path = folder / SWEEP
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        settings = settings_from_json(kept.pop("settings"))
        vary = read_vary(kept.pop("vary"), settings)
        # Where it lies now counts, not where it was begun.
        settings = replace(settings, folder=folder.parent, name=folder.name)
        return Sweep(settings, vary, **kept)
    except (OSError, ValueError, KeyError, TypeError, CheckpointError) as error:
        raise SweepError(f"{path} cannot be read: {error}; choose another --name") from error


def open_study(sweep: Sweep, number: int = 0) -> Any:
    """Return Optuna's study; what it draws for a trial follows from the trial's number."""
    library = optuna()
    backend = library.storages.journal.JournalFileBackend(str(sweep.folder / JOURNAL))
    with warnings.catch_warnings():
        # Some of what is used here may be called experimental.
        warnings.simplefilter("ignore")
        pruners = {
            "median": library.pruners.MedianPruner(n_startup_trials=UNPRUNED),
            "hyperband": library.pruners.HyperbandPruner(1, sweep.points),
            "none": library.pruners.NopPruner(),
        }
        return library.create_study(
            study_name="sweep",
            storage=library.storages.JournalStorage(backend),
            direction="minimize" if sweep.minimize else "maximize",
            sampler=library.samplers.TPESampler(
                seed=sweep.settings.seed + number, n_startup_trials=RANDOM
            ),
            pruner=pruners[sweep.pruning],
            load_if_exists=True,
        )
