"""What each agent of a world sees after a tick, written into the caller's buffers."""

import numpy as np

from metammo.jit import copy_numbers, kernel, prefetch
from metammo.observe.entities import encode_entities, write_entities
from metammo.observe.layout import (
    FOG_LEVEL,
    MINI_LAYOUT,
    TALK_LIMIT,
    TASK_FLAGS,
    OwnFeature,
    TilePlane,
)
from metammo.observe.masks import write_mask, write_no_op_mask, write_steady_mask
from metammo.observe.scratch import BLANK, UNKNOWN
from metammo.rules.rules import RESPAWN_NEVER
from metammo.rules.sizes import VISION, WINDOW
from metammo.tick.fighting import is_immortal, is_in_combat, is_young
from metammo.tick.fog import CLEAR, fog_advance, fog_depth, rounded
from metammo.world.columns import TASK_NUMBERS
from metammo.world.grid import center_of

MATERIAL, ENTITY, FOG, OBJECTIVE = (int(plane) for plane in TilePlane)
FOG_NEAREST = 255
FOG_FARTHEST = 1
INT8_LIMIT = 127
TICK_LIMIT = 1024
ROW_BYTES = MINI_LAYOUT.row_bytes
CACHE_LINE = 64
"""Bytes that a processor fetches at once."""

(
    O_ALIVE,
    O_HEALTH,
    O_FOOD,
    O_WATER,
    O_ROW_TO_CENTER,
    O_COL_TO_CENTER,
    O_DISTANCE_TO_CENTER,
    O_PLAYABLE,
    O_TICK,
    O_TICKS_LEFT,
    O_TIME_ALIVE,
    O_FREEZE,
    O_IS_IMMORTAL,
    O_IS_YOUNG,
    O_IN_COMBAT,
    O_DAMAGE,
    O_IS_ATTACKED,
    O_IS_RESILIENT,
    O_FOG_HERE,
    O_FOG_TICKS_LEFT,
    O_FOG_FINAL_SIZE,
    O_MESSAGE,
    O_GOLD,
    O_LEVEL,
    O_MELEE_LEVEL,
    O_RANGE_LEVEL,
    O_MAGE_LEVEL,
    O_EXPLORATION,
    O_TEAM_ALIVE,
    O_TEAM_SIZE,
    O_PLAYERS_ALIVE,
    O_TEAMS_ALIVE,
    O_LAST_STYLE,
    O_IS_LEADER,
    O_OBJECTIVE_ROW,
    O_OBJECTIVE_COL,
    O_OBJECTIVE_OWNED,
    O_PROGRESS,
    O_CAN_ATTACK,
    O_COMBAT_TICKS,
) = (int(feature) for feature in OwnFeature)


@kernel
def fog_code_of(depth, per):
    """Return the fog plane's code of a depth given in tiles times `per`."""
    return min(max(FOG_LEVEL + rounded(depth, per), FOG_FARTHEST), FOG_NEAREST)


@kernel
def encode_fog(world, scratch):
    """Write the fog's code of every tile: by the nearer edge, and the clear square far off."""
    side = world.tile_material.shape[0]
    per = int(world.rule_fog_speed_per)
    advance = fog_advance(world)
    border = center_of(world) - int(world.rule_playable) // 2
    for line in range(side):
        ring = min(line, side - 1 - line) - border
        scratch.fog_code[line] = fog_code_of(advance - ring * per, per)
    code = scratch.fog_code
    fog = scratch.fog
    for row in range(side):
        by_row = code[row]
        line = fog[row]
        for col in range(side):
            line[col] = max(by_row, code[col])
    center = center_of(world)
    half = int(world.rule_fog_final_size)
    low = max(center - half, 0)
    high = min(center + half + 1, side)
    for row in range(low, high):
        for col in range(low, high):
            fog[row, col] = FOG_FARTHEST


@kernel
def write_window(world, player, tiles, plane):
    """Write the part of a map of bytes that an agent sees."""
    side = tiles.shape[0]
    top = int(world.entity_row[player]) - VISION
    left = int(world.entity_col[player]) - VISION
    for row in range(WINDOW):
        copy_numbers(plane, row * WINDOW, tiles, (top + row) * side + left, WINDOW)


@kernel
def objective_code(world, player, objective):
    """Return how an objective is shown: 1 nobody's, 2 one's own team's, 3 another's, + 3 x kind."""
    owner = int(world.objective_owner[objective])
    code = int(3)
    if owner < 0:
        code = int(1)
    elif owner == int(world.entity_team[player]):
        code = int(2)
    return code + 3 * int(world.objective_kind[objective])


@kernel
def write_objectives(world, player, plane):
    """Write the objectives in sight."""
    plane[:, :] = 0
    top = int(world.entity_row[player]) - VISION
    left = int(world.entity_col[player]) - VISION
    for objective in range(int(world.objective_count)):
        row = int(world.objective_row[objective]) - top
        col = int(world.objective_col[objective]) - left
        if row >= 0 and row < WINDOW and col >= 0 and col < WINDOW:
            plane[row, col] = objective_code(world, player, objective)


