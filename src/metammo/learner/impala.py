"""IMPALA (Espeholt et al. 2018): actors run behind the learner, V-trace corrects for it.

Where the paper's actors are behind by chance, ours are by a set number of updates, so that a run
repeats bit for bit. Rollouts wait in a queue; the network that acts is an older one. Otherwise than
in the paper there is Adam, and advantages are in standard deviations of the game's returns, as in
PopArt-IMPALA (Hessel et al. 2018).
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from metammo.learner.advantages import estimate_advantages
from metammo.learner.algorithm import Algorithm, Part
from metammo.learner.losses import divergence
from metammo.learner.rollout import Minibatch, Rollout
from metammo.learner.settings import ImpalaSettings


@dataclass(frozen=True)
class VTrace:
    """What V-trace makes of sequences; float32[steps, rows]."""

    targets: Tensor
    """v: what values are to become."""
    advantages: Tensor
    """By how much the action did better than expected, times rho."""


def vtrace(
    log_ratios: Tensor,
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    ends: Tensor,
    *,
    discount: float,
    trace: float = 1.0,
    rho_clip: float = 1.0,
    trace_clip: float = 1.0,
) -> VTrace:
    """Return V-trace's targets and advantages (section 4.1 of the paper, and its remark 2).

    Args:
        log_ratios: float32[steps, rows], log pi(a | x) - log mu(a | x): how much likelier the
            learner takes the action than the actor did.
        rewards: float32[steps, rows].
        values: float32[steps, rows], V(x), the learner's.
        next_values: float32[steps, rows], V of what followed in the same life.
        terminated: bool[steps, rows]; nothing follows.
        ends: bool[steps, rows]; terminated, truncated, or not alive: traces are cut.
        discount: gamma.
        trace: lambda.
        rho_clip: rho-bar.
        trace_clip: c-bar.
    """
    ratios = log_ratios.exp()
    rho = ratios.clamp_max(rho_clip)
    c = trace * ratios.clamp_max(trace_clip)
    gamma = discount * (~terminated).float()
    goes_on = (~ends).float()
    # delta_t = rho_t (r_t + gamma V(x_t+1) - V(x_t))
    deltas = rho * (rewards + gamma * next_values - values)
    targets, advantages = torch.zeros_like(values), torch.zeros_like(values)
    beyond = torch.zeros_like(values[0])  # v_t+1 - V(x_t+1): 0 where another life follows
    for step in reversed(range(len(rewards))):
        beyond = beyond * goes_on[step]
        # rho_t (r_t + gamma v_t+1 - V(x_t)), v_t+1 = V(x_t+1) + beyond
        following = next_values[step] + beyond
        advantages[step] = rho[step] * (rewards[step] + gamma[step] * following - values[step])
        # v_t - V(x_t) = delta_t + gamma c_t (v_t+1 - V(x_t+1))
        beyond = deltas[step] + gamma[step] * c[step] * beyond
        targets[step] = values[step] + beyond
    return VTrace(targets, advantages)


def _laid_out(name: str, several: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the tensors of several, by flat names that begin with a name and a number."""
    return {
        f"{name}.{place}.{key}": value.cpu()
        for place, each in enumerate(several)
        for key, value in each.items()
    }


def _gathered(
    name: str, state: Mapping[str, Tensor], device: torch.device
) -> list[dict[str, Tensor]]:
    """Return what `_laid_out` was given."""
    found: dict[int, dict[str, Tensor]] = {}
    for flat, value in state.items():
        if flat.startswith(f"{name}."):
            _, place, key = flat.split(".", 2)
            found.setdefault(int(place), {})[key] = value.to(device)
    return [found[place] for place in sorted(found)]


