"""Generalised advantage estimation, by hand."""

import torch

from metammo.learner.advantages import estimate_advantages


def estimate(rewards, values, next_values, terminated, ends):
    def column(numbers, dtype=torch.float32):
        return torch.tensor(numbers, dtype=dtype)[:, None]

    return estimate_advantages(
        column(rewards),
        column(values),
        column(next_values),
        column(terminated, torch.bool),
        column(ends, torch.bool),
        discount=0.5,
        trace=0.5,
    )[:, 0].tolist()


def test_three_steps_of_one_life():
    # Errors: 1 + .5 x 2 - 1 = 1; 0 + .5 x 4 - 2 = 0; 2 + .5 x 6 - 4 = 1.
    # Backward: 1; 0 + .25 x 1 = .25; 1 + .25 x .25 = 1.0625.
    advantages = estimate([1, 0, 2], [1, 2, 4], [2, 4, 6], [0, 0, 0], [0, 0, 0])
    assert advantages == [1.0625, 0.25, 1.0]


def test_death_does_not_bootstrap():
    # The second step dies: error -1 - 2 = -3, whatever the next value; first 1 + .25 x -3.
    advantages = estimate([1, -1, 2], [1, 2, 4], [2, 100, 6], [0, 1, 0], [0, 1, 0])
    assert advantages == [0.25, -3.0, 1.0]


def test_truncation_bootstraps_from_the_last_observation_and_cuts_the_trace():
    # The second step is cut short: error 0 + .5 x 8 - 2 = 2; the third is of another life.
    advantages = estimate([1, 0, 2], [1, 2, 4], [2, 8, 6], [0, 0, 0], [0, 1, 0])
    assert advantages == [1.5, 2.0, 1.0]
