"""What the full config shows besides: inventory, skills, the market, and their masks.

The market is written once for a world; agents' masks name its listings.
"""

from metammo.actions import (
    MASK_BUY,
    MASK_DESTROY,
    MASK_GIVE_GOLD_PRICE,
    MASK_GIVE_GOLD_TARGET,
    MASK_GIVE_ITEM,
    MASK_GIVE_TARGET,
    MASK_SELL_ITEM,
    MASK_SELL_PRICE,
    MASK_USE,
    NO_ITEM,
    NO_LISTING,
    NO_TARGET,
)
from metammo.jit import kernel
from metammo.observe.layout import ItemFeature, MarketFeature, SkillFeature
from metammo.observe.scratch import BLANK, UNKNOWN
from metammo.rules.items import INVENTORY_SIZE, PRICE_LIMIT, SLOT_OF
from metammo.rules.skills import LEVEL_EXPERIENCE, LEVEL_LIMIT, SKILL_COUNT
from metammo.tick.fighting import is_immortal
from metammo.tick.giving import can_be_given
from metammo.tick.inventory import EMPTY, free_place, stack_of
from metammo.tick.trading import can_part_with, note_listings
from metammo.tick.using import can_destroy, can_use, is_at_leisure, is_skilled_for

I_TYPE, I_LEVEL, I_QUANTITY, I_WORN, I_PRICE, I_TICKS, I_SKILLED, I_SLOT = (
    int(feature) for feature in ItemFeature
)
S_LEVEL, S_PERCENT = (int(feature) for feature in SkillFeature)
M_TYPE, M_LEVEL, M_QUANTITY, M_PRICE, M_SELLER, M_TICKS = (
    int(feature) for feature in MarketFeature
)
LIMIT = 127


@kernel
def ticks_on_offer(world, player, slot):
    """Return for how many ticks more a listing can be bought."""
    ends = int(world.item_listed_tick[player, slot]) + int(world.rule_listing_ticks)
    return min(max(ends - int(world.tick) + 1, 0), LIMIT)


@kernel
def write_market(world, kept, market):
    """Number the listings, and write them down.

    Args:
        world: its `listing_*` columns are written.
        kept: how many rows of the market the last call filled.
        market: int16[384, 6], `layout.MarketFeature`.
    """
    note_listings(world)
    count = int(world.listing_count)
    for listing in range(count):
        seller = int(world.listing_seller[listing])
        slot = int(world.listing_place[listing])
        row = market[listing]
        row[M_TYPE] = int(world.item_type[seller, slot])
        row[M_LEVEL] = int(world.item_level[seller, slot])
        row[M_QUANTITY] = int(world.item_quantity[seller, slot])
        row[M_PRICE] = int(world.item_price[seller, slot])
        row[M_SELLER] = seller
        row[M_TICKS] = ticks_on_offer(world, seller, slot)
    filled = int(kept.listings)
    if filled == UNKNOWN:
        filled = int(market.shape[0])
    for listing in range(count, filled):
        market[listing, :] = 0
    kept.listings = count


@kernel
def write_inventory(world, player, inventory):
    """Write what an agent carries, place by place."""
    for slot in range(INVENTORY_SIZE):
        row = inventory[slot]
        kind = int(world.item_type[player, slot])
        if kind == EMPTY:
            row[:] = 0
            continue
        price = int(world.item_price[player, slot])
        row[I_TYPE] = kind
        row[I_LEVEL] = int(world.item_level[player, slot])
        row[I_QUANTITY] = min(int(world.item_quantity[player, slot]), LIMIT)
        row[I_WORN] = int(world.item_is_worn[player, slot])
        row[I_PRICE] = price
        row[I_TICKS] = ticks_on_offer(world, player, slot) if price > 0 else int(0)
        row[I_SKILLED] = 1 if is_skilled_for(world, player, slot) else 0
        row[I_SLOT] = SLOT_OF[kind]


@kernel
def write_skills(world, player, skills):
    """Write an agent's levels, and how far the next ones are."""
    for skill in range(SKILL_COUNT):
        level = int(world.player_skill_level[player, skill])
        percent = int(0)
        if level == LEVEL_LIMIT:
            percent = int(100)
        elif level > 0:
            low = LEVEL_EXPERIENCE[level - 1]
            gained = int(world.entity_experience[player, skill]) - low
            percent = 100 * gained // (LEVEL_EXPERIENCE[level] - low)
        skills[skill, S_LEVEL] = level
        skills[skill, S_PERCENT] = percent


