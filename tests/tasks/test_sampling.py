"""How often tasks come: as given, alike, or where something is learned; nothing is ever starved."""

import numpy as np
import pytest

from metammo.tasks.sampling import KEPT, Sampler, SamplingError

PRIOR = (1.0, 5.0, 2.0, 2.0)


def taught(way, *, tasks=24, rounds=600, lessons=8, seed=0):
    """Let a student practise what a sampler draws; return what it can in the end, 0..1 a task.

    A task is learned by practice, quickly once the one before it is mastered and not at all until
    then; outcomes are noisy.
    """
    rng = np.random.default_rng(seed)
    skill = np.zeros(tasks)
    sampler = Sampler(np.ones(tasks), way)
    for _ in range(rounds):
        drawn = rng.choice(tasks, lessons, p=sampler.weights())
        for task in drawn:
            if task == 0 or skill[task - 1] > 0.8:
                skill[task] += 0.1 * (1 - skill[task])
        sampler.update(drawn, np.clip(skill[drawn] + rng.normal(0, 0.02, lessons), 0, 1))
    return skill


@pytest.mark.parametrize("seed", range(5))
def test_adaptive_teaches_more_than_uniform(seed):
    assert taught("adaptive", seed=seed).sum() > 1.2 * taught("uniform", seed=seed).sum()


def test_fixed_and_uniform_stay_whatever_comes():
    for way, expected in (("fixed", [0.1, 0.5, 0.2, 0.2]), ("uniform", [0.25] * 4)):
        sampler = Sampler(PRIOR, way)
        for step in range(50):
            sampler.update([0, 1], [step / 50, 0.0])
        assert sampler.weights().tolist() == pytest.approx(expected)


def test_what_changes_comes_oftener_and_what_stands_still_seldom():
    sampler = Sampler(PRIOR)
    for step in range(60):
        # One is learned, one mastered, one hopeless; the last is never drawn.
        sampler.update([0, 1, 2], [min(step / 60, 1.0), 1.0, 0.0])
    weights = sampler.weights()
    assert weights[0] > 4 * 0.1
    assert weights[1] < 0.5 / 2
    assert weights[2] < 0.2 / 2
    assert weights[3] == pytest.approx(0.2)
    assert weights.sum() == pytest.approx(1)
    # What is forgotten comes back.
    before = weights[1]
    for _ in range(10):
        sampler.update([1], [0.2])
    assert sampler.weights()[1] > 2 * before


def test_where_nothing_changes_weights_stay_as_given():
    sampler = Sampler(PRIOR)
    assert sampler.weights().tolist() == pytest.approx([0.1, 0.5, 0.2, 0.2])
    # A few outcomes, however different, say nothing yet.
    for outcome in (0.7, 0.0, 1.0, 1.0, 1.0):
        sampler.update([0], [outcome])
        assert sampler.weights().tolist() == pytest.approx([0.1, 0.5, 0.2, 0.2])
    for _ in range(200):
        sampler.update([0, 1, 2, 3], [0.7, 1.0, 0.0, 0.3])
    assert sampler.weights().tolist() == pytest.approx([0.1, 0.5, 0.2, 0.2], rel=0.05)


def test_no_weight_is_ever_zero():
    rng = np.random.default_rng(1)
    prior = rng.uniform(0.001, 100, 200)
    sampler = Sampler(prior)
    for _ in range(300):
        items = rng.integers(0, 150, 20)
        sampler.update(items, rng.random(20))
        assert (sampler.weights() >= 0.99 * KEPT * prior / prior.sum()).all()


def test_the_order_within_an_update_does_not_matter():
    one, other = Sampler(PRIOR), Sampler(PRIOR)
    items, outcomes = np.array([0, 2, 0, 1, 2]), np.array([0.25, 1.0, 0.5, 0.0, 0.5])
    order = np.array([4, 2, 0, 3, 1])
    for _ in range(3):
        one.update(items, outcomes)
        other.update(items[order], outcomes[order])
    assert one.weights().tolist() == other.weights().tolist()
    assert one.fast.tolist() == pytest.approx([0.375, 0.0, 0.75, 0.0])


def test_a_kept_state_goes_on_bit_for_bit():
    rng = np.random.default_rng(2)
    first = Sampler(PRIOR)
    for _ in range(40):
        first.update(rng.integers(0, 4, 6), rng.random(6))
    second = Sampler(PRIOR)
    second.load_state_dict(first.state_dict())
    for sampler in (first, second):
        rng = np.random.default_rng(3)
        for _ in range(40):
            sampler.update(rng.integers(0, 4, 6), rng.random(6))
    assert first.weights().tobytes() == second.weights().tobytes()


def test_an_update_without_outcomes_changes_nothing():
    sampler = Sampler(PRIOR)
    sampler.update([], [])
    assert not sampler.seen.any()


def test_evenness_lies_between_one_alone_and_all_alike():
    assert Sampler([1, 1, 1]).evenness() == pytest.approx(1)
    assert Sampler([1]).evenness() == 1
    assert 0 < Sampler([1, 1000]).evenness() < 0.1


def test_what_is_no_sampling_is_refused():
    with pytest.raises(SamplingError, match="fixed, uniform, adaptive, got 'often'"):
        Sampler(PRIOR, "often")
    for weights in ([], [1, 0], [1, float("nan")], [[1, 2]]):
        with pytest.raises(SamplingError, match="numbers above 0"):
            Sampler(weights)
    with pytest.raises(SamplingError, match="not of these 4 items"):
        Sampler(PRIOR).load_state_dict(Sampler([1, 2]).state_dict())
