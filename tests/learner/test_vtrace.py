"""V-trace's targets and PQN's returns, by hand."""

import math

import pytest
import torch

from metammo.learner.advantages import estimate_advantages
from metammo.learner.impala import vtrace
from metammo.learner.pqn import lambda_returns

DOUBLED, HALVED = math.log(2), math.log(0.5)


def column(numbers, dtype=torch.float32):
    return torch.tensor(numbers, dtype=dtype)[:, None]


def correct(log_ratios, terminated=(0, 0, 0), ends=(0, 0, 0), next_values=(2, 4, 6), **clips):
    """Return targets and advantages of three steps: rewards 1, 0, 2; values 1, 2, 4."""
    corrected = vtrace(
        column(log_ratios),
        column([1.0, 0.0, 2.0]),
        column([1.0, 2.0, 4.0]),
        column([float(value) for value in next_values]),
        column(terminated, torch.bool),
        column(ends, torch.bool),
        discount=0.5,
        **clips,
    )
    return [each[:, 0].tolist() for each in (corrected.targets, corrected.advantages)]


def test_what_is_likelier_now_counts_once_and_what_is_less_likely_less():
    # Ratios 2, .5, 1, clipped: 1, .5, 1.
    # Errors: 1 (1 + .5 x 2 - 1) = 1; .5 (0 + .5 x 4 - 2) = 0; 2 + .5 x 6 - 4 = 1.
    # Corrections, backward: 1; 0 + .5 x .5 x 1 = .25; 1 + .5 x 1 x .25 = 1.125.
    targets, advantages = correct([DOUBLED, HALVED, 0.0])
    assert targets == pytest.approx([2.125, 2.25, 5.0])
    # .5 (0 + .5 (4 + 1) - 2) = .25; 1 (1 + .5 (2 + .25) - 1) = 1.125.
    assert advantages == pytest.approx([1.125, 0.25, 1.0])


def test_the_two_clips_are_two():
    # Rho-bar 2 doubles the first error and advantage; c-bar 1 still hands on 1 x .25.
    targets, advantages = correct([DOUBLED, HALVED, 0.0], rho_clip=2.0)
    assert targets[0] == pytest.approx(1 + 2 + 0.125)
    assert advantages[0] == pytest.approx(2.25)
    targets, advantages = correct([DOUBLED, HALVED, 0.0], trace_clip=2.0)
    assert targets[0] == pytest.approx(1 + 1 + 0.25)
    assert advantages[0] == pytest.approx(1.125)


def test_nothing_follows_a_death():
    # The second error is .5 (0 - 2) = -1, whatever is told of the next value.
    targets, advantages = correct(
        [DOUBLED, HALVED, 0.0], terminated=[0, 1, 0], ends=[0, 1, 0], next_values=[2, 100, 6]
    )
    assert targets == pytest.approx([1 + 1 - 0.5, 2 - 1, 5])
    assert advantages == pytest.approx([1 + 0.5 * (2 - 1) - 1, -1, 1])


def test_a_life_cut_short_has_a_value_and_hands_nothing_back():
    # The second error is .5 (0 + .5 x 8 - 2) = 1; the third step is of another life.
    targets, advantages = correct([DOUBLED, HALVED, 0.0], ends=[0, 1, 0], next_values=[2, 8, 6])
    assert targets == pytest.approx([1 + 1 + 0.5, 2 + 1, 5])
    assert advantages == pytest.approx([1 + 0.5 * (2 + 1) - 1, 1, 1])


@pytest.fixture
def lives():
    """Return rewards, values, next values, terminated and ends of 20 steps of 50 agents."""
    generator = torch.Generator().manual_seed(3)
    rewards, values, other = (torch.randn(20, 50, generator=generator) for _ in range(3))
    terminated = torch.rand(20, 50, generator=generator) < 0.1
    ends = terminated | (torch.rand(20, 50, generator=generator) < 0.1)
    next_values = torch.where(ends, other, torch.cat((values[1:], other[-1:])))
    return rewards, values, next_values, terminated, ends


@pytest.mark.parametrize("trace", [1.0, 0.9])
def test_of_ones_own_actions_vtrace_says_what_lambda_returns_say(lives, trace):
    rewards, values, next_values, terminated, ends = lives
    told = vtrace(torch.zeros(20, 50), *lives, discount=0.99, trace=trace)
    wanted = estimate_advantages(*lives, 0.99, trace)
    assert torch.allclose(told.targets, wanted + values, atol=1e-5)
    if trace == 1.0:
        assert torch.allclose(told.advantages, wanted, atol=1e-5)
    q = lambda_returns(rewards, next_values, terminated, ends, 0.99, trace)
    assert torch.allclose(q, wanted + values, atol=1e-5)


def returns(terminated, ends, next_values):
    return lambda_returns(
        column([1.0, 0.0, 2.0]),
        column([float(value) for value in next_values]),
        column(terminated, torch.bool),
        column(ends, torch.bool),
        discount=0.5,
        trace=0.5,
    )[:, 0].tolist()


def test_lambda_returns_blend_what_came_and_what_was_expected():
    # 2 + .5 x 6 = 5; 0 + .5 (.5 x 5 + .5 x 4) = 2.25; 1 + .5 (.5 x 2.25 + .5 x 2) = 2.0625.
    assert returns([0, 0, 0], [0, 0, 0], [2, 4, 6]) == [2.0625, 2.25, 5.0]


def test_lambda_returns_end_with_a_life():
    # Death: 0; then 1 + .5 (.5 x 0 + .5 x 2) = 1.5.
    assert returns([0, 1, 0], [0, 1, 0], [2, 100, 6]) == [1.5, 0.0, 5.0]
    # Cut short: 0 + .5 x 8 = 4; then 1 + .5 (.5 x 4 + .5 x 2) = 2.5.
    assert returns([0, 0, 0], [0, 1, 0], [2, 8, 6]) == [2.5, 4.0, 5.0]
