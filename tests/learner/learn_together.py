"""One of two processes that learn from shares of one rollout, and then fail, one after the other.

Also imported by the test, for the process alone.
"""

import atexit
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
from safetensors.torch import save_file

from metammo.learner.algorithms import make_algorithm
from metammo.learner.checkpoint import Parts, Snapshot, save_checkpoint
from metammo.learner.processes import ALONE, LostProcessError, join_processes
from metammo.learner.rollout import Rollout
from metammo.learner.settings import ImpalaSettings, PPOSettings, PQNSettings, TrainSettings
from metammo.observe.layout import MINI_LAYOUT
from metammo.policies.module import PolicyError
from metammo.policies.recurrent import RecurrentPolicy

WORLDS, AGENTS, STEPS = 4, 3, 8


def whole_rollout(worlds=WORLDS):
    """Return a made-up rollout of so many worlds; the second half of them lives less."""
    module = RecurrentPolicy(16, 4, 4, 16)
    batch = SimpleNamespace(
        world_count=worlds,
        agent_count=AGENTS,
        layout=MINI_LAYOUT,
        masks=torch.zeros(worlds, AGENTS, sum(module.head_sizes)),
        markets=torch.zeros(worlds, 0, 6),
        heads=module.head_sizes,
    )
    return Rollout(batch, STEPS, 4, module.state_size)


def share_of(rank, count):
    """Return a process's share of the rollout: the same numbers, whatever the count."""
    generator = torch.Generator().manual_seed(3)
    whole, own = whole_rollout(), whole_rollout(WORLDS // count)
    rows = own.rows
    for name, tensor in vars(whole).items():
        if not isinstance(tensor, torch.Tensor):
            continue
        drawn = torch.rand(tensor.shape, generator=generator)
        if name == "alive":
            drawn[:, whole.rows // 2 :] += 0.4
            value = drawn < 0.8
        elif name == "observations":
            value = (drawn * 4).to(torch.uint8)
        elif name == "games":
            value = (torch.arange(whole.rows) % 2).expand(STEPS, -1)
        elif name in ("begins", "terminated", "truncated"):
            value = drawn < 0.1
        elif name == "masks":
            value = torch.ones_like(tensor)
        elif name == "actions":
            value = (drawn * 3).to(torch.int16)
        else:
            value = drawn - 0.5
        setattr(own, name, value[:, rank * rows : (rank + 1) * rows].to(tensor.dtype).contiguous())
    return own


SHORT = {"minibatch": 10**6, "epochs": 3, "sequence": 4}
# Values of these observations lie at 100, and Adam would magnify their rounding from step to step.
STILL = {**SHORT, "epochs": 1, "gradient_norm": 1e-3}
SETTINGS = {
    "ppo": TrainSettings(ppo=PPOSettings(**SHORT)),
    "impala": TrainSettings(algorithm="impala", impala=ImpalaSettings(**STILL, queue=1)),
    "pqn": TrainSettings(algorithm="pqn", pqn=PQNSettings(**SHORT)),
}


def learn(name, rank, count, processes=ALONE):
    """Learn from a share of the rollout; return the algorithm."""
    torch.manual_seed(0)
    module = RecurrentPolicy(16, 4, 4, 16)
    algorithm = make_algorithm(SETTINGS[name], module, ("a", "b"), seed=1, processes=processes)
    algorithm.update(share_of(rank, count), 1e-2)
    # In the second half of the worlds, one of two processes' share, nobody is left.
    lonely = share_of(rank, count)
    lonely.alive[:, WORLDS * AGENTS // 2 - rank * lonely.rows :] = False
    algorithm.update(lonely, 1e-2)
    return algorithm


class InNoFile(torch.nn.Module):
    """A network whose class nobody can load again."""

    layout_name, head_sizes = "mini", (1,)


InNoFile.__module__ = "notebook"


def fail(folder, processes):
    """Fail to keep a checkpoint, then lose a process; tell the errors."""
    try:
        # The first process alone writes the network, the others wait for it.
        nothing = Parts({}, {})
        save_checkpoint(
            folder / "last", Snapshot(InNoFile(), {}, 0), nothing, SETTINGS["ppo"], {}, processes
        )
    except (OSError, PolicyError) as error:
        print(f"{type(error).__name__}: {error}", flush=True)
    if processes.rank == 1:
        os._exit(3)
    try:
        processes.wait()
    except LostProcessError as error:
        print(f"LostProcessError: {error}", flush=True)


if __name__ == "__main__":
    # What is registered first is done last.
    atexit.register(lambda: print(f"in touch at the end: {dist.is_initialized()}", flush=True))
    processes = join_processes("cpu")
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for name in SETTINGS:
        algorithm = learn(name, processes.rank, processes.count, processes)
        tensors = {**algorithm.module.state_dict(), **algorithm.scale.state_dict()}
        save_file(tensors, folder / f"{name}-{processes.rank}.safetensors")
    fail(folder, processes)
