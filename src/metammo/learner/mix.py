"""How often games and tasks come in training, as their outcomes and lengths say."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.actor import Episode
from metammo.learner.balance import Balance
from metammo.tasks.sampling import Sampler


class Mix:
    """A batch's games, and each game's tasks, with how often they come.

    Weights change between rollouts alone, by the finished episodes in order, so they are the same
    on any number of threads.

    Attributes:
        games: sampler of the games; an episode's outcome is its agents' mean best progress.
        tasks: sampler of each game's tasks; the outcomes are the agents' best progress.
        balance: how often a game is drawn to get its share of the agent-steps; None: shares are of
            the episodes.
    """

    def __init__(
        self,
        batch: Batch,
        game_sampling: str,
        task_sampling: str,
        balance: str = "episodes",
        *,
        worlds: int = 0,
    ) -> None:
        """Take the batch's weights as given, and set those that differ.

        Args:
            batch: the worlds.
            game_sampling: one of `tasks.sampling.WAYS`; it gives each game's share.
            task_sampling: the same, of each game's tasks.
            balance: of what it is a share: "steps" or "episodes".
            worlds: of all processes; 0: the batch's.

        Raises:
            SamplingError: an unknown way of sampling.
        """
        self.batch = batch
        count = len(batch.game_names)
        is_balanced = balance == "steps" and count > 1
        self.balance = Balance(count, worlds or batch.world_count) if is_balanced else None
        self.games = Sampler(batch.table["weight"], game_sampling)
        self.tasks = [
            Sampler([task.weight for task in tasks], task_sampling) for tasks in batch.tasks
        ]
        self.apply()

    def apply(self) -> None:
        """Set the batch's weights; what is fixed is left as it is."""
        if self.games.way != "fixed" or self.balance is not None:
            weights = self.game_weights().tolist()
            self.batch.set_game_weights(dict(zip(self.batch.game_names, weights, strict=True)))
        for game, sampler in enumerate(self.tasks):
            if sampler.way != "fixed":
                self.batch.set_task_weights(game, sampler.weights().tolist())

    def game_weights(self) -> NDArray[np.float64]:
        """Return how often each game is drawn, float64[games], adding up to 1."""
        shares = self.games.weights()
        return shares if self.balance is None else self.balance.weights(shares)

    def update(
        self,
        finished: Sequence[Episode],
        played: Sequence[int],
        running: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> None:
        """Take in what was played, and set the weights of the episodes that begin next.

        Args:
            finished: episodes that have ended since the last time, in order.
            played: agent-steps of each game since the beginning.
            running: int64[worlds] twice: the game of each world's present episode, and how many
                agent-steps it has had.
        """
        if finished:
            self._learn_from(finished)
        if self.balance is not None:
            for episode in finished:
                self.balance.note(int(episode.result["game"]), episode.steps)
            self.balance.update(self.games.weights(), np.array(played, float), *running)
        if finished or self.balance is not None:
            self.apply()

    def _learn_from(self, finished: Sequence[Episode]) -> None:
        """Take outcomes of episodes into the samplers."""
        games = np.array([int(episode.result["game"]) for episode in finished])
        progress = [
            episode.result["progress"][episode.seats].astype(np.float64) for episode in finished
        ]
        self.games.update(games, [values.mean() for values in progress])
        for game, sampler in enumerate(self.tasks):
            first = int(self.batch.table["task_first"][game])
            which = np.flatnonzero(games == game)
            if len(which):
                asked = [episode.result["task"][episode.seats] for episode in finished]
                items = np.concatenate([asked[i] for i in which]) - first
                sampler.update(items, np.concatenate([progress[i] for i in which]))

    def metrics(self) -> dict[str, float]:
        """Return what to log: how often games are drawn, how evenly they and tasks come, 0..1."""
        row = {}
        if len(self.tasks) > 1:
            row["sampling/evenness_of_games"] = self.games.evenness()
            weights = self.game_weights().tolist()
            for name, weight in zip(self.batch.game_names, weights, strict=True):
                row[f"sampling/{name}"] = weight
        for name, sampler in zip(self.batch.game_names, self.tasks, strict=True):
            if sampler.prior.size > 1:
                row[f"{name}/evenness_of_tasks"] = sampler.evenness()
        return row

    def _parts(self) -> dict[str, Sampler | Balance]:
        parts: dict[str, Sampler | Balance] = {"games": self.games}
        parts |= {f"tasks.{i}": sampler for i, sampler in enumerate(self.tasks)}
        return parts if self.balance is None else parts | {"balance": self.balance}

    def state_dict(self) -> dict[str, Tensor]:
        """Return copies of all that decides the weights to come, float64, by flat names."""
        return {
            f"{name}.{key}": torch.from_numpy(array)
            for name, part in self._parts().items()
            for key, array in part.state_dict().items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state of `state_dict`, and set the batch's weights.

        Raises:
            SamplingError: the state is of other games or tasks.
        """
        for name, part in self._parts().items():
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
            part.load_state_dict({key: value.numpy() for key, value in own.items()})
        self.apply()
