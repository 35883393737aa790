"""A heuristic player of the full config: harvests, arms itself, fights, sells and buys.

It lives as the scripted player does, and works where that one would stroll: it walks to what can be
harvested, wears the best that it may, eats and heals in time, offers what it has no use for, buys
what is better than its own, and shares with team-mates. It knows no more than its observation.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    FULL_HEADS,
    HEAD_BUY,
    HEAD_DESTROY,
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_MOVE,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_STYLE,
    HEAD_TALK,
    HEAD_TARGET,
    HEAD_USE,
    MASK_BUY,
    MASK_DESTROY,
    MASK_GIVE_GOLD_TARGET,
    MASK_GIVE_ITEM,
    MASK_GIVE_TARGET,
    MASK_SELL_ITEM,
    MASK_TARGET,
    MASK_USE,
    NO_ITEM,
    NO_LISTING,
    NO_TARGET,
    SILENT,
)
from metammo.jit import entry, kernel
from metammo.observe.layout import (
    EntityFeature,
    ItemFeature,
    Market,
    MarketFeature,
    OwnFeature,
    SkillFeature,
    TaskFeature,
    TilePlane,
)
from metammo.policies.instincts import (
    HUNGRY,
    TIRED,
    is_hunted,
    survival_move,
    urgent_move,
    weakest_target,
)
from metammo.policies.stateless import StatelessPolicy
from metammo.policies.ways import FAR, TILES, is_safe, measure_ways
from metammo.rules.items import (
    INVENTORY_SIZE,
    IS_STACKED,
    PRICE_LIMIT,
    SKILL_OF,
    SLOT_OF,
    WEAPONS,
    Item,
    Slot,
)
from metammo.rules.materials import Material
from metammo.rules.sizes import WINDOW
from metammo.rules.skills import SKILL_COUNT, STYLE_COUNT
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY
from metammo.world.random import bits31

P_MATERIAL = int(TilePlane.MATERIAL)
O_HEALTH, O_FOOD, O_WATER = int(OwnFeature.HEALTH), int(OwnFeature.FOOD), int(OwnFeature.WATER)
O_GOLD = int(OwnFeature.GOLD)
T_OCCUPIED_RULE = int(TaskFeature.MOVE_INTO_OCCUPIED)
I_TYPE, I_LEVEL, I_WORN = int(ItemFeature.TYPE), int(ItemFeature.LEVEL), int(ItemFeature.IS_WORN)
I_SKILLED = int(ItemFeature.IS_SKILLED)
S_LEVEL = int(SkillFeature.LEVEL)
M_TYPE, M_LEVEL = int(MarketFeature.TYPE), int(MarketFeature.LEVEL)
F_MATE = int(EntityFeature.IS_TEAM_MATE)

RATION, POTION = int(Item.RATION), int(Item.POTION)
HELD = int(Slot.HELD)
NOWHERE = int(Slot.NONE)
FIRST_WEAPON, LAST_WEAPON = int(WEAPONS[0]), int(WEAPONS[-1])
FISH = int(Material.FISH)

IS_WORK = np.zeros(len(Material), np.int64)
"""int64[16]: 1 for what is harvested by standing on it."""
IS_WORK[[Material.ORE, Material.TREE, Material.CRYSTAL, Material.HERB]] = 1

WOUNDED = 60
"""Health below which it drinks a potion, points."""
CROWDED = 10
"""Items from which it throws the worst away."""
RICH = 8
"""Gold from which it shares with team-mates."""
GIFT = 3
"""Gold that it gives at once."""


@kernel
def nearest_work(tiles, steps):
    """Return the window's tile to harvest at that is nearest, -1 if none is in sight."""
    best = int(-1)
    least = int(FAR)
    for tile in range(TILES):
        if steps[tile] >= least:
            continue
        row = tile // WINDOW
        col = tile - row * WINDOW
        fits = IS_WORK[tiles[P_MATERIAL, row, col]] != 0
        for move in range(MOVE_STAY):
            next_row = row + MOVE_ROW[move]
            next_col = col + MOVE_COL[move]
            if min(next_row, next_col) >= 0 and max(next_row, next_col) < WINDOW:
                fits = fits or int(tiles[P_MATERIAL, next_row, next_col]) == FISH
        if fits and is_safe(tiles, row, col):
            least = steps[tile]
            best = tile
    return best


