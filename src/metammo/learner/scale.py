"""How returns and advantages of games that pay differently become comparable."""

from collections.abc import Mapping

import torch
from torch import Tensor

from metammo.learner.processes import ALONE, Processes

LEAST_SPREAD = 0.01
"""Of returns: where they are all alike, small errors are not to be made large ones."""


def sums_by_game(values: Tensor, games: Tensor, count: int) -> Tensor:
    """Return float64[3, count]: how many rows each game has, their sum, the sum of their squares.

    Args:
        values: float32[rows].
        games: int64[rows].
        count: of games.
    """
    sums = torch.zeros(3, count, dtype=torch.float64, device=values.device)
    for game in games.unique().tolist():
        seen = values[games == game].double()
        sums[:, game] = torch.stack((seen.new_tensor(len(seen)), seen.sum(), (seen**2).sum()))
    return sums


def paid_within(rewards: Tensor, ends: Tensor, discount: float) -> Tensor:
    """Return what was paid from each step to its rollout's end, discounted, float32[steps, rows].

    Unlike returns they owe nothing to values.

    Args:
        rewards: float32[steps, rows].
        ends: bool[steps, rows]; nothing that follows belongs to the same life.
        discount: gamma.
    """
    sums = torch.zeros_like(rewards)
    running = torch.zeros_like(rewards[0])
    for step in reversed(range(len(rewards))):
        running = rewards[step] + discount * running * (~ends[step]).float()
        sums[step] = running
    return sums


def _spread_of(count: Tensor, total: Tensor, square: Tensor) -> Tensor:
    """Return standard deviations by sums, 0 of no rows."""
    rows = count.clamp_min(1)
    return (square / rows - (total / rows) ** 2).clamp_min(0).sqrt()


class _Running:
    """Statistics of each game that go on with the run."""

    NAMES: tuple[str, ...]

    def state_dict(self) -> dict[str, Tensor]:
        """Return all of them."""
        return {name: getattr(self, name).cpu() for name in self.NAMES}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        for name in self.state_dict():
            getattr(self, name).copy_(state[name])


