"""What NPCs want, and how they come into a world (rulebook, section 7)."""

import numpy as np

from metammo.jit import kernel
from metammo.maps.spawns import depth_of, depth_tile, random_tile
from metammo.rules.items import ARMOR, TOOLS
from metammo.rules.rules import SHARE
from metammo.rules.sizes import VISION
from metammo.rules.skills import STYLE_COUNT
from metammo.tick.fighting import can_attack, is_immortal
from metammo.tick.pathfinding import path_move
from metammo.world.columns import Kind
from metammo.world.grid import (
    MOVE_COL,
    MOVE_NORTH,
    MOVE_ROW,
    MOVE_STAY,
    distance,
    entity_distance,
    is_habitable,
    put_entity,
)
from metammo.world.random import advance, draw_below

FULL = 100
RALLY_RADIUS = 5
"""A rally is done within this distance of its tile, tiles."""
MEANDER_LIMIT = 10
"""L1 distance up to which a meandering soldier takes the shortest path, tiles."""
MEANDER_WEIGHT = 3

NPC_LEVELS = 9
"""Levels between the least and the most dangerous NPC."""
GEAR_PER_LEVEL = 8
"""Offense and defense of an NPC's gear a level, before the multiplier, points."""
ITEM_LEVELS = 5
"""Level of an NPC's gear, as it is seen, for each of its own."""
FIRST_ARMOR, ARMOR_COUNT = int(ARMOR[0]), len(ARMOR)
FIRST_TOOL, TOOL_COUNT = int(TOOLS[0]), len(TOOLS)

FEW_PLAYERS = 256
"""Up to so many players, looking at each is quicker than looking at the 225 tiles in sight."""

PASSIVE = int(Kind.PASSIVE)
NEUTRAL = int(Kind.NEUTRAL)
AGGRESSIVE = int(Kind.AGGRESSIVE)
SOLDIER = int(Kind.SOLDIER)

WANDER = np.array([0, 1, 3, 2, 0, 1, 3, 2], np.int64)
"""int64[8]: moves in the order in which a wanderer tries them: north, south, west, east, again."""


@kernel
def wander_move(world, row, col):
    """Return a random direction, or the first after it in the cycle that can be walked."""
    start = draw_below(world, int(4))
    for offset in range(4):
        move = WANDER[start + offset]
        if is_habitable(world, row + MOVE_ROW[move], col + MOVE_COL[move]):
            return move
    return int(MOVE_NORTH)


@kernel
def meander_move(world, row, col, goal_row, goal_col):
    """Return a move toward a goal: the shortest path when near, else a weighted random walk.

    Each habitable direction weighs 1, and 3 x |rows left| / L1 (or columns) more where it brings
    the walker nearer; weights are kept as whole numbers, times L1.
    """
    rows = goal_row - row
    cols = goal_col - col
    total = abs(rows) + abs(cols)
    if total <= MEANDER_LIMIT:
        return path_move(world, row, col, goal_row, goal_col)
    weights = np.zeros(4, np.int64)
    weight_sum = int(0)
    for direction in range(4):
        move = WANDER[direction]
        row_step = MOVE_ROW[move]
        col_step = MOVE_COL[move]
        if is_habitable(world, row + row_step, col + col_step):
            weights[direction] = total
            if row_step * rows > 0:
                weights[direction] += MEANDER_WEIGHT * abs(rows)
            if col_step * cols > 0:
                weights[direction] += MEANDER_WEIGHT * abs(cols)
            weight_sum += weights[direction]
    if weight_sum == 0:
        return int(MOVE_NORTH)
    left = draw_below(world, weight_sum)
    for direction in range(4):
        left -= weights[direction]
        if left < 0:
            return WANDER[direction]
    return int(MOVE_NORTH)


@kernel
def can_see(world, npc_entity, target):
    """Return whether an NPC can see an entity: near enough, and mortal."""
    if is_immortal(world, target):
        return False
    return entity_distance(world, npc_entity, target) <= VISION


@kernel
def closest_in_window(world, entity):
    """Return what `closest_player` does, by looking at the tiles in sight."""
    row = int(world.entity_row[entity])
    col = int(world.entity_col[entity])
    players = world.player_food.shape[0]
    closest = int(-1)
    least = int(VISION) + 1
    for tile_row in range(row - VISION, row + VISION + 1):
        for tile_col in range(col - VISION, col + VISION + 1):
            other = int(world.tile_first_entity[tile_row, tile_col])
            while other >= 0:
                apart = distance(row, col, tile_row, tile_col)
                nearer = apart < least or (apart == least and other < closest)
                if nearer and other < players and not is_immortal(world, other):
                    closest = other
                    least = apart
                other = int(world.entity_next[other])
    return closest


@kernel
def closest_player(world, entity):
    """Return the nearest living player in sight (L-infinity, ties by row), -1 if there is none."""
    if int(world.player_count) > FEW_PLAYERS:
        return closest_in_window(world, entity)
    row = int(world.entity_row[entity])
    col = int(world.entity_col[entity])
    closest = int(-1)
    least = int(VISION) + 1
    for player in range(int(world.player_count)):
        apart = distance(row, col, int(world.entity_row[player]), int(world.entity_col[player]))
        if apart < least and world.entity_is_alive[player] != 0 and not is_immortal(world, player):
            closest = player
            least = apart
    return closest


