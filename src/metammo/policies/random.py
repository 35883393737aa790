"""The policy that takes any valid action."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import MINI_HEADS, head_sizes
from metammo.observe.sampling import draw_actions
from metammo.world.random import seed_of
from metammo.world.shares import make_taken


class RandomPolicy:
    """Draws each head's choice evenly from those that the mask allows.

    Args:
        seed: the same seed gives the same actions.
    """

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.calls = 0
        self._sizes = np.array(head_sizes(MINI_HEADS), np.int64)

    def initial_state(self, count: int) -> None:
        """Return None: nothing is remembered."""
        return

    def begin(self, state: Any, rows: NDArray[np.bool_]) -> None:
        """Return None: nothing is remembered."""
        return

    def act(
        self, observation: Any, mask: NDArray[np.uint8], state: Any
    ) -> tuple[NDArray[np.int16], None]:
        """Draw an action for each row."""
        masks = np.ascontiguousarray(mask)[None]
        actions = np.empty((*masks.shape[:2], len(self._sizes)), np.int16)
        self.calls += 1
        draw_actions(
            masks, make_taken(1), 0, self._sizes, np.uint64(seed_of(self.seed, self.calls)), actions
        )
        return actions[0], None
