"""How often games and tasks come in training, as their outcomes say."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.actor import Episode
from metammo.tasks.sampling import Sampler


class Mix:
    """A batch's games, and each game's tasks, with how often they come.

    Weights change between rollouts alone, by the finished episodes in order, so they are the same
    on any number of threads.

    Attributes:
        games: sampler of the games; an episode's outcome is its agents' mean best progress.
        tasks: sampler of each game's tasks; the outcomes are the agents' best progress.
    """

    def __init__(self, batch: Batch, game_sampling: str, task_sampling: str) -> None:
        """Take the batch's weights as given, and set those that differ.

        Raises:
            SamplingError: an unknown way of sampling.
        """
        self.batch = batch
        self.games = Sampler(batch.table["weight"], game_sampling)
        self.tasks = [
            Sampler([task.weight for task in tasks], task_sampling) for tasks in batch.tasks
        ]
        self.apply()

    def apply(self) -> None:
        """Set the batch's weights; what is fixed is left as it is."""
        if self.games.way != "fixed":
            weights = self.games.weights().tolist()
            self.batch.set_game_weights(dict(zip(self.batch.game_names, weights, strict=True)))
        for game, sampler in enumerate(self.tasks):
            if sampler.way != "fixed":
                self.batch.set_task_weights(game, sampler.weights().tolist())

    def update(self, finished: Sequence[Episode]) -> None:
        """Take in finished episodes, in order, and set the weights of those that begin next."""
        if not finished:
            return
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
        self.apply()

    def metrics(self) -> dict[str, float]:
        """Return what to log: each game's weight, and how evenly games and tasks come, 0..1."""
        row = {}
        if len(self.tasks) > 1:
            row["sampling/evenness_of_games"] = self.games.evenness()
            weights = self.games.weights().tolist()
            for name, weight in zip(self.batch.game_names, weights, strict=True):
                row[f"sampling/{name}"] = weight
        for name, sampler in zip(self.batch.game_names, self.tasks, strict=True):
            if sampler.prior.size > 1:
                row[f"{name}/evenness_of_tasks"] = sampler.evenness()
        return row

    def _samplers(self) -> dict[str, Sampler]:
        return {"games": self.games, **{f"tasks.{i}": s for i, s in enumerate(self.tasks)}}

    def state_dict(self) -> dict[str, Tensor]:
        """Return copies of all that decides the weights to come, float64, by flat names."""
        return {
            f"{name}.{key}": torch.from_numpy(array)
            for name, sampler in self._samplers().items()
            for key, array in sampler.state_dict().items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state of `state_dict`, and set the batch's weights.

        Raises:
            SamplingError: the state is of other games or tasks.
        """
        for name, sampler in self._samplers().items():
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
            sampler.load_state_dict({key: value.numpy() for key, value in own.items()})
        self.apply()
