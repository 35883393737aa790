"""Greedy choices, epsilon's share of any choice, and what they say of themselves."""

import numpy as np
import pytest
import torch

from metammo.actions import MASK_SIZE, MASK_STYLE, MASK_TARGET, MINI_HEADS, NO_TARGET, head_sizes
from metammo.observe.layout import MINI_LAYOUT
from metammo.policies.choosing import Choosing
from metammo.policies.heads import ActionHeads
from metammo.policies.policy import TorchPolicy
from metammo.policies.recurrent import RecurrentPolicy

HEADS = ActionHeads()
MOVE, STYLE, TARGET, TALK = range(4)
LOGITS = torch.arange(float(MASK_SIZE)) % 5


def masks_of(rows):
    """Return masks that allow every second choice, the best of all not among them."""
    mask = torch.zeros(rows, MASK_SIZE, dtype=torch.uint8)
    mask[:, ::2] = 1
    return mask


def greedy(epsilon, rows=20_000, seed=0):
    generator = torch.Generator().manual_seed(seed)
    choosing = Choosing("greedy", epsilon)
    uniform = torch.rand(rows, choosing.draws(HEADS), generator=generator)
    return choosing.pick(HEADS, LOGITS.repeat(rows, 1), masks_of(rows), uniform)


def allowed_of(head):
    first = sum(HEADS.sizes[:head])
    return [i for i in range(HEADS.sizes[head]) if (first + i) % 2 == 0]


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_each_head_takes_any_allowed_choice_now_and_then(epsilon):
    actions = greedy(epsilon)
    for head, size in enumerate(HEADS.sizes):
        first = sum(HEADS.sizes[:head])
        allowed = allowed_of(head)
        best = max(allowed, key=lambda choice: LOGITS[first + choice])
        shares = torch.bincount(actions[:, head], minlength=size) / len(actions)
        assert not shares[[i for i in range(size) if i not in allowed]].any()
        wanted = {choice: epsilon / len(allowed) for choice in allowed}
        wanted[best] += 1 - epsilon
        assert shares[allowed].tolist() == pytest.approx(list(wanted.values()), abs=0.015)


def test_heads_explore_one_by_one():
    best = greedy(0.0)
    other = greedy(0.3) != best
    move, talk = (other[:, head].numpy() for head in (MOVE, TALK))
    assert (move & talk).mean() == pytest.approx(move.mean() * talk.mean(), abs=0.01)


def test_what_is_thought_is_what_is_done():
    choices, shares = Choosing("greedy", 0.2).best(HEADS, LOGITS[None], masks_of(1), 3)
    few = len(allowed_of(MOVE))
    assert shares[0, MOVE].tolist() == pytest.approx([0.8 + 0.2 / few, 0.2 / few, 0.2 / few])
    assert (choices[0, MOVE] % 2 == 0).all()
    assert not shares[choices < 0].any()


def test_what_a_choice_falls_short_counts_where_the_head_is_active():
    mask = torch.zeros(1, MASK_SIZE, dtype=torch.uint8)
    mask[0, :3] = 1
    mask[0, MASK_STYLE:MASK_TARGET] = 1
    mask[0, [MASK_TARGET, MASK_TARGET + NO_TARGET]] = 1
    logits = torch.zeros(1, MASK_SIZE)
    logits[0, :5] = torch.tensor([1.0, 4.0, 2.5, 9.0, 9.0])  # 9 is not allowed
    logits[0, MASK_STYLE : MASK_STYLE + 3] = torch.tensor([0.0, 0.0, 0.5])
    logits[0, MASK_TARGET] = 2.0
    none = HEADS.shortfalls(logits, mask, torch.tensor([[2, 0, NO_TARGET, 0]]))
    assert none.tolist() == [[-1.5, 0.0, -2.0, 0.0]]
    attack = HEADS.shortfalls(logits, mask, torch.tensor([[1, 0, 0, 0]]))
    assert attack.tolist() == [[0.0, -0.5, 0.0, 0.0]]


def test_a_policy_chooses_as_its_network_says_and_the_same_by_the_same_streams():
    torch.manual_seed(0)
    sizes = {"state_size": 16, "patch_width": 4, "entity_width": 4, "width": 16}
    module = RecurrentPolicy(**sizes, layer_norm=True, acts="greedy", epsilon=0.5)
    rows, mask = np.zeros(40, MINI_LAYOUT.dtype), masks_of(40).numpy()
    streams = np.arange(40, dtype=np.uint64)
    policy = TorchPolicy(module, seed=1)
    policy.keeps_thoughts = True
    blank = policy.initial_state(40)
    one, _ = policy.act(rows, mask, blank, streams=streams)
    again, _ = TorchPolicy(module, seed=2).act(rows, mask, blank, streams=streams)
    other, _ = policy.act(rows, mask, blank, streams=streams + np.uint64(1000))
    assert (one == again).all()
    assert (one != other).any()
    assert np.take_along_axis(mask[:, :6], one[:, :1], 1).all()
    assert policy.thoughts.share[0, MOVE, 0] > 0.5
    assert TorchPolicy(module, greedy=True).choosing == Choosing("greedy")
    best = policy.thoughts.choice[:, :, 0]
    assert (TorchPolicy(module, greedy=True).act(rows, mask, blank)[0] == best).all()
    assert len(head_sizes(MINI_HEADS)) == one.shape[1]


@pytest.mark.parametrize(
    ("acts", "epsilon", "said"), [("wild", 0, "samples, greedy"), ("greedy", 2, "0..1")]
)
def test_unknown_ways_are_refused(acts, epsilon, said):
    with pytest.raises(ValueError, match=said):
        Choosing(acts, epsilon)
