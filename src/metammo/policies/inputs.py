"""What a network is given of the agents that it acts for."""

from typing import NamedTuple

from torch import Tensor


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
