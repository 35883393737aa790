"""Small networks with fresh weights, as policies to play with."""

import torch

from metammo.policies.policy import TorchPolicy
from metammo.policies.recurrent import RecurrentPolicy


def network(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return TorchPolicy(RecurrentPolicy(16, 4, 4, 16), f"new {seed}")
