"""The recurrent policy, in every size and config: shapes, sequences, heads that point."""

import numpy as np
import pytest
import torch

from metammo.actions import (
    HEAD_BUY,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_TARGET,
    HEAD_USE,
)
from metammo.observe.layout import LAYOUTS, MINI_LAYOUT, OwnFeature
from metammo.policies.encoders import compress, tile_table
from metammo.policies.heads import ActionHeads
from metammo.policies.hub import make_policy
from metammo.policies.inputs import Inputs
from metammo.policies.loops import TILE_OF
from metammo.policies.policy import TorchPolicy
from metammo.policies.recurrent import POLICIES
from tests.policies.made_up import random_inputs, random_observations

BOTH = pytest.mark.parametrize("config", list(LAYOUTS))


@pytest.fixture(scope="module")
def modules():
    torch.manual_seed(0)
    return {config: make_policy("small", config).eval() for config in LAYOUTS}


def head_of(module, logits, head):
    return logits.split(module.head_sizes, dim=-1)[head]


def test_a_network_of_another_config_says_which_to_give(modules):
    policy = TorchPolicy(modules["full"])
    masks = np.ones((2, 169), np.uint8)
    with pytest.raises(ValueError, match="here are 169: give --config full"):
        policy.act(random_observations(2), masks, policy.initial_state(2))


@BOTH
def test_a_sequence_equals_its_steps_with_lives_beginning(modules, config):
    module = modules[config]
    steps, rows = 5, 4
    inputs = random_inputs(steps * rows, config)
    encoded = module.encode(inputs)
    begins = torch.zeros(steps, rows, dtype=torch.bool)
    begins[2, 1] = True
    start = torch.randn(rows, module.state_size)
    features = encoded[0].view(steps, rows, -1)
    outputs, last = module.core(features, start, begins)
    logits, values = module.decode(outputs.flatten(0, 1), encoded)
    state = start.clone()
    for step in range(steps):
        state = state.clone()
        state[begins[step]] = 0
        here = torch.arange(step * rows, (step + 1) * rows)
        own_logits, own_values, state = module.step(inputs.select(here), state)
        assert torch.allclose(outputs[step], state, atol=1e-5)
        assert torch.allclose(logits[here], own_logits, atol=1e-4)
        assert torch.allclose(values[here], own_values, atol=1e-4)
    assert torch.allclose(last, state, atol=1e-5)
    # A life that begins forgets: what came before does not reach its output.
    other, _ = module.core(features, start + 1.0, begins)
    assert torch.equal(other[2:, 1], outputs[2:, 1])
    assert not torch.allclose(other[2:, 0], outputs[2:, 0])


@BOTH
def test_rows_do_not_depend_on_each_other(modules, config):
    inputs = random_inputs(6, config)
    state = torch.zeros(6, modules[config].state_size)
    together = modules[config].step(inputs, state)
    alone = modules[config].step(inputs.select(torch.tensor([2])), state[:1])
    assert torch.allclose(together[0][2], alone[0][0], atol=1e-4)
    assert torch.allclose(together[1][2], alone[1][0], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "config", "least", "most"),
    [
        ("small", "mini", 261_554, 261_554),  # as many as checkpoints of before hold
        ("small", "full", 350_000, 450_000),
        ("base", "mini", 1_000_000, 1_500_000),
        ("base", "full", 1_500_000, 2_000_000),
    ],
)
def test_sizes_have_as_many_weights_as_told(name, config, least, most):
    weights = sum(weight.numel() for weight in make_policy(name, config).parameters())
    assert least <= weights <= most


def test_weights_stand_in_the_order_in_which_checkpoints_number_them():
    # An optimizer's state is kept by number.
    parts = [name.partition(".")[0] for name, _ in make_policy("small").named_parameters()]
    wanted = ["encoder", "core", "choice_layer", "query_layer", "value_layer"]
    assert list(dict.fromkeys(parts)) == wanted


