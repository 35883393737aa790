"""How tiles are eaten up and grow back (rulebook, sections 3 and 4)."""

import numpy as np

from metammo.jit import kernel
from metammo.rules.materials import DEPLETED, ORIGIN, Material
from metammo.world.random import draw_chance

FOLIAGE = int(Material.FOLIAGE)

REGROWTH = np.zeros(len(Material), np.int64)
"""int64[16]: chance a tick, in thousandths, that a harvested profession tile grows back."""
REGROWTH[Material.ORE] = 100
REGROWTH[Material.TREE] = 105
REGROWTH[Material.CRYSTAL] = 100
REGROWTH[Material.HERB] = 20
REGROWTH[Material.FISH] = 20


@kernel
def deplete(world, row, col):
    """Turn a tile into its harvested form and note that it is to grow back."""
    world.tile_material[row, col] = DEPLETED[world.tile_material[row, col]]
    count = int(world.depleted_count)
    world.depleted_tile[count] = row * world.tile_material.shape[0] + col
    world.depleted_count = count + 1


@kernel
def regrowth_chance(world, material):
    """Return the chance a tick, in thousandths, that a tile of this origin grows back."""
    if material == FOLIAGE:
        return int(world.rule_foliage_regrowth) * int(world.rule_resource)
    return REGROWTH[material] * int(world.rule_profession)


@kernel
def regrow(world):
    """Let depleted tiles grow back, each by its chance; this tick's harvest rolls already."""
    side = world.tile_material.shape[0]
    index = int(0)
    count = int(world.depleted_count)
    while index < count:
        tile = int(world.depleted_tile[index])
        row = tile // side
        col = tile - row * side
        origin = int(ORIGIN[world.tile_material[row, col]])
        if draw_chance(world, regrowth_chance(world, origin)):
            world.tile_material[row, col] = origin
            count -= 1
            world.depleted_tile[index] = world.depleted_tile[count]
        else:
            index += 1
    world.depleted_count = count
