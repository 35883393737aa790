"""The native batch's promises, on every registered game."""

import numpy as np
import pytest

from metammo.envs.spaces import no_op_mask
from metammo.jit import signatures
from metammo.observe.layout import OwnFeature
from metammo.rules.knobs import KnobError
from metammo.world.columns import Event
from metammo.world.worlds import fork, restore, snapshot, world_hash
from tests.contract.batches import ALL_GAMES, GAMES, SHORT, bytes_of, make_batch, only, play

AGENTS = 128


def hashes(batch):
    return [world_hash(world) for world in batch.worlds]


def test_every_game_is_found():
    # Counted by hand, so that a game that is lost or not found is noticed.
    assert ALL_GAMES == [
        "ammo_training",
        "capture_the_flag",
        "comm_together",
        "hide_and_seek",
        "king_of_the_hill",
        "merchants",
        "multi_task",
        "multi_task_eval",
        "protect_the_king",
        "race_to_center",
        "radio_raid",
        "sandwich",
        "survive",
        "team_battle",
    ]
    assert [name for name in ALL_GAMES if name not in GAMES] == ["ammo_training", "merchants"]


@pytest.mark.parametrize("game", GAMES)
def test_an_agent_ends_once_and_stays_out_until_its_world_begins_anew(game):
    batch = make_batch(3, only(game), **SHORT)
    no_op = no_op_mask(batch.heads)
    ended = np.zeros((3, AGENTS), bool)
    episodes = 0
    for step in range(200):
        _, rewards, terminated, truncated, _ = batch.step(batch.random_actions(step))
        assert np.isfinite(rewards).all()
        assert not (terminated & truncated).any()
        assert not (rewards[ended] != 0).any()
        assert not ((terminated | truncated) & ended).any()
        ended |= terminated | truncated
        # Everybody's part has ended when the world's has, and then all begin a life.
        assert ended[batch.done].all()
        assert batch.alive[batch.done].all()
        assert (batch.life_begins == batch.done[:, None]).all()
        ended[batch.done] = False
        assert (batch.alive == ~ended).all()
        assert (batch.observations["own"][..., OwnFeature.ALIVE] == batch.alive).all()
        assert not batch.observation_bytes[ended].any()
        assert (batch.masks[ended] == no_op).all()
        assert batch.masks.max() == 1
        episodes += batch.done.sum()
    assert episodes >= 6


@pytest.mark.parametrize("game", GAMES)
def test_the_last_observation_is_kept_apart_from_the_first_of_the_next(game):
    batch = make_batch(3, only(game), **SHORT)
    while not batch.done.any():
        play(batch, 1, int(batch.worlds.tick[0]))
    world = int(batch.done.argmax())
    final, now = batch.final_observations[world], batch.observations[world]
    assert (now["own"][:, OwnFeature.TICK] == 0).all()
    alive = final["own"][:, OwnFeature.ALIVE] == 1
    assert (final["own"][alive, OwnFeature.TICK] == batch.results[world].length).all()
    survivors = batch.results[world].death_cause == 0
    assert (alive == survivors).all() or batch.worlds[world].rule_respawn != 0
    assert final.tobytes() != now.tobytes()


def test_a_decided_game_terminates_and_an_undecided_one_truncates_the_living():
    # Nobody walks 64 tiles in 10 ticks, and the horizon decides a game of survival.
    race = play(make_batch(1, only("race_to_center"), horizon=10, playable=128), 10)
    assert race.done.all()
    assert race.truncated.all()
    survive = play(make_batch(1, only("survive"), horizon=10), 10)
    assert survive.done.all()
    assert survive.terminated.all()
    assert survive.results[0].won.all()


def test_the_same_seed_gives_the_same_worlds_on_any_number_of_threads():
    worlds = 16
    first = play(make_batch(worlds, seed=5), 500)
    for threads in (2, 4):
        batch = play(make_batch(worlds, seed=5, threads=threads), 500)
        assert hashes(batch) == hashes(first)
        assert bytes_of(batch) == bytes_of(first)
        batch.close()
    assert hashes(play(make_batch(worlds, seed=6), 500)) != hashes(first)


