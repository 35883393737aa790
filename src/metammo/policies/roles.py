"""What a heuristic player does for its task: hold, gather, hunt, guard, carry, seek, hide.

Each function returns a move, or -1 where the task says nothing and the player just lives.
"""

from metammo.actions import SILENT
from metammo.jit import kernel
from metammo.observe.layout import EntityFeature, OwnFeature, TalkFeature, TilePlane
from metammo.policies.instincts import F_DISTANCE, F_ENEMY, F_PRESENT, flight, is_hunted
from metammo.policies.ways import FAR, FOLIAGE, TILES, is_safe, move_toward
from metammo.rules.sizes import VISION, WINDOW
from metammo.world.grid import MOVE_STAY

O_TICK, O_MESSAGE = int(OwnFeature.TICK), int(OwnFeature.MESSAGE)
O_ROW, O_COL = int(OwnFeature.ROW_TO_CENTER), int(OwnFeature.COL_TO_CENTER)
O_PLAYABLE, O_IS_LEADER = int(OwnFeature.PLAYABLE), int(OwnFeature.IS_LEADER)
O_GOAL_ROW, O_GOAL_COL = int(OwnFeature.OBJECTIVE_ROW), int(OwnFeature.OBJECTIVE_COL)
O_GOAL_OWNED = int(OwnFeature.OBJECTIVE_OWNED)
F_ROW, F_COL = int(EntityFeature.ROW), int(EntityFeature.COL)
F_PASSIVE, F_NEUTRAL = int(EntityFeature.IS_PASSIVE), int(EntityFeature.IS_NEUTRAL)
F_HOSTILE = int(EntityFeature.IS_HOSTILE)
K_PRESENT, K_ROW, K_COL = (
    int(TalkFeature.PRESENT),
    int(TalkFeature.ROW),
    int(TalkFeature.COL),
)
P_MATERIAL = int(TilePlane.MATERIAL)

OURS = 2
"""The objective belongs to one's own team."""
GUARD = 2
"""Distance at which team-mates stand around what is theirs, tiles."""
RANKS = 2
"""Distance from the middle of one's team up to which ranks are closed, tiles."""
ESCORT = 4
"""Distance up to which the guards of a leader may stray, tiles."""
PATROL_TICKS = 40
"""Ticks for which a patrol goes to the same place."""


@kernel
def far_from(row_offset, col_offset):
    """Return the distance of a place given by its offsets."""
    return max(abs(row_offset), abs(col_offset))


@kernel
def hold_move(row, steps, first, bits):
    """Go and stand on the objective; once it is ours, stand on it or around it."""
    own = row.own
    goal_row = int(own[O_GOAL_ROW])
    goal_col = int(own[O_GOAL_COL])
    if int(own[O_GOAL_OWNED]) == OURS and far_from(goal_row, goal_col) <= GUARD:
        return int(MOVE_STAY) if goal_row == 0 and goal_col == 0 else int(-1)
    return move_toward(goal_row, goal_col, steps, first, bits)


@kernel
def carry_move(row, steps, first, bits):
    """Go where the compass points."""
    own = row.own
    return move_toward(int(own[O_GOAL_ROW]), int(own[O_GOAL_COL]), steps, first, bits)


@kernel
def close_ranks_move(row, steps, first, bits):
    """Stand close to one's living team; who strays is killed alone."""
    rows, cols, members = team_middle(row)
    if members > 1 and far_from(rows, cols) > RANKS:
        return move_toward(rows, cols, steps, first, bits)
    return int(MOVE_STAY)


@kernel
def team_middle(row):
    """Return the offsets of the middle of one's living team, and its number, oneself included."""
    rows = cols = members = int(0)
    for place in range(len(row.talk)):
        if int(row.talk[place, K_PRESENT]) != 0:
            rows += int(row.talk[place, K_ROW])
            cols += int(row.talk[place, K_COL])
            members += 1
    if members < 2:
        return int(0), int(0), members
    # Whole tiles toward zero, so that a small circle comes to rest.
    row_offset = abs(rows) // members * (1 if rows >= 0 else -1)
    col_offset = abs(cols) // members * (1 if cols >= 0 else -1)
    return row_offset, col_offset, members


