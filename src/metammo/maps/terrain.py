"""Terrain from a map's seed: thresholds, professions, scatter, border, mark (rulebook, section 3).

All randomness is of the map's seed: the same seed and rules give the same map in every world.
"""

import numpy as np

from metammo.jit import kernel
from metammo.maps.fractal import BLOCK, FIXED_POINT, fill_block, softness_of
from metammo.rules.materials import Material
from metammo.rules.rules import SHARE
from metammo.world.grid import center_of
from metammo.world.random import bits31

VOID = int(Material.VOID)
WATER = int(Material.WATER)
GRASS = int(Material.GRASS)
FOLIAGE = int(Material.FOLIAGE)
STONE = int(Material.STONE)
HERB = int(Material.HERB)
FISH = int(Material.FISH)
CLUSTERS = np.array([Material.ORE, Material.TREE, Material.CRYSTAL], np.int64)

CLUSTER_COUNT = 64
SINGLE_COUNT = 256
MEDIUM = 128
"""Playable side for which the counts are meant, tiles."""
SCATTER_SPACING = 6
MARK_RADIUS = 2
ATTEMPTS = 64
"""Tries for each thing to place, so that a map without room ends."""
PLACEMENT_STREAM = 1 << 40
"""Numbers of the map's stream from here on place things; below, they shape the field."""


@kernel
def material_of(world, field):
    """Return what a tile of a field's value is made of."""
    value = field * SHARE
    if value <= int(world.rule_terrain_water) * FIXED_POINT:
        return WATER
    if value <= int(world.rule_terrain_grass) * FIXED_POINT:
        return GRASS
    if value <= int(world.rule_terrain_foliage) * FIXED_POINT:
        return FOLIAGE
    return STONE


@kernel
def fill_land(world, low, high):
    """Cut the walkable square out of the map's field; all else is void."""
    world.tile_material[:, :] = VOID
    if int(world.is_grass_map):
        world.tile_material[low : high + 1, low : high + 1] = GRASS
        return
    softness = softness_of(world.map_seed)
    for row in range(low, high + 1, BLOCK):
        for col in range(low, high + 1, BLOCK):
            # Square blocks, so that the last ones reach over the edge; what is outside is dropped.
            side = min(int(BLOCK), high + 1 - min(row, col))
            field = np.empty((side, side), np.int32)
            fill_block(world.map_seed, softness, row, col, center_of(world), field)
            cut_block(world, row, col, high, field)


@kernel
def cut_block(world, first_row, first_col, high, field):
    """Turn a block of the field into materials, up to the last walkable row and column."""
    for row in range(min(field.shape[0], high + 1 - first_row)):
        for col in range(min(field.shape[1], high + 1 - first_col)):
            material = material_of(world, int(field[row, col]))
            world.tile_material[first_row + row, first_col + col] = material


@kernel
def draw_tile(world, counter, low, high):
    """Return row and column of a random tile of [low, high)^2, by the map's stream."""
    span = high - low
    seed = world.map_seed
    row = low + ((bits31(seed, np.uint64(PLACEMENT_STREAM + 2 * counter)) * span) >> 31)
    col = low + ((bits31(seed, np.uint64(PLACEMENT_STREAM + 2 * counter + 1)) * span) >> 31)
    return row, col


@kernel
def place_singles(world, counter, low, high, material, count):
    """Put single tiles of a material onto random grass; return the stream's next number."""
    placed = int(0)
    for _ in range(count * ATTEMPTS):
        if placed >= count:
            break
        row, col = draw_tile(world, counter, low, high)
        counter += 1
        if int(world.tile_material[row, col]) == GRASS:
            world.tile_material[row, col] = material
            placed += 1
    return counter


@kernel
def place_cluster_tile(world, row, col, material):
    """Put a cluster's tile where there is grass."""
    if int(world.tile_material[row, col]) == GRASS:
        world.tile_material[row, col] = material


