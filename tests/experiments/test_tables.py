"""Do the tables say what was found, and no more?"""

import numpy as np
import polars as pl
import pytest
from experiments.generalist.outcomes import Game, mean_difference, mean_of
from experiments.generalist.tables import single_text, verdict_text

from metammo.evaluation.pooled import Group, Pooled, estimate


def game_of(**ratings):
    """Return what came of a game in which kinds' policies were rated so, all but exactly."""
    groups = [Group(np.array(values), np.tile(values, (9, 1))) for values in ratings.values()]
    pooled = Pooled(list(ratings), [estimate(group) for group in groups], groups)
    kinds = {kind: [f"{kind}-s{seed}" for seed in range(len(v))] for kind, v in ratings.items()}
    return Game("survive", None, kinds, pooled, {})


def test_who_is_surely_above_is_counted_by_intervals_that_know_of_the_seeds():
    # Two seeds each, far apart for their own spread; and all above all, but by too little.
    sure = game_of(generalist=[1100.0, 1101.0], specialist=[900.0, 901.0])
    open_ = game_of(generalist=[1020.0, 1040.0], specialist=[990.0, 1010.0])
    told = verdict_text([sure, open_], "generalist", "specialist")
    assert told == (
        "- `generalist` is above `specialist` in 1 of 2 games, below in 0, and open in 1."
    )
    single = game_of(generalist=[1020.0], specialist=[1000.0, 1001.0])
    told = verdict_text([sure, single], "generalist", "specialist")
    assert "above `specialist` in 2 of 2 games" in told
    assert single_text([sure, open_], ["generalist", "specialist"]) == ""
    told = single_text([sure, single], ["generalist", "specialist"])
    assert told.startswith("**One seed** of generalist: the intervals know of the episodes alone.")


def test_the_mean_of_the_games_takes_a_kinds_seeds_one_by_one():
    # One seed is good in one game, the other in the other: in the mean of the games both are alike.
    games = [
        game_of(generalist=[1100.0, 1000.0], specialist=[1000.0, 1000.0]),
        game_of(generalist=[1000.0, 1100.0], specialist=[1000.0, 1000.0]),
    ]
    told = mean_difference(games, "generalist", "specialist")
    assert (told.value, told.low, told.high) == pytest.approx((50.0, 50.0, 50.0))
    assert games[0].pooled.difference("generalist", "specialist").low < 0
    uneven = game_of(generalist=[1000.0], specialist=[1000.0, 1000.0])
    assert mean_difference([*games, uneven], "generalist", "specialist") is None


def rows_of(won):
    """Return rows of episodes by policy and who won each."""
    return pl.DataFrame(
        {"seed": 1, "episode": place, "policy": name, "won": each}
        for name, column in won.items()
        for place, each in enumerate(column)
    )


def test_the_share_won_by_several_seeds_knows_of_how_they_differ():
    # Both took every episode that the other did not: a half each, and none is due to chance.
    half = [True, False] * 20
    shared = mean_of(rows_of({"a": half, "b": [not each for each in half]}), ["a", "b"], "won")
    assert shared.value == 0.5
    # One always won, and the other never: another pair of seeds may be anywhere.
    apart = mean_of(rows_of({"a": [True] * 40, "b": [False] * 40}), ["a", "b"], "won")
    assert (apart.value, apart.low, apart.high) == (0.5, 0.0, 1.0)
    assert 0.3 < shared.low < 0.5 < shared.high < 0.7
    # Of one policy it is known from the episodes alone, also where all went the same way.
    never = mean_of(rows_of({"a": [False] * 40}), ["a"], "won")
    assert never.low == 0.0
    assert never.high == pytest.approx(0.088, abs=1e-3)
