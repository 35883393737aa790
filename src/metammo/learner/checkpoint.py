"""How a run is kept so that it goes on bit for bit: safetensors, JSON, and a rename at the end."""

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import metammo
from metammo.learner.mix import Mix
from metammo.learner.ppo import PPO
from metammo.learner.settings import PPOSettings, TrainSettings
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
        rest = {name: value for name, value in values.items() if name not in ("ppo", "resume")}
        rest["games"] = tuple(rest["games"])
        rest["folder"] = Path(rest["folder"])
        return TrainSettings(**rest, ppo=ppo)
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the run's settings are of another version ({error}); this is {metammo.__version__}"
        ) from error


def _optimizer_tensors(ppo: PPO) -> dict[str, torch.Tensor]:
    tensors = {}
    for index, state in ppo.optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value).cpu().contiguous()
    return tensors


def training_tensors(ppo: PPO, mix: Mix) -> dict[str, torch.Tensor]:
    """Return everything but the weights that decides how a run goes on."""
    tensors = _optimizer_tensors(ppo)
    for name, array in ppo.batch.state_dict().items():
        data = array.view(np.uint8) if array.dtype == np.bool_ else array
        tensors[f"batch.{name}"] = torch.from_numpy(np.ascontiguousarray(data))
    tensors["state"] = ppo.state.cpu().contiguous()
    tensors["sampler"] = ppo.sampler.get_state()
    tensors["shuffler"] = ppo.shuffler.get_state()
    for name in ("mean", "square", "weight"):
        tensors[f"scale.{name}"] = getattr(ppo.scale, name)
    for name, array in mix.state_dict().items():
        tensors[f"mix.{name}"] = torch.from_numpy(array)
    return tensors


def load_training_tensors(ppo: PPO, mix: Mix, tensors: dict[str, torch.Tensor]) -> None:
    """Set what `training_tensors` gave."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = value
    groups = ppo.optimizer.state_dict()["param_groups"]
    ppo.optimizer.load_state_dict({"state": state, "param_groups": groups})
    arrays = {}
    for name, array in ppo.batch.state_dict().items():
        data = tensors[f"batch.{name}"].numpy()
        arrays[name] = data.view(np.bool_) if array.dtype == np.bool_ else data
    ppo.batch.load_state_dict(arrays)
    ppo.state.copy_(tensors["state"])
    ppo.sampler.set_state(tensors["sampler"])
    ppo.shuffler.set_state(tensors["shuffler"])
    for name in ("mean", "square", "weight"):
        getattr(ppo.scale, name).copy_(tensors[f"scale.{name}"])
    kept = {n.removeprefix("mix."): t.numpy() for n, t in tensors.items() if n.startswith("mix.")}
    mix.load_state_dict(kept)


def _versions() -> dict[str, str]:
    return {
        "metammo": metammo.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def save_checkpoint(
    folder: Path, ppo: PPO, mix: Mix, settings: TrainSettings, progress: dict[str, Any]
) -> None:
    """Write a checkpoint beside its place and rename it there: whole, or as it was before.

    Args:
        folder: its place; what stands there is replaced.
        ppo: the learner.
        mix: how often games and tasks come.
        settings: the run's.
        progress: counters, as JSON can hold them.

    Raises:
        OSError: it could not be written; what stood there stands.
    """

    def write(part: Path) -> None:
        _write_policy(part, ppo)
        save_file(training_tensors(ppo, mix), part / STATE)
        kept = {"settings": settings_to_json(settings), "progress": progress, "steps": ppo.steps}
        (part / PROGRESS).write_text(json.dumps(kept, indent=2), encoding="utf-8")

    _save(folder, write)


def save_policy(folder: Path, ppo: PPO) -> None:
    """Write a policy alone, as `save_checkpoint` does; no run goes on with it."""
    _save(folder, lambda part: _write_policy(part, ppo))


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


def _write_policy(part: Path, ppo: PPO) -> None:
    save_file(
        {name: value.cpu().contiguous() for name, value in ppo.module.state_dict().items()},
        part / WEIGHTS,
    )
    games = dict(zip(ppo.batch.game_names, ppo.batch.game_versions, strict=True))
    description = describe(ppo.module, games=games, steps=ppo.steps, versions=_versions())
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


def restore_checkpoint(folder: Path, ppo: PPO, mix: Mix, steps: int) -> None:
    """Set a learner, and how often games and tasks come, to where a checkpoint was written."""
    ppo.module.load_state_dict(load_file(folder / WEIGHTS))
    load_training_tensors(ppo, mix, load_file(folder / STATE))
    ppo.steps = steps
