"""The learning algorithms by name."""

from collections.abc import Sequence
from typing import Any

import torch

from metammo.learner.algorithm import Algorithm
from metammo.learner.impala import Impala
from metammo.learner.ppo import PPO
from metammo.learner.pqn import PQN
from metammo.learner.processes import ALONE, Processes
from metammo.learner.settings import TrainSettings

KINDS: dict[str, type[Algorithm]] = {"ppo": PPO, "impala": Impala, "pqn": PQN}
"""By the names of `settings.ALGORITHMS`."""


def make_algorithm(
    settings: TrainSettings,
    module: Any,
    games: Sequence[str],
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    processes: Processes = ALONE,
) -> Algorithm:
    """Return what a run learns by; see `Algorithm`.

    Raises:
        ValueError: an unknown algorithm, or a setting of it that cannot be met.
    """
    common: dict[str, Any] = {"seed": seed, "device": device, "processes": processes}
    return KINDS[settings.algorithm](module, games, settings.own, **common)
