"""What is written down of an episode: a row for each policy, and for each task that was asked.

Rows lie in tables (polars), and in files as Parquet or CSV. Whoever reads a file gets every column,
of the right type, without NaN, or a line that says which row of which file is to be mended.
"""

import dataclasses
import math
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

import polars as pl

from metammo.files import beside

EVENT_PREFIX = "event_"
"""Tables of episodes may have more columns that begin so: mean count of an event per seat."""
SUFFIXES = (".parquet", ".csv")
"""Files that hold rows."""
FIRST_ROWS = {".parquet": 0, ".csv": 2}
"""What the first row is called in messages: a spreadsheet's second line."""


class ResultError(ValueError):
    """Results that cannot be read; says which, and what is wrong with them."""


def _number(low: float, high: float = math.inf) -> Any:
    """Return a column that may be left out, and its limits where it is there."""
    return field(default=None, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class EpisodeRow:
    """One policy in one episode; means are over the seats that it played."""

    game: str
    """Id of the game; the peer's files: their word for it."""
    seed: int
    """Of the match. Episodes of one seed belong together: intervals resample within them."""
    episode: int
    """Which of the seed's episodes, from 0; policies of the same episode have met."""
    policy: str
    """Who played; the same name is the same policy in every file."""
    score: float
    """What ranks policies of an episode, more is better: mean best progress + 16 for a winner."""
    game_version: int | None = _number(1)
    """Of the game; results of different versions are never mixed."""
    config: str | None = None
    """`mini` or `full`; results of both are never mixed."""
    seats: int | None = _number(1)
    """How many agents it played."""
    won: bool | None = None
    """Whether one of its agents won."""
    progress: float | None = _number(0, 1)
    """Mean best task progress."""
    length: int | None = _number(1)
    """Ticks of the episode."""
    survival: float | None = _number(0, 1)
    """Mean share of the episode's ticks that its agents lived."""
    kills: float | None = _number(0)
    """Mean number of agents that one of its agents defeated."""


@dataclass(frozen=True)
class TaskRow:
    """One life of one agent that was asked one task of the evaluation."""

    seed: int
    """Of the match; means are taken within seeds first."""
    policy: str
    """Who played."""
    task: str
    """The task as `metammo tasks` writes it, such as `equip_item('hat', level=3)`."""
    progress: float = field(metadata={"low": 0, "high": 1})
    """Best progress of that life."""
    length: float | None = _number(0)
    """Ticks lived. The peer's files keep lives and tasks apart: the mean of the policy's lives."""
    game: str | None = None
    """Id of the game."""
    game_version: int | None = _number(1)
    """Of the game; results of different versions are never mixed."""
    config: str | None = None
    """`mini` or `full`; results of both are never mixed."""


RowType = type[EpisodeRow] | type[TaskRow]
KINDS: dict[RowType, str] = {EpisodeRow: "score", TaskRow: "task"}
"""Column by which a table of the kind is known."""

POLARS_TYPES = {str: pl.String(), int: pl.Int64(), float: pl.Float64(), bool: pl.Boolean()}
WORDS = {str: "words", int: "whole numbers", float: "numbers", bool: "true or false"}


@dataclass(frozen=True)
class Column:
    """What a column may hold."""

    name: str
    """As in the table."""
    kind: type
    """str, int, float or bool."""
    is_required: bool
    """May be neither absent nor empty."""
    low: float
    """Least number."""
    high: float
    """Greatest number."""


def columns_of(row_type: RowType) -> list[Column]:
    """Return the columns of a kind of row, in order."""
    hints = get_type_hints(row_type)
    columns = []
    for each in dataclasses.fields(row_type):
        is_required = not isinstance(hints[each.name], types.UnionType)
        kind = hints[each.name] if is_required else get_args(hints[each.name])[0]
        low, high = each.metadata.get("low", -math.inf), each.metadata.get("high", math.inf)
        columns.append(Column(each.name, kind, is_required, low, high))
    return columns


def schema_of(row_type: RowType) -> dict[str, pl.DataType]:
    """Return the types of a table's columns, by name."""
    return {column.name: POLARS_TYPES[column.kind] for column in columns_of(row_type)}


def make_table(rows: Iterable[EpisodeRow] | Iterable[TaskRow], row_type: RowType) -> pl.DataFrame:
    """Return rows as a checked table.

    Raises:
        ResultError: a value has the wrong type, or lies out of its limits.
    """
    listed = [dataclasses.asdict(row) for row in rows]
    names = schema_of(row_type)
    try:
        table = pl.DataFrame({name: [row[name] for row in listed] for name in names}, strict=True)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ResultError(f"rows of different types in a column: {error}") from error
    return check_table(table, row_type, "rows", 0)


def check_table(
    table: pl.DataFrame, row_type: RowType, source: str, first_row: int = 0
) -> pl.DataFrame:
    """Return a table with every column of its kind and none but those, each of its type.

    Args:
        table: rows; text where a file has only text.
        row_type: what they should be.
        source: where they are from, for messages.
        first_row: what the first row is called in messages.

    Raises:
        ResultError: a column is missing, unknown or of another type; a value is missing, NaN, or
            out of its limits.
    """
    columns = columns_of(row_type)
    names = [column.name for column in columns]
    missing = [each.name for each in columns if each.is_required and each.name not in table.columns]
    if missing:
        raise ResultError(
            f"{source}: no column {_listed(missing)}; needed are "
            f"{_listed([each.name for each in columns if each.is_required])}"
        )
    events = [name for name in table.columns if name.startswith(EVENT_PREFIX)]
    events = events if row_type is EpisodeRow else []
    unknown = [name for name in table.columns if name not in names and name not in events]
    if unknown:
        raise ResultError(
            f"{source}: unknown column {_listed(unknown)}; known are {_listed(names)}"
            + (f", and counts of events, {EVENT_PREFIX}..." if row_type is EpisodeRow else "")
        )
    columns += [Column(name, float, False, 0, math.inf) for name in events]
    checked = [_checked(table, column, source, first_row) for column in columns]
    return pl.DataFrame(checked)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _checked(table: pl.DataFrame, column: Column, source: str, first_row: int) -> pl.Series:
    """Return a column of its type, or say where it is wrong."""
    wanted = POLARS_TYPES[column.kind]
    if column.name not in table.columns:
        return pl.Series(column.name, [None] * len(table), dtype=wanted)
    values = table[column.name]
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if column.kind is not str and values.dtype == pl.String:
        values = _read_words(values, column, source, first_row)
    fits = {str: values.dtype == pl.String, bool: values.dtype == pl.Boolean}
    fits |= {int: values.dtype.is_integer(), float: values.dtype.is_numeric()}
    if not fits[column.kind] and values.dtype != pl.Null:
        raise ResultError(
            f"{source}: column {column.name!r} must hold {WORDS[column.kind]}, "
            f"not {values.dtype}, as {values.drop_nulls().head(1).to_list()}"
        )
    typed = values.cast(wanted, strict=True)

    def refuse(wrong: pl.Series, why: str) -> None:
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            whose = ""
            if "policy" in table.columns and column.name != "policy":
                whose = f" of {table['policy'][row]!r}"
            raise ResultError(
                f"{source}, row {row + first_row}: {column.name}{whose} is {why.format(typed[row])}"
            )

    if column.is_required:
        refuse(typed.is_null(), "missing; fill it in or drop the row")
    if column.kind is float:
        refuse(~typed.is_finite().fill_null(True), "{}; scores must be finite numbers")
    if column.kind in (int, float):
        limits = f"{column.low:g} .. {column.high:g}"
        low, high = typed < column.low, typed > column.high
        refuse((low | high).fill_null(False), "{}; it must lie in " + limits)
    return typed


def _read_words(words: pl.Series, column: Column, source: str, first_row: int) -> pl.Series:
    """Return what the text of a column says."""
    if column.kind is bool:
        truth = {"true": True, "1": True, "false": False, "0": False}
        read = pl.Series(
            words.name,
            [truth.get(word.lower()) if word is not None else None for word in words],
            dtype=pl.Boolean,
        )
    else:
        read = words.str.strip_chars().cast(POLARS_TYPES[column.kind], strict=False)
    wrong = read.is_null() & words.is_not_null()
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise ResultError(
            f"{source}, row {row + first_row}: {column.name} is {words[row]!r}; "
            f"the column must hold {WORDS[column.kind]}"
        )
    return read


def load_table(path: Path) -> pl.DataFrame:
    """Return a file's table, unchecked; CSV as text.

    Raises:
        ResultError: the file is no Parquet or CSV.
    """
    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema_length=0)
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        said = str(error).split("\n")[0]
        raise ResultError(f"{path}: cannot be read as {path.suffix[1:]}: {said}") from error
    raise ResultError(f"{path}: rows are kept in files that end in {' or '.join(SUFFIXES)}")