@kernel
def choose_target(world, npc, entity):
    """Keep, drop, adopt or look for the entity that an NPC fights; return it, -1 for none.

    The neutral do not look for one.
    """
    target = int(world.npc_target[npc])
    if target >= 0:
        gone = world.entity_is_alive[target] == 0 or int(world.entity_health[target]) <= 0
        if gone or not can_see(world, entity, target):
            target = int(-1)
    if target < 0:
        # An attacker is adopted as it is; whether it still lives shows at the next look.
        target = int(world.entity_attacker[entity])
    if target < 0 and int(world.entity_kind[entity]) != NEUTRAL:
        target = closest_player(world, entity)
    world.npc_target[npc] = target
    return target


@kernel
def decide_charge(world, npc, entity, target):
    """Step toward a target, and attack it if it is in reach already."""
    world.npc_move[npc] = path_move(
        world,
        int(world.entity_row[entity]),
        int(world.entity_col[entity]),
        int(world.entity_row[target]),
        int(world.entity_col[target]),
    )
    if can_attack(world, entity, target):
        world.npc_attack[npc] = target


@kernel
def decide_wander(world, npc, entity):
    """Take a random step."""
    row = int(world.entity_row[entity])
    col = int(world.entity_col[entity])
    world.npc_move[npc] = wander_move(world, row, col)


@kernel
def forget_done_orders(world, npc, entity):
    """Drop an order that is carried out: the victim dead, the rally point near."""
    victim = int(world.npc_victim[npc])
    if victim >= 0 and (
        world.entity_is_alive[victim] == 0 or int(world.entity_health[victim]) <= 0
    ):
        world.npc_victim[npc] = -1
    rally_row = int(world.npc_rally_row[npc])
    if rally_row >= 0:
        apart = distance(
            int(world.entity_row[entity]),
            int(world.entity_col[entity]),
            rally_row,
            int(world.npc_rally_col[npc]),
        )
        if apart <= RALLY_RADIUS:
            world.npc_rally_row[npc] = -1
            world.npc_rally_col[npc] = -1


@kernel
def decide_soldier(world, npc, entity):
    """Carry out orders, and fight what is met on the way."""
    forget_done_orders(world, npc, entity)
    victim = int(world.npc_victim[npc])
    target = int(world.npc_target[npc])
    if victim < 0:
        target = choose_target(world, npc, entity)
        if target >= 0 and can_attack(world, entity, target):
            decide_charge(world, npc, entity, target)
            return
    row = int(world.entity_row[entity])
    col = int(world.entity_col[entity])
    if victim >= 0:
        goal_row = int(world.entity_row[victim])
        goal_col = int(world.entity_col[victim])
        world.npc_move[npc] = path_move(world, row, col, goal_row, goal_col)
    elif target >= 0:
        goal_row = int(world.entity_row[target])
        goal_col = int(world.entity_col[target])
        world.npc_move[npc] = meander_move(world, row, col, goal_row, goal_col)
    elif int(world.npc_rally_row[npc]) >= 0:
        goal_row = int(world.npc_rally_row[npc])
        goal_col = int(world.npc_rally_col[npc])
        world.npc_move[npc] = meander_move(world, row, col, goal_row, goal_col)
    else:
        world.npc_move[npc] = wander_move(world, row, col)
    if victim >= 0 and can_attack(world, entity, victim):
        world.npc_attack[npc] = victim
    elif target >= 0 and can_attack(world, entity, target):
        world.npc_attack[npc] = target


@kernel
def decide_npcs(world):
    """Let every living NPC decide on a step and an attack, in order of rows."""
    players = world.player_food.shape[0]
    for npc in range(int(world.npc_limit)):
        world.npc_move[npc] = MOVE_STAY
        world.npc_attack[npc] = -1
        entity = players + npc
        if world.entity_is_alive[entity] == 0:
            continue
        kind = int(world.entity_kind[entity])
        if kind == SOLDIER:
            decide_soldier(world, npc, entity)
            continue
        target = int(-1)
        if kind != PASSIVE:
            target = choose_target(world, npc, entity)
        if target >= 0:
            decide_charge(world, npc, entity, target)
        else:
            decide_wander(world, npc, entity)


@kernel
def free_npc(world):
    """Return a free NPC's number, -1 if all are in use."""
    limit = int(world.npc_limit)
    players = world.player_food.shape[0]
    if int(world.npc_alive_count) < limit:
        for npc in range(limit):
            if world.entity_is_alive[players + npc] == 0:
                return npc
    if limit < world.npc_target.shape[0]:
        world.npc_limit = limit + 1
        return limit
    return int(-1)


