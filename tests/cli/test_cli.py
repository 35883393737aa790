"""The command line as a user meets it: help, tables, JSON, errors with exit code 2."""

import json
import subprocess
import sys

import pytest

from metammo.cli.main import COMMANDS, main
from metammo.cli.train import rating_command
from metammo.learner.settings import TrainSettings


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "xample" in text


def test_help_is_quick_to_load():
    code = (
        "import sys; from metammo.cli.main import main; main(['--help']);"
        "print(sorted({'torch', 'numba', 'tyro'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (TrainSettings(), "metammo evaluate runs/a --game race_to_center"),
        (
            TrainSettings(games=("survive", "merchants"), config="full"),
            "metammo tournament runs/a scripted --game survive --game merchants --config full",
        ),
        (
            TrainSettings(policy="own.py:Net"),
            "metammo evaluate own.py:Net@runs/a --game race_to_center",
        ),
    ],
)
def test_a_run_ends_with_the_command_that_rates_it(settings, words):
    assert rating_command(settings, "runs/a") == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "did you mean train?"),
        (["games", "teem_battle"], "did you mean team_battle"),
        (["evaluate", "nowhere"], "there is no policy at 'nowhere'"),
        (["evaluate", "random", "--game", "none"], "unknown game 'none'"),
        (["evaluate", "random", "--config", "maxi"], "config must be 'mini' or 'full'"),
        (["train", "--device", "tpu"], "device 'tpu' is not to be had"),
        (["train", "--policy", "huge"], "unknown policy 'huge'"),
        (["train", "--resume", "nowhere"], "cannot be resumed"),
        (["train", "--steps", "0"], "must be at least 1"),
        (["train", "--config", "maxi"], "config must be one of mini, full, got 'maxi'"),
        (["train", "--task-sampling", "often"], "task_sampling must be one of fixed, uniform"),
        (["train", "--record-every", "-1"], "record_every and keep_every at least 0"),
        (["train", "--keep-every", "-1"], "record_every and keep_every at least 0"),
        (["bench", "sim", "--worlds", "0"], "must be at least 1"),
        (["bench", "sim", "--threads", "-1"], "threads must lie in 1..1024"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["games", "--jsn"], "unrecognized options: --jsn (did you mean --json, --no-json?)"),
        (["train", "--ppo.clipp", "1"], "--ppo.clipp, 1 (did you mean --ppo.clip?)"),
        (["train", "--steps", "x"], "parsing --steps: no type matching INT could be instantiated"),
        (["train", "--steps"], "missing value for argument '--steps'"),
        (
            ["bench", "sims"],
            "invalid choice 'sims' for argument 'what'. Expected one of ('sim'",
        ),
        (["evaluate"], "missing from metammo evaluate: STR A run's folder"),
        (["train", "--xyzzy"], "unrecognized options: --xyzzy; metammo train --help says more"),
        (["replay", "verify"], "missing from metammo replay verify: PATH"),
    ],
)
def test_options_that_cannot_be_read_are_told_in_one_line(arguments, words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    for boxes in (False, True):  # drawn by lines where the terminal has them
        monkeypatch.setattr("tyro._fmtlib._FORCE_UTF8_BOXES", boxes)
        check_error(arguments, words, capsys)


def check_error(arguments, words, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "--help says more" in error
    assert error.count("\n") == 1


def test_games_as_json(capsys):
    assert main(["games", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["game"] for row in rows} >= {"race_to_center", "survive", "team_battle"}
    assert main(["games", "race_to_center", "--json"]) == 0
    game = json.loads(capsys.readouterr().out)
    assert game["evaluate"] == {"playable": "128"}


def test_games_as_text(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["games", "race_to_center"]) == 0
    text = capsys.readouterr().out
    assert "40 + 8 a rung, to 128" in " ".join(text.split())


def test_train_then_evaluate(capsys, tmp_path):
    run = str(tmp_path / "race_to_center-5")
    arguments = ["--steps", "3000", "--worlds", "2", "--rollout", "16", "--threads", "1"]
    evaluated = ["--evaluate-every", "3000", "--evaluation-episodes", "2"]
    assert main(["train", *arguments, *evaluated, "--seed", "5", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == run
    # An evaluation comes at the end, too, and its rows are kept to be rated again.
    (rows,) = (tmp_path / run / "evaluations").iterdir()
    assert main(["rank", str(rows), "--json"]) == 0
    ranked = {row["policy"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert ranked == {f"race_to_center-5/{rows.stem.split('-')[-1]}", "scripted"}
    arguments = ["--episodes", "2", "--threads", "1", "--against", "random", "--json"]
    assert main(["evaluate", run, *arguments]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["policy"] for row in rows} == {"race_to_center-5", "random"}
    assert {"progress", "win_rate", "score"} <= set(rows[0])


def test_bench_as_json(capsys):
    arguments = ["--worlds", "2", "--ticks", "3", "--runs", "1", "--json"]
    assert main(["bench", "sim", "--game", "race_to_center", *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["agent_steps_per_second"] > 0
    assert result["machine"]["cores"] >= 1
    assert main(["bench", "reset", "--game", "race_to_center", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["milliseconds_per_reset"] > 0
