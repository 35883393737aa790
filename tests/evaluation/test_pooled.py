"""Ratings of kinds of policies: means of their seeds, and intervals that know of the seeds."""

import numpy as np
import pytest

from metammo.evaluation.pooled import pool_ratings
from metammo.evaluation.ranking import rank
from metammo.evaluation.rows import EpisodeRow, ResultError, make_table

KINDS = {"a": ["a-s1", "a-s2"], "b": ["b-s1", "b-s2"], "random": ["random"]}


def played(strengths, episodes, seed=0):
    """Return rows of episodes in which all have met; the stronger score more, on the whole."""
    rng = np.random.default_rng(seed)
    rows = [
        EpisodeRow("survive", 1, episode, policy, float(strength + rng.gumbel()))
        for episode in range(episodes)
        for policy, strength in strengths.items()
    ]
    return make_table(rows, EpisodeRow)


def test_a_kinds_rating_is_the_mean_of_its_policies_own():
    table = played({"a-s1": 1, "a-s2": 0.5, "b-s1": 0, "b-s2": 0.2, "random": -2}, 60)
    own = {row["policy"]: row for row in rank(table).rows}
    pooled = pool_ratings(table, KINDS)
    for kind, rating in zip(pooled.kinds, pooled.ratings, strict=True):
        values = [own[name]["bradley_terry"] for name in KINDS[kind]]
        assert rating.value == pytest.approx(np.mean(values))
        assert rating.low < rating.value < rating.high
    # A single policy has the interval that it has by itself.
    alone = pooled.ratings[2]
    assert (alone.low, alone.high) == pytest.approx((own["random"]["low"], own["random"]["high"]))
    difference = pooled.difference("a", "b")
    assert difference.value == pytest.approx(pooled.ratings[0].value - pooled.ratings[1].value)
    assert difference.low < difference.value < difference.high
    assert pooled.difference("b", "a").value == -difference.value


def test_seeds_that_differ_make_the_interval_longer():
    alike = {"a-s1": 1, "a-s2": 1, "b-s1": 0, "b-s2": 0, "random": -2}
    apart = {**alike, "a-s1": 2, "a-s2": 0}

    def reach(strengths):
        rating = pool_ratings(played(strengths, 200), KINDS).ratings[0]
        return rating.high - rating.low

    assert reach(apart) > 3 * reach(alike)


def test_intervals_of_the_difference_hold_the_truth_that_seeds_are_drawn_from():
    # Strengths of kinds' seeds are drawn anew each time; both kinds are alike on the whole.
    rng = np.random.default_rng(5)
    kinds = {kind: [f"{kind}-s{seed}" for seed in range(4)] for kind in "ab"}
    held = 0
    for repeat in range(30):
        strengths = {name: rng.normal(0, 0.5) for names in kinds.values() for name in names}
        told = pool_ratings(played(strengths, 60, repeat), kinds, 200).difference("a", "b")
        held += told.low <= 0 <= told.high
    # Of 200 repeats 186: percentiles of four seeds are short of Student's t.
    assert held >= 23


@pytest.mark.parametrize(("names", "words"), [(["c"], "'a' c played"), ([], "'a' nobody played")])
def test_a_kind_of_nobody_is_refused(names, words):
    table = played({"a-s1": 1, "random": 0}, 4)
    with pytest.raises(ResultError, match=words):
        pool_ratings(table, {"a": names})
