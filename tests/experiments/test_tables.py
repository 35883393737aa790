"""Do the tables say what was found, and no more?"""

import numpy as np
import polars as pl
import pytest
from experiments.generalist.outcomes import Block, Game, mean_difference, mean_of
from experiments.generalist.tables import single_text, verdict_text

from metammo.evaluation.pooled import Group, Pooled, estimate


def game_of(**ratings):
    """Return what came of a game in which kinds' policies were rated so, all but exactly."""
    groups = [Group(np.array(values), np.tile(values, (9, 1))) for values in ratings.values()]
    pooled = Pooled(list(ratings), [estimate(group) for group in groups], groups, is_joined=True)
    blocks = tuple(
        Block(seed, None, {kind: [f"{kind}-s{seed}"] for kind in ratings}, {})
        for seed in range(len(groups[0].ratings))
    )
    return Game("survive", blocks, pooled)


def test_who_is_surely_above_is_counted_by_intervals_that_know_of_the_seeds():
    # Seed by seed by nearly as much; and above in both, but by how much depends on the seed.
    sure = game_of(generalist=[1100.0, 1151.0], specialist=[900.0, 950.0])
    open_ = game_of(generalist=[1020.0, 1040.0], specialist=[990.0, 1030.0])
    told = verdict_text([sure, open_], "generalist", "specialist")
    assert told == (
        "- `generalist` is above `specialist` in 1 of 2 games, below in 0, and open in 1."
    )
    single = game_of(generalist=[1020.0], specialist=[1000.0])
    assert single_text([single], ["generalist", "specialist"]).startswith("**One seed** of gen")
    told = verdict_text([sure, single], "generalist", "specialist")
    assert "above `specialist` in 2 of 2 games" in told
    assert single_text([sure, open_], ["generalist", "specialist"]) == ""
    told = single_text([sure, single], ["generalist", "specialist"])
    assert told.startswith("**One seed** of generalist, specialist in survive: the intervals know")


def test_the_mean_of_the_games_takes_a_kinds_seeds_one_by_one():
    # One seed is good in one game, the other in the other: in the mean of the games both are alike.
    games = [
        game_of(generalist=[1100.0, 1000.0], specialist=[1000.0, 1000.0]),
        game_of(generalist=[1000.0, 1100.0], specialist=[1000.0, 1000.0]),
    ]
    told = mean_difference(games, "generalist", "specialist")
    assert (told.value, told.low, told.high) == pytest.approx((50.0, 50.0, 50.0))
    assert games[0].pooled.difference("generalist", "specialist").low < 0
    uneven = game_of(generalist=[1000.0], specialist=[1000.0])
    assert mean_difference([*games, uneven], "generalist", "specialist") is None


def rows_of(*won):
    """Return rows of episodes that a policy won or not, and the policy."""
    rows = {"seed": 1, "episode": np.arange(len(won)), "policy": "a", "won": won}
    return pl.DataFrame(rows), "a"


def test_the_share_won_by_several_seeds_knows_of_how_they_differ():
    half = [True, False] * 20
    alike = mean_of([rows_of(*half), rows_of(*half)], "won")
    assert alike.value == 0.5
    # One always won, and the other never: another pair of seeds may be anywhere.
    apart = mean_of([rows_of(*[True] * 40), rows_of(*[False] * 40)], "won")
    assert (apart.value, apart.low, apart.high) == (0.5, 0.0, 1.0)
    assert 0.3 < alike.low < 0.5 < alike.high < 0.7
    # Of one policy it is known from the episodes alone, also where all went the same way.
    never = mean_of([rows_of(*[False] * 40)], "won")
    assert never.low == 0.0
    assert never.high == pytest.approx(0.088, abs=1e-3)
