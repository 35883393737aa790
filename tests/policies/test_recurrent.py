"""The recurrent policy: sequences equal steps, state zeroed exactly where a life begins."""

import numpy as np
import pytest
import torch

from metammo.observe.layout import MINI_LAYOUT, EntityFeature
from metammo.policies.encoders import patch_order, tile_table
from metammo.policies.inputs import Inputs
from metammo.policies.recurrent import make_policy


def random_rows(count, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, MINI_LAYOUT.dtype)
    rows["own"] = rng.integers(0, 100, rows["own"].shape)
    rows["tiles"][:, 0] = rng.integers(0, 16, (count, 15, 15))
    rows["tiles"][:, 1] = rng.integers(0, 8, (count, 15, 15))
    rows["entities"][:, :9] = rng.integers(0, 8, (count, 9, len(EntityFeature)))
    rows["entities"][:, :9, EntityFeature.PRESENT] = 1
    return torch.from_numpy(rows.view(np.uint8).reshape(count, -1))


@pytest.fixture(scope="module")
def module():
    torch.manual_seed(0)
    return make_policy("small")


def test_a_sequence_equals_its_steps_with_lives_beginning(module):
    steps, rows = 5, 3
    observed = random_rows(steps * rows)
    features, _ = module.encode(Inputs(observed))
    begins = torch.zeros(steps, rows, dtype=torch.bool)
    begins[2, 1] = True
    start = torch.randn(rows, module.state_size)
    outputs, last = module.core(features.view(steps, rows, -1), start, begins)
    state = start.clone()
    for step in range(steps):
        state = state.clone()
        state[begins[step]] = 0
        _, _, state = module.step(Inputs(observed.view(steps, rows, -1)[step]), state)
        assert torch.allclose(outputs[step], state, atol=1e-5)
    assert torch.allclose(last, state, atol=1e-5)
    # A life that begins forgets: what came before does not reach its output.
    other, _ = module.core(features.view(steps, rows, -1), start + 1.0, begins)
    assert torch.equal(other[2:, 1], outputs[2:, 1])
    assert not torch.allclose(other[2:, 0], outputs[2:, 0])


def test_rows_do_not_depend_on_each_other(module):
    rows = random_rows(6)
    state = torch.zeros(6, module.state_size)
    together = module.step(Inputs(rows), state)
    alone = module.step(Inputs(rows[2:3]), state[:1])
    assert torch.allclose(together[0][2], alone[0][0], atol=1e-5)
    assert torch.allclose(together[1][2], alone[1][0], atol=1e-5)


def test_the_policy_is_small(module):
    weights = sum(weight.numel() for weight in module.parameters())
    assert weights * 4 < 3_000_000


def test_patches_are_three_by_three():
    order = patch_order()
    assert order[:9].tolist() == [0, 1, 2, 15, 16, 17, 30, 31, 32]
    assert sorted(order.tolist()) == list(range(225))


def test_the_tile_table_tells_every_code_from_nothing():
    table = tile_table()
    assert table.shape[0] == 128
    # Grass with nobody is habitable only; with an enemy one more plane is set.
    assert table[2 * 8].sum() == 1
    assert table[2 * 8 + 5].sum() == 2
