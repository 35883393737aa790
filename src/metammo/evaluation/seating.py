"""Who sits where in which episode of a match? Whole teams in turn; in a free for all, in blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metammo.world.random import hash_numbers, seed_of, spread_seed

NOBODY = -1
"""In place of a policy's number: no policy plays the seat."""
ORDER_SALT = 0x5EA7
"""Names the stream of random numbers by which policies are ordered."""


@dataclass(frozen=True)
class Seating:
    """How policies share the seats of a match's episodes.

    Teams are dealt to the policies in turn, agents that play for themselves in blocks of
    neighbours. Episodes come in rounds of as many as there are policies: within a round each policy
    has each share once, and every round has an order of its own, so that no policy owns a corner,
    nor a neighbour. Where there are fewer teams than policies, some sit an episode out, all of them
    equally often.

    With a focal population the first policies are dealt `share` of the seats, and the others, the
    background, all the rest.

    Attributes:
        policies: how many there are.
        seed: of the orders.
        focal: how many of them, the first ones, are focal; 0: all are alike.
        share: of the seats, for the focal ones.
    """

    policies: int
    seed: int = 0
    focal: int = 0
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.policies < 1:
            raise ValueError("a match needs at least one policy")
        if not 0 <= self.focal < self.policies:
            raise ValueError(
                f"{self.focal} of {self.policies} policies cannot be focal: at least one must be "
                "the background; name another policy"
            )
        if not 0 < self.share < 1:
            raise ValueError(f"the focal share must lie between 0 and 1, got {self.share}")

    def deal(self, teams: Sequence[int] | NDArray[np.int16], number: int) -> NDArray[np.int64]:
        """Return which policy plays each seat, int64[agents].

        Args:
            teams: the seats' teams, from 0; -1: nobody's seat.
            number: of the episode.
        """
        teams = np.asarray(teams, np.int64)
        taken = teams >= 0
        count = int(teams.max()) + 1 if len(teams) else 0
        if int(taken.sum()) == count:
            parts = max(min(self.policies, count), 1)
            deal = self._deal_blocks(count, parts, number)
        else:
            deal = self._deal_teams(count, number)
        return np.where(taken, deal[np.where(taken, teams, 0)], NOBODY)

    def _deal_teams(self, teams: int, number: int) -> NDArray[np.int64]:
        """Return which policy plays each team, int64[teams]."""
        if not self.focal:
            return self._turn(0, self.policies, number, np.arange(teams))
        is_focal = self._focal_teams(teams, number)
        # The n-th of the focal teams, or of the others.
        place = np.where(is_focal, np.cumsum(is_focal), np.cumsum(~is_focal)) - 1
        return np.where(
            is_focal,
            self._turn(0, self.focal, number, place),
            self._turn(self.focal, self.policies, number, place),
        )

    def _deal_blocks(self, seats: int, parts: int, number: int) -> NDArray[np.int64]:
        """Return which policy plays each seat of a free for all, int64[seats]."""
        if not self.focal:
            return self._turn(0, self.policies, number, np.arange(seats) * parts // seats)
        wanted = self._focal_count(seats)
        # A block of focal seats, which goes round by its own width.
        place = (np.arange(seats) - number * wanted) % seats
        rest = seats - wanted
        own = self._turn(0, self.focal, number, place * self.focal // wanted)
        others = self.policies - self.focal
        other = self._turn(self.focal, self.policies, number, (place - wanted) * others // rest)
        return np.where(place < wanted, own, other)

    def _focal_count(self, parts: int) -> int:
        if parts < 2:
            raise ValueError(f"a focal and a background policy cannot share {parts} teams")
        return min(max(round(self.share * parts), 1), parts - 1)

    def _focal_teams(self, teams: int, number: int) -> NDArray[np.bool_]:
        """Return which teams are focal, spread evenly and one further each episode."""
        wanted = self._focal_count(teams)
        place = (np.arange(teams) + number) % teams
        return place * wanted % teams < wanted

    def _turn(
        self, first: int, end: int, number: int, share: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return which of the policies [first, end) has each share in an episode, int64[shares]."""
        count = end - first
        stream = seed_of(self.seed, ORDER_SALT, first, number // count)
        order = first + np.argsort(hash_numbers(spread_seed(stream, count)))
        return order[(share + number) % count]
