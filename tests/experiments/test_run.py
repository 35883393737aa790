"""Does the whole script do what it is asked, and refuse what there is not?"""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from experiments.generalist.legs import HERE
from experiments.generalist.run import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--legs", "generalists"], "no leg 'generalists'; there are generalist, specialist"),
        (["--games", "hill"], "'hill' is none of the games race_to_center, survive, team_battle"),
        (["--stages", "play"], "no stage 'play'; there are train, evaluate, report, record"),
        (["--scale", "10"], "the scale is at least 1000 agent-steps"),
        (["--config", "nowhere.toml"], "the settings nowhere.toml cannot be read"),
        (["--threads", "0"], "threads and processes must be at least 1"),
        (
            ["--epsodes", "3"],
            "options: --epsodes, 3 (did you mean --episodes?)",
        ),
        (["--seeds", "one"], "run --help says more"),
    ],
)
def test_what_there_is_not_is_told_in_a_line(words, told, tiny, tmp_path, capsys):
    assert main(["--config", str(tiny), "--dry", "--folder", str(tmp_path), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_the_readmes_commands_are_of_legs_that_there_are(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (HERE / "README.md").read_text(encoding="utf-8")
    start = ["python", "-m", "experiments.generalist.run"]
    found = [shlex.split(line, comments=True) for line in text.splitlines() if start[-1] in line]
    assert len(found) == 8
    for words in found:
        assert words[:3] == start
        assert main([*words[3:], "--dry", "--folder", str(tmp_path)]) == 0, words
        assert "agent-steps, to do" in capsys.readouterr().out


@pytest.mark.slow
def test_the_whole_script_at_a_tiny_scale(tiny, tmp_path):
    words = [sys.executable, "-m", "experiments.generalist.run", "--config", str(tiny)]
    words += ["--folder", str(tmp_path / "runs"), "--report", str(tmp_path / "results.md")]
    words += ["--seeds", "1", "--parallel", "2"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.count("is done") == 4
    assert told.index("generalist-s1 is done") < told.index("tuned-team_battle-s1 begins")
    text = (tmp_path / "results.md").read_text()
    assert "| `generalist` | `survive` | 0.00 M |" in text
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert again.startswith("4 of 4 legs are done already")
