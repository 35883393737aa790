"""How strong is a way to train, of which several seeds were trained? Ratings of kinds of policies.

A kind's rating is the mean of its policies' Bradley-Terry ratings. Two chances move it: which
episodes were played, and which seeds were trained. Of a kind's n policies

- the variance between their ratings, over n, is an estimate of what the seeds move the mean by, and
  of what the episodes move it by as far as they move each policy by itself: those are not added
  again;
- the episodes' variance of the mean (of a difference: of the difference), by the bootstrap samples
  of `strengths`, less the part of it that is between a kind's policies, is what the seeds cannot
  show: luck that all of a kind shared, or that of a single policy with which they are compared. It
  is added.

The first part is reached for by Student's t (1908), of n - 1 degrees of freedom; of a difference by
Welch's (1947), whose degrees lie between the smaller n - 1 and the sum of both. The second is known
from many episodes and is reached for by the normal distribution; the two reaches are added as the
sides of a right angle (Zou and Donner 2008). One t on the sum of both would be short: of two seeds,
a chance agreement would look like a variance known from many episodes. A percentile bootstrap over
the seeds never goes beyond the best and the worst of them, and those of two hold the truth half the
time. Nor is the interval ever shorter than the one by episodes alone: seeds that happen to agree do
not make the episodes surer.

Kinds that share a tournament with several seeds each are taken as independent. Where each seed has
a tournament of its own (`join_ratings`), differences are taken seed by seed, which is surer where
the policies of one kind began with those of the other. The 1000 of a rating is the mean of those
that met, which is taken as given; as the kind itself is a part of it, a rating's interval is rather
too long. **Of a kind of one policy the interval knows of the episodes alone: it is about that
policy, and says nothing of other seeds.**
"""

import math
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
from metammo.evaluation.summary import SIGMAS
from metammo.evaluation.task_score import student_quantile


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
class Group:
    """Ratings of the policies of a kind."""

    ratings: NDArray[np.float64]
    """float64[policies], in points."""
    drawn: NDArray[np.float64]
    """float64[samples, policies]: the same by bootstrap samples of the episodes."""

    @property
    def between(self) -> float:
        """Variance of the mean, by how the policies' ratings differ; of at least two."""
        return float(self.ratings.var(ddof=1)) / len(self.ratings)

    @property
    def between_by_episodes(self) -> float:
        """The part of `between` that the episodes alone would make."""
        moved = self.drawn - self.drawn.mean(0)
        return float(moved.var(1, ddof=1).mean()) / len(self.ratings)


def estimate(group: Group, other: Group | None = None) -> Estimate:
    """Return the mean rating of a kind, or by how much it is above another's, with its interval."""
    groups = [group] if other is None else [group, other]
    value, drawn = float(group.ratings.mean()), group.drawn.mean(1)
    if other is not None:
        value, drawn = value - float(other.ratings.mean()), drawn - other.drawn.mean(1)
    low, high = map(float, interval(drawn))
    several = [each for each in groups if len(each.ratings) > 1]
    if not several:
        return Estimate(value, low, high)
    seeds = [each.between for each in several]
    shared = float(drawn.var(ddof=1)) - sum(each.between_by_episodes for each in several)
    parts = sum(
        part**2 / (len(each.ratings) - 1) for part, each in zip(seeds, several, strict=True)
    )
    # Welch's; where all seeds agree to the last digit there is nothing to reach for.
    freedom = sum(seeds) ** 2 / parts if parts else 1.0
    by_seeds = student_quantile(freedom) ** 2 * sum(seeds)
    reach = math.sqrt(by_seeds + SIGMAS**2 * max(shared, 0.0))
    return Estimate(value, min(low, value - reach), max(high, value + reach))


@dataclass(frozen=True)
class Pooled:
    """Ratings of kinds of policies that have met."""

    kinds: list[str]
    """In the order in which they were given."""
    ratings: list[Estimate]
    """Of each kind; the mean of all policies, not of the kinds, is 1000."""
    groups: list[Group]
    """Of each kind: what is behind its interval."""
    is_joined: bool = False
    """Whether the kinds' first policies have met, their second ones, and so on, each apart."""

    def difference(self, kind: str, other: str) -> Estimate:
        """Return by how many points one kind is above another; above itself by none."""
        if kind == other:
            return Estimate(0.0, 0.0, 0.0)
        if self.is_joined:
            return estimate(self.gaps(kind, other))
        return estimate(*(self.groups[self.kinds.index(each)] for each in (kind, other)))

    def gaps(self, kind: str, other: str) -> Group:
        """Return by how much each policy of a kind is above the one of the other that it met.

        Raises:
            ValueError: several of a kind have met in one tournament.
        """
        own, its = (self.groups[self.kinds.index(each)] for each in (kind, other))
        if not self.is_joined and max(len(own.ratings), len(its.ratings)) > 1:
            raise ValueError(
                f"several of {kind!r} or {other!r} have met in one tournament: `difference` says "
                "by how much their mean is above"
            )
        return Group(own.ratings - its.ratings, own.drawn - its.drawn)


def join_ratings(tournaments: Sequence[Pooled]) -> Pooled:
    """Return the ratings of kinds that met in several tournaments, a policy of each in each.

    What differs between tournaments, as what a seed of a kind has learned, is told by how far apart
    their ratings are; a difference is taken tournament by tournament.

    Args:
        tournaments: ratings of the same kinds, at least one; a single one is returned as it is.

    Raises:
        ResultError: of several, kinds differ, or there are several policies of one.
    """
    first = tournaments[0]
    if len(tournaments) == 1:
        return first
    if any(set(each.kinds) != set(first.kinds) for each in tournaments):
        raise ResultError(
            "tournaments can be joined where the same kinds met; here are "
            + " and ".join(", ".join(each.kinds) for each in tournaments)
        )
    if any(len(group.ratings) > 1 for each in tournaments for group in each.groups):
        raise ResultError("tournaments can be joined where one policy of each kind played in each")
    # Samples of two tournaments weigh episodes by the same random numbers: their order is not kept.
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(each.groups[0].drawn)) for each in tournaments]
    groups = []
    for kind in first.kinds:
        own = [each.groups[each.kinds.index(kind)] for each in tournaments]
        drawn = [group.drawn[order] for group, order in zip(own, orders, strict=True)]
        ratings = np.concatenate([group.ratings for group in own])
        groups.append(Group(ratings, np.concatenate(drawn, axis=1)))
    return Pooled(list(first.kinds), [estimate(group) for group in groups], groups, is_joined=True)


def pool_ratings(
    table: pl.DataFrame, kinds: Mapping[str, Sequence[str]], samples: int = SAMPLES
) -> Pooled:
    """Return the ratings of kinds of policies.

    Args:
        table: of `EpisodeRow`, of one game.
        kinds: names of policies by kind, each in one; who is in none has met the others all the
            same.
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
    drawn = sample_ratings(scores, pair_choices(scores.scores), samples)
    places = [[scores.policies.index(name) for name in names] for names in kinds.values()]
    groups = [Group(rating[own], drawn[:, own]) for own in places]
    return Pooled(list(kinds), [estimate(group) for group in groups], groups)
