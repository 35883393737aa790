"""`metammo policies`: the trained policies that come with metammo."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metammo.cli.show import note, print_json, print_table
from metammo.evaluation.report_parts import millions
from metammo.policies.hub import WEIGHTS, CheckpointError, read_description
from metammo.policies.shipped import CARD, find_shipped, shipped_names


@dataclass(frozen=True)
class Options:
    """List the trained policies that come with metammo, or show the card of one.

    A name stands wherever a policy's folder may: metammo watch mini-generalist

    Example: metammo policies mini-generalist
    """

    name: Annotated[str, tyro.conf.Positional] = ""
    """Whose card to show: what it was trained on, how long, its ratings."""
    json: bool = False
    """Print one JSON object."""


def folder_of(name: str) -> Path:
    """Return the folder of a policy that comes with metammo.

    Raises:
        CheckpointError: none is called so.
    """
    folder = find_shipped(name)
    if folder is None:
        known = ", ".join(shipped_names()) or "none in this installation"
        raise CheckpointError(f"no policy {name!r} comes with metammo; there are {known}")
    return folder


def row_of(name: str) -> dict[str, Any]:
    """Return what is told of a policy: `policy`, `config`, `games`, `steps`, `bytes`, `folder`."""
    folder = folder_of(name)
    description = read_description(folder)
    return {
        "policy": name,
        "config": description["layout"],
        "games": list(description.get("games", {})),
        "steps": description.get("steps", 0),
        "bytes": (folder / WEIGHTS).stat().st_size,
        "folder": str(folder),
    }


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = tyro.cli(Options, args=list(arguments), prog="metammo policies")
    if options.name and not options.json:
        card = folder_of(options.name) / CARD
        print(card.read_text(encoding="utf-8").rstrip())
        return 0
    rows = [row_of(name) for name in ([options.name] if options.name else shipped_names())]
    if options.json:
        print_json({"rows": rows})
        return 0
    if not rows:
        note("no trained policy comes with this installation; metammo train makes one")
        return 0
    cells = [
        (
            row["policy"],
            row["config"],
            millions(row["steps"]),
            f"{row['bytes'] / 1e6:.1f} MB",
            ", ".join(row["games"]),
        )
        for row in rows
    ]
    print_table("Trained policies", ("policy", "config", "trained on", "size", "games"), cells)
    return 0
