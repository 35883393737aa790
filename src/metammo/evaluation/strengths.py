"""How strong is each policy, whatever the order of the episodes? Bradley-Terry and Plackett-Luce.

Both say that a policy i of strength s_i comes out first among a set S with probability
exp(s_i) / sum of exp(s_j) over S. Bradley-Terry looks at all pairs of an episode, Plackett-Luce at
its whole ranking: who comes first of all, who first of the others, and so on. Strengths are those
of maximum likelihood, found by Newton's method for many bootstrap samples at once.

**Ties** count as every order of those who tie, in equal parts: of a pair each has won half, and a
ranking is as many rankings, each by its share. So both models agree on two policies. (More than
eight that tie have too many orders: there, when j of t are placed, each of them is still there by
1 - j/t, as in Efron's partial likelihood.)

**Always won, never met.** A policy that wins all its pairs would be infinitely strong. So each pair
that has met counts a little more, half a win for both spread over all pairs of a policy: with two
policies the log odds (wins + 1/2) / (losses + 1/2). `divided` says where the numbers rest on that.
In bootstrap samples what is given has exponential weights, so that there, too, an interval is long.
Policies that have not met even by way of others cannot be compared, and are refused.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.evaluation.rows import ResultError
from metammo.evaluation.score_table import ScoreTable, pair_wins
from metammo.evaluation.sequential import SCALE, START

PRIOR = 0.5
"""Wins and losses that each policy has beyond those played."""
SAMPLES = 1000
"""Bootstrap samples behind each interval."""
COVERAGE = 0.95
"""Of intervals."""

Members = tuple[tuple[int, float], ...]
"""A set of policies: column, and by how much it takes part."""
TIE_LIMIT = 8
"""Most policies whose orders are all counted."""

STEP_COUNT = 100
STEP_LIMIT = 2.0
"""Longest step of a strength: far from the best the curve is flat, and Newton's step too long."""
TOLERANCE = 1e-9
"""Of the gradient, in wins per episode."""
CHUNK = 4_000_000
"""Numbers of a working array; more samples are fitted in turn."""


@dataclass(frozen=True)
class Choices:
    """What one model counts: sets of policies, and who was chosen of them.

    Episodes that went alike are of one pattern. The last three arrays say, entry by entry, how
    often a pattern chose from a set.
    """

    chosen: NDArray[np.float64]
    """float64[episodes, policies]: how often each was chosen."""
    sets: NDArray[np.float64]
    """float64[sets, policies]: the different sets, 1 for each member."""
    pattern: NDArray[np.int64]
    """int64[episodes]: how each went."""
    of_pattern: NDArray[np.int64]
    """int64[entries]: a pattern."""
    of_set: NDArray[np.int64]
    """int64[entries]: a set that it chose from."""
    times: NDArray[np.float64]
    """float64[entries]: how often."""


@dataclass(frozen=True)
class Strengths:
    """One model's ratings in points, on the scale of the published Elo, mean 1000."""

    rating: NDArray[np.float64]
    """float64[policies]."""
    low: NDArray[np.float64]
    """float64[policies]: lower end of the interval; NaN without samples or of one episode."""
    high: NDArray[np.float64]
    """float64[policies]: upper end."""


# What is counted


def _collect(
    chosen: NDArray[np.float64],
    alike: NDArray[Any],
    choose: Callable[[NDArray[Any]], Iterable[tuple[Members, float]]],
) -> Choices:
    """Return the choices of episodes.

    Args:
        chosen: [episodes, policies]: how often each was chosen.
        alike: [episodes, policies]: those with equal rows went alike.
        choose: the sets that such a row chose from, and how often.
    """
    patterns, pattern = np.unique(alike, axis=0, return_inverse=True)
    numbers: dict[Members, int] = {}
    entries = [
        (number, numbers.setdefault(members, len(numbers)), times)
        for number, row in enumerate(patterns)
        for members, times in choose(row)
    ]
    sets = np.zeros((len(numbers), chosen.shape[1]))
    for members, number in numbers.items():
        for place, weight in members:
            sets[number, place] = weight
    of_pattern, of_set, times = map(np.array, zip(*entries, strict=True))
    return Choices(chosen, sets, pattern.reshape(-1), of_pattern, of_set, times.astype(np.float64))


def pair_choices(scores: NDArray[np.float64]) -> Choices:
    """Return every pair of every episode."""

    def choose(there: NDArray[np.bool_]) -> Iterable[tuple[Members, float]]:
        for pair in combinations(np.flatnonzero(there).tolist(), 2):
            yield tuple((place, 1.0) for place in pair), 1.0

    return _collect(pair_wins(scores).sum(2), np.isfinite(scores), choose)


