"""Joint log-probability and entropy over active heads, by hand."""

import math

import numpy as np
import pytest
import torch

from metammo.actions import (
    FULL_HEADS,
    FULL_MASK_SIZE,
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_STYLE,
    HEAD_TARGET,
    MASK_SIZE,
    MASK_STYLE,
    MASK_TALK,
    MASK_TARGET,
    NO_TARGET,
    SILENT,
    head_sizes,
    no_op,
)
from metammo.policies.heads import ActionHeads
from tests.contract.batches import bytes_of, make_batch, mix_of

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
    actions, _ = HEADS.draw(logits, mask, generator)
    offset = 0
    for head, size in enumerate(HEADS.sizes):
        chosen = mask[:, offset : offset + size].gather(1, actions[:, head : head + 1])
        assert (chosen == 1).all()
        offset += size
    # The first move is twice as likely as each of the other two.
    shares = torch.bincount(actions[:, 0], minlength=3) / 4000
    assert shares.tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.03)
    assert (HEADS.likeliest(logits, mask)[:, 0] == 0).all()


FULL = ActionHeads(head_sizes(FULL_HEADS))
STARTS = [sum(FULL.sizes[:head]) for head in range(len(FULL.sizes))]
OPTIONS = {
    HEAD_STYLE: 3,
    HEAD_TARGET: 2,
    HEAD_SELL_ITEM: 3,
    HEAD_SELL_PRICE: 99,
    HEAD_GIVE_ITEM: 4,
    HEAD_GIVE_TARGET: 5,
    HEAD_GIVE_GOLD_TARGET: 6,
    HEAD_GIVE_GOLD_PRICE: 7,
}
"""How many choices the mask below leaves in a head; in the others, one."""


def full_mask():
    mask = torch.zeros(1, FULL_MASK_SIZE, dtype=torch.uint8)
    for head, size in enumerate(FULL.sizes):
        if FULL_HEADS[head].has_no_op:
            first, last = STARTS[head], STARTS[head] + size - 1
            mask[0, first : first + OPTIONS.get(head, 1) - 1] = 1
            mask[0, last] = 1
        else:
            mask[0, STARTS[head] : STARTS[head] + OPTIONS.get(head, 1)] = 1
    return mask


ALWAYS = (HEAD_TARGET, HEAD_SELL_ITEM, HEAD_GIVE_GOLD_TARGET)


@pytest.mark.parametrize(
    ("chosen", "counted"),
    [
        ({}, ()),
        ({HEAD_STYLE: 2, HEAD_SELL_PRICE: 50, HEAD_GIVE_GOLD_PRICE: 3}, ()),
        ({HEAD_TARGET: 0}, (HEAD_STYLE,)),
        ({HEAD_SELL_ITEM: 1, HEAD_SELL_PRICE: 7}, (HEAD_SELL_PRICE,)),
        # Of a gift one half alone gives nothing: only what is missing could change that.
        ({HEAD_GIVE_ITEM: 1}, (HEAD_GIVE_TARGET,)),
        ({HEAD_GIVE_TARGET: 1}, (HEAD_GIVE_ITEM,)),
        ({HEAD_GIVE_ITEM: 1, HEAD_GIVE_TARGET: 1}, (HEAD_GIVE_ITEM, HEAD_GIVE_TARGET)),
        ({HEAD_GIVE_GOLD_TARGET: 4, HEAD_GIVE_GOLD_PRICE: 6}, (HEAD_GIVE_GOLD_PRICE,)),
    ],
)
def test_what_a_choice_cannot_change_does_not_count(chosen, counted):
    action = list(no_op(FULL_HEADS))
    for head, choice in chosen.items():
        action[head] = choice
    logits = torch.zeros(1, FULL_MASK_SIZE)
    logs, entropies = FULL.evaluate(logits, full_mask(), torch.tensor([action]))
    # With even chances a head of n options has -ln n and ln n, where it counts.
    wanted = torch.zeros(1, len(FULL.sizes))
    for head in (*ALWAYS, *counted):
        wanted[0, head] = math.log(OPTIONS[head])
    assert torch.allclose(logs, -wanted, atol=1e-5)
    assert torch.allclose(entropies, wanted, atol=1e-5)


def test_the_dead_choose_nothing():
    mask = torch.zeros(1, FULL_MASK_SIZE, dtype=torch.uint8)
    action = no_op(FULL_HEADS)
    mask[0, [first + choice for first, choice in zip(STARTS, action, strict=True)]] = 1
    logs, entropies = FULL.evaluate(torch.randn(1, FULL_MASK_SIZE), mask, torch.tensor([action]))
    assert logs.abs().sum() == 0
    assert entropies.abs().sum() == 0


