"""Rows come back from files as they went in, and wrong ones are refused in one line."""

import polars as pl
import pytest

from metammo.evaluation.rows import (
    EpisodeRow,
    ResultError,
    TaskRow,
    check_table,
    make_table,
    read_rows,
    row_type_of,
    schema_of,
    write_rows,
)

EPISODES = [
    EpisodeRow("survive", 7, 0, "a", 0.5, 1, "mini", 16, True, 0.25, 300, 0.5, 1.5),
    EpisodeRow("survive", 7, 0, "b, the second", -1.0),
]
TASKS = [
    TaskRow(1, "a", "equip_item('hat', level=3)", 0.25, 17.0),
    TaskRow(1, "b", "tick_ge()", 1.0),
]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize(("rows", "kind"), [(EPISODES, EpisodeRow), (TASKS, TaskRow)])
def test_rows_come_back_as_they_went_in(rows, kind, suffix, tmp_path):
    path = tmp_path / f"rows{suffix}"
    table = make_table(rows, kind)
    write_rows(path, table, kind)
    found = read_rows(path, kind)
    assert found.equals(table)
    assert dict(found.schema) == schema_of(kind)
    assert [kind(**row) for row in found.iter_rows(named=True)] == rows
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_counts_of_events_are_kept(suffix, tmp_path):
    table = make_table(EPISODES, EpisodeRow).with_columns(event_eat_food=pl.Series([1.5, None]))
    path = tmp_path / f"rows{suffix}"
    write_rows(path, table, EpisodeRow)
    assert read_rows(path, EpisodeRow)["event_eat_food"].to_list() == [1.5, None]


def test_a_table_is_known_by_its_columns():
    assert row_type_of(make_table(EPISODES, EpisodeRow)) is EpisodeRow
    assert row_type_of(make_table(TASKS, TaskRow)) is TaskRow
    assert row_type_of(pl.DataFrame({"x": [1]})) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop("seed", "score"), "no column 'seed', 'score'; needed are 'game', 'seed'"),
        (lambda t: t.rename({"survival": "suvival"}), "unknown column 'suvival'; known are"),
        (lambda t: t.with_columns(score=pl.lit(float("nan"))), "row 5: score of 'a' is nan"),
        (lambda t: t.with_columns(score=pl.lit(float("inf"))), "row 5: score of 'a' is inf"),
        (lambda t: t.with_columns(score=pl.lit(None)), "row 5: score of 'a' is missing"),
        (lambda t: t.with_columns(policy=pl.lit(None)), "row 5: policy is missing"),
        (
            lambda t: t.with_columns(progress=pl.lit(1.5)),
            "progress of 'a' is 1.5; it must lie in 0",
        ),
        (lambda t: t.with_columns(seats=pl.Series([1, 0])), "row 6: seats of 'b, the second' is 0"),
        (
            lambda t: t.with_columns(seed=pl.lit(1.5)),
            "column 'seed' must hold whole numbers, not F",
        ),
        (lambda t: t.with_columns(won=pl.lit(1)), "column 'won' must hold true or false, not Int"),
        (lambda t: t.with_columns(policy=pl.lit(3)), "column 'policy' must hold words, not Int"),
        (lambda t: t.with_columns(score=pl.lit("high")), "row 5: score is 'high'; the column must"),
        (
            lambda t: t.with_columns(won=pl.lit("yes")),
            "row 5: won is 'yes'; the column must hold tr",
        ),
        (
            lambda t: t.with_columns(event_x=pl.lit(-1.0)),
            "event_x of 'a' is -1.0; it must lie in 0",
        ),
    ],
)
def test_wrong_rows_are_refused_by_name_and_number(change, words):
    with pytest.raises(ResultError) as error:
        check_table(change(make_table(EPISODES, EpisodeRow)), EpisodeRow, "file", 5)
    assert str(error.value).startswith("file")
    assert words in str(error.value)


def test_words_may_be_categories():
    table = make_table(EPISODES, EpisodeRow)
    found = check_table(table.cast({"policy": pl.Categorical}), EpisodeRow, "file")
    assert found.equals(table)


def test_rows_of_mixed_types_are_refused():
    rows = [EpisodeRow("survive", 0, 0, "a", 0.5), EpisodeRow("survive", 0, 0, "b", "much")]
    with pytest.raises(ResultError, match="rows of different types"):
        make_table(rows, EpisodeRow)


def test_what_is_no_such_file_is_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ResultError, match=r"rows\.parquet: cannot be read as parquet"):
        read_rows(path, EpisodeRow)
    with pytest.raises(ResultError, match=r"end in \.parquet or \.csv"):
        read_rows(tmp_path / "rows.txt", EpisodeRow)
    with pytest.raises(ResultError, match=r"end in \.parquet or \.csv"):
        write_rows(tmp_path / "rows.txt", make_table(EPISODES, EpisodeRow), EpisodeRow)
    empty = tmp_path / "rows.csv"
    empty.touch()
    with pytest.raises(ResultError, match=r"rows\.csv: cannot be read as csv"):
        read_rows(empty, EpisodeRow)
