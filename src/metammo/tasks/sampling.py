"""How often each task, or each game, comes next: as given, alike, or where something is learned.

Adaptive sampling asks oftener for what is being learned or forgotten just now (teacher-student
curriculum learning, Matiisen et al. 2017; absolute learning progress, Portelas et al. 2019). For
each item two moving averages of its outcomes are kept, a fast and a slow one; their difference says
how quickly the item changes. What is mastered or hopeless does not change, so it comes seldom, but
never never: a part of the weight stays as given.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

WAYS = ("fixed", "uniform", "adaptive")
FAST = 0.2
"""Weight of an update's outcomes in the fast average."""
SLOW = 0.02
"""The same in the slow one."""
FIRST = 1 / FAST
"""Updates over which both averages are the plain mean, so that they say nothing of progress."""
KEPT = 0.2
"""Part of the weight that stays as given, whatever is learned."""
NOISE = 0.01
"""Change that counts as none: with no more than that, weights stay near the given ones."""


class SamplingError(ValueError):
    """A way of sampling that does not exist, or weights that are none."""


class Sampler:
    """Weights of items, by one of three ways.

    `fixed` keeps the given weights, `uniform` has all alike, `adaptive` goes by learning progress.
    An item that was seen in a few updates, or none, has its given weight.

    Attributes:
        prior: float64[items], the given weights, adding up to 1.
        fast: float64[items], the fast average of outcomes, 0..1.
        slow: float64[items], the slow one.
        seen: float64[items], updates in which the item had outcomes.
    """

    def __init__(self, weights: Any, way: str = "adaptive") -> None:
        """Take the given weights.

        Args:
            weights: one for each item, above 0.
            way: "fixed", "uniform" or "adaptive".

        Raises:
            SamplingError: an unknown way, or weights that are not above 0.
        """
        if way not in WAYS:
            raise SamplingError(f"sampling must be one of {', '.join(WAYS)}, got {way!r}")
        prior = np.array(weights, np.float64)
        if prior.ndim != 1 or prior.size == 0 or not (np.isfinite(prior) & (prior > 0)).all():
            raise SamplingError(f"weights must be numbers above 0, one for each item: {weights}")
        self.way = way
        self.prior = prior / prior.sum()
        self.fast = np.zeros(prior.size)
        self.slow = np.zeros(prior.size)
        self.seen = np.zeros(prior.size)

    def update(self, items: Any, outcomes: Any) -> None:
        """Take in outcomes; several of one item count as their mean.

        Args:
            items: int[outcomes], which item each is of.
            outcomes: float[outcomes], how well it went, 0..1; added up in order.
        """
        items = np.asarray(items, np.int64)
        sums = np.zeros(self.prior.size)
        np.add.at(sums, items, np.asarray(outcomes, np.float64))
        counts = np.bincount(items, minlength=self.prior.size)
        had = counts > 0
        means = sums[had] / counts[had]
        for average, rate in ((self.fast, FAST), (self.slow, SLOW)):
            # At first the mean of all that was seen, so that a start from 0 is no progress.
            rates = np.maximum(rate, 1.0 / (1.0 + self.seen[had]))
            average[had] += rates * (means - average[had])
        self.seen += had

    def weights(self) -> NDArray[np.float64]:
        """Return how often each item is drawn, float64[items], all above 0, adding up to 1."""
        if self.way == "fixed":
            return self.prior.copy()
        if self.way == "uniform":
            return np.full(self.prior.size, 1.0 / self.prior.size)
        known = self.seen > FIRST
        mixed = self.prior.copy()
        if known.any():
            given = self.prior[known]
            # What is known shares among itself what it would have as given.
            change = np.abs(self.fast - self.slow)[known] + NOISE * given / given.mean()
            learned = given.sum() * change / change.sum()
            mixed[known] = KEPT * given + (1.0 - KEPT) * learned
        return mixed / mixed.sum()

    def evenness(self) -> float:
        """Return how evenly items are drawn: 1 all alike, 0 one alone."""
        weights = self.weights()
        if weights.size == 1:
            return 1.0
        return float(-(weights * np.log(weights)).sum() / np.log(weights.size))

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """Return copies of what was learned of the items."""
        return {"fast": self.fast.copy(), "slow": self.slow.copy(), "seen": self.seen.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of `state_dict`.

        Raises:
            SamplingError: the state is of other items.
        """
        for name in ("fast", "slow", "seen"):
            if name not in state or np.shape(state[name]) != self.prior.shape:
                raise SamplingError(
                    f"the saved sampling is not of these {self.prior.size} items; use the same "
                    "games, tasks and version"
                )
        for name in ("fast", "slow", "seen"):
            getattr(self, name)[:] = state[name]
