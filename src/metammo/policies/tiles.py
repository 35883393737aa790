"""A network's answer to a row, whoever else is asked: forwards in tiles of one size.

How a matrix product is rounded may depend on how many rows it has and, for narrow layers, on where
among them a row stands. A last bit decides now and then which choice is sampled, and with that how
an episode goes on. So rows are asked in tiles of one size, filled up with zeros; and where a
network is found to round by place, a row's place in its tile is made of its own stream.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metammo.policies.inputs import Inputs

TILE = 64
"""Rows of a tile; with 256 a row costs a tenth less, but more rows are zeros."""
PROBE_SEED = 7
"""Of the states by which a network is probed."""


class Tiles:
    """Steps a recurrent module so that what comes of a row depends on the row alone.

    Args:
        module: as `recurrent.RecurrentPolicy`.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.rounds_by_place: bool | None = None
        """Equal rows get different answers in different places; None: not looked at yet."""

    def step(
        self, inputs: Inputs, state: Tensor, streams: NDArray[np.uint64]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Take one step for each row; see `RecurrentPolicy.step`.

        Args:
            inputs: of the rows.
            state: float32[rows, size].
            streams: uint64[rows], of the rows.
        """
        if self.rounds_by_place is None:
            self.rounds_by_place = self._probe(inputs.rows[:1])
        slots, tiles = place_rows(streams, self.rounds_by_place)
        chosen = torch.from_numpy(slots).to(state.device)
        laid = (_lay(each, chosen, tiles) for each in (inputs.rows, state))
        parts = [self.module.step(Inputs(*tile[:1]), tile[1]) for tile in zip(*laid, strict=True)]
        logits, values, state = (torch.cat(each)[chosen] for each in zip(*parts, strict=True))
        return logits, values, state

    def _probe(self, row: Tensor) -> bool:
        """Return whether one row gets more than one answer when it fills a whole tile."""
        generator = torch.Generator().manual_seed(PROBE_SEED)
        state = torch.randn(1, self.module.state_size, generator=generator).to(row.device)
        answers = self.module.step(Inputs(row.repeat(TILE, 1)), state.repeat(TILE, 1))
        return any(bool((answer != answer[:1]).any()) for answer in answers)


def _lay(rows: Tensor, slots: Tensor, tiles: int) -> tuple[Tensor, ...]:
    """Return tiles with the rows in their slots, and zeros elsewhere."""
    laid = rows.new_zeros(tiles * TILE, rows.shape[1])
    laid[slots] = rows
    return laid.split(TILE)


def place_rows(streams: NDArray[np.uint64], by_stream: bool) -> tuple[NDArray[np.int64], int]:
    """Return the slot of each row, int64[rows], and how many tiles there are.

    Args:
        streams: uint64[rows].
        by_stream: the place in a tile follows from the stream; else rows come one after the other.
    """
    count = len(streams)
    if not by_stream:
        return np.arange(count), -(-count // TILE)
    place = (streams % np.uint64(TILE)).astype(np.int64)
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=TILE)
    tile = np.empty(count, np.int64)
    tile[order] = np.arange(count) - np.repeat(np.cumsum(counts) - counts, counts)
    return tile * TILE + place, int(counts.max())