def test_a_world_goes_its_way_alone_as_it_does_in_a_batch():
    batch, alone = make_batch(6, seed=2), make_batch(1, seed=2)
    for step in range(500):
        actions = batch.random_actions(step)
        batch.step(actions)
        alone.step(actions[:1])
    assert hashes(alone) == hashes(batch)[:1]
    assert hashes(make_batch(3, seed=2)) == hashes(make_batch(6, seed=2))[:3]


def test_a_world_from_the_middle_of_a_batch_goes_on_alone():
    batch, alone = play(make_batch(6, seed=3), 100), make_batch(1, seed=9)
    restore(alone.worlds, 0, snapshot(batch.worlds[4]))
    assert alone.observe().tobytes() == batch.observations[4:5].tobytes()
    assert (alone.masks[0] == batch.masks[4]).all()
    for step in range(100, 400):
        actions = batch.random_actions(step)
        batch.step(actions)
        alone.step(actions[4:5])
    assert hashes(alone)[0] == hashes(batch)[4]
    assert alone.observation_bytes.tobytes() == batch.observation_bytes[4:5].tobytes()


def test_a_saved_state_has_the_same_future():
    batch = play(make_batch(seed=4, **SHORT), 50)
    state = batch.state_dict()
    future = bytes_of(play(batch, 50, 50)), hashes(batch)
    other = make_batch(seed=8, **SHORT)
    other.load_state_dict(state)
    assert (bytes_of(play(other, 50, 50)), hashes(other)) == future
    with pytest.raises(ValueError, match="same version, games, number of worlds"):
        make_batch(2).load_state_dict(state)


def test_forks_part_only_where_their_actions_do():
    batch = play(make_batch(3, seed=1), 40)
    batch.worlds[:] = fork(batch.worlds[1], 3)
    batch.observe()
    for step in range(20):
        actions = batch.random_actions(step)
        actions[:2] = actions[0]
        batch.step(actions)
    first, second, third = hashes(batch)
    assert first == second != third


def test_reset_with_a_seed_repeats_and_without_goes_on():
    batch = make_batch(seed=7)
    start = hashes(batch), bytes_of(batch)
    play(batch, 80).reset()
    assert batch.worlds.tick.max() == 0
    onward = hashes(batch)
    assert onward != start[0]
    batch.reset(7)
    assert (hashes(batch), bytes_of(batch)) == start
    play(batch, 80).reset()
    assert hashes(batch) == onward


def test_every_byte_of_every_buffer_is_written():
    batch = play(make_batch(6, seed=1, **SHORT), 55)
    state = batch.state_dict()
    actions = batch.random_actions(0)
    seen = []
    for junk in (0, 255):
        batch.load_state_dict(state)
        buffers = [batch.observation_bytes, batch.masks, batch.rewards, batch.terminated]
        buffers += [batch.truncated, batch.done, batch.final_observation_bytes, batch.alive]
        for buffer in [*buffers, batch.results.view(np.ndarray)]:
            buffer.view(np.uint8)[...] = junk
        batch.observe()
        observed = batch.observation_bytes.tobytes() + batch.masks.tobytes()
        results = b""
        for _ in range(6):
            batch.step(actions)
            results += bytes_of(batch) + batch.results[batch.done].tobytes()
        assert batch.worlds.episode.min() > 1
        seen.append((observed, results))
    assert seen[0] == seen[1]


def test_actions_of_another_shape_or_type_are_refused():
    batch = make_batch(2)
    with pytest.raises(ValueError, match=r"\[worlds, agents, heads\] = \(2, 128, 4\), got \(128"):
        batch.step(np.zeros((128, 4), np.int16))
    with pytest.raises(ValueError, match=r"whole numbers .* got float64"):
        batch.step(np.zeros((2, 128, 4)))
    # Cut to 16 bits, 65536 would be a step north.
    wide = np.zeros((2, 128, 4), np.int64)
    wide[0, 0, 0] = 65536
    with pytest.raises(ValueError, match=r"must fit int16, got 0\.\.65536"):
        batch.step(wide)


