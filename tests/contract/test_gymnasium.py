"""Gymnasium's views, on every registered game: its own checker, and autoreset as it declares."""

import copy

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import metammo
from metammo.envs.vector import MinigameVectorEnv
from metammo.observe.layout import OwnFeature
from tests.contract.batches import GAMES, SHORT, make_batch, only, same

every_game = pytest.mark.parametrize("game", GAMES)


def single(game, **options):
    return metammo.make_single(only(game), **{"others": "random", **SHORT, **options})


def vector(game, worlds=2, **options):
    return MinigameVectorEnv(make_batch(worlds, only(game), **{**SHORT, **options}))


@every_game
@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_the_library_s_checker_passes(game, mode):
    check_env(single(game, seat=5, render_mode=mode))


@every_game
def test_one_seat_plays_until_its_end(game):
    env = single(game, seat=3)
    answers = []
    for _ in range(2):
        env.action_space.seed(0)
        observation, info = env.reset(seed=4)
        episode = [(observation, info)]
        ended = False
        while not ended:
            action = env.action_space.sample(observation["action_mask"])
            episode.append(env.step(action))
            observation, reward, terminated, truncated, info = episode[-1]
            assert env.observation_space.contains(observation)
            assert np.isfinite(reward)
            assert not (terminated and truncated)
            ended = terminated or truncated
            assert ("progress" in info) == ended
        with pytest.raises(RuntimeError, match="call reset"):
            env.step(action)
        answers.append(episode)
    assert same(*answers)
    assert not same(env.reset()[0], answers[0][0][0])


def test_a_seat_sees_what_the_batch_gives_it():
    env = single("survive", seat=9)
    observation, _ = env.reset(seed=2)
    batch = env.world.batch
    for _ in range(5):
        for name, part in observation["observation"].items():
            assert (part == batch.observations[name][0, 9]).all()
        assert (observation["action_mask"] == batch.masks[0, 9]).all()
        observation, *_ = env.step((4, 0, 32, 127))


def test_wrong_seats_and_actions_are_refused():
    with pytest.raises(ValueError, match=r"seat must lie in 0\.\.127, got 128"):
        single("survive", seat=128)
    env = single("survive")
    env.reset()
    with pytest.raises(ValueError, match=r"whole numbers below .*5, 3, 33, 128"):
        env.step((0, 0, 0))


def test_a_policy_of_one_s_own_plays_the_others():
    class Idle:
        def initial_state(self, count):
            return 0

        def act(self, observation, mask, state):
            assert observation.shape == mask.shape[:1] == (128,)
            return np.tile(np.array([4, 0, 32, 127], np.int16), (128, 1)), state + 1

    env = single("race_to_center", others=Idle(), horizon=5)
    env.reset()
    begun = env.world.batch.worlds["entity_row"][0, 1:128].copy()
    for _ in range(4):
        env.step((4, 0, 32, 127))
    assert (env.world.batch.worlds["entity_row"][0, 1:128] == begun).all()
    assert env._memory == 4


def test_the_seat_does_as_it_is_told():
    env = single("survive", seat=5)
    env.reset(seed=0)
    batch = env.world.batch
    assert batch.worlds[0].player_message[5] == 0
    env.step((4, 0, batch.masks[0, 5, 8:41].argmax(), 76))
    assert batch.worlds[0].player_message[5] == 77


@every_game
def test_every_agent_is_a_row_and_worlds_begin_anew_in_the_same_step(game):
    env = vector(game)
    assert env.num_envs == 256
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    batch = env.batch
    observations, infos = env.reset(seed=1)
    assert env.observation_space.contains(observations)
    ends = 0
    for step in range(130):
        actions = batch.random_actions(step).reshape(256, -1)
        assert env.action_space.contains(actions.astype(np.int64))
        observations, rewards, terminated, truncated, infos = env.step(actions)
        assert env.observation_space.contains(observations)
        ended = terminated | truncated
        assert rewards.shape == ended.shape == infos["alive"].shape == (256,)
        done = np.repeat(batch.done, 128)
        own = observations["observation"]["own"]
        assert (own[done, OwnFeature.TICK] == 0).all()
        assert infos["alive"][done].all()
        assert (infos["life_begins"] == done).all()
        assert ("final_obs" in infos) == ended.any()
        if ended.any():
            check_final(env, infos, ended, done)
        ends += batch.done.sum()
    assert ends >= 4


def check_final(env, infos, ended, done):
    """Assert that the infos hold the last observation and outcome of those that ended."""
    final, outcome = infos["final_obs"], infos["final_info"]
    for mask in (infos["_final_obs"], infos["_final_info"], outcome["_progress"]):
        assert (mask == ended).all()
    assert [row is not None for row in final] == ended.tolist()
    assert (outcome["_won"] == (ended & done)).all()
    assert (outcome["progress"] <= 1).all()
    last = env.batch.final_observations.reshape(-1)
    for row in np.flatnonzero(ended):
        assert env.single_observation_space.contains(final[row])
        if done[row]:
            assert (final[row]["observation"]["own"] == last[row]["own"]).all()


def test_what_the_vector_gives_stays_unless_copying_is_off():
    env = vector("survive")
    observations, _ = env.reset(seed=0)
    kept = copy.deepcopy(observations)
    for step in range(5):
        env.step(env.batch.random_actions(step).reshape(256, -1))
    assert same(observations, kept)
    direct = MinigameVectorEnv(env.batch, copy=False)
    assert np.shares_memory(direct.reset()[0]["action_mask"], env.batch.masks)


def test_the_vector_refuses_what_worlds_cannot_do():
    env = vector("survive")
    with pytest.raises(ValueError, match="one whole number for all rows"):
        env.reset(seed=[1, 2])
    with pytest.raises(ValueError, match="rows cannot be reset alone"):
        env.reset(options={"reset_mask": np.ones(256, bool)})
    with pytest.raises(ValueError, match=r"\[rows, heads\] = \(256, 4\), got \(2, 4\)"):
        env.step(np.zeros((2, 4), int))


def test_the_vector_draws_each_world():
    env = MinigameVectorEnv(make_batch(2), render_mode="ansi")
    pages = env.render()
    assert len(pages) == 2
    assert pages[0].startswith("tick 0 of 1024, 128 of 128 agents")
    env.close()
