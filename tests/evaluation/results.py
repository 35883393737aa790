"""Results made up for tests: rankings of known strengths, and tables of scores."""

import numpy as np

from metammo.evaluation.rows import EpisodeRow, make_table
from metammo.evaluation.score_table import ScoreTable

STRENGTHS = np.array([1.2, 0.5, 0.0, -0.4, -1.3])
"""Natural logarithms of odds, mean 0."""


def simulated(rng, strengths=STRENGTHS, episodes=150, seeds=5):
    """Return rankings by Plackett-Luce: clocks of exponential times, the first to ring wins."""
    times = rng.exponential(size=(episodes, len(strengths))) / np.exp(strengths)
    names = [f"policy {place}" for place in range(len(strengths))]
    return ScoreTable(names, -times, np.arange(episodes) * seeds // episodes)


def scores_of(*episodes, seeds=None):
    """Return a table of scores, one list for each episode; None: was not there."""
    scores = np.array(episodes, dtype=float)
    names = [chr(ord("a") + place) for place in range(scores.shape[1])]
    return ScoreTable(names, scores, np.array(seeds or [0] * len(scores)))


def episode_rows(*episodes, game="survive", seed=0, **more):
    """Return a table of rows, one dictionary from policy to score for each episode."""
    rows = [
        EpisodeRow(game, seed, number, policy, score, **more)
        for number, episode in enumerate(episodes)
        for policy, score in episode.items()
    ]
    return make_table(rows, EpisodeRow)
