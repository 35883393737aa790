"""What is remembered between updates, and how it is dealt out as sequences."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.policies.inputs import Inputs


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
    source: Tensor
    """int64[rows]: where the rows stand in the rollout, in the flat order [steps x rows]."""
    inputs: Inputs
    """Observations of the rows."""
    masks: Tensor
    """uint8[rows, choices]."""
    actions: Tensor
    """int64[rows, heads]."""
    log_probabilities: Tensor
    """float32[rows, heads]: of the active heads, when acted."""


class Rollout:
    """Buffers for a rollout of all agents of a batch, allocated once.

    Every tensor's first axes are [steps, rows], a row being an agent of a world; those of `markets`
    are [steps, worlds] and those of `states` [sequences, rows].

    Args:
        batch: whose agents act.
        steps: ticks in a rollout.
        sequence: steps of a sequence; divides `steps`.
        state_size: of the recurrent core.
        device: where the buffers are; the network's.
    """

    def __init__(
        self,
        batch: Batch,
        steps: int,
        sequence: int,
        state_size: int,
        device: torch.device | str = "cpu",
    ) -> None:
        if steps % sequence:
            raise ValueError(f"rollout {steps} must be a multiple of the sequence {sequence}")
        self.steps, self.sequence = steps, sequence
        self.agents = batch.agent_count
        self.rows = batch.world_count * self.agents

        def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(steps, *shape, dtype=dtype, device=device)

        rows = self.rows
        self.observations = zeros(rows, batch.layout.row_bytes, dtype=torch.uint8)
        self.markets = zeros(*batch.markets.shape, dtype=torch.int16)
        self.masks = zeros(rows, batch.masks.shape[-1], dtype=torch.uint8)
        self.actions = zeros(rows, len(batch.heads), dtype=torch.int16)
        self.log_probabilities = zeros(rows, len(batch.heads))
        self.values = zeros(rows)
        self.next_values = zeros(rows)
        self.rewards = zeros(rows)
        self.alive = zeros(rows, dtype=torch.bool)
        self.begins = zeros(rows, dtype=torch.bool)
        self.terminated = zeros(rows, dtype=torch.bool)
        self.truncated = zeros(rows, dtype=torch.bool)
        self.games = zeros(rows, dtype=torch.int16)
        self.states = torch.zeros(steps // sequence, rows, state_size, device=device)

    @property
    def ends(self) -> Tensor:
        """bool[steps, rows]: the life ended with this step, or there was none."""
        return self.terminated | self.truncated | ~self.alive

    @property
    def has_markets(self) -> bool:
        """Whether the networks are given markets, as in the full config."""
        return self.markets.shape[2] > 0

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is remembered, by name; not copied."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}

    def holding(self, tensors: Mapping[str, Tensor]) -> "Rollout":
        """Return a rollout of the same worlds that holds what `tensors` of another gave."""
        other = copy(self)
        vars(other).update(tensors)
        return other

    def minibatches(self, count: int, generator: torch.Generator) -> Iterator[Minibatch]:
        """Deal out every living step once, in whole sequences, in random order.

        Where there are markets, agents of a world stay together, so that a market is encoded once
        for several; as many as make half a minibatch at most, so that minibatches become alike.

        Args:
            count: how many minibatches, of about as many living steps each; some have none where
                there are fewer sequences.
            generator: of the order; on the CPU. One number is drawn from it.
        """
        chunks = self.steps // self.sequence
        share = -(-int(self.alive.sum()) // count)
        together = self._together(share) if self.has_markets else 1
        groups = self.rows // together
        alive = self.alive.view(chunks, self.sequence, groups, together)
        lengths = alive.sum((1, 3)).view(-1).cpu()
        # One number is drawn, however much is dealt: generators stay alike in all processes.
        seed = int(torch.randint(2**62, (), generator=generator))
        order = torch.randperm(chunks * groups, generator=torch.Generator().manual_seed(seed))
        order = order[lengths[order] > 0]
        passed = lengths[order].cumsum(0)
        # A sequence that ends just where a minibatch is full is the last of it.
        starts = torch.searchsorted(passed, torch.arange(1, count) * share, right=True).tolist()
        for picked in torch.tensor_split(order, starts):
            yield self._gather(picked.to(self.alive.device), groups)

    def _together(self, share: int) -> int:
        """Return how many of a world's agents are dealt together, by a minibatch's living steps."""
        together = self.agents
        while together % 2 == 0 and 2 * together * self.sequence > share:
            together //= 2
        return together

    def rows_of(self, tensor: Tensor, source: Tensor) -> Tensor:
        """Return rows of a tensor [steps, rows, ...] by their places in the flat order."""
        return tensor.reshape(self.steps * self.rows, *tensor.shape[2:]).index_select(0, source)

    def _gather(self, picked: Tensor, groups: int) -> Minibatch:
        together = self.rows // groups
        device = picked.device
        chunk = torch.div(picked, groups, rounding_mode="floor")
        group = picked - chunk * groups
        row = (group[:, None] * together + torch.arange(together, device=device)).view(-1)
        first = chunk * self.sequence
        steps = torch.arange(self.sequence, device=device)[:, None]
        step = first.repeat_interleave(together) + steps
        flat = (step * self.rows + row).view(-1)
        living = self.alive.view(-1)[flat].nonzero().squeeze(-1)
        source = flat[living]
        observed = self.rows_of(self.observations, source)
        inputs = Inputs(observed)
        if self.has_markets:
            world = torch.div(group * together, self.agents, rounding_mode="floor")
            markets = self.markets[first + steps, world].flatten(0, 1)
            place = torch.arange(len(picked), device=device).repeat_interleave(together)
            world_of = (steps * len(picked) + place).view(-1)[living]
            inputs = Inputs(observed, markets, world_of)
        return Minibatch(
            state=self.states[chunk.repeat_interleave(together), row],
            begins=self.begins.view(-1)[flat].view(self.sequence, -1),
            living=living,
            source=source,
            inputs=inputs,
            masks=self.rows_of(self.masks, source),
            actions=self.rows_of(self.actions, source).long(),
            log_probabilities=self.rows_of(self.log_probabilities, source),
        )
