"""What learning algorithms share: a network, its optimizer, the scale of returns, a safe step."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from metammo.actions import FULL_HEADS
from metammo.learner.losses import explained_variance
from metammo.learner.processes import ALONE, Processes
from metammo.learner.rollout import Minibatch, Rollout
from metammo.learner.scale import ReturnScale, paid_within
from metammo.learner.settings import AlgorithmSettings
from metammo.learner.stopwatch import no_seconds, spent
from metammo.policies.heads import ActionHeads


class LearningError(RuntimeError):
    """A loss or gradient that is no number."""


class Part(Protocol):
    """A part of a run whose state decides how it goes on."""

    def state_dict(self) -> Mapping[str, torch.Tensor]:
        """Return the state, by flat names."""
        ...

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Set what `state_dict` gave."""
        ...


class Algorithm:
    """Improves a policy's network from rollouts; what differs is how.

    Attributes:
        module: the network that learns.
        heads: how its logits become actions.
        head_names: what the heads are called.
        scale: of each game's returns.
        seconds: time spent in updates, by what it was spent on.
        share: of the run that is done, 0..1; set before each rollout.

    Args:
        module: as `policies.recurrent.RecurrentPolicy`.
        games: ids of the games, in the batch's order.
        settings: the algorithm's numbers.
        seed: of the order of minibatches.
        device: where the network runs.
        processes: those that learn together.
    """

    def __init__(
        self,
        module: Any,
        games: Sequence[str],
        settings: AlgorithmSettings,
        *,
        seed: int = 0,
        device: str | torch.device = "cpu",
        processes: Processes = ALONE,
    ) -> None:
        self.settings, self.games, self.processes = settings, tuple(games), processes
        self.device = torch.device(device)
        self.module = module.to(self.device)
        self.heads = ActionHeads(module.head_sizes)
        # The mini config's heads come first in the full one.
        self.head_names = tuple(head.name for head in FULL_HEADS[: len(module.head_sizes)])
        self.optimizer = torch.optim.Adam(
            module.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True
        )
        self.shuffler = torch.Generator().manual_seed(seed)
        self.seconds = no_seconds()
        self.scale = ReturnScale(len(games), self.device)
        self.share = 0.0

    @property
    def acting(self) -> Any:
        """The network that acts: the one that learns."""
        return self.module

    def choose(
        self, logits: Tensor, masks: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Sample an action for each row; return it with its log-probabilities by head."""
        return self.heads.draw(logits, masks, generator)

    def update(self, buffer: Rollout, learning_rate: float) -> dict[str, float]:
        """Learn from a rollout; return the means of what is to be logged."""
        raise NotImplementedError

    def own_parts(self) -> dict[str, Part]:
        """Return parts whose state is not alike in all processes, by name."""
        return {}

    def set_learning_rate(self, learning_rate: float) -> None:
        """Set the optimizer's learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate

    def values_of(self, buffer: Rollout) -> tuple[Tensor, Tensor]:
        """Return a rollout's values and next values as rewards are paid, float32[steps, rows]."""
        games = buffer.games.long()
        if bool(self.scale.are_new().any()):
            living, paid = buffer.alive, self._paid(buffer)
            self.scale.begin(paid[living], games[living], self.processes)
        return (
            self.scale.restore(buffer.values, games),
            self.scale.restore(buffer.next_values, games),
        )

    def note_returns(self, buffer: Rollout, returns: Tensor) -> float:
        """Take a rollout's returns, float32[steps, rows], into the scale of values.

        Returns:
            How much of the returns the values explained, each game's in its own spreads: across
            games that pay differently, knowing the game would explain most.
        """
        living, games = buffer.alive, buffer.games.long()
        normal = self.scale.normalise(returns, games)
        explained = explained_variance(buffer.values[living], normal[living])
        paid = self._paid(buffer)[living]
        self.scale.update(returns[living], paid, games[living], self.processes)
        return explained

    def _paid(self, buffer: Rollout) -> Tensor:
        """Return what was paid within a rollout from each step on, float32[steps, rows]."""
        return paid_within(buffer.rewards, buffer.ends, self.settings.discount)

    def learn_all(
        self, buffer: Rollout, learn: Callable[[Minibatch], dict[str, float]]
    ) -> dict[str, float]:
        """Learn from every minibatch of a rollout, epoch after epoch.

        Args:
            buffer: the rollout.
            learn: learns from one; returns what is to be logged.

        Returns:
            The means of what was to be logged.
        """
        logged: dict[str, list[float]] = defaultdict(list)
        self.module.train()
        for _ in range(self.settings.epochs):
            for minibatch in self.minibatches(buffer):
                for name, value in learn(minibatch).items():
                    logged[name].append(value)
        return {name: sum(rows) / len(rows) for name, rows in logged.items()}

    def forward(self, minibatch: Minibatch) -> tuple[Tensor, Tensor]:
        """Return logits, float[rows, choices], and values, float32[rows], of the living."""
        with spent(self.seconds, "forward"):
            return self._forward(minibatch)

    def _forward(self, minibatch: Minibatch) -> tuple[Tensor, Tensor]:
        steps, sequences = minibatch.begins.shape
        encoded = self.module.encode(minibatch.inputs)
        features = encoded[0]
        # The dead take part in the core alone, as zeros; encoder and heads see the living.
        spread = features.new_zeros(steps * sequences, features.shape[-1])
        spread = spread.index_copy(0, minibatch.living, features)
        outputs, _ = self.module.core(
            spread.view(steps, sequences, -1), minibatch.state, minibatch.begins
        )
        outputs = outputs.view(steps * sequences, -1).index_select(0, minibatch.living)
        logits, values = self.module.decode(outputs, encoded)
        return logits, values

    def minibatches(self, buffer: Rollout) -> Iterator[Minibatch]:
        """Deal out a rollout's living steps; as many minibatches as in the other processes.

        Where other processes have steps left and this one none, it takes part with no rows. There
        are fewer where sequences, such as all of a world's agents, are longer than a minibatch.
        """
        # A minibatch is that of all processes: as many steps down as one process would take.
        living = self.processes.sum(buffer.alive.sum())
        count = max(round(int(living) / self.settings.minibatch), 1)
        dealt = buffer.minibatches(count, self.shuffler)
        for _ in range(count):
            with spent(self.seconds, "gathering"):
                minibatch = next(dealt)
            if len(minibatch.source):
                yield minibatch
            elif self.processes.count > 1:
                nothing = sum(weight.sum() * 0 for weight in self.module.parameters())
                self.descend(torch.as_tensor(nothing), 0)

    def descend(self, loss: Tensor, rows: int) -> Tensor:
        """Take one step down a loss; return the gradient's norm before it was clipped.

        Where no process has rows none is taken: moments would carry the weights on.

        Args:
            loss: a mean over rows of this process.
            rows: how many.

        Raises:
            LearningError: loss or gradient is no number; the weights are as they were.
        """
        self.optimizer.zero_grad(set_to_none=True)
        with spent(self.seconds, "backward"):
            loss.backward()
        if not self.processes.average_gradients(self.module.parameters(), rows):
            return torch.zeros(())
        parameters = self.module.parameters()
        norm = torch.nn.utils.clip_grad_norm_(parameters, self.settings.gradient_norm)
        if not (bool(torch.isfinite(loss)) and bool(torch.isfinite(norm))):
            raise LearningError(
                f"loss {loss.item()}, gradient norm {norm.item()} in training on "
                f"{', '.join(self.games)}: nothing was learned from it, and the last checkpoint "
                "stands; begin another run with it (--init) and a lower learning rate"
            )
        with spent(self.seconds, "optimizer"):
            self.optimizer.step()
        return norm

    def state_dict(self) -> dict[str, Tensor]:
        """Return all but the weights that decides how learning goes on."""
        tensors = {"shuffler": self.shuffler.get_state()}
        for index, state in self.optimizer.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value).cpu().contiguous()
        tensors |= {f"scale.{name}": value for name, value in self.scale.state_dict().items()}
        return tensors

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        moments: dict[int, dict[str, Tensor]] = {}
        scale = {}
        for name, value in state.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                moments.setdefault(int(index), {})[key] = value
            if name.startswith("scale."):
                scale[name.removeprefix("scale.")] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.scale.load_state_dict(scale)
        self.shuffler.set_state(state["shuffler"])
