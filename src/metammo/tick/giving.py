"""Gifts of items and gold to a player in sight (rulebook, section 10)."""

from metammo.actions import (
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
)
from metammo.jit import kernel
from metammo.rules.items import PRICE_LIMIT
from metammo.rules.sizes import VISION
from metammo.tick.events import count_event
from metammo.tick.fighting import can_act, is_player
from metammo.tick.inventory import clear_place, has_room, receive_item
from metammo.tick.trading import can_part_with
from metammo.tick.using import is_at_leisure
from metammo.world.columns import Event
from metammo.world.grid import entity_distance

GIVE_ITEM = int(Event.GIVE_ITEM)
GIVE_GOLD = int(Event.GIVE_GOLD)


@kernel
def observed(world, player, row):
    """Return the entity in a row of what a player saw last, -1 for none."""
    if row < 0 or row >= world.observed_entity.shape[1]:
        return int(-1)
    return int(world.observed_entity[player, row])


@kernel
def can_be_given(world, player, receiver):
    """Return whether a player may give to an entity: a living player in sight, not itself."""
    if receiver < 0 or receiver == player or not is_player(world, receiver):
        return False
    if world.entity_is_alive[receiver] == 0 or int(world.entity_health[receiver]) <= 0:
        return False
    return entity_distance(world, player, receiver) <= VISION


@kernel
def give_item(world, player, receiver, slot):
    """Give an item away if the receiver has room for it."""
    if not can_part_with(world, player, slot) or not can_be_given(world, player, receiver):
        return
    kind = int(world.item_type[player, slot])
    level = int(world.item_level[player, slot])
    quantity = int(world.item_quantity[player, slot])
    if has_room(world, receiver, kind, level):
        clear_place(world, player, slot)
        receive_item(world, receiver, kind, level, quantity)
        count_event(world, player, int(GIVE_ITEM))


@kernel
def give_gold(world, player, receiver, amount):
    """Give gold away if there is as much."""
    if int(world.rule_exchange) == 0 or not is_at_leisure(world, player):
        return
    if not can_be_given(world, player, receiver) or amount > int(world.entity_gold[player]):
        return
    world.entity_gold[player] = int(world.entity_gold[player]) - amount
    world.entity_gold[receiver] = int(world.entity_gold[receiver]) + amount
    count_event(world, player, int(GIVE_GOLD))


@kernel
def resolve_gifts(world, actions):
    """Carry out gifts, in order of rows; a player's item before its gold."""
    if int(world.rule_item) == 0 or actions.shape[1] <= HEAD_GIVE_GOLD_PRICE:
        return
    for player in range(int(world.player_count)):
        if not can_act(world, player):
            continue
        receiver = observed(world, player, int(actions[player, HEAD_GIVE_TARGET]))
        give_item(world, player, receiver, int(actions[player, HEAD_GIVE_ITEM]))
        receiver = observed(world, player, int(actions[player, HEAD_GIVE_GOLD_TARGET]))
        amount = int(actions[player, HEAD_GIVE_GOLD_PRICE]) + 1
        if amount >= 1 and amount <= PRICE_LIMIT:
            give_gold(world, player, receiver, amount)
