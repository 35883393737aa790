"""How a run is kept so that it goes on bit for bit: safetensors, JSON, and a rename at the end.

A checkpoint is a folder: the policy, `training.safetensors` (of further processes
`training-RANK.safetensors`), and `training.json`, which is written last and holds the checksums of
all. The one before stays beside it, for the case that a file is damaged later.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import metammo
from metammo.learner.algorithm import Part
from metammo.learner.origin import versions
from metammo.learner.processes import ALONE, Processes
from metammo.learner.settings import ALGORITHMS, PoolSettings, TrainSettings
from metammo.policies.hub import WEIGHTS, CheckpointError, save_module

PROGRESS = "training.json"
LAST, PREVIOUS = "last", "previous"


def state_file(rank: int) -> str:
    """Return the name of the file that holds what a process needs to go on."""
    return f"training-{rank}.safetensors" if rank else "training.safetensors"


def settings_to_json(settings: TrainSettings) -> dict[str, Any]:
    """Return settings as JSON can hold them."""
    values = asdict(settings)
    # What other algorithms are told has no part in the run.
    others = [name for name in ALGORITHMS if name != settings.algorithm]
    kept = {name: value for name, value in values.items() if name not in others}
    return {name: str(v) if isinstance(v, Path) else v for name, v in kept.items()}


def settings_from_json(values: dict[str, Any]) -> TrainSettings:
    """Return settings from `settings_to_json`.

    Raises:
        CheckpointError: a setting that this version does not know.
    """
    try:
        rest = {name: value for name, value in values.items() if name != "resume"}
        for name, kind in ALGORITHMS.items():
            if name in rest:
                rest[name] = kind(**rest[name])
        # A run from before there were opponents had none.
        pool = {"share": 0.0, **values.get("pool", {})}
        pool["others"] = tuple(pool.get("others", ()))
        rest["pool"] = PoolSettings(**pool)
        rest["games"] = tuple(rest["games"])
        rest["weights"] = tuple(rest.get("weights", ()))
        rest.setdefault("balance", "episodes")
        rest["folder"] = Path(rest["folder"])
        rest["init"] = rest.get("init") or None
        return TrainSettings(**rest)
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the run's settings are of another version ({error}); this is {metammo.__version__}"
        ) from error


@dataclass(frozen=True)
class Parts:
    """Everything but the policy that decides how a run goes on."""

    own: Mapping[str, Part]
    """What each process has for itself, by name."""
    shared: Mapping[str, Part]
    """What is alike in all processes."""

    def tensors(self, rank: int) -> dict[str, torch.Tensor]:
        """Return what a process keeps: its own, and the first one what is shared."""
        parts = {**self.own, **self.shared} if rank == 0 else self.own
        return {
            f"{name}.{key}": value.contiguous()
            for name, part in parts.items()
            for key, value in part.state_dict().items()
        }


@dataclass(frozen=True)
class Snapshot:
    """A policy's network and what is told of it."""

    module: Any
    """As `policies.recurrent.RecurrentPolicy`."""
    games: Mapping[str, int]
    """What it was trained on: versions by id."""
    steps: int
    """Agent-steps that it has learned from."""
    origin: str = ""
    """The checkpoint whose weights it began with; "" for none."""


def save_checkpoint(
    folder: Path,
    policy: Snapshot,
    parts: Parts,
    settings: TrainSettings,
    progress: dict[str, Any],
    processes: Processes = ALONE,
) -> None:
    """Write a checkpoint beside its place and rename it there: whole, or as it was before.

    All processes of a run call this together, and write into one folder.

    Args:
        folder: its place; what stands in RUN/checkpoints/last becomes RUN/checkpoints/previous.
        policy: what learns.
        parts: all else that decides how the run goes on.
        settings: the run's.
        progress: counters, as JSON can hold them.
        processes: of the run.

    Raises:
        OSError: it could not be written, by this process or another; what stood there stands.
        PolicyError: the network's class is in no file.
    """
    part = folder.with_name(f".{folder.name}-part")

    def write_own() -> None:
        save_file(parts.tensors(processes.rank), part / state_file(processes.rank))
        if processes.is_first:
            _write_policy(part, policy)

    def finish() -> None:
        kept = {
            "settings": settings_to_json(settings),
            "progress": progress,
            "steps": policy.steps,
            "processes": processes.count,
            "checksums": {each.name: _checksum(each) for each in sorted(part.iterdir())},
        }
        kept["checksum"] = _checksum_of(kept)
        (part / PROGRESS).write_text(json.dumps(kept, indent=2), encoding="utf-8")
        _replace_folder(part, folder)

    def begin() -> None:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)

    for task, everybody in ((begin, False), (write_own, True), (finish, False)):
        _try_together(folder, task if everybody or processes.is_first else None, processes)


