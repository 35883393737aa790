"""How a run is kept so that it goes on bit for bit: safetensors, JSON, and a rename at the end."""

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import metammo
from metammo.learner.settings import PoolSettings, PPOSettings, TrainSettings
from metammo.policies.hub import DESCRIPTION, WEIGHTS, CheckpointError, describe

STATE = "training.safetensors"
PROGRESS = "training.json"


def settings_to_json(settings: TrainSettings) -> dict[str, Any]:
    """Return settings as JSON can hold them."""
    values = asdict(settings)
    return {name: str(v) if isinstance(v, Path) else v for name, v in values.items()}


def settings_from_json(values: dict[str, Any]) -> TrainSettings:
    """Return settings from `settings_to_json`.

    Raises:
        CheckpointError: a setting that this version does not know.
    """
    try:
        ppo = PPOSettings(**values["ppo"])
        # A run from before there were opponents had none.
        pool = {"share": 0.0, **values.get("pool", {})}
        own = ("ppo", "pool", "resume")
        rest = {name: value for name, value in values.items() if name not in own}
        rest["games"] = tuple(rest["games"])
        rest["weights"] = tuple(rest.get("weights", ()))
        rest.setdefault("balance", "episodes")
        rest["folder"] = Path(rest["folder"])
        rest["init"] = Path(rest["init"]) if rest.get("init") else None
        pool["others"] = tuple(pool.get("others", ()))
        return TrainSettings(**rest, ppo=ppo, pool=PoolSettings(**pool))
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the run's settings are of another version ({error}); this is {metammo.__version__}"
        ) from error


class Part(Protocol):
    """A part of a run whose state decides how it goes on."""

    def state_dict(self) -> Mapping[str, torch.Tensor]:
        """Return the state, by flat names."""
        ...

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Set what `state_dict` gave."""
        ...


def _state_of(parts: Mapping[str, Part]) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{key}": value.contiguous()
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }


def _set_state(parts: Mapping[str, Part], tensors: Mapping[str, torch.Tensor]) -> None:
    for name, part in parts.items():
        start = f"{name}."
        own = {key.removeprefix(start): v for key, v in tensors.items() if key.startswith(start)}
        try:
            part.load_state_dict(own)
        except KeyError as error:
            raise CheckpointError(
                f"the checkpoint does not say what the run's {name} needs ({error}): it is of "
                f"another version; this is {metammo.__version__}"
            ) from error


def _versions() -> dict[str, str]:
    return {
        "metammo": metammo.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
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
    parts: Mapping[str, Part],
    settings: TrainSettings,
    progress: dict[str, Any],
) -> None:
    """Write a checkpoint beside its place and rename it there: whole, or as it was before.

    Args:
        folder: its place; what stands there is replaced.
        policy: what learns.
        parts: all else that decides how the run goes on, by name.
        settings: the run's.
        progress: counters, as JSON can hold them.

    Raises:
        OSError: it could not be written; what stood there stands.
    """

    def write(part: Path) -> None:
        _write_policy(part, policy)
        save_file(_state_of(parts), part / STATE)
        kept = {"settings": settings_to_json(settings), "progress": progress, "steps": policy.steps}
        (part / PROGRESS).write_text(json.dumps(kept, indent=2), encoding="utf-8")

    _save(folder, write)


def save_policy(folder: Path, policy: Snapshot) -> None:
    """Write a policy alone, as `save_checkpoint` does; no run goes on with it."""
    _save(folder, lambda part: _write_policy(part, policy))


def _save(folder: Path, write: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(part)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise OSError(
            f"the checkpoint {folder} could not be written ({error}): the one before stands; make "
            "room, then go on with --resume"
        ) from error
    _replace_folder(part, folder)


def _write_policy(part: Path, policy: Snapshot) -> None:
    weights = policy.module.state_dict()
    save_file({name: v.cpu().contiguous() for name, v in weights.items()}, part / WEIGHTS)
    told = {"games": dict(policy.games), "steps": policy.steps, "versions": _versions()}
    if policy.origin:
        told["origin"] = policy.origin
    description = describe(policy.module, **told)
    (part / DESCRIPTION).write_text(json.dumps(description, indent=2), encoding="utf-8")


def _replace_folder(part: Path, folder: Path) -> None:
    """Put a finished folder in the place of another; a crash leaves one of the two whole."""
    old = folder.with_name(f".{folder.name}-old")
    if old.exists():
        shutil.rmtree(old)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    if old.exists():
        shutil.rmtree(old)
    for left in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    if sys.platform != "win32":
        handle = os.open(folder.parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def find_checkpoint(run: Path) -> Path:
    """Return the checkpoint with which a run goes on.

    Raises:
        CheckpointError: the folder is no run, or has no whole checkpoint.
    """
    for name in ("last", ".last-old"):
        folder = run / "checkpoints" / name
        if (folder / PROGRESS).is_file():
            return folder
    raise CheckpointError(
        f"{str(run)!r} cannot be resumed: it holds no checkpoints/last; give the folder of a run"
    )


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


def restore_checkpoint(folder: Path, module: Any, parts: Mapping[str, Part]) -> None:
    """Set a network, and the parts of a run, to where a checkpoint was written."""
    module.load_state_dict(load_file(folder / WEIGHTS))
    _set_state(parts, load_file(folder / STATE))
