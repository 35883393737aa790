"""The training loop: collect, update, log, keep."""

import ctypes
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch

from metammo.envs.batch import Batch, make_vec
from metammo.envs.crew import core_count
from metammo.files import beside
from metammo.learner.actor import Actor, Episode
from metammo.learner.algorithm import LearningError
from metammo.learner.algorithms import make_algorithm
from metammo.learner.checkpoint import (
    LAST,
    Parts,
    Snapshot,
    find_checkpoint,
    read_progress,
    restore_checkpoint,
    save_checkpoint,
    save_policy,
    settings_to_json,
)
from metammo.learner.measures import Measures
from metammo.learner.metrics import open_metrics, wandb
from metammo.learner.mix import Mix
from metammo.learner.opponents import Opponents
from metammo.learner.processes import (
    ALONE,
    Processes,
    check_device,
    join_processes,
    leave_processes,
    share_worlds,
)
from metammo.learner.progress import ProgressLine
from metammo.learner.settings import DEFAULT_STEPS, TrainSettings
from metammo.learner.stopwatch import spent
from metammo.policies.choosing import Choosing
from metammo.policies.hub import (
    find_policy,
    load_module,
    make_policy,
    read_description,
)
from metammo.policies.own import is_own, name_to_resume
from metammo.replay.header import ReplayError
from metammo.tasks.parsing import read_task
from metammo.world.random import seed_of

Evaluate = Callable[[Any, int, Path], dict[str, float]]
"""Called with the network, the steps so far and the run's folder; returns numbers to log."""

Record = Callable[[Any, Path, int], None]
"""Called with the network, the file to write, and how many times that was due before."""

Watch = Callable[[dict[str, float]], bool]
"""Called with what an update logs; returns whether the run is to go on."""

LEAST_STEPS = 2
"""Agent-steps from which something can be learned: advantages have a spread."""


def keep_memory() -> None:
    """Tell the C library to keep freed memory: page faults cost the network up to half its time."""
    if sys.platform != "linux":
        return
    trim_threshold, map_threshold = -1, -3
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(map_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 1 << 30)


def device_of(settings: TrainSettings) -> str:
    """Return where the network of a run is to be: that of a resumed one, where it was."""
    if settings.resume is None:
        return settings.device
    kept, _, _ = read_progress(find_checkpoint(settings.resume))
    return kept.device


def make_network(settings: TrainSettings, checkpoint: Path | None) -> Any:
    """Return the network of a run: a new one, or that of the checkpoint that it begins with.

    Args:
        settings: the run's.
        checkpoint: with which a resumed run goes on; None: it begins.

    Raises:
        ValueError: there is no such network, or it plays another config.
    """
    if settings.init is None:
        layer_norm = settings.own.layer_norm
        return make_policy(settings.policy, settings.config, layer_norm=layer_norm)
    # A run that is resumed needs no other any more.
    folder = checkpoint or find_policy(settings.init)
    kind = read_description(folder).get("class")
    if kind is not None and not is_own(settings.policy):
        raise ValueError(
            f"init: {str(settings.init)!r} holds a network of a class of its own, and to load it "
            f"is to run its file: give it as --policy path.py:{kind}"
        )
    module = load_module(folder, own=settings.policy if kind is not None else None)
    # Whatever it learned by: this run's algorithm says how its logits become actions.
    module.choosing = Choosing()
    if module.layout_name != settings.config:
        raise ValueError(
            f"init: {str(settings.init)!r} plays the {module.layout_name} config, not "
            f"{settings.config}: give --config {module.layout_name}"
        )
    return module


def run_folder(settings: TrainSettings) -> Path:
    """Return where a run is kept; a number is added to a name that is taken."""
    games = "+".join(Path(game).stem for game in settings.games)
    name = settings.name or f"{games}-{settings.seed}"
    folder = settings.folder / name
    number = 2
    while folder.exists():
        folder = settings.folder / f"{name}-{number}"
        number += 1
    return folder


def due(every: int, steps: int) -> int:
    """Return how often something is due by then that comes every so many steps; 0: never."""
    return steps // every if every else 0


