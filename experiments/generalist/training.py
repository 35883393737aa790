"""How are the legs trained? Each in a process of its own, resumed where it was."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.generalist.legs import Experiment, Leg

from metammo.evaluation.runs import CHECKPOINTS
from metammo.learner.checkpoint import LAST, find_checkpoint, read_progress
from metammo.policies.hub import DESCRIPTION, WEIGHTS, CheckpointError

LOGS = "logs"
POLL_SECONDS = 0.2
PATIENCE = 60.0
"""Seconds in which a leg that is interrupted must have ended."""
LAST_LINE = 300
"""Characters of a dead leg's last words that are told."""


ON_PARENTS_DEATH = 1
"""Of Linux' prctl."""
# Loaded here: little may be done between a fork and what is started.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class LegError(RuntimeError):
    """Legs that did not end well; says which, and where their logs are."""


@dataclass(frozen=True)
class Machine:
    """How many processors the legs get."""

    parallel: int = 1
    """Legs side by side."""
    threads: int = 1
    """Of each process."""
    processes: int = 1
    """Of each leg that begins; its worlds are a multiple of them."""


def run_folder(folder: Path, leg: Leg) -> Path:
    """Return where a leg is kept."""
    return folder / leg.config / leg.name


def log_file(folder: Path, leg: Leg) -> Path:
    """Return where a leg's own words go."""
    return folder / leg.config / LOGS / f"{leg.name}.log"


def steps_of(folder: Path, leg: Leg) -> int | None:
    """Return a leg's agent-steps by its checkpoint; None: it was not begun.

    Raises:
        LegError: there is a folder with which it cannot go on.
    """
    run = run_folder(folder, leg)
    if not run.exists():
        return None
    try:
        settings, _, steps = read_progress(find_checkpoint(run))
    except CheckpointError as error:
        last = run / CHECKPOINTS / LAST
        if (last / DESCRIPTION).is_file() and not (last / WEIGHTS).is_file():
            raise LegError(
                f"{leg.name}: {run} is a record, without a network: only --stages report reads it; "
                "give the --folder of the runs"
            ) from error
        raise LegError(f"{leg.name}: {error}; remove {run} to begin it anew") from error
    if (set(settings.games), settings.config) != (set(leg.games), leg.config):
        raise LegError(
            f"{leg.name}: {run} learns {', '.join(settings.games)} ({settings.config}), the "
            f"settings ask for {', '.join(leg.games)} ({leg.config}): change one of the two"
        )
    return steps


def is_done(folder: Path, leg: Leg) -> bool:
    """Return whether a leg has reached its goal."""
    return (steps_of(folder, leg) or 0) >= leg.steps


def options_of(values: Mapping[str, Any], start: str = "") -> list[str]:
    """Return settings as the command line has them."""
    words: list[str] = []
    for key, value in values.items():
        name = f"{start}{key}".replace("_", "-")
        if isinstance(value, Mapping):
            words += options_of(value, f"{start}{key}.")
        elif isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        elif isinstance(value, list):
            words += [f"--{name}", *map(str, value)]
        else:
            words += [f"--{name}", str(value)]
    return words


def command(folder: Path, leg: Leg, machine: Machine) -> list[str]:
    """Return the command that begins a leg, or goes on with it."""
    run = run_folder(folder, leg)
    words = [sys.executable, "-u", "-m", "metammo.cli.main", "train", "--steps", str(leg.steps)]
    words += ["--threads", str(machine.threads)]
    if run.exists():
        return [*words, "--resume", str(run)]
    words += ["--processes", str(machine.processes)]
    words += ["--games", *leg.games, "--config", leg.config, "--seed", str(leg.seed)]
    words += ["--folder", str(run.parent), "--name", leg.name, *options_of(leg.options)]
    if leg.init:
        words += ["--init", str((run.parent / leg.init).absolute())]
    return words


def _end_with_parent() -> None:
    """Let a child be interrupted when this process dies: two must never learn in one folder."""
    # A background job of a script ignores interrupts, and its children would.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if LIBC is not None:
        LIBC.prctl(ON_PARENTS_DEATH, signal.SIGINT)


def _start(folder: Path, leg: Leg, machine: Machine) -> subprocess.Popen[bytes]:
    path = log_file(folder, leg)
    path.parent.mkdir(parents=True, exist_ok=True)
    words = command(folder, leg, machine)
    with path.open("ab") as log:
        log.write(f"$ {' '.join(words)}\n".encode())
        log.flush()
        # A group of its own: an interruption reaches it by `_interrupt` alone, and once.
        return subprocess.Popen(
            words,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": str(machine.threads)},
            process_group=0,
            preexec_fn=_end_with_parent,
        )


def _interrupt(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """End children and wait until they are gone; what they learned since a checkpoint is lost."""
    for child in running.values():
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)
    until = time.monotonic() + PATIENCE
    for child in running.values():
        try:
            child.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _last_words(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][-LAST_LINE:] if said else "it said nothing"


def train_legs(
    experiment: Experiment, folder: Path, machine: Machine, tell: Callable[[str], None]
) -> None:
    """Train every leg that has not reached its goal.

    A leg that dies stops those alone that begin with it.

    Args:
        experiment: whose legs.
        folder: of all runs.
        machine: how many processors.
        tell: called with a line when a leg begins or ends.

    Raises:
        LegError: some legs did not end well, after all others have.
        KeyboardInterrupt: it was interrupted; the legs have ended.
    """
    done = {leg.name for leg in experiment.legs if is_done(folder, leg)}
    waiting = [leg for leg in experiment.legs if leg.name not in done]
    if done:
        tell(f"{len(done)} of {len(experiment.legs)} legs are done already")
    running: dict[str, subprocess.Popen[bytes]] = {}
    legs = {leg.name: leg for leg in experiment.legs}
    failures: dict[str, str] = {}
    try:
        while waiting or running:
            for leg in [each for each in waiting if each.init in failures]:
                waiting.remove(leg)
                failures[leg.name] = f"{leg.name}: begins with {leg.init}, which failed"
            ready = [leg for leg in waiting if not leg.init or leg.init in done]
            for leg in ready[: machine.parallel - len(running)]:
                waiting.remove(leg)
                began = "goes on" if run_folder(folder, leg).exists() else "begins"
                tell(f"{leg.name} {began}: {leg.steps:,} agent-steps")
                running[leg.name] = _start(folder, leg, machine)
            for name in [name for name, child in running.items() if child.poll() is not None]:
                code = running.pop(name).returncode
                if code == 0:
                    done.add(name)
                    tell(f"{name} is done")
                else:
                    log = log_file(folder, legs[name])
                    failures[name] = f"{name}: exit {code}, log {log}: {_last_words(log)}"
                    tell(failures[name])
            time.sleep(POLL_SECONDS)
    finally:
        _interrupt(running)
    if failures:
        raise LegError("; ".join(failures.values()))
