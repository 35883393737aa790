"""What policies that remember nothing share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import HEADS, Head
from metammo.world.random import seed_of, spread_seed


def heads_of(mask: NDArray[np.uint8]) -> tuple[Head, ...]:
    """Return the heads whose choices a mask, uint8[rows, choices], lists.

    Raises:
        ValueError: no config has so many choices.
    """
    sizes = {sum(head.size for head in heads): heads for heads in HEADS.values()}
    if mask.shape[-1] not in sizes:
        raise ValueError(f"a mask has {sorted(sizes)} choices (mini, full), got {mask.shape[-1]}")
    return sizes[mask.shape[-1]]


class StatelessPolicy:
    """A policy without memory, whose chance repeats.

    Args:
        seed: the same seed gives the same choices.
    """

    name = "stateless"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.calls = 0

    def initial_state(self, count: int) -> None:
        """Return None: nothing is remembered."""
        return

    def begin(self, state: Any, rows: NDArray[np.bool_]) -> None:
        """Return None: nothing is remembered."""
        return

    def streams_for(
        self, rows: int, given: NDArray[np.uint64] | None, draws: int = 1
    ) -> NDArray[np.uint64]:
        """Return the seeds of the rows' random numbers, uint64[rows].

        Args:
            rows: how many.
            given: those that the caller has given; None: the policy's own of this call.
            draws: how many numbers a row draws.
        """
        if given is not None:
            return np.ascontiguousarray(given, np.uint64)
        return spread_seed(int(self.next_seed()), rows, draws)

    def next_seed(self) -> np.uint64:
        """Return the seed of the next call's random numbers."""
        self.calls += 1
        return np.uint64(seed_of(self.seed, self.calls))
