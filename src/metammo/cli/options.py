"""How does a command read its options? By tyro, whose errors become one line."""

import contextlib
import io
import re
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import tyro

Kind = TypeVar("Kind")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OPTION = re.compile(r"--[\w.-]+")
_FRAME = "╭╮╰╯│─- "
"""Of what frames and rules are made, where a terminal has such signs and where not."""
_SIMILAR = ("Perhaps you meant", "Arguments similar to")
"""How the part of an error begins that names other options."""


class OptionError(ValueError):
    """An option that there is not, or a value that it cannot have."""


def read_options(kind: type[Kind], arguments: Sequence[str], prog: str, **more: Any) -> Kind:
    """Return a command's options.

    Args:
        kind: a dataclass.
        arguments: those after the command's name.
        prog: the command, as "metammo games".
        more: what `tyro.cli` is told besides.

    Raises:
        OptionError: they cannot be read; says so in one line.
        SystemExit: help was asked for and is printed.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = tyro.cli(kind, args=list(arguments), prog=prog, **more)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise OptionError(f"{in_one_line(said.getvalue())}; {prog} --help says more") from None
    sys.stderr.write(said.getvalue())
    return options


def in_one_line(box: str) -> str:
    """Return what a box of tyro's says: its reason, and the options that were perhaps meant."""
    parts: list[list[str]] = [[]]
    # The first line is a title. A rule or an empty line begins another part.
    for line in _COLOUR.sub("", box).splitlines()[1:]:
        if line.strip(_FRAME):
            parts[-1].append(line.strip("│ "))
        else:
            parts.append([])
    parts = [part for part in parts if part]
    # Of a value that may be left out, the absence is told as a type.
    reason = " ".join(parts[0]).rstrip(".").replace("{None}|", "")
    options = [
        name
        for part in parts
        if part[0].startswith(_SIMILAR)
        for line in part[1:]
        if line.startswith("--")
        for name in _OPTION.findall(line)
    ]
    hint = f" (did you mean {', '.join(dict.fromkeys(options))}?)" if options else ""
    return f"{reason[:1].lower()}{reason[1:]}{hint}"