def random_choices(rows, seed):
    """Return logits, masks and allowed actions; of a head often one choice is allowed, or none."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, FULL_MASK_SIZE, generator=generator)
    share = torch.rand(rows, 1, generator=generator) ** 3
    masks = torch.rand(rows, FULL_MASK_SIZE, generator=generator) < share
    masks[
        : rows // 2, [start + size - 1 for start, size in zip(STARTS, FULL.sizes, strict=True)]
    ] = 1
    masks = masks.to(torch.uint8)
    return logits, masks, FULL.draw(logits, masks, generator)[0]


@pytest.mark.parametrize("device", ["cpu", "another"])
def test_evaluating_is_as_by_torch(device, monkeypatch):
    if device == "another":
        # There, all rows are dealt out for every head.
        monkeypatch.setattr(FULL, "_rows", lambda wanted: torch.arange(len(wanted)))
    logits, masks, actions = random_choices(300, seed=1)
    logs, entropies, gradients = [], [], []
    active = FULL.active(masks, actions)
    assert (active.mean(0) > 0.1).all()
    for head, size in enumerate(FULL.sizes):
        part = slice(STARTS[head], STARTS[head] + size)
        scores = logits[:, part].clone().requires_grad_()
        allowed = torch.where(masks[:, part] != 0, scores, float("-inf"))
        # Where nothing is allowed nothing is active either.
        allowed = torch.where((masks[:, part] != 0).any(-1, keepdim=True), allowed, 0)
        torches = torch.distributions.Categorical(logits=allowed)
        logs.append(torches.log_prob(actions[:, head]))
        entropies.append(torches.entropy())
        loss = (2 * logs[-1] - entropies[-1]) * active[:, head]
        gradients.append(torch.autograd.grad(loss.sum(), scores)[0])
    logits.requires_grad_()
    got = FULL.evaluate(logits, masks, actions)
    assert torch.allclose(got[0], torch.stack(logs, -1) * active, atol=1e-4)
    assert torch.allclose(got[1], torch.stack(entropies, -1) * active, atol=1e-4)
    (2 * got[0] - got[1]).sum().backward()
    assert torch.allclose(logits.grad, torch.cat(gradients, -1), atol=1e-5)


@pytest.mark.parametrize("device", ["cpu", "another"])
def test_the_highest_of_those_allowed_is_picked(device, monkeypatch):
    if device == "another":
        monkeypatch.setattr(FULL, "_rows", lambda wanted: torch.arange(len(wanted)))
    logits, masks, _ = random_choices(300, seed=2)
    uniform = torch.rand(logits.shape, generator=torch.Generator().manual_seed(3))
    noise = -torch.log(-torch.log(uniform.clamp(1e-10, 1 - 1e-7)))
    for scores, picked in (
        (logits, FULL.likeliest(logits, masks)),
        (logits + noise, FULL.pick(logits, masks, uniform)),
    ):
        for head, size in enumerate(FULL.sizes):
            part = slice(STARTS[head], STARTS[head] + size)
            allowed = torch.where(masks[:, part] != 0, scores[:, part], -1e9)
            assert torch.equal(picked[:, head], allowed.argmax(-1)), head


@pytest.mark.parametrize("device", ["cpu", "another"])
def test_what_is_drawn_is_allowed_and_as_likely_as_it_is_told(device, monkeypatch):
    if device == "another":
        monkeypatch.setattr(FULL, "_rows", lambda wanted: torch.arange(len(wanted)))
    logits, masks, _ = random_choices(300, seed=4)
    actions, logs = FULL.draw(logits, masks, torch.Generator().manual_seed(5))
    for head, start in enumerate(STARTS):
        allowed = masks[:, start : start + FULL.sizes[head]]
        chosen = allowed.gather(1, actions[:, head : head + 1]).squeeze(1)
        has_none = (allowed == 0).all(-1)
        assert ((chosen == 1) | has_none).all(), head
        assert has_none.any()
        assert (actions[has_none, head] == 0).all()
    assert torch.equal(logs, FULL.evaluate(logits, masks, actions)[0])


def test_the_last_choice_is_not_passed_by_the_largest_number(monkeypatch):
    # Numbers are below 1; their product with the sum of shares can be rounded to the sum itself.
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.ones(shape))
    mask = row(moves=3, targets=2, tokens=4)
    logits = torch.zeros(1, MASK_SIZE)
    actions, logs = HEADS.draw(logits, mask, torch.Generator())
    assert actions.tolist() == [[2, 2, NO_TARGET, SILENT]]
    assert torch.isfinite(logs).all()
    assert (logs > -3).all()
    mask[0, MASK_TARGET + NO_TARGET] = mask[0, MASK_TALK + SILENT] = 0
    assert HEADS.draw(logits, mask, torch.Generator())[0].tolist() == [[2, 2, 1, 3]]


def test_worlds_go_on_alike_whatever_does_not_count():
    options = {"config": "full", "seed": 5, "size": "tiny"}
    games = mix_of("merchants", config="full", horizon=200, playable=16, npc_count=0)
    first, second = (make_batch(2, games, **options) for _ in range(2))
    redrawn = 0
    for tick in range(30):
        actions, other = (first.random_actions(seed) for seed in (tick, 1000 + tick))
        masks = torch.from_numpy(first.masks.reshape(-1, FULL_MASK_SIZE))
        chosen = torch.from_numpy(actions.reshape(-1, len(FULL_HEADS))).long()
        idle = FULL.active(masks, chosen).numpy().reshape(actions.shape) == 0
        # Of a gift with neither item nor receiver one may be chosen, not both.
        idle[..., HEAD_GIVE_ITEM] &= ~idle[..., HEAD_GIVE_TARGET]
        changed = np.where(idle, other, actions)
        redrawn += (changed != actions).sum(axis=(0, 1))
        first.step(actions)
        second.step(changed)
        assert bytes_of(first) == bytes_of(second)
        assert first.markets.tobytes() == second.markets.tobytes()
    for head in (HEAD_STYLE, HEAD_SELL_PRICE, HEAD_GIVE_TARGET, HEAD_GIVE_GOLD_PRICE):
        assert redrawn[head] > 0, FULL_HEADS[head].name
