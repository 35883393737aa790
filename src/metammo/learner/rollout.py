"""What is remembered between updates, and how it is dealt out as sequences."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Minibatch:
    """Whole sequences, and the living steps in them.

    `living` numbers the living steps in the flat order [steps x sequences]; tensors of rows hold
    these alone, in that order.
    """

    state: Tensor
    """float32[sequences, size]: recurrent state before the first step."""
    begins: Tensor
    """bool[steps, sequences]: a life begins, the state is zeroed."""
    living: Tensor
    """int64[rows]."""
    observations: Tensor
    """uint8[rows, bytes]."""
    masks: Tensor
    """uint8[rows, choices]."""
    actions: Tensor
    """int64[rows, heads]."""
    log_probabilities: Tensor
    """float32[rows, heads]: of the active heads, when acted."""
    values: Tensor
    """float32[rows]: normalised, when acted."""
    advantages: Tensor
    """float32[rows]."""
    returns: Tensor
    """float32[rows]: normalised."""


class Rollout:
    """Buffers for a rollout of all agents of a batch, allocated once.

    Every tensor's first axes are [steps, rows], a row being an agent of a world.

    Args:
        steps: ticks in a rollout.
        rows: worlds x agents.
        row_bytes: bytes of an observation.
        choices: bytes of a mask.
        heads: heads of an action.
        state_size: of the recurrent core.
        sequence: steps of a sequence; divides `steps`.
    """

    def __init__(
        self,
        steps: int,
        rows: int,
        row_bytes: int,
        choices: int,
        heads: int,
        state_size: int,
        sequence: int,
    ) -> None:
        if steps % sequence:
            raise ValueError(f"rollout {steps} must be a multiple of the sequence {sequence}")
        self.steps, self.rows, self.sequence = steps, rows, sequence
        self.observations = torch.zeros(steps, rows, row_bytes, dtype=torch.uint8)
        self.masks = torch.zeros(steps, rows, choices, dtype=torch.uint8)
        self.actions = torch.zeros(steps, rows, heads, dtype=torch.int16)
        self.log_probabilities = torch.zeros(steps, rows, heads)
        self.values = torch.zeros(steps, rows)
        self.next_values = torch.zeros(steps, rows)
        self.rewards = torch.zeros(steps, rows)
        self.alive = torch.zeros(steps, rows, dtype=torch.bool)
        self.begins = torch.zeros(steps, rows, dtype=torch.bool)
        self.terminated = torch.zeros(steps, rows, dtype=torch.bool)
        self.truncated = torch.zeros(steps, rows, dtype=torch.bool)
        self.games = torch.zeros(steps, rows, dtype=torch.int16)
        self.states = torch.zeros(steps // sequence, rows, state_size)

    @property
    def ends(self) -> Tensor:
        """bool[steps, rows]: the life ended with this step, or there was none."""
        return self.terminated | self.truncated | ~self.alive

    def minibatches(
        self,
        size: int,
        advantages: Tensor,
        returns: Tensor,
        values: Tensor,
        generator: torch.Generator,
    ) -> Iterator[Minibatch]:
        """Deal out every living step once, in whole sequences, in random order.

        Args:
            size: living steps in a minibatch, about.
            advantages: float32[steps, rows].
            returns: float32[steps, rows], normalised.
            values: float32[steps, rows], normalised.
            generator: of the order.
        """
        chunks = self.steps // self.sequence
        alive = self.alive.view(chunks, self.sequence, self.rows)
        lengths = alive.sum(1).view(-1)
        order = torch.randperm(chunks * self.rows, generator=generator)
        order = order[lengths[order] > 0]
        passed = lengths[order].cumsum(0)
        count = max(round(int(passed[-1]) / size), 1)
        share = -(-int(passed[-1]) // count)
        starts = torch.searchsorted(passed, torch.arange(1, count) * share).tolist()
        for picked in torch.tensor_split(order, starts):
            if len(picked):
                yield self._gather(picked, advantages, returns, values)

    def _gather(
        self, picked: Tensor, advantages: Tensor, returns: Tensor, values: Tensor
    ) -> Minibatch:
        chunk = torch.div(picked, self.rows, rounding_mode="floor")
        row = picked - chunk * self.rows
        step = chunk * self.sequence + torch.arange(self.sequence)[:, None]
        flat = (step * self.rows + row).view(-1)
        living = self.alive.view(-1)[flat].nonzero().squeeze(-1)
        source = flat[living]

        def rows_of(tensor: Tensor) -> Tensor:
            return tensor.view(self.steps * self.rows, *tensor.shape[2:]).index_select(0, source)

        return Minibatch(
            state=self.states[chunk, row],
            begins=self.begins.view(-1)[flat].view(self.sequence, -1),
            living=living,
            observations=rows_of(self.observations),
            masks=rows_of(self.masks),
            actions=rows_of(self.actions).long(),
            log_probabilities=rows_of(self.log_probabilities),
            values=rows_of(values),
            advantages=rows_of(advantages),
            returns=rows_of(returns),
        )
