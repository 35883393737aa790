"""Who sits where: whole teams in turn, free-for-all in blocks, rotated, focal and background."""

import numpy as np
import pytest

from metammo.evaluation.seating import NOBODY, Seating

SIXTEEN = np.repeat(np.arange(16), 8)
ALONE = np.arange(128)


def dealt(seating, teams, episodes):
    return np.array([seating.deal(teams, number) for number in range(episodes)])


def test_teams_are_dealt_whole_and_in_turn():
    seats = Seating(8).deal(SIXTEEN, 3).reshape(16, 8)
    assert (seats == seats[:, :1]).all()
    turn = seats[:, 0]
    assert sorted(turn[:8]) == list(range(8))
    assert (turn[:8] == turn[8:]).all()


def test_free_for_alls_are_dealt_in_blocks_of_neighbours():
    seats = Seating(8).deal(ALONE, 0)
    assert (np.diff(seats) != 0).sum() == 7
    assert (np.bincount(seats) == 16).all()


@pytest.mark.parametrize("teams", [SIXTEEN, ALONE, np.repeat([0, 1, 2], [8, 8, 112])])
def test_within_a_round_every_policy_has_every_seat_equally_often(teams):
    for policies in (2, 3, 8):
        seats = dealt(Seating(policies, seed=5), teams, 2 * policies)
        for policy in range(policies):
            assert ((seats == policy).sum(0) == 2).all()


def test_rounds_and_seeds_have_orders_of_their_own():
    neighbours = {
        tuple(np.roll(turn, -int(turn.argmin())))
        for turn in dealt(Seating(8), SIXTEEN, 80)[:, :64:8]
    }
    assert 5 < len(neighbours) <= 10
    assert (Seating(8, seed=1).deal(SIXTEEN, 0) != Seating(8, seed=2).deal(SIXTEEN, 0)).any()


def test_where_teams_are_few_policies_sit_out_in_turn():
    teams = np.repeat([0, 1], 8)
    seats = dealt(Seating(5), teams, 10)
    assert all(len(set(row)) == 2 for row in seats)
    counts = [sum(policy in row for row in seats) for policy in range(5)]
    assert counts == [4] * 5


def test_nobody_plays_seats_without_a_team():
    seats = Seating(2).deal(np.array([0, 0, 1, 1, -1]), 0)
    assert seats[4] == NOBODY
    assert (seats[:4] != NOBODY).all()


@pytest.mark.parametrize("teams", [SIXTEEN, ALONE])
def test_a_focal_population_has_its_share_and_every_seat_in_turn(teams):
    seats = dealt(Seating(4, focal=1, share=0.25), teams, 16)
    assert ((seats == 0).sum(1) == 32).all()
    assert ((seats == 0).sum(0) == 4).all()
    assert set(seats.ravel()) == {0, 1, 2, 3}


def test_several_focal_policies_share_what_is_theirs():
    seats = dealt(Seating(3, focal=2, share=0.5), SIXTEEN, 4)
    assert (np.array([np.bincount(row) for row in seats]) == [32, 32, 64]).all()


def test_what_cannot_be_dealt_is_refused():
    with pytest.raises(ValueError, match="at least one policy"):
        Seating(0)
    with pytest.raises(ValueError, match="at least one must be the background"):
        Seating(2, focal=2)
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        Seating(2, focal=1, share=1.0)
    with pytest.raises(ValueError, match="cannot share 1 team"):
        Seating(2, focal=1).deal(np.zeros(8), 0)
