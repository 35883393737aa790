"""How strong is a way to train, of which several seeds were trained? Ratings of kinds of policies.

A kind's rating is the mean of its policies' Bradley-Terry ratings. Its interval knows of two
chances: which episodes were played, and which seeds were trained. Each bootstrap sample draws whole
episodes, as those of `strengths` do, and of a kind's n policies n - 1, with replacement: n draws
would differ from one another too little, by the factor (n - 1) / n of their variance. Where a kind
has a single policy the interval knows of the episodes alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metammo.evaluation.rows import ResultError
from metammo.evaluation.score_table import score_table
from metammo.evaluation.strengths import (
    SAMPLES,
    check_connected,
    interval,
    pair_choices,
    rate_bradley_terry,
    sample_ratings,
)


@dataclass(frozen=True)
class Estimate:
    """A number of points and its 95% interval."""

    value: float
    """In points."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""


@dataclass(frozen=True)
class Pooled:
    """Ratings of kinds of policies that have met."""

    kinds: list[str]
    """In the order in which they were given."""
    ratings: list[Estimate]
    """Of each kind; the mean of all policies, not of the kinds, is 1000."""
    drawn: NDArray[np.float64]
    """float64[samples, kinds]: the samples behind the intervals."""

    def difference(self, kind: str, other: str) -> Estimate:
        """Return by how many points one kind is above another."""
        first, second = self.kinds.index(kind), self.kinds.index(other)
        low, high = interval(self.drawn[:, first] - self.drawn[:, second])
        value = self.ratings[first].value - self.ratings[second].value
        return Estimate(value, float(low), float(high))


def pool_ratings(
    table: pl.DataFrame, kinds: Mapping[str, Sequence[str]], samples: int = SAMPLES
) -> Pooled:
    """Return the ratings of kinds of policies.

    Args:
        table: of `EpisodeRow`, of one game.
        kinds: names of policies by kind; who is in none has met the others all the same.
        samples: of the bootstrap; at least 2.

    Raises:
        ResultError: a kind is empty or names who did not play, or some have never met.
    """
    scores = score_table(table)
    check_connected(scores)
    for kind, names in kinds.items():
        unknown = [name for name in names if name not in scores.policies]
        if unknown or not names:
            raise ResultError(
                f"of the kind {kind!r} {', '.join(unknown) or 'nobody'} played; there are "
                f"{', '.join(scores.policies)}"
            )
    rating = rate_bradley_terry(scores, 0).rating
    every = sample_ratings(scores, pair_choices(scores.scores), samples)
    rng = np.random.default_rng(2)
    values, drawn = [], []
    for names in kinds.values():
        own = [scores.policies.index(name) for name in names]
        count = max(len(own) - 1, 1)
        weights = rng.multinomial(count, np.full(len(own), 1 / len(own)), samples) / count
        values.append(float(rating[own].mean()))
        drawn.append((every[:, own] * weights).sum(1))
    columns = np.stack(drawn, axis=1)
    lows, highs = interval(columns)
    told = [
        Estimate(value, float(low), float(high))
        for value, low, high in zip(values, lows, highs, strict=True)
    ]
    return Pooled(list(kinds), told, columns)
