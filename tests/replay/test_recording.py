"""Recording in passing: any kind of environment, whole episodes and those cut short."""

import numpy as np
import pytest

import metammo
from metammo.envs.vector import MinigameVectorEnv
from metammo.replay.format import Replay
from metammo.replay.header import ReplayError
from metammo.replay.verify import verify
from tests.contract.batches import GAMES, make_batch, only

TINY = {"size": "tiny", "horizon": 12, "playable": 16}


@pytest.fixture(scope="module")
def stage():
    """A batch of one world in which replays are played again."""
    return make_batch(worlds=1, seed=9, size="tiny")


def read(recording):
    return [Replay.open(path) for path in recording.paths]


def test_every_episode_of_a_batch_world_becomes_a_file(stage, tmp_path):
    batch = make_batch(worlds=2, games=only("race_to_center"), seed=2, **TINY)
    with metammo.record(batch, tmp_path / "new" / "films", world=1, seed=2) as recording:
        for step in range(28):
            batch.step(batch.random_actions(step))
    assert not batch.watchers
    batch.step(batch.random_actions(99))
    names = [path.name for path in recording.paths]
    assert names == [f"race_to_center-0000{number}.metammo" for number in (1, 2, 3)]
    replays = read(recording)
    assert [replay.header["ticks"] for replay in replays] == [12, 12, 4]
    assert replays[0].header["seed"] == 2
    assert all(verify(replay, batch=stage).is_same for replay in replays)


def test_a_parallel_environment_is_recorded_by_one_line(stage, tmp_path):
    env = metammo.make(only("survive"), seed=3, **TINY)
    recording = metammo.record(env, tmp_path)
    for seed in (None, 8):
        observations, _ = env.reset(seed)
        while env.agents:
            actions = {}
            for agent in env.agents:
                mask = observations[agent]["action_mask"]
                actions[agent] = env.action_space(agent).sample(mask)
            observations = env.step(actions)[0]
    recording.close()
    replays = read(recording)
    assert len(replays) == 2
    assert all(verify(replay, batch=stage).is_same for replay in replays)
    env.close()


def test_a_single_seat_is_recorded_though_its_part_ends_first(stage, tmp_path):
    env = metammo.make_single(only("survive"), others="random", **TINY)
    with metammo.record(env.unwrapped, tmp_path) as recording:
        for _ in range(2):
            observation, _ = env.reset()
            for _ in range(3):
                env.step(env.action_space.sample(observation["action_mask"]))
    assert [replay.header["ticks"] for replay in read(recording)] == [3, 3]
    assert all(verify(replay, batch=stage).is_same for replay in read(recording))
    env.close()


def test_a_vector_environment_is_recorded_in_a_wrapper_too(stage, tmp_path):
    class Wrapper:
        def __init__(self, env):
            self.unwrapped = env

    env = MinigameVectorEnv(make_batch(worlds=2, games=only("survive"), **TINY))
    env.reset(seed=4)
    with metammo.record(Wrapper(env), tmp_path, world=1) as recording:
        for step in range(12):
            env.step(env.batch.random_actions(step).reshape(env.num_envs, -1))
    assert len(recording.paths) == 1
    assert verify(read(recording)[0], batch=stage).is_same


def test_some_episodes_only_and_no_file_is_overwritten(tmp_path):
    batch = make_batch(worlds=1, games=only("race_to_center"), **TINY)
    (tmp_path / "race_to_center-00001.metammo").write_text("mine")
    with metammo.record(batch, tmp_path, every=2, has_frames=False) as recording:
        for step in range(12 * 3):
            batch.step(batch.random_actions(step))
        # Cut short: the fourth, which is not recorded, and the fifth, which is.
        batch.step(batch.random_actions(0))
        batch.reset()
        batch.step(batch.random_actions(0))
        batch.reset(seed=1)
    assert [replay.header["ticks"] for replay in read(recording)] == [12, 12, 1]
    assert recording.paths[0].name == "race_to_center-00002.metammo"
    assert (tmp_path / "race_to_center-00001.metammo").read_text() == "mine"


def test_an_episode_under_way_is_left_alone(tmp_path):
    batch = make_batch(worlds=1, games=only("race_to_center"), **TINY)
    batch.step(batch.random_actions(0))
    state = batch.state_dict()
    with metammo.record(batch, tmp_path) as recording:
        for step in range(11):
            batch.step(batch.random_actions(step))
        assert not recording.paths
        batch.step(batch.random_actions(0))
        # Another episode's middle: what was recorded ends here.
        batch.load_state_dict(state)
        batch.step(batch.random_actions(0))
    assert [replay.header["ticks"] for replay in read(recording)] == [1]


def test_a_world_that_is_begun_alone_ends_its_own_recording(tmp_path):
    batch = make_batch(worlds=2, games=only("race_to_center"), **TINY)
    with metammo.record(batch, tmp_path, world=1) as recording:
        for step in range(5):
            batch.step(batch.random_actions(step))
        batch.begin(0, 3)
        assert not recording.paths
        batch.begin(1, 3)
        batch.step(batch.random_actions(0))
    assert [replay.header["ticks"] for replay in read(recording)] == [5, 1]


def test_recording_does_not_change_an_episode(tmp_path):
    worlds = []
    for records in (False, True):
        batch = make_batch(worlds=1, games=only("survive"), seed=6, **TINY)
        recording = metammo.record(batch, tmp_path) if records else None
        for step in range(20):
            batch.step(batch.random_actions(step))
        worlds.append((batch.worlds.tobytes(), batch.observation_bytes.tobytes()))
        if recording:
            recording.close()
    assert worlds[0] == worlds[1]


def test_what_cannot_be_recorded_is_refused(tmp_path):
    batch = make_batch(worlds=1, games=GAMES, size="tiny")
    with pytest.raises(ReplayError, match=r"world must lie in 0\.\.0, got 3"):
        metammo.record(batch, tmp_path, world=3)
    with pytest.raises(ReplayError, match="every must be at least 1"):
        metammo.record(batch, tmp_path, every=0)
    with pytest.raises(ReplayError, match="ndarray cannot be recorded"):
        metammo.record(np.zeros(3), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ReplayError, match="file cannot be made"):
        metammo.record(batch, tmp_path / "file")
