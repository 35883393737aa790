"""Each game's ladder climbs when the game is won, and stands when it is lost."""

import numpy as np
import pytest

from metammo.jit import entry
from metammo.minigames.episode import count_win
from metammo.minigames.minigame import find_game
from metammo.minigames.table import number_index
from tests.contract.batches import GAMES, make_batch, only

LADDERS = [name for name in GAMES if find_game(name).game.difficulty]


@entry
def end_all(worlds, table):
    for index in range(len(worlds)):
        count_win(worlds[index], table[int(worlds[index].game)])


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
def test_a_ladder_climbs_when_won_and_stands_when_lost(game):
    ladder = find_game(game).game.difficulty
    batch = make_batch(1, only(game))
    place = number_index(ladder.knob, find_game(game).game.knobs)
    values = []
    for rung in range(4):
        for _ in range(5):
            end(batch, is_won=False)
        values.append(int(batch.worlds[0].episode_number[place]))
        assert batch.worlds[0].episode_rung == rung or values[-1] == ladder.stop
        for _ in range(ladder.wins - 1):
            end(batch, is_won=True)
            assert batch.worlds[0].episode_number[place] == values[-1]
        end(batch, is_won=True)
    steps = [min(ladder.start + rung * ladder.step, ladder.stop) for rung in range(4)]
    assert values == steps


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
