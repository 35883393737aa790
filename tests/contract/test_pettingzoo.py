"""PettingZoo's view, on every registered game: its own checker, and what that lets pass."""

import copy

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test

import metammo
from metammo.observe.layout import OwnFeature
from tests.contract.batches import GAMES, SHORT, only, same

every_game = pytest.mark.parametrize("game", GAMES)


def make(game, **options):
    return metammo.make(only(game), **{**SHORT, **options})


def actions_of(env, observations):
    return {
        agent: env.action_space(agent).sample(observations[agent]["action_mask"])
        for agent in env.agents
    }


def episode(env, seed):
    """Play an episode, by actions that masks and ticks make, and return all answers."""
    answers = [env.reset(seed)]
    while env.agents:
        drawn = env.world.batch.random_actions(len(answers))[0]
        chosen = {agent: drawn[env.possible_agents.index(agent)] for agent in env.agents}
        answers.append(env.step(chosen))
    return answers


@every_game
def test_the_library_s_checker_passes(game, capsys):
    parallel_api_test(make(game), num_cycles=100)
    assert "Passed" in capsys.readouterr().out


@every_game
def test_a_seed_repeats_whole_episodes(game):
    env = make(game)
    first, second = episode(env, 3), episode(env, None)
    again = make(game, seed=5)
    repeated = [episode(again, 3), episode(again, None)]
    assert len(first) > 20
    assert same(repeated, [first, second])
    assert not same(first[0], second[0])
    assert not same(env.reset(4), first[0])


@every_game
def test_the_first_reset_begins_with_the_seed_of_make(game):
    env = make(game, seed=3)
    assert same(env.reset(), make(game).reset(3))
    world = env.world.batch.worlds[0]
    assert world.episode == 1
    env.step(dict.fromkeys(env.agents, (4, 0, 32, 127)))
    env.reset()
    assert (world.episode, world.tick) == (2, 0)


@every_game
def test_answers_have_every_agent_that_acted_and_lie_in_their_spaces(game):
    env = make(game)
    observations, infos = env.reset(1)
    gone = set()
    while env.agents:
        acting = set(env.agents)
        assert not acting & gone
        answers = env.step(actions_of(env, observations))
        observations, rewards, terminated, truncated, infos = answers
        assert all(set(answer) == acting for answer in answers)
        out = {agent for agent in acting if terminated[agent] or truncated[agent]}
        assert not any(terminated[agent] and truncated[agent] for agent in acting)
        assert set(env.agents) == acting - out
        gone |= out
        for agent in acting:
            assert env.observation_space(agent).contains(observations[agent])
            assert np.isfinite(rewards[agent])
            assert ("progress" in infos[agent]) == (agent in out)
            assert 0 <= infos[agent].get("progress", 0) <= 1
    assert gone == set(env.possible_agents)
    assert all("won" in info for info in infos.values())
    with pytest.raises(RuntimeError, match="call reset"):
        env.step({})


@every_game
def test_the_last_observation_is_of_the_end_and_what_was_given_stays(game):
    env = make(game)
    observations, _ = env.reset(2)
    first = observations, copy.deepcopy(observations)
    while env.agents:
        observations, *_ = env.step(actions_of(env, observations))
    last = observations, copy.deepcopy(observations)
    final = env.world.batch.final_observations[0]
    length = int(env.world.batch.results[0].length)
    for agent, given in observations.items():
        own = given["observation"]["own"]
        assert (own == final["own"][int(agent.removeprefix("agent_"))]).all()
        assert own[OwnFeature.TICK] == (length if own[OwnFeature.ALIVE] else 0)
        assert given["action_mask"].sum() == 4
    after, _ = env.reset()
    assert len(after) == len(env.possible_agents)
    assert not any(same(after[agent], observations[agent]) for agent in observations)
    assert same(*first)
    assert same(*last)


def test_wrong_actions_are_refused():
    env = make("survive")
    with pytest.raises(RuntimeError, match="call reset"):
        env.step({})
    observations, _ = env.reset(0)
    actions = actions_of(env, observations)
    with pytest.raises(ValueError, match="missing for agent_1, agent_2, agent_3"):
        env.step({"agent_0": actions["agent_0"]})
    with pytest.raises(ValueError, match="agent_7 must be 4 whole numbers, got shape"):
        env.step({**actions, "agent_7": [0, 0]})
    with pytest.raises(ValueError, match=r"agent_7 must be 4 whole numbers.*float64"):
        env.step({**actions, "agent_7": [0.0, 0, 0, 0]})
    with pytest.raises(ValueError, match=r"agent_7 must lie below .*5, 3, 33, 128"):
        env.step({**actions, "agent_7": [5, 0, 32, 127]})
    assert env.world.batch.worlds[0].tick == 0


def test_the_state_and_the_pictures():
    env = make("team_battle", render_mode="rgb_array")
    env.reset(0)
    assert env.state_space.contains(env.state())
    before = env.render()
    length = 0
    while env.agents:
        env.step(dict.fromkeys(env.agents, (4, 0, 32, 127)))
        length += 1
    # The picture is of the world as it ended, not of the next.
    assert env.render().shape == before.shape
    assert int(env.world._last_world.tick) == length
    assert env.world.batch.worlds[0].tick == 0
    with pytest.raises(ValueError, match="render_mode must be None or one of"):
        make("survive", render_mode="human")
