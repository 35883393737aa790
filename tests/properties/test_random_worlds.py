"""What must hold in every world that random play leads to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metammo
from metammo.actions import (
    MASK_STYLE,
    MASK_TARGET,
    NO_TARGET,
    SILENT,
    no_op,
)
from metammo.envs.scenario import tick_first
from metammo.rules.materials import IS_HABITABLE, ORIGIN
from metammo.world.columns import Event
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY
from metammo.world.worlds import fork, restore, snapshot, world_hash
from tests.contract.batches import GAMES

WORLDS = 8
NARROWER = ("team-mates are spared", "the young are hidden a tick longer")
"""Masks that are narrower than validity, as the peer's: such an attack would be carried out."""


@pytest.fixture(scope="module")
def batch():
    batch = metammo.make_vec(GAMES, WORLDS, seed=0, threads=1)
    yield batch
    batch.close()


def play(batch, seed, ticks):
    """Take the batch to a random state: a game, a map, some ticks of random play."""
    batch.reset(seed)
    for tick in range(ticks):
        batch.step(batch.random_actions(seed * 1000 + tick))
    return batch.worlds


states = given(seed=st.integers(0, 10_000), ticks=st.integers(0, 120))
few = settings(max_examples=12)


@states
@few
def test_numbers_stay_in_range(batch, seed, ticks):
    for world in play(batch, seed, ticks):
        agents = int(world.player_count)
        alive = world.entity_is_alive == 1
        assert world.entity_health[alive].min() > 0
        assert world.entity_health.max() <= 100
        for column in (world.player_food, world.player_water):
            assert column.min() >= 0
            assert column.max() <= 100
        assert world.player_progress.min() >= 0
        assert world.player_progress.max() <= 1
        assert (world.player_best_progress >= world.player_progress).all()
        assert sorted(world.player_order[:agents]) == list(range(agents))
        assert int(world.npc_alive_count) == alive[world.player_food.size :].sum()


@states
@few
def test_the_tiles_lists_agree_with_the_positions(batch, seed, ticks):
    for world in play(batch, seed, ticks):
        found = {}
        for row, col in zip(*np.nonzero(world.tile_first_entity >= 0), strict=True):
            entity = int(world.tile_first_entity[row, col])
            while entity >= 0:
                assert entity not in found
                found[entity] = (int(row), int(col))
                entity = int(world.entity_next[entity])
        wanted = {
            int(entity): (int(world.entity_row[entity]), int(world.entity_col[entity]))
            for entity in np.flatnonzero(world.entity_is_alive)
        }
        assert found == wanted
        assert all(IS_HABITABLE[world.tile_material[place]] for place in found.values())


@states
@few
def test_depleted_tiles_are_listed_once_each(batch, seed, ticks):
    for world in play(batch, seed, ticks):
        side = world.tile_material.shape[0]
        listed = world.depleted_tile[: int(world.depleted_count)].astype(int)
        changed = np.flatnonzero(ORIGIN[world.tile_material] != world.tile_material)
        assert sorted(listed) == changed.tolist()
        assert listed.size == 0 or listed.max() < side * side


