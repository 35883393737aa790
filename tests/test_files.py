"""Are files written whole or not at all?"""

import os
from pathlib import Path

import pytest

from metammo.files import beside

pytestmark = pytest.mark.pure


def test_it_takes_the_files_place_when_all_went_well(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with beside(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def write_half() -> None:
        with beside(path) as part:
            part.write_text("ne")
            raise RuntimeError("half of it")

    with pytest.raises(RuntimeError, match="half of it"):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told_before_the_work(tmp_path: Path):
    with pytest.raises(FileNotFoundError), beside(tmp_path / "nowhere" / "rows.csv"):
        pytest.fail("the work was begun")


def test_two_may_write_it_at_once(tmp_path: Path):
    path = tmp_path / "rows.csv"
    with beside(path) as first, beside(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # which ended last
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it_as_any_new_file(tmp_path: Path):
    path = tmp_path / "rows.csv"
    before = os.umask(0o022)
    try:
        with beside(path):
            pass
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
