"""How often is a game to be drawn so that it gets its share of the agent-steps?

An episode of one game may be twenty times as long as one of another, so games that are drawn alike
are not learned alike. A game's weight is the agent-steps that it is to get next, divided by those
of one of its episodes. What it is to get next is its share of the steps to come, and what it is
behind; what its running episodes have still to give is counted as given, so that nothing is ordered
twice.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

WAYS = ("steps", "episodes")
RATE = 0.05
"""Weight of a finished episode in the running mean of its game's length."""
AHEAD = 2.0
"""Episodes of each world within which what a game is behind is made good."""
KEPT = 0.1
"""Part of its share that a game which is ahead still gets."""
FARTHEST = 4.0
"""Episodes of each world's worth of steps that a game may be behind or ahead, at most."""


class Balance:
    """Measures games' episodes, and weighs the games by what they are to get.

    Attributes:
        length: float64[games], mean agent-steps of an episode.
        episodes: float64[games], how many have ended.
        behind: float64[games], agent-steps that each is behind its share, or ahead where it is less
            than 0.
        running: float64[games], agent-steps that running episodes have still to give.
        counted: float64[games], agent-steps of each game since the beginning.

    Args:
        games: how many.
        worlds: in which they are played.
    """

    def __init__(self, games: int, worlds: int) -> None:
        self.worlds = worlds
        self.length = np.zeros(games)
        self.episodes = np.zeros(games)
        self.behind = np.zeros(games)
        self.running = np.zeros(games)
        self.counted = np.zeros(games)

    def note(self, game: int, steps: int) -> None:
        """Take in an episode that has ended."""
        self.episodes[game] += 1
        rate = max(RATE, 1.0 / self.episodes[game])
        self.length[game] += rate * (steps - self.length[game])

    def update(
        self,
        shares: NDArray[np.float64],
        played: NDArray[np.float64],
        games: NDArray[np.int64],
        steps: NDArray[np.int64],
    ) -> None:
        """Take in what was played since the last time; episodes that ended are noted before.

        Args:
            shares: float64[games], of the agent-steps, adding up to 1.
            played: float64[games], agent-steps since the beginning.
            games: int64[worlds], which game each world plays now.
            steps: int64[worlds], agent-steps of its episode so far.
        """
        # A game of which no episode has ended is at least as long as what is seen of it.
        seen = np.zeros(len(self.length))
        np.maximum.at(seen, games, steps.astype(np.float64))
        unknown = self.episodes == 0
        self.length[unknown] = np.maximum(self.length, seen)[unknown]
        left = np.maximum(self.lengths()[games] - steps, 0)
        self.running = np.bincount(games, left, len(self.length)).astype(np.float64)
        new = played - self.counted
        self.counted = played.copy()
        self.behind += shares * new.sum() - new
        limit = FARTHEST * self._round(shares)
        self.behind = np.clip(self.behind, -limit, limit)

    def lengths(self) -> NDArray[np.float64]:
        """Return agent-steps of an episode, float64[games]; of an unseen game the others' mean."""
        seen = self.length > 0
        if not seen.any():
            return np.ones(len(self.length))
        return np.where(seen, self.length, self.length[seen].mean())

    def _round(self, shares: NDArray[np.float64]) -> float:
        """Return the agent-steps of one episode in each world, if all games get their shares."""
        return float(self.worlds / (shares / self.lengths()).sum())

    def weights(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how often each game is to be drawn, float64[games], adding up to 1."""
        ahead = AHEAD * self._round(shares)
        total = ahead + self.running.sum()
        wanted = shares * total + self.behind - self.running
        weights = np.maximum(wanted, KEPT * shares * ahead) / self.lengths()
        return weights / weights.sum()

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """Return copies of all that decides the weights."""
        names = ("length", "episodes", "behind", "running", "counted")
        return {name: getattr(self, name).copy() for name in names}

    def load_state_dict(self, state: Mapping[str, NDArray[np.float64]]) -> None:
        """Set what `state_dict` gave."""
        for name in self.state_dict():
            getattr(self, name)[:] = state[name]