@states
@few
def test_a_snapshot_has_the_same_future(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    states_before = [snapshot(world) for world in worlds]
    actions = [batch.random_actions(index) for index in range(3)]

    def future():
        batch.observe()
        for action in actions:
            batch.step(action)
        return [world_hash(world) for world in worlds]

    first = future()
    for index, state in enumerate(states_before):
        restore(worlds, index, state)
    assert future() == first


def tick_one(batch, world, player, action):
    """Return a copy of a world after a tick in which one agent acts and all others do nothing."""
    copy = fork(world, 1)
    # Who begins far inside explores by staying there, and by no void move; both are right.
    copy.player_exploration[:] = 1000
    actions = np.tile(np.array(no_op(), np.int16), (1, batch.agent_count, 1))
    if player is not None:
        actions[0, player] = action
    tick_first(copy, actions[0])
    return copy[0]


def living(batch, world):
    return np.flatnonzero(world.entity_is_alive[: batch.agent_count])


def is_narrower(world, player, target):
    """Return whether a masked target would be valid all the same, by the known list."""
    if target < 0 or target >= world.player_food.size:
        return False
    mates = world.entity_team[target] == world.entity_team[player]
    young = int(world.entity_time_alive[target]) < int(world.rule_spawn_immunity)
    return bool(mates or young)


@states
@settings(max_examples=8)
def test_masked_actions_are_void(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    rng = np.random.default_rng(seed)
    for index, world in enumerate(worlds):
        nothing = world_hash(tick_one(batch, world, None, None))
        for player in rng.permutation(living(batch, world))[:4]:
            mask = batch.masks[index, player]
            for move in np.flatnonzero(mask[:MASK_STYLE] == 0):
                action = (move, 0, NO_TARGET, SILENT)
                assert world_hash(tick_one(batch, world, player, action)) == nothing
            for row in np.flatnonzero(mask[MASK_TARGET : MASK_TARGET + NO_TARGET] == 0)[:6]:
                if is_narrower(world, player, int(world.observed_entity[player, row])):
                    continue
                action = (MOVE_STAY, 0, row, SILENT)
                assert world_hash(tick_one(batch, world, player, action)) == nothing
            for action in ((-1, -1, -1, -1), (99, 99, 99, 999)):
                assert world_hash(tick_one(batch, world, player, action)) == nothing


def test_the_masks_that_are_narrower_are_these():
    """An attack on a team-mate, or on one young at the last look, is carried out if it is made."""
    from metammo.envs.scenario import Scenario

    scene = Scenario(["....."], resource=0)
    anna = scene.player(0, 0, team=0)
    mate = scene.player(0, 1, team=0)
    young = scene.player(0, 2, team=1, time_alive=19)
    assert scene.observe()[1][anna, MASK_TARGET : MASK_TARGET + NO_TARGET].sum() == 0
    scene.tick({anna: {"attack": mate}, mate: {"attack": young}})
    assert scene["health"][[mate, young]].tolist() == [90, 90]
    assert len(NARROWER) == 2


def cause_of_no_move(world, after, player, move):
    """Return why an allowed move led nowhere, None if it did not."""
    row = int(world.entity_row[player]) + int(MOVE_ROW[move])
    col = int(world.entity_col[player]) + int(MOVE_COL[move])
    if (int(after.entity_row[player]), int(after.entity_col[player])) == (row, col):
        return None
    if after.entity_is_alive[player] == 0 or after.entity_freeze[player] > 0:
        return "actor dead or frozen"
    taken = max(world.tile_first_entity[row, col], after.tile_first_entity[row, col]) >= 0
    if int(world.rule_move_into_occupied) == 0 and taken:
        return "tile taken"
    return "unknown"


def cause_of_no_hit(world, after, player, target):
    """Return why an allowed attack did not hit, None if it did."""
    hits = after.player_event_count[player, Event.SCORE_HIT]
    if hits == world.player_event_count[player, Event.SCORE_HIT] + 1:
        return None
    if after.entity_is_alive[player] == 0 or after.entity_freeze[player] > 0:
        return "actor dead or frozen"
    if after.entity_is_alive[target] == 0 or after.entity_mortal_tick[target] > 0:
        return "target dead or immune"
    return "unknown"


@states
@settings(max_examples=8)
def test_allowed_actions_are_carried_out_or_have_a_cause(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    rng = np.random.default_rng(seed)
    for index, world in enumerate(worlds):
        for player in rng.permutation(living(batch, world))[:4]:
            mask = batch.masks[index, player]
            for move in np.flatnonzero(mask[:MOVE_STAY]):
                after = tick_one(batch, world, player, (move, 0, NO_TARGET, SILENT))
                assert cause_of_no_move(world, after, player, move) != "unknown"
            for row in np.flatnonzero(mask[MASK_TARGET : MASK_TARGET + NO_TARGET])[:3]:
                target = int(world.observed_entity[player, row])
                after = tick_one(batch, world, player, (MOVE_STAY, 1, row, SILENT))
                assert cause_of_no_hit(world, after, player, target) != "unknown"


@states
@settings(max_examples=8)
def test_so_it_is_when_all_act_at_once(batch, seed, ticks):
    worlds = play(batch, seed, ticks)
    everybody = batch.random_actions(seed)
    causes = set()
    for index, world in enumerate(worlds):
        after = fork(world, 1)
        tick_first(after, everybody[index])
        for player in living(batch, world):
            move, _, row, _ = everybody[index, player]
            if move != MOVE_STAY:
                causes.add(cause_of_no_move(world, after[0], player, move))
            if row != NO_TARGET:
                target = int(world.observed_entity[player, row])
                causes.add(cause_of_no_hit(world, after[0], player, target))
    assert "unknown" not in causes