@kernel
def work_move(row, steps, first, bits):
    """Return the move of somebody who lives long and works meanwhile."""
    own = row.own
    tiles = row.tiles
    move = urgent_move(row, steps, first, bits)
    if move >= 0:
        return move
    if int(own[O_HEALTH]) >= TIRED and not is_hunted(row.entities):
        tile = nearest_work(tiles, steps)
        if tile >= 0 and steps[tile] > 0 and bits % 8 != 0:
            return first[tile]
    return survival_move(row, steps, first, bits)


@kernel
def best_style(row):
    """Return the style in which an agent is strongest: by weapon, ammunition, then skill."""
    best = int(0)
    most = int(-1)
    for style in range(STYLE_COUNT):
        strength = int(row.skills[style, S_LEVEL])
        for slot in range(INVENTORY_SIZE):
            item = row.inventory[slot]
            kind = int(item[I_TYPE])
            if int(item[I_WORN]) != 0 and SLOT_OF[kind] >= HELD and SKILL_OF[kind] == style:
                strength += 2 + int(item[I_LEVEL])
        if strength > most:
            most = strength
            best = style
    return best


@kernel
def value_of(kind, level, style):
    """Return how much an item is worth to somebody of a style: its level, more if it fits."""
    if SLOT_OF[kind] < HELD:
        return 2 * level
    if SKILL_OF[kind] == style:
        return 2 * level + 3
    is_weapon = kind >= FIRST_WEAPON and kind <= LAST_WEAPON
    return level + 1 if is_weapon or IS_STACKED[kind] else level


@kernel
def worn_value(inventory, where, style):
    """Return what is worn at a Slot is worth, 0 for nothing."""
    for slot in range(INVENTORY_SIZE):
        kind = int(inventory[slot, I_TYPE])
        if int(inventory[slot, I_WORN]) != 0 and SLOT_OF[kind] == where:
            return value_of(kind, int(inventory[slot, I_LEVEL]), style)
    return int(0)


@kernel
def choose_use(row, mask, style):
    """Return the place of the item to use now: medicine, food, or better gear."""
    for slot in range(INVENTORY_SIZE):
        if mask[MASK_USE + slot] == 0:
            continue
        item = row.inventory[slot]
        kind = int(item[I_TYPE])
        if kind == POTION:
            if int(row.own[O_HEALTH]) < WOUNDED:
                return int(slot)
            continue
        if kind == RATION:
            if min(int(row.own[O_FOOD]), int(row.own[O_WATER])) < HUNGRY:
                return int(slot)
            continue
        if int(item[I_WORN]) == 0:
            own = worn_value(row.inventory, SLOT_OF[kind], style)
            if value_of(kind, int(item[I_LEVEL]), style) > own:
                return int(slot)
    return int(NO_ITEM)


@kernel
def choose_surplus(row, mask, start, style):
    """Return the place of the allowed item worth least to its owner, none for no surplus.

    What may become better gear is kept; of medicine and food one each.
    """
    best = int(NO_ITEM)
    least = int(FAR)
    potions = int(0)
    rations = int(0)
    for slot in range(INVENTORY_SIZE):
        kind = int(row.inventory[slot, I_TYPE])
        level = int(row.inventory[slot, I_LEVEL])
        potions += 1 if kind == POTION else 0
        rations += 1 if kind == RATION else 0
        if mask[start + slot] == 0 or int(row.inventory[slot, I_WORN]) != 0:
            continue
        if (kind == POTION and potions < 2) or (kind == RATION and rations < 2):
            continue
        value = value_of(kind, level, style)
        where = SLOT_OF[kind]
        if where != NOWHERE and value > worn_value(row.inventory, where, style):
            continue
        if value < least:
            least = value
            best = int(slot)
    return best


@kernel
def choose_listing(row, mask, market, style):
    """Return the listing to buy: the one that betters the agent's own gear most, or medicine."""
    best = int(NO_LISTING)
    most = int(0)
    for listing in range(market.shape[0]):
        if mask[MASK_BUY + listing] == 0:
            continue
        kind = int(market[listing, M_TYPE])
        level = int(market[listing, M_LEVEL])
        skill = SKILL_OF[kind]
        limit = int(0)
        for each in range(SKILL_COUNT):
            if skill < 0 or skill == each:
                limit = max(limit, int(row.skills[each, S_LEVEL]))
        if level > limit:
            continue
        gain = int(1)
        if SLOT_OF[kind] != NOWHERE:
            own = worn_value(row.inventory, SLOT_OF[kind], style)
            gain = value_of(kind, level, style) - own
        if gain > most:
            most = gain
            best = int(listing)
    return best


