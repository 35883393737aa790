"""How policies are kept: a folder with weights as safetensors and a description as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from metammo.files import beside
from metammo.observe.layout import LAYOUTS
from metammo.policies.choosing import Choosing, choosing_of
from metammo.policies.own import COPY, is_own, make_own, source_of
from metammo.policies.recurrent import POLICIES, RecurrentPolicy
from metammo.policies.shipped import DESCRIPTION, find_shipped, is_shipped, shipped_names

WEIGHTS = "model.safetensors"
FORMAT = 1
SETTINGS = (
    *("state_size", "patch_width", "entity_width", "width", "item_width", "layers", "core"),
    "layer_norm",
)
"""What a description says of a `RecurrentPolicy`; older ones end with the width."""
UNTRAINED = ("random", "scripted", "smith")
"""Policies that need no weights, by name."""


class CheckpointError(ValueError):
    """A folder that holds no policy, or one that does not fit."""


def make_policy(name: str, config: str = "mini", *, layer_norm: bool = False) -> Any:
    """Return a new network by the name of a size, or of a user's class: path.py:Class.

    Args:
        name: one of `recurrent.POLICIES`, or path.py:Class; that file is run.
        config: mini or full.
        layer_norm: as of `RecurrentPolicy`; a class of one's own is left as it is.

    Raises:
        ValueError: an unknown name, or a class that does not do what a network must.
    """
    if is_own(name):
        return make_own(name, LAYOUTS[config])
    if name not in POLICIES:
        raise ValueError(
            f"unknown policy {name!r}; there are {', '.join(POLICIES)}, and path.py:Class for a "
            "network of your own"
        )
    return RecurrentPolicy(**POLICIES[name], layout=config, layer_norm=layer_norm)


def describe(module: Any, **more: Any) -> dict[str, Any]:
    """Return what is written beside a policy's weights."""
    layout = LAYOUTS[module.layout_name]
    # A class that someone has made of it is another network.
    if type(module) is RecurrentPolicy:
        kind: dict[str, Any] = module.settings
    else:
        kind = {"class": type(module).__name__, "file": source_of(module).name}
    return {
        "format": FORMAT,
        **kind,
        **asdict(choosing_of(module)),
        "layout": layout.name,
        "row_bytes": layout.row_bytes,
        "head_sizes": list(module.head_sizes),
        **more,
    }


def save_module(folder: Path, module: Any, **more: Any) -> None:
    """Write a network into a folder: weights, description, and the file of a user's class.

    Args:
        folder: where; it is there.
        module: the network.
        more: what else the description says.

    Raises:
        PolicyError: a class that is in no file.
        OSError, SafetensorError: it could not be written.
    """
    description = json.dumps(describe(module, **more), indent=2)
    if type(module) is not RecurrentPolicy:
        with beside(folder / COPY) as part:
            part.write_bytes(source_of(module).text)
    weights = {name: value.cpu().contiguous() for name, value in module.state_dict().items()}
    with beside(folder / WEIGHTS) as part:
        save_file(weights, part)
    with beside(folder / DESCRIPTION) as part:
        part.write_text(description, encoding="utf-8")


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
    known = {name: layout.row_bytes for name, layout in LAYOUTS.items()}
    name, size = description.get("layout"), description.get("row_bytes")
    if not isinstance(name, str) or known.get(name) != size:
        here = ", ".join(f"{layout} ({count} bytes)" for layout, count in known.items())
        raise CheckpointError(
            f"{str(folder)!r} was trained on layout {name} ({size} bytes), this version observes "
            f"{here}; train anew or use the version it came from"
        )
    return description