@kernel
def write_item_masks(world, player, mask):
    """Write what may be used, thrown away, sold and given."""
    carries = int(0)
    for slot in range(INVENTORY_SIZE):
        mask[MASK_USE + slot] = 1 if can_use(world, player, slot) else 0
        mask[MASK_DESTROY + slot] = 1 if can_destroy(world, player, slot) else 0
        parts = 1 if can_part_with(world, player, slot) else 0
        mask[MASK_SELL_ITEM + slot] = parts if int(world.rule_exchange) else 0
        mask[MASK_GIVE_ITEM + slot] = parts
        carries += parts
    return carries


@kernel
def write_gift_masks(world, player, carries, mask):
    """Write to whom something can be given; whether it has room is not looked at."""
    gold = int(0)
    if int(world.rule_exchange) and is_at_leisure(world, player):
        gold = min(int(world.entity_gold[player]), PRICE_LIMIT)
    for row in range(NO_TARGET):
        receiver = int(world.observed_entity[player, row])
        if receiver < 0:
            mask[MASK_GIVE_TARGET + row] = 0
            mask[MASK_GIVE_GOLD_TARGET + row] = 0
            continue
        fits = can_be_given(world, player, receiver) and not is_immortal(world, receiver)
        mask[MASK_GIVE_TARGET + row] = 1 if fits and carries > 0 else 0
        mask[MASK_GIVE_GOLD_TARGET + row] = 1 if fits and gold > 0 else 0
    # With nothing to give the target is none, and the amount does not count.
    for price in range(PRICE_LIMIT):
        mask[MASK_GIVE_GOLD_PRICE + price] = 1 if price < max(gold, 1) else 0


@kernel
def write_buy_mask(world, player, filled, market, mask):
    """Write which listings can be bought; return how many entries may hold something.

    Args:
        world: the world, its listings numbered.
        player: the buyer.
        filled: how many entries the last call may have filled.
        market: int16[384, 6], as `write_market` left it.
        mask: uint8[choices].
    """
    count = int(world.listing_count)
    if int(world.rule_exchange) == 0 or not is_at_leisure(world, player):
        count = int(0)
    gold = int(world.entity_gold[player])
    has_place = free_place(world, player) >= 0
    for listing in range(count):
        row = market[listing]
        buys = int(row[M_PRICE]) <= gold and int(row[M_SELLER]) != player
        if buys and not has_place:
            buys = stack_of(world, player, int(row[M_TYPE]), int(row[M_LEVEL])) >= 0
        mask[MASK_BUY + listing] = 1 if buys else 0
    for listing in range(count, filled):
        mask[MASK_BUY + listing] = 0
    return count


@kernel
def write_steady_item_mask(mask):
    """Write the part of the items' mask that never changes, and clear the listings."""
    mask[MASK_USE + NO_ITEM] = 1
    mask[MASK_DESTROY + NO_ITEM] = 1
    mask[MASK_SELL_ITEM + NO_ITEM] = 1
    mask[MASK_SELL_PRICE : MASK_SELL_PRICE + PRICE_LIMIT] = 1
    mask[MASK_BUY : MASK_BUY + NO_LISTING] = 0
    mask[MASK_BUY + NO_LISTING] = 1
    mask[MASK_GIVE_ITEM + NO_ITEM] = 1
    mask[MASK_GIVE_TARGET + NO_TARGET] = 1
    mask[MASK_GIVE_GOLD_TARGET + NO_TARGET] = 1


@kernel
def write_no_item_mask(mask):
    """Allow nothing: the mask of the dead."""
    mask[MASK_USE:] = 0
    write_steady_item_mask(mask)
    mask[MASK_SELL_PRICE + 1 : MASK_SELL_PRICE + PRICE_LIMIT] = 0
    mask[MASK_GIVE_GOLD_PRICE] = 1


@kernel
def observe_items(world, kept, rows, market, masks):
    """Write the parts of the full config for all agents of a world, after `observe_world`.

    Args:
        world: the world; only its `listing_*` columns are written.
        kept: one record of `kept_dtype`: what the last call left in these buffers.
        rows: record array [agents] of the full layout.
        market: int16[384, 6].
        masks: uint8[agents, choices] of the full config.
    """
    write_market(world, kept, market)
    for player in range(masks.shape[0]):
        before = int(kept.item_row[player])
        row = rows[player]
        mask = masks[player]
        if world.entity_is_alive[player] == 0:
            if before != BLANK:
                row.inventory[:, :] = 0
                row.skills[:, :] = 0
                write_no_item_mask(mask)
                kept.item_row[player] = BLANK
            continue
        if before < 0:
            write_steady_item_mask(mask)
            before = int(0)
        write_inventory(world, player, row.inventory)
        write_skills(world, player, row.skills)
        carries = write_item_masks(world, player, mask)
        write_gift_masks(world, player, carries, mask)
        kept.item_row[player] = write_buy_mask(world, player, before, market, mask)
