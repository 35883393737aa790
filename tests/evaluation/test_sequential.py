"""The published Elo, by hand; and its mean, which does not care how the files come in."""

import numpy as np
import pytest

from metammo.evaluation.sequential import (
    rate_elo,
    rate_openskill,
    run_elo,
    seed_orders,
)
from tests.evaluation.results import scores_of, simulated


def test_an_episode_of_two_moves_each_by_half_of_four_points():
    orders = np.arange(1)[None]
    assert run_elo(np.array([[0.5, 0.25]]), orders).tolist() == [[1002, 998]]
    assert run_elo(np.array([[0.5, 0.5]]), orders).tolist() == [[1000, 1000]]


def test_the_second_episode_expects_what_the_first_has_taught():
    found = run_elo(np.array([[1.0, 0.0], [1.0, 0.0]]), np.arange(2)[None])[0]
    expected = 1 / (1 + 10 ** (-4 / 77.6))
    assert found == pytest.approx([1002 + 4 * (1 - expected), 998 - 4 * (1 - expected)])


def test_the_update_is_the_mean_over_opponents():
    # Won both of two, one and a tie each for nobody: 4 * (2/2 - 1/2), 4 * (.5/2 - 1/2) twice.
    found = run_elo(np.array([[3.0, 1.0, 1.0]]), np.arange(1)[None])[0]
    assert found.tolist() == [1002, 999, 999]


def test_those_who_were_not_there_keep_their_rating():
    found = run_elo(np.array([[1.0, 0.0, np.nan]]), np.arange(1)[None])[0]
    assert found.tolist() == [1002, 998, 1000]


def test_all_orders_of_few_seeds_and_some_of_many_are_tried():
    few = seed_orders(np.array([5, 5, 7, 9]))
    assert sorted(few.tolist()) == [
        [0, 1, 2, 3],
        [0, 1, 3, 2],
        [2, 0, 1, 3],
        [2, 3, 0, 1],
        [3, 0, 1, 2],
        [3, 2, 0, 1],
    ]
    many = seed_orders(np.repeat(np.arange(8), 2), 20)
    assert many.shape == (20, 16)
    assert (np.sort(many, 1) == np.arange(16)).all()
    # A seed's episodes stay together, in their order.
    assert (many[:, 1::2] == many[:, ::2] + 1).all()
    assert (seed_orders(np.repeat(np.arange(8), 2), 20) == many).all()


def test_the_mean_and_spread_are_those_of_the_orders():
    table = simulated(np.random.default_rng(0), episodes=30, seeds=3)
    alone = run_elo(table.scores, seed_orders(table.seeds))
    found = rate_elo(table)
    assert found.orders == 6
    assert found.mean == pytest.approx(alone.mean(0))
    assert found.spread == pytest.approx(alone.std(0))
    assert found.mean.mean() == pytest.approx(1000)
    assert np.isnan(rate_elo(table.pick(np.flatnonzero(table.seeds == 1))).spread).all()


def test_openskill_ranks_by_score_and_depends_on_the_order():
    table = simulated(np.random.default_rng(0), episodes=60)
    forwards, backwards = rate_openskill(table.scores), rate_openskill(table.scores[::-1])
    assert forwards[0, 0] > forwards[-1, 0]
    assert np.abs(forwards - backwards).max() > 0.1
    absent = rate_openskill(scores_of([1, 0, None], [1, 0, None]).scores)
    assert absent[2].tolist() == pytest.approx([25, 25 / 3])
