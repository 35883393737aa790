"""How policies did in a match, in a few numbers: means over episodes, with intervals."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

RESAMPLES = 1000
"""Bootstrap samples of episodes behind each interval."""


def mean_with_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean over episodes, and the ends of its 95% interval, by bootstrap."""
    rng = np.random.default_rng(0)
    picked = rng.integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[picked].mean(1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def summarize(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a dictionary for each policy of a table of `EpisodeRow`, best score first.

    Returns:
        `policy`, `episodes`, `progress`, `win_rate`, `win_rate_low`, `win_rate_high`, `score`,
        `score_low`, `score_high`; an episode counts as won for a policy one of whose agents won it.
    """
    rows = []
    for (policy,), own in table.group_by("policy", maintain_order=True):
        won = mean_with_interval(own["won"].cast(pl.Float64).to_numpy())
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