def test_actions_outside_their_range_are_void():
    batch, calm = make_batch(3), make_batch(3)
    for each in (batch, calm):
        # Staying where one begins may count as exploring, a void move never does.
        each.worlds.player_exploration[:] = 1000
    rng = np.random.default_rng(0)
    nothing = np.tile(np.array([4, 0, 32, 127], np.int16), (3, 128, 1))
    for _ in range(20):
        wild = rng.integers(400, 2**15, (3, 128, 4)).astype(np.int16)
        batch.step(wild * rng.choice([-1, 1], wild.shape).astype(np.int16))
        calm.step(nothing)
    assert hashes(batch) == hashes(calm)


def test_bad_options_are_refused():
    with pytest.raises(KnobError, match="worlds must be at least 1, got 0"):
        make_batch(0)
    with pytest.raises(KnobError, match=r"threads must lie in 1\.\.1024, got 0"):
        make_batch(threads=0)


def test_the_batch_has_what_its_interface_names():
    batch = make_batch(2)
    assert batch.action_space.nvec.tolist() == [5, 3, 33, 128]
    assert batch.masks.shape == (2, 128, 169)
    actions = batch.random_actions(3)
    assert actions.dtype == np.int16
    assert (batch.random_actions(3) == actions).all()
    assert (batch.random_actions(4) != actions).any()
    starts = np.cumsum((0, 5, 3, 33))
    assert np.take_along_axis(batch.masks, actions + starts, 2).all()
    assert batch.action_space.contains(actions[0, 0])
    assert set(batch.state()) == {"planes", "teams", "world"}


def test_parity_is_a_set_of_rules():
    batch = make_batch(1, only("team_battle"), parity=True)
    world = batch.worlds[0]
    assert (world.rule_shared_win, world.rule_talk_public) == (0, 1)
    batch = make_batch(1, only("team_battle"), parity=True, shared_win=1)
    assert batch.worlds[0].rule_shared_win == 1
    batch = make_batch(1, only("team_battle"))
    assert (batch.worlds[0].rule_shared_win, batch.worlds[0].rule_talk_public) == (1, 0)


def test_another_number_of_agents_compiles_nothing():
    """`agents` is a rule as any other: what drivers are compiled for is the size class."""
    options = {"size": "tiny", "teams": 4}
    many = make_batch(1, agents=16, **options)
    step = many._driver.run_worlds
    play(many, 2)
    compiled = len(signatures(step))
    for agents in (12, 8):
        few = make_batch(1, agents=agents, **options)
        play(few, 2)
        assert few._driver.run_worlds is step
        assert few.agent_count == agents
    assert len(signatures(step)) == compiled


def test_results_count_what_each_agent_lived_and_did():
    batch = make_batch(worlds=1, games=only("survive"), size="tiny", horizon=40, playable=16)
    lived = np.zeros(batch.alive.shape, np.int64)
    last = np.zeros(batch.worlds.player_event_count.shape, np.int64)
    step = 0
    while not batch.done.any():
        lived += batch.alive
        last = batch.worlds.player_event_count.copy()
        batch.step(batch.random_actions(step))
        step += 1
    assert 10 < step <= 40
    assert (batch.results.time_alive == lived).all()
    assert len(np.unique(lived)) > 1
    grown = batch.results.events - last[:, : batch.agent_count]
    assert (grown >= 0).all()
    assert batch.results.events[..., Event.DRINK_WATER].sum() > 0


def test_a_world_begun_by_its_seed_is_the_same_wherever_it_was():
    # One map and other tasks: nothing but the seed tells the new episode from the one before.
    options = {"games": only("multi_task"), "size": "tiny", "playable": 16, "maps": 1}
    one = play(make_batch(worlds=1, **options), 5)
    many = play(make_batch(worlds=3, seed=7, **options), 33)
    one.begin(0, 12345)
    many.begin(2, 12345)
    other = many.worlds[:2].tobytes()
    for step in range(15):
        assert one.worlds[0].tobytes() == many.worlds[2].tobytes()
        assert one.observations[0].tobytes() == many.observations[2].tobytes()
        assert (one.masks[0] == many.masks[2]).all()
        assert (one.life_begins[0] == many.life_begins[2]).all()
        assert bool(one.life_begins[0].all()) == (step == 0)
        actions = many.random_actions(step)
        many.step(actions)
        one.step(actions[2:])
    assert many.worlds[:2].tobytes() != other
