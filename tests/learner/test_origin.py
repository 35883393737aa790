"""Where a run came from: commits, hashes, and starts that are added to what is there."""

import json
import subprocess
import sys

import pytest

import metammo
from metammo.learner.origin import ORIGIN, commit_of, source_hash, write_origin


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """Return a repository with one tracked file, and a package that it ignores."""
    git(tmp_path, "init", "-q")
    (tmp_path / "game.py").write_text("a = 1\n")
    (tmp_path / ".gitignore").write_text("installed/\n")
    installed = tmp_path / "installed" / "metammo"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_commit_is_told_and_whether_files_differ_from_it(repository):
    told = commit_of(repository)
    assert len(told["commit"]) == 40
    assert told["is_changed"] is False
    (repository / "notes.txt").write_text("untracked files decide nothing")
    assert commit_of(repository) == told
    (repository / "game.py").write_text("a = 2\n")
    assert commit_of(repository) == {**told, "is_changed": True}


def test_a_package_installed_below_a_repository_is_no_part_of_it(repository):
    installed = repository / "installed" / "metammo"
    assert commit_of(installed, "__init__.py") == {"commit": None, "is_changed": None}
    assert commit_of(repository, "game.py")["commit"]


def test_outside_of_a_repository_and_without_git_nothing_is_told(tmp_path, monkeypatch):
    nothing = {"commit": None, "is_changed": None}
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) == nothing
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) == nothing


def test_a_hash_tells_sources_apart(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("1")
    first = source_hash(tmp_path)
    (tmp_path / "a" / "notes.md").write_text("of no matter")
    assert source_hash(tmp_path) == first
    (tmp_path / "a" / "b.py").write_text("2")
    assert source_hash(tmp_path) != first
    (tmp_path / "a" / "b.py").write_text("1")
    (tmp_path / "a" / "b.py").rename(tmp_path / "c.py")
    assert source_hash(tmp_path) != first


def test_starts_are_added_and_the_id_stays(tmp_path):
    name = write_origin(tmp_path, 0)
    assert write_origin(tmp_path, 5000) == name
    kept = json.loads((tmp_path / ORIGIN).read_text())
    assert kept["id"] == name
    assert [start["steps"] for start in kept["starts"]] == [0, 5000]
    start = kept["starts"][0]
    assert start["command"] == sys.argv
    assert start["versions"]["metammo"] == metammo.__version__
    assert {"torch", "numba", "numpy", "python"} <= set(start["versions"])
    assert start["machine"]["cores"] >= 1
    assert start["source"]["hash"] == source_hash()
    (tmp_path / ORIGIN).write_text('{"id": ')
    assert write_origin(tmp_path, 9) != name
    assert [path.name for path in tmp_path.iterdir()] == [ORIGIN]
