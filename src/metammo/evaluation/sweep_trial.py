"""What is a trial worth? Its training runs, watched, and given up where others did better."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from metammo.evaluation.in_training import evaluation_of, recording_of
from metammo.evaluation.runs import read_run
from metammo.evaluation.sweep import SPEED, Sweep, open_study, optuna, read_sweep
from metammo.evaluation.sweep_space import SweepError
from metammo.learner.algorithm import LearningError
from metammo.learner.checkpoint import find_checkpoint
from metammo.learner.settings import TrainSettings
from metammo.learner.train import train
from metammo.policies.hub import CheckpointError


class _Judge:
    """Watches a trial's first run: says what it is worth, and when to give it up."""

    def __init__(self, sweep: Sweep, study: Any, trial: Any) -> None:
        self.sweep, self.trial = sweep, trial
        self.known = set(study.trials[trial.number].intermediate_values)
        self.is_pruned = False
        self.values: list[float] = []

    def __call__(self, row: dict[str, float]) -> bool:
        """Look at what an update logged; return whether to go on."""
        value = row.get(self.sweep.objective)
        point = int(row["steps"]) * self.sweep.points // self.sweep.steps
        if value is None:
            return True
        self.values.append(value)
        if not 0 < point < self.sweep.points or point in self.known:
            return True
        self.known.add(point)
        # Speeds change from update to update; what is logged of the rest is a mean already.
        told = float(np.median(self.values)) if self.sweep.objective == SPEED else value
        self.values.clear()
        self.trial.report(told, point)
        self.is_pruned = self.trial.should_prune()
        return not self.is_pruned


def _value_of(sweep: Sweep, folder: Path) -> float:
    run = read_run(folder)
    value = run.speed if sweep.objective == SPEED else run.last(sweep.objective)
    if value is None:
        raise SweepError(
            f"{folder} logged no {sweep.objective!r}; it logged "
            f"{', '.join(sorted({name for row in run.metrics for name in row}))}"
        )
    return value


def _learn(sweep: Sweep, settings: TrainSettings, threads: int, judge: _Judge | None) -> None:
    """Train one run of a trial, or the rest of it."""
    folder = sweep.folder / settings.name
    settings = replace(settings, threads=threads)
    rest = settings
    if folder.exists():
        try:
            find_checkpoint(folder)
            rest = replace(settings, resume=folder)
        except CheckpointError:
            shutil.rmtree(folder)  # killed before its first checkpoint
    train(rest, evaluation_of(settings), recording_of(settings), quiet=True, watch=judge)


def play_trial(folder: Path, number: int, threads: int) -> None:
    """Train the runs of a trial that was begun, and write into the journal what came of it.

    It needs the folder alone, so any process that sees it can do it; if that dies, another goes on.

    Args:
        folder: the sweep's.
        number: of the trial.
        threads: cores.

    Raises:
        SweepError: the objective is nothing that runs log.
        OSError: something could not be written; the trial can go on later.
    """
    sweep = read_sweep(folder)
    library = optuna()
    study = open_study(sweep)
    state = library.trial.TrialState
    frozen = study.trials[number]
    if frozen.state.is_finished():
        return
    trial = library.trial.Trial(study, frozen._trial_id)
    values: dict[str, float] = {}
    try:
        for place in range(sweep.seeds):
            settings = sweep.run_settings(frozen.params, number, place)
            judge = _Judge(sweep, study, trial) if place == 0 else None
            _learn(sweep, settings, threads, judge)
            if judge is not None and judge.is_pruned:
                study.tell(number, state=state.PRUNED)
                return
            values[str(settings.seed)] = _value_of(sweep, sweep.folder / settings.name)
            trial.set_user_attr("values", values)
    except SweepError:
        raise  # no other trial would do better
    except (LearningError, ValueError, RuntimeError, MemoryError) as error:
        trial.set_user_attr("error", " ".join(str(error).split()))
        study.tell(number, state=state.FAIL)
    else:
        study.tell(number, float(np.mean(list(values.values()))))
