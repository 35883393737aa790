"""One table of all ratings: the same for the same results, and honest about what it lacks."""

import json

import numpy as np
import pytest

from metammo.evaluation.ranking import rank
from metammo.evaluation.rows import EpisodeRow, ResultError, make_table
from metammo.evaluation.score_table import score_table
from tests.evaluation.results import episode_rows, simulated


def made_up_rows(seed=0, **more):
    scores = simulated(np.random.default_rng(seed), episodes=40, seeds=4)
    numbers = np.arange(40) % 10
    return [
        EpisodeRow("survive", int(group), int(number), policy, float(score), **more)
        for number, group, episode in zip(numbers, scores.seeds, scores.scores, strict=True)
        for policy, score in zip(scores.policies, episode, strict=True)
    ]


def test_the_order_of_rows_does_not_matter():
    rows = made_up_rows()
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    first, second = (rank(make_table(each, EpisodeRow), samples=20) for each in (rows, shuffled))
    assert first == second


def test_rows_tell_everything_best_first():
    found = rank(make_table(made_up_rows(won=True), EpisodeRow), samples=20)
    assert (found.episodes, found.seeds, found.orders) == (40, 4, 24)
    assert found.rows[0]["policy"] == "policy 0"
    ratings = [row["bradley_terry"] for row in found.rows]
    assert ratings == sorted(ratings, reverse=True)
    for row in found.rows:
        assert row["low"] <= row["bradley_terry"] <= row["high"]
        assert row["plackett_luce_low"] <= row["plackett_luce"] <= row["plackett_luce_high"]
        assert row["won"] == 1
        assert row["episodes"] == 40
    for name in ("elo", "bradley_terry", "plackett_luce"):
        assert np.mean([row[name] for row in found.rows]) == pytest.approx(1000)
    json.dumps(found.rows, allow_nan=False)


def test_who_never_lost_is_told():
    found = rank(episode_rows({"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 0.5}), samples=0)
    assert "a > b: none on the right ever did better" in found.warnings[0]
    assert found.rows[0]["low"] is None
    many = dict.fromkeys("abcdef", 1.0)
    assert rank(episode_rows({**many, "z": 0.0}), samples=0).warnings[0].startswith("6 others > z:")
    assert rank(episode_rows({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.5})).warnings == []


def test_episodes_without_an_opponent_do_not_count():
    found = rank(episode_rows({"a": 1.0, "b": 0.0}, {"a": 1.0}), samples=0)
    assert found.episodes == 1
    assert rank(episode_rows({"a": 1.0, "b": 0.0})).rows[0]["low"] is None
    with pytest.raises(ResultError, match="nobody to compare: a never met another"):
        score_table(episode_rows({"a": 1.0}, {"a": 1.0}))


def test_those_who_never_met_are_refused():
    with pytest.raises(ResultError, match="never met"):
        rank(episode_rows({"a": 1.0, "b": 0.0}, {"c": 1.0, "d": 0.0}))
