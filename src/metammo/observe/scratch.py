"""What observing needs beside a world: scratch, one record a thread, and what buffers hold.

Nothing in the scratch outlives a tick, so it is no part of a world. What a buffer holds from the
tick before is remembered beside the buffer, so that only what changed is written again.
"""

from functools import cache
from typing import Any

import numpy as np

from metammo.observe.layout import EntityFeature
from metammo.rules.sizes import Sizes

WORD_COLUMNS = 32
"""Columns from one word of a row of `occupied` to the next; each reaches over the next one's, so
that any window of 15 columns lies in a single word."""

BRIEF_ROW, BRIEF_COL, BRIEF_TEAM, BRIEF_TARGET = range(4)
BRIEF_SIZE = 4
"""What observers ask of an entity all the time, in one place: tile, team, whom it attacked."""

UNKNOWN = -2
"""A buffer's row may hold anything: write all of it."""
BLANK = -1
"""A buffer's row is that of the dead. Other numbers: of the living, so many entities in it (or
listings in its mask)."""


@cache
def scratch_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of the scratch for a size class."""
    return np.dtype(
        [
            ("key", "int64", (sizes.entities,)),
            ("occupied", "int64", (sizes.map_size, sizes.map_size // WORD_COLUMNS + 1)),
            ("bucket", "int64", (32,)),
            ("team_alive", "int32", (sizes.players,)),
            ("living", "int32", (sizes.entities,)),
            ("living_count", "int32"),
            ("players_alive", "int32"),
            ("teams_alive", "int32"),
            ("entity_code", "int8", (sizes.entities, len(EntityFeature))),
            ("brief", "int16", (sizes.entities, BRIEF_SIZE)),
            ("fog_code", "uint8", (sizes.map_size,)),
            ("fog", "uint8", (sizes.map_size, sizes.map_size)),
        ]
    )


def make_scratch(count: int, sizes: Sizes) -> Any:
    """Return `count` scratch records, one for each thread."""
    return np.zeros(count, scratch_dtype(sizes)).view(np.recarray)


@cache
def kept_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of what the buffers of one world's observations hold.

    It has room for all agents of the size class: a type of its own for each number of agents would
    be compiled anew.
    """
    return np.dtype(
        [
            ("stamp", "uint64"),
            ("row", "int16", (sizes.players,)),
            ("item_row", "int16", (sizes.players,)),
            ("listings", "int16"),
        ]
    )


def make_kept(worlds: int, sizes: Sizes) -> Any:
    """Return what is known of new buffers: nothing; record array [worlds]."""
    return np.zeros(worlds, kept_dtype(sizes)).view(np.recarray)
