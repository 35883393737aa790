"""Ratings that read episodes one after another: the published Elo, and OpenSkill's.

Both depend on the order of the episodes. Elo is therefore averaged over many orders, all drawn from
the seeds alone, so that it is the same number however the files come in; OpenSkill is only shown.
"""

from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from metammo.evaluation.score_table import ScoreTable, pair_wins

START = 1000.0
"""Everybody's rating at first; the mean of all, always."""
SCALE = 77.6
"""Points by which the odds of a win grow tenfold; the published one (chess has 400)."""
GAIN = 4.0
"""By how much an episode moves a rating at most."""
ORDERS = 100
"""Orders of the seeds over which Elo is averaged."""


@dataclass(frozen=True)
class Elo:
    """The published rating, by policy."""

    mean: NDArray[np.float64]
    """float64[policies]: over all orders."""
    spread: NDArray[np.float64]
    """float64[policies]: standard deviation of one order's rating; NaN of a single order."""
    orders: int
    """How many orders of the seeds were tried."""


def seed_orders(seeds: NDArray[np.int64], count: int = ORDERS) -> NDArray[np.int64]:
    """Return orders of the episodes by other orders of the seeds, int64[orders, episodes].

    A seed's own episodes stay in their order, as in a file. All orders where there are no more
    than `count`, else as many random ones, always the same.
    """
    groups = [np.flatnonzero(seeds == seed) for seed in np.unique(seeds)]
    if factorial(len(groups)) <= count:
        drawn = [list(order) for order in permutations(range(len(groups)))]
    else:
        rng = np.random.default_rng(0)
        drawn = [rng.permutation(len(groups)).tolist() for _ in range(count)]
    return np.array([np.concatenate([groups[place] for place in order]) for order in drawn])


def run_elo(scores: NDArray[np.float64], orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the ratings after the last episode, float64[orders, policies].

    Within an episode every policy is compared with every other, by the ratings before it; the
    update is 4 times the mean of (outcome - expected outcome) over those comparisons.

    Args:
        scores: [episodes, policies], NaN: was not there.
        orders: which episode comes when, int64[orders, episodes].
    """
    wins = pair_wins(scores)
    met = wins + wins.swapaxes(1, 2)
    share = met / np.maximum(met.sum(-1, keepdims=True), 1)
    won = (share * wins).sum(-1)
    ratings = np.full((len(orders), scores.shape[1]), START)
    for episode in orders.T:
        difference = ratings[:, None, :] - ratings[:, :, None]
        expected = 1 / (1 + 10 ** (difference / SCALE))
        ratings += GAIN * (won[episode] - (share[episode] * expected).sum(-1))
    return ratings


def rate_elo(table: ScoreTable, count: int = ORDERS) -> Elo:
    """Return the published rating, averaged over orders of the seeds."""
    orders = seed_orders(table.seeds, count)
    ratings = run_elo(table.scores, orders)
    spread = ratings.std(0) if len(orders) > 1 else np.full(ratings.shape[1], np.nan)
    return Elo(ratings.mean(0), spread, len(orders))


def rate_openskill(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return OpenSkill's Plackett-Luce means and standard deviations, float64[policies, 2].

    Args:
        scores: [episodes, policies] in the order in which they are read; NaN: was not there.
    """
    # Half a second to load, and only this needs it.
    from openskill.models import PlackettLuce

    model = PlackettLuce()
    ratings = [model.rating() for _ in range(scores.shape[1])]
    for episode in scores:
        there = np.flatnonzero(np.isfinite(episode))
        rated = model.rate(
            [[ratings[place]] for place in there], scores=[float(episode[place]) for place in there]
        )
        for place, (rating,) in zip(there, rated, strict=True):
            ratings[place] = rating
    return np.array([[rating.mu, rating.sigma] for rating in ratings])
