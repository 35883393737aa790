"""What a policy leaves to chance in an episode: a stream for each tick and agent."""

import numpy as np
from numpy.typing import NDArray

from metammo.world.random import hash_numbers

AGENTS_LIMIT = 1 << 16
"""More than the agents of any world."""


def streams_of(
    chance: NDArray[np.uint64],
    ticks: NDArray[np.uint64],
    rows: NDArray[np.int64],
    agents: int,
) -> NDArray[np.uint64]:
    """Return seeds, uint64[rows], made of episode, tick and agent alone.

    Args:
        chance: uint64[worlds], seeds of the episodes' chance.
        ticks: uint64[worlds], where they stand.
        rows: which agents are asked for, counted through all worlds.
        agents: of a world.
    """
    worlds, places = np.divmod(rows, agents)
    moments = ticks[worlds] * np.uint64(AGENTS_LIMIT) + places.astype(np.uint64)
    return hash_numbers(chance[worlds] ^ hash_numbers(moments))
