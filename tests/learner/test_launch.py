"""A run starts processes of this machine by itself, and says in one line how they end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metammo.cli.main import main
from metammo.learner import launch as launching
from metammo.learner.launch import launch, local_count
from metammo.learner.processes import LostProcessError


def test_as_many_processes_as_share_the_worlds_evenly(monkeypatch):
    monkeypatch.setattr(launching, "core_count", lambda: 6)
    assert local_count(0, 8) == 4
    assert local_count(0, 12) == 6
    assert local_count(0, 8, cores=3) == 2
    assert local_count(0, 7, cores=4) == 1
    assert local_count(4, 8) == 4
    with pytest.raises(ValueError, match="8 worlds cannot be shared evenly by 3 processes"):
        local_count(3, 8)
    with pytest.raises(ValueError, match="at least 1, or 0"):
        local_count(-1, 8)


def test_one_process_is_this_one():
    assert launch(1, os.getpid) == os.getpid()


def fail_in_the_second():
    if os.environ["RANK"] == "1":
        raise ValueError("no such thing")
    time.sleep(60)


def die_in_the_second():
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    raise LostProcessError("another one is gone")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_one_that_fails_or_dies_ends_all(monkeypatch):
    monkeypatch.setattr(launching, "GRACE", 0.5)
    started = time.monotonic()
    with pytest.raises(RuntimeError, match=r"^no such thing$"):
        launch(2, fail_in_the_second)
    assert time.monotonic() - started < 50
    with pytest.raises(LostProcessError, match=r"process 1 of 2 ended with exit code -9.*--resume"):
        launch(2, die_in_the_second)


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def test_processes_that_are_interrupted_leave_nobody_waiting():
    with pytest.raises(KeyboardInterrupt):
        launch(2, interrupt)


def write_and_wait(folder):
    (folder / os.environ["RANK"]).write_text(str(os.getpid()))
    time.sleep(60)


LAUNCH = """
import sys
from pathlib import Path
from metammo.learner.launch import launch
from tests.learner.test_launch import write_and_wait

launch(2, write_and_wait, Path(sys.argv[1]))
"""


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_they_end_with_the_one_that_started_them(tmp_path):
    # As in a script's background job: interrupts are not heeded.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        parent = subprocess.Popen([sys.executable, "-c", LAUNCH, str(tmp_path)])
    finally:
        signal.signal(signal.SIGINT, before)
    files = [tmp_path / rank for rank in "01"]
    wait_for(lambda: all(file.exists() and file.read_text() for file in files))
    children = [Path("/proc") / file.read_text() for file in files]
    assert all(child.exists() for child in children)
    parent.kill()
    parent.wait()
    wait_for(lambda: not any(child.exists() for child in children), seconds=10)


def test_a_run_of_two_processes_goes_on_with_as_many(tmp_path, capfd):
    small = ["--worlds", "2", "--rollout", "16", "--ppo.minibatch", "512", "--threads", "1"]
    begin = ["--games", "race_to_center", "--steps", "4000", "--processes", "2", *small]
    assert main(["train", *begin, "--folder", str(tmp_path), "--name", "run"]) == 0
    assert capfd.readouterr().out == f"{tmp_path / 'run'}\n"
    last = tmp_path / "run/checkpoints/last"
    assert json.loads((last / "training.json").read_text())["processes"] == 2
    assert main(["train", "--resume", str(tmp_path / "run"), "--steps", "8000"]) == 0
    kept = json.loads((last / "training.json").read_text())
    assert kept["processes"] == 2
    assert kept["steps"] >= 8000
