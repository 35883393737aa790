"""How items are worn, consumed and thrown away (rulebook, section 9)."""

from metammo.actions import HEAD_DESTROY, HEAD_USE
from metammo.jit import kernel
from metammo.rules.items import (
    ANY_SKILL,
    INVENTORY_SIZE,
    RESTORED,
    SKILL_OF,
    SLOT_OF,
    Item,
    Slot,
)
from metammo.tick.events import count_event
from metammo.tick.fighting import can_act, is_in_combat
from metammo.tick.inventory import (
    CONSUMED,
    EMPTY,
    clear_place,
    count_item,
    update_gear,
    worn_place,
)
from metammo.tick.skills import best_level
from metammo.world.columns import Event

FULL = 100
RATION = int(Item.RATION)
NOWHERE = int(Slot.NONE)
CONSUME_ITEM = int(Event.CONSUME_ITEM)
EQUIP_ITEM = int(Event.EQUIP_ITEM)
DESTROY_ITEM = int(Event.DESTROY_ITEM)


@kernel
def is_at_leisure(world, player):
    """Return whether a player may handle items and gold at all: not in combat."""
    return int(world.rule_item) != 0 and not is_in_combat(world, player)


@kernel
def is_owned(world, player, slot):
    """Return whether a choice names something that the player has, and has seen that it has."""
    if slot < 0 or slot >= INVENTORY_SIZE or world.item_is_new[player, slot] != 0:
        return False
    return int(world.item_type[player, slot]) != EMPTY


@kernel
def is_skilled_for(world, player, slot):
    """Return whether a player's level is high enough for an item."""
    skill = SKILL_OF[int(world.item_type[player, slot])]
    level = best_level(world, player)
    if skill != ANY_SKILL:
        level = int(world.player_skill_level[player, skill])
    return level >= int(world.item_level[player, slot])


@kernel
def can_use(world, player, slot):
    """Return whether an item can be worn, taken off or consumed. Serves phase and mask."""
    if not is_at_leisure(world, player) or not is_owned(world, player, slot):
        return False
    return int(world.item_price[player, slot]) == 0 and is_skilled_for(world, player, slot)


@kernel
def can_destroy(world, player, slot):
    """Return whether an item can be thrown away; a listed one can. Serves phase and mask."""
    if not is_at_leisure(world, player) or not is_owned(world, player, slot):
        return False
    return world.item_is_worn[player, slot] == 0


@kernel
def consume(world, player, slot):
    """Eat and drink a ration, or heal by a potion."""
    restored = RESTORED[int(world.item_level[player, slot])]
    count_item(world, player, int(CONSUMED), int(CONSUME_ITEM), slot)
    if int(world.item_type[player, slot]) == RATION:
        world.player_food[player] = min(int(world.player_food[player]) + restored, FULL)
        world.player_water[player] = min(int(world.player_water[player]) + restored, FULL)
    else:
        world.entity_health[player] = min(int(world.entity_health[player]) + restored, FULL)
    clear_place(world, player, slot)


@kernel
def use_item(world, player, slot):
    """Wear an item in the place of another, take off a worn one, or consume."""
    where = SLOT_OF[int(world.item_type[player, slot])]
    if where == NOWHERE:
        consume(world, player, slot)
        return
    if world.item_is_worn[player, slot] != 0:
        world.item_is_worn[player, slot] = 0
    else:
        worn = worn_place(world, player, where)
        if worn >= 0:
            world.item_is_worn[player, worn] = 0
        world.item_is_worn[player, slot] = 1
        count_event(world, player, int(EQUIP_ITEM))
    update_gear(world, player)


@kernel
def resolve_uses(world, actions):
    """Carry out what players do with an item of their own, in order of rows."""
    if int(world.rule_item) == 0 or actions.shape[1] <= HEAD_USE:
        return
    for player in range(int(world.player_count)):
        slot = int(actions[player, HEAD_USE])
        if can_act(world, player) and can_use(world, player, slot):
            use_item(world, player, slot)


@kernel
def resolve_destroys(world, actions):
    """Throw away what players want to be rid of, in order of rows."""
    if int(world.rule_item) == 0 or actions.shape[1] <= HEAD_DESTROY:
        return
    for player in range(int(world.player_count)):
        slot = int(actions[player, HEAD_DESTROY])
        if can_act(world, player) and can_destroy(world, player, slot):
            clear_place(world, player, slot)
            count_event(world, player, int(DESTROY_ITEM))
