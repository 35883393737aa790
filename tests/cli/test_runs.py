"""What `metammo runs` lists, and how it compares."""

import json

import pytest

from metammo.cli.main import main
from tests.evaluation.run_folders import metrics_of, write_run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with `runs`: one done, one half done of two games, one just begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    games = ["race_to_center", "survive"]
    write_run(tmp_path / "runs" / "race-0")
    rows = metrics_of(games, (250, 500), gain=0.1)
    write_run(tmp_path / "runs" / "mixed-1", rows, games=games, seed=1, ppo={"learning_rate": 0.1})
    write_run(tmp_path / "runs" / "begun", [], ())
    return tmp_path


def told(capsys, *arguments):
    assert main(["runs", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_runs_of_a_folder_are_listed_as_json(place, capsys):
    rows = {row["name"]: row for row in told(capsys)["rows"]}
    assert set(rows) == {"race-0", "mixed-1", "begun"}
    race, mixed, begun = rows["race-0"], rows["mixed-1"], rows["begun"]
    assert (race["state"], race["steps"], race["goal"], race["seed"]) == ("done", 1000, 1000, 0)
    assert race["progress"] == {"race_to_center": 0.5}
    assert race["win_rate"] == {"race_to_center": 0.9}
    assert race["score"] == {"race_to_center": 1.8}
    assert race["agent_steps_per_second"] == 92
    assert (mixed["state"], mixed["games"]) == ("going", ["race_to_center", "survive"])
    assert mixed["progress"] == pytest.approx({"race_to_center": 0.35, "survive": 0.35})
    assert begun["steps"] == 0
    assert begun["agent_steps_per_second"] is None


def test_runs_of_a_folder_are_listed_as_a_table(place, capsys):
    assert main(["runs"]) == 0
    text = capsys.readouterr().out
    for word in ("Runs in runs", "race-0", "mixed-1", "survive", "going", "90%", "of 0.00 M"):
        assert word in text


def test_the_source_and_the_machine_of_runs_are_listed_and_compared(place, capsys):
    for name, commit, cores, is_changed in (
        ("race-0", "a" * 40, 4, True),
        ("mixed-1", "b" * 40, 8, False),
    ):
        source = {"hash": "c" * 32, "commit": commit, "is_changed": is_changed}
        start = {"versions": {"torch": "2.7.0"}, "machine": {"cores": cores}, "source": source}
        kept = {"id": "0", "starts": [{}, start]}
        (place / "runs" / name / "run.json").write_text(json.dumps(kept))
    rows = {row["name"]: row for row in told(capsys)["rows"]}
    assert rows["race-0"]["commit"] == "a" * 40 + "+"
    assert rows["mixed-1"]["commit"] == "b" * 40
    assert rows["begun"]["commit"] is None
    assert rows["begun"]["algorithm"] == "ppo"
    assert main(["runs"]) == 0
    text = capsys.readouterr().out
    assert "aaaaaaa+" in text
    assert "bbbbbbb " in text
    versions = told(capsys, "runs/race-0", "runs/mixed-1")["versions"]
    assert versions["cores"] == [4, 8]
    assert versions["commit"] == ["a" * 40 + "+", "b" * 40]
    assert "hash" not in versions
    (place / "runs" / "race-0" / "run.json").write_text('{"starts": []}')
    assert main(["runs"]) == 0
    assert "must hold a list of `starts`" in capsys.readouterr().err


def test_two_runs_are_compared(place, capsys):
    found = told(capsys, "runs/race-0", "runs/mixed-1")
    assert found["runs"] == ["race-0", "mixed-1"]
    assert found["settings"]["ppo.learning_rate"] == [0.002, 0.1]
    assert "config" not in found["settings"]
    assert found["versions"] == {"survive": [None, 1]}
    assert found["metrics"]["survive/progress"] == pytest.approx([None, 0.35])
    assert found["metrics"]["steps"] == [1000, 500]
    assert main(["runs", "runs/race-0", "runs/mixed-1"]) == 0
    text = capsys.readouterr().out
    for word in ("Settings that differ", "ppo.learning_rate", "Versions that differ", "1,000"):
        assert word in text


def test_a_damaged_run_does_not_hide_the_others(place, capsys):
    (place / "runs" / "begun" / "settings.json").write_text("{")
    assert main(["runs", "--json"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["rows"]) == 2
    assert "left out: runs/begun/settings.json: not JSON" in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no folder 'nowhere'"),
        (["empty"], "there are no runs in 'empty'"),
        (["runs/race-0", "broken"], "broken/settings.json: not JSON"),
    ],
)
def test_wrong_folders_are_one_line_and_exit_code_2(arguments, words, place, capsys):
    (place / "empty").mkdir()
    (place / "broken").mkdir()
    (place / "broken" / "settings.json").write_text("{")
    assert main(["runs", *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
