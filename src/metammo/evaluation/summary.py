"""How policies did in a match, in a few numbers: means over episodes, with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

SIGMAS = 1.959964
"""Standard errors of a 95% interval to either side."""
RESAMPLES = 1000
"""Bootstrap samples of episodes behind each interval."""


def mean_with_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean over episodes, and the ends of its 95% interval, by bootstrap."""
    rng = np.random.default_rng(0)
    picked = rng.integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[picked].mean(1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def wilson(shares: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the 95% interval of a share by episodes' 0..1 (Wilson 1927).

    It is not empty where all episodes went the same way, as resampling would have it.
    """
    count, mean = len(shares), float(shares.mean())
    weight = SIGMAS**2 / count
    spread = np.sqrt(mean * (1 - mean) / count + weight / (4 * count))
    centre, reach = (mean + weight / 2) / (1 + weight), float(SIGMAS * spread / (1 + weight))
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def share_with_interval(games: Sequence[NDArray[np.float64]]) -> tuple[float, float, float]:
    """Return the mean over games of the means over episodes of 0..1, and its 95% interval.

    The games are given, not drawn: only their episodes are. How far an end is from the mean follows
    from how far those of the games' own intervals are from theirs (Zou and Donner 2008).
    """
    means = np.array([each.mean() for each in games])
    lows, highs = np.array([wilson(each) for each in games]).T
    mean = float(means.mean())
    below, above = (
        float(np.sqrt((ends**2).sum()) / len(games)) for ends in (means - lows, highs - means)
    )
    return mean, max(mean - below, 0.0), min(mean + above, 1.0)


def summarize(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a dictionary for each policy of a table of `EpisodeRow`, best score first.

    Returns:
        `policy`, `episodes`, `progress`, `win_rate`, `win_rate_low`, `win_rate_high`, `score`,
        `score_low`, `score_high`; an episode counts as won for a policy one of whose agents won it.
    """
    rows = []
    for (policy,), own in table.group_by("policy", maintain_order=True):
        won = share_with_interval([own["won"].cast(pl.Float64).to_numpy()])
        score = mean_with_interval(own["score"].to_numpy())
        rows.append(
            {
                "policy": policy,
                "episodes": len(own),
                "progress": float(own["progress"].to_numpy().mean()),
                **dict(zip(("win_rate", "win_rate_low", "win_rate_high"), won, strict=True)),
                **dict(zip(("score", "score_low", "score_high"), score, strict=True)),
            }
        )
    return sorted(rows, key=lambda row: (-row["score"], row["policy"]))