@BOTH
@pytest.mark.parametrize("name", POLICIES)
def test_every_weight_of_every_size_learns(name, config):
    torch.manual_seed(0)
    module = make_policy(name, config)
    inputs = random_inputs(64, config)
    heads = ActionHeads(module.head_sizes)
    logits, values, state = module.step(inputs, torch.rand(64, module.state_size))
    assert logits.shape == (64, sum(module.head_sizes))
    assert values.shape == (64,)
    assert state.shape == (64, module.state_size)
    masks = torch.ones(64, sum(module.head_sizes), dtype=torch.uint8)
    actions = heads.draw(logits, masks, torch.Generator().manual_seed(0))[0]
    logs, entropies = heads.evaluate(logits, masks, actions)
    (logs.sum() + entropies.sum() + (values**2).sum()).backward()
    for weight, value in module.named_parameters():
        assert value.grad is not None, weight
        assert torch.isfinite(value.grad).all(), weight
        assert value.grad.abs().sum() > 0, weight


def test_targets_follow_the_entities_that_they_mean(modules):
    module = modules["full"]
    inputs = random_inputs(1, "full")
    start = LAYOUTS["full"].offset("entities")
    other = inputs.rows.clone()
    # The first two entities change places.
    other[0, start : start + 20] = inputs.rows[0, start + 20 : start + 40]
    other[0, start + 20 : start + 40] = inputs.rows[0, start : start + 20]
    state = torch.zeros(1, module.state_size)
    before = module.step(inputs, state)[0]
    after = module.step(inputs._replace(rows=other), state)[0]
    for head in (HEAD_TARGET, HEAD_GIVE_TARGET, HEAD_GIVE_GOLD_TARGET):
        old, new = head_of(module, before, head)[0], head_of(module, after, head)[0]
        assert torch.allclose(old[[1, 0]], new[:2], atol=1e-4)
        assert torch.allclose(old[2:], new[2:], atol=1e-4)
        assert not torch.allclose(old[0], old[1], atol=1e-4)


def test_items_are_meant_by_what_lies_in_their_place(modules):
    module = modules["full"]
    inputs = random_inputs(1, "full")
    start = LAYOUTS["full"].offset("inventory")
    other = inputs.rows.clone()
    other[0, start : start + 8] = inputs.rows[0, start + 16 : start + 24]
    other[0, start + 16 : start + 24] = inputs.rows[0, start : start + 8]
    state = torch.zeros(1, module.state_size)
    before = module.step(inputs, state)[0]
    after = module.step(inputs._replace(rows=other), state)[0]
    for head in (HEAD_USE, HEAD_SELL_ITEM, HEAD_GIVE_ITEM):
        old, new = head_of(module, before, head)[0], head_of(module, after, head)[0]
        assert torch.allclose(old[[2, 1, 0]], new[:3], atol=1e-4)
        assert not torch.allclose(old[0], old[2], atol=1e-4)
        # Empty places are alike, and none of them is what is chosen by default.
        assert torch.equal(old[7:12], torch.zeros(5))


def test_offers_are_meant_by_what_they_are_wherever_they_stand(modules):
    module = modules["full"]
    inputs = random_inputs(4, "full")
    markets = inputs.markets.flip(1)
    state = torch.zeros(4, module.state_size)
    before, values, _ = module.step(inputs, state)
    after, same, _ = module.step(inputs._replace(markets=markets), state)
    old, new = head_of(module, before, HEAD_BUY), head_of(module, after, HEAD_BUY)
    assert torch.allclose(old[:, :-1].flip(1), new[:, :-1], atol=1e-4)
    assert torch.allclose(values, same, atol=1e-4)
    # The third world's market is full: offers of other items, levels and prices differ.
    assert len(old[2, :-1].unique()) > 300
    # What another world offers is all the same.
    third = inputs.select(torch.tensor([2]))
    more = torch.cat((inputs.markets.flip(0), inputs.markets))
    moved = module.step(third._replace(markets=more, world_of=torch.tensor([6])), state[:1])[0]
    assert torch.allclose(moved, before[2:3], atol=1e-4)