class Waiting:
    """Rollouts that wait to be learned from.

    Attributes:
        rollouts: as `Rollout.tensors` gives them, oldest first.

    Args:
        device: where they lie.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.rollouts: deque[dict[str, Tensor]] = deque()

    def state_dict(self) -> dict[str, Tensor]:
        """Return the rollouts, by flat names."""
        return _laid_out("rollout", self.rollouts)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        self.rollouts = deque(_gathered("rollout", state, self.device))


class Impala(Algorithm):
    """Learns from rollouts that an older network has played.

    Attributes:
        past: weights of the latest networks, oldest first; the oldest acts.
        queue: rollouts that wait; each process has its own.
    """

    settings: ImpalaSettings

    def __init__(
        self,
        module: Any,
        games: Sequence[str],
        settings: ImpalaSettings,
        **common: Any,
    ) -> None:
        super().__init__(module, games, settings, **common)
        self._acting = deepcopy(self.module)
        self.past: deque[dict[str, Tensor]] = deque(maxlen=settings.lag + 1)
        self.queue = Waiting(self.device)
        self._keep_weights()

    @property
    def acting(self) -> Any:
        """The network that acts, an older one than the one that learns."""
        return self._acting

    def own_parts(self) -> dict[str, Part]:
        """Return the rollouts that wait."""
        return {"queue": self.queue}

    def _keep_weights(self) -> None:
        """Remember the present weights; act by the oldest that are remembered."""
        self.past.append({k: v.detach().clone() for k, v in self.module.state_dict().items()})
        self._acting.load_state_dict(self.past[0])

    def update(self, buffer: Rollout, learning_rate: float) -> dict[str, float]:
        """Put a rollout into the queue; learn from the oldest if the queue is full."""
        self.set_learning_rate(learning_rate)
        logged = {"learning_rate": learning_rate}
        logged["explained_variance"] = self._enqueue(buffer)
        if len(self.queue.rollouts) == self.settings.queue:
            logged |= self._learn_from(buffer.holding(self.queue.rollouts.popleft()))
        self._keep_weights()
        return logged

    def _enqueue(self, buffer: Rollout) -> float:
        """Take in a rollout; return how much of its returns its own values explained."""
        values, next_values = self.values_of(buffer)
        # The returns of the policy that acted: nothing is to be corrected here.
        returns = values + estimate_advantages(
            buffer.rewards,
            values,
            next_values,
            buffer.terminated,
            buffer.ends,
            self.settings.discount,
            self.settings.trace,
        )
        explained = self.note_returns(buffer, returns)
        kept = {name: value.clone() for name, value in buffer.tensors().items()}
        # In the game's own units: the scale moves while the rollout waits.
        self.queue.rollouts.append({**kept, "next_values": next_values})
        return explained

    def _learn_from(self, rollout: Rollout) -> dict[str, float]:
        return self.learn_all(rollout, partial(self._learn, rollout))

    def _learn(self, rollout: Rollout, minibatch: Minibatch) -> dict[str, float]:
        settings = self.settings
        logits, values = self.forward(minibatch)
        logs, entropies = self.heads.evaluate(logits, minibatch.masks, minibatch.actions)
        joint, acted = logs.sum(-1), minibatch.log_probabilities.sum(-1)
        targets, advantages = self._correct(rollout, minibatch, values.detach(), joint - acted)
        # rho_t grad log pi(a_t | x_t) (r_t + gamma v_t+1 - V(x_t)), upwards
        policy = -(advantages * joint).mean()
        critic = 0.5 * ((values - targets) ** 2).mean()
        entropy = entropies.sum(-1).mean()
        loss = policy + settings.value_weight * critic - settings.entropy_weight * entropy
        norm = self.descend(loss, len(values))
        ratios = (joint - acted).detach().exp()
        by_head = entropies.detach().mean(0).tolist()
        return {
            "policy_loss": policy.item(),
            "value_loss": critic.item(),
            "entropy": entropy.item(),
            "kl": divergence(joint.detach(), acted).mean().item(),
            "rho": ratios.clamp_max(settings.rho_clip).mean().item(),
            "gradient_norm": norm.item(),
            **{f"entropy_{k}": value for k, value in zip(self.head_names, by_head, strict=True)},
        }

    @torch.no_grad()
    def _correct(
        self, rollout: Rollout, minibatch: Minibatch, values: Tensor, log_ratios: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return V-trace's targets, normalised, and advantages of the rows, float32[rows]."""
        settings = self.settings
        shape = minibatch.begins.shape
        games = rollout.rows_of(rollout.games, minibatch.source).long()

        def grid(rows: Tensor) -> Tensor:
            """Return what is told of the living as [steps, sequences], 0 for the dead."""
            spread = rows.new_zeros(minibatch.begins.numel())
            return spread.index_copy(0, minibatch.living, rows).view(shape)

        def told(tensor: Tensor) -> Tensor:
            return grid(rollout.rows_of(tensor, minibatch.source))

        restored = grid(self.scale.restore(values, games))
        # Of what follows the sequence, and of lives cut short, the actor's network has told.
        truncated, kept = told(rollout.truncated), told(rollout.next_values)
        following = torch.cat((restored[1:], kept[-1:]))
        alive = grid(torch.ones_like(minibatch.living, dtype=torch.bool))
        terminated = told(rollout.terminated)
        corrected = vtrace(
            grid(log_ratios),
            told(rollout.rewards),
            restored,
            torch.where(truncated, kept, following),
            terminated,
            terminated | truncated | ~alive,
            discount=settings.discount,
            trace=settings.trace,
            rho_clip=settings.rho_clip,
            trace_clip=settings.trace_clip,
        )
        targets = corrected.targets.view(-1)[minibatch.living]
        advantages = corrected.advantages.view(-1)[minibatch.living]
        spread = self.scale.spread().float()[games]
        return self.scale.normalise(targets, games), advantages / spread

    def state_dict(self) -> dict[str, Tensor]:
        """Return all but the weights that decides how learning goes on."""
        return {**super().state_dict(), **_laid_out("past", self.past)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        super().load_state_dict(state)
        self.past.clear()
        self.past.extend(_gathered("past", state, self.device))
        self._acting.load_state_dict(self.past[0])