def _new_module(folder: Path, description: dict[str, Any], own: str | None) -> Any:
    """Return a network as described, its weights not yet those of the folder."""
    kind = description.get("class")
    if kind is not None:
        if own is None:
            raise CheckpointError(
                f"{str(folder)!r} holds a network of the class {kind} of {description.get('file')}"
                f", and to load it is to run that file; name it yourself: path.py:{kind}@{folder}, "
                f"or after a look at the copy {folder / COPY}:{kind}@{folder}"
            )
        return make_own(own, LAYOUTS[description["layout"]])
    if own is not None:
        raise CheckpointError(f"{str(folder)!r} holds a network of metammo's own: give it alone")
    settings = {name: description[name] for name in SETTINGS if name in description}
    try:
        return RecurrentPolicy(**settings, layout=description["layout"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{folder / DESCRIPTION} describes no network known here: {error!r}"
        ) from error


def _choosing_in(folder: Path, description: dict[str, Any]) -> Choosing:
    """Return how a described network chooses; older descriptions say nothing of it: by sampling."""
    told = {name: description[name] for name in ("acts", "epsilon") if name in description}
    try:
        return Choosing(**told)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / DESCRIPTION}: {error}") from error


def load_module(folder: Path, device: str = "cpu", *, own: str | None = None) -> Any:
    """Return the network of a policy's folder.

    Args:
        folder: that of a checkpoint.
        device: where it runs.
        own: path.py:Class of a user's network, whose file is run; one that only the checkpoint
            names is not.

    Raises:
        CheckpointError: the folder holds none, its weights do not fit its description, or it is of
            a user's class and that is not given.
    """
    description = read_description(folder)
    module = _new_module(folder, description, own)
    module.choosing = _choosing_in(folder, description)
    path = folder / WEIGHTS
    if not path.is_file():
        raise CheckpointError(f"{str(folder)!r} has no weights: {WEIGHTS} is missing")
    try:
        module.load_state_dict(load_file(path, device=device))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise CheckpointError(f"the weights in {path} cannot be loaded: {error}") from error
    return module.to(torch.device(device))


def find_policy(path: str | Path, *, also: Sequence[str] = ()) -> Path:
    """Return the folder of a network: one that comes with metammo, itself, or a run's last.

    A name that comes with metammo is meant before a folder called the same: ./NAME is that folder.

    Args:
        path: NAME, a run's folder or a checkpoint's.
        also: names that are good as well where this is asked, for the error's sake.

    Raises:
        CheckpointError: there is no such policy.
    """
    shipped = find_shipped(path)
    if shipped is not None:
        return shipped
    folder = Path(path)
    for place in (folder, folder / "checkpoints" / "last"):
        if (place / DESCRIPTION).is_file():
            return place
    names = ", ".join(repr(name) for name in (*also, *shipped_names()))
    raise CheckpointError(
        f"there is no policy at {str(path)!r}; give {names}{', ' if names else ''}a run's folder "
        "or the folder of one of its checkpoints"
    )


def policy_name(path: str | Path) -> str:
    """Return what a folder's policy is called: RUN, or RUN/CHECKPOINT, or the folder's name."""
    folder = find_shipped(path) or Path(path)
    # The name of a checkpoint alone, `last` or its steps, would be that of every run's.
    whole = folder.resolve()
    if whole.parent.name == "checkpoints" and not is_shipped(whole):
        return f"{whole.parent.parent.name}/{whole.name}"
    return folder.name


def part_name(name: str) -> tuple[str | None, str]:
    """Return the class and the folder that a name means, path.py:Class@FOLDER or FOLDER alone."""
    own, at, folder = name.partition("@")
    return (own, folder) if at and is_own(own) else (None, name)


def load_policy(name: str | Path, *, seed: int = 0, device: str = "cpu") -> Any:
    """Return a policy by name or folder.

    Args:
        name: "random", "scripted", "smith", one that comes with metammo, as
            `shipped.shipped_names` lists them, a run's folder or a checkpoint's; where a network
            of your own was trained, path.py:Class@FOLDER: that file is run.
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
    own, place = part_name(str(name))
    module = load_module(find_policy(place, also=UNTRAINED), device, own=own)
    return TorchPolicy(module, policy_name(place), seed=seed)
