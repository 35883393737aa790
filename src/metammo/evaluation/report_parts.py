"""What is a report made of? Words, tables, figures and links, in sections."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

DASH = "–"
"""In place of what is not known."""


@dataclass(frozen=True)
class Table:
    """Rows of words."""

    columns: tuple[str, ...]
    """Their titles."""
    rows: Sequence[tuple[str, ...]]
    """As many words as columns each."""


@dataclass(frozen=True)
class Picture:
    """A figure and what it shows, for who cannot see it."""

    name: str
    """Of its file."""
    figure: Figure
    """As drawn."""
    words: str
    """What it shows."""


@dataclass(frozen=True)
class ReplayLink:
    """A recorded episode."""

    run: str
    """Whose policy played."""
    file: Path
    """The replay."""
    words: str
    """What it holds."""


@dataclass(frozen=True)
class Gallery:
    """Figures beside each other, as far as there is room."""

    pictures: list[Picture]
    """In order."""


@dataclass(frozen=True)
class Links:
    """A list of replays."""

    links: list[ReplayLink]
    """In order."""


Block = str | Table | Gallery | Links


@dataclass
class Section:
    """A part of a report."""

    title: str
    """Its heading."""
    blocks: list[Block] = field(default_factory=list)
    """In order."""


@dataclass(frozen=True)
class Report:
    """Everything that was found, and what was not."""

    title: str
    """Above all."""
    sections: list[Section]
    """In order; none is empty."""
    left_out: list[str]
    """A line for each part that is missing, and why."""


def without_unknown(table: Table) -> Table:
    """Return a table without the columns of which nothing is known."""
    kept = [
        place
        for place in range(len(table.columns))
        if not table.rows or any(row[place] != DASH for row in table.rows)
    ]

    def pick(cells: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cells[place] for place in kept)

    return Table(pick(table.columns), [pick(row) for row in table.rows])


def shown(value: float | None, form: str) -> str:
    """Return a number as words; a dash where it is not known."""
    return DASH if value is None else format(value, form)


def counted(number: int, what: str) -> str:
    """Return a number of things, as `1 seed` or `2 seeds`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def duration(seconds: float | None) -> str:
    """Return a span of time as words."""
    if seconds is None:
        return DASH
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def millions(steps: float) -> str:
    """Return agent-steps as words."""
    return f"{steps / 1e6:.2f} M" if steps < 1e7 else f"{steps / 1e6:.0f} M"


def slug(words: str) -> str:
    """Return words as a part of a file's name."""
    return "-".join("".join(c if c.isalnum() or c == "_" else " " for c in words).split())
