"""Which results lie at these paths? Files and folders, ours and the peer's, as one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from metammo.evaluation import peer_results
from metammo.evaluation.rows import (
    FIRST_ROWS,
    SUFFIXES,
    EpisodeRow,
    ResultError,
    RowType,
    TaskRow,
    check_table,
    load_table,
    row_type_of,
)

FORMS = {
    EpisodeRow: "<game>_<seed>.json of Meta MMO, or our rows of episodes, .parquet or .csv",
    TaskRow: "curriculum_info_<seed>.json of Meta MMO, or our rows of tasks, .parquet or .csv",
}
KEYS: dict[RowType, list[str]] = {
    EpisodeRow: ["seed", "episode", "policy"],
    TaskRow: ["seed", "policy"],
}
"""What no two rows of episodes, and no two files of tasks, may share."""


@dataclass(frozen=True)
class Results:
    """Rows of one game, and what a reader should know of them."""

    table: pl.DataFrame
    """Of `EpisodeRow` or `TaskRow`, in an order that does not depend on that of the files."""
    files: int
    """How many were read."""
    warnings: list[str]
    """What looks odd and still means something."""


def _peer_reader(path: Path, row_type: RowType) -> Callable[[Path], pl.DataFrame] | None:
    """Return what reads a file as rows of a kind; None: its name is that of neither."""
    if row_type is EpisodeRow and peer_results.is_episodes(path):
        return peer_results.read_episodes
    if row_type is TaskRow and peer_results.is_tasks(path):
        return peer_results.read_tasks
    return None


def _read_file(path: Path, row_type: RowType) -> pl.DataFrame | None:
    """Return a file's rows; None: it holds something else."""
    if path.suffix in SUFFIXES:
        table = load_table(path)
        kind = row_type_of(table)
        # A table of neither kind was meant to be this one: say which column it lacks.
        if kind not in (row_type, None):
            return None
        return check_table(table, row_type, str(path), FIRST_ROWS[path.suffix])
    reader = _peer_reader(path, row_type)
    return reader(path) if reader else None


def _in_folder(folder: Path, row_type: RowType) -> list[tuple[Path, pl.DataFrame]]:
    return [
        (path, table)
        for path in sorted(folder.iterdir())
        if path.is_file() and (table := _read_file(path, row_type)) is not None
    ]


def _read_folder(folder: Path, row_type: RowType) -> list[tuple[Path, pl.DataFrame]]:
    read = _in_folder(folder, row_type)
    if not read:
        inside = sorted(each.name for each in folder.iterdir() if each.is_dir())
        hint = f"; it has folders: {', '.join(inside)}" if inside else ""
        raise ResultError(f"no results in {folder}, such as {FORMS[row_type]}{hint}")
    return read


def read_results(
    paths: Sequence[Path | str],
    row_type: RowType,
    *,
    game: str = "",
    config: str = "",
) -> Results:
    """Return the rows of files and folders.

    Args:
        paths: files, or folders of which every file that holds such rows is read.
        row_type: which rows.
        game: of this game alone; "": there is one only.
        config: of this config alone; "": there is one only.

    Raises:
        ResultError: a path holds no such rows, or wrong ones; the rows are of several games,
            versions or configs, or those of an episode come twice.
        OSError: a file cannot be read.
    """
    read = _read_all(paths, row_type, game, config)
    for column in ("game", "config"):
        _refuse_mixed(read, column)
    return _joined(read, row_type)


def read_each_game(
    paths: Sequence[Path | str],
    row_type: RowType,
    *,
    game: str = "",
    config: str = "",
) -> list[Results]:
    """Return the rows of files and folders, those of each game and config apart.

    Args:
        paths: as of `read_results`.
        row_type: which rows.
        game: of this game alone; "": of all.
        config: of this config alone; "": of both.

    Raises:
        ResultError: a path holds no such rows, or wrong ones; those of a game are of several
            versions, or those of an episode come twice.
        OSError: a file cannot be read.
    """
    return list(_by_game(_read_all(paths, row_type, game, config), row_type).values())


def _read_all(
    paths: Sequence[Path | str], row_type: RowType, game: str, config: str
) -> list[tuple[Path, pl.DataFrame]]:
    read: list[tuple[Path, pl.DataFrame]] = []
    for each in map(Path, paths):
        if each.is_dir():
            read += _read_folder(each, row_type)
            continue
        if not each.exists():
            raise ResultError(f"there is no file or folder {str(each)!r}")
        table = _read_file(each, row_type)
        if table is None:
            raise ResultError(f"{each}: is none of {FORMS[row_type]}")
        read.append((each, table))
    if not read:
        raise ResultError(f"no results given; name files or folders: {FORMS[row_type]}")
    for column, asked in (("game", game), ("config", config)):
        if asked:
            read = _only(read, column, asked)
    return read


