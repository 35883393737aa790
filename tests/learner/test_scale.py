"""What games pay becomes comparable: returns for the values, advantages for the policy."""

import pytest
import torch

from metammo.learner.scale import AdvantageScale, ReturnScale, paid_within


def test_returns_are_scaled_by_game():
    scale = ReturnScale(2)
    games = torch.tensor([0, 0, 1, 1])
    returns = torch.tensor([10.0, 30.0, -1.0, 1.0])
    scale.update(returns, returns, games)
    assert scale.normalise(returns, games).tolist() == pytest.approx([-1, 1, -1, 1])
    assert scale.restore(scale.normalise(returns, games), games).tolist() == pytest.approx(
        returns.tolist()
    )


def test_what_is_paid_within_a_rollout_ends_with_a_life():
    rewards = torch.tensor([[0.0, 1.0], [2.0, 0.0], [8.0, 4.0]])
    ends = torch.tensor([[False, False], [True, False], [False, False]])
    paid = paid_within(rewards, ends, 0.5)
    assert paid.tolist() == [[1.0, 2.0], [2.0, 2.0], [8.0, 4.0]]


def test_a_first_reward_that_comes_late_is_no_hundred_standard_deviations():
    scale = ReturnScale(2)
    games = torch.arange(200) % 2
    steady = torch.randn(200, generator=torch.Generator().manual_seed(0))
    nothing = torch.where(games == 0, torch.zeros(200), steady)
    late = torch.where(games == 0, (torch.arange(200) < 20).float(), steady)
    for _ in range(30):
        scale.update(nothing, nothing, games)
    assert scale.spread()[0].item() == pytest.approx(0.01)
    other = scale.spread()[1].item()
    scale.update(late, late, games)
    assert scale.normalise(late, games)[games == 0].abs().max() < 8
    assert scale.spread()[1].item() == pytest.approx(other, rel=0.01)
    # It shrinks slowly again.
    before = scale.spread()[0].item()
    scale.update(nothing, nothing, games)
    assert 0.95 * before < scale.spread()[0].item() < before


def test_what_is_usual_moves_the_spread_slowly():
    scale = ReturnScale(1)
    generator = torch.Generator().manual_seed(0)
    games = torch.zeros(500, dtype=torch.int64)
    for _ in range(100):
        returns = torch.randn(500, generator=generator)
        scale.update(returns, 0.4 * returns, games)
    before = scale.spread().item()
    returns = 1.5 * torch.randn(500, generator=generator)
    scale.update(returns, 0.4 * returns, games)
    assert before < scale.spread().item() < 1.05 * before


def test_values_that_are_far_out_do_not_raise_themselves():
    # A game in which hardly anything is paid, and a network that thinks of five spreads of it.
    scale, games = ReturnScale(1), torch.zeros(100, dtype=torch.int64)
    paid = torch.zeros(100)
    paid[:5] = 1.0
    thought = 5 * (torch.arange(100) % 2).float()

    def go_on(rollouts):
        for _ in range(rollouts):
            scale.update(paid + 0.9 * scale.restore(thought, games), paid, games)
        return scale.restore(thought, games).abs().max().item()

    thinks = go_on(200)
    rewards_alone = paid.std(correction=0).item()
    assert scale.spread().item() <= 8 * rewards_alone + 1e-6
    assert thinks < 31
    # Where it ends: mean = paid + 0.9 (mean + 2.5 spreads), and five spreads above it.
    assert go_on(3000) == pytest.approx(0.5 + 27.5 * scale.spread().item(), rel=1e-3)


