"""How much better an action was than expected: generalised advantage estimation."""

from torch import Tensor, zeros_like


def estimate_advantages(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    ends: Tensor,
    discount: float,
    trace: float,
) -> Tensor:
    """Return advantages (Schulman et al. 2016), float32[steps, rows].

    Args:
        rewards: float32[steps, rows], of the action taken at each step.
        values: float32[steps, rows], of the observation acted on.
        next_values: float32[steps, rows], of the observation that followed in the same life: at a
            truncation, of the last one before the reset.
        terminated: bool[steps, rows]; nothing follows, and nothing is bootstrapped.
        ends: bool[steps, rows]; terminated, truncated, or not alive: traces are cut.
        discount: gamma.
        trace: lambda.
    """
    advantages = zeros_like(rewards)
    running = zeros_like(rewards[0])
    for step in reversed(range(rewards.shape[0])):
        # TD error: r + gamma V(s') - V(s), where V(s') counts unless the life was ended.
        error = (
            rewards[step]
            + discount * next_values[step] * (~terminated[step]).float()
            - values[step]
        )
        running = error + discount * trace * running * (~ends[step]).float()
        advantages[step] = running
    return advantages