def ranking_choices(scores: NDArray[np.float64]) -> Choices:
    """Return the choices by which every episode's ranking is made, best first."""
    there = np.isfinite(scores)
    # Places of those who were there, 1 the worst; 0: was not there.
    worse = scores[:, None, :] < scores[:, :, None]
    ranks = np.where(there, worse.sum(2) + 1, 0)
    return _collect(there.astype(np.float64), ranks, _ranking_sets)


def _ranking_sets(ranks: NDArray[np.int64]) -> Iterable[tuple[Members, float]]:
    """Yield the sets from which a ranking chose, and how often."""
    for rank in np.unique(ranks[ranks > 0]):
        rest = [(place, 1.0) for place in np.flatnonzero((ranks > 0) & (ranks < rank)).tolist()]
        tied = np.flatnonzero(ranks == rank).tolist()
        for left in range(len(tied), 0, -1):
            if len(tied) > TIE_LIMIT:
                share = left / len(tied)
                yield tuple(sorted([*rest, *((place, share) for place in tied)])), 1.0
                continue
            for some in combinations(tied, left):
                members = tuple(sorted([*rest, *((place, 1.0) for place in some)]))
                yield members, 1 / comb(len(tied), left)


def _prior(met: NDArray[np.bool_]) -> tuple[NDArray[np.int64], float]:
    """Return each two that have met, int64[pairs, 2], and the wins that both are given."""
    pairs = np.argwhere(np.triu(met, 1))
    return pairs, PRIOR / max(len(met) - 1, 1)


