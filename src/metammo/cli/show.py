"""How commands print: tables for people, one JSON object for machines."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from metammo.evaluation.report_parts import DASH
from metammo.evaluation.report_parts import Table as Rows

PLAIN_WIDTH = 140
"""Characters of a table's line where no terminal says."""
WORD_WIDTH = 16
"""Characters of a word that a narrow table leaves whole."""
BORDERS = 3
"""Characters between a column and the next."""


def print_json(value: dict[str, Any]) -> None:
    """Print one object on standard output."""
    print(json.dumps(value, indent=2))


def make_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int) -> Table:
    """Return a table; columns of numbers to the right, words to the left.

    Args:
        columns: their names.
        rows: cells of all columns.
        width: characters of a line. Where the first column's names leave too little of them, these
            take several lines: a number is never broken.
    """
    table = Table()
    numbers = [_is_number(rows, place) for place in range(len(columns))]
    least = [_least_width(columns, rows, place, numbers[place]) for place in range(len(columns))]
    names = max((cell_len(line) for row in rows for line in str(row[0]).splitlines()), default=0)
    left = width - 1 - sum(each + BORDERS for each in least[1:]) - BORDERS
    for place, column in enumerate(columns):
        is_name = place == 0
        table.add_column(
            column,
            justify="right" if numbers[place] else "left",
            # Names stay whole where they can; what explains them may take several lines.
            no_wrap=is_name and names <= left,
            overflow="fold",
            min_width=None if is_name else least[place],
            max_width=max(left, WORD_WIDTH) if is_name else None,
        )
    for row in rows:
        # As plain text: a name may hold what would be markup.
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _is_number(rows: Sequence[Sequence[Any]], place: int) -> bool:
    """Return whether a column holds numbers alone."""
    return bool(rows) and all(str(row[place])[:1] in f"0123456789+-.{DASH}" for row in rows)


def _least_width(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], place: int, is_number: bool
) -> int:
    """Return what a column needs: of numbers whole lines, of words the longest."""
    split = str.splitlines if is_number else str.split
    parts = [part for row in rows for part in split(str(row[place]))]
    longest = max(map(cell_len, (*parts, *columns[place].split())), default=0)
    return longest if is_number else min(longest, WORD_WIDTH)


def printable(text: str) -> str:
    """Return a text of unknown origin without what would move a terminal's cursor, or worse."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on standard output; colour only where a terminal wants it."""
    is_terminal = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if is_terminal else PLAIN_WIDTH)
    if title:
        # Not the table's own, which would be folded to its width.
        console.print(Text(title, style="bold"))
    console.print(make_table(columns, rows, console.width))


def print_rows(title: str, table: Rows) -> None:
    """Print a table of the evaluation's."""
    print_table(title, table.columns, table.rows)


def note(message: str) -> None:
    """Say something on standard error."""
    print(message, file=sys.stderr, flush=True)


class Bar:
    """A progress bar of episodes on standard error; nothing where that is no terminal.

    Args:
        what: is played.
        total: how many episodes.
        done: how many were played before.
    """

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
        )
        self._progress.disable = not sys.stderr.isatty()
        self._task = self._progress.add_task(what, total=total, completed=done)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int) -> None:
        """Show how many episodes were played."""
        self._progress.update(self._task, completed=done)


def match_table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print the rows of a match."""
    cells = [
        (
            row["policy"],
            f"{row['progress']:.3f}",
            f"{row['win_rate']:.1%}",
            f"{row['win_rate_low']:.0%} .. {row['win_rate_high']:.0%}",
            f"{row['score']:.2f}",
            f"{row['score_low']:.2f} .. {row['score_high']:.2f}",
        )
        for row in rows
    ]
    columns = ("policy", "progress", "episodes won", "95%", "score", "95%")
    print_table(title, columns, cells)