def read_by_game(
    paths: Sequence[Path], row_type: RowType
) -> dict[tuple[str | None, str | None], Results]:
    """Return the rows of files and folders, those of each game and config apart.

    Args:
        paths: files and folders; what holds no such rows is left out.
        row_type: which rows.

    Raises:
        ResultError: rows are wrong, those of a game are of several versions, or those of an episode
            come twice.
        OSError: a file cannot be read.
    """
    read: list[tuple[Path, pl.DataFrame]] = []
    for each in paths:
        if each.is_dir():
            read += _in_folder(each, row_type)
        elif (table := _read_file(each, row_type)) is not None:
            read.append((each, table))
    return _by_game(read, row_type)


def _by_game(
    read: Sequence[tuple[Path, pl.DataFrame]], row_type: RowType
) -> dict[tuple[str | None, str | None], Results]:
    parts: dict[tuple[str | None, str | None], list[tuple[Path, pl.DataFrame]]] = {}
    for path, table in read:
        for (game, config), own in table.group_by("game", "config", maintain_order=True):
            parts.setdefault((game, config), []).append((path, own))
    found = {key: _joined(part, row_type) for key, part in parts.items()}
    return dict(sorted(found.items(), key=lambda item: tuple(word or "" for word in item[0])))


def _joined(read: Sequence[tuple[Path, pl.DataFrame]], row_type: RowType) -> Results:
    """Return the rows of one game's files as one table."""
    _refuse_mixed(read, "game_version")
    _refuse_doubles(read, row_type)
    table = pl.concat([table for _, table in read], how="diagonal")
    if row_type is EpisodeRow:
        table = table.sort("seed", "episode", "policy")
    return Results(table, len(read), _partial(read))


def _only(
    read: Sequence[tuple[Path, pl.DataFrame]], column: str, value: str
) -> list[tuple[Path, pl.DataFrame]]:
    """Return the rows that have this value alone."""
    kept = [(path, table.filter(pl.col(column) == value)) for path, table in read]
    kept = [(path, table) for path, table in kept if len(table)]
    if not kept:
        known = sorted({str(each) for _, table in read for each in table[column].unique()})
        raise ResultError(f"no results of {column} {value!r}; there are {', '.join(known)}")
    return kept


def _refuse_mixed(read: Sequence[tuple[Path, pl.DataFrame]], column: str) -> None:
    """Refuse rows of different games, versions or configs."""
    first: dict[str, Path] = {}
    for path, table in read:
        for value in table[column].unique().sort():
            first.setdefault(str(value) if value is not None else "unknown", path)
    if len(first) > 1:
        (one, path), (other, other_path), *_ = sorted(first.items())
        mend = f", or choose with --{column}" if column != "game_version" else ""
        raise ResultError(
            f"{len(first)} values of {column} mixed, as {one} ({path}) and {other} ({other_path}): "
            f"rate them one at a time{mend}"
        )


def _refuse_doubles(read: Sequence[tuple[Path, pl.DataFrame]], row_type: RowType) -> None:
    """Refuse rows that come twice, such as those of a file given twice."""
    keys = KEYS[row_type]
    tagged = []
    for place, (_, table) in enumerate(read):
        rows = table.select(keys)
        rows = rows if row_type is EpisodeRow else rows.unique()
        tagged.append(rows.with_columns(pl.lit(place).alias("file")))
    counted = pl.concat(tagged).group_by(keys).agg(pl.len(), pl.col("file").unique().sort())
    doubles = counted.filter(pl.col("len") > 1).sort(keys)
    if len(doubles):
        row = doubles.row(0, named=True)
        what = ", ".join(f"{key} {row[key]}" for key in keys)
        files = " and ".join(str(read[place][0]) for place in row["file"])
        raise ResultError(f"{what} comes {row['len']} times, in {files}: leave one out")


def _partial(read: Sequence[tuple[Path, pl.DataFrame]]) -> list[str]:
    """Return a warning for each policy that some files lack."""
    counts: dict[str, int] = {}
    for _, table in read:
        for policy in table["policy"].unique():
            counts[policy] = counts.get(policy, 0) + 1
    return [
        f"{policy!r} is in {count} of {len(read)} files only: it is rated by fewer episodes"
        for policy, count in sorted(counts.items())
        if count < len(read)
    ]