def row_type_of(table: pl.DataFrame) -> RowType | None:
    """Return which kind of rows a table holds, by its columns; None: neither."""
    return next((kind for kind, known in KINDS.items() if known in table.columns), None)


def read_rows(path: Path, row_type: RowType) -> pl.DataFrame:
    """Return a file's rows, checked.

    Args:
        path: a file that ends in .parquet or .csv.
        row_type: what its rows should be.

    Raises:
        ResultError: see `check_table`.
        OSError: there is no such file.
    """
    return check_table(load_table(path), row_type, str(path), FIRST_ROWS[path.suffix])


def write_rows(path: Path, table: pl.DataFrame, row_type: RowType) -> None:
    """Write checked rows to a file; one that is there already is replaced as a whole.

    Args:
        path: where to; it ends in .parquet or .csv.
        table: the rows.
        row_type: what they are.

    Raises:
        ResultError: the rows are wrong (see `check_table`), or the path ends in something else.
    """
    if path.suffix not in SUFFIXES:
        raise ResultError(f"{path}: rows are kept in files that end in {' or '.join(SUFFIXES)}")
    checked = check_table(table, row_type, str(path))
    with beside(path) as part:
        if path.suffix == ".csv":
            checked.write_csv(part)
        else:
            checked.write_parquet(part)
