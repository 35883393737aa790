"""What observing a world needs to remember between its agents: one record a thread.

Nothing in it outlives a tick, so it is no part of a world.
"""

from functools import cache
from typing import Any

import numpy as np

from metammo.observe.layout import EntityFeature
from metammo.rules.sizes import Sizes


@cache
def scratch_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of the scratch for a size class."""
    return np.dtype(
        [
            ("key", "int64", (sizes.entities,)),
            ("bucket", "int64", (32,)),
            ("team_alive", "int32", (sizes.players,)),
            ("living", "int32", (sizes.entities,)),
            ("living_count", "int32"),
            ("players_alive", "int32"),
            ("teams_alive", "int32"),
            ("entity_code", "int8", (sizes.entities, len(EntityFeature))),
            ("fog_code", "uint8", (sizes.map_size,)),
        ]
    )


def make_scratch(count: int, sizes: Sizes) -> Any:
    """Return `count` scratch records, one for each thread."""
    return np.zeros(count, scratch_dtype(sizes)).view(np.recarray)
