"""The fog of death: how deep a tile lies in it (rulebook, section 6).

The fog is a function of the tick, so nothing is stored. Its depth at a tile is speed x ticks since
onset - the tile's distance from the border, an exact fraction whose denominator is
`rule_fog_speed_per`. Distances are measured from the edges of the array, so the fog's square lies
half a tile off the playable one: the high edge is one tile deeper than the low edge.
"""

from metammo.jit import kernel
from metammo.world.grid import center_of, distance

CLEAR = -160
"""Depth, in tiles, of the square that stays clear."""


@kernel
def fog_advance(world):
    """Return how far the fog has come by now, in tiles times `rule_fog_speed_per`."""
    onset = int(world.rule_fog_onset)
    if onset == 0:
        return int(0)
    return max(int(world.tick) - onset + 1, 0) * int(world.rule_fog_speed)


@kernel
def fog_depth(world, advance, row, col):
    """Return how deep a tile lies in the fog, in tiles times `rule_fog_speed_per`."""
    per = int(world.rule_fog_speed_per)
    center = center_of(world)
    if distance(row, col, center, center) <= int(world.rule_fog_final_size):
        return CLEAR * per
    last = world.tile_material.shape[0] - 1
    border = center - int(world.rule_playable) // 2
    ring = min(min(row, col), min(last - row, last - col)) - border
    return advance - ring * per


@kernel
def rounded(numerator, denominator):
    """Return a fraction rounded to the nearest whole number, halves to even."""
    whole = numerator // denominator
    twice = 2 * (numerator - whole * denominator)
    if twice > denominator or (twice == denominator and whole % 2 == 1):
        whole += 1
    return whole


@kernel
def fog_damage(world, row, col):
    """Return the damage that the fog deals on a tile in this tick's upkeep, points."""
    onset = int(world.rule_fog_onset)
    if onset == 0 or int(world.tick) < onset:
        return int(0)
    depth = fog_depth(world, fog_advance(world), row, col)
    if depth <= 0:
        return int(0)
    return rounded(depth, int(world.rule_fog_speed_per))
