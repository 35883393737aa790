"""Processes that learn together learn as one would."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import metammo.cli.train as cli_train
from metammo.cli.main import main
from metammo.learner.ppo import PPO
from metammo.learner.processes import ALONE, Processes
from metammo.learner.settings import PPOSettings
from tests.learner import learn_together
from tests.learner.runs import quick_games

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Run `learn_together` by two processes; return its folder, codes and outputs."""
    folder = tmp_path_factory.mktemp("together")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # What torchrun tells its processes; its own start would take as long as both.
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, learn_together.__file__, str(folder)]
    started = []
    for rank in ("0", "1"):
        environment = {**os.environ, **told, "RANK": rank, "LOCAL_RANK": rank, "PYTHONPATH": path}
        pipes = {"stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env=environment, **pipes))
    outputs = [process.communicate(timeout=300)[0] for process in started]
    return folder, [process.returncode for process in started], outputs


@pytest.mark.parametrize("name", learn_together.SETTINGS)
def test_two_processes_learn_as_one_does(together, name):
    folder, _, _ = together
    alone = learn_together.learn(name, 0, 1)
    wanted = {**alone.module.state_dict(), **alone.scale.state_dict()}
    begun = learn_together.RecurrentPolicy(16, 4, 4, 16).state_dict()
    got = [load_file(folder / f"{name}-{rank}.safetensors") for rank in range(2)]
    for key, value in wanted.items():
        assert torch.equal(got[0][key], got[1][key]), key
        assert torch.allclose(got[0][key], value, atol=2e-5), key
    moved = max(float((wanted[key] - begun[key]).abs().max()) for key in begun)
    assert moved > 0.01


def test_where_one_process_cannot_keep_a_checkpoint_all_say_so(together):
    _, _, outputs = together
    assert outputs[0].startswith("PolicyError: InNoFile is in no file")
    assert outputs[1].startswith("OSError: the checkpoint ")
    assert "could not be written (InNoFile is in no file" in outputs[1]


def test_a_process_that_is_gone_is_not_waited_for(together):
    _, codes, outputs = together
    assert codes == [0, 3]
    assert "LostProcessError: process 0 of 2 lost another one" in outputs[0]


def test_a_process_takes_leave_before_its_interpreter_goes(together):
    _, _, outputs = together
    assert outputs[0].endswith("in touch at the end: False\n")


def test_two_processes_take_as_many_steps_down_as_one(monkeypatch):
    # The other process has as many rows.
    monkeypatch.setattr(Processes, "sum", lambda self, tensor: tensor.mul_(self.count))
    taken = []
    for count in (1, 2):
        module = learn_together.RecurrentPolicy(16, 4, 4, 16)
        settings = PPOSettings(minibatch=24, sequence=4)
        algorithm = PPO(module, ("a", "b"), settings, processes=Processes(count=count))
        buffer = learn_together.share_of(0, count)
        buffer.alive[:] = True
        taken.append(len(list(algorithm.minibatches(buffer))))
    assert taken == [4, 4]


@pytest.mark.parametrize("count", [1, 2])
def test_where_nobody_has_rows_nothing_moves(count, monkeypatch):
    torch.manual_seed(0)
    # The other process has the same.
    monkeypatch.setattr(Processes, "sum", lambda self, tensor: tensor.mul_(self.count))
    settings = PPOSettings(minibatch=3, sequence=4)
    algorithm = PPO(
        learn_together.RecurrentPolicy(16, 4, 4, 16),
        ("a", "b"),
        settings,
        processes=Processes(count=count),
    )
    steps = []
    algorithm.optimizer.register_step_post_hook(lambda *_: steps.append(0))
    buffer = learn_together.share_of(0, 1)
    # Sequences of 4 steps, in minibatches of 3.
    buffer.alive[:] = True
    assert len(list(algorithm.minibatches(buffer))) == 24
    assert not steps
    algorithm.update(buffer, 1e-2)
    assert len(steps) == 24


@pytest.mark.parametrize(("rank", "lines"), [("0", 1), ("1", 0)])
def test_one_process_says_where_the_run_is(rank, lines, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setattr(cli_train, "train", lambda *_: Path("runs/here"))
    assert main(["train"]) == 0
    assert capsys.readouterr().out == "runs/here\n" * lines


def test_a_process_alone_asks_nobody():
    values = torch.arange(5.0)
    assert ALONE.sum(values) is values
    assert ALONE.mean_and_spread(values) == (values.mean(), values.std())
    rows = np.arange(3)
    assert ALONE.gather(rows)[0] is rows
    assert Processes(rank=1, count=2).is_first is False


def rows_of(run):
    try:
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_ends_the_run_which_then_goes_on(tmp_path):
    train = [*TORCHRUN, "-m", "metammo.cli.main", "train", "--threads", "1"]
    begin = ["--games", "race_to_center", "--steps", "60000", "--worlds", "4", "--rollout", "16"]
    begin += ["--checkpoint-every", "8000", "--folder", str(tmp_path), "--name", "run"]
    run = tmp_path / "run"
    process = subprocess.Popen([*train, *begin], text=True, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while not any(row["steps"] > 20_000 for row in rows_of(run)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(workers[-1]), signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Signal 9 (SIGKILL) received" in errors
    kept = json.loads((run / "checkpoints/last/training.json").read_text())
    assert kept["processes"] == 2
    assert kept["steps"] >= 16_000

    # One process cannot take the places of two.
    alone = [sys.executable, "-m", "metammo.cli.main", "train", "--resume", str(run)]
    told = {**os.environ, "WORLD_SIZE": "1"}
    refused = subprocess.run(alone, capture_output=True, text=True, env=told)
    assert refused.returncode == 2
    assert "was written by 2 processes, here are 1" in refused.stderr

    # As many as were there start by themselves.
    subprocess.run(alone, check=True, timeout=300)
    rows = rows_of(run)
    assert rows[-1]["steps"] >= 60_000
    steps = [row["steps"] for row in rows]
    assert steps == sorted(set(steps))
    # 4 worlds of 128 agents, none of whom dies in the race, and 16 ticks.
    assert set(np.diff([0, *steps])) == {4 * 128 * 16}


@pytest.mark.slow
def test_two_processes_with_a_pool_go_on_bit_for_bit(tmp_path):
    train = [*TORCHRUN, "-m", "metammo.cli.main", "train", "--threads", "1"]
    begin = ["--games", *quick_games(tmp_path), "--worlds", "4", "--rollout", "8"]
    # The rate would follow from the goal.
    begin += ["--ppo.sequence", "8", "--ppo.minibatch", "512", "--ppo.no-anneal"]
    begin += ["--pool.share", "0.25", "--pool.every", "4000", "--pool.size", "4"]
    begin += ["--pool.from", "scripted", "--folder", str(tmp_path)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for more in (
        [*begin, "--steps", "40000", "--name", "whole"],
        [*begin, "--steps", "20000", "--name", "parts"],
        ["--resume", str(parts), "--steps", "40000"],
    ):
        subprocess.run([*train, *more], check=True, timeout=300)
    logs = [rows_of(run) for run in (whole, parts)]
    assert [row["steps"] for row in logs[0]] == [row["steps"] for row in logs[1]]
    for one, other in zip(*logs, strict=True):
        assert {k: v for k, v in one.items() if k.startswith("pool/")} == {
            k: v for k, v in other.items() if k.startswith("pool/")
        }
    # The scripted player, and past selves of whom some have left and some were met.
    assert logs[0][-1]["pool/members"] == 5
    assert logs[0][-1]["pool/episodes"] > 20
    wanted, got = (load_file(run / "checkpoints/last/model.safetensors") for run in (whole, parts))
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)
