"""What PPO minimises, each formula beside its line, and what all algorithms measure."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PolicyLoss:
    """The policy's loss and what it tells."""

    loss: Tensor
    """To be minimised."""
    divergence: Tensor
    """Estimate of KL(old, new): mean of ratio - 1 - log ratio."""
    clip_fraction: Tensor
    """Share of the rows whose ratio left the clip range."""


def divergence(new_log: Tensor, old_log: Tensor) -> Tensor:
    """Return an estimate of KL(old, new) a row, never negative: ratio - 1 - log ratio.

    The estimator k3 of Schulman, "Approximating KL divergence" (2020).
    """
    log_ratio = new_log - old_log
    return log_ratio.exp() - 1 - log_ratio


def policy_loss(new_log: Tensor, old_log: Tensor, advantages: Tensor, clip: float) -> PolicyLoss:
    """Return PPO's clipped loss.

    Args:
        new_log: joint log-probabilities under the present policy, float32[rows].
        old_log: the same under the policy that acted.
        advantages: normalised, float32[rows].
        clip: how far the ratio may leave 1.
    """
    ratio = (new_log - old_log).exp()
    # -min(ratio A, clip(ratio) A)
    plain = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - clip, 1 + clip)
    with torch.no_grad():
        distance = divergence(new_log, old_log).mean()
        fraction = ((ratio - 1).abs() > clip).float().mean()
    return PolicyLoss(torch.maximum(plain, clipped).mean(), distance, fraction)


def value_loss(values: Tensor, old_values: Tensor, returns: Tensor, clip: float) -> Tensor:
    """Return half the squared error, the larger of the value's and of the clipped value's."""
    error = (values - returns) ** 2
    if clip > 0:
        kept = old_values + (values - old_values).clamp(-clip, clip)
        error = torch.maximum(error, (kept - returns) ** 2)
    return 0.5 * error.mean()


def explained_variance(values: Tensor, returns: Tensor) -> float:
    """Return 1 - Var(returns - values) / Var(returns); 0 where the returns do not vary."""
    if len(returns) < 2:
        return 0.0
    variance = returns.var()
    if not variance > 0:
        return 0.0
    return float(1 - (returns - values).var() / variance)
