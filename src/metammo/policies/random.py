"""The policy that takes any valid action."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import head_sizes
from metammo.observe.layout import Market
from metammo.observe.sampling import draw_actions
from metammo.policies.stateless import StatelessPolicy, heads_of
from metammo.world.shares import make_taken


class RandomPolicy(StatelessPolicy):
    """Draws each head's choice evenly from those that the mask allows."""

    name = "random"

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Draw an action for each row."""
        masks = np.ascontiguousarray(mask)[None]
        sizes = np.array(head_sizes(heads_of(mask)), np.int64)
        actions = np.empty((*masks.shape[:2], len(sizes)), np.int16)
        draw_actions(masks, make_taken(1), 0, sizes, self.next_seed(), actions)
        return actions[0], None
