"""NPCs that a game sends: soldiers with orders, and beasts in waves (rulebook, sections 7, 12)."""

import numpy as np

from metammo.jit import kernel
from metammo.maps.spawns import SIDES, edge_tile, is_in_reach, nearest_tile
from metammo.rules.rules import SHARE
from metammo.rules.skills import STYLE_COUNT
from metammo.tick.npcs import AGGRESSIVE, NEUTRAL, PASSIVE, SOLDIER, add_npc
from metammo.world.grid import is_habitable
from metammo.world.random import draw_below, shuffle

AREA_ATTEMPTS = 200
"""Tries to find a habitable tile of an area by lot."""
DRAWS = 9
"""Uniform numbers whose k-th smallest is a danger of k tenths: Beta(k, 10 - k)."""


@kernel
def area_tile(world, low_row, low_col, side):
    """Return a random habitable tile of a square; the nearest to its middle if luck fails."""
    for _ in range(AREA_ATTEMPTS):
        row = low_row + draw_below(world, side)
        col = low_col + draw_below(world, side)
        if is_in_reach(world, row, col) and is_habitable(world, row, col):
            return row, col
    return nearest_tile(world, low_row + side // 2, low_col + side // 2)


@kernel
def add_soldier(world, row, col, rally_row, rally_col):
    """Put a soldier of a random style onto a tile, ordered to another."""
    npc = add_npc(world, int(SOLDIER), draw_below(world, int(STYLE_COUNT)), row, col)
    if npc >= 0:
        world.npc_rally_row[npc] = rally_row
        world.npc_rally_col[npc] = rally_col


@kernel
def soldiers_from_area(world, count, low_row, low_col, side, rally_row, rally_col):
    """Put soldiers onto random tiles of a square, with one rally point."""
    for _ in range(count):
        row, col = area_tile(world, low_row, low_col, side)
        add_soldier(world, row, col, rally_row, rally_col)


@kernel
def soldiers_from_edge(world, count, rally_row, rally_col):
    """Put soldiers onto different habitable tiles of the border, with one rally point."""
    tiles = SIDES * int(world.rule_playable)
    order = np.arange(tiles)
    shuffle(world, order, tiles)
    missing = count
    for index in range(tiles):
        row, col = edge_tile(world, order[index])
        if missing > 0 and is_habitable(world, row, col):
            add_soldier(world, row, col, rally_row, rally_col)
            missing -= 1


@kernel
def drawn_danger(world, tenths):
    """Return a random danger around so many tenths, in thousandths.

    The peer draws from Beta(10 d + .01, 10.01 - 10 d). For whole tenths that is, but for the
    hundredths, the k-th smallest of nine uniform numbers, which needs no logarithm.
    """
    if tenths <= 0:
        return int(0)
    if tenths > DRAWS:
        return int(SHARE)
    smallest = np.empty(DRAWS, np.int64)
    for drawn in range(DRAWS):
        number = draw_below(world, int(SHARE))
        place = drawn
        while place > 0 and smallest[place - 1] > number:
            smallest[place] = smallest[place - 1]
            place -= 1
        smallest[place] = number
    return smallest[tenths - 1]


@kernel
def beasts_in_area(world, count, low_row, low_col, side, tenths):
    """Put NPCs without orders onto random tiles of a square; of which kind, danger decides."""
    for _ in range(count):
        row, col = area_tile(world, low_row, low_col, side)
        danger = drawn_danger(world, tenths)
        kind = PASSIVE
        if danger >= int(world.rule_npc_aggressive):
            kind = AGGRESSIVE
        elif danger >= int(world.rule_npc_neutral):
            kind = NEUTRAL
        add_npc(world, kind, draw_below(world, int(STYLE_COUNT)), row, col)
