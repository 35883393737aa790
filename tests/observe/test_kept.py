"""Buffers that are brought up to date hold the same as buffers that are written anew."""

import numpy as np
import pytest

from metammo.envs.batch import _plain, make_vec
from metammo.jit import IS_COMPILED
from metammo.minigames.minigame import find_game, game_names
from metammo.observe.scratch import make_kept
from metammo.world.shares import make_taken
from tests.contract.batches import mix_of

FILL = 0xA5


def observed_anew(batch):
    """Observe a batch into other buffers, full of junk."""
    rows = np.full_like(batch.observation_bytes, FILL)
    masks = np.full_like(batch.masks, FILL)
    markets = np.full_like(batch.markets, FILL)
    kept = _plain(make_kept(batch.world_count, batch.sizes))
    arrays = batch._arrays(
        kept=kept,
        observations=_plain(rows.view(batch.layout.dtype)[..., 0].view(np.recarray)),
        markets=markets,
        masks=masks,
        alive=np.zeros_like(batch.alive),
    )
    driver = batch._driver
    driver.run_worlds(driver.OBSERVE, batch._plain_worlds, make_taken(1), 0, *arrays)
    return rows, masks, markets


def play_and_compare(batch, ticks, every=1):
    """Play at random; return how many agents' rows went from living to dead, and back."""
    died = lived = 0
    for tick in range(ticks):
        before = batch.alive.copy()
        batch.step(batch.random_actions(tick))
        died += int((before & ~batch.alive).sum())
        lived += int((~before & batch.alive).sum())
        if tick % every == 0:
            rows, masks, markets = observed_anew(batch)
            np.testing.assert_array_equal(batch.observation_bytes, rows)
            np.testing.assert_array_equal(batch.masks, masks)
            np.testing.assert_array_equal(batch.markets, markets)
    return died, lived


@pytest.mark.pure
@pytest.mark.parametrize("game", game_names())
def test_rows_are_brought_up_to_date(game):
    ticks = 250 if IS_COMPILED else 4
    config = find_game(game).configs[0]
    knobs = {"teams": 4, "agents": 16, "playable": 16, "horizon": 90}
    mix = mix_of(game, config=config, **knobs)
    batch = make_vec(mix, 2, seed=3, size="tiny", config=config, threads=1)
    play_and_compare(batch, ticks)
    batch.close()


@pytest.mark.parametrize("config", ["mini", "full"])
def test_death_and_the_next_episode_leave_nothing_behind(config):
    hunger = {"starvation_damage": 40, "resource_depletion": 30, "horizon": 60}
    mix = mix_of("survive", "team_battle", config=config, teams=16, agents=128, **hunger)
    batch = make_vec(mix, 4, seed=1, threads=1, config=config)
    died, lived = play_and_compare(batch, 200, every=7)
    assert died > 100
    assert lived > 100
    batch.close()


def test_a_restored_world_of_another_episode_is_written_anew():
    batch = make_vec(mix_of("team_battle", horizon=30), 2, seed=1, threads=1)
    for tick in range(20):
        batch.step(batch.random_actions(tick))
    kept = batch.worlds.copy()
    for tick in range(20):
        batch.step(batch.random_actions(tick))
    batch.worlds[:] = kept
    batch.step(batch.random_actions(7))
    rows, masks, markets = observed_anew(batch)
    np.testing.assert_array_equal(batch.observation_bytes, rows)
    np.testing.assert_array_equal(batch.masks, masks)
    np.testing.assert_array_equal(batch.markets, markets)
    batch.close()
