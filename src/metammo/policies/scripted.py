"""A heuristic player, compiled and batch-wide, that knows no more than its observation.

In this order: get out of the fog in time, eat and drink before it is too late, run from what is
stronger, go where the task asks for, go after what is weaker, stay near the middle. Whoever may be
attacked is attacked, the weakest first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    HEAD_MOVE,
    HEAD_STYLE,
    HEAD_TALK,
    HEAD_TARGET,
    NO_TARGET,
    SILENT,
    no_op,
)
from metammo.jit import entry, kernel
from metammo.observe.layout import (
    FOG_LEVEL,
    EntityFeature,
    Market,
    OwnFeature,
    TaskFeature,
    TileEntity,
    TilePlane,
)
from metammo.policies.stateless import StatelessPolicy, heads_of
from metammo.rules.materials import IS_HABITABLE, Material
from metammo.rules.sizes import VISION, WINDOW
from metammo.tasks.codes import Predicate
from metammo.tasks.embedding import told_predicate
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY
from metammo.world.random import bits31

FAR = 10_000
"""Steps to a tile that cannot be reached."""
EDGE = WINDOW - 1
TILES = WINDOW * WINDOW
HERE = VISION * WINDOW + VISION

WATER, FOLIAGE = int(Material.WATER), int(Material.FOLIAGE)
P_MATERIAL, P_ENTITY, P_FOG = int(TilePlane.MATERIAL), int(TilePlane.ENTITY), int(TilePlane.FOG)
T_NONE = int(TileEntity.NONE)
T_OCCUPIED_RULE = int(TaskFeature.MOVE_INTO_OCCUPIED)
T_PREDICATE = int(TaskFeature.PREDICATE)
RACE = int(Predicate.PROGRESS_TOWARD_CENTER)
T_RESOURCE = int(TaskFeature.RESOURCE)
T_COMBAT = int(TaskFeature.COMBAT)

O_HEALTH, O_FOOD, O_WATER = int(OwnFeature.HEALTH), int(OwnFeature.FOOD), int(OwnFeature.WATER)
O_ROW, O_COL = int(OwnFeature.ROW_TO_CENTER), int(OwnFeature.COL_TO_CENTER)
O_DISTANCE = int(OwnFeature.DISTANCE_TO_CENTER)
O_FOG_LEFT = int(OwnFeature.FOG_TICKS_LEFT)
O_FOG_SIZE = int(OwnFeature.FOG_FINAL_SIZE)

F_PRESENT, F_ROW, F_COL = (
    int(EntityFeature.PRESENT),
    int(EntityFeature.ROW),
    int(EntityFeature.COL),
)
F_DISTANCE, F_HEALTH = int(EntityFeature.DISTANCE), int(EntityFeature.HEALTH)
F_MATE, F_ENEMY = int(EntityFeature.IS_TEAM_MATE), int(EntityFeature.IS_ENEMY)
F_HOSTILE, F_ME = int(EntityFeature.IS_HOSTILE), int(EntityFeature.IS_TARGETING_ME)
F_PROTECTED = int(EntityFeature.IS_PROTECTED)

HUNGRY = 45
"""Food or water below which the agent goes for it, whatever the way, points."""
PECKISH = 75
"""Below this it goes for it if it is near, points."""
NEAR = 3
"""What counts as near, steps."""
TIRED = 45
"""Health below which it runs from who is after it, points."""
STRONG = 60
"""Health from which it goes after the weaker, points."""
FOG_MARGIN = 12
"""Ticks before the fog's arrival at which it leaves."""


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
def way_to_center(own, steps):
    """Return the tile of the window by which the way to the centre is shortest.

    The centre itself if it can be reached in sight, else a tile of the window's rim: what lies
    within is known to be no way out.
    """
    best = int(-1)
    least = int(FAR) * 10
    for tile in range(TILES):
        if steps[tile] >= FAR:
            continue
        row = tile // WINDOW
        col = tile - row * WINDOW
        rows = abs(int(own[O_ROW]) - (row - VISION))
        cols = abs(int(own[O_COL]) - (col - VISION))
        is_rim = row == 0 or row == EDGE or col == 0 or col == EDGE
        if not is_rim and rows + cols > 0:
            continue
        cost = steps[tile] + rows + cols
        if cost < least:
            least = cost
            best = tile
    return best


@kernel
def is_threat(entity):
    """Return whether an observed entity may attack: an enemy that can, or a hostile NPC."""
    if int(entity[F_PRESENT]) == 0 or int(entity[F_MATE]) != 0:
        return False
    return int(entity[F_ENEMY]) != 0 or int(entity[F_HOSTILE]) != 0 or int(entity[F_ME]) != 0


@kernel
def flight(tiles, entities, may_share):
    """Return the move that leads farthest from all threats near; stay if there is none."""
    best = int(MOVE_STAY)
    most = int(-FAR)
    for choice in range(MOVE_STAY + 1):
        row = VISION + MOVE_ROW[choice]
        col = VISION + MOVE_COL[choice]
        if choice != MOVE_STAY and not is_free(tiles, row, col, may_share):
            continue
        if not is_safe(tiles, row, col):
            continue
        gain = int(0)
        for index in range(len(entities)):
            entity = entities[index]
            if not is_threat(entity) or int(entity[F_DISTANCE]) > 5:
                continue
            rows = abs(int(entity[F_ROW]) - MOVE_ROW[choice])
            cols = abs(int(entity[F_COL]) - MOVE_COL[choice])
            gain += min(max(rows, cols), 5) * 4 + rows + cols
        if gain > most:
            most = gain
            best = choice
    return best