def _try_together(folder: Path, task: Callable[[], None] | None, processes: Processes) -> None:
    """Let a process do its task; where one fails, whatever the reason, all of them raise."""
    failure: Exception | None = None
    try:
        if task:
            task()
    except Exception as error:
        failure = error
    said = np.frombuffer((str(failure) or repr(failure) if failure else "").encode(), np.uint8)
    reasons = [told.tobytes().decode() for told in processes.gather(said)]
    if failure is None and not any(reasons):
        return
    if processes.is_first:
        shutil.rmtree(folder.with_name(f".{folder.name}-part"), ignore_errors=True)
    if failure is not None and not isinstance(failure, (OSError, SafetensorError)):
        raise failure  # it says itself what to mend
    raise OSError(
        f"the checkpoint {folder} could not be written ({next(filter(None, reasons))}): "
        "the one before stands; make room, then go on with --resume"
    ) from failure


def save_policy(folder: Path, policy: Snapshot) -> None:
    """Write a policy alone, as `save_checkpoint` does; no run goes on with it."""
    part = folder.with_name(f".{folder.name}-part")

    def write() -> None:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write_policy(part, policy)
        _replace_folder(part, folder)

    _try_together(folder, write, ALONE)


def _write_policy(part: Path, policy: Snapshot) -> None:
    told = {"games": dict(policy.games), "steps": policy.steps, "versions": versions()}
    if policy.origin:
        told["origin"] = policy.origin
    save_module(part, policy.module, **told)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _checksum_of(kept: Mapping[str, Any]) -> str:
    """Return the checksum of what `training.json` holds besides."""
    rest = {name: value for name, value in kept.items() if name != "checksum"}
    return hashlib.blake2b(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _replace_folder(part: Path, folder: Path) -> None:
    """Put a finished folder in the place of another; a crash leaves one of the two whole."""
    old = folder.with_name(PREVIOUS if folder.name == LAST else f".{folder.name}-old")
    if old.name == PREVIOUS and folder.exists() and old.exists() and damage_of(folder):
        shutil.rmtree(folder)  # the one before is better
    elif old.exists():
        shutil.rmtree(old)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    if folder.name != LAST and old.exists():
        shutil.rmtree(old)
    if sys.platform != "win32":
        handle = os.open(folder.parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def find_checkpoint(run: Path, tell: Callable[[str], None] = lambda text: None) -> Path:
    """Return the checkpoint with which a run goes on: the last one that is whole.

    Args:
        run: the run's folder.
        tell: called with a line where that is not the one written last.

    Raises:
        CheckpointError: the folder is no run, or has no whole checkpoint.
    """
    damages: list[str] = []
    for name in (LAST, PREVIOUS):
        folder = run / "checkpoints" / name
        if not folder.is_dir():
            continue
        damage = damage_of(folder)
        if damage is None:
            if name != LAST:
                _, _, steps = read_progress(folder)
                tell(
                    f"{'; '.join(damages) or 'checkpoints/last is missing'}: going on from "
                    f"{folder}, {steps} agent-steps"
                )
            return folder
        damages.append(damage)
    if damages:
        raise CheckpointError(f"{str(run)!r} cannot be resumed: {'; '.join(damages)}")
    raise CheckpointError(
        f"{str(run)!r} cannot be resumed: it holds no checkpoints/last; give the folder of a run"
    )


def damage_of(folder: Path) -> str | None:
    """Return what is wrong with a checkpoint's files, None where nothing is."""
    try:
        kept = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        if kept["checksum"] != _checksum_of(kept):
            return f"{folder / PROGRESS} is damaged: its checksum differs"
        for name, checksum in kept["checksums"].items():
            if _checksum(folder / name) != checksum:
                return f"{folder / name} is damaged: its checksum differs"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{folder} is damaged: {error!r}"
    return None


def read_progress(folder: Path) -> tuple[TrainSettings, dict[str, Any], int]:
    """Return a checkpoint's settings, counters and steps.

    Raises:
        CheckpointError: it is not readable.
    """
    try:
        kept = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        return settings_from_json(kept["settings"]), kept["progress"], int(kept["steps"])
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder / PROGRESS} is not readable: {error}") from error


def restore_checkpoint(
    folder: Path,
    module: Any,
    parts: Parts,
    processes: Processes = ALONE,
) -> None:
    """Set a network, and the parts of a run, to where a checkpoint was written.

    Args:
        folder: the checkpoint's.
        module: the network.
        parts: of the run.
        processes: of the run.

    Raises:
        CheckpointError: another number of processes, or another version, wrote it.
    """
    kept = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    if kept["processes"] != processes.count:
        raise CheckpointError(
            f"{folder} was written by {kept['processes']} processes, here are {processes.count}: "
            f"resume with --processes {kept['processes']}, or torchrun and as many"
        )
    module.load_state_dict(load_file(folder / WEIGHTS))
    for some, rank in ((parts.own, processes.rank), (parts.shared, 0)):
        tensors = load_file(folder / state_file(rank))
        for name, part in some.items():
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
            try:
                part.load_state_dict(own)
            except KeyError as error:
                raise CheckpointError(
                    f"{folder} does not say what the run's {name} needs ({error}): it is of "
                    f"another version; this is {metammo.__version__}"
                ) from error
