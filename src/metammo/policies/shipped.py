"""Which trained policies come with metammo? Those in `checkpoints/`, by the names of their folders.

In the repository that folder lies at the root; a wheel has a copy of it inside the package.
"""

from pathlib import Path

import metammo

FOLDER = "checkpoints"
CARD = "README.md"
"""A policy's card, as the Hugging Face Hub shows it."""
DESCRIPTION = "config.json"
"""Beside a policy's weights; see `hub.describe`."""


def shipped_folders() -> tuple[Path, ...]:
    """Return where the policies may lie: in the package, or at the root of its repository."""
    package = Path(metammo.__file__).parent
    inside = package / FOLDER
    # An installed package lies among others, and what is above it is not metammo's.
    return (inside, package.parents[1] / FOLDER) if package.parent.name == "src" else (inside,)


def shipped_names() -> list[str]:
    """Return the names of the policies that come with metammo, sorted."""
    found = {
        policy.parent.name
        for folder in shipped_folders()
        if folder.is_dir()
        for policy in folder.glob(f"*/{DESCRIPTION}")
    }
    return sorted(found)


def find_shipped(name: str | Path) -> Path | None:
    """Return the folder of a policy that comes with metammo; None: none is called so.

    Args:
        name: as in `shipped_names`; what holds a `/` is a path, and none of them.
    """
    if str(name) not in shipped_names():
        return None
    places = (folder / str(name) for folder in shipped_folders())
    return next(place for place in places if (place / DESCRIPTION).is_file())


def is_shipped(folder: Path) -> bool:
    """Return whether a folder is that of a policy that comes with metammo."""
    return folder.resolve().parent in [each.resolve() for each in shipped_folders()]