def test_a_dearer_offer_is_another(modules):
    module = modules["full"]
    inputs = random_inputs(4, "full")
    dear = inputs.markets.clone()
    dear[:, :, 3] *= 3
    state = torch.zeros(4, module.state_size)
    before, after = (
        head_of(module, module.step(inputs._replace(markets=m), state)[0], HEAD_BUY)
        for m in (inputs.markets, dear)
    )
    assert not torch.allclose(before[2], after[2], atol=1e-4)


@pytest.mark.parametrize("name", POLICIES)
def test_no_rows_are_no_trouble(name):
    for config in LAYOUTS:
        module = make_policy(name, config)
        inputs = random_inputs(4, config).select(torch.zeros(0, dtype=torch.int64))
        logits, values, state = module.step(inputs, torch.zeros(0, module.state_size))
        assert logits.shape == (0, sum(module.head_sizes))
        assert values.shape == (0,)
        assert state.shape == (0, module.state_size)


@BOTH
def test_it_computes_in_half_precision(modules, config):
    inputs = random_inputs(32, config)
    state = torch.randn(32, modules[config].state_size)
    wanted = modules[config].step(inputs, state)
    with torch.autocast("cpu", torch.bfloat16):
        logits, values, after = modules[config].step(inputs, state)
    assert torch.isfinite(logits).all()
    assert torch.allclose(values.float(), wanted[1], rtol=0.1, atol=0.3)
    assert after.dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "config"),
    [("small", "mini"), ("small", "full"), ("small-mingru", "mini"), ("base", "full")],
)
def test_it_is_one_graph_to_the_compiler(name, config):
    torch._dynamo.reset()
    module = make_policy(name, config).eval()
    inputs = random_inputs(8, config)
    state = torch.zeros(8, module.state_size)
    # The graph is taken down and run as it is; a choice by a number's value would break it.
    compiled = torch.compile(module.step, fullgraph=True, backend="eager")
    with torch.no_grad():
        for got, wanted in zip(compiled(inputs, state), module.step(inputs, state), strict=True):
            assert torch.allclose(got, wanted, atol=1e-5)


def test_patches_are_three_by_three():
    assert TILE_OF[0].tolist() == [0, 1, 2, 15, 16, 17, 30, 31, 32]
    assert sorted(TILE_OF.ravel().tolist()) == list(range(225))


def test_the_tile_table_tells_every_code_from_nothing():
    table = tile_table()
    assert table.shape[0] == 128
    # Grass with nobody is habitable only; with an enemy one more plane is set.
    assert table[2 * 8].sum() == 1
    assert table[2 * 8 + 5].sum() == 2


def test_a_blank_observation_is_no_trouble(modules):
    rows = torch.zeros(3, MINI_LAYOUT.row_bytes, dtype=torch.uint8)
    logits, _, _ = modules["mini"].step(Inputs(rows), torch.zeros(3, 128))
    assert np.isfinite(logits.detach().numpy()).all()


def test_who_is_frozen_for_good_is_no_hundred_times_as_frozen(modules):
    own = np.zeros((3, len(OwnFeature)), np.int16)
    own[:, OwnFeature.FREEZE] = (0, 80, 32_000)
    rows = torch.zeros(3, MINI_LAYOUT.row_bytes, dtype=torch.uint8)
    at = MINI_LAYOUT.offset("own")
    rows[:, at : at + own.nbytes // 3] = torch.from_numpy(own.view(np.uint8))
    logits, _, _ = modules["mini"].step(Inputs(rows), torch.zeros(3, 128))
    moved = (logits[1:] - logits[0]).abs().amax(1)
    assert 1 < moved[1] / moved[0] < 4


def test_numbers_stay_in_order_beyond_what_is_usual():
    numbers = torch.tensor([-1638.0, -8.0, -7.5, 0.0, 8.0, 9.0, 50.0, 3200.0])
    got = compress(numbers)
    assert torch.equal(got[1:5], numbers[1:5])
    assert (got.diff() > 0).all()
    assert got.abs().max() < 17