def _met(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    there = np.isfinite(scores).astype(np.float64)
    met = there.T @ there > 0
    np.fill_diagonal(met, False)
    return met


# Who can be compared


def _reach(step: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return who is reached from whom by any number of steps, bool[policies, policies]."""
    reached = step | np.eye(len(step), dtype=np.bool_)
    for _ in range(len(step).bit_length()):
        reached = (reached.astype(np.float64) @ reached) > 0
    return reached


def groups_of(step: NDArray[np.bool_]) -> list[list[int]]:
    """Return the sets in which each reaches each; those that reach most others first."""
    reached = _reach(step)
    both = reached & reached.T
    order = sorted(range(len(step)), key=lambda place: -int(reached[place].sum()))
    groups: list[list[int]] = []
    for place in order:
        if not any(place in group for group in groups):
            groups.append(np.flatnonzero(both[place]).tolist())
    return groups


def check_connected(table: ScoreTable) -> None:
    """Refuse policies that have not met, not even by way of others.

    Raises:
        ResultError: says which.
    """
    groups = groups_of(_met(table.scores))
    if len(groups) > 1:
        named = [", ".join(table.policies[place] for place in group) for group in groups]
        raise ResultError(
            f"{' / '.join(named)}: these never met, not even by way of others, so that nothing "
            "compares them; rate them apart, or play a match between them"
        )


def divided(table: ScoreTable) -> list[list[str]]:
    """Return groups, best first, each of which never lost to the next, not even by way of others.

    Between them maximum likelihood alone would see an infinite distance. One group: all is well.
    """
    beaten = pair_wins(table.scores).sum(0) > 0
    return [[table.policies[place] for place in group] for group in groups_of(beaten)]


# The fit


def _likelihood(
    strengths: NDArray[np.float64],
    chosen: NDArray[np.float64],
    sets: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log likelihood, float64[samples]."""
    total = np.exp(strengths) @ sets.T
    return (chosen * strengths).sum(1) - (counts * np.log(total)).sum(1)


def fit_strengths(
    chosen: NDArray[np.float64], sets: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the strengths of maximum likelihood, float64[samples, policies], mean 0.

    Args:
        chosen: how often each policy was chosen, [samples, policies].
        sets: by which weight each takes part, [sets, policies].
        counts: how often each set was chosen from, [samples, sets].

    Raises:
        RuntimeError: no maximum was found.
    """
    samples, policies = chosen.shape
    outer = (sets[:, :, None] * sets[:, None, :]).reshape(len(sets), -1)
    strengths = np.zeros((samples, policies))
    # A sum of all strengths changes nothing: hold it, by a spring as stiff as the data.
    spring = np.maximum(counts.sum(1), 1)[:, None, None] / policies**2
    enough = TOLERANCE * np.maximum(counts.sum(1), 1)[:, None]
    value = tried = _likelihood(strengths, chosen, sets, counts)
    for _ in range(STEP_COUNT):
        weights = np.exp(strengths)
        total = weights @ sets.T
        expected = weights * ((counts / total) @ sets)
        gradient = chosen - expected
        if (np.abs(gradient) <= enough).all():
            return strengths - strengths.mean(1, keepdims=True)
        both = ((counts / total**2) @ outer).reshape(samples, policies, policies)
        curvature = spring - weights[:, :, None] * weights[:, None, :] * both
        curvature[:, range(policies), range(policies)] += expected
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        step *= np.minimum(STEP_LIMIT / np.maximum(np.abs(step).max(1, keepdims=True), 1e-12), 1)
        for _ in range(STEP_COUNT):
            tried = _likelihood(strengths + step, chosen, sets, counts)
            worse = tried < value - 1e-9 * np.abs(value)
            if not worse.any():
                break
            step[worse] /= 2
        strengths = strengths + step
        value = tried
    raise RuntimeError(f"no strengths of maximum likelihood after {STEP_COUNT} steps")


def count_sets(choices: Choices, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how often each set was chosen from, float64[samples, sets].

    Args:
        choices: of the episodes.
        weights: by how much each episode counts in each sample, [samples, episodes].
    """
    counts = np.zeros((len(weights), len(choices.sets)))
    for sample, row in enumerate(weights):
        patterns = np.bincount(choices.pattern, row)
        times = patterns[choices.of_pattern] * choices.times
        counts[sample] = np.bincount(choices.of_set, times, len(choices.sets))
    return counts


def fit(
    scores: NDArray[np.float64],
    choices: Choices,
    weights: NDArray[np.float64],
    rng: np.random.Generator | None = None,
) -> NDArray[np.float64]:
    """Return strengths of samples of the episodes, float64[samples, policies], mean 0.

    Args:
        scores: [episodes, policies], of policies that have met (`check_connected`).
        choices: what the model counts in them.
        weights: by how much each episode counts in each sample, [samples, episodes].
        rng: draws by how much the given wins count, exponentially; None: all the same.
    """
    pairs, given = _prior(_met(scores))
    member = np.zeros((*pairs.shape, scores.shape[1]))
    member[np.arange(len(pairs))[:, None], [0, 1], pairs] = 1
    sets = np.concatenate([choices.sets, member.sum(1)])
    rows = max(CHUNK // max(sets.size, 1), 1)
    found = []
    for first in range(0, len(weights), rows):
        own = weights[first : first + rows]
        shape = (len(own), *pairs.shape)
        wins = given * (rng.exponential(size=shape) if rng else np.ones(shape))
        counts = np.concatenate([count_sets(choices, own), wins.sum(2)], axis=1)
        chosen = own @ choices.chosen + np.einsum("spw,pwn->sn", wins, member)
        found.append(fit_strengths(chosen, sets, counts))
    return np.concatenate(found)


def resamples(seeds: NDArray[np.int64], count: int = SAMPLES) -> NDArray[np.float64]:
    """Return by how much each episode counts in each bootstrap sample, float64[samples, episodes].

    Of the n episodes of each seed n - 1 are drawn as wholes, with replacement, and count
    n / (n - 1) each: n draws would differ from one another too little, by that factor (Rao and Wu,
    1988). Seeds of a single episode are taken together.
    """
    rng = np.random.default_rng(0)
    weights = np.ones((count, len(seeds)))
    _, which, sizes = np.unique(seeds, return_inverse=True, return_counts=True)
    groups = np.where(sizes > 1, np.arange(len(sizes)), -1)[which]
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        size = len(mine)
        if size > 1:
            drawn = rng.multinomial(size - 1, np.full(size, 1 / size), count)
            weights[:, mine] = drawn * (size / (size - 1))
    return weights


def points(strengths: Any) -> Any:
    """Return strengths, natural logarithms of odds, on the scale of the published Elo."""
    return START + strengths * (SCALE / np.log(10))


def rate(table: ScoreTable, choices: Choices, samples: int = SAMPLES) -> Strengths:
    """Return a model's ratings with bootstrap intervals.

    Args:
        table: scores of policies that have met (`check_connected`).
        choices: `pair_choices` for Bradley-Terry, `ranking_choices` for Plackett-Luce.
        samples: of the bootstrap; 0: no intervals.
    """
    rating = points(fit(table.scores, choices, np.ones((1, len(table.scores))))[0])
    if samples == 0 or len(table.scores) == 1:
        return Strengths(rating, np.full_like(rating, np.nan), np.full_like(rating, np.nan))
    low, high = interval(sample_ratings(table, choices, samples))
    return Strengths(rating, low, high)


def sample_ratings(table: ScoreTable, choices: Choices, samples: int) -> NDArray[np.float64]:
    """Return the ratings of bootstrap samples of the episodes, float64[samples, policies]."""
    weights = resamples(table.seeds, samples)
    drawn: NDArray[np.float64] = points(
        fit(table.scores, choices, weights, np.random.default_rng(1))
    )
    return drawn


def interval(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends of the 95% interval of what was drawn, float64[2, ...]; samples first."""
    tail = 50 * (1 - COVERAGE)
    ends: NDArray[np.float64] = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return ends


def rate_bradley_terry(table: ScoreTable, samples: int = SAMPLES) -> Strengths:
    """Return the ratings by all pairs."""
    return rate(table, pair_choices(table.scores), samples)


def rate_plackett_luce(table: ScoreTable, samples: int = SAMPLES) -> Strengths:
    """Return the ratings by whole rankings."""
    return rate(table, ranking_choices(table.scores), samples)
