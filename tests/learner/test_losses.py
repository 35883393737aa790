"""PPO's losses, by hand."""

import math

import pytest
import torch

from metammo.learner.losses import explained_variance, policy_loss, value_loss


def test_the_clipped_policy_loss():
    # Ratios 2 and 0.5, clip 0.2. Advantage 1: min(2, 1.2) = 1.2; advantage -1: min(-.5, -.8) = -.8.
    new = torch.tensor([math.log(2.0), math.log(0.5)])
    loss = policy_loss(new, torch.zeros(2), torch.tensor([1.0, -1.0]), 0.2)
    assert loss.loss.item() == pytest.approx(-(1.2 - 0.8) / 2)
    assert loss.clip_fraction.item() == 1.0
    # KL estimate: (2 - 1 - ln 2 + .5 - 1 - ln .5) / 2 = .25
    assert loss.divergence.item() == pytest.approx(0.25)


def test_the_value_loss_takes_the_larger_error():
    values, old = torch.tensor([1.0]), torch.tensor([0.0])
    # Clipped to 0.2: errors (1 - 1)^2 = 0 and (.2 - 1)^2 = .64.
    assert value_loss(values, old, torch.tensor([1.0]), 0.2).item() == pytest.approx(0.32)
    assert value_loss(values, old, torch.tensor([1.0]), 0.0).item() == 0.0


def test_explained_variance():
    returns = torch.tensor([0.0, 2.0])
    assert explained_variance(returns, returns) == 1.0
    assert explained_variance(torch.ones(2), returns) == 0.0
    assert explained_variance(torch.ones(2), torch.ones(2)) == 0.0
