"""The policy that takes any valid action."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import head_sizes
from metammo.observe.layout import Market
from metammo.observe.sampling import draw_rows
from metammo.policies.stateless import StatelessPolicy, heads_of


class RandomPolicy(StatelessPolicy):
    """Draws each head's choice evenly from those that the mask allows."""

    name = "random"

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
        streams: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Draw an action for each row."""
        masks = np.ascontiguousarray(mask)
        sizes = np.array(head_sizes(heads_of(mask)), np.int64)
        actions = np.empty((len(masks), len(sizes)), np.int16)
        draw_rows(masks, sizes, self.streams_for(len(masks), streams, len(sizes)), actions)
        return actions, None