class Run:
    """One training run and its folder: settings, origin, metrics, checkpoints.

    Attributes:
        folder: where it is kept.
        goal: agent-steps at which it ends.
        actor: what plays the worlds.
        opponents: what plays the seats that the actor does not; None: there are none.
        algorithm: what learns.
        mix: how often games and tasks come.
        measures: what it has come to.
    """

    def __init__(self, settings: TrainSettings, processes: Processes = ALONE) -> None:
        self.processes = processes
        checkpoint: Path | None = None
        settings = settings.settled()
        if settings.resume is not None:
            checkpoint = find_checkpoint(settings.resume, self._warn)
            kept, _, _ = read_progress(checkpoint)
            # The goal and the machine may change; what decides the result may not, nor what is
            # measured and kept on the way: half of its curves would be of another kind.
            settings = replace(
                kept,
                steps=settings.steps or kept.steps,
                threads=settings.threads,
                policy=name_to_resume(kept.policy, settings.policy),
            )
        elif settings.processes not in (0, 1, processes.count):
            raise ValueError(
                f"here learn {processes.count} processes, not {settings.processes}: start them by "
                "metammo train --processes, launch() or torchrun"
            )
        if settings.wandb and processes.is_first:
            wandb()  # before anything is compiled or made: it may have to be installed first
        self.goal = settings.steps or DEFAULT_STEPS
        settings = replace(settings, steps=self.goal, processes=processes.count)
        self.settings = settings
        threads = settings.threads or max(core_count() // processes.local_count, 1)
        torch.set_num_threads(threads)
        keep_memory()
        self._make_learner(threads, checkpoint)
        self.updates, self.seconds, self.best = 0, 0.0, -math.inf
        self.folder = checkpoint.parent.parent if checkpoint else self._make_folder()
        if self.opponents is not None:
            self.opponents.folder = self.folder / "pool"
        if checkpoint is not None:
            self._restore(checkpoint)
        elif self.opponents is not None:
            self.opponents.begin()

    def _warn(self, text: str) -> None:
        if self.processes.is_first:
            print(f"metammo: warning: {text}", file=sys.stderr, flush=True)

    def _make_learner(self, threads: int, checkpoint: Path | None) -> None:
        """Make worlds, network, actor and algorithm; each process has its share of the worlds."""
        settings, processes = self.settings, self.processes
        device = processes.device if processes.count > 1 else settings.device
        check_device(device)
        torch.manual_seed(settings.seed)
        own = settings.own
        module = make_network(settings, checkpoint)
        worlds = share_worlds(settings.worlds, processes.count)
        with processes.one_before_the_others():
            self.batch: Batch = make_vec(
                dict(zip(settings.games, settings.weights or repeat(1.0), strict=False)),
                worlds,
                seed=settings.seed,
                first_world=processes.rank * worlds,
                threads=threads,
                config=settings.config,
                evaluation=not settings.curriculum,
                **({"task": read_task(settings.task)} if settings.task else {}),
            )
        ways = (settings.game_sampling, settings.task_sampling, settings.balance)
        self.mix = Mix(self.batch, *ways, worlds=settings.worlds)
        # A network of the user's own may have been made by other chance than torch's.
        module = module.to(device)
        processes.make_alike(module.state_dict().values())
        together: dict[str, Any] = {"device": device, "processes": processes}
        self.algorithm = make_algorithm(
            settings, module, self.batch.game_names, seed=settings.seed + 1, **together
        )
        self.opponents = self._make_opponents(together)
        self.actor = Actor(
            self.batch,
            self.algorithm,
            self.opponents,
            rollout=settings.rollout,
            sequence=own.sequence,
            team_reward=settings.team_reward,
            seed=seed_of(settings.seed, processes.rank) if processes.rank else settings.seed,
            **together,
        )
        self.measures = Measures(self.actor, self.algorithm, self.mix, self.opponents)
        self.parts = Parts(
            own={"actor": self.actor, **self.algorithm.own_parts()},
            shared={"algorithm": self.algorithm, "mix": self.mix},
        )
        if self.opponents is not None:
            self.parts = replace(self.parts, own={**self.parts.own, "opponents": self.opponents})

    def _make_opponents(self, together: dict[str, Any]) -> Opponents | None:
        """Return who plays the seats that the learner does not; None where it plays all."""
        settings = self.settings
        if not settings.pool.share:
            return None
        module = self.algorithm.module
        seed = settings.seed + 2
        return Opponents(self.batch, module, settings.pool, seed=seed, **together)

    def _make_folder(self) -> Path:
        """Return the run's new folder, which the first process makes."""
        if self.opponents is not None:
            self.opponents.check()
        folder = ""
        if self.processes.is_first:
            made = run_folder(self.settings)
            made.mkdir(parents=True)
            text = json.dumps(settings_to_json(self.settings), indent=2)
            with beside(made / "settings.json") as part:
                part.write_text(text, encoding="utf-8")
            folder = str(made)
        told = self.processes.gather(np.frombuffer(folder.encode(), np.uint8))
        return Path(told[0].tobytes().decode())

    def _restore(self, checkpoint: Path) -> None:
        """Go on from a checkpoint."""
        _, progress, self.actor.steps = read_progress(checkpoint)
        restore_checkpoint(checkpoint, self.algorithm.module, self.parts, self.processes)
        self.measures.means = progress["means"]
        self.updates, self.seconds = progress["updates"], progress["seconds"]
        self.best = progress["best"] if progress["best"] is not None else -math.inf
        self.actor.game_steps = progress["game_steps"]

    @property
    def steps(self) -> int:
        """Agent-steps learned from."""
        return self.actor.steps

    def snapshot(self) -> Snapshot:
        """Return the present policy, to be kept."""
        games = dict(zip(self.batch.game_names, self.batch.game_versions, strict=True))
        origin = str(self.settings.init) if self.settings.init is not None else ""
        return Snapshot(self.algorithm.module, games, self.steps, origin)

    def learning_rate(self) -> float:
        """Return the present learning rate: it falls to a tenth over the run."""
        own = self.settings.own
        rate = own.learning_rate
        if not own.anneal:
            return rate
        return rate * max(1.0 - 0.9 * self.steps / self.goal, 0.1)

    def learn(self) -> dict[str, float]:
        """Collect a rollout and learn from it; return what is to be logged.

        Raises:
            LearningError: a loss or gradient that is no number.
        """
        rate, before = self.learning_rate(), self.steps
        self.algorithm.share = min(self.steps / self.goal, 1.0)
        finished = self.actor.collect()
        while not self._has_learned():
            finished += self.actor.collect()
        self.note_episodes(finished)
        try:
            with spent(self.actor.seconds, "update"):
                logged = self.algorithm.update(self.actor.buffer, rate)
        except LearningError as error:
            raise LearningError(f"after {self.steps} agent-steps: {error}") from None
        self.updates += 1
        every = self.settings.pool.every
        if self.opponents is not None and due(every, self.steps) > due(every, before):
            self.opponents.enter(self.snapshot())
        return logged

    def _has_learned(self) -> bool:
        """Return whether there is something to learn from, in one process at least.

        Where there is not, opponents alone have played on.
        """
        return int(self.processes.sum(self.actor.buffer.alive.sum())) >= LEAST_STEPS

    def note_episodes(self, finished: list[Episode]) -> None:
        """Take finished episodes into the running means of their games, and into the mix."""
        self.mix.update(finished, self.actor.game_steps, self.actor.running())
        self.measures.note(finished)

    def save(self, name: str) -> None:
        """Write a checkpoint under a name."""
        progress = {
            "means": self.measures.means,
            "updates": self.updates,
            "seconds": self.seconds,
            "best": self.best if math.isfinite(self.best) else None,
            "game_steps": self.actor.game_steps,
        }
        folder = self.folder / "checkpoints" / name
        save_checkpoint(
            folder, self.snapshot(), self.parts, self.settings, progress, self.processes
        )
        if name == LAST and self.opponents is not None:
            self.opponents.tidy()

    def keep(self) -> None:
        """Write the present policy alone, under its steps."""
        if not self.processes.is_first:
            return
        save_policy(self.folder / "checkpoints" / str(self.steps), self.snapshot())

    def rate(self, evaluate: Evaluate) -> dict[str, float]:
        """Evaluate the present policy, in the first process; keep it if it is the best so far."""
        scores = {}
        if self.processes.is_first:
            scores = evaluate(self.algorithm.module, self.steps, self.folder)
        score = np.array([scores.get("score", -math.inf)])
        reached = float(self.processes.gather(score)[0][0])
        if reached > self.best:
            self.best = reached
            self.save("best")
        return {f"evaluation/{name}": value for name, value in scores.items()}

    def record(self, record: Record) -> dict[str, float]:
        """Write a replay of the present policy; a run goes on where that fails."""
        started = time.perf_counter()
        steps = self.steps
        folder = self.folder / "replays"
        try:
            folder.mkdir(exist_ok=True)
            record(self.algorithm.module, folder / f"{steps}.metammo", self.records_due(steps) - 1)
        except (OSError, ReplayError) as error:
            print(f"no replay at {steps} steps: {error}", file=sys.stderr, flush=True)
        return {"recording_seconds": time.perf_counter() - started}

    def records_due(self, steps: int) -> int:
        """Return how many replays are due by then: the same, however often a run was resumed."""
        return due(self.settings.record_every, steps)

    def do_what_is_due(
        self, before: int, evaluate: Evaluate | None, record: Record | None
    ) -> dict[str, float]:
        """Rate, record and keep the policy where an update has passed the steps of it.

        Args:
            before: steps before the update.
            evaluate: see `train`.
            record: see `train`.

        Returns:
            What is to be logged of it.
        """
        settings, told = self.settings, {}
        every = settings.evaluate_every
        if evaluate and due(every, self.steps) > due(every, before):
            told.update(self.rate(evaluate))
        is_recorded = self.records_due(self.steps) > self.records_due(before)
        if record and self.processes.is_first and is_recorded:
            told.update(self.record(record))
        if due(settings.keep_every, self.steps) > due(settings.keep_every, before):
            self.keep()
        return told


def train(
    settings: TrainSettings,
    evaluate: Evaluate | None = None,
    record: Record | None = None,
    quiet: bool = False,
    watch: Watch | None = None,
) -> Path:
    """Train a policy and return the run's folder.

    Where `launch` or `torchrun` has started several processes, all of them train it together.

    Args:
        settings: what to do; `resume` goes on with an earlier run.
        evaluate: called every `evaluate_every` steps; its "score" decides the best checkpoint.
        record: called every `record_every` steps, to write a replay.
        quiet: print nothing.
        watch: called after every update; where it returns False the run ends there, and can be
            resumed. Of several processes each calls it, and the first one's answer counts.

    Raises:
        ValueError: a setting that cannot be met.
        LearningError: a loss or gradient that is no number; the last checkpoint stands.
        LostProcessError: another process of the run is gone; the last checkpoint stands.
    """
    processes = join_processes(device_of(settings))
    run = Run(settings, processes)
    settings = run.settings
    is_first = processes.is_first
    metrics = open_metrics(settings, run.folder, run.steps) if is_first else None
    line = ProgressLine(run.goal, run.steps, quiet or not is_first)
    if run.steps == 0:
        run.save("last")
    kept = run.steps
    try:
        while run.steps < run.goal:
            started, before, played = time.perf_counter(), run.steps, run.actor.played
            logged = run.learn()
            seconds = time.perf_counter() - started
            run.seconds += seconds
            all_played = run.actor.played - played
            rates = (run.steps - before) / seconds, all_played / seconds
            row = run.measures.row(logged, run.seconds, *rates)
            row.update(run.do_what_is_due(before, evaluate, record))
            if metrics:
                metrics.write(row)
            line.show(run.steps, row, run.measures.means)
            is_stopped = watch is not None and not processes.as_first(watch(row))
            is_over = is_stopped or run.steps >= run.goal
            if is_over or run.steps - kept >= settings.checkpoint_every:
                kept = run.steps
                run.save("last")
                if metrics:
                    metrics.write_table()
            if is_over:
                break
    finally:
        line.close()
        if metrics:
            metrics.close()
        run.batch.close()
    leave_processes()
    return run.folder
