"""Do the tables say what was found, and no more?"""

import numpy as np
import polars as pl
import pytest
from experiments.generalist.outcomes import Block, Game, mean_difference, mean_of
from experiments.generalist.tables import deed_mean, deeds_table, single_text, verdict_text

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


def test_deeds_are_means_of_seeds_and_what_nobody_does_is_left_out():
    def rows(policy, meals, drinks, kills):
        columns = {"event_eat_food": meals, "event_drink_water": drinks, "kills": kills}
        return pl.DataFrame({"policy": policy, **columns, "event_buy_item": 0.0})

    first = pl.concat([rows("a-s1", [2.0, 4.0], [1.0, 1.0], 0.0), rows("b", [0.0], [1.0], 0.0)])
    second = pl.concat([rows("a-s2", [10.0], [0.0], 0.0), rows("b", [2.0], [0.0], 0.0)])
    assert deed_mean([(first, "a-s1")], ["event_eat_food", "event_drink_water"]) == 4.0
    assert deed_mean([(first, "a-s1"), (second, "a-s2")], ["event_eat_food"]) == 6.5
    assert deed_mean([(first, "b")], ["survival"]) == 0.0

    kinds = [{"a": ["a-s1"], "b": ["b"]}, {"a": ["a-s2"], "b": ["b"]}]
    blocks = [Block(n, table, kinds[n], {}) for n, table in enumerate((first, second))]
    game = Game("survive", tuple(blocks), game_of(a=[1000.0, 1000.0], b=[1000.0, 1000.0]).pooled)
    text = "\n".join(deeds_table([game], ["a", "c", "b"]))
    assert "| `survive` | meals and drinks | 7.00 | – | 1.50 |" in text
    assert text.count("`survive`") == 1