@kernel
def clear_npc(world, npc, entity):
    """Give a row of an NPC its first values."""
    world.entity_is_alive[entity] = 1
    world.entity_team[entity] = -1
    world.entity_health[entity] = FULL
    world.entity_time_alive[entity] = 0
    world.entity_freeze[entity] = 0
    world.entity_mortal_tick[entity] = 0
    world.entity_damage[entity] = 0
    world.entity_attacker[entity] = -1
    world.entity_attack_target[entity] = -1
    world.entity_combat_tick[entity] = 0
    world.entity_death_cause[entity] = 0
    world.entity_killer[entity] = -1
    world.entity_level[entity] = 0
    world.entity_gold[entity] = 0
    world.entity_attack[entity, :] = 0
    world.entity_item_level[entity] = 0
    world.entity_experience[entity, :] = 0
    world.entity_defense[entity, :] = 0
    world.entity_state[entity, :] = 0
    world.npc_target[npc] = -1
    world.npc_victim[npc] = -1
    world.npc_rally_row[npc] = -1
    world.npc_rally_col[npc] = -1
    world.npc_move[npc] = MOVE_STAY
    world.npc_attack[npc] = -1
    world.npc_spawn_depth[npc] = 0
    world.npc_drop[npc, :] = 0


@kernel
def add_npc(world, kind, style, row, col):
    """Put an NPC onto a tile; return its number, -1 if there is no room."""
    npc = free_npc(world)
    if npc < 0:
        return npc
    entity = world.player_food.shape[0] + npc
    clear_npc(world, npc, entity)
    world.npc_alive_count = int(world.npc_alive_count) + 1
    world.entity_kind[entity] = kind
    world.entity_style[entity] = style
    world.entity_spawn_row[entity] = row
    world.entity_spawn_col[entity] = col
    put_entity(world, entity, row, col)
    return npc


@kernel
def kind_of_danger(world, depth):
    """Return what kind of NPC begins at a depth; danger = 2 x depth / playable."""
    danger = 2 * depth * SHARE
    playable = int(world.rule_playable)
    if danger >= int(world.rule_npc_aggressive) * playable:
        return AGGRESSIVE
    if danger >= int(world.rule_npc_neutral) * playable:
        return NEUTRAL
    return PASSIVE


@kernel
def gear_points(world, level, per_level, multiplier):
    """Return what an NPC's gear gives: per_level x (level - U(0, 1)) x multiplier, rounded down.

    `multiplier` is in thousandths. An exact product of whole numbers; never below 0.
    """
    scaled = level * (int(1) << 31) - advance(world)
    return max(per_level * scaled * multiplier // (SHARE * (int(1) << 31)), 0)


@kernel
def equip_npc(world, npc, depth):
    """Give an NPC level, gold, gear and what it drops, by the danger where it begins."""
    entity = world.player_food.shape[0] + npc
    level = int(0)
    if int(world.rule_progression):
        level = 1 + NPC_LEVELS * 2 * depth // int(world.rule_playable)
        world.entity_experience[entity, int(world.entity_style[entity])] = 1
    world.entity_level[entity] = level
    if int(world.rule_exchange):
        world.entity_gold[entity] = level
    if int(world.rule_equipment):
        multiplier = int(world.rule_npc_level_multiplier)
        counter = world.random_counter
        points = gear_points(world, level, int(GEAR_PER_LEVEL), multiplier)
        # The same draw once more: the level shown is that of the same gear.
        world.random_counter = counter
        world.entity_item_level[entity] = gear_points(world, level, int(ITEM_LEVELS), int(SHARE))
        for style in range(STYLE_COUNT):
            world.entity_attack[entity, style] = points
            world.entity_defense[entity, style] = points
        if int(world.rule_item):
            world.npc_drop[npc, 0] = FIRST_ARMOR + draw_below(world, int(ARMOR_COUNT))
    if int(world.rule_profession) and int(world.rule_item):
        world.npc_drop[npc, 1] = FIRST_TOOL + draw_below(world, int(TOOL_COUNT))


@kernel
def spawn_npc(world):
    """Try once to add an NPC: where one of the dead had begun, else anywhere."""
    queued = int(world.npc_queue_count)
    depth = int(0)
    if queued > 0:
        first = int(world.npc_queue_first)
        depth = int(world.npc_queue[first])
        world.npc_queue_first = (first + 1) % world.npc_queue.shape[0]
        world.npc_queue_count = queued - 1
        row, col = depth_tile(world, depth)
    else:
        row, col = random_tile(world)
    if not is_habitable(world, row, col):
        return
    if depth == 0:
        depth = depth_of(world, row, col)
    npc = add_npc(world, kind_of_danger(world, depth), draw_below(world, int(3)), row, col)
    if npc >= 0:
        world.npc_spawn_depth[npc] = depth
        equip_npc(world, npc, depth)


@kernel
def refill_npcs(world):
    """Fill up to the wanted number of NPCs, within the tick's number of tries."""
    if int(world.rule_npc) == 0 or int(world.rule_npc_refill) == 0:
        return
    for _ in range(int(world.rule_npc_spawn_attempts)):
        if int(world.npc_alive_count) >= int(world.rule_npc_count):
            return
        spawn_npc(world)
