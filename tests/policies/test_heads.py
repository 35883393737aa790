"""Joint log-probability and entropy over active heads, by hand."""

import math

import pytest
import torch

from metammo.actions import MASK_SIZE, MASK_STYLE, MASK_TALK, MASK_TARGET, NO_TARGET, SILENT
from metammo.policies.heads import ActionHeads

HEADS = ActionHeads()


def row(moves=2, targets=1, may_pass=True, tokens=0):
    mask = torch.zeros(1, MASK_SIZE, dtype=torch.uint8)
    mask[0, :moves] = 1
    mask[0, MASK_STYLE:MASK_TARGET] = 1
    mask[0, MASK_TARGET : MASK_TARGET + targets] = 1
    mask[0, MASK_TARGET + NO_TARGET] = int(may_pass)
    mask[0, MASK_TALK : MASK_TALK + tokens] = 1
    mask[0, MASK_TALK + SILENT] = 1
    return mask


def joint(mask, action):
    logs, entropies = HEADS.evaluate(torch.zeros(1, MASK_SIZE), mask, torch.tensor([action]))
    return logs.sum().item(), entropies.sum().item()


def test_style_counts_with_a_target():
    # Two moves, three styles, one target or none: ln 2 + ln 3 + ln 2.
    log, entropy = joint(row(), [0, 1, 0, SILENT])
    assert log == pytest.approx(-math.log(12), abs=1e-5)
    assert entropy == pytest.approx(math.log(12), abs=1e-5)


def test_style_does_not_count_without_a_target():
    log, entropy = joint(row(), [0, 1, NO_TARGET, SILENT])
    assert log == pytest.approx(-math.log(4), abs=1e-5)
    assert entropy == pytest.approx(math.log(4), abs=1e-5)


def test_a_head_with_one_option_adds_nothing():
    log, entropy = joint(row(moves=1, targets=0), [0, 0, NO_TARGET, SILENT])
    assert log == 0.0
    assert entropy == 0.0


def test_forbidden_choices_have_no_probability_and_no_gradient():
    logits = torch.randn(1, MASK_SIZE, requires_grad=True)
    mask = row(tokens=3)
    logs, entropies = HEADS.evaluate(logits, mask, torch.tensor([[0, 0, 0, 1]]))
    (logs.sum() + entropies.sum()).backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[mask == 0] == 0).all()


def test_samples_are_allowed_and_follow_the_probabilities():
    generator = torch.Generator().manual_seed(0)
    mask = row(moves=3, targets=2, tokens=4).repeat(4000, 1)
    logits = torch.zeros(4000, MASK_SIZE)
    logits[:, 0] = math.log(2.0)
    actions = HEADS.sample(logits, mask, generator)
    offset = 0
    for head, size in enumerate(HEADS.sizes):
        chosen = mask[:, offset : offset + size].gather(1, actions[:, head : head + 1])
        assert (chosen == 1).all()
        offset += size
    # The first move is twice as likely as each of the other two.
    shares = torch.bincount(actions[:, 0], minlength=3) / 4000
    assert shares.tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.03)
    assert (HEADS.likeliest(logits, mask)[:, 0] == 0).all()
