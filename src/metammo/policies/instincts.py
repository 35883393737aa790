"""How a heuristic player lives: whom it fears, what it hunts, where it runs and what it strikes."""

from metammo.actions import NO_TARGET
from metammo.jit import kernel
from metammo.observe.layout import EntityFeature, OwnFeature, TaskFeature
from metammo.policies.ways import (
    FAR,
    is_free,
    is_safe,
    meal_move,
    move_toward,
    way_toward,
)
from metammo.rules.sizes import VISION, WINDOW
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY

T_OCCUPIED_RULE = int(TaskFeature.MOVE_INTO_OCCUPIED)
O_HEALTH = int(OwnFeature.HEALTH)
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
def is_threat(entity):
    """Return whether an observed entity may attack: an enemy that can, or a hostile NPC."""
    if int(entity[F_PRESENT]) == 0 or int(entity[F_MATE]) != 0:
        return False
    return int(entity[F_ENEMY]) != 0 or int(entity[F_HOSTILE]) != 0 or int(entity[F_ME]) != 0


@kernel
def flight(row):
    """Return the move that leads farthest from all threats near; stay if there is none."""
    tiles = row.tiles
    entities = row.entities
    may_share = int(row.task[T_OCCUPIED_RULE]) != 0
    best = int(MOVE_STAY)
    most = int(-FAR)
    for choice in range(MOVE_STAY + 1):
        tile_row = VISION + MOVE_ROW[choice]
        tile_col = VISION + MOVE_COL[choice]
        if choice != MOVE_STAY and not is_free(tiles, tile_row, tile_col, may_share):
            continue
        if not is_safe(tiles, tile_row, tile_col):
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
def urgent_move(row, steps, first, bits):
    """Return the move away from the fog or to a meal, where either cannot wait; -1 for none."""
    own = row.own
    left = int(own[O_FOG_LEFT])
    if left >= 0 and left < FOG_MARGIN and int(own[O_DISTANCE]) > int(own[O_FOG_SIZE]):
        return move_toward(int(own[O_ROW]), int(own[O_COL]), steps, first, bits)
    return meal_move(row, steps, first, int(HUNGRY), int(FAR) - 1)


@kernel
def survival_move(row, steps, first, bits):
    """Return the move of somebody who is to live long, and for whom nothing is urgent."""
    own = row.own
    entities = row.entities
    health = int(own[O_HEALTH])
    if health < TIRED and is_hunted(entities):
        return flight(row)
    move = meal_move(row, steps, first, int(PECKISH), int(NEAR))
    if move >= 0:
        return move
    if health >= STRONG:
        tile = prey(entities, health, steps)
        if tile >= 0:
            return first[tile]
    if int(own[O_DISTANCE]) > int(own[O_FOG_SIZE]):
        return move_toward(int(own[O_ROW]), int(own[O_COL]), steps, first, bits)
    return bits % (MOVE_STAY + 1)


@kernel
def race_move(row, steps, first, bits):
    """Return the move of somebody who is to reach the centre first, and alive."""
    own = row.own
    way = way_toward(int(own[O_ROW]), int(own[O_COL]), steps)
    if int(own[O_DISTANCE]) <= VISION and way >= 0 and steps[way] <= 2 * VISION:
        return first[way]
    # Food and water last a tick for each five points, and twenty health a tick with neither.
    move = meal_move(row, steps, first, int(HUNGRY), int(FAR) - 1)
    if move < 0:
        move = meal_move(row, steps, first, int(PECKISH), int(NEAR) - 1)
    if move >= 0:
        return move
    return move_toward(int(own[O_ROW]), int(own[O_COL]), steps, first, bits)


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
