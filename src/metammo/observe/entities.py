"""Which entities an agent sees, in which order, and how each is written down."""

import numpy as np

from metammo.jit import copy_numbers, kernel
from metammo.observe.layout import EntityFeature, TileEntity
from metammo.observe.scratch import (
    BRIEF_COL,
    BRIEF_ROW,
    BRIEF_TARGET,
    BRIEF_TEAM,
    WORD_COLUMNS,
)
from metammo.rules.sizes import VISION, WINDOW
from metammo.tick.fighting import (
    is_immortal,
    is_in_combat,
    is_open_to_players,
    is_player,
    is_young,
)
from metammo.world.columns import Kind
from metammo.world.grid import distance

PASSIVE, NEUTRAL = int(Kind.PASSIVE), int(Kind.NEUTRAL)
FEATURES = len(EntityFeature)

F_PRESENT = int(EntityFeature.PRESENT)
F_ROW = int(EntityFeature.ROW)
F_COL = int(EntityFeature.COL)
F_DISTANCE = int(EntityFeature.DISTANCE)
F_CAN_BE_ATTACKED = int(EntityFeature.CAN_BE_ATTACKED)
F_IS_TEAM_MATE = int(EntityFeature.IS_TEAM_MATE)
F_IS_ENEMY = int(EntityFeature.IS_ENEMY)
F_IS_TARGETING_ME = int(EntityFeature.IS_TARGETING_ME)
F_IS_PASSIVE = int(EntityFeature.IS_PASSIVE)
F_IS_NEUTRAL = int(EntityFeature.IS_NEUTRAL)
F_IS_HOSTILE = int(EntityFeature.IS_HOSTILE)
F_HEALTH = int(EntityFeature.HEALTH)
F_IS_PROTECTED = int(EntityFeature.IS_PROTECTED)
F_FREEZE = int(EntityFeature.FREEZE)
F_STYLE = int(EntityFeature.STYLE)
F_IN_COMBAT = int(EntityFeature.IN_COMBAT)
F_LEVEL = int(EntityFeature.LEVEL)
F_ITEM_LEVEL = int(EntityFeature.ITEM_LEVEL)
F_MESSAGE = int(EntityFeature.MESSAGE)
F_DAMAGE = int(EntityFeature.DAMAGE)

T_TEAM_MATE = int(TileEntity.TEAM_MATE)
T_PASSIVE = int(TileEntity.PASSIVE)
T_NEUTRAL = int(TileEntity.NEUTRAL)
T_PROTECTED = int(TileEntity.PROTECTED)
T_ENEMY = int(TileEntity.ENEMY)
T_HOSTILE = int(TileEntity.HOSTILE)
T_TARGET = int(TileEntity.TARGET)

WINDOW_BITS = (1 << WINDOW) - 1
LOWEST_BIT = np.zeros(19, np.int64)
"""int64[19]: number of the only bit set, by the word modulo 19: 2 generates all remainders."""
for _bit in range(18):
    LOWEST_BIT[(1 << _bit) % 19] = _bit

LIMIT = 127
"""Largest number that a feature of an entity can hold."""
SORT_LIMIT = 24
"""Up to this many are sorted by insertion; a crowd by counting."""
FAR = 1 << 40
"""Added to the keys of those that cannot be attacked, so that they come after."""


@kernel
def is_protected(world, entity):
    """Return whether an entity cannot be attacked by players now."""
    return is_immortal(world, entity) or (is_player(world, entity) and is_young(world, entity))


@kernel
def encode_entity(world, entity, code):
    """Write what is the same for every observer of an entity."""
    kind = int(world.entity_kind[entity])
    code[F_PRESENT] = 1
    code[F_ROW] = 0
    code[F_COL] = 0
    code[F_DISTANCE] = 0
    code[F_CAN_BE_ATTACKED] = 1 if is_open_to_players(world, entity) else 0
    code[F_IS_TEAM_MATE] = 0
    code[F_IS_ENEMY] = 0
    code[F_IS_TARGETING_ME] = 0
    code[F_IS_PASSIVE] = 1 if kind == PASSIVE else 0
    code[F_IS_NEUTRAL] = 1 if kind == NEUTRAL else 0
    code[F_IS_HOSTILE] = 1 if kind > NEUTRAL else 0
    code[F_HEALTH] = min(int(world.entity_health[entity]), LIMIT)
    code[F_IS_PROTECTED] = 1 if is_protected(world, entity) else 0
    code[F_FREEZE] = min(int(world.entity_freeze[entity]), LIMIT)
    code[F_STYLE] = int(world.entity_style[entity])
    code[F_IN_COMBAT] = 1 if is_in_combat(world, entity) else 0
    code[F_LEVEL] = min(int(world.entity_level[entity]), LIMIT)
    code[F_ITEM_LEVEL] = min(int(world.entity_item_level[entity]), LIMIT)
    code[F_MESSAGE] = 0
    code[F_DAMAGE] = min(int(world.entity_damage[entity]), LIMIT)


