"""Recordings: every game's episodes can be played again, and any change of them is found."""

import numpy as np
import pytest

import metammo
from metammo.minigames.minigame import find_game
from metammo.replay.episode import sentence_with_numbers
from metammo.replay.format import TRUTH, Replay, write_replay
from metammo.replay.header import ReplayError
from metammo.replay.recorder import Recorder
from metammo.replay.summary import deaths, team_rows
from metammo.replay.verify import verify
from metammo.rules.materials import DEPLETED
from metammo.tasks.goals import hoard_gold
from metammo.world.worlds import quick_hash
from tests.contract.batches import GAMES, make_batch, only

TINY = {"size": "tiny", "horizon": 40, "playable": 16}
FULL_GAMES = {"survive": 1.0, "team_battle": 1.0, "multi_task": 1.0, "ammo_training": 1.0}
"""The mix of the contract tests: no driver of their own to compile."""


def record_all(batch, names):
    """Record the next episode of each named game that a world plays; return them by name."""
    recorders = {}
    for world in range(batch.world_count):
        name = batch.game_names[int(batch.worlds.game[world])]
        if name in names and name not in recorders:
            recorders[name] = Recorder(batch, world, seed=1)
    step = 0
    while not all(recorder.is_over for recorder in recorders.values()):
        actions = batch.random_actions(step)
        for recorder in recorders.values():
            recorder.before(actions)
        batch.step(actions)
        for recorder in recorders.values():
            recorder.after()
        step += 1
    return {name: recorder.replay() for name, recorder in recorders.items()}


@pytest.fixture(scope="module")
def mini():
    return record_all(make_batch(worlds=80, seed=3, **TINY), GAMES)


@pytest.fixture(scope="module")
def full():
    batch = metammo.make_vec(FULL_GAMES, 24, seed=3, threads=1, config="full", **TINY)
    return record_all(batch, FULL_GAMES)


@pytest.fixture(scope="module")
def stage():
    """A batch of one world in which the mini config's replays are played again."""
    return make_batch(worlds=1, seed=9, size="tiny")


def saved(replay, path):
    write_replay(path, replay)
    return Replay.open(path)


@pytest.mark.parametrize("name", GAMES)
def test_an_episode_of_every_game_is_played_again_as_it_was(name, mini, stage, tmp_path):
    verdict = verify(saved(mini[name], tmp_path / "a"), batch=stage)
    assert verdict.is_same
    assert verdict.ticks == mini[name].header["ticks"]


@pytest.mark.parametrize("name", FULL_GAMES)
def test_so_is_one_of_the_full_config(name, full, tmp_path):
    batch = metammo.make_vec(FULL_GAMES, 1, threads=1, config="full", size="tiny")
    assert verify(saved(full[name], tmp_path / "a"), batch=batch).is_same


def test_a_task_is_told_with_the_numbers_of_its_episode(mini):
    for name in GAMES:
        # Those without an underscore may be words of the sentence, too.
        knobs = {knob for knob in find_game(name).game.knobs if "_" in knob}
        for sentence in mini[name].header["player_tasks"]:
            assert not knobs & set(sentence.split()), sentence
    for name, sentence in (
        ("king_of_the_hill", "hold the centre tile for 10 ticks"),
        ("comm_together", "gather within 7 tiles of each other"),
        ("capture_the_flag", "bring other teams' flags home"),
    ):
        assert mini[name].header["player_tasks"][0] == sentence


def test_a_knob_that_is_called_as_what_it_counts_is_replaced_once():
    task = hoard_gold("gold")
    numbers = np.full((len(task.steps), 8), 100)
    assert sentence_with_numbers(task, numbers) == "have 100 pieces of gold"


def test_a_changed_action_is_found_at_its_frame(mini, stage):
    replay = mini["survive"]
    actions = replay["actions"].copy()
    mover = int(np.flatnonzero(actions[7, :, 3] != 127)[0])
    actions[7, mover, 3] = (actions[7, mover, 3] + 1) % 127
    arrays = {name: replay[name] for name in replay.names} | {"actions": actions}
    verdict = verify(Replay(replay.header, arrays), batch=stage)
    assert verdict.first_difference == 8
    assert verdict.columns == ("player_message",)


def test_a_changed_start_is_found_at_the_first_frame(mini, stage):
    replay = mini["survive"]
    start = np.frombuffer(replay["start"].tobytes(), stage.worlds.dtype).copy()
    start["entity_health"][0, 0] -= 1
    arrays = {name: replay[name] for name in replay.names}
    arrays["start"] = np.frombuffer(start.tobytes(), np.uint8)
    verdict = verify(Replay(replay.header, arrays), batch=stage)
    assert verdict.first_difference == 0
    assert verdict.columns == ("entity_health",)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("entity_row", 4000),
        ("tile_material", 16),
        ("player_count", 17),
        ("depleted_count", 1 << 30),
        ("rule_playable", 1000),
        ("tile_first_entity", 3),
        ("entity_next", 0),
    ],
)
def test_a_start_that_leads_out_of_arrays_is_refused(column, value, mini, stage):
    replay = mini["survive"]
    start = np.frombuffer(replay["start"].tobytes(), stage.worlds.dtype).copy()
    start[column] = value
    arrays = {name: replay[name] for name in replay.names}
    arrays["start"] = np.frombuffer(start.tobytes(), np.uint8)
    with pytest.raises(ReplayError, match="start is damaged"):
        verify(Replay(replay.header, arrays), batch=stage)


