"""Known strengths are found, whatever the order, and intervals hold what they say."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metammo.evaluation.rows import ResultError
from metammo.evaluation.score_table import ScoreTable, pair_wins
from metammo.evaluation.sequential import SCALE
from metammo.evaluation.strengths import (
    PRIOR,
    check_connected,
    count_sets,
    divided,
    fit,
    fit_strengths,
    pair_choices,
    points,
    ranking_choices,
    rate_bradley_terry,
    rate_plackett_luce,
    resamples,
)
from tests.evaluation.results import STRENGTHS, scores_of, simulated

MODELS = {"bradley_terry": pair_choices, "plackett_luce": ranking_choices}


def strengths_of(table, model):
    return fit(table.scores, MODELS[model](table.scores), np.ones((1, len(table.scores))))[0]


def ranking_likelihood(scores, strengths):
    """Return the log likelihood of rankings without ties, restated step by step."""
    total = 0.0
    for episode in scores:
        left = sorted(range(len(episode)), key=lambda place: -episode[place])
        while left:
            total += strengths[left[0]] - math.log(sum(math.exp(strengths[i]) for i in left))
            left.pop(0)
    return total


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("wins", "losses", "ties"), [(3, 1, 0), (10, 10, 0), (7, 0, 0), (4, 1, 6)])
def test_of_two_policies_the_strengths_are_the_log_odds(model, wins, losses, ties):
    table = scores_of(*[[1, 0]] * wins, *[[0, 1]] * losses, *[[0, 0]] * ties)
    first, second = strengths_of(table, model)
    won, lost = wins + ties / 2 + PRIOR, losses + ties / 2 + PRIOR
    assert first - second == pytest.approx(math.log(won / lost), abs=1e-6)
    assert first + second == pytest.approx(0)


def test_ten_times_the_odds_are_the_published_points():
    assert points(math.log(10)) - points(0) == pytest.approx(SCALE)
    assert points(0) == 1000


def test_each_policys_expected_wins_are_those_it_had():
    # What Bradley-Terry's likelihood says at its maximum; the prior taken into account.
    table = simulated(np.random.default_rng(1), episodes=40)
    found = strengths_of(table, "bradley_terry")
    chance = 1 / (1 + np.exp(found[None, :] - found[:, None]))
    pairs = len(table.scores) + 2 * PRIOR / 4
    expected = (chance.sum(1) - 0.5) * pairs
    assert expected == pytest.approx(pair_wins(table.scores).sum((0, 2)) + PRIOR, abs=1e-5)


def sets_of(choices, pattern=0):
    """Return the sets that a pattern chose from, and how often."""
    mine = choices.of_pattern == pattern
    return {
        tuple(choices.sets[place].tolist()): times
        for place, times in zip(choices.of_set[mine], choices.times[mine], strict=True)
    }


def test_a_ranking_is_a_chain_of_choices():
    choices = ranking_choices(np.array([[3.0, 1.0, 2.0]]))
    assert sets_of(choices) == {(1, 1, 1): 1, (0, 1, 1): 1, (0, 1, 0): 1}
    absent = ranking_choices(np.array([[3.0, 1.0, np.nan]]))
    assert sets_of(absent) == {(1, 1, 0): 1, (0, 1, 0): 1}
    twice = ranking_choices(np.array([[3.0, 1.0], [1.0, 3.0], [0.5, 0.25]]))
    assert twice.pattern[0] == twice.pattern[2] != twice.pattern[1]


def test_a_tie_is_every_order_in_equal_parts():
    tied = ranking_choices(np.array([[2.0, 2.0, 1.0]]))
    assert sets_of(tied) == {(1, 1, 1): 1, (1, 0, 1): 0.5, (0, 1, 1): 0.5, (0, 0, 1): 1}
    table = scores_of([1, 1, 1, 0], [3, 2, 1, 0], [0, 1, 2, 3])
    spelled = [[*order, 0] for order in permutations((1, 2, 3))]
    orders = scores_of(*spelled, *[[3, 2, 1, 0], [0, 1, 2, 3]] * 6)
    weights = np.array([[1 / 6] * 6 + [1 / 6] * 12])
    alone = strengths_of(table, "plackett_luce")
    as_orders = fit(orders.scores, ranking_choices(orders.scores), weights)[0]
    assert alone == pytest.approx(as_orders, abs=1e-7)


def test_of_many_that_tie_each_is_there_in_part():
    sets = sets_of(ranking_choices(np.ones((1, 9))))
    assert len(sets) == 9
    assert sets[(1.0,) * 9] == sets[(1 / 9,) * 9] == 1
    many = scores_of([1] * 9 + [0], *[[0] * 9 + [1]] * 9)
    found = strengths_of(many, "plackett_luce")
    assert found[:9] == pytest.approx(np.full(9, found[0]))
    assert found[9] > found[0]


def test_no_other_strengths_explain_the_rankings_better():
    table = simulated(np.random.default_rng(2), episodes=40)
    choices = ranking_choices(table.scores)
    counts = count_sets(choices, np.ones((1, 40)))
    found = fit_strengths(choices.chosen.sum(0)[None], choices.sets, counts)[0]
    best = ranking_likelihood(table.scores, found)
    for place in range(len(found)):
        for change in (-1e-3, 1e-3):
            other = found.copy()
            other[place] += change
            assert ranking_likelihood(table.scores, other) < best


def test_if_all_rankings_are_as_frequent_all_are_as_strong():
    table = scores_of(*permutations(range(4)))
    for model in MODELS:
        assert strengths_of(table, model) == pytest.approx(np.zeros(4), abs=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_known_strengths_are_recovered(model):
    table = simulated(np.random.default_rng(3), episodes=6000)
    assert strengths_of(table, model) == pytest.approx(STRENGTHS, abs=0.06)


@pytest.mark.parametrize("model", MODELS)
def test_known_strengths_are_recovered_where_few_meet(model):
    rng = np.random.default_rng(4)
    table = simulated(rng, episodes=12000)
    scores = table.scores.copy()
    for episode in scores:
        episode[rng.choice(5, 3, replace=False)] = np.nan
    assert strengths_of(ScoreTable(table.policies, scores, table.seeds), model) == pytest.approx(
        STRENGTHS, abs=0.12
    )


@st.composite
def played(draw):
    """Some episodes with ties and absences, and an order of them."""
    policies = draw(st.integers(2, 5))
    score = st.none() | st.integers(0, 3)
    episode = st.lists(score, min_size=policies, max_size=policies)
    # One in which all have met: others may lack any of them.
    meeting = st.lists(st.integers(0, 3), min_size=policies, max_size=policies)
    episodes = [draw(meeting), *draw(st.lists(episode, max_size=11))]
    order = draw(st.permutations(range(len(episodes))))
    columns = draw(st.permutations(range(policies)))
    return scores_of(*episodes), np.array(order), np.array(columns)


@settings(max_examples=60)
@given(played())
def test_neither_the_order_of_episodes_nor_of_policies_matters(made):
    table, order, columns = made
    for model in MODELS:
        found = strengths_of(table, model)
        assert np.isfinite(found).all()
        again = strengths_of(table.pick(order), model)
        assert again == pytest.approx(found, abs=1e-6)
        turned = ScoreTable(table.policies, table.scores[:, columns], table.seeds)
        assert strengths_of(turned, model) == pytest.approx(found[columns], abs=1e-6)


def test_who_always_wins_is_far_above_but_not_without_bound():
    table = scores_of(*[[2, 1, 0], [2, 0, 1]] * 20)
    for rate in (rate_bradley_terry, rate_plackett_luce):
        found = rate(table, 200)
        assert found.rating[0] > found.rating[1] + SCALE
        assert np.isfinite([found.rating, found.low, found.high]).all()
        # How far is not known: much longer upwards than downwards, and than the others'.
        up, down = found.high[0] - found.rating[0], found.rating[0] - found.low[0]
        assert up > 1.5 * down > 10
    assert divided(table) == [["a"], ["b", "c"]]
    assert divided(scores_of([1, 0], [0, 1])) == [["a", "b"]]
    assert divided(scores_of([1, 1])) == [["a", "b"]]


def test_those_who_never_met_are_not_compared():
    apart = scores_of([1, 0, None, None], [None, None, 1, 0])
    with pytest.raises(ResultError, match=r"a, b / c, d: these never met"):
        check_connected(apart)
    check_connected(scores_of([1, 0, None], [None, 1, 0]))


def test_samples_draw_whole_episodes_within_seeds():
    seeds = np.array([3] * 10 + [4] * 30)
    drawn = resamples(seeds, 50)
    assert drawn[:, :10].sum(1) == pytest.approx(np.full(50, 10))
    assert drawn[:, 10:].sum(1) == pytest.approx(np.full(50, 30))
    assert drawn[:, :10] * 9 / 10 == pytest.approx((drawn[:, :10] * 9 / 10).round())
    assert (resamples(np.array([1]), 3) == 1).all()
    alone = resamples(np.array([1, 2, 3, 4, 4]), 50)
    assert alone[:, :3].sum(1) == pytest.approx(np.full(50, 3))
    assert len(np.unique(alone[:, :3], axis=0)) > 1
    assert len(np.unique(drawn, axis=0)) == 50
    assert (resamples(seeds, 50) == drawn).all()


def test_many_samples_at_once_are_each_fitted_as_alone():
    table = simulated(np.random.default_rng(5), episodes=30)
    weights = resamples(table.seeds, 7)
    for choose in MODELS.values():
        choices = choose(table.scores)
        together = fit(table.scores, choices, weights)
        alone = [fit(table.scores, choices, each[None])[0] for each in weights]
        assert together == pytest.approx(np.array(alone), abs=1e-7)


def share_covered(rate, repeats, samples):
    """Return how often each policy's true rating lies within its interval."""
    truth = points(STRENGTHS)
    inside = np.zeros(len(STRENGTHS))
    for number in range(repeats):
        found = rate(simulated(np.random.default_rng(100 + number)), samples)
        inside += (found.low <= truth) & (truth <= found.high)
    return inside / repeats


@pytest.mark.parametrize("rate", [rate_bradley_terry, rate_plackett_luce])
def test_intervals_mostly_hold_the_truth(rate):
    covered = share_covered(rate, 40, 200)
    assert 0.89 <= covered.mean() <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("rate", [rate_bradley_terry, rate_plackett_luce])
def test_intervals_cover_at_their_nominal_rate(rate):
    covered = share_covered(rate, 200, 1000)
    # Three standard errors of 200 repeats are 4.6%; those of the mean over policies less.
    assert np.abs(covered - 0.95).max() < 0.046
    assert abs(covered.mean() - 0.95) < 0.025
