"""A network's answer to a row, whoever else is asked: forwards in tiles of one size.

How a matrix product is rounded may depend on how many rows it has and, for narrow layers, on where
among them a row stands. A last bit decides now and then which choice is sampled, and with that how
an episode goes on. So rows are asked in tiles of one size, filled up with zeros; and where a
network is found to round by place, a row's place in its tile is made of its own stream. Where there
are markets, the rows of a tile are of one world: it is encoded with that world's market alone.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metammo.policies.inputs import Inputs

TILE = 64
"""Rows of a tile; with 256 a row costs a tenth less, but more rows are zeros."""
MARKET_TILE = 32
"""The same where there are markets: policies that share a world have fewer rows in it."""
PROBES, PROBE_SEED = 32, 7
"""Of the rows and states by which a network is probed; a narrow one rounds a third of them by
place."""


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
        size = TILE if inputs.markets is None else MARKET_TILE
        worlds = np.zeros(len(streams), np.int64)
        if inputs.world_of is not None:
            worlds = inputs.world_of.cpu().numpy()
        if self.rounds_by_place is None:
            self.rounds_by_place = self._probe(inputs, worlds, size)
        slots, owners = place_rows(streams, worlds, size, by_stream=self.rounds_by_place)
        chosen = torch.from_numpy(slots).to(state.device)
        rows, states = (_lay(each, chosen, len(owners), size) for each in (inputs.rows, state))
        parts = [
            self.module.step(_of_world(own, inputs, world), before)
            for own, before, world in zip(rows, states, owners.tolist(), strict=True)
        ]
        logits, values, state = (torch.cat(each)[chosen] for each in zip(*parts, strict=True))
        return logits, values, state

    def _probe(self, inputs: Inputs, worlds: NDArray[np.int64], size: int) -> bool:
        """Return whether a row gets more than one answer when it fills a whole tile."""
        generator = torch.Generator().manual_seed(PROBE_SEED)
        states = torch.randn(PROBES, self.module.state_size, generator=generator)
        for number, state in enumerate(states.to(inputs.rows.device)):
            place = number % len(worlds)
            row = inputs.rows[place].repeat(size, 1)
            same = _of_world(row, inputs, int(worlds[place]))
            answers = self.module.step(same, state.repeat(size, 1))
            if any(bool((answer != answer[:1]).any()) for answer in answers):
                return True
        return False


def _of_world(rows: Tensor, inputs: Inputs, world: int) -> Inputs:
    """Return rows of one world, with its market where there are markets."""
    if inputs.markets is None:
        return Inputs(rows)
    here = torch.zeros(rows.shape[0], dtype=torch.int64, device=rows.device)
    return Inputs(rows, inputs.markets[world : world + 1], here)


def _lay(rows: Tensor, slots: Tensor, tiles: int, size: int) -> tuple[Tensor, ...]:
    """Return tiles with the rows in their slots, and zeros elsewhere."""
    laid = rows.new_zeros(tiles * size, rows.shape[1])
    laid[slots] = rows
    return laid.split(size)


def place_rows(
    streams: NDArray[np.uint64], worlds: NDArray[np.int64], size: int, *, by_stream: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the slot of each row, int64[rows], and the world of each tile, int64[tiles].

    Args:
        streams: uint64[rows].
        worlds: int64[rows]; rows of different ones share no tile.
        size: rows of a tile.
        by_stream: the place in a tile follows from the stream; else rows come one after the other.
    """
    if by_stream:
        place = (streams % np.uint64(size)).astype(np.int64)
    else:
        place = _rank(worlds) % size
    tile = _rank(worlds * size + place)
    tiles = np.zeros(int(worlds.max()) + 1, np.int64)
    np.maximum.at(tiles, worlds, tile + 1)
    first = np.cumsum(tiles) - tiles
    return (first[worlds] + tile) * size + place, np.repeat(np.arange(len(tiles)), tiles)


def _rank(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many rows before each row have its key, int64[rows]."""
    order = np.argsort(keys, kind="stable")
    counts = np.bincount(keys)
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank
