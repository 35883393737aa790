"""What must hold for items, gold and the market in every world of the full config."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metammo
from metammo.actions import (
    FULL_HEADS,
    HEAD_BUY,
    HEAD_DESTROY,
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_USE,
    MASK_BUY,
    MASK_DESTROY,
    MASK_GIVE_GOLD_TARGET,
    MASK_GIVE_ITEM,
    MASK_GIVE_TARGET,
    MASK_SELL_ITEM,
    MASK_USE,
    NO_ITEM,
    NO_TARGET,
    no_op,
)
from metammo.envs.scenario import _update, tick_first
from metammo.rules.items import ARMOR, INVENTORY_SIZE, IS_STACKED, SLOT_OF, TOOLS, Item
from metammo.rules.skills import LEVEL_EXPERIENCE
from metammo.world.columns import Event
from metammo.world.worlds import fork, world_hash
from tests.contract.batches import mix_of

GAMES = mix_of("survive", "team_battle", config="full")
NOTHING = np.array(no_op(FULL_HEADS), np.int16)
TYPES = [int(item) for item in Item if item]


@pytest.fixture(scope="module")
def batch():
    options = {"size": "tiny", "teams": 4, "agents": 16, "playable": 16, "npc_count": 12}
    batch = metammo.make_vec(GAMES, 3, config="full", seed=0, threads=1, **options)
    yield batch
    batch.close()


def stock(world, player, rng):
    """Give an agent skills, gold and some items, a few of them worn or listed."""
    world.entity_experience[player] = LEVEL_EXPERIENCE[rng.integers(0, 4, 8)]
    world.entity_gold[player] = rng.integers(0, 60)
    seen, worn = set(), set()
    for slot in range(int(rng.integers(0, INVENTORY_SIZE + 1))):
        kind, level = int(rng.choice(TYPES)), int(rng.integers(1, 5))
        if IS_STACKED[kind] and (kind, level) in seen:
            continue
        seen.add((kind, level))
        world.item_type[player, slot] = kind
        world.item_level[player, slot] = level
        world.item_quantity[player, slot] = rng.integers(1, 9) if IS_STACKED[kind] else 1
        where = int(SLOT_OF[kind])
        fate = rng.random()
        if where and where not in worn and fate < 0.4:
            worn.add(where)
            world.item_is_worn[player, slot] = 1
        elif fate > 0.6:
            world.item_price[player, slot] = rng.integers(1, 30)
            world.item_listed_tick[player, slot] = int(world.tick) - rng.integers(1, 3)


def play(batch, seed, ticks):
    """Take the batch to a random state in which everybody has something."""
    batch.reset(seed)
    rng = np.random.default_rng(seed)
    for index, world in enumerate(batch.worlds):
        for player in range(int(world.player_count)):
            stock(world, player, rng)
            _update(batch.worlds[index : index + 1], player)
    batch.observe()
    for tick in range(ticks):
        batch.step(batch.random_actions(seed * 1000 + tick))
    return batch.worlds


def ticked(batch, world, actions, **rules):
    """Return a copy of a world after a tick of the given actions, int16[agents, heads]."""
    copy = fork(world, 1)
    for name, value in rules.items():
        copy[f"rule_{name}"] = value
    tick_first(copy, np.ascontiguousarray(actions))
    return copy[0]


def alone(batch, player, **choices):
    """Return the actions of a tick in which one agent alone acts, by number of head."""
    actions = np.tile(NOTHING, (batch.agent_count, 1))
    for head, choice in choices.items():
        actions[player, HEADS[head]] = choice
    return actions


HEADS = {
    "use": HEAD_USE,
    "destroy": HEAD_DESTROY,
    "sell": HEAD_SELL_ITEM,
    "price": HEAD_SELL_PRICE,
    "buy": HEAD_BUY,
    "give": HEAD_GIVE_ITEM,
    "receiver": HEAD_GIVE_TARGET,
    "gold": HEAD_GIVE_GOLD_PRICE,
    "heir": HEAD_GIVE_GOLD_TARGET,
}
PEACE = {"combat": 0, "resource": 0, "profession": 0, "fog_onset": 0}
"""Rules with which nothing but the agents' own doing moves an item."""


def everything(world):
    """Return how much there is of each type and level, over all agents."""
    total = Counter()
    rows = zip(world.item_type.flat, world.item_level.flat, world.item_quantity.flat, strict=True)
    for kind, level, quantity in rows:
        if kind:
            total[int(kind), int(level)] += int(quantity)
    return total


states = given(seed=st.integers(0, 10_000), ticks=st.integers(0, 12))
few = settings(max_examples=10)


@states
@few
def test_columns_agree(batch, seed, ticks):
    for index, world in enumerate(play(batch, seed, ticks)):
        empty = world.item_type == 0
        for column in ("level", "quantity", "is_worn", "price", "listed_tick"):
            assert not world[f"item_{column}"][empty].any()
        assert (world.item_quantity[~empty] > 0).all()
        assert not (world.item_is_worn.astype(bool) & (world.item_price > 0)).any()
        assert (world.entity_gold >= 0).all()
        for player in range(batch.agent_count):
            worn = world.item_is_worn[player] != 0
            slots = SLOT_OF[world.item_type[player][worn]]
            assert len(set(slots.tolist())) == len(slots)
            stacks = IS_STACKED[world.item_type[player]] != 0
            kinds = list(
                zip(
                    world.item_type[player][stacks].tolist(),
                    world.item_level[player][stacks].tolist(),
                    strict=True,
                )
            )
            assert len(set(kinds)) == len(kinds)
            before = [world[f"entity_{name}"][player].copy() for name in ("attack", "defense")]
            _update(batch.worlds[index : index + 1], player)
            after = [world[f"entity_{name}"][player] for name in ("attack", "defense")]
            assert np.array_equal(before, after)


@states
@few
def test_trade_and_gifts_make_and_lose_nothing(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    actions = batch.random_actions(seed)
    actions[..., [HEAD_USE, HEAD_DESTROY]] = NO_ITEM
    for index, world in enumerate(worlds):
        after = ticked(batch, world, actions[index], **PEACE)
        assert everything(after) == everything(world)
        assert after.entity_gold.sum() == world.entity_gold.sum()
        spent = after.player_gold_spent - world.player_gold_spent
        earned = after.player_gold_earned - world.player_gold_earned
        assert spent.sum() == earned.sum()


@states
@few
def test_worn_and_listed_items_leave_by_no_other_way(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    actions = batch.random_actions(seed)
    actions[..., HEAD_USE] = NO_ITEM
    for index, world in enumerate(worlds):
        after = ticked(batch, world, actions[index], **PEACE)
        same = (after.item_type == world.item_type) & (after.item_level == world.item_level)
        worn = world.item_is_worn != 0
        assert same[worn].all()
        assert (after.item_is_worn[worn] == 1).all()
        assert (after.item_quantity[worn] >= world.item_quantity[worn]).all()
        listed = world.item_price > 0
        gone = listed & ~(same & (after.item_type > 0))
        destroyed = np.zeros_like(gone)
        for player, slot in enumerate(actions[index][:, HEAD_DESTROY]):
            if slot != NO_ITEM:
                destroyed[player, slot] = True
        prices = int(world.item_price[gone & ~destroyed].sum())
        spent = int((after.player_gold_spent - world.player_gold_spent).sum())
        # An item sold leaves an empty place, which a purchase or a gift may fill at once.
        assert prices <= spent


@states
@few
def test_using_and_destroying_account_for_all_that_is_lost(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    actions = batch.random_actions(seed)
    for index, world in enumerate(worlds):
        after = ticked(batch, world, actions[index], **PEACE)
        lost = everything(world) - everything(after)
        assert not everything(after) - everything(world)
        change = (after.player_event_count - world.player_event_count).sum(0)
        eaten = (after.player_item_events[:, 0].astype(int) - world.player_item_events[:, 0]).sum(0)
        for (kind, level), count in list(lost.items()):
            lost[kind, level] = count - int(eaten[kind, level])
        destroyed = sum(1 for count in lost.elements())
        assert min(lost.values(), default=0) >= 0
        assert change[Event.DESTROY_ITEM] <= destroyed or change[Event.DESTROY_ITEM] == 0
        if change[Event.DESTROY_ITEM] == 0:
            assert destroyed == 0


def change_of(world, after, which):
    """Return how much of each type and level an event of `ITEM_EVENTS` moved in a tick."""
    moved = after.player_item_events[:, which].astype(int) - world.player_item_events[:, which]
    return Counter({(k, level): int(n) for (k, level), n in np.ndenumerate(moved.sum(0)) if n})


@states
@few
def test_nothing_comes_or_goes_but_by_a_named_way(batch, seed, ticks):
    """All systems on: what is gained was harvested or dropped, what is lost has its event."""
    worlds = play(batch, seed, ticks)
    gear = {*map(int, (*ARMOR, *TOOLS))}
    for tick in range(6):
        actions = batch.random_actions(seed + tick)
        for index, world in enumerate(worlds):
            after = ticked(batch, world, actions[index])
            before, now = everything(world), everything(after)
            events = (after.player_event_count - world.player_event_count).sum(0)
            gained = now - before - change_of(world, after, 1)
            # NPCs drop armour and tools alone.
            assert all(kind in gear for kind, _ in gained)
            assert sum(gained.values()) <= events[Event.LOOT_ITEM]
            lost = before - now - change_of(world, after, 0)
            if events[Event.DESTROY_ITEM] + events[Event.AGENT_CULLED] == 0:
                assert all(IS_STACKED[kind] for kind, _ in lost)
                assert sum(lost.values()) <= events[Event.FIRE_AMMO]
        batch.step(actions)


def living(batch, world):
    return np.flatnonzero(world.entity_is_alive[: batch.agent_count])


def void_tries(world, player, mask):
    """Yield actions that an agent's mask forbids."""
    carried = np.flatnonzero(mask[MASK_GIVE_ITEM : MASK_GIVE_ITEM + NO_ITEM])
    for slot in range(INVENTORY_SIZE):
        for name, start in (("use", MASK_USE), ("destroy", MASK_DESTROY)):
            if not mask[start + slot]:
                yield {name: slot}
        if not mask[MASK_SELL_ITEM + slot]:
            yield {"sell": slot, "price": 4}
    for listing in np.flatnonzero(mask[MASK_BUY : MASK_BUY + 384] == 0)[:12]:
        yield {"buy": listing}
    for row in range(NO_TARGET):
        receiver = int(world.observed_entity[player, row])
        # Narrower than validity, as the peer's: nothing is offered to immortals.
        if receiver >= 0 and world.entity_mortal_tick[receiver] > 0:
            continue
        if not mask[MASK_GIVE_TARGET + row] and len(carried):
            yield {"give": carried[0], "receiver": row}
        if not mask[MASK_GIVE_GOLD_TARGET + row]:
            yield {"gold": 0, "heir": row}


@states
@settings(max_examples=5)
def test_masked_item_actions_are_void(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    rng = np.random.default_rng(seed)
    for index, world in enumerate(worlds):
        nothing = world_hash(ticked(batch, world, alone(batch, 0)))
        for player in rng.permutation(living(batch, world))[:3]:
            for choices in void_tries(world, player, batch.masks[index, player]):
                after = ticked(batch, world, alone(batch, player, **choices))
                assert world_hash(after) == nothing, choices
            for wild in (-1, 500):
                after = ticked(batch, world, alone(batch, player, **dict.fromkeys(HEADS, wild)))
                assert world_hash(after) == nothing


def allowed_tries(mask):
    """Yield an action that an agent's mask allows, the event that it makes, and its receiver."""
    for slot in np.flatnonzero(mask[MASK_USE : MASK_USE + NO_ITEM])[:3]:
        yield {"use": slot}, None, -1
    for slot in np.flatnonzero(mask[MASK_DESTROY : MASK_DESTROY + NO_ITEM])[:2]:
        yield {"destroy": slot}, Event.DESTROY_ITEM, -1
    for slot in np.flatnonzero(mask[MASK_SELL_ITEM : MASK_SELL_ITEM + NO_ITEM])[:2]:
        yield {"sell": slot, "price": 9}, Event.LIST_ITEM, -1
        for row in np.flatnonzero(mask[MASK_GIVE_TARGET : MASK_GIVE_TARGET + NO_TARGET])[:2]:
            yield {"give": slot, "receiver": row}, Event.GIVE_ITEM, row
    for listing in np.flatnonzero(mask[MASK_BUY : MASK_BUY + 384])[:3]:
        yield {"buy": listing}, Event.BUY_ITEM, -1
    for row in np.flatnonzero(mask[MASK_GIVE_GOLD_TARGET : MASK_GIVE_GOLD_TARGET + NO_TARGET])[:2]:
        yield {"gold": 0, "heir": row}, Event.GIVE_GOLD, row


def cause_of_nothing(world, after, player, event, row):
    """Return why an allowed action on items made no event, None if it did."""
    if event is None:
        used = after.item_is_worn[player].tolist() != world.item_is_worn[player].tolist()
        consumed = after.player_event_count[player, Event.CONSUME_ITEM]
        if used or consumed > world.player_event_count[player, Event.CONSUME_ITEM]:
            return None
    elif after.player_event_count[player, event] > world.player_event_count[player, event]:
        return None
    if after.entity_is_alive[player] == 0 or after.entity_freeze[player] > 0:
        return "actor dead or frozen"
    if event == Event.LIST_ITEM and after.entity_combat_tick[player] == int(after.tick):
        return "came into combat in the same tick"
    full = (after.item_type > 0).all(axis=1)
    if event == Event.BUY_ITEM and full[player]:
        return "receiver full"
    if row >= 0:
        receiver = int(world.observed_entity[player, row])
        if after.entity_is_alive[receiver] == 0:
            return "receiver dead"
        if event == Event.GIVE_ITEM and full[receiver]:
            return "receiver full"
    return "unknown"


@states
@settings(max_examples=6)
def test_allowed_item_actions_are_carried_out_or_have_a_cause(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    rng = np.random.default_rng(seed)
    for index, world in enumerate(worlds):
        for player in rng.permutation(living(batch, world))[:3]:
            for choices, event, row in allowed_tries(batch.masks[index, player]):
                after = ticked(batch, world, alone(batch, player, **choices))
                assert cause_of_nothing(world, after, player, event, row) != "unknown", choices
