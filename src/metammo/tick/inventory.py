"""What a player carries: places, stacks, and what worn items add up to (rulebook, section 9)."""

from metammo.jit import kernel
from metammo.rules.items import (
    ATTACK,
    DEFENSE,
    INVENTORY_SIZE,
    IS_STACKED,
    SLOT_OF,
    Item,
)
from metammo.rules.skills import STYLE_COUNT
from metammo.tick.events import count_event
from metammo.world.columns import ITEM_EVENTS, Event
from metammo.world.random import draw_below

EMPTY = int(Item.NONE)
LOST, MERGED, PLACED = range(3)
"""What became of an item that was received."""

CONSUMED, HARVESTED, LISTED, BOUGHT = range(len(ITEM_EVENTS))
"""Places in `player_item_events`, as in `ITEM_EVENTS`."""
LOOT_ITEM = int(Event.LOOT_ITEM)


@kernel
def count_item(world, player, which, event, slot):
    """Count an event of an item, and the quantity by its type and level."""
    count_event(world, player, event)
    kind = int(world.item_type[player, slot])
    level = int(world.item_level[player, slot])
    before = int(world.player_item_events[player, which, kind, level])
    quantity = int(world.item_quantity[player, slot])
    world.player_item_events[player, which, kind, level] = min(before + quantity, 65535)


@kernel
def free_place(world, player):
    """Return the first empty place, -1 if there is none."""
    for slot in range(INVENTORY_SIZE):
        if int(world.item_type[player, slot]) == EMPTY:
            return int(slot)
    return int(-1)


@kernel
def stack_of(world, player, kind, level):
    """Return the place of a stack of this type and level, -1 if there is none."""
    if IS_STACKED[kind] == 0:
        return int(-1)
    for slot in range(INVENTORY_SIZE):
        same = int(world.item_type[player, slot]) == kind
        if same and int(world.item_level[player, slot]) == level:
            return int(slot)
    return int(-1)


@kernel
def has_room(world, player, kind, level):
    """Return whether a player could receive an item: an empty place, or a stack of its kind."""
    return free_place(world, player) >= 0 or stack_of(world, player, kind, level) >= 0


@kernel
def receive_item(world, player, kind, level, quantity):
    """Put an item into an inventory: onto a stack, worn and listed ones too, else a free place.

    Returns:
        PLACED, MERGED, or LOST where there is no room.
    """
    slot = stack_of(world, player, kind, level)
    if slot >= 0:
        merged = int(world.item_quantity[player, slot]) + quantity
        world.item_quantity[player, slot] = min(merged, 32767)
        return int(MERGED)
    slot = free_place(world, player)
    if slot < 0:
        return int(LOST)
    world.item_type[player, slot] = kind
    world.item_level[player, slot] = level
    world.item_quantity[player, slot] = quantity
    world.item_is_worn[player, slot] = 0
    world.item_is_new[player, slot] = 1
    world.item_price[player, slot] = 0
    world.item_listed_tick[player, slot] = 0
    return int(PLACED)


@kernel
def show_items(world):
    """Let agents see what they have received: from here on their choices can mean it."""
    if int(world.rule_item):
        world.item_is_new[:, :] = 0


@kernel
def update_gear(world, player):
    """Add up what the worn items give: attack by style, and defense."""
    for style in range(STYLE_COUNT):
        world.entity_attack[player, style] = 0
        world.entity_defense[player, style] = 0
    for slot in range(INVENTORY_SIZE):
        if world.item_is_worn[player, slot] == 0:
            continue
        kind = int(world.item_type[player, slot])
        level = int(world.item_level[player, slot])
        for style in range(STYLE_COUNT):
            attack = int(world.entity_attack[player, style]) + ATTACK[kind, level, style]
            defense = int(world.entity_defense[player, style]) + DEFENSE[kind, level]
            world.entity_attack[player, style] = attack
            world.entity_defense[player, style] = defense


@kernel
def show_gear(world, player):
    """Let others see the level of what is worn; they learn of it in the next tick's upkeep."""
    total = int(0)
    for slot in range(INVENTORY_SIZE):
        if world.item_is_worn[player, slot] != 0:
            total += int(world.item_level[player, slot])
    world.entity_item_level[player] = total


@kernel
def clear_place(world, player, slot):
    """Empty a place: the item is taken off, withdrawn from the market, and gone."""
    was_worn = world.item_is_worn[player, slot] != 0
    world.item_type[player, slot] = EMPTY
    world.item_level[player, slot] = 0
    world.item_quantity[player, slot] = 0
    world.item_is_worn[player, slot] = 0
    world.item_is_new[player, slot] = 0
    world.item_price[player, slot] = 0
    world.item_listed_tick[player, slot] = 0
    if was_worn:
        update_gear(world, player)


@kernel
def clear_inventory(world, player):
    """Empty every place."""
    for slot in range(INVENTORY_SIZE):
        clear_place(world, player, slot)


@kernel
def worn_place(world, player, where):
    """Return the place of what is worn at a Slot, -1 for nothing."""
    for slot in range(INVENTORY_SIZE):
        is_there = SLOT_OF[int(world.item_type[player, slot])] == where
        if is_there and world.item_is_worn[player, slot] != 0:
            return int(slot)
    return int(-1)


@kernel
def loot_inventory(world, killer, victim):
    """Move a victim's items to its killer, in random order while there is room."""
    left = int(0)
    for slot in range(INVENTORY_SIZE):
        if int(world.item_type[victim, slot]) != EMPTY:
            left += 1
    while left > 0:
        # The n-th of what is left, so that every order is as likely.
        skipped = draw_below(world, left)
        slot = int(-1)
        while skipped >= 0:
            slot += 1
            if int(world.item_type[victim, slot]) != EMPTY:
                skipped -= 1
        kind = int(world.item_type[victim, slot])
        level = int(world.item_level[victim, slot])
        quantity = int(world.item_quantity[victim, slot])
        clear_place(world, victim, slot)
        if receive_item(world, killer, kind, level, quantity) == PLACED:
            count_event(world, killer, int(LOOT_ITEM))
        left -= 1
