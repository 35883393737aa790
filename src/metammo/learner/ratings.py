"""How the learner and its opponents are rated on the way: Elo, from single episodes.

Cheap and good for choosing opponents; tournaments rate better (`evaluation.ranking`).
"""

import numpy as np
from numpy.typing import NDArray

START = 1000.0
"""The learner's rating at first, and that of policies from elsewhere."""
SCALE = 400.0
"""Points by which the odds of doing better grow tenfold, as in chess."""
GAIN = 16.0
"""By how much an episode moves a rating at most."""


def compare(
    scores: NDArray[np.float64], teams: NDArray[np.int16], theirs: NDArray[np.bool_]
) -> float:
    """Return how often a team of the learner's did better than one of the opponent's, 0..1.

    Of all pairs of such teams; a tie counts half. A half is level, however few the opponent's teams
    are, which is not so of who wins the episode.

    Args:
        scores: float64[agents]; a team's is the mean of its members'.
        teams: the agents' teams, from 0; -1: nobody's seat.
        theirs: bool[agents], seats of the opponent; whole teams, some but not all.
    """
    taken = teams >= 0
    sizes = np.bincount(teams[taken])
    means = np.bincount(teams[taken], scores[taken]) / np.maximum(sizes, 1)
    is_theirs = np.bincount(teams[taken], theirs[taken]) > 0
    ours = means[(sizes > 0) & ~is_theirs][:, None]
    against = means[(sizes > 0) & is_theirs]
    return float((ours > against).mean() + 0.5 * (ours == against).mean())


def expected_outcome(rating: float, other: float) -> float:
    """Return the chance of doing better than another by the two ratings."""
    return float(1.0 / (1.0 + 10.0 ** ((other - rating) / SCALE)))


def move_ratings(rating: float, other: float, outcome: float) -> tuple[float, float]:
    """Return the ratings of two after an episode; what one gains, the other loses."""
    gain = GAIN * (outcome - expected_outcome(rating, other))
    return rating + gain, other - gain
