"""The market: listings that lapse, buyers in random order (rulebook, section 10)."""

from metammo.actions import HEAD_BUY, HEAD_SELL_ITEM, HEAD_SELL_PRICE
from metammo.jit import kernel
from metammo.rules.items import INVENTORY_SIZE, LISTING_LIMIT, PRICE_LIMIT
from metammo.tick.events import count_event
from metammo.tick.fighting import can_act
from metammo.tick.inventory import (
    BOUGHT,
    EMPTY,
    LISTED,
    clear_place,
    count_item,
    has_room,
    receive_item,
)
from metammo.tick.using import is_at_leisure, is_owned
from metammo.world.columns import Event
from metammo.world.random import draw_below

BUY_ITEM = int(Event.BUY_ITEM)
EARN_GOLD = int(Event.EARN_GOLD)
LIST_ITEM = int(Event.LIST_ITEM)


@kernel
def can_part_with(world, player, slot):
    """Return whether an item can be sold or given: neither worn nor listed."""
    if not is_at_leisure(world, player) or not is_owned(world, player, slot):
        return False
    return world.item_is_worn[player, slot] == 0 and int(world.item_price[player, slot]) == 0


@kernel
def can_sell(world, player, slot):
    """Return whether an item can be put up for sale. Serves phase and mask."""
    return int(world.rule_exchange) != 0 and can_part_with(world, player, slot)


@kernel
def can_buy(world, player, listing):
    """Return whether a player can buy a listing, as it stands. Serves phase and mask."""
    if int(world.rule_exchange) == 0 or not is_at_leisure(world, player):
        return False
    if listing < 0 or listing >= int(world.listing_count):
        return False
    seller = int(world.listing_seller[listing])
    slot = int(world.listing_place[listing])
    price = int(world.item_price[seller, slot])
    if seller == player or price == 0 or world.item_is_new[seller, slot] != 0:
        return False
    if price > int(world.entity_gold[player]):
        return False
    kind = int(world.item_type[seller, slot])
    return has_room(world, player, kind, int(world.item_level[seller, slot]))


@kernel
def buy(world, player, listing):
    """Hand over an item for its price; a stack goes whole."""
    seller = int(world.listing_seller[listing])
    slot = int(world.listing_place[listing])
    price = int(world.item_price[seller, slot])
    kind = int(world.item_type[seller, slot])
    level = int(world.item_level[seller, slot])
    quantity = int(world.item_quantity[seller, slot])
    count_event(world, player, int(BUY_ITEM))
    bought = int(world.player_item_events[player, BOUGHT, kind, level]) + quantity
    world.player_item_events[player, BOUGHT, kind, level] = min(bought, 65535)
    clear_place(world, seller, slot)
    receive_item(world, player, kind, level, quantity)
    world.entity_gold[player] = int(world.entity_gold[player]) - price
    world.entity_gold[seller] = int(world.entity_gold[seller]) + price
    world.player_gold_spent[player] = int(world.player_gold_spent[player]) + price
    world.player_gold_earned[seller] = int(world.player_gold_earned[seller]) + price
    count_event(world, seller, int(EARN_GOLD))


@kernel
def resolve_buys(world, actions):
    """Let buyers have their way, in an order drawn anew each tick."""
    if int(world.rule_exchange) == 0 or actions.shape[1] <= HEAD_BUY:
        return
    buyers = int(0)
    for player in range(int(world.player_count)):
        listing = int(actions[player, HEAD_BUY])
        if can_act(world, player) and can_buy(world, player, listing):
            world.buyer[buyers] = player
            buyers += 1
    while buyers > 0:
        drawn = draw_below(world, buyers)
        player = int(world.buyer[drawn])
        buyers -= 1
        world.buyer[drawn] = world.buyer[buyers]
        listing = int(actions[player, HEAD_BUY])
        if can_buy(world, player, listing):
            buy(world, player, listing)


@kernel
def resolve_sells(world, actions):
    """Put items up for sale, in order of rows."""
    if int(world.rule_exchange) == 0 or actions.shape[1] <= HEAD_SELL_PRICE:
        return
    for player in range(int(world.player_count)):
        slot = int(actions[player, HEAD_SELL_ITEM])
        price = int(actions[player, HEAD_SELL_PRICE]) + 1
        if price < 1 or price > PRICE_LIMIT or not can_act(world, player):
            continue
        if can_sell(world, player, slot):
            world.item_price[player, slot] = price
            world.item_listed_tick[player, slot] = int(world.tick)
            count_item(world, player, int(LISTED), int(LIST_ITEM), slot)


@kernel
def lapse_listings(world):
    """Withdraw what has been on offer for too long."""
    if int(world.rule_exchange) == 0:
        return
    oldest = int(world.tick) - int(world.rule_listing_ticks)
    for player in range(int(world.player_count)):
        for slot in range(INVENTORY_SIZE):
            listed = int(world.item_price[player, slot]) > 0
            if listed and int(world.item_listed_tick[player, slot]) < oldest:
                world.item_price[player, slot] = 0
                world.item_listed_tick[player, slot] = 0


@kernel
def note_listings(world):
    """Number what is on offer, as it will be observed and can be bought in the next tick."""
    count = int(0)
    if int(world.rule_exchange):
        for player in range(int(world.player_count)):
            for slot in range(INVENTORY_SIZE):
                if int(world.item_price[player, slot]) == 0 or count == LISTING_LIMIT:
                    continue
                if int(world.item_type[player, slot]) != EMPTY:
                    world.listing_seller[count] = player
                    world.listing_place[count] = slot
                    count += 1
    world.listing_count = count
