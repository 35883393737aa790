"""Cores: a sequence equals its steps, lives that begin forget, gradients reach what is kept."""

import pytest
import torch

from metammo.policies.cores import CORES, scan

WIDTH, STEPS, ROWS = 8, 11, 5
SIZES = {"gru": 12, "lstm": 24, "mingru": 12, "transformer": 4 * (WIDTH + 1)}
"""Sizes of states; the transformer's window of 4 steps is shorter than the sequence."""
EVERY = pytest.mark.parametrize("name", list(CORES))


def make(name):
    torch.manual_seed(1)
    core = CORES[name](WIDTH, SIZES[name])
    core.initialise()
    if name == "transformer":
        torch.nn.init.normal_(core.age_bias)
    return core


def case():
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(STEPS, ROWS, WIDTH, generator=generator)
    begins = torch.rand(STEPS, ROWS, generator=generator) < 0.2
    begins[0, 0], begins[0, 1], begins[:, 2] = True, False, False
    return features, begins


def by_steps(core, features, state, begins):
    outputs = []
    for step in range(len(features)):
        state = torch.where(begins[step][:, None], 0.0, state)
        none = torch.zeros(1, features.shape[1], dtype=torch.bool)
        output, state = core(features[step : step + 1], state, none)
        outputs.append(output[0])
    return torch.stack(outputs), state


def lived(core, rows=ROWS):
    """Return states that come of a few steps."""
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(3, rows, WIDTH, generator=generator)
    none = torch.zeros(3, rows, dtype=torch.bool)
    return core(features, torch.zeros(rows, core.state_size), none)[1].detach()


@EVERY
def test_a_sequence_equals_its_steps(name):
    core, (features, begins) = make(name), case()
    state = lived(core)
    outputs, last = core(features, state, begins)
    wanted, wanted_last = by_steps(core, features, state, begins)
    assert outputs.shape == (STEPS, ROWS, core.output_size)
    assert torch.allclose(outputs, wanted, atol=1e-5)
    assert torch.allclose(last, wanted_last, atol=1e-5)


@EVERY
def test_a_sequence_goes_on_where_another_ended(name):
    core, (features, begins) = make(name), case()
    state = lived(core)
    outputs, last = core(features, state, begins)
    first, between = core(features[:5], state, begins[:5])
    second, end = core(features[5:], between, begins[5:])
    assert torch.allclose(torch.cat((first, second)), outputs, atol=1e-5)
    assert torch.allclose(end, last, atol=1e-5)


@EVERY
def test_a_life_that_begins_knows_nothing_of_the_one_before(name):
    core, (features, begins) = make(name), case()
    begins[:] = False
    begins[6, 3] = True
    other = features.clone()
    other[:6] = features[:6].flip(-1)
    before, last_before = core(features, lived(core), begins)
    after, last_after = core(other, torch.zeros(ROWS, core.state_size), begins)
    assert torch.equal(before[6:, 3], after[6:, 3])
    assert torch.equal(last_before[3], last_after[3])
    # One that goes on does remember, if only for a while.
    assert not torch.allclose(before[6, 2], after[6, 2], atol=1e-3)


@EVERY
def test_zeros_are_a_blank_memory(name):
    core, (features, begins) = make(name), case()
    begins[:] = False
    blank, _ = core(features, torch.zeros(ROWS, core.state_size), begins)
    begins[0] = True
    begun, _ = core(features, lived(core), begins)
    assert torch.allclose(blank, begun, atol=1e-6)


@EVERY
def test_gradients_flow_back_through_steps_but_not_into_other_lives(name):
    core, (features, begins) = make(name), case()
    begins[:] = False
    begins[9, 1] = True
    features.requires_grad_(True)
    outputs, _ = core(features, lived(core), begins)
    outputs[10].sum().backward()
    reached = features.grad.abs().sum(-1) > 0
    # The transformer sees four steps back.
    first = 6 if name == "transformer" else 0
    assert reached[first:, 0].all()
    assert not reached[:9, 1].any()
    assert reached[9:, 1].all()
    assert all(weight.grad is not None for weight in core.parameters())


def test_a_scan_is_the_recurrence():
    generator = torch.Generator().manual_seed(0)
    for steps in (1, 2, 7, 16):
        keep = torch.rand(steps, 3, generator=generator)
        keep[steps // 2, 0] = 0.0
        new = torch.randn(steps, 3, generator=generator)
        state = torch.zeros(3)
        for step, got in enumerate(scan(keep, new)):
            state = keep[step] * state + new[step]
            assert torch.allclose(got, state, atol=1e-6)


def test_the_transformer_forgets_what_is_out_of_its_window():
    core = make("transformer")
    features, begins = case()
    begins[:] = False
    outputs, last = core(features, torch.zeros(ROWS, core.state_size), begins)
    assert core.window == 4
    assert last.view(ROWS, 4, WIDTH + 1)[:, :, -1].eq(1).all()
    other = features.clone()
    other[:5] = 0.0
    changed, _ = core(other, torch.zeros(ROWS, core.state_size), begins)
    assert torch.allclose(changed[9:], outputs[9:], atol=1e-6)
    assert not torch.allclose(changed[8], outputs[8], atol=1e-6)