def test_a_rollout_of_a_few_rows_counts_as_little():
    # A game whose last survivors are paid 1 or -1, in a mix in which it is played in one world.
    scale, usual = ReturnScale(1), torch.zeros(3000, dtype=torch.int64)
    generator = torch.Generator().manual_seed(0)
    for _ in range(100):
        returns = 0.2 * torch.randn(3000, generator=generator)
        scale.update(returns, returns, usual)
    before, mean = scale.spread().item(), scale.mean().item()
    few = torch.tensor([1.0, -1.0] * 5)
    scale.update(few, few, usual[:10])
    assert scale.spread().item() == pytest.approx(before, rel=0.02)
    assert scale.mean().item() == pytest.approx(mean, abs=0.001)
    # As many rows as usual raise it at once.
    many = few.repeat(300)
    scale.update(many, many, usual)
    assert scale.spread().item() > 2 * before


def test_a_game_that_comes_late_is_valued_by_what_it_pays_not_by_another():
    scale = ReturnScale(2)
    generator = torch.Generator().manual_seed(0)
    paid = 0.03 * torch.rand(500, generator=generator)
    late = torch.ones(500, dtype=torch.int64)
    said = -1 + torch.randn(500, generator=generator)
    assert scale.restore(said, late).std() > 0.9  # in units of 1, whatever it pays
    scale.begin(paid, late)
    assert scale.restore(said, late).abs().max() < 0.1
    # For the time being: what follows is of returns alone.
    returns = torch.randn(500, generator=generator)
    scale.update(returns, paid, late)
    assert scale.mean()[1].item() == pytest.approx(returns.mean().item(), abs=1e-6)
    # A game that was seen keeps what it has, and one that was not has none.
    before = scale.spread().clone()
    scale.begin(100 * paid, late)
    assert torch.equal(scale.spread(), before)
    assert before[0].item() == 1.0


def test_advantages_of_every_game_become_of_one_size():
    scale = AdvantageScale(3)
    generator = torch.Generator().manual_seed(0)
    games = torch.arange(600) % 2
    sizes = torch.tensor([100.0, 0.01, 1.0])[games]
    for _ in range(5):
        advantages = sizes * torch.randn(600, generator=generator)
        scale.update(advantages, games)
    normal = scale.normalise(advantages, games)
    for game in (0, 1):
        assert normal[games == game].std().item() == pytest.approx(1, rel=0.2)
    # A rollout without a game leaves its size as it is.
    alone = torch.zeros(300, dtype=torch.int64)
    before = scale.normalise(torch.ones(1), torch.tensor([1]))
    scale.update(torch.randn(300, generator=generator), alone)
    assert torch.equal(scale.normalise(torch.ones(1), torch.tensor([1])), before)
    # One that never was played yet divides by nothing.
    assert torch.isfinite(scale.normalise(torch.zeros(1), torch.tensor([2]))).all()


def test_a_game_that_pays_nothing_yet_pulls_little():
    scale, games = AdvantageScale(2), torch.arange(600) % 2
    # Of the second only the noise of values is seen.
    sizes = torch.tensor([2.5, 3e-5])[games]
    advantages = sizes * torch.randn(600, generator=torch.Generator().manual_seed(0))
    scale.update(advantages, games)
    normal = scale.normalise(advantages, games)
    assert normal[games == 0].std().item() == pytest.approx(1, rel=0.2)
    assert normal[games == 1].std().item() == pytest.approx(0.03, rel=0.2)


def test_sizes_go_on_from_what_was_kept():
    first, second = AdvantageScale(2), AdvantageScale(2)
    games = torch.tensor([0, 1, 1])
    first.update(torch.tensor([1.0, 2.0, 3.0]), games)
    second.load_state_dict(first.state_dict())
    for scale in (first, second):
        scale.update(torch.tensor([0.5, 0.0, 4.0]), games)
    ones = torch.ones(3)
    assert torch.equal(first.normalise(ones, games), second.normalise(ones, games))


def test_a_scale_of_an_older_version_is_refused():
    state = ReturnScale(1).state_dict()
    del state["paid"]
    with pytest.raises(KeyError, match="paid"):
        ReturnScale(1).load_state_dict(state)
