"""Where things stand: distances, passability, and the list of entities on each tile.

The entities on a tile form a linked list: `tile_first_entity`, then `entity_next`, -1 at the end.
"""

import numpy as np

from metammo.jit import kernel
from metammo.rules.materials import IS_HABITABLE

MOVE_NORTH, MOVE_SOUTH, MOVE_EAST, MOVE_WEST, MOVE_STAY = range(5)
MOVE_ROW = np.array([-1, 1, 0, 0, 0], np.int64)
"""int64[5]: rows moved by each move: north, south, east, west, stay."""
MOVE_COL = np.array([0, 0, 1, -1, 0], np.int64)
"""int64[5]: columns moved by each move."""


@kernel
def distance(row, col, other_row, other_col):
    """Return the L-infinity distance between two tiles."""
    return max(abs(row - other_row), abs(col - other_col))


@kernel
def center_of(world):
    """Return the row (and column) of the centre tile."""
    return world.tile_material.shape[0] // 2


@kernel
def is_habitable(world, row, col):
    """Return whether a tile can be walked on; a harvest changes nothing in that."""
    return IS_HABITABLE[world.tile_material[row, col]] != 0


@kernel
def entity_distance(world, entity, other):
    """Return the L-infinity distance between two entities."""
    return distance(
        int(world.entity_row[entity]),
        int(world.entity_col[entity]),
        int(world.entity_row[other]),
        int(world.entity_col[other]),
    )


@kernel
def put_entity(world, entity, row, col):
    """Put an entity, standing nowhere, onto a tile."""
    world.entity_row[entity] = row
    world.entity_col[entity] = col
    world.entity_next[entity] = world.tile_first_entity[row, col]
    world.tile_first_entity[row, col] = entity


@kernel
def take_entity(world, entity):
    """Take an entity off its tile's list; its row and column stay as they were."""
    row = int(world.entity_row[entity])
    col = int(world.entity_col[entity])
    current = int(world.tile_first_entity[row, col])
    if current == entity:
        world.tile_first_entity[row, col] = world.entity_next[entity]
        return
    while current >= 0:
        following = int(world.entity_next[current])
        if following == entity:
            world.entity_next[current] = world.entity_next[entity]
            return
        current = following


@kernel
def move_entity(world, entity, row, col):
    """Move an entity from its tile to another."""
    take_entity(world, entity)
    put_entity(world, entity, row, col)