@kernel
def fog_ticks_left(world, depth):
    """Return the ticks until the fog reaches a tile of this depth, 0..1024; -1 without fog."""
    if int(world.rule_fog_onset) == 0:
        return int(-1)
    per = int(world.rule_fog_speed_per)
    if depth > 0:
        return int(0)
    if depth <= CLEAR * per:
        return TICK_LIMIT
    speed = max(int(world.rule_fog_speed), 1)
    ticks = -depth // speed + max(int(world.rule_fog_onset) - int(world.tick), 0)
    return min(ticks, TICK_LIMIT)


@kernel
def write_own_fog(world, player, own):
    """Write what the fog means for the agent where it stands."""
    own[O_FOG_FINAL_SIZE] = int(world.rule_fog_final_size)
    if int(world.rule_fog_onset) == 0:
        own[O_FOG_HERE] = 0
        own[O_FOG_TICKS_LEFT] = -1
        return
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    depth = fog_depth(world, fog_advance(world), row, col)
    own[O_FOG_HERE] = max(rounded(depth, int(world.rule_fog_speed_per)), 0)
    own[O_FOG_TICKS_LEFT] = fog_ticks_left(world, depth)


@kernel
def write_own_body(world, player, own):
    """Write the agent's body: health, food, water, fighting, levels."""
    own[O_ALIVE] = 1
    own[O_HEALTH] = int(world.entity_health[player])
    own[O_FOOD] = int(world.player_food[player])
    own[O_WATER] = int(world.player_water[player])
    own[O_TIME_ALIVE] = min(int(world.entity_time_alive[player]), 32767)
    own[O_FREEZE] = int(world.entity_freeze[player])
    own[O_IS_IMMORTAL] = 1 if is_immortal(world, player) else 0
    own[O_IS_YOUNG] = 1 if is_young(world, player) else 0
    fights = is_in_combat(world, player)
    own[O_IN_COMBAT] = 1 if fights else 0
    stamp = int(world.entity_combat_tick[player]) + int(world.rule_combat_ticks)
    own[O_COMBAT_TICKS] = stamp - int(world.tick) if fights else 0
    own[O_DAMAGE] = int(world.entity_damage[player])
    own[O_IS_ATTACKED] = 1 if int(world.entity_attacker[player]) >= 0 else 0
    own[O_IS_RESILIENT] = int(world.player_is_resilient[player])
    own[O_MESSAGE] = int(world.player_message[player])
    own[O_GOLD] = min(int(world.entity_gold[player]), 32767)
    own[O_LEVEL] = int(world.entity_level[player])
    own[O_MELEE_LEVEL] = int(world.player_skill_level[player, 0])
    own[O_RANGE_LEVEL] = int(world.player_skill_level[player, 1])
    own[O_MAGE_LEVEL] = int(world.player_skill_level[player, 2])
    own[O_LAST_STYLE] = int(world.entity_style[player])


@kernel
def write_own_place(world, scratch, player, own):
    """Write where the agent is, what time it is, and how its team stands."""
    center = center_of(world)
    rows = center - int(world.entity_row[player])
    cols = center - int(world.entity_col[player])
    team = int(world.entity_team[player])
    own[O_ROW_TO_CENTER] = rows
    own[O_COL_TO_CENTER] = cols
    own[O_DISTANCE_TO_CENTER] = max(abs(rows), abs(cols))
    own[O_PLAYABLE] = int(world.rule_playable)
    own[O_TICK] = int(world.tick)
    own[O_TICKS_LEFT] = int(world.rule_horizon) - int(world.tick)
    own[O_EXPLORATION] = int(world.player_exploration[player])
    own[O_TEAM_ALIVE] = int(scratch.team_alive[team])
    own[O_TEAM_SIZE] = int(world.team_size[team])
    own[O_PLAYERS_ALIVE] = int(scratch.players_alive)
    own[O_TEAMS_ALIVE] = int(scratch.teams_alive)
    own[O_IS_LEADER] = 1 if int(world.team_first[team]) == player else 0
    own[O_OBJECTIVE_ROW] = 0
    own[O_OBJECTIVE_COL] = 0
    own[O_OBJECTIVE_OWNED] = 0
    shown = int(world.player_objective[player])
    if shown >= 0 and shown < int(world.objective_count):
        own[O_OBJECTIVE_ROW] = int(world.objective_row[shown]) - int(world.entity_row[player])
        own[O_OBJECTIVE_COL] = int(world.objective_col[shown]) - int(world.entity_col[player])
        own[O_OBJECTIVE_OWNED] = 1 + (objective_code(world, player, shown) - 1) % 3
    # In float64, as compiled code would take it anyway, and NumPy would not.
    own[O_PROGRESS] = int(np.float64(world.player_progress[player]) * 1000.0 + 0.5)


@kernel
def within_int8(value):
    """Return a number cut to what an int8 holds, symmetric."""
    return min(max(value, -INT8_LIMIT), INT8_LIMIT)


