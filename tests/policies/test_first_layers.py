"""First layers as loops against the same as matrix products, which torch computes and derives."""

import numpy as np
import pytest
import torch

import metammo
from metammo.observe.layout import LAYOUTS, MINI_LAYOUT
from metammo.policies import encoders, first_layers
from metammo.policies.hub import make_policy
from metammo.policies.inputs import Inputs
from tests.policies.made_up import random_inputs

pytestmark = pytest.mark.pure


def outcome(module, inputs, monkeypatch, *, by_loops):
    """Return all that is encoded, and the gradients of a sum of it with fixed weights."""
    monkeypatch.setattr(encoders, "are_loops_quicker", lambda weight: by_loops)
    module.zero_grad()
    encoded = module.encode(inputs)
    shown = [encoded.features, encoded.entities]
    generator = torch.Generator().manual_seed(5)
    sum((part * torch.randn(part.shape, generator=generator)).sum() for part in shown).backward()
    gradients = {
        name: weight.grad.clone()
        for name, weight in module.encoder.named_parameters()
        if weight.grad is not None
    }
    return shown, gradients


def assert_alike(module, inputs, monkeypatch):
    wanted, wanted_gradients = outcome(module, inputs, monkeypatch, by_loops=False)
    got, got_gradients = outcome(module, inputs, monkeypatch, by_loops=True)
    for one, other in zip(wanted, got, strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    assert wanted_gradients.keys() == got_gradients.keys()
    for name, gradient in wanted_gradients.items():
        largest = float(gradient.abs().max())
        assert largest > 0, name
        assert torch.allclose(gradient, got_gradients[name], atol=1e-5 * largest), name


@pytest.mark.parametrize("config", list(LAYOUTS))
@pytest.mark.parametrize("size", ["small", "base"])
def test_loops_say_and_learn_what_products_do(size, config, monkeypatch):
    torch.manual_seed(0)
    assert_alike(make_policy(size, config), random_inputs(6, config), monkeypatch)


def test_they_do_on_what_agents_see(monkeypatch):
    torch.manual_seed(0)
    batch = metammo.make_vec(["team_battle"], 1, size="tiny", threads=1)
    for tick in range(2):
        batch.step(batch.random_actions(tick))
    seen = np.ascontiguousarray(batch.observations).view(np.uint8)
    rows = torch.from_numpy(seen.reshape(batch.observations.size, -1)[:8].copy())
    batch.close()
    entities = rows[:, MINI_LAYOUT.offset("entities") :]
    assert entities.any()
    assert_alike(make_policy("small", "mini"), Inputs(rows), monkeypatch)


def test_nobody_adds_nothing_and_silence_is_heard():
    bias, weight = torch.tensor([1.0, -1.0]), torch.ones(2, 2)
    numbers = torch.tensor([[[0, 5], [1, 2]], [[0, 0], [0, 0]]], dtype=torch.int16)
    features, most, mean = first_layers.Entities.apply(numbers, weight, bias)
    assert features.tolist() == [[[0, 0], [4, 2]], [[0, 0], [0, 0]]]
    assert most.tolist() == [[4, 2], [0, 0]]
    assert mean.tolist() == [[2, 1], [0, 0]]
    words = torch.tensor([[[0, -5], [0, 0]], [[1, 2], [3, 4]]], dtype=torch.int16)
    assert first_layers.Words.apply(words, weight, bias).tolist() == [[1, 0], [8, 6]]


def test_a_gradient_goes_to_the_greatest_alone():
    weight = torch.ones(2, 1, requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    numbers = torch.tensor([[[1, 2], [1, 7], [1, 3]]], dtype=torch.int16)
    _, most, _ = first_layers.Entities.apply(numbers, weight, bias)
    most.sum().backward()
    assert weight.grad.tolist() == [[1], [7]]
    assert bias.grad.tolist() == [1]


def test_products_where_loops_cannot_be(monkeypatch):
    weight = torch.zeros(2, 2)
    monkeypatch.setattr(first_layers, "IS_COMPILED", True)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert first_layers.are_loops_quicker(weight)
    assert not first_layers.are_loops_quicker(weight.double())
    assert not first_layers.are_loops_quicker(weight.to("meta"))
    with torch.autocast("cpu", torch.bfloat16):
        assert not first_layers.are_loops_quicker(weight)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert not first_layers.are_loops_quicker(weight)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(first_layers, "IS_COMPILED", False)
    assert not first_layers.are_loops_quicker(weight)


def test_a_tile_that_there_is_not_is_refused():
    tiles = torch.zeros(3, 900, dtype=torch.uint8)
    tiles[1, 0] = 16
    given = (torch.zeros(9, 128, 2), torch.zeros(9, 2, 2), torch.zeros(2))
    with pytest.raises(IndexError, match="row 1 of the observations"):
        first_layers.Patches.apply(tiles, *given)
