"""How an observation's bytes become numbers that a network takes in.

Built for a CPU: few, large matrix products, bytes until the last moment, no gradient into lookups.
Tile codes go through a constant table to 0/1 planes, already in the order of 3 x 3 patches, so that
the first layer is one matrix product.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from metammo.observe.layout import (
    ENTITY_CODES,
    FOG_LEVEL,
    MATERIAL_CODES,
    TALK_LIMIT,
    EntityFeature,
    Layout,
    OwnFeature,
    SkillFeature,
    TalkFeature,
)
from metammo.policies.first_layers import Entities, Patches, Words, are_loops_quicker
from metammo.policies.inputs import Inputs, spans_of
from metammo.policies.items import InventoryEncoder, MarketEncoder, deeper, inverse
from metammo.policies.loops import FOG_SCALE, OBJECTIVE_SCALE, PATCHES, PLACES, TILE_OF
from metammo.rules.materials import DEPLETES_TO, IS_HABITABLE, Material
from metammo.rules.sizes import WINDOW
from metammo.rules.skills import SKILL_COUNT
from metammo.world.columns import OBSERVED_ENTITIES

MATERIAL_PLANES = 6
TILE_PLANES = MATERIAL_PLANES + ENTITY_CODES

OWN_SCALE = {
    OwnFeature.HEALTH: 100,
    OwnFeature.FOOD: 100,
    OwnFeature.WATER: 100,
    OwnFeature.ROW_TO_CENTER: 32,
    OwnFeature.COL_TO_CENTER: 32,
    OwnFeature.DISTANCE_TO_CENTER: 32,
    OwnFeature.PLAYABLE: 128,
    OwnFeature.TICK: 1024,
    OwnFeature.TICKS_LEFT: 1024,
    OwnFeature.TIME_ALIVE: 1024,
    OwnFeature.FREEZE: 10,
    OwnFeature.DAMAGE: 20,
    OwnFeature.FOG_HERE: 8,
    OwnFeature.FOG_TICKS_LEFT: 128,
    OwnFeature.FOG_FINAL_SIZE: 8,
    OwnFeature.MESSAGE: 127,
    OwnFeature.GOLD: 20,
    OwnFeature.LEVEL: 10,
    OwnFeature.MELEE_LEVEL: 10,
    OwnFeature.RANGE_LEVEL: 10,
    OwnFeature.MAGE_LEVEL: 10,
    OwnFeature.EXPLORATION: 64,
    OwnFeature.TEAM_ALIVE: 8,
    OwnFeature.TEAM_SIZE: 8,
    OwnFeature.PLAYERS_ALIVE: 128,
    OwnFeature.TEAMS_ALIVE: 16,
    OwnFeature.OBJECTIVE_ROW: 32,
    OwnFeature.OBJECTIVE_COL: 32,
    OwnFeature.PROGRESS: 1000,
    OwnFeature.CAN_ATTACK: 8,
    OwnFeature.COMBAT_TICKS: 3,
}
"""What each number about the agent is divided by; 1 where none is named."""

FAR = 8.0
"""From here on such a number grows as its logarithm: who is frozen for good has 32,000 ticks to go,
and a network that saw 3,200 for the first time would think of nothing else."""

ENTITY_SCALE = {
    EntityFeature.ROW: 7,
    EntityFeature.COL: 7,
    EntityFeature.DISTANCE: 7,
    EntityFeature.HEALTH: 100,
    EntityFeature.FREEZE: 10,
    EntityFeature.STYLE: 2,
    EntityFeature.LEVEL: 10,
    EntityFeature.ITEM_LEVEL: 30,
    EntityFeature.MESSAGE: 127,
    EntityFeature.DAMAGE: 20,
}

TALK_SCALE = {TalkFeature.ROW: 32, TalkFeature.COL: 32, TalkFeature.TOKEN: 127}

SKILL_SCALE = {SkillFeature.LEVEL: 10, SkillFeature.PERCENT: 100}


def tile_table() -> Tensor:
    """Return the planes of each pair of material and entity code, float32[128, 14]."""
    table = torch.zeros(MATERIAL_CODES, ENTITY_CODES, TILE_PLANES)
    for material in Material:
        planes = (
            bool(IS_HABITABLE[material]),
            material in (Material.WATER,),
            material == Material.FOLIAGE,
            material in DEPLETES_TO and material != Material.FOLIAGE,
            material == Material.HERB,
            material == Material.VOID,
        )
        table[material, :, :MATERIAL_PLANES] = torch.tensor(planes, dtype=torch.float32)
    table[:, torch.arange(1, ENTITY_CODES), MATERIAL_PLANES + torch.arange(1, ENTITY_CODES)] = 1.0
    return table.view(-1, TILE_PLANES)


def compress(numbers: Tensor) -> Tensor:
    """Return numbers as they are up to `FAR`, and beyond it by their logarithm; float32."""
    near = numbers.clamp(-FAR, FAR)
    beyond = numbers - near
    return near + beyond.sign() * beyond.abs().log1p()


class Encoded(NamedTuple):
    """What a network makes of observations; rows first."""

    features: Tensor
    """float32[rows, width]: what enters the core."""
    entities: Tensor
    """float32[rows, 32, entity_width]: the observed entities, 0 where there is none."""
    items: Tensor | None = None
    """float32[rows, 12, item_width]: the inventory, 0 where a place is empty. Full config, as the
    rest."""
    listings: Tensor | None = None
    """int64[rows, 384]: type and level of what is on offer; see `items.MarketEncoder`."""
    terms: Tensor | None = None
    """float32[rows, 384, 4]: price and the like of what is on offer."""


class ObservationEncoder(nn.Module):
    """Encodes observations into features, and into keys of what a choice can point at.

    Args:
        layout: where the parts lie in the bytes.
        patch_width: features of each 3 x 3 patch.
        entity_width: features of each entity, and size of the keys.
        width: features of an observation.
        item_width: features of each item, and size of the keys.
        layers: of the networks for a patch, an entity, an item.
    """

    patch_order: Tensor
    tile_table: Tensor
    own_scale: Tensor
    entity_scale: Tensor
    talk_scale: Tensor
    skill_scale: Tensor

    def __init__(
        self,
        layout: Layout,
        patch_width: int,
        entity_width: int,
        width: int,
        item_width: int,
        layers: int,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.spans = spans_of(layout)
        for name, value in (
            ("patch_order", torch.tensor(TILE_OF.ravel())),
            ("tile_table", tile_table()),
            ("own_scale", inverse(OWN_SCALE, len(OwnFeature))),
            ("entity_scale", inverse(ENTITY_SCALE, len(EntityFeature))),
            ("talk_scale", inverse(TALK_SCALE, len(TalkFeature))),
            ("skill_scale", inverse(SKILL_SCALE, len(SkillFeature))),
        ):
            self.register_buffer(name, value, persistent=False)
        self.patch_layer = nn.Linear(PLACES * TILE_PLANES, patch_width)
        self.fog_layer = nn.Linear(2 * PLACES, patch_width, bias=False)
        self.tile_layer = nn.Linear(PATCHES * patch_width, width)
        self.entity_layer = nn.Linear(len(EntityFeature), entity_width)
        self.talk_layer = nn.Linear(len(TalkFeature), 16)
        tasks = layout.dtype["task"].itemsize
        own_width = len(OwnFeature) + tasks + 2 * entity_width + 16
        if layout.has_market:
            own_width += layout.dtype["skills"].itemsize + 2 * item_width
        self.own_layer = nn.Linear(own_width, width)
        self.trunk = nn.Linear(width, width)
        self.deep_patch = deeper(patch_width, layers)
        self.deep_entity = deeper(entity_width, layers)
        if layout.has_market:
            self.inventory = InventoryEncoder(item_width, layers)
            self.market = MarketEncoder(item_width, width, layers)

    def part(self, rows: Tensor, name: str) -> Tensor:
        """Return a part, [rows, numbers] of its own type, contiguous."""
        return self.spans[name].of(rows)

    def encode_patches(self, rows: Tensor) -> Tensor:
        """Return the first layer's features of each patch, float32[rows, 25, patch_width]."""
        count, layer = rows.shape[0], self.patch_layer
        tiles = self.part(rows, "tiles")
        if are_loops_quicker(layer.weight):
            by_plane = layer.weight.view(-1, PLACES, TILE_PLANES).permute(1, 2, 0)
            ground = self.fog_layer.weight.view(-1, PLACES, 2).permute(1, 2, 0)
            return Patches.apply(tiles, self.tile_table @ by_plane, ground, layer.bias)
        tiles = tiles.view(count, 4, WINDOW * WINDOW)[:, :, self.patch_order]
        code = tiles[:, 0].int() * ENTITY_CODES + tiles[:, 1]
        planes = self.tile_table.index_select(0, code.view(-1))
        fog = (tiles[:, 2].float() - FOG_LEVEL) * (tiles[:, 2] != 0) / FOG_SCALE
        objective = tiles[:, 3].float() / OBJECTIVE_SCALE
        extra = torch.stack((fog, objective), dim=-1).view(count, PATCHES, 2 * PLACES)
        planes = planes.view(count, PATCHES, PLACES * TILE_PLANES)
        return torch.relu(layer(planes) + self.fog_layer(extra))

    def encode_tiles(self, rows: Tensor) -> Tensor:
        """Return features of the window, float32[rows, width]."""
        return self.tile_layer(self.deep_patch(self.encode_patches(rows)).flatten(1))

    def encode_entities(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features of the observed entities, float32[rows, 32, entity_width].

        And their maximum and mean, float32[rows, entity_width].
        """
        numbers = self.part(rows, "entities")
        numbers = numbers.unflatten(1, (OBSERVED_ENTITIES, len(EntityFeature)))
        layer = self.entity_layer
        if are_loops_quicker(layer.weight) and not len(self.deep_entity):
            return Entities.apply(numbers, (layer.weight * self.entity_scale).t(), layer.bias)
        entities = torch.relu(layer(numbers.float() * self.entity_scale))
        # Rows of nobody must not shine through the maximum.
        entities = self.deep_entity(entities) * (numbers[:, :, :1] != 0)
        return entities, entities.amax(1), entities.mean(1)

    def encode_talk(self, rows: Tensor) -> Tensor:
        """Return features of what the team says, float32[rows, 16]."""
        words = self.part(rows, "talk")
        words = words.unflatten(1, (TALK_LIMIT, len(TalkFeature)))
        layer = self.talk_layer
        if are_loops_quicker(layer.weight):
            return Words.apply(words, (layer.weight * self.talk_scale).t(), layer.bias)
        return torch.relu(layer(words.float() * self.talk_scale)).amax(1)

    def forward(self, inputs: Inputs) -> Encoded:
        """Encode observations."""
        rows = inputs.rows
        entities, most, mean = self.encode_entities(rows)
        parts = [
            compress(self.part(rows, "own").float() * self.own_scale),
            self.part(rows, "task").float() / 64.0,
            most,
            mean,
            self.encode_talk(rows),
        ]
        if inputs.markets is None or inputs.world_of is None:
            features = self.encode_whole(rows, self.own_layer(torch.cat(parts, dim=-1)))
            return Encoded(features, entities)
        levels = self.part(rows, "skills")
        levels = levels.unflatten(1, (SKILL_COUNT, len(SkillFeature)))
        items = self.inventory(self.part(rows, "inventory"))
        parts += [(levels.float() * self.skill_scale).flatten(1), items.amax(1), items.mean(1)]
        offers = self.market(inputs.markets)
        # Once for a world, then for its rows.
        market, listings, terms = (each.index_select(0, inputs.world_of) for each in offers)
        features = self.encode_whole(rows, self.own_layer(torch.cat(parts, dim=-1)) + market)
        return Encoded(features, entities, items, listings, terms)

    def encode_whole(self, rows: Tensor, rest: Tensor) -> Tensor:
        """Return the features of observations by what is known but for their tiles."""
        hidden = torch.relu(self.encode_tiles(rows) + rest)
        return torch.relu(self.trunk(hidden))
