"""Which way to go, by what an agent sees: steps to each tile of the window, meals, far goals."""

import numpy as np

from metammo.jit import kernel
from metammo.observe.layout import FOG_LEVEL, OwnFeature, TaskFeature, TileEntity, TilePlane
from metammo.rules.materials import IS_HABITABLE, Material
from metammo.rules.sizes import VISION, WINDOW
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY

FAR = 10_000
"""Steps to a tile that cannot be reached."""
EDGE = WINDOW - 1
TILES = WINDOW * WINDOW
HERE = VISION * WINDOW + VISION

WATER, FOLIAGE = int(Material.WATER), int(Material.FOLIAGE)
P_MATERIAL, P_ENTITY, P_FOG = int(TilePlane.MATERIAL), int(TilePlane.ENTITY), int(TilePlane.FOG)
T_NONE = int(TileEntity.NONE)
T_RESOURCE = int(TaskFeature.RESOURCE)
O_FOOD, O_WATER = int(OwnFeature.FOOD), int(OwnFeature.WATER)
O_ROW, O_COL = int(OwnFeature.ROW_TO_CENTER), int(OwnFeature.COL_TO_CENTER)


@kernel
def is_free(tiles, row, col, may_share):
    """Return whether a tile of the window can be walked on, and into."""
    if IS_HABITABLE[tiles[P_MATERIAL, row, col]] == 0:
        return False
    if may_share:
        return True
    # Others move on: only those close by are in the way.
    close = abs(row - VISION) + abs(col - VISION) <= 2
    return not (close and int(tiles[P_ENTITY, row, col]) != T_NONE)


@kernel
def measure_ways(tiles, may_share, steps, first):
    """Fill the window with the steps to each tile and the first move of the way there."""
    queue = np.empty(TILES, np.int64)
    for tile in range(TILES):
        steps[tile] = FAR
        first[tile] = MOVE_STAY
    steps[HERE] = 0
    queue[0] = HERE
    head = int(0)
    tail = int(1)
    while head < tail:
        tile = queue[head]
        head += 1
        row = tile // WINDOW
        col = tile - row * WINDOW
        for move in range(MOVE_STAY):
            next_row = row + MOVE_ROW[move]
            next_col = col + MOVE_COL[move]
            if next_row < 0 or next_row > EDGE or next_col < 0 or next_col > EDGE:
                continue
            other = next_row * WINDOW + next_col
            if steps[other] < FAR or not is_free(tiles, next_row, next_col, may_share):
                continue
            steps[other] = steps[tile] + 1
            first[other] = move if tile == HERE else first[tile]
            queue[tail] = other
            tail += 1


@kernel
def touches_water(tiles, row, col):
    """Return whether one of a tile's four neighbours in the window is water."""
    for move in range(MOVE_STAY):
        next_row = row + MOVE_ROW[move]
        next_col = col + MOVE_COL[move]
        if next_row < 0 or next_row > EDGE or next_col < 0 or next_col > EDGE:
            continue
        if int(tiles[P_MATERIAL, next_row, next_col]) == WATER:
            return True
    return False


@kernel
def is_safe(tiles, row, col):
    """Return whether a tile is out of the fog, and stays so for a step."""
    fog = int(tiles[P_FOG, row, col])
    return fog == 0 or fog < FOG_LEVEL


@kernel
def nearest_meal(tiles, own, steps, wants_water):
    """Return the tile to drink at, or to eat, that costs least, -1 if none is in sight.

    Of equally near ones the one nearer to the centre: the way there is not lost.
    """
    best = int(-1)
    least = int(FAR) * 10
    for tile in range(TILES):
        if steps[tile] >= FAR:
            continue
        row = tile // WINDOW
        col = tile - row * WINDOW
        if not is_safe(tiles, row, col):
            continue
        if wants_water:
            fits = touches_water(tiles, row, col)
        else:
            fits = int(tiles[P_MATERIAL, row, col]) == FOLIAGE
        if fits:
            rows = abs(int(own[O_ROW]) - (row - VISION))
            cols = abs(int(own[O_COL]) - (col - VISION))
            cost = steps[tile] * 4 + max(rows, cols)
            if cost < least:
                least = cost
                best = tile
    return best


@kernel
def way_toward(row_offset, col_offset, steps):
    """Return the window's tile by which the way to a place is shortest; -1 for none.

    The place itself if it can be reached in sight, else a tile of the window's rim: what lies
    within is known to be no way out. The place is given by its offsets from the agent.
    """
    best = int(-1)
    least = int(FAR) * 10
    for tile in range(TILES):
        if steps[tile] >= FAR:
            continue
        row = tile // WINDOW
        col = tile - row * WINDOW
        rows = abs(row_offset - (row - VISION))
        cols = abs(col_offset - (col - VISION))
        is_rim = row == 0 or row == EDGE or col == 0 or col == EDGE
        if not is_rim and rows + cols > 0:
            continue
        cost = steps[tile] + rows + cols
        if cost < least:
            least = cost
            best = tile
    return best


@kernel
def meal_move(row, steps, first, limit, reach):
    """Return the move toward food or water, whichever is lower and below a limit; -1 if none."""
    if int(row.task[T_RESOURCE]) == 0:
        return int(-1)
    own = row.own
    tiles = row.tiles
    food = int(own[O_FOOD])
    water = int(own[O_WATER])
    for turn in range(2):
        wants_water = (water <= food) == (turn == 0)
        level = water if wants_water else food
        if level >= limit:
            continue
        tile = nearest_meal(tiles, own, steps, wants_water)
        if tile >= 0 and steps[tile] <= reach:
            return first[tile]
    return int(-1)


@kernel
def move_toward(row_offset, col_offset, steps, first, bits):
    """Return the move toward a place given by its offsets; where no way is known, any."""
    if row_offset == 0 and col_offset == 0:
        return int(MOVE_STAY)
    tile = way_toward(row_offset, col_offset, steps)
    if tile >= 0:
        return first[tile]
    return bits % (MOVE_STAY + 1)
