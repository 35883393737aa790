"""How policies are kept: a folder with weights as safetensors and a description as JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from metammo.observe.layout import MINI_LAYOUT
from metammo.policies.recurrent import RecurrentPolicy

WEIGHTS = "model.safetensors"
DESCRIPTION = "config.json"
FORMAT = 1
WAYS = ("layer_norm", "acts", "epsilon")
"""What a description says of a network beside its sizes."""


class CheckpointError(ValueError):
    """A folder that holds no policy, or one that does not fit."""


def describe(module: RecurrentPolicy, **more: Any) -> dict[str, Any]:
    """Return what is written beside a policy's weights."""
    return {
        "format": FORMAT,
        **module.settings,
        **asdict(module.choosing),
        "layout": module.layout_name,
        "row_bytes": MINI_LAYOUT.row_bytes,
        "head_sizes": list(module.head_sizes),
        **more,
    }


def read_description(folder: Path) -> dict[str, Any]:
    """Return the description of a policy's folder.

    Raises:
        CheckpointError: there is none, or it is of another format or layout.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise CheckpointError(
            f"{str(folder)!r} holds no policy: {DESCRIPTION} is missing; give the folder of a "
            "checkpoint, such as runs/NAME/checkpoints/last"
        )
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is not readable as JSON: {error}") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not of format {FORMAT}, the only one known here")
    wanted = (MINI_LAYOUT.name, MINI_LAYOUT.row_bytes)
    given = (description.get("layout"), description.get("row_bytes"))
    if given != wanted:
        raise CheckpointError(
            f"{str(folder)!r} was trained on layout {given[0]} ({given[1]} bytes), this version "
            f"observes {wanted[0]} ({wanted[1]} bytes); train anew or use the version it came from"
        )
    return description


def load_module(folder: Path, device: str = "cpu") -> RecurrentPolicy:
    """Return the network of a policy's folder.

    Raises:
        CheckpointError: the folder holds none, or its weights do not fit its description.
    """
    description = read_description(folder)
    sizes = ("state_size", "patch_width", "entity_width", "width")
    # Older descriptions say nothing of these.
    told = {name: description[name] for name in WAYS if name in description}
    told |= {name: int(description[name]) for name in sizes}
    try:
        module = RecurrentPolicy(**told)
    except ValueError as error:
        raise CheckpointError(f"{folder / DESCRIPTION}: {error}") from error
    path = folder / WEIGHTS
    if not path.is_file():
        raise CheckpointError(f"{str(folder)!r} has no weights: {WEIGHTS} is missing")
    try:
        module.load_state_dict(load_file(path, device=device))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise CheckpointError(f"the weights in {path} cannot be loaded: {error}") from error
    return module.to(torch.device(device))


def find_policy(path: str | Path) -> Path:
    """Return the policy's folder that a path means: itself, or a run's last checkpoint.

    Raises:
        CheckpointError: there is no such folder.
    """
    folder = Path(path)
    for place in (folder, folder / "checkpoints" / "last"):
        if (place / DESCRIPTION).is_file():
            return place
    raise CheckpointError(
        f"there is no policy at {str(path)!r}; give 'random', 'scripted', 'smith', a run's folder "
        "or the folder of one of its checkpoints"
    )


def policy_name(path: str | Path) -> str:
    """Return what a folder's policy is called: RUN, or RUN/CHECKPOINT, or the folder's name."""
    folder = Path(path)
    # The name of a checkpoint alone, `last` or its steps, would be that of every run's.
    whole = folder.resolve()
    if whole.parent.name == "checkpoints":
        return f"{whole.parent.parent.name}/{whole.name}"
    return folder.name


def load_policy(name: str | Path, *, seed: int = 0, device: str = "cpu") -> Any:
    """Return a policy by name or folder.

    Args:
        name: "random", "scripted", "smith", a run's folder or a checkpoint's.
        seed: of its random choices.
        device: where a network runs.

    Raises:
        CheckpointError: there is no such policy.
    """
    from metammo.policies.policy import TorchPolicy
    from metammo.policies.random import RandomPolicy
    from metammo.policies.scripted import ScriptedPolicy
    from metammo.policies.smith import SmithPolicy

    for kind in (RandomPolicy, ScriptedPolicy, SmithPolicy):
        if str(name) == kind.name:
            return kind(seed=seed)
    folder = find_policy(name)
    return TorchPolicy(load_module(folder, device), policy_name(name), seed=seed)
