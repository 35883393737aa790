"""Who is in the pool of opponents, who of them is drawn, and who leaves it?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metammo.learner.ratings import START, expected_outcome

NOBODY = -1


@dataclass(eq=False)
class Member:
    """Somebody in the pool."""

    name: str
    """Of a past self, its steps."""
    source: str
    """Folder, or name, from which it is loaded."""
    steps: int
    """Agent-steps that a past self had learned from; `NOBODY`: from elsewhere."""
    rating: float = START
    """See `learner.ratings`."""
    episodes: int = 0
    """Episodes in which the learner has met it."""


def draw_weights(members: list[Member], rating: float, way: str) -> NDArray[np.float64]:
    """Return how often each member of a pool is drawn, float64[members], adding up to 1.

    Args:
        members: the pool; past selves from the oldest to the newest.
        rating: the learner's.
        way: "uniform"; "recency": the newest past self and policies from elsewhere twice as often
            as the one before, thrice as often as the one before that; or "rating": by how likely a
            member is to do better than the learner.
    """
    if way == "recency":
        ages = np.array([sum(each.steps > one.steps for each in members) for one in members])
        ages[[one.steps < 0 for one in members]] = 0
        weights = 1.0 / (1.0 + ages)
    elif way == "rating":
        weights = np.array([expected_outcome(each.rating, rating) for each in members])
    else:
        weights = np.ones(len(members))
    return weights / weights.sum()


def thin(members: list[Member], playing: list[Member]) -> Member | None:
    """Return the past self that is missed least: its neighbours lie nearest each other.

    Of several the oldest; never the first or the last of all, nor one that plays. So what stays is
    spread evenly over the run, and reaches from its beginning to the present.

    Args:
        members: the pool, past selves from the oldest to the newest.
        playing: members that may not go.

    Returns:
        One of the members; None where none may go.
    """
    own = [each for each in members if each.steps >= 0]
    gaps = {
        each: after.steps - before.steps
        for before, each, after in zip(own, own[1:], own[2:], strict=False)
        if each not in playing
    }
    return min(gaps, key=lambda each: gaps[each], default=None)
