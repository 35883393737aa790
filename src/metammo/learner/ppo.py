"""Proximal policy optimisation (Schulman et al. 2017) with a recurrent policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from metammo.learner.advantages import estimate_advantages
from metammo.learner.algorithm import Algorithm
from metammo.learner.losses import divergence, policy_loss, value_loss
from metammo.learner.rollout import Minibatch, Rollout
from metammo.learner.scale import AdvantageScale
from metammo.learner.settings import PPOSettings


@dataclass
class Targets:
    """What a rollout's steps are to be learned towards; float32[steps, rows]."""

    advantages: Tensor
    """Mean 0, spread 1 over the living."""
    returns: Tensor
    """Normalised."""
    values: Tensor
    """As the network said when it acted, so that no step is taken before it says otherwise."""


class PPO(Algorithm):
    """Several careful steps on one rollout, then the next."""

    settings: PPOSettings

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.sizes = AdvantageScale(len(self.games), self.device)

    def update(self, buffer: Rollout, learning_rate: float) -> dict[str, float]:
        """Learn from a rollout; return the means of what is to be logged."""
        self.set_learning_rate(learning_rate)
        targets, explained = self.targets(buffer)

        def learn(minibatch: Minibatch) -> dict[str, float]:
            of = {k: buffer.rows_of(v, minibatch.source) for k, v in vars(targets).items()}
            return self._learn(minibatch, Targets(**of))

        means = self.learn_all(buffer, learn)
        return {**means, "explained_variance": explained, "learning_rate": learning_rate}

    def targets(self, buffer: Rollout) -> tuple[Targets, float]:
        """Return what to learn towards, and how much of the returns the values explained."""
        settings, living, games = self.settings, buffer.alive, buffer.games.long()
        values, next_values = self.values_of(buffer)
        advantages = estimate_advantages(
            buffer.rewards,
            values,
            next_values,
            buffer.terminated,
            buffer.ends,
            settings.discount,
            settings.trace,
        )
        returns = advantages + values
        explained = self.note_returns(buffer, returns)
        # Of a single game the rollout's own spread is enough.
        if len(self.games) > 1:
            self.sizes.update(advantages[living], games[living], self.processes)
            advantages = self.sizes.normalise(advantages, games)
        mean, spread = self.processes.mean_and_spread(advantages[living])
        targets = Targets(
            advantages=(advantages - mean) / spread.clamp_min(1e-6),
            returns=self.scale.normalise(returns, games),
            values=buffer.values,
        )
        return targets, explained

    def _learn(self, minibatch: Minibatch, targets: Targets) -> dict[str, float]:
        settings = self.settings
        logits, values = self.forward(minibatch)
        logs, entropies = self.heads.evaluate(logits, minibatch.masks, minibatch.actions)
        policy = policy_loss(
            logs.sum(-1),
            minibatch.log_probabilities.sum(-1),
            targets.advantages,
            settings.clip,
        )
        critic = value_loss(values, targets.values, targets.returns, settings.value_clip)
        entropy = entropies.sum(-1).mean()
        loss = policy.loss + settings.value_weight * critic - settings.entropy_weight * entropy
        norm = self.descend(loss, len(values))
        names = self.head_names
        by_head = entropies.detach().mean(0).tolist()
        divergences = divergence(logs.detach(), minibatch.log_probabilities).mean(0).tolist()
        return {
            "policy_loss": policy.loss.item(),
            "value_loss": critic.item(),
            "entropy": entropy.item(),
            "kl": policy.divergence.item(),
            "clip_fraction": policy.clip_fraction.item(),
            "gradient_norm": norm.item(),
            **{f"entropy_{name}": value for name, value in zip(names, by_head, strict=True)},
            **{f"kl_{name}": value for name, value in zip(names, divergences, strict=True)},
        }

    def state_dict(self) -> dict[str, Tensor]:
        """Return all but the weights that decides how learning goes on."""
        sizes = {f"sizes.{name}": value for name, value in self.sizes.state_dict().items()}
        return {**super().state_dict(), **sizes}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        super().load_state_dict(state)
        self.sizes.load_state_dict({name: state[f"sizes.{name}"] for name in self.sizes.NAMES})
