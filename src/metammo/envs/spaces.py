"""Spaces for Gymnasium and PettingZoo, made from the tables of heads and of the observation."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from metammo.actions import Head, head_sizes, no_op
from metammo.observe.layout import MARKET_PART, Layout


class HeadChoices(spaces.MultiDiscrete):
    """A choice for each head; samples by a flat mask, too, as observations carry it."""

    def sample(self, mask: Any = None, probability: Any = None) -> NDArray[Any]:
        """Return a random action.

        Args:
            mask: int8[choices], heads one after the other, or one array a head; 1 is allowed.
            probability: instead of a mask, how likely each choice is, one array a head.
        """
        if isinstance(mask, np.ndarray):
            mask = tuple(np.split(mask, np.cumsum(self.nvec)[:-1]))
        return super().sample(mask) if probability is None else super().sample(mask, probability)


def action_space(heads: tuple[Head, ...]) -> HeadChoices:
    """Return the space of one agent's actions."""
    return HeadChoices(list(head_sizes(heads)))


def no_op_mask(heads: tuple[Head, ...]) -> NDArray[np.uint8]:
    """Return the mask, uint8[choices], that allows nothing but the no-op."""
    sizes = head_sizes(heads)
    mask = np.zeros(sum(sizes), np.uint8)
    mask[np.cumsum((0, *sizes[:-1])) + np.array(no_op(heads))] = 1
    return mask


def observation_space(layout: Layout, heads: tuple[Head, ...]) -> spaces.Dict:
    """Return the space of what one agent is given: its observation's parts, and its mask."""
    shown = (*layout.parts, MARKET_PART) if layout.has_market else layout.parts
    parts: dict[str, spaces.Space[Any]] = {
        part.name: spaces.Box(part.low, part.high, part.shape, np.dtype(part.dtype).type)
        for part in shown
    }
    return spaces.Dict(
        {
            "observation": spaces.Dict(parts),
            "action_mask": spaces.MultiBinary(sum(head_sizes(heads))),
        }
    )


def split_rows(
    records: Any, masks: NDArray[np.uint8], markets: NDArray[np.int16]
) -> dict[str, Any]:
    """Return rows of observations and masks in the shape of `observation_space`, without copying.

    Args:
        records: record array [...] of a layout's type.
        masks: uint8[..., choices].
        markets: int16[..., listings, numbers], each row's world's; without listings in the mini
            config, where it is left out.
    """
    parts = {name: records[name] for name in records.dtype.names}
    if markets.shape[-2]:
        parts[MARKET_PART.name] = markets
    return {
        "observation": {name: part.view(np.ndarray) for name, part in parts.items()},
        "action_mask": masks.view(np.int8),
    }


def take_row(rows: dict[str, Any], index: int) -> dict[str, Any]:
    """Return one row of `split_rows`, still without copying."""
    parts = rows["observation"]
    return {
        "observation": {name: part[index] for name, part in parts.items()},
        "action_mask": rows["action_mask"][index],
    }