@kernel
def place_clusters(world, counter, low, high, count):
    """Put plus-shaped clusters of ore, tree and crystal around random grass tiles."""
    for index in range(count * 3):
        material = CLUSTERS[index % 3]
        for _ in range(ATTEMPTS):
            row, col = draw_tile(world, counter, low + 1, high - 1)
            counter += 1
            if int(world.tile_material[row, col]) == GRASS:
                place_cluster_tile(world, row, col, material)
                place_cluster_tile(world, row - 1, col, material)
                place_cluster_tile(world, row + 1, col, material)
                place_cluster_tile(world, row, col - 1, material)
                place_cluster_tile(world, row, col + 1, material)
                break
    return counter


@kernel
def is_beside_grass(world, row, col):
    """Return whether one of the four neighbours is grass."""
    return (
        int(world.tile_material[row - 1, col]) == GRASS
        or int(world.tile_material[row + 1, col]) == GRASS
        or int(world.tile_material[row, col - 1]) == GRASS
        or int(world.tile_material[row, col + 1]) == GRASS
    )


@kernel
def place_fish(world, counter, low, high, count):
    """Turn random water tiles beside grass into fish."""
    placed = int(0)
    for _ in range(count * ATTEMPTS):
        if placed >= count:
            break
        row, col = draw_tile(world, counter, low + 1, high)
        counter += 1
        if int(world.tile_material[row, col]) == WATER and is_beside_grass(world, row, col):
            world.tile_material[row, col] = FISH
            placed += 1
    return counter


@kernel
def place_professions(world, counter, low, high):
    """Put ore, trees, crystal, herbs and fish, as many as fit the area."""
    side = int(world.rule_playable)
    area = side * side
    clusters = CLUSTER_COUNT * area // (MEDIUM * MEDIUM)
    singles = SINGLE_COUNT * area // (MEDIUM * MEDIUM)
    counter = place_clusters(world, counter, low, high, clusters)
    counter = place_singles(world, counter, low, high, int(HERB), singles)
    return place_fish(world, counter, low, high, singles)


@kernel
def draw_border(world, low, high):
    """Make the outermost ring grass, and the ring inside it foliage where it was blocked."""
    for line in range(low, high + 1):
        world.tile_material[low, line] = GRASS
        world.tile_material[high, line] = GRASS
        world.tile_material[line, low] = GRASS
        world.tile_material[line, high] = GRASS
    for line in range(low + 1, high):
        open_blocked(world, low + 1, line)
        open_blocked(world, high - 1, line)
        open_blocked(world, line, low + 1)
        open_blocked(world, line, high - 1)


@kernel
def open_blocked(world, row, col):
    """Turn stone and water into foliage."""
    material = int(world.tile_material[row, col])
    if material in (STONE, WATER):
        world.tile_material[row, col] = FOLIAGE


@kernel
def draw_mark(world):
    """Make the middle grass, with a herb on the centre tile as its mark."""
    center = center_of(world)
    for row in range(center - MARK_RADIUS, center + MARK_RADIUS + 1):
        for col in range(center - MARK_RADIUS, center + MARK_RADIUS + 1):
            world.tile_material[row, col] = GRASS
    world.tile_material[center, center] = HERB


@kernel
def generate_terrain(world):
    """Write the map of `world.map_seed` by the episode's rules."""
    half = int(world.rule_playable) // 2
    low = center_of(world) - half
    high = center_of(world) + half
    fill_land(world, low, high)
    counter = int(0)
    if int(world.rule_profession):
        counter = place_professions(world, counter, low + 1, high - 1)
    if int(world.rule_scatter_resources):
        side = int(world.rule_playable) // SCATTER_SPACING
        # All water before any foliage.
        counter = place_singles(world, counter, low + 1, high - 1, int(WATER), side * side)
        counter = place_singles(world, counter, low + 1, high - 1, int(FOLIAGE), side * side)
    draw_border(world, low, high)
    if int(world.rule_center_mark):
        draw_mark(world)
