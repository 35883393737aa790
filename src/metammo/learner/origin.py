"""What does it take to make a run again? Where each of its starts came from, in `run.json`.

A run follows from its settings, the package's source and the versions beneath it. The source is
told by a hash of its files, which holds for an installed package, too, and by its commit where it
lies in a repository; the working directory, where one's own games and scripts lie, has another.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

import metammo
from metammo.envs.crew import core_count
from metammo.files import beside

ORIGIN = "run.json"
"""In the run's folder."""
UNDERNEATH = ("torch", "numpy", "numba")
"""Packages on whose versions numbers depend."""
PACKAGE = Path(metammo.__file__).parent
GIT_SECONDS = 10.0
"""After so long a repository is left untold."""


def versions() -> dict[str, str]:
    """Return the versions on which numbers depend."""
    return {
        "metammo": metammo.__version__,
        **{name: metadata.version(name) for name in UNDERNEATH},
        "python": platform.python_version(),
    }


def machine() -> dict[str, Any]:
    """Return the system, its processor and how many cores there are for this process."""
    model = platform.processor() or platform.machine()
    told = Path("/proc/cpuinfo")
    if told.exists():
        lines = told.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        model = names[0] if names else model
    return {"platform": platform.platform(), "processor": model, "cores": core_count()}


def source_hash(folder: Path = PACKAGE) -> str:
    """Return a hash of a package's Python files and where they lie in it."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, or None where it has nothing to say."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def commit_of(folder: Path, tracked: str = ".") -> dict[str, Any]:
    """Return the commit on which a folder stands, and whether tracked files differ from it.

    Args:
        folder: in a repository or not.
        tracked: must be known to it: a package installed below a repository is no part of it.

    Returns:
        `commit` and `is_changed`; both None where there is no such repository.
    """
    known = _git(folder, "ls-files", "--error-unmatch", tracked)
    commit = _git(folder, "rev-parse", "HEAD") if known is not None else None
    if not commit:
        return {"commit": None, "is_changed": None}
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "is_changed": None if changes is None else bool(changes)}


def origin(steps: int) -> dict[str, Any]:
    """Return where a start of a run comes from, as JSON can hold it.

    Args:
        steps: agent-steps that the run had taken before.
    """
    here = Path.cwd()
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "steps": steps,
        "command": sys.argv,
        "versions": versions(),
        "machine": machine(),
        "source": {"hash": source_hash(), **commit_of(PACKAGE, "__init__.py")},
        "directory": {"path": str(here), **commit_of(here)},
    }


def write_origin(folder: Path, steps: int) -> str:
    """Add a start to a run's file, written as a whole; return the run's id, which is kept.

    A file that cannot be read is begun anew.
    """
    path = folder / ORIGIN
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        name, starts = str(kept["id"]), list(kept["starts"])
    except (OSError, ValueError, KeyError, TypeError):
        name, starts = uuid.uuid4().hex[:12], []
    text = json.dumps({"id": name, "starts": [*starts, origin(steps)]}, indent=2)
    with beside(path) as part:
        part.write_text(text, encoding="utf-8")
    return name