def test_frames_show_what_the_world_was():
    batch = make_batch(worlds=2, games=only("survive"), seed=4, **TINY)
    recorder = Recorder(batch, 1)
    shown = []
    for step in range(12):
        world = batch.worlds[1]
        shown.append((world.entity_row[:16].copy(), world.tile_material.copy()))
        recorder.step(batch.random_actions(step))
    replay = recorder.replay()
    material = replay["map"].copy()
    changes = replay["tile_changes"]
    for frame, (rows, tiles) in enumerate(shown):
        for _, row, col, new in changes[changes[:, 0] == frame]:
            material[row, col] = new
        assert np.array_equal(replay["entity_row"][frame, :16], rows)
        assert np.array_equal(material, tiles)
    assert len(changes)
    assert (np.isin(changes[:, 3], DEPLETED)).any()


def test_the_last_frame_shows_the_end_and_not_the_next_episode(mini):
    for name, replay in mini.items():
        header = replay.header
        last = replay["entity_alive"][-1, : header["players"]]
        assert header["ticks"] == len(replay["actions"]), name
        assert (replay["player_cause"][-1][last == 0] > 0).all(), name
        if header["winners"] and name == "survive":
            assert last[header["winners"]].all()
    decided = [replay for replay in mini.values() if replay.header["is_decided"]]
    assert any(replay.header["winners"] for replay in decided)


def test_whoever_attacks_lived_before_the_tick(mini):
    for replay in mini.values():
        attacks = replay["entity_target"][1:] >= 0
        assert (replay["entity_alive"][:-1][attacks] == 1).all()
    assert any((replay["entity_target"] >= 0).any() for replay in mini.values())


def test_every_death_is_counted_of_those_who_come_back_too():
    batch = make_batch(worlds=1, games=only("race_to_center"), seed=4, **TINY)
    recorder = Recorder(batch)
    died = np.zeros(16, np.int64)
    for step in range(12):
        if step % 3 == 1:
            # Two agents starve, again and again; the freeze of who comes back guards against this.
            for column in ("entity_health", "entity_mortal_tick", "player_food", "player_water"):
                batch.worlds[column][0, :2] = column == "entity_health"
        recorder.step(batch.random_actions(step))
        died += batch.worlds[0].player_died[:16]
    replay = recorder.replay()
    assert (died[:2] > 2).all()
    assert replay["entity_alive"][:, :16].all()
    assert deaths(replay).sum(0).tolist() == died.tolist()
    assert sum(row["deaths"] for row in team_rows(replay)) == died.sum()


def test_the_dead_suffer_and_say_nothing(mini):
    for replay in mini.values():
        players = replay.header["players"]
        dead = replay["entity_alive"][:-1] == 0
        assert not replay["entity_damage"][1:][dead].any()
        assert not replay["player_message"][1:][dead[:, :players]].any()
    assert any((replay["entity_alive"][:, :16] == 0).any() for replay in mini.values())


def test_the_dead_do_nothing(mini):
    replay = mini["team_battle"]
    players = replay.header["players"]
    dead = replay["entity_alive"][:-1, :players] == 0
    assert dead.any()
    assert (replay["actions"][dead] == np.array([4, 0, 32, 127])).all()


def test_the_truth_alone_is_enough_to_verify(stage, tmp_path):
    batch = make_batch(worlds=1, seed=6, **TINY)
    recorder = Recorder(batch, has_frames=False)
    for step in range(10):
        recorder.step(batch.random_actions(step))
    replay = saved(recorder.replay(), tmp_path / "a")
    assert replay.names == TRUTH
    assert verify(replay, batch=stage).is_same


def test_a_recording_begins_with_an_episode():
    batch = make_batch(worlds=1, **TINY)
    batch.step(batch.random_actions(0))
    with pytest.raises(ReplayError, match="is at tick 1"):
        Recorder(batch)
    with pytest.raises(ReplayError, match=r"world must lie in 0\.\.0"):
        Recorder(batch, 1)


def test_another_version_of_a_game_is_refused(mini, stage):
    replay = mini["survive"]
    version = find_game("survive").game.version
    other = Replay({**replay.header, "game_version": version + 1}, {n: replay[n] for n in TRUTH})
    with pytest.raises(ReplayError, match=f"here is version {version}"):
        verify(other, batch=stage)


def test_any_changed_byte_changes_both_halves_of_a_worlds_hash():
    world = make_batch(worlds=1, size="tiny").worlds[:1].copy()
    before = quick_hash(world)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, world.nbytes, 200):
        changed = world.copy()
        changed.view(np.uint8).reshape(-1)[place] ^= np.uint8(rng.integers(1, 256))
        assert (quick_hash(changed) != before).all()