@kernel
def first_mate(row, mask, start):
    """Return the row of a team-mate in sight to whom something may be given, none if none."""
    for index in range(NO_TARGET):
        if mask[start + index] != 0 and int(row.entities[index, F_MATE]) != 0:
            return int(index)
    return int(NO_TARGET)


@kernel
def choose_trade(row, mask, market, style, bits, action):
    """Choose what to sell, buy, give and throw away."""
    carried = int(0)
    for slot in range(INVENTORY_SIZE):
        carried += 1 if int(row.inventory[slot, I_TYPE]) != 0 else 0
    surplus = choose_surplus(row, mask, int(MASK_SELL_ITEM), style)
    if surplus != NO_ITEM:
        level = int(row.inventory[surplus, I_LEVEL])
        mate = first_mate(row, mask, int(MASK_GIVE_TARGET))
        if mate != NO_TARGET and bits % 4 == 0 and mask[MASK_GIVE_ITEM + surplus] != 0:
            action[HEAD_GIVE_ITEM] = surplus
            action[HEAD_GIVE_TARGET] = mate
        else:
            action[HEAD_SELL_ITEM] = surplus
            action[HEAD_SELL_PRICE] = min(level + bits % 3, PRICE_LIMIT - 1)
    if carried >= CROWDED:
        action[HEAD_DESTROY] = choose_surplus(row, mask, int(MASK_DESTROY), style)
    action[HEAD_BUY] = choose_listing(row, mask, market, style)
    heir = first_mate(row, mask, int(MASK_GIVE_GOLD_TARGET))
    if heir != NO_TARGET and int(row.own[O_GOLD]) >= RICH:
        action[HEAD_GIVE_GOLD_TARGET] = heir
        action[HEAD_GIVE_GOLD_PRICE] = GIFT - 1


@kernel
def choose_all(row, mask, market, steps, first, bits, action):
    """Choose one agent's action from its observation, mask and market."""
    may_share = int(row.task[T_OCCUPIED_RULE]) != 0
    measure_ways(row.tiles, may_share, steps, first)
    move = work_move(row, steps, first, bits)
    style = best_style(row)
    action[HEAD_MOVE] = move if mask[move] != 0 else int(MOVE_STAY)
    action[HEAD_STYLE] = style
    action[HEAD_TARGET] = weakest_target(row.entities, mask, int(MASK_TARGET))
    action[HEAD_TALK] = SILENT
    action[HEAD_USE] = choose_use(row, mask, style)
    action[HEAD_DESTROY] = NO_ITEM
    action[HEAD_SELL_ITEM] = NO_ITEM
    action[HEAD_SELL_PRICE] = 0
    action[HEAD_BUY] = NO_LISTING
    action[HEAD_GIVE_ITEM] = NO_ITEM
    action[HEAD_GIVE_TARGET] = NO_TARGET
    action[HEAD_GIVE_GOLD_TARGET] = NO_TARGET
    action[HEAD_GIVE_GOLD_PRICE] = 0
    choose_trade(row, mask, market, style, bits, action)


@entry
def act_as_smiths(rows, masks, markets, world_of, streams, actions):
    """Choose an action for every row.

    Args:
        rows: record array [rows] of the full layout.
        masks: uint8[rows, choices].
        markets: int16[worlds, 384, 6].
        world_of: int64[rows], each row's world.
        streams: uint64[rows], seeds of the choices left to chance.
        actions: int16[rows, heads], written.
    """
    steps = np.empty(TILES, np.int64)
    first = np.empty(TILES, np.int64)
    for index in range(len(rows)):
        bits = bits31(streams[index], np.uint64(0))
        market = markets[world_of[index]]
        choose_all(rows[index], masks[index], market, steps, first, bits, actions[index])


class SmithPolicy(StatelessPolicy):
    """The heuristic player of the full config behind the policy interface."""

    name = "smith"
    layout_name = "full"
    """The one config that it plays."""

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
        streams: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Choose an action for each row.

        Raises:
            ValueError: observations of the mini config, which has no items.
        """
        rows = np.ascontiguousarray(np.asarray(observation)).view(np.recarray)
        if market is None or "inventory" not in (rows.dtype.names or ()):
            raise ValueError("the smith plays the full config only: give --config full")
        masks = np.ascontiguousarray(mask)
        actions = np.zeros((len(rows), len(FULL_HEADS)), np.int16)
        world_of = np.asarray(market.world_of, np.int64)
        seeds = self.streams_for(len(rows), streams)
        act_as_smiths(rows, masks, market.listings, world_of, seeds, actions)
        return actions, None
