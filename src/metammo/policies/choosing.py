"""How an action follows from what a network says: drawn by the odds, or the best one mostly."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metammo.policies.heads import ActionHeads

SAMPLES, GREEDY = "samples", "greedy"
WAYS = (SAMPLES, GREEDY)


@dataclass(frozen=True)
class Choosing:
    """A way of choosing, kept beside a network's weights.

    Raises:
        ValueError: an unknown way, or a chance that is none.
    """

    acts: str = SAMPLES
    """samples: each choice is as likely as the softmax of the logits says; greedy: the choice with
    the largest logit, as for networks whose logits are values of choices."""
    epsilon: float = 0.0
    """Greedy: how often each head takes any allowed choice instead, all alike."""

    def __post_init__(self) -> None:
        if self.acts not in WAYS:
            raise ValueError(f"acts must be one of {', '.join(WAYS)}, got {self.acts!r}")
        if not 0 <= self.epsilon <= 1:
            raise ValueError(f"epsilon must be in 0..1, got {self.epsilon}")

    def draws(self, heads: ActionHeads) -> int:
        """Return how many random numbers `pick` needs for a row."""
        if self.acts == SAMPLES:
            return sum(heads.sizes)
        return sum(heads.sizes) + len(heads.sizes) if self.epsilon > 0 else 0

    def pick(self, heads: ActionHeads, logits: Tensor, masks: Tensor, uniform: Tensor) -> Tensor:
        """Pick an action for each row, int64[rows, heads].

        Args:
            heads: of the action.
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            uniform: float32[rows, draws], numbers evenly spread over [0, 1).
        """
        if self.acts == SAMPLES:
            return heads.pick(logits, masks, uniform)
        if self.epsilon == 0:
            return heads.likeliest(logits, masks)
        return heads.explore(logits, masks, uniform, self.epsilon)

    def best(
        self, heads: ActionHeads, logits: Tensor, masks: Tensor, count: int
    ) -> tuple[Tensor, Tensor]:
        """Return each head's best choices and how likely they are; see `ActionHeads.best`."""
        choices, shares = heads.best(logits, masks, count)
        if self.acts == SAMPLES:
            return choices, shares
        options = torch.stack([part.sum(-1) for part in masks.split(heads.sizes, dim=-1)], dim=-1)
        shares = (self.epsilon / options.clamp_min(1)).unsqueeze(-1).expand_as(shares).clone()
        shares[..., 0] += 1 - self.epsilon
        return choices, shares * (choices >= 0)


def choosing_of(module: Any) -> Choosing:
    """Return how a network says that it chooses; one that says nothing is sampled."""
    told: Choosing = getattr(module, "choosing", Choosing())
    return told
