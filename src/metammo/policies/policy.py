"""The one interface of everything that acts, and its form for torch modules."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metammo.observe.layout import Market
from metammo.observe.sampling import draw_numbers
from metammo.policies.choosing import GREEDY, Choosing, choosing_of
from metammo.policies.heads import ActionHeads
from metammo.policies.inputs import Inputs
from metammo.policies.tiles import Tiles

CHOICES_KEPT = 3
"""How many choices of each head are kept of what a policy thinks."""


@dataclass(frozen=True)
class Thoughts:
    """What a policy thought of its agents when it chose; rows of a call, or [worlds, agents]."""

    value: NDArray[np.float32]
    """float32[rows]: the value it gives to where each stands; what it learned to, which for the
    learner's networks is in standard deviations of the game's returns."""
    choice: NDArray[np.int16]
    """int16[rows, heads, 3]: likeliest choices after masking, best first; -1: no such choice."""
    share: NDArray[np.float32]
    """float32[rows, heads, 3]: how likely they are; 0 where unknown."""


class Policy(Protocol):
    """Chooses actions for any number of agents at once.

    `state` is what the policy remembers of each agent, None where it remembers nothing.
    """

    name: str

    def initial_state(self, count: int) -> Any:
        """Return the memory of `count` agents whose lives begin."""
        ...

    def begin(self, state: Any, rows: NDArray[np.bool_]) -> Any:
        """Return the memory with that of the chosen rows, whose lives begin, made blank."""
        ...

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
        streams: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int16], Any]:
        """Choose an action for each row.

        Args:
            observation: record array [rows] of the layout, contiguous.
            mask: uint8[rows, choices].
            state: the rows' memory.
            market: the rows' worlds' markets; given in the full config alone.
            streams: uint64[rows], seeds of what is left to chance in this call. Where they are
                given, a row's action must follow from the row alone, whoever else is asked; None:
                the policy has a stream of its own.

        Returns:
            Actions, int16[rows, heads], and the memory that follows.
        """
        ...


def row_bytes_of(observation: Any) -> Tensor:
    """Return observations as bytes, uint8[rows, bytes]; not copied if they are contiguous."""
    raw = np.ascontiguousarray(np.asarray(observation))
    return torch.from_numpy(raw.view(np.uint8).reshape(raw.shape[0], -1))


class TorchPolicy:
    """A recurrent torch module as a policy, with random numbers of its own.

    Attributes:
        choosing: how it chooses: as the module says, or by sampling where it says nothing.
        keeps_thoughts: keep what was thought in each call of `act`; by default it is not computed.
        thoughts: of the rows of the last call; None where they are not kept.
        asks_at_once: take all rows through the network at once, even where streams are given: it
            costs less, and the last bits of an answer may hang on who else was asked.

    Args:
        module: as `recurrent.RecurrentPolicy`.
        name: how tables call it.
        seed: of the sampling.
        greedy: take the likeliest choices, whatever the module says.
    """

    def __init__(
        self, module: Any, name: str = "policy", *, seed: int = 0, greedy: bool = False
    ) -> None:
        self.module = module.eval()
        self.name = name
        self.choosing = Choosing(GREEDY) if greedy else choosing_of(module)
        self.keeps_thoughts = False
        self.thoughts: Thoughts | None = None
        self.asks_at_once = False
        self.heads = ActionHeads(module.head_sizes)
        self.tiles = Tiles(self.module)
        self.generator = torch.Generator(device=self.device).manual_seed(seed)

    @property
    def device(self) -> torch.device:
        """Where the module's weights are."""
        return next(self.module.parameters()).device

    @property
    def layout_name(self) -> str:
        """The one config that it plays."""
        return str(self.module.layout_name)

    def initial_state(self, count: int) -> Tensor:
        """Return blank recurrent states, float32[count, size]."""
        return torch.zeros(count, self.module.state_size, device=self.device)

    def begin(self, state: Tensor, rows: NDArray[np.bool_]) -> Tensor:
        """Return the states with the chosen rows made zero."""
        keep = torch.from_numpy(~np.asarray(rows)).to(state.device)
        return state * keep[:, None]

    @torch.no_grad()
    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Tensor,
        market: Market | None = None,
        streams: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int16], Tensor]:
        """Choose an action for each row; with streams, see `Tiles`.

        Raises:
            ValueError: the network was made for another config.
        """
        if mask.shape[-1] != sum(self.heads.sizes):
            raise ValueError(
                f"policy {self.name!r} plays the {self.module.layout_name} config, with "
                f"{sum(self.heads.sizes)} choices; here are {mask.shape[-1]}: give --config "
                f"{self.module.layout_name}"
            )
        inputs = Inputs(row_bytes_of(observation).to(self.device))
        if market is not None:
            listings, world_of = map(torch.from_numpy, market)
            inputs = Inputs(inputs.rows, listings.to(self.device), world_of.to(self.device))
        masks = torch.from_numpy(np.ascontiguousarray(mask)).to(self.device)
        if streams is None or self.asks_at_once:
            logits, values, state = self.module.step(inputs, state)
        else:
            logits, values, state = self.tiles.step(inputs, state, streams)
        self.thoughts = self._think(logits, values, masks) if self.keeps_thoughts else None
        uniform = self._draw(len(logits), streams)
        actions = self.choosing.pick(self.heads, logits, masks, uniform)
        return actions.to(torch.int16).cpu().numpy(), state

    def _draw(self, rows: int, streams: NDArray[np.uint64] | None) -> Tensor:
        """Return the random numbers that choosing needs, float32[rows, draws]."""
        draws = self.choosing.draws(self.heads)
        if streams is None:
            return torch.rand((rows, draws), generator=self.generator, device=self.device)
        uniform = np.empty((rows, draws), np.float32)
        draw_numbers(np.ascontiguousarray(streams, np.uint64), uniform)
        return torch.from_numpy(uniform).to(self.device)

    def _think(self, logits: Tensor, values: Tensor, masks: Tensor) -> Thoughts:
        choices, shares = self.choosing.best(self.heads, logits, masks, CHOICES_KEPT)
        return Thoughts(
            values.float().cpu().numpy(),
            choices.to(torch.int16).cpu().numpy(),
            shares.cpu().numpy(),
        )
