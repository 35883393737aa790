"""PQN (Gallici et al. 2024): Q-learning on-line, with lambda returns and layer norm.

No memory of transitions and no target network, which R2D2 (Kapturowski et al. 2019) has: many
worlds at once take the place of the one, layer norm that of the other.

An action has several heads. Its value is made of the observation's and of what each active head's
choice falls short of the head's best,

    Q(x, a) = V(x) + sum over active heads h of (A_h(a_h) - max over allowed b of A_h(b)),

so that the best action takes each head's best choice, and V(x) = max over a of Q(x, a).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from metammo.learner.algorithm import Algorithm
from metammo.learner.rollout import Minibatch, Rollout
from metammo.learner.settings import PQNSettings
from metammo.policies.choosing import GREEDY, Choosing


def lambda_returns(
    rewards: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    ends: Tensor,
    discount: float,
    trace: float,
) -> Tensor:
    """Return Q(lambda)'s returns (equation 3 of the paper), float32[steps, rows].

    They go on beyond actions that were not the best, as Peng's do.

    Args:
        rewards: float32[steps, rows].
        next_values: float32[steps, rows], max over a of Q of what followed in the same life.
        terminated: bool[steps, rows]; nothing follows.
        ends: bool[steps, rows]; terminated, truncated, or not alive.
        discount: gamma.
        trace: lambda.
    """
    returns = torch.zeros_like(rewards)
    following = next_values[-1]  # R_t+1; after the last step no more is known of it
    for step in reversed(range(len(rewards))):
        following = torch.where(ends[step], next_values[step], following)
        # R_t = r_t + gamma (lambda R_t+1 + (1 - lambda) max Q(x_t+1, a))
        blend = trace * following + (1 - trace) * next_values[step]
        following = rewards[step] + discount * blend * (~terminated[step]).float()
        returns[step] = following
    return returns


class PQN(Algorithm):
    """Learns what actions are worth, and takes the best one mostly."""

    settings: PQNSettings

    def __init__(
        self,
        module: Any,
        games: Sequence[str],
        settings: PQNSettings,
        **common: Any,
    ) -> None:
        super().__init__(module, games, settings, **common)
        self.module.choosing = Choosing(GREEDY, settings.acting_epsilon)

    def epsilon(self) -> float:
        """Return how often a head takes any choice now: it falls while the run is young."""
        settings = self.settings
        done = min(self.share / settings.exploration, 1.0) if settings.exploration else 1.0
        return settings.epsilon + done * (settings.final_epsilon - settings.epsilon)

    def choose(
        self, logits: Tensor, masks: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Choose an action for each row; log-probabilities are not needed, and 0."""
        choosing = Choosing(GREEDY, self.epsilon())
        draws = (len(logits), choosing.draws(self.heads))
        uniform = torch.rand(draws, generator=generator, device=logits.device)
        actions = choosing.pick(self.heads, logits, masks, uniform)
        return actions, logits.new_zeros(actions.shape)

    def update(self, buffer: Rollout, learning_rate: float) -> dict[str, float]:
        """Learn from a rollout; return the means of what is to be logged."""
        self.set_learning_rate(learning_rate)
        targets, explained = self.targets(buffer)

        def learn(minibatch: Minibatch) -> dict[str, float]:
            return self._learn(minibatch, buffer.rows_of(targets, minibatch.source))

        means = self.learn_all(buffer, learn)
        told = {"explained_variance": explained, "epsilon": self.epsilon()}
        return {**means, **told, "learning_rate": learning_rate}

    def targets(self, buffer: Rollout) -> tuple[Tensor, float]:
        """Return normalised returns, float32[steps, rows], and how much the values explained."""
        settings, games = self.settings, buffer.games.long()
        # The network's values are those of the best actions.
        _, next_values = self.values_of(buffer)
        returns = lambda_returns(
            buffer.rewards,
            next_values,
            buffer.terminated,
            buffer.ends,
            settings.discount,
            settings.trace,
        )
        explained = self.note_returns(buffer, returns)
        return self.scale.normalise(returns, games), explained

    def _learn(self, minibatch: Minibatch, targets: Tensor) -> dict[str, float]:
        logits, values = self.forward(minibatch)
        behind = self.heads.shortfalls(logits, minibatch.masks, minibatch.actions)
        worth = values + behind.sum(-1)
        loss = 0.5 * ((worth - targets) ** 2).mean()
        norm = self.descend(loss, len(worth))
        by_head = behind.detach().mean(0).tolist()
        return {
            "value_loss": loss.item(),
            "value": values.detach().mean().item(),
            "gradient_norm": norm.item(),
            **{f"behind_{k}": value for k, value in zip(self.head_names, by_head, strict=True)},
        }
