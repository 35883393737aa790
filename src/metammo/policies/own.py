"""A user's own network: a class in a file, named as path.py:Class.

The file is code. It is imported where a user names it, and never because a checkpoint does: a
checkpoint remembers the name of its class and holds a copy of the file, to be looked at.
"""

import inspect
from pathlib import Path
from typing import Any, NamedTuple

from metammo.observe.layout import Layout
from metammo.own_file import import_file, text_of
from metammo.policies.module import PolicyError, check_module

COPY = "policy.py"
"""The copy of a network's file beside its weights."""


def is_own(name: str) -> bool:
    """Return whether a policy's name means a class of the user's: path.py:Class."""
    path, colon, kind = name.rpartition(":")
    return bool(colon) and path.endswith(".py") and kind.isidentifier()


def load_class(name: str) -> Any:
    """Return a class by path.py:Class. The file is run.

    Raises:
        PolicyError: there is no such file or class, or the file cannot be imported.
    """
    file, _, kind = name.rpartition(":")
    path = Path(file).expanduser()
    if not path.is_file():
        raise PolicyError(f"there is no file {file!r} with a policy; give path.py:Class")
    try:
        module = import_file(path, "policy")
    except Exception as error:
        raise PolicyError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    found = getattr(module, kind, None)
    if not inspect.isclass(found):
        classes = [
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__
        ]
        raise PolicyError(
            f"{path} has no class {kind}; it has {', '.join(classes) or 'no class at all'}"
        )
    return found


def make_own(name: str, layout: Layout) -> Any:
    """Return a new network of a user's class, made as Class(layout).

    Raises:
        PolicyError: it cannot be made, or does not do what a network must.
    """
    kind = load_class(name)
    try:
        module = kind(layout)
    except Exception as error:
        raise PolicyError(
            f"{name} cannot be made as {kind.__name__}(layout): {type(error).__name__}: {error}"
        ) from error
    check_module(module, name, layout)
    return module


def name_to_resume(kept: str, given: str) -> str:
    """Return the policy's name with which a run goes on.

    Args:
        kept: what the run was begun with.
        given: what is asked for now.

    Raises:
        PolicyError: the run's is a user's class, and none is given: its file is not run unasked.
    """
    if not is_own(kept):
        return kept
    if not is_own(given):
        raise PolicyError(
            f"the run's policy is {kept}, and to go on is to run that file: give --policy {kept}"
        )
    return given


class Source(NamedTuple):
    """The file of a network's class."""

    name: str
    """What it is called."""
    text: bytes
    """What it said when the class was loaded."""


def source_of(module: Any) -> Source:
    """Return the file of a network's class.

    Raises:
        PolicyError: it has none, as a class of a notebook, or it can no longer be read.
    """
    kind = type(module)
    try:
        path = Path(inspect.getfile(kind))
        text = text_of(kind.__module__)
        return Source(path.name, path.read_bytes() if text is None else text)
    except (OSError, TypeError) as error:
        raise PolicyError(
            f"{kind.__name__} is in no file, so a checkpoint could not be loaded again; put it "
            "into one and give path.py:Class"
        ) from error