@kernel
def gather_move(row, steps, first, bits):
    """Go to the middle of one's living team."""
    rows, cols, _ = team_middle(row)
    return move_toward(rows, cols, steps, first, bits)


@kernel
def call_sign(row, bits):
    """Return the token to say: the one said last, or a random one, to be told from one's mates."""
    said = int(row.own[O_MESSAGE])
    if said > 0:
        return said - 1
    return bits // 8 % int(SILENT)


@kernel
def patrol_move(row, steps, first, bits):
    """Go to one of nine places of the map, in a turn of one's own; another after a while.

    Mates that stand on one tile see the same: what parts them is the token that each has said.
    """
    own = row.own
    turn = int(own[O_TICK]) // PATROL_TICKS + int(own[O_MESSAGE])
    reach = int(own[O_PLAYABLE]) // 3
    row_offset = int(own[O_ROW]) + (turn * 5 % 9 // 3 - 1) * reach
    col_offset = int(own[O_COL]) + (turn * 5 % 3 - 1) * reach
    if bits % 4 == 0 or far_from(row_offset, col_offset) <= 1:
        return bits // 4 % (MOVE_STAY + 1)
    return move_toward(row_offset, col_offset, steps, first, bits)


@kernel
def nearest_entity(row, steps, wants_npcs):
    """Return the window's tile of the nearest enemy, or NPC, that can be walked to; -1 if none."""
    best = int(-1)
    least = int(FAR)
    for index in range(len(row.entities)):
        entity = row.entities[index]
        is_wanted = int(entity[F_ENEMY]) != 0
        if wants_npcs:
            is_wanted = int(entity[F_PASSIVE] + entity[F_NEUTRAL] + entity[F_HOSTILE]) != 0
        if int(entity[F_PRESENT]) == 0 or not is_wanted:
            continue
        tile = (int(entity[F_ROW]) + VISION) * WINDOW + int(entity[F_COL]) + VISION
        # Its own tile may count as taken; then what lies beside it is as good.
        apart = min(steps[tile], steps[max(tile - 1, 0)], steps[min(tile + 1, TILES - 1)])
        if apart < least:
            least = apart
            best = index
    return best


@kernel
def chase_move(row, steps, first, bits, wants_npcs):
    """Go after the nearest enemy, or NPC; where none is in sight, go round."""
    index = nearest_entity(row, steps, wants_npcs)
    if index < 0:
        return patrol_move(row, steps, first, bits)
    entity = row.entities[index]
    return move_toward(int(entity[F_ROW]), int(entity[F_COL]), steps, first, bits)


@kernel
def guard_move(row, steps, first, bits):
    """Stay near one's leader; as the leader, keep away from threats."""
    if int(row.own[O_IS_LEADER]) != 0:
        return flight(row) if is_hunted(row.entities) else int(-1)
    leader = row.talk[0]
    rows = int(leader[K_ROW])
    cols = int(leader[K_COL])
    if int(leader[K_PRESENT]) != 0 and far_from(rows, cols) > ESCORT:
        return move_toward(rows, cols, steps, first, bits)
    return int(-1)


@kernel
def hide_move(row, steps, first, bits):
    """Run from seekers in sight, else go to the nearest foliage and stay there."""
    for index in range(len(row.entities)):
        entity = row.entities[index]
        if int(entity[F_ENEMY]) != 0 and int(entity[F_DISTANCE]) <= VISION:
            return flight(row)
    best = int(-1)
    least = int(FAR)
    for tile in range(TILES):
        tile_row = tile // WINDOW
        tile_col = tile - tile_row * WINDOW
        is_cover = int(row.tiles[P_MATERIAL, tile_row, tile_col]) == FOLIAGE
        if is_cover and steps[tile] < least and is_safe(row.tiles, tile_row, tile_col):
            least = steps[tile]
            best = tile
    if best >= 0:
        return first[best]
    return bits % (MOVE_STAY + 1)
