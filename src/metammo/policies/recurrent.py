"""The recurrent policy: encoder, core, heads that choose or point, in sizes with names."""

from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from metammo.actions import (
    HEAD_BUY,
    HEAD_DESTROY,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_TARGET,
    HEAD_USE,
)
from metammo.observe.layout import LAYOUTS
from metammo.policies.choosing import SAMPLES, Choosing
from metammo.policies.cores import CORES
from metammo.policies.encoders import Encoded, ObservationEncoder
from metammo.policies.inputs import Inputs
from metammo.policies.items import TERMS
from metammo.policies.module import PolicyModule

ENTITY_HEADS = (HEAD_TARGET, HEAD_GIVE_TARGET, HEAD_GIVE_GOLD_TARGET)
"""Heads that point at an observed entity."""
ITEM_HEADS = (HEAD_USE, HEAD_DESTROY, HEAD_SELL_ITEM, HEAD_GIVE_ITEM)
"""Heads that point at a place of the inventory."""
POINTERS = (*ENTITY_HEADS, *ITEM_HEADS, HEAD_BUY)
"""Heads whose last choice alone, none, is not pointed at."""


class RecurrentPolicy(
    PolicyModule,
    PyTorchModelHubMixin,
    library_name="metammo",
    license="mit",
):
    """Encoder, core and heads.

    The learner asks for three things: `encode`, for any living rows; `core`, over sequences; and
    `decode`, for living rows again.

    Args:
        state_size: numbers that the core remembers of an agent: as many as a GRU or minGRU puts
            out, twice as many as an LSTM does; of a transformer, `width` + 1 for each step.
        patch_width: features of a patch of tiles.
        entity_width: features of an entity.
        width: features of an observation.
        item_width: features of an item.
        layers: of the networks for a patch, an entity, an item.
        core: one of `cores.CORES`.
        layout: what is observed: mini or full.
        layer_norm: normalise the features of an observation, and what the heads are given (Ba et
            al. 2016).
        acts: how actions are chosen by it; see `choosing.Choosing`.
        epsilon: likewise.
    """

    def __init__(
        self,
        state_size: int = 128,
        patch_width: int = 24,
        entity_width: int = 32,
        width: int = 128,
        *,
        item_width: int = 32,
        layers: int = 1,
        core: str = "gru",
        layout: str = "mini",
        layer_norm: bool = False,
        acts: str = SAMPLES,
        epsilon: float = 0.0,
    ) -> None:
        super().__init__(LAYOUTS[layout])
        self.settings: dict[str, Any] = {
            "state_size": state_size,
            "patch_width": patch_width,
            "entity_width": entity_width,
            "width": width,
            "item_width": item_width,
            "layers": layers,
            "core": core,
            "layer_norm": layer_norm,
        }
        self.choosing = Choosing(acts, epsilon)
        self.encoder = ObservationEncoder(
            self.layout, patch_width, entity_width, width, item_width, layers
        )
        self.core = CORES[core](width, state_size)
        hidden = self.core.output_size + width
        self.feature_norm = nn.LayerNorm(width) if layer_norm else nn.Identity()
        self.hidden_norm = nn.LayerNorm(hidden) if layer_norm else nn.Identity()
        pointed = [head for head in POINTERS if head < len(self.head_sizes)]
        plain = sum(self.head_sizes) - sum(self.head_sizes[head] - 1 for head in pointed)
        entity_heads = [head for head in ENTITY_HEADS if head in pointed]
        self.choice_layer = nn.Linear(hidden, plain)
        self.query_layer = nn.Linear(hidden, len(entity_heads) * entity_width)
        self.value_layer = nn.Linear(hidden, 1)
        if HEAD_BUY in pointed:
            self.item_query_layer = nn.Linear(hidden, len(ITEM_HEADS) * item_width)
            self.offer_query_layer = nn.Linear(hidden, item_width + TERMS)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.orthogonal_(module.weight, 2**0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # Nearly uniform choices and a value of nearly zero to begin with.
        nn.init.orthogonal_(self.choice_layer.weight, 0.01)
        nn.init.orthogonal_(self.query_layer.weight, 0.01)
        nn.init.orthogonal_(self.value_layer.weight, 0.01)
        if self.layout_name == "full":
            nn.init.orthogonal_(self.item_query_layer.weight, 0.01)
            nn.init.orthogonal_(self.offer_query_layer.weight, 0.01)
        self.core.initialise()

    def encode(self, inputs: Inputs) -> Encoded:
        """Return features of observations, and keys of what a choice can point at."""
        encoded: Encoded = self.encoder(inputs)
        return encoded._replace(features=self.feature_norm(encoded.features))

    def decode(self, outputs: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return logits, float32[rows, choices], and values, float32[rows]."""
        hidden = self.hidden_norm(torch.cat((outputs, encoded.features), dim=-1))
        pointed = _point(encoded.entities, self.query_layer(hidden), ENTITY_HEADS)
        if encoded.items is not None:
            pointed |= _point(encoded.items, self.item_query_layer(hidden), ITEM_HEADS)
            pointed[HEAD_BUY] = self._rate_offers(hidden, encoded)
        sizes = [1 if head in pointed else size for head, size in enumerate(self.head_sizes)]
        plain = self.choice_layer(hidden).split(sizes, dim=-1)
        logits = [
            part
            for head, own in enumerate(plain)
            for part in ([pointed[head], own] if head in pointed else [own])
        ]
        return torch.cat(logits, dim=-1), self.value_layer(hidden).squeeze(-1).float()

    def _rate_offers(self, hidden: Tensor, encoded: Encoded) -> Tensor:
        """Return how much each offer is wanted, float32[rows, 384]; see `items.MarketEncoder`."""
        assert encoded.listings is not None
        assert encoded.terms is not None
        query = self.offer_query_layer(hidden)
        wanted = query[:, TERMS:] @ self.encoder.market.keys().t()
        by_kind = wanted.gather(1, encoded.listings)
        by_terms = torch.bmm(encoded.terms.to(query.dtype), query[:, :TERMS, None]).squeeze(-1)
        return by_kind + by_terms


def _point(keys: Tensor, queries: Tensor, heads: tuple[int, ...]) -> dict[int, Tensor]:
    """Return the logits, float32[rows, keys], of each head that a row has a query for."""
    scores = torch.bmm(keys, queries.unflatten(1, (keys.shape[2], -1)))
    return dict(zip(heads, scores.unbind(-1), strict=False))


_SMALL = {"state_size": 128, "patch_width": 24, "entity_width": 32, "width": 128, "item_width": 32}
_BASE = {"patch_width": 64, "entity_width": 128, "width": 256, "item_width": 64, "layers": 2}

POLICIES: dict[str, dict[str, Any]] = {
    "small": _SMALL,
    "small-lstm": {**_SMALL, "core": "lstm", "state_size": 256},
    "small-mingru": {**_SMALL, "core": "mingru"},
    "small-transformer": {**_SMALL, "core": "transformer", "state_size": 16 * 129},
    "base": {**_BASE, "core": "lstm", "state_size": 512},
}
"""Named sizes of the recurrent policy."""
