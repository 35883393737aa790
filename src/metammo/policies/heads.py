"""Several categorical choices made at once: masking, sampling, joint log-probability, entropy.

The log-probability of an action is the sum over its *active* heads: a head whose mask leaves one
option adds nothing, and neither does one whose choice cannot matter as the others are, such as the
style of an attack that is not made. What happens then does not depend on that choice, so leaving it
out changes no gradient's mean; it takes away noise.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from metammo.actions import (
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_STYLE,
    HEAD_TARGET,
    MINI_HEADS,
    head_sizes,
)

FORBIDDEN = -1e9
"""Logit of a masked choice: finite, so no gradient becomes NaN; its probability is exactly 0."""

COUNTS_WITH = {
    HEAD_STYLE: HEAD_TARGET,
    HEAD_SELL_PRICE: HEAD_SELL_ITEM,
    HEAD_GIVE_ITEM: HEAD_GIVE_TARGET,
    HEAD_GIVE_TARGET: HEAD_GIVE_ITEM,
    HEAD_GIVE_GOLD_PRICE: HEAD_GIVE_GOLD_TARGET,
}
"""Heads that matter only where another one chooses something: not its last choice, which is none.

An item is given where item and receiver are chosen, so each of the two matters only with the other;
where both are none, neither does: with one of them none, the other might as well be anything.
"""


class ActionHeads:
    """The heads of an action, their choices laid one after the other.

    Args:
        sizes: number of choices of each head.
    """

    def __init__(self, sizes: Sequence[int] = head_sizes(MINI_HEADS)) -> None:
        self.sizes = tuple(sizes)
        self.conditions = [pair for pair in COUNTS_WITH.items() if max(pair) < len(self.sizes)]
        # Times a mask: how many choices each head has, and the place of the only one.
        self.survey = torch.zeros(sum(self.sizes), 2 * len(self.sizes))
        for head, part in enumerate(self.survey.split(self.sizes)):
            part[:, head] = 1
            part[:, len(self.sizes) + head] = torch.arange(len(part))

    def masked(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return float32 logits with masked choices put out of reach."""
        return torch.where(masks != 0, logits.float(), FORBIDDEN)

    def draw(
        self, logits: Tensor, masks: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw an action for each row, and tell how likely it was.

        Args:
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            generator: on the device of both.

        Returns:
            The action, int64[rows, heads], and the log-probability of each head where it is
            active, else 0, float32[rows, heads], as `evaluate` gives it.
        """
        options, actions = self._options(masks)
        log_probabilities = torch.zeros(actions.shape, device=actions.device)
        for head, rows, (scores, allowed) in self._parts(options > 1, logits, masks):
            log_softmax = torch.log_softmax(self.masked(scores, allowed), dim=-1)
            sums = log_softmax.exp().cumsum(-1) * allowed
            # Below the largest sum, by however little, also where the product is rounded up to it.
            total = sums.amax(-1, keepdim=True)
            below = torch.nextafter(total, torch.zeros_like(total))
            chances = torch.rand(total.shape, generator=generator, device=total.device)
            is_above = sums > torch.minimum(chances * total, below)
            # The first of them: not all devices' running sums stand still where nothing is added.
            chosen = is_above.int().argmax(-1, keepdim=True)
            actions[rows, head] = chosen.squeeze(-1)
            log_probabilities[rows, head] = log_softmax.gather(-1, chosen).squeeze(-1)
        return actions, log_probabilities * self._counted(options, actions)

    def pick(self, logits: Tensor, masks: Tensor, uniform: Tensor) -> Tensor:
        """Pick an action for each row, int64[rows, heads], by numbers evenly spread over [0, 1).

        Args:
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            uniform: float32[rows, choices].
        """
        options, actions = self._options(masks)
        parts = self._parts(options > 1, logits, masks, uniform)
        for head, rows, (scores, allowed, chances) in parts:
            noise = -torch.log(-torch.log(chances.clamp(1e-10, 1 - 1e-7)))
            actions[rows, head] = (self.masked(scores, allowed) + noise).argmax(-1)
        return actions

    def likeliest(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return the likeliest choice of each head, int64[rows, heads]."""
        options, actions = self._options(masks)
        for head, rows, (scores, allowed) in self._parts(options > 1, logits, masks):
            actions[rows, head] = self.masked(scores, allowed).argmax(-1)
        return actions

    def explore(self, logits: Tensor, masks: Tensor, uniform: Tensor, epsilon: float) -> Tensor:
        """Return each head's likeliest choice, or now and then any, int64[rows, heads].

        Args:
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            uniform: float32[rows, choices + heads], numbers evenly spread over [0, 1).
            epsilon: how often a head takes any allowed choice, all alike.
        """
        numbers, chances = uniform.split((sum(self.sizes), len(self.sizes)), dim=-1)
        # The largest of numbers alike is any of the allowed.
        anything = self.likeliest(numbers, masks)
        return torch.where(chances < epsilon, anything, self.likeliest(logits, masks))

    def best(self, logits: Tensor, masks: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return each head's likeliest choices, best first, and how likely they are.

        Returns:
            int64[rows, heads, count], -1 where a head allows no further choice, and the
            probabilities, float32[rows, heads, count], 0 there.
        """
        rows, heads = logits.shape[0], len(self.sizes)
        choices = torch.full((rows, heads, count), -1, device=logits.device)
        shares = torch.zeros((rows, heads, count), device=logits.device)
        parts = self.masked(logits, masks).split(self.sizes, dim=-1)
        allowed = masks.split(self.sizes, dim=-1)
        for head, (part, mask) in enumerate(zip(parts, allowed, strict=True)):
            share, place = torch.softmax(part, dim=-1).topk(min(count, part.shape[-1]))
            is_allowed = mask.gather(-1, place) != 0
            choices[:, head, : place.shape[-1]] = place.where(is_allowed, place.new_tensor(-1))
            shares[:, head, : place.shape[-1]] = share * is_allowed
        return choices, shares

    def _options(self, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Return how many choices each head has, and the place of one that is the only one."""
        self.survey = self.survey.to(masks.device)
        # Half of the digits would not do for places.
        with torch.autocast(masks.device.type, enabled=False):
            told = masks.float() @ self.survey
        return told.long().split(len(self.sizes), dim=-1)

    def _parts(
        self, wanted: Tensor, *tensors: Tensor
    ) -> Iterator[tuple[int, Tensor, list[Tensor]]]:
        """Deal tensors, [rows, choices], out by head, and give the rows where it is wanted.

        Most heads have a single choice most of the time: leaving those out leaves a tenth of the
        work. A GPU does it all sooner than it tells which rows they are.
        """
        parts = [tensor.split(self.sizes, dim=-1) for tensor in tensors]
        for head in range(len(self.sizes)):
            rows = self._rows(wanted[:, head])
            if len(rows):
                yield head, rows, [part[head].index_select(0, rows) for part in parts]

    def _rows(self, wanted: Tensor) -> Tensor:
        if wanted.device.type == "cpu":
            return wanted.nonzero().squeeze(-1)
        return torch.arange(len(wanted), device=wanted.device)

    def active(self, masks: Tensor, actions: Tensor) -> Tensor:
        """Return which heads count, float32[rows, heads].

        Args:
            masks: uint8[rows, choices].
            actions: int64[rows, heads].
        """
        return self._counted(self._options(masks)[0], actions)

    def _counted(self, options: Tensor, actions: Tensor) -> Tensor:
        active = options > 1
        for head, other in self.conditions:
            active[..., head] &= actions[..., other] != self.sizes[other] - 1
        return active.float()

    def evaluate(self, logits: Tensor, masks: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probability and entropy of each head where it is active, else 0.

        Args:
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            actions: int64[rows, heads].

        Returns:
            Two tensors float32[rows, heads]; a row's joint log-probability is the sum over heads.
        """
        active = self.active(masks, actions)
        log_probabilities, entropies = torch.zeros_like(active), torch.zeros_like(active)
        for head, rows, (scores, allowed) in self._parts(active != 0, logits, masks):
            log_softmax = torch.log_softmax(self.masked(scores, allowed), dim=-1)
            chosen = log_softmax.gather(-1, actions[rows, head].unsqueeze(-1))
            entropy = -(log_softmax.exp() * log_softmax.clamp_min(FORBIDDEN)).sum(-1)
            log_probabilities[rows, head] = chosen.squeeze(-1)
            entropies[rows, head] = entropy
        return log_probabilities * active, entropies * active

    def shortfalls(self, logits: Tensor, masks: Tensor, actions: Tensor) -> Tensor:
        """Return by how much less each head's choice promises than its best, where it is active.

        Args:
            logits: float[rows, choices].
            masks: uint8[rows, choices].
            actions: int64[rows, heads].

        Returns:
            float32[rows, heads], at most 0; 0 where a head is not active.
        """
        behind = []
        for head, part in enumerate(self.masked(logits, masks).split(self.sizes, dim=-1)):
            chosen = part.gather(-1, actions[..., head : head + 1]).squeeze(-1)
            behind.append(chosen - part.amax(-1))
        return torch.stack(behind, dim=-1) * self.active(masks, actions)
