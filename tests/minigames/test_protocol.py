"""Games as files: found, loaded from anywhere, mixed, drawn, laddered; what bad ones are told."""

import numpy as np
import pytest

import metammo
from metammo.minigames.minigame import GameError, find_game, games, split_config
from metammo.rules.knobs import Integers, KnobError
from tests.contract.batches import mix_of

ALL = ["race_to_center", "survive", "team_battle"]

OWN_GAME = '''
"""Stand still for a while."""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import declare_player

PATIENCE = 0


@kernel
def setup(world):
    world.game_state[0] = 7


@kernel
def referee(world):
    if int(world.tick) >= int(world.game_knob[PATIENCE]) and int(world.game_state[0]) == 7:
        declare_player(world, int(PATIENCE))
        world.winning_score = 1


class Patience(Minigame):
    """Whoever waits wins."""

    knobs = {"patience": 5}
    difficulty = Ladder("patience", start=5, step=2, stop=9)
    teams = (1, 3)
    rules = {"playable": 20, "npc_count": 0}
    setup = setup
    referee = referee
'''


def test_games_are_found():
    assert set(ALL) <= set(games())
    assert all(file.summary.endswith(".") for file in games().values())


@pytest.mark.parametrize(
    ("name", "words"),
    [("teem_battle", "did you mean team_battle"), ("no.py", "there is no game file")],
)
def test_unknown_games_are_told_so(name, words):
    with pytest.raises(GameError, match=words):
        find_game(name)


def test_a_file_without_a_game_is_told_so(tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n")
    with pytest.raises(GameError, match="defines no subclass"):
        find_game(str(path))
    path.write_text("syntax error here\n")
    with pytest.raises(GameError, match="cannot be imported"):
        find_game(str(path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fog_onsett": 1}, "did you mean fog_onset"),
        ({"playable": 500}, "size standard allows 128"),
        ({"npc_count": 400}, "size standard holds 256"),
        ({"npc_count": Integers(1, 400)}, "size standard holds 256"),
        ({"teams": [100, 100]}, "size standard holds 128"),
        ({"teams": 7}, "cannot make 7 equal teams"),
        ({"config": "maxi"}, "'mini' or 'full'"),
        ({"size": "huge"}, "size must be one of"),
        ({"threads": 0}, "threads must lie in"),
        ({"worlds": 0}, "worlds must be at least 1"),
        ({"maps": 0}, "maps must lie in"),
    ],
)
def test_what_does_not_fit_is_told_so(options, words):
    with pytest.raises(KnobError, match=words):
        metammo.make_vec("team_battle", **options)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("team_battle", ("team_battle", "")),
        ("team_battle:full", ("team_battle", "full")),
        ("C:/games/well.py", ("C:/games/well.py", "")),
        ("C:/games/well.py:mini", ("C:/games/well.py", "mini")),
        ("team_battle:maxi", ("team_battle:maxi", "")),
    ],
)
def test_a_config_may_stand_behind_a_name(name, parts):
    assert split_config(name) == parts


def test_any_game_runs_in_the_full_config_with_its_own_systems():
    mix = mix_of("race_to_center", "team_battle", config="full")
    batch = metammo.make_vec(mix, 8, config="full", threads=1)
    races = batch.worlds.game == batch.game_names.index("race_to_center")
    assert batch.layout.name == "full"
    assert 0 < races.sum() < 8
    assert (batch.worlds.rule_item == ~races).all()


def test_a_users_game_climbs_its_ladder(tmp_path):
    path = tmp_path / "patience.py"
    path.write_text(OWN_GAME)
    batch = metammo.make_vec(str(path), 1, seed=3, threads=1)
    assert batch.game_names == ["patience"]
    assert batch.worlds.team_size[0, :2].tolist() == [1, 3]
    lengths, rungs = [], []
    while len(lengths) < 4:
        batch.step(batch.random_actions(len(lengths)))
        if batch.done[0]:
            lengths.append(int(batch.results[0].length))
            rungs.append(int(batch.results[0].rung))
            assert batch.results[0].won[:4].tolist() == [1, 0, 0, 0]
    assert lengths == [5, 7, 9, 9]
    assert rungs == [0, 1, 2, 2]
    batch.close()


@pytest.fixture(scope="module")
def mixed():
    batch = metammo.make_vec(ALL, 96, seed=1, threads=2)
    yield batch
    batch.close()


def test_games_are_drawn_evenly_and_knobs_within_their_range(mixed):
    worlds = mixed.worlds
    counts = np.bincount(worlds.game, minlength=3)
    assert counts.min() > 16
    fights = worlds[worlds.game == ALL.index("team_battle")]
    assert fights.rule_fog_onset.min() >= 32
    assert fights.rule_fog_onset.max() < 256
    assert set(np.unique(fights.rule_fog_speed_per)) <= set(range(7, 12))
    assert len(np.unique(fights.rule_fog_onset)) > 5
    races = worlds[worlds.game == ALL.index("race_to_center")]
    assert (races.rule_playable == 40).all()
    assert (races.rule_combat == 0).all()
    assert (races.npc_alive_count == 0).all()


def test_teams_begin_together_on_the_border(mixed):
    world = mixed.worlds[mixed.worlds.game == ALL.index("team_battle")][0]
    places = np.stack((world.entity_row[:128], world.entity_col[:128]), 1).reshape(16, 8, 2)
    assert (places == places[:, :1]).all()
    along = {25, 51, 76, 102}
    for row, col in places[:, 0].tolist():
        assert (row in (16, 144) and col - 16 in along) or (col in (16, 144) and row - 16 in along)
    assert len({tuple(place) for place in places[:, 0].tolist()}) == 16


def test_free_for_all_begins_alone_on_the_border(mixed):
    world = mixed.worlds[mixed.worlds.game == ALL.index("race_to_center")][0]
    rows, cols = world.entity_row[:128].astype(int), world.entity_col[:128].astype(int)
    assert (np.maximum(abs(rows - 80), abs(cols - 80)) == 20).all()


def test_weights_and_knobs_by_game():
    mix = {"race_to_center": (1.0, {"playable": 60}), "survive": 1e-9, "team_battle": 3.0}
    batch = metammo.make_vec(mix, 64, seed=2, threads=2)
    assert batch.game_names == list(mix)
    races = batch.worlds[batch.worlds.game == 0]
    assert 6 < len(races) < 26
    assert (races.rule_playable == 60).all()
    batch.close()