class ReturnScale(_Running):
    """Running mean and spread of each game's returns, by which values are normalised.

    Returns are made of values, which are given in spreads: were the spread to follow returns
    wherever they go, values that are far out, as those of a game that is seldom seen, would raise
    it, and so themselves, without end. So it stays near to what rewards alone say.

    A rollout counts by its rows: in a mix a game is often in one world alone, with a few survivors
    who are all paid 1 or -1.

    Attributes:
        rollouts: float64[games], rollouts seen, earlier ones less and less.
        count: float64[games], their rows.
        total: float64[games], the sum of their returns.
        square: float64[games], the sum of the squares.
        paid: float64[games], standard deviation of what was paid within a rollout; it rises at
            once, as far as the rollout has as many rows as usual, and falls slowly.
    """

    NAMES = ("rollouts", "count", "total", "square", "paid")
    rollouts: Tensor
    count: Tensor
    total: Tensor
    square: Tensor
    paid: Tensor
    DECAY = 0.98
    """What is left of earlier rollouts' weight after the next in which the game is played."""
    LEAST, MOST = 0.5, 8.0
    """How far the spread may be from what was paid within a rollout."""

    def __init__(self, games: int, device: torch.device | str = "cpu") -> None:
        for name in self.NAMES:
            setattr(self, name, torch.zeros(games, dtype=torch.float64, device=device))

    def mean(self) -> Tensor:
        """Return each game's mean, float64[games]; 0 before anything was seen."""
        return self.total / self.count.clamp_min(1)

    def spread(self) -> Tensor:
        """Return each game's standard deviation, at least 0.01; 1 before anything was seen."""
        spread = _spread_of(self.count, self.total, self.square)
        spread = spread.clamp(self.LEAST * self.paid, self.MOST * self.paid)
        return torch.where(self.count > 0, spread.clamp_min(LEAST_SPREAD), 1.0)

    def are_new(self) -> Tensor:
        """Return of which games no rollout was taken in, bool[games]."""
        return self.rollouts == 0

    def begin(self, paid: Tensor, games: Tensor, processes: Processes = ALONE) -> None:
        """Give a game that comes for the first time the units of what it pays, for the time being.

        A network that has learned other games speaks in their spreads: taken for rewards, what it
        says of a new game would be a hundred times what that pays. To be called before values are
        restored, with what `update` is given.
        """
        new = self.are_new()
        sums = processes.sum(sums_by_game(paid, games, len(self.count)))
        for name, seen in zip(("count", "total", "square"), sums, strict=True):
            setattr(self, name, torch.where(new, seen, getattr(self, name)))
        self.paid = torch.where(new, _spread_of(*sums), self.paid)

    def update(
        self, returns: Tensor, paid: Tensor, games: Tensor, processes: Processes = ALONE
    ) -> None:
        """Take in a rollout of all processes.

        Args:
            returns: float32[rows].
            paid: float32[rows], see `paid_within`.
            games: int64[rows].
            processes: of the run.
        """
        both = [sums_by_game(values, games, len(self.count)) for values in (returns, paid)]
        of_returns, of_paid = processes.sum(torch.stack(both))
        seen = of_returns[0] > 0
        # What `begin` has said for the time being is over.
        kept = torch.where(self.are_new(), 0.0, self.DECAY)
        for name, now in zip(("count", "total", "square"), of_returns, strict=True):
            before = getattr(self, name)
            setattr(self, name, torch.where(seen, kept * before + now, before))
        self.rollouts = torch.where(seen, kept * self.rollouts + 1, self.rollouts)
        usual = self.count / self.rollouts.clamp_min(1)
        weight = (of_returns[0] / usual.clamp_min(1)).clamp_max(1)
        change = _spread_of(*of_paid) - self.paid
        fall = weight * (1 / self.rollouts.clamp_min(1))
        self.paid = torch.where(
            seen, self.paid + change * torch.where(change > 0, weight, fall), self.paid
        )

    def normalise(self, values: Tensor, games: Tensor) -> Tensor:
        """Return values in standard deviations from the mean of their game."""
        return (values - self.mean().float()[games]) / self.spread().float()[games]

    def restore(self, values: Tensor, games: Tensor) -> Tensor:
        """Return what `normalise` was given."""
        return values * self.spread().float()[games] + self.mean().float()[games]


class AdvantageScale(_Running):
    """Running size of each game's advantages, by which they are divided.

    So every game of a mix pulls at the policy alike, however it pays, and however much of its
    returns is foreseen: what is left over to learn from is a tenth of the returns in one game, and
    most of them in another.

    Attributes:
        count: float64[games], rows seen, those of earlier rollouts less and less.
        square: float64[games], the sum of their squares.
    """

    NAMES = ("count", "square")
    DECAY = 0.95
    """What is left of earlier rollouts' weight after the next in which the game is played."""
    LEAST = 1e-3
    """A game's size is at least this: where nothing is paid yet, advantages are the values' noise,
    which is not to pull as what another game pays does."""

    def __init__(self, games: int, device: torch.device | str = "cpu") -> None:
        self.count = torch.zeros(games, dtype=torch.float64, device=device)
        self.square = torch.zeros(games, dtype=torch.float64, device=device)

    def update(self, advantages: Tensor, games: Tensor, processes: Processes = ALONE) -> None:
        """Take in advantages, float32[rows], of games, int64[rows], of all processes."""
        count, _, squares = processes.sum(sums_by_game(advantages, games, len(self.count)))
        kept = torch.where(count > 0, self.DECAY, 1.0)
        self.count = kept * self.count + count
        self.square = kept * self.square + squares

    def normalise(self, advantages: Tensor, games: Tensor) -> Tensor:
        """Return advantages in units of their game's size."""
        size = (self.square / self.count.clamp_min(1)).sqrt().clamp_min(self.LEAST)
        return advantages / size.float()[games]
