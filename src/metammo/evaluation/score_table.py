"""Who scored what in which episode, as one array; who beat whom there."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metammo.evaluation.rows import ResultError


@dataclass(frozen=True)
class ScoreTable:
    """Scores by episode and policy, in an order that does not depend on that of the rows."""

    policies: list[str]
    """By name."""
    scores: NDArray[np.float64]
    """float64[episodes, policies]; NaN: was not there."""
    seeds: NDArray[np.int64]
    """int64[episodes], ascending."""

    def pick(self, episodes: NDArray[np.int64]) -> "ScoreTable":
        """Return some of the episodes, in this order."""
        return ScoreTable(self.policies, self.scores[episodes], self.seeds[episodes])


def score_table(table: pl.DataFrame) -> ScoreTable:
    """Return the scores of a table of `EpisodeRow`; episodes of fewer than two policies left out.

    Raises:
        ResultError: fewer than two policies have met.
    """
    policies = sorted(table["policy"].unique())
    episodes = table.select("seed", "episode").unique().sort("seed", "episode").with_row_index()
    placed = table.join(episodes, on=["seed", "episode"])
    scores = np.full((len(episodes), len(policies)), np.nan)
    columns = {policy: place for place, policy in enumerate(policies)}
    columns_of_rows = [columns[policy] for policy in placed["policy"]]
    scores[placed["index"].to_numpy(), columns_of_rows] = placed["score"].to_numpy()
    met = np.isfinite(scores).sum(1) > 1
    if not met.any():
        raise ResultError(
            f"nobody to compare: {', '.join(policies)} never met another policy in an episode"
        )
    return ScoreTable(policies, scores[met], episodes["seed"].to_numpy()[met])


def pair_wins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return who beat whom, float64[episodes, policies, policies].

    1 where the first scored more than the second, 1/2 for both where they scored the same, 0
    otherwise, and where they did not meet.
    """
    mine, other = scores[:, :, None], scores[:, None, :]
    # Comparisons with NaN are false.
    wins = (mine > other) + 0.5 * (mine == other)
    places = np.arange(scores.shape[1])
    wins[:, places, places] = 0
    return wins
