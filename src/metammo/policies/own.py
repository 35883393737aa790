"""A user's own network: a class in a file, named as path.py:Class.

The file is code. It is imported where a user names it, and never because a checkpoint does: a
checkpoint remembers the name of its class and holds a copy of the file, to be looked at.
"""

import hashlib
import importlib.util
import inspect
import re
import sys
from pathlib import Path
from typing import Any

from metammo.observe.layout import Layout
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
    path = path.resolve()
    digest = hashlib.blake2b(path.read_bytes() + str(path).encode(), digest_size=6).hexdigest()
    module_name = f"metammo_policy_{re.sub(r'[^a-z0-9_]', '_', path.stem.lower())}_{digest}"
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None:
            raise PolicyError(f"{path} cannot be imported as Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[module_name]
            raise PolicyError(
                f"{path} cannot be imported: {type(error).__name__}: {error}"
            ) from error
    found = getattr(sys.modules[module_name], kind, None)
    if not inspect.isclass(found):
        classes = [
            name
            for name, value in vars(sys.modules[module_name]).items()
            if inspect.isclass(value) and value.__module__ == module_name
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


def source_of(module: Any) -> Path:
    """Return the file of a network's class.

    Raises:
        PolicyError: it has none, as a class of a notebook.
    """
    kind = type(module)
    try:
        return Path(inspect.getfile(kind))
    except (OSError, TypeError) as error:
        raise PolicyError(
            f"{kind.__name__} is in no file, so a checkpoint could not be loaded again; put it "
            "into one and give path.py:Class"
        ) from error