@kernel
def write_talk(world, player, talk):
    """Write where the living members of one's team are, oneself too, and what they said last."""
    team = int(world.entity_team[player])
    first = int(world.team_first[team])
    size = min(int(world.team_size[team]), TALK_LIMIT)
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    for place in range(size):
        member = first + place
        if world.entity_is_alive[member] != 0:
            talk[place, 0] = 1
            talk[place, 1] = within_int8(int(world.entity_row[member]) - row)
            talk[place, 2] = within_int8(int(world.entity_col[member]) - col)
            talk[place, 3] = int(world.player_message[member])
        else:
            talk[place, 0] = 0
            talk[place, 1] = 0
            talk[place, 2] = 0
            talk[place, 3] = 0


@kernel
def write_task(world, player, task):
    """Write the task vector: who is asked, which systems are on, what is asked."""
    task[0] = int(world.task_is_team[player])
    task[1] = int(world.rule_resource)
    task[2] = int(world.rule_combat)
    task[3] = int(world.rule_npc)
    task[4] = int(world.rule_communication)
    task[5] = int(world.rule_progression)
    task[6] = int(world.rule_item)
    task[7] = int(world.rule_equipment)
    task[8] = int(world.rule_profession)
    task[9] = int(world.rule_exchange)
    task[10] = int(world.rule_move_into_occupied)
    task[11] = 1 if int(world.rule_respawn) != RESPAWN_NEVER else 0
    for number in range(TASK_NUMBERS):
        task[TASK_FLAGS + number] = world.task_vector[player, number]


@kernel
def write_blank(row, mask):
    """Write the observation of the dead: zeros, and a mask that allows nothing."""
    row.own[:] = 0
    row.tiles[:, :, :] = 0
    row.entities[:, :] = 0
    row.talk[:, :] = 0
    row.task[:] = 0
    write_no_op_mask(mask)


@kernel
def write_steady(world, player, row, mask):
    """Write what stays the same for an agent's life, and clear what the life may never fill."""
    row.tiles[:, :, :] = 0
    row.entities[:, :] = 0
    row.talk[:, :] = 0
    write_task(world, player, row.task)
    write_steady_mask(world, mask)


@kernel
def observe_player(world, scratch, player, kept, row, mask):
    """Write one living agent's observation and mask; return how many entities it shows.

    Args:
        world: the world.
        scratch: with `encode_entities` and `encode_fog` done.
        player: the observer.
        kept: what the row holds: `UNKNOWN`, `BLANK`, or a number of entities.
        row: record of the layout.
        mask: uint8[choices].
    """
    filled = kept
    if kept < 0:
        write_steady(world, player, row, mask)
        filled = int(0)
    tiles = row.tiles
    write_window(world, player, world.tile_material, tiles[MATERIAL])
    if int(world.rule_fog_onset) != 0:
        write_window(world, player, scratch.fog, tiles[FOG])
    if int(world.objective_count) > 0:
        write_objectives(world, player, tiles[OBJECTIVE])
    targets, count = write_entities(world, scratch, player, filled, row.entities, tiles[ENTITY])
    own = row.own
    write_own_body(world, player, own)
    write_own_place(world, scratch, player, own)
    write_own_fog(world, player, own)
    own[O_CAN_ATTACK] = targets
    write_talk(world, player, row.talk)
    write_mask(world, player, targets, mask)
    return count


@kernel
def stamp_of(world):
    """Return what changes with all that `write_steady` and its callers rely on, uint64."""
    has_fog = int(1) if int(world.rule_fog_onset) != 0 else int(0)
    has_objectives = int(1) if int(world.objective_count) > 0 else int(0)
    # The last bit keeps it from being 0, which stands for a buffer never written.
    number = 8 * int(world.episode) + 4 * has_fog + 2 * has_objectives + 1
    return world.map_seed ^ np.uint64(number)


@kernel
def write_alive(world, alive):
    """Write who acts on the present observation, bool[agents]."""
    for player in range(alive.shape[0]):
        alive[player] = world.entity_is_alive[player] != 0


@kernel
def observe_world(world, scratch, kept, rows, masks):
    """Write the observations and masks of all agents of a world.

    Args:
        world: the world; only its column `observed_entity` is written.
        scratch: one record of `scratch_dtype`.
        kept: one record of `kept_dtype`: what the last call left in these rows and masks.
        rows: record array [agents] of the layout.
        masks: uint8[agents, choices].
    """
    encode_entities(world, scratch)
    if int(world.rule_fog_onset) != 0:
        encode_fog(world, scratch)
    stamp = stamp_of(world)
    if kept.stamp != stamp:
        kept.stamp = stamp
        kept.row[:] = UNKNOWN
        kept.item_row[:] = UNKNOWN
        kept.listings = UNKNOWN
    choices = masks.shape[1]
    for player in range(masks.shape[0]):
        before = int(kept.row[player])
        if world.entity_is_alive[player] != 0:
            row = rows[player]
            # The next row, often out of the caches, is fetched while this one is written.
            for byte in range(0, ROW_BYTES, CACHE_LINE):
                prefetch(rows, player + 1, byte)
            prefetch(masks, (player + 1) * choices, int(0))
            kept.row[player] = observe_player(world, scratch, player, before, row, masks[player])
        elif before != BLANK:
            write_blank(rows[player], masks[player])
            kept.row[player] = BLANK