@kernel
def write_brief(world, entity, brief):
    """Write what observers ask of an entity most."""
    brief[BRIEF_ROW] = int(world.entity_row[entity])
    brief[BRIEF_COL] = int(world.entity_col[entity])
    brief[BRIEF_TEAM] = int(world.entity_team[entity])
    brief[BRIEF_TARGET] = int(world.entity_attack_target[entity])


@kernel
def mark_occupied(world, scratch):
    """Set a bit for each tile on which someone stands, in the words that windows read."""
    occupied = scratch.occupied
    occupied[:, :] = 0
    for place in range(int(scratch.living_count)):
        entity = int(scratch.living[place])
        brief = scratch.brief[entity]
        write_brief(world, entity, brief)
        row = int(brief[BRIEF_ROW])
        col = int(brief[BRIEF_COL])
        word = col // WORD_COLUMNS
        bit = col - word * WORD_COLUMNS
        occupied[row, word] |= int(1) << bit
        if word > 0 and bit < WINDOW:
            occupied[row, word - 1] |= int(1) << (WORD_COLUMNS + bit)


@kernel
def encode_entities(world, scratch):
    """List the living entities in order of rows, write their codes, count teams."""
    players = world.player_food.shape[0]
    public = int(world.rule_talk_public)
    living = int(0)
    for team in range(int(world.team_count)):
        scratch.team_alive[team] = 0
    for entity in range(int(world.player_count)):
        if world.entity_is_alive[entity] != 0:
            scratch.living[living] = entity
            living += 1
            team = int(world.entity_team[entity])
            scratch.team_alive[team] = int(scratch.team_alive[team]) + 1
            encode_entity(world, entity, scratch.entity_code[entity])
            if public:
                scratch.entity_code[entity, F_MESSAGE] = int(world.player_message[entity])
    scratch.players_alive = living
    for entity in range(players, players + int(world.npc_limit)):
        if world.entity_is_alive[entity] != 0:
            scratch.living[living] = entity
            living += 1
            encode_entity(world, entity, scratch.entity_code[entity])
    scratch.living_count = living
    mark_occupied(world, scratch)
    teams = int(0)
    for team in range(int(world.team_count)):
        if int(scratch.team_alive[team]) > 0:
            teams += 1
    scratch.teams_alive = teams


@kernel
def is_target(world, scratch, player, entity, apart):
    """Return whether the mask shows an entity as a target: in reach, and no team-mate to spare."""
    if apart > int(world.rule_attack_reach) or scratch.entity_code[entity, F_CAN_BE_ATTACKED] == 0:
        return False
    if int(world.rule_spare_team_mates) == 0:
        return True
    # NPCs are of team -1, players of none below 0.
    return int(scratch.brief[entity, BRIEF_TEAM]) != int(scratch.brief[player, BRIEF_TEAM])


@kernel
def order_key(world, scratch, player, entity, apart):
    """Return what entities are sorted by: attackable first, then nearest, then by row."""
    key = (apart << 20) | entity
    return key if is_target(world, scratch, player, entity, apart) else key + FAR


@kernel
def gather_window(world, scratch, player):
    """Collect the keys of those in sight, tile by tile; return their number."""
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    left = col - VISION
    word = left // WORD_COLUMNS
    shift = left - word * WORD_COLUMNS
    key = scratch.key
    count = int(0)
    for tile_row in range(row - VISION, row + VISION + 1):
        bits = (int(scratch.occupied[tile_row, word]) >> shift) & WINDOW_BITS
        while bits != 0:
            tile_col = left + LOWEST_BIT[(bits & -bits) % 19]
            bits &= bits - 1
            entity = int(world.tile_first_entity[tile_row, tile_col])
            while entity >= 0:
                if entity != player:
                    apart = distance(row, col, tile_row, tile_col)
                    key[count] = order_key(world, scratch, player, entity, apart)
                    count += 1
                entity = int(world.entity_next[entity])
    return count


