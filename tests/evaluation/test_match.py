"""Matches: equal shares, rotation, the same rows from the same seed."""

import numpy as np
import pytest

from metammo.evaluation.match import deal_seats, play_match
from metammo.policies.hub import load_policy


def test_teams_are_dealt_whole_and_rotated():
    teams = np.repeat(np.arange(4, dtype=np.int16), 2)
    assert deal_seats(teams, 2, 0).tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert deal_seats(teams, 2, 1).tolist() == [1, 1, 0, 0, 1, 1, 0, 0]


def small_match(seed=0, threads=1):
    policies = [load_policy("scripted"), load_policy("random")]
    knobs = {"horizon": 60, "playable": 40}
    return play_match(
        "race_to_center", policies, 5, seed=seed, threads=threads, worlds=3, knobs=knobs
    )


@pytest.fixture(scope="module")
def result():
    return small_match()


def test_every_world_plays_its_share(result):
    assert result.score.shape == (6, 2)
    assert (result.length > 0).all()
    assert (result.length <= 60).all()


def test_scripted_beats_random(result):
    rows = result.rows()
    assert [row["policy"] for row in rows] == ["scripted", "random"]
    assert rows[0]["win_rate"] > 0.9
    assert rows[1]["win_rate"] == 0
    assert rows[0]["score_low"] <= rows[0]["score"] <= rows[0]["score_high"]


def test_scores_are_progress_and_sixteen_for_each_winner(result):
    # One winner among the 64 agents of a policy.
    wanted = result.progress + 16 * result.won / 64
    assert result.score == pytest.approx(wanted)


def test_the_same_seed_gives_the_same_rows_on_any_threads(result):
    assert small_match(threads=2).rows() == result.rows()
    assert small_match(seed=1).rows() != result.rows()


def test_an_empty_match_is_refused():
    with pytest.raises(ValueError, match="at least one policy"):
        play_match("survive", [], 3)
