"""The full config through every view: checkers, market, threads, deaths, the next episode."""

from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test

import metammo
from metammo.actions import FULL_MASK_SIZE
from metammo.envs.vector import MinigameVectorEnv
from metammo.observe.layout import FULL_LAYOUT, MARKET_PART, MINI_LAYOUT
from metammo.world.worlds import world_hash
from tests.contract.batches import ALL_GAMES, bytes_of, mix_of, play

GAMES = mix_of("survive", "team_battle", "multi_task", "ammo_training", config="full")
FULL = {"config": "full", "horizon": 60}


def batch_of(worlds, **options):
    return metammo.make_vec(GAMES, worlds, **{"config": "full", "threads": 1, **options})


def test_the_layout_holds_what_the_mini_one_does():
    names = {part.name for part in MINI_LAYOUT.parts}
    assert {part.name for part in FULL_LAYOUT.parts} == names | {"inventory", "skills"}


def test_pettingzoos_checker_passes(capsys):
    parallel_api_test(metammo.make(GAMES, **FULL), num_cycles=80)
    assert "Passed" in capsys.readouterr().out


def test_gymnasiums_checker_passes():
    check_env(metammo.make_single(GAMES, others="smith", **FULL))


def test_every_row_of_the_vector_view_fits_its_space():
    env = MinigameVectorEnv(batch_of(2, horizon=20))
    observations, _ = env.reset(seed=1)
    for step in range(25):
        env.action_space.seed(step)
        actions = env.batch.random_actions(step).reshape(env.num_envs, -1)
        observations, *_, infos = env.step(actions)
        assert observations["action_mask"].shape == (env.num_envs, FULL_MASK_SIZE)
        assert observations["observation"]["market"].shape[1:] == MARKET_PART.shape
        assert env.observation_space.contains(observations)
        if step == 19:
            last = [row for row in infos["final_obs"] if row is not None]
            assert all(env.single_observation_space.contains(row) for row in last)
            assert len(last) > 100


def all_games(worlds, **options):
    return metammo.make_vec(ALL_GAMES, worlds, **{"config": "full", "threads": 1, **options})


def test_every_game_is_the_same_on_any_number_of_threads_and_alone():
    worlds = 24
    first = all_games(worlds, seed=5)
    seen = set()
    for step in range(300):
        seen |= set(first.worlds.game)
        play(first, 1, first=step)
    other = play(all_games(worlds, seed=5, threads=3), 300)
    assert len(seen) >= len(ALL_GAMES) - 1
    assert bytes_of(first) == bytes_of(other)
    assert [world_hash(w) for w in first.worlds] == [world_hash(w) for w in other.worlds]
    few = all_games(6, seed=5)
    first.reset(5)
    for step in range(60):
        actions = first.random_actions(step)
        first.step(actions)
        few.step(actions[:6])
    assert [world_hash(w) for w in few.worlds] == [world_hash(w) for w in first.worlds[:6]]


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads():
    first = play(batch_of(6, seed=5), 300)
    other = play(batch_of(6, seed=5, threads=3), 300)
    assert bytes_of(first) == bytes_of(other)
    assert first.markets.tobytes() == other.markets.tobytes()
    assert [world_hash(w) for w in first.worlds] == [world_hash(w) for w in other.worlds]


def test_a_state_goes_on_in_another_batch():
    first = play(batch_of(2, seed=5), 150)
    state = first.state_dict()
    second = batch_of(2, seed=9)
    second.load_state_dict(state)
    for batch in (first, second):
        play(batch, 50, first=150)
    assert bytes_of(first) == bytes_of(second)


def test_random_play_trades():
    batch = batch_of(4, seed=1)
    listed = 0
    for step in range(300):
        batch.step(batch.random_actions(step))
        listed = max(listed, int((batch.markets[..., 0] > 0).sum(1).max()))
    bought = batch.worlds.player_gold_spent.sum()
    assert listed > 5
    assert bought > 0


def test_the_mini_config_has_no_market():
    batch = metammo.make_vec(mix_of("survive"), 1, threads=1)
    assert batch.markets.shape[1] == 0
    assert "market" not in batch.observation_space["observation"].spaces
