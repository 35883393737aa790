"""Who is better, by how much, and how sure are we? Every rating of a game's policies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from metammo.evaluation.score_table import ScoreTable, score_table
from metammo.evaluation.sequential import ORDERS, rate_elo, rate_openskill
from metammo.evaluation.strengths import (
    SAMPLES,
    check_connected,
    divided,
    rate_bradley_terry,
    rate_plackett_luce,
)
from metammo.evaluation.summary import share_with_interval

FEW = 4
"""Policies that a warning names; more it counts."""
UNKNOWN = (None, None, None)
"""In place of a share and its interval."""


@dataclass(frozen=True)
class Ranking:
    """Policies that have met, best first."""

    rows: list[dict[str, Any]]
    """A dictionary each: see `rank`."""
    episodes: int
    """In which two or more of them met."""
    seeds: int
    """Of how many seeds."""
    orders: int
    """Orders of the seeds behind Elo's mean."""
    warnings: list[str]
    """What the numbers do not say themselves."""


def _won(table: pl.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Return by policy the share of its episodes that it won and its interval, where written."""
    known = table.filter(pl.col("won").is_not_null())
    return {
        policy: share_with_interval([own["won"].cast(pl.Float64).to_numpy()])
        for (policy,), own in known.group_by("policy")
    }


def _warnings(scores: ScoreTable) -> list[str]:
    groups = divided(scores)
    if len(groups) == 1:
        return []
    named = " > ".join(
        ", ".join(group) if len(group) <= FEW else f"{len(group)} others" for group in groups
    )
    return [
        f"{named}: none on the right ever did better than one on the left. How far they are apart "
        "is not measured, only bounded by the half win that everybody is given"
    ]


def rank(table: pl.DataFrame, *, samples: int = SAMPLES, orders: int = ORDERS) -> Ranking:
    """Rate the policies of a table of `EpisodeRow`.

    The same rows give the same numbers in whatever order they come.

    Args:
        table: rows of one game.
        samples: of the bootstrap; 0: no intervals.
        orders: of the seeds behind Elo's mean.

    Returns:
        Rows with `policy`; `episodes`; `score`, mean; `won`, share of episodes or None, with
        `won_low` and `won_high`, 95%; `elo`, mean over orders, and `elo_spread`, standard deviation
        of one order's, None of a single order;
        `bradley_terry` with `low` and `high`, 95%; `plackett_luce` with `plackett_luce_low` and
        `plackett_luce_high`; `openskill` and `openskill_sigma` in the order of the seeds,
        `openskill_reversed`.

    Raises:
        ResultError: no two policies have met, or some of them not even by way of others.
    """
    scores = score_table(table)
    check_connected(scores)
    elo = rate_elo(scores, orders)
    pairs = rate_bradley_terry(scores, samples)
    rankings = rate_plackett_luce(scores, samples)
    skill = rate_openskill(scores.scores)
    reversed_skill = rate_openskill(scores.scores[::-1])
    won = _won(table)
    rows = []
    for place, policy in enumerate(scores.policies):
        own = scores.scores[:, place]
        row = {
            "policy": policy,
            "episodes": int(np.isfinite(own).sum()),
            "score": float(np.nanmean(own)),
            **dict(zip(("won", "won_low", "won_high"), won.get(policy, UNKNOWN), strict=True)),
            "elo": elo.mean[place],
            "elo_spread": elo.spread[place],
            "bradley_terry": pairs.rating[place],
            "low": pairs.low[place],
            "high": pairs.high[place],
            "plackett_luce": rankings.rating[place],
            "plackett_luce_low": rankings.low[place],
            "plackett_luce_high": rankings.high[place],
            "openskill": skill[place, 0],
            "openskill_sigma": skill[place, 1],
            "openskill_reversed": reversed_skill[place, 0],
        }
        rows.append({name: _plain(value) for name, value in row.items()})
    rows.sort(key=lambda row: (-row["bradley_terry"], row["policy"]))
    seeds = len(np.unique(scores.seeds))
    return Ranking(rows, len(scores.scores), seeds, elo.orders, _warnings(scores))


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: no NaN, no NumPy."""
    if isinstance(value, (np.floating, float)):
        return float(value) if np.isfinite(value) else None
    return value
