"""Are legs begun, gone on with and ended as they should, whatever their children do?"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from experiments.generalist import training
from experiments.generalist.training import (
    LegError,
    Machine,
    command,
    options_of,
    run_folder,
    train_legs,
)

from tests.experiments.made_runs import make_run

ROOT = Path(__file__).parents[2]


def test_a_leg_is_begun_by_its_settings_and_gone_on_with_by_its_folder(experiment, tmp_path):
    legs = {leg.name: leg for leg in experiment.legs}
    leg = legs["tuned-team_battle-s2"]
    words = " ".join(command(tmp_path, leg, Machine(threads=2, processes=4)))
    assert words.endswith(
        "train --steps 1000 --threads 2 --processes 4 --games team_battle --config mini --seed 2 "
        f"--folder {tmp_path}/mini --name tuned-team_battle-s2 --worlds 2 --rollout 8 "
        "--no-tensorboard --ppo.sequence 4 --ppo.minibatch 512 --pool.share 0.0 "
        f"--init {tmp_path}/mini/generalist-s2"
    )
    assert options_of({"curriculum": True}) == ["--curriculum"]
    make_run(tmp_path, leg, steps=10)
    words = " ".join(command(tmp_path, leg, Machine(processes=4)))
    run = run_folder(tmp_path, leg)
    assert words.endswith(f"train --steps 1000 --threads 1 --resume {run}")


def test_a_folder_of_something_else_is_refused(experiment, tmp_path):
    leg = experiment.legs[0]
    run_folder(tmp_path, leg).mkdir(parents=True)
    with pytest.raises(LegError, match=r"generalist-s1: .* remove .* to begin it anew"):
        train_legs(experiment, tmp_path, Machine(), print)
    run_folder(tmp_path, leg).rmdir()
    make_run(tmp_path, replace(leg, family="generalist", games=("sandwich",)))
    with pytest.raises(LegError, match=r"learns sandwich \(mini\), the settings ask for survive"):
        train_legs(experiment, tmp_path, Machine(), print)


@pytest.fixture
def children(monkeypatch, experiment, tmp_path):
    """Children that do what they are told in place of training, and what was said of them."""
    done, said, does = set(), [], {}

    def own(folder, leg, machine):
        return [sys.executable, "-c", does.get(leg.name, "")]

    def note(line):
        said.append(line)
        if line.endswith(" is done"):
            done.add(line.removesuffix(" is done"))

    monkeypatch.setattr(training, "command", own)
    monkeypatch.setattr(training, "is_done", lambda folder, leg: leg.name in done)
    monkeypatch.setattr(training, "POLL_SECONDS", 0.02)

    def train(**machine):
        train_legs(experiment, tmp_path, Machine(**machine), note)

    return SimpleNamespace(done=done, said=said, does=does, train=train)


def test_a_dead_leg_is_told_with_its_log_and_stops_only_those_that_begin_with_it(
    children, tmp_path
):
    children.does["generalist-s1"] = "print('too little memory'); raise SystemExit(3)"
    with pytest.raises(LegError) as error:
        children.train(parallel=3)
    log = tmp_path / "mini/logs/generalist-s1.log"
    told = str(error.value)
    assert f"generalist-s1: exit 3, log {log}: too little memory" in told
    assert "tuned-team_battle-s1: begins with generalist-s1, which failed" in told
    assert len(children.done) == 6
    assert "tuned-team_battle-s2" in children.done
    # Once more: what is done is left.
    children.does.clear()
    children.said.clear()
    children.train()
    assert children.said[0] == "6 of 8 legs are done already"
    assert [line for line in children.said if line.endswith("is done")] == [
        "generalist-s1 is done",
        "tuned-team_battle-s1 is done",
    ]


def test_an_interruption_ends_the_children(experiment, tmp_path, tiny):
    # As a user does it: the script is a process, and so are its legs.
    script = (
        "import sys, signal\n"
        "from experiments.generalist import run, training\n"
        f"training.command = lambda *_: [{sys.executable!r}, '-c', "
        "'import os, time; print(os.getpid(), flush=True); time.sleep(60)']\n"
        "sys.exit(run.main(sys.argv[1:]))\n"
    )
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--parallel", "2"]
    words = [sys.executable, "-c", script, *options]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as parent:
        logs = [tmp_path / f"mini/logs/generalist-s{seed}.log" for seed in (1, 2)]
        until = time.monotonic() + 60
        while not all(log.exists() and len(log.read_text().splitlines()) > 1 for log in logs):
            assert time.monotonic() < until
            time.sleep(0.05)
        parent.send_signal(signal.SIGTERM)
        _, told = parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert "the same command goes on from the last checkpoints" in told
    for log in logs:
        with pytest.raises(ProcessLookupError):
            os.kill(int(log.read_text().splitlines()[1]), 0)
