"""What a network is given of the agents that it acts for."""

from typing import NamedTuple

import torch
from torch import Tensor

from metammo.observe.layout import Layout

KINDS = {"int16": torch.int16, "int8": torch.int8, "uint8": torch.uint8}
"""Types of an observation's numbers."""


class Span(NamedTuple):
    """Where a part of an observation lies."""

    first: int
    """Its first byte."""
    last: int
    """The byte behind it."""
    kind: torch.dtype
    """Of its numbers."""

    def of(self, rows: Tensor) -> Tensor:
        """Return the part of observations, uint8[rows, bytes], as [rows, numbers], contiguous."""
        return rows[:, self.first : self.last].contiguous().view(self.kind)


def spans_of(layout: Layout) -> dict[str, Span]:
    """Return where the parts of a layout lie; looked up once, for a compiler cannot look inside."""
    spans = {}
    for part in layout.parts:
        first, kind = layout.offset(part.name), layout.dtype[part.name]
        spans[part.name] = Span(first, first + kind.itemsize, KINDS[str(kind.base)])
    return spans


class Inputs(NamedTuple):
    """Observations of some agents, and the markets of their worlds."""

    rows: Tensor
    """uint8[rows, bytes], observations as `observe.layout` lays them out."""
    markets: Tensor | None = None
    """int16[worlds, 384, 6] of `observe.layout.MarketFeature`; None in the mini config."""
    world_of: Tensor | None = None
    """int64[rows]: which of the markets is the row's."""

    def select(self, which: Tensor) -> "Inputs":
        """Return some of the rows, by number, int64[some], with all markets."""
        world_of = None if self.world_of is None else self.world_of.index_select(0, which)
        return Inputs(self.rows.index_select(0, which), self.markets, world_of)