@kernel
def sort_keys(key, count):
    """Sort the first keys in place; few and nearly in order."""
    for index in range(1, count):
        value = key[index]
        place = index
        while place > 0 and key[place - 1] > value:
            key[place] = key[place - 1]
            place -= 1
        key[place] = value


@kernel
def sort_crowd(scratch, count, wanted):
    """Bring the least `wanted` of many keys to the front, in order, by counting distances."""
    key = scratch.key
    bucket = scratch.bucket
    bucket[:] = 0
    for index in range(count):
        value = key[index]
        place = (value >> 20) & 15
        if value >= FAR:
            place += 16
        bucket[place] += 1
    total = int(0)
    last = int(0)
    while total < wanted:
        total += bucket[last]
        last += 1
    limit = int(last - 1) << 20
    if last > 16:
        limit = (int(last - 17) << 20) + FAR
    kept = int(0)
    for index in range(count):
        if key[index] < limit + (1 << 20):
            key[kept] = key[index]
            kept += 1
    sort_keys(key, kept)


@kernel
def tile_code(code):
    """Return how a tile shows the entity on it, given its row of numbers."""
    if int(code[F_CAN_BE_ATTACKED]):
        return T_TARGET
    if int(code[F_IS_TEAM_MATE]):
        return T_TEAM_MATE
    if int(code[F_IS_HOSTILE]):
        return T_HOSTILE
    if int(code[F_IS_PASSIVE]):
        return T_PASSIVE
    if int(code[F_IS_NEUTRAL]):
        return T_NEUTRAL
    return T_PROTECTED if int(code[F_IS_PROTECTED]) else T_ENEMY


@kernel
def write_entity(world, scratch, player, entity, targeted, out):
    """Write one entity as a player sees it."""
    copy_numbers(out, 0, scratch.entity_code, entity * FEATURES, FEATURES)
    mine = scratch.brief[player]
    its = scratch.brief[entity]
    rows = int(its[BRIEF_ROW]) - int(mine[BRIEF_ROW])
    cols = int(its[BRIEF_COL]) - int(mine[BRIEF_COL])
    out[F_ROW] = rows
    out[F_COL] = cols
    out[F_DISTANCE] = max(abs(rows), abs(cols))
    out[F_CAN_BE_ATTACKED] = targeted
    if int(its[BRIEF_TARGET]) == player:
        out[F_IS_TARGETING_ME] = 1
    if int(its[BRIEF_TEAM]) >= 0:
        if int(its[BRIEF_TEAM]) == int(mine[BRIEF_TEAM]):
            out[F_IS_TEAM_MATE] = 1
            out[F_MESSAGE] = int(world.player_message[entity])
        else:
            out[F_IS_ENEMY] = 1


@kernel
def write_entities(world, scratch, player, filled, entities, plane):
    """Write the entities that a player sees, and where they stand.

    Args:
        world: the world.
        scratch: with `encode_entities` done.
        player: the observer.
        filled: number of rows of `entities` that hold something, the plane with them.
        entities: int8[32, 20].
        plane: uint8[15, 15], the entity plane.

    Returns:
        Number of rows that are valid targets, the first ones, and number of rows written.
    """
    limit = entities.shape[0]
    for index in range(filled):
        plane[int(entities[index, F_ROW]) + VISION, int(entities[index, F_COL]) + VISION] = 0
    count = gather_window(world, scratch, player)
    key = scratch.key
    if count > SORT_LIMIT:
        sort_crowd(scratch, count, min(count, limit))
    else:
        sort_keys(key, count)
    count = min(count, limit)
    targets = int(0)
    for index in range(count):
        value = key[index]
        entity = value & 0xFFFFF
        world.observed_entity[player, index] = entity
        out = entities[index]
        targeted = int(1) if value < FAR else int(0)
        targets += targeted
        write_entity(world, scratch, player, entity, targeted, out)
        row = int(out[F_ROW]) + VISION
        col = int(out[F_COL]) + VISION
        plane[row, col] = max(int(plane[row, col]), tile_code(out))
    # Rows in use come first, so the first free one ends them.
    index = count
    while index < limit and int(world.observed_entity[player, index]) >= 0:
        world.observed_entity[player, index] = -1
        index += 1
    for index in range(count, filled):
        entities[index, :] = 0
    return targets, count
