"""How returns of games that pay differently become comparable."""

import torch
from torch import Tensor

from metammo.learner.processes import ALONE, Processes


class ReturnScale:
    """Running mean and spread of each game's returns, by which values are normalised.

    Attributes:
        mean: float64[games].
        square: float64[games], mean of squares.
        weight: float64[games], how much has been seen.
    """

    RATE = 0.02

    def __init__(self, games: int, device: torch.device | str = "cpu") -> None:
        self.mean = torch.zeros(games, dtype=torch.float64, device=device)
        self.square = torch.zeros(games, dtype=torch.float64, device=device)
        self.weight = torch.zeros(games, dtype=torch.float64, device=device)

    def spread(self) -> Tensor:
        """Return each game's standard deviation, at least 0.01; 1 before anything was seen."""
        variance = (self.square - self.mean**2).clamp_min(1e-4)
        return torch.where(self.weight > 0, variance.sqrt(), 1.0)

    def update(self, returns: Tensor, games: Tensor, processes: Processes = ALONE) -> None:
        """Take in returns, float32[rows], of games, int64[rows], of all processes."""
        sums = torch.zeros(3, len(self.mean), dtype=torch.float64, device=self.mean.device)
        for game in games.unique().tolist():
            seen = returns[games == game].double()
            sums[:, game] = torch.stack((seen.new_tensor(len(seen)), seen.sum(), (seen**2).sum()))
        count, total, squares = processes.sum(sums)
        # The first rollouts count fully; later ones move the average slowly.
        rate = (1.0 / (1.0 + self.weight)).clamp_min(self.RATE) * (count > 0)
        self.mean += rate * (total / count.clamp_min(1) - self.mean)
        self.square += rate * (squares / count.clamp_min(1) - self.square)
        self.weight += count > 0

    def normalise(self, values: Tensor, games: Tensor) -> Tensor:
        """Return values in standard deviations from the mean of their game."""
        return (values - self.mean.float()[games]) / self.spread().float()[games]

    def restore(self, values: Tensor, games: Tensor) -> Tensor:
        """Return what `normalise` was given."""
        return values * self.spread().float()[games] + self.mean.float()[games]

    def level(self, advantages: Tensor, games: Tensor) -> Tensor:
        """Return advantages in standard deviations of their game's returns.

        So a game that pays a hundred times as much is not learned a hundred times as hard. Of a
        single game they are as they were.
        """
        if len(self.mean) == 1:
            return advantages
        return advantages / self.spread().float()[games]

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that decides how values are normalised."""
        return {name: getattr(self, name).cpu() for name in ("mean", "square", "weight")}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        for name, value in state.items():
            getattr(self, name).copy_(value)
