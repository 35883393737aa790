"""A new game is written, shown, trained, rated and timed; and the tutorial tells of it."""

import json
import re
from pathlib import Path

import pytest

from metammo.cli.main import main
from metammo.cli.new_game import template

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.fixture
def own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-game", "hold_the_well"]) == 0
    assert "metammo check-game hold_the_well.py" in capsys.readouterr().out
    return "hold_the_well.py"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Hold"], "small letters"),
        (["2fast"], "small letters"),
        (["hold-it"], "small letters"),
        (["hold__it"], "small letters"),
        (["import"], "small letters"),
        (["../hold"], "small letters"),
        (["survive"], "there is a game 'survive' in the package"),
        (["hold_it", "--folder", "nowhere"], "there is no folder 'nowhere'"),
    ],
)
def test_bad_names_are_refused(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new-game", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(own, capsys):
    Path(own).write_text("mine")
    assert main(["new-game", "hold_the_well"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert Path(own).read_text() == "mine"


def test_the_template_is_small():
    code = [line for line in template("x").splitlines() if line and not line.startswith("from")]
    assert len(code) <= 55


def test_a_new_game_is_shown_trained_rated_and_timed(own, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["games", own]) == 0
    text = capsys.readouterr().out
    assert "8 teams of 16" in text
    assert "ticks for which the middle is to be held" in text
    assert "hold_ticks is 4, 6, 8" in text
    small = ["--steps", "3000", "--worlds", "2", "--rollout", "16", "--threads", "1"]
    mix = ["--games", own, "race_to_center"]
    assert main(["train", *mix, *small, "--name", "mixed"]) == 0
    run = capsys.readouterr().out.strip()
    assert run == "runs/mixed"
    asked = ["--task", "tick_ge()"]
    assert main(["train", "--games", own, *small, *asked]) == 0
    assert capsys.readouterr().out.strip() == "runs/hold_the_well-0"
    rated = ["--game", own, "--episodes", "2", "--threads", "1", "--against", "random", "--json"]
    assert main(["evaluate", run, *rated, *asked]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2
    timed = ["--worlds", "2", "--ticks", "3", "--runs", "1", "--no-profile", "--json"]
    for what in ("sim", "reset"):
        assert main(["bench", what, "--game", own, *timed]) == 0
        assert json.loads(capsys.readouterr().out)["game"] == own


def test_a_bad_task_is_told_before_anything_is_trained(own, capsys):
    for command in (["train", "--games", own], ["evaluate", "random", "--game", own]):
        assert main([*command, "--task", "tick_gee()"]) == 2
        assert "did you mean tick_ge" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_the_tutorial_shows_the_template():
    blocks = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks[0] == template("hold_the_well")


def test_what_the_tutorial_shows_runs(own):
    blocks = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    for number, block in enumerate(blocks[1:]):
        exec(compile(block, f"tutorial example {number + 2}", "exec"), {})
