"""A run whose process is killed outright goes on in another one, bit for bit."""

import json
import signal
import subprocess
import sys
import time

import pytest
import torch

from metammo.policies.hub import load_module

COMMAND = [sys.executable, "-m", "metammo.cli.main", "train"]
SETTINGS = [
    *("--games", "race_to_center", "--steps", "16000", "--worlds", "2", "--rollout", "8"),
    *("--threads", "2", "--checkpoint-every", "4000"),
    *("--ppo.minibatch", "512", "--ppo.sequence", "8"),
]


def rows_of(run):
    try:
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


@pytest.fixture
def play(tmp_path):
    """Start training with some options; what still runs at the end is stopped."""
    started = []

    def start(*options):
        command = [*COMMAND, *options, "--folder", str(tmp_path)]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def finish(process):
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_goes_on_bit_for_bit(play, tmp_path):
    whole = play(*SETTINGS, "--name", "whole")
    killed = play(*SETTINGS, "--name", "killed")
    run = tmp_path / "killed"
    deadline = time.monotonic() + 300
    # Past a checkpoint, in the middle of what no checkpoint holds yet.
    while not any(row["steps"] > 7_000 for row in rows_of(run)):
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    kept = json.loads((run / "checkpoints/last/training.json").read_text())["steps"]
    assert 0 < kept < 16_000
    finish(whole)
    finish(play("--resume", str(run), "--threads", "2"))

    wanted = load_module(tmp_path / "whole/checkpoints/last").state_dict()
    got = load_module(run / "checkpoints/last").state_dict()
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)
    # The log, too, is as if nothing had happened: no row twice, none missing.
    timed = ("seconds", "agent_steps_per_second", "played_per_second", "time/")
    logs = [
        [{k: v for k, v in row.items() if not k.startswith(timed)} for row in rows_of(path)]
        for path in (tmp_path / "whole", run)
    ]
    assert logs[0] == logs[1]


KILL_WHILE_WRITING = """
import os, signal, sys
from metammo.cli.main import main
from metammo.learner import checkpoint

save_file, left = checkpoint.save_file, 4  # two files a checkpoint, the first one at the start

def save(tensors, path):
    global left
    left -= 1
    save_file(tensors, path)
    if left < 0:
        os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

checkpoint.save_file = save
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_killed_while_it_writes_a_checkpoint_goes_on_from_the_one_before(play, tmp_path):
    command = [sys.executable, "-c", KILL_WHILE_WRITING, "train", *SETTINGS]
    killed = subprocess.run([*command, "--folder", str(tmp_path), "--name", "run"])
    assert killed.returncode == -signal.SIGKILL
    checkpoints = tmp_path / "run/checkpoints"
    assert (checkpoints / ".last-part").is_dir()
    kept = json.loads((checkpoints / "last/training.json").read_text())["steps"]
    assert kept >= 8000
    finish(play("--resume", str(tmp_path / "run"), "--threads", "2"))
    steps = [row["steps"] for row in rows_of(tmp_path / "run")]
    assert kept in steps
    assert steps == sorted(set(steps))
    assert steps[-1] >= 16_000
    assert not (checkpoints / ".last-part").exists()