@kernel
def is_hunted(entities):
    """Return whether a threat is close enough to run from."""
    for index in range(len(entities)):
        if is_threat(entities[index]) and int(entities[index, F_DISTANCE]) <= 4:
            return True
    return False


@kernel
def prey(entities, health, steps):
    """Return the window's tile of the nearest enemy that is weaker and in reach, -1 if none."""
    best = int(-1)
    least = int(FAR)
    for index in range(len(entities)):
        entity = entities[index]
        if int(entity[F_ENEMY]) == 0 or int(entity[F_PROTECTED]) != 0:
            continue
        if int(entity[F_HEALTH]) >= health:
            continue
        tile = (int(entity[F_ROW]) + VISION) * WINDOW + int(entity[F_COL]) + VISION
        if steps[tile] < least:
            least = steps[tile]
            best = tile
    return best


@kernel
def meal_move(own, tiles, steps, first, limit, reach):
    """Return the move toward food or water, whichever is lower and below a limit; -1 if none."""
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
def goal_move(tiles, own, steps, first, bits):
    """Return the move toward the centre; where no way is known, any."""
    tile = way_to_center(own, steps)
    if tile >= 0:
        return first[tile]
    return bits % (MOVE_STAY + 1)


@kernel
def survival_move(own, tiles, entities, may_share, steps, first, bits):
    """Return the move of somebody who is to live long."""
    left = int(own[O_FOG_LEFT])
    if left >= 0 and left < FOG_MARGIN and int(own[O_DISTANCE]) > int(own[O_FOG_SIZE]):
        return goal_move(tiles, own, steps, first, bits)
    move = meal_move(own, tiles, steps, first, int(HUNGRY), int(FAR) - 1)
    if move >= 0:
        return move
    health = int(own[O_HEALTH])
    if health < TIRED and is_hunted(entities):
        return flight(tiles, entities, may_share)
    move = meal_move(own, tiles, steps, first, int(PECKISH), int(NEAR))
    if move >= 0:
        return move
    if health >= STRONG:
        tile = prey(entities, health, steps)
        if tile >= 0:
            return first[tile]
    if int(own[O_DISTANCE]) > int(own[O_FOG_SIZE]):
        return goal_move(tiles, own, steps, first, bits)
    return bits % (MOVE_STAY + 1)


@kernel
def race_move(own, tiles, steps, first, bits):
    """Return the move of somebody who is to reach the centre first, and alive."""
    way = way_to_center(own, steps)
    if int(own[O_DISTANCE]) <= VISION and way >= 0 and steps[way] <= 2 * VISION:
        return first[way]
    # Food and water last a tick for each five points, and twenty health a tick with neither.
    move = meal_move(own, tiles, steps, first, int(HUNGRY), int(FAR) - 1)
    if move < 0:
        move = meal_move(own, tiles, steps, first, int(PECKISH), int(NEAR) - 1)
    if move >= 0:
        return move
    return goal_move(tiles, own, steps, first, bits)


@kernel
def weakest_target(entities, mask, target_first):
    """Return the row of the weakest entity that may be attacked; the no-op if there is none."""
    best = int(NO_TARGET)
    least = int(FAR)
    for index in range(len(entities)):
        if mask[target_first + index] == 0:
            continue
        health = int(entities[index, F_HEALTH])
        # Of equals rather those who attack.
        if int(entities[index, F_ME]) == 0:
            health += 1
        if health < least:
            least = health
            best = index
    return best


@kernel
def choose(row, mask, steps, first, bits, action):
    """Choose one agent's action from its observation and mask."""
    own = row.own
    tiles = row.tiles
    may_share = int(row.task[T_OCCUPIED_RULE]) != 0
    measure_ways(tiles, may_share, steps, first)
    if told_predicate(row.task, int(T_PREDICATE)) == RACE:
        move = race_move(own, tiles, steps, first, bits)
    else:
        move = survival_move(own, tiles, row.entities, may_share, steps, first, bits)
    if mask[move] == 0:
        move = int(MOVE_STAY)
    action[HEAD_MOVE] = move
    action[HEAD_STYLE] = 0
    action[HEAD_TARGET] = weakest_target(row.entities, mask, int(MOVE_STAY) + 4)
    action[HEAD_TALK] = SILENT


@entry
def act_all(rows, masks, seed, actions):
    """Choose an action for every row.

    Args:
        rows: record array [rows] of the layout.
        masks: uint8[rows, choices].
        seed: uint64, of the choices left to chance.
        actions: int16[rows, heads], written.
    """
    steps = np.empty(TILES, np.int64)
    first = np.empty(TILES, np.int64)
    for index in range(len(rows)):
        bits = bits31(seed, np.uint64(index))
        choose(rows[index], masks[index], steps, first, bits, actions[index])


class ScriptedPolicy(StatelessPolicy):
    """The heuristic player behind the policy interface."""

    name = "scripted"

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Choose an action for each row; of items it leaves its hands."""
        rows = np.ascontiguousarray(np.asarray(observation)).view(np.recarray)
        masks = np.ascontiguousarray(mask)
        actions = np.tile(np.array(no_op(heads_of(mask)), np.int16), (len(rows), 1))
        act_all(rows, masks, self.next_seed(), actions)
        return actions, None
