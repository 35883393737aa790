"""How the full config's items become numbers: what an agent carries, what its world offers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from metammo.observe.layout import ItemFeature, MarketFeature
from metammo.rules.items import INVENTORY_SIZE, ITEM_TYPE_COUNT
from metammo.rules.skills import LEVEL_LIMIT

LEVELS = LEVEL_LIMIT + 1
CATALOGUE = ITEM_TYPE_COUNT * LEVELS
"""How many items differ by type and level."""
TERMS = 4
"""Numbers of an offer besides its type and level: price, twice, quantity, ticks left."""
CROWD = 16.0
"""What the sum over a market's offers is divided by."""
PRICE_SCALE, TICK_SCALE, QUANTITY_SCALE = 32.0, 8.0, 4.0


def inverse(scale: Mapping[Any, int], size: int) -> Tensor:
    """Return 1 / scale of each feature, float32[size]; 1 where none is named.

    Args:
        scale: by number of the feature, an `IntEnum`.
        size: how many features there are.
    """
    values = torch.ones(size)
    for feature, divisor in scale.items():
        values[int(feature)] = 1.0 / divisor
    return values


def deeper(width: int, layers: int) -> nn.Sequential:
    """Return layers that follow a first one of the same width; none for `layers` 1."""
    more = [part for _ in range(layers - 1) for part in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*more)


def catalogue_table() -> Tensor:
    """Return planes of each pair of type and level, float32[198, 19]; zeros for no item."""
    table = torch.zeros(ITEM_TYPE_COUNT, LEVELS, ITEM_TYPE_COUNT + 1)
    for kind in range(1, ITEM_TYPE_COUNT):
        table[kind, :, kind] = 1.0
        table[kind, :, ITEM_TYPE_COUNT] = torch.arange(LEVELS) / LEVEL_LIMIT
    return table.view(CATALOGUE, -1)


def quantity_of(numbers: Tensor) -> Tensor:
    """Return quantities on a scale on which stacks do not outshine single items."""
    return torch.log1p(numbers.float()) / QUANTITY_SCALE


class InventoryEncoder(nn.Module):
    """Encodes what agents carry, place by place.

    Args:
        item_width: features of an item.
        layers: of the network for an item.
    """

    catalogue: Tensor

    def __init__(self, item_width: int, layers: int) -> None:
        super().__init__()
        self.register_buffer("catalogue", catalogue_table(), persistent=False)
        self.item_layer = nn.Linear(self.catalogue.shape[1] + 5, item_width)
        self.deep_item = deeper(item_width, layers)

    def forward(self, places: Tensor) -> Tensor:
        """Return features, float32[rows, 12, item_width], 0 where a place is empty.

        Args:
            places: int8[rows, 12 x 8], of `ItemFeature`.
        """
        places = places.unflatten(1, (INVENTORY_SIZE, len(ItemFeature))).int()
        kind, level, quantity, worn, price, ticks, skilled, _ = places.unbind(-1)
        planes = self.catalogue.index_select(0, (kind * LEVELS + level).flatten())
        numbers = torch.stack(
            (
                quantity_of(quantity),
                worn.float(),
                price.float() / PRICE_SCALE,
                ticks.float() / TICK_SCALE,
                skilled.float(),
            ),
            dim=-1,
        )
        planes = planes.unflatten(0, kind.shape)
        items = torch.relu(self.item_layer(torch.cat((planes, numbers), dim=-1)))
        return self.deep_item(items) * (kind != 0).unsqueeze(-1)


class MarketEncoder(nn.Module):
    """Encodes what worlds offer, once for all agents of a world.

    How much an agent wants an offer is a number for its type and level, the same for all offers
    of the kind, and so much for each of its `TERMS`. So 384 offers cost an agent no product: its
    numbers for the catalogue's 198 kinds are one product for all rows of all worlds.

    Args:
        item_width: features of an item, and size of the catalogue's keys.
        width: features of an observation.
        layers: of the network for an item.
    """

    catalogue: Tensor

    def __init__(self, item_width: int, width: int, layers: int) -> None:
        super().__init__()
        self.register_buffer("catalogue", catalogue_table(), persistent=False)
        self.kind_layer = nn.Linear(self.catalogue.shape[1], item_width)
        self.term_layer = nn.Linear(TERMS, item_width, bias=False)
        self.deep_item = deeper(item_width, layers)
        self.market_layer = nn.Linear(2 * item_width, width, bias=False)

    def keys(self) -> Tensor:
        """Return features of each type and level, float32[198, item_width]."""
        return self.deep_item(torch.relu(self.kind_layer(self.catalogue)))

    def forward(self, markets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode markets.

        Args:
            markets: int16[worlds, 384, 6], of `MarketFeature`.

        Returns:
            Features of each market, float32[worlds, width]; each offer's place in the catalogue,
            int64[worlds, 384]; and its terms, float32[worlds, 384, 4].
        """
        numbers = markets.int()
        listings = numbers[..., MarketFeature.TYPE] * LEVELS + numbers[..., MarketFeature.LEVEL]
        price = numbers[..., MarketFeature.PRICE].float()
        terms = torch.stack(
            (
                price / PRICE_SCALE,
                torch.log1p(price) / QUANTITY_SCALE,
                quantity_of(numbers[..., MarketFeature.QUANTITY]),
                numbers[..., MarketFeature.TICKS_LEFT].float() / TICK_SCALE,
            ),
            dim=-1,
        )
        kinds = self.kind_layer(self.catalogue).index_select(0, listings.flatten())
        offers = torch.relu(kinds.unflatten(0, listings.shape) + self.term_layer(terms))
        offers = self.deep_item(offers) * (numbers[..., :1] != 0)
        summary = torch.cat((offers.amax(1), offers.sum(1) / CROWD), dim=-1)
        return self.market_layer(summary), listings.long(), terms
