"""Each game's ladder climbs when the game is won, and comes down when nobody wins it any more."""

import numpy as np
import pytest

from metammo.jit import entry
from metammo.minigames.episode import count_on_ladder
from metammo.minigames.minigame import find_game
from metammo.minigames.table import number_index
from tests.contract.batches import GAMES, make_batch, only

LADDERS = [name for name in GAMES if find_game(name).game.difficulty]


@entry
def end_all(worlds, table):
    for index in range(len(worlds)):
        count_on_ladder(worlds[index], table[int(worlds[index].game)])


def end(batch, is_won):
    """End the episode in every world, won or not, and begin the next."""
    batch.worlds.player_won[:, 0] = is_won
    end_all(batch.worlds.view(np.ndarray), batch.table.view(np.ndarray))
    batch.reset()


def test_these_games_have_ladders():
    assert LADDERS == [
        "capture_the_flag",
        "king_of_the_hill",
        "race_to_center",
        "radio_raid",
        "sandwich",
    ]


@pytest.mark.parametrize("game", LADDERS)
def test_a_ladder_climbs_when_won_and_stands_between(game):
    ladder = find_game(game).game.difficulty
    batch = make_batch(1, only(game))
    place = number_index(ladder.knob, find_game(game).game.knobs)
    values = []
    for rung in range(4):
        for _ in range(ladder.failures - 1):
            end(batch, is_won=False)
        values.append(int(batch.worlds[0].episode_number[place]))
        assert batch.worlds[0].episode_rung == rung or values[-1] == ladder.stop
        for _ in range(ladder.wins - 1):
            end(batch, is_won=True)
            assert batch.worlds[0].episode_number[place] == values[-1]
        end(batch, is_won=True)
    steps = [min(ladder.start + rung * ladder.step, ladder.stop) for rung in range(4)]
    assert values == steps


@pytest.mark.parametrize("game", LADDERS)
def test_a_ladder_comes_down_when_nobody_wins_and_not_below_its_foot(game):
    ladder = find_game(game).game.difficulty
    world = (batch := make_batch(1, only(game))).worlds[0]
    for _ in range(ladder.wins * 3):
        end(batch, is_won=True)
    top = int(world.episode_rung)
    assert top > 0
    rungs = []
    for _ in range(ladder.failures * (top + 2)):
        end(batch, is_won=False)
        rungs.append(int(world.episode_rung))
    # One rung less after so many failures, and none below the lowest.
    assert rungs == [max(top - done // ladder.failures, 0) for done in range(1, len(rungs) + 1)]


def test_wins_and_failures_are_counted_anew_after_the_other():
    ladder = find_game("king_of_the_hill").game.difficulty
    world = (batch := make_batch(1, only("king_of_the_hill"))).worlds[0]
    for _ in range(ladder.wins * 2):
        end(batch, is_won=True)
    for _ in range(3):  # A win now and then keeps it where it is, and counts on.
        for _ in range(ladder.failures - 1):
            end(batch, is_won=False)
        assert world.episode_rung == 2
        for _ in range(ladder.wins):
            end(batch, is_won=True)
        for _ in range(ladder.failures):
            end(batch, is_won=False)
        assert world.episode_rung == 2
    for _ in range(ladder.wins - 1):
        end(batch, is_won=True)
    for _ in range(ladder.failures):
        end(batch, is_won=False)
    for _ in range(ladder.wins - 1):  # Those before the way down count no longer.
        end(batch, is_won=True)
        assert world.episode_rung == 1
    end(batch, is_won=True)
    assert world.episode_rung == 2


def test_a_ladder_that_only_climbs():
    batch = make_batch(1, only("race_to_center"))
    batch.table["ladder_failures"] = 0
    end(batch, is_won=True)
    for _ in range(20):
        end(batch, is_won=False)
    assert batch.worlds[0].episode_rung == 1


def test_a_win_counts_whatever_it_scores_and_a_score_counts_for_nothing():
    batch = make_batch(1, only("race_to_center"))
    batch.worlds.winning_score = 0
    end(batch, is_won=True)
    assert batch.worlds[0].episode_number[number_index("playable", {})] == 48
    batch.worlds.winning_score = 1
    end(batch, is_won=False)
    assert batch.worlds[0].episode_number[number_index("playable", {})] == 48


@pytest.mark.parametrize("game", LADDERS)
def test_a_ladder_ends_at_its_top_and_is_off_when_rated(game):
    ladder = find_game(game).game.difficulty
    place = number_index(ladder.knob, find_game(game).game.knobs)
    batch = make_batch(1, only(game))
    for _ in range(ladder.wins * ((ladder.stop - ladder.start) // ladder.step + 3)):
        end(batch, is_won=True)
    assert batch.worlds[0].episode_number[place] == ladder.stop
    rated = make_batch(1, only(game), evaluation=True)
    before = int(rated.worlds[0].episode_number[place])
    for _ in range(3):
        end(rated, is_won=True)
    assert rated.worlds[0].episode_number[place] == before
    assert rated.worlds[0].ladder_rung.max() == 0
