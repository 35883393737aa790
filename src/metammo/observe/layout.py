"""The layout of an observation: the one table behind spaces, docs, encoders and the viewer.

An observation is a record of a few parts; a batch of them is one block of bytes. Every byte means
something at every tick; those that stay the same are not written again.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metammo.rules.items import INVENTORY_SIZE, LISTING_LIMIT
from metammo.rules.materials import MATERIAL_COUNT
from metammo.rules.sizes import WINDOW
from metammo.rules.skills import SKILL_COUNT
from metammo.world.columns import OBSERVED_ENTITIES, TASK_NUMBERS

TASK_FLAGS = 12
"""First numbers of a task: who is asked, and what is on."""
TALK_LIMIT = 32
"""Team members whose words are seen."""
TASK_SIZE = TASK_FLAGS + TASK_NUMBERS


class Market(NamedTuple):
    """What is for sale in each world, and in which world each row of observations stands."""

    listings: NDArray[np.int16]
    """int16[worlds, 384, 6], `MarketFeature`."""
    world_of: NDArray[np.int64]
    """int64[rows]."""


class TilePlane(IntEnum):
    """Planes of the part `tiles`."""

    MATERIAL = 0
    ENTITY = 1
    FOG = 2
    OBJECTIVE = 3


class TileEntity(IntEnum):
    """Who stands on a tile, seen from the agent; the largest number of those present is shown."""

    NONE = 0
    TEAM_MATE = 1
    PASSIVE = 2
    NEUTRAL = 3
    PROTECTED = 4
    ENEMY = 5
    HOSTILE = 6
    TARGET = 7


FOG_LEVEL = 128
"""Fog code of a tile at the fog's edge; above: tiles deep in it, below: tiles left; 0: no fog."""


class OwnFeature(IntEnum):
    """Numbers of the part `own`: the agent itself and its surroundings."""

    ALIVE = 0
    HEALTH = 1
    FOOD = 2
    WATER = 3
    ROW_TO_CENTER = 4
    COL_TO_CENTER = 5
    DISTANCE_TO_CENTER = 6
    PLAYABLE = 7
    TICK = 8
    TICKS_LEFT = 9
    TIME_ALIVE = 10
    FREEZE = 11
    IS_IMMORTAL = 12
    IS_YOUNG = 13
    IN_COMBAT = 14
    DAMAGE = 15
    IS_ATTACKED = 16
    IS_RESILIENT = 17
    FOG_HERE = 18
    FOG_TICKS_LEFT = 19
    FOG_FINAL_SIZE = 20
    MESSAGE = 21
    GOLD = 22
    LEVEL = 23
    MELEE_LEVEL = 24
    RANGE_LEVEL = 25
    MAGE_LEVEL = 26
    EXPLORATION = 27
    TEAM_ALIVE = 28
    TEAM_SIZE = 29
    PLAYERS_ALIVE = 30
    TEAMS_ALIVE = 31
    LAST_STYLE = 32
    IS_LEADER = 33
    OBJECTIVE_ROW = 34
    OBJECTIVE_COL = 35
    OBJECTIVE_OWNED = 36
    PROGRESS = 37
    CAN_ATTACK = 38
    COMBAT_TICKS = 39


class EntityFeature(IntEnum):
    """Numbers of each row of the part `entities`."""

    PRESENT = 0
    ROW = 1
    COL = 2
    DISTANCE = 3
    CAN_BE_ATTACKED = 4
    IS_TEAM_MATE = 5
    IS_ENEMY = 6
    IS_TARGETING_ME = 7
    IS_PASSIVE = 8
    IS_NEUTRAL = 9
    IS_HOSTILE = 10
    HEALTH = 11
    IS_PROTECTED = 12
    FREEZE = 13
    STYLE = 14
    IN_COMBAT = 15
    LEVEL = 16
    ITEM_LEVEL = 17
    MESSAGE = 18
    DAMAGE = 19


class TalkFeature(IntEnum):
    """Numbers of each row of the part `talk`: a living member of one's team."""

    PRESENT = 0
    ROW = 1
    COL = 2
    TOKEN = 3


class TaskFeature(IntEnum):
    """Numbers of the part `task`: flags, then the task itself; see `tasks.embedding`."""

    IS_TEAM = 0
    RESOURCE = 1
    COMBAT = 2
    NPC = 3
    COMMUNICATION = 4
    PROGRESSION = 5
    ITEM = 6
    EQUIPMENT = 7
    PROFESSION = 8
    EXCHANGE = 9
    MOVE_INTO_OCCUPIED = 10
    RESPAWN = 11
    """The dead come back."""
    PREDICATE = 12
    """Six bits of the predicate's number, 16 or -16 each; 0 where nothing is asked."""
    STRUCTURE = 18
    """26 numbers of the task's structure, or of its sentence."""


class ItemFeature(IntEnum):
    """Numbers of each row of the part `inventory`; all zero where the place is empty."""

    TYPE = 0
    LEVEL = 1
    QUANTITY = 2
    """At most 127."""
    IS_WORN = 3
    PRICE = 4
    """Asked on the market; 0: it is not for sale."""
    TICKS_LEFT = 5
    """Until the listing lapses."""
    IS_SKILLED = 6
    """The agent's level is high enough to use it."""
    SLOT = 7
    """Where it is worn: `rules.items.Slot`."""


class SkillFeature(IntEnum):
    """Numbers of each row of the part `skills`, by `rules.skills.Skill`."""

    LEVEL = 0
    PERCENT = 1
    """Of the experience between this level and the next; 100 at the last."""


class MarketFeature(IntEnum):
    """Numbers of each row of a world's market: what is on offer, by listing."""

    TYPE = 0
    LEVEL = 1
    QUANTITY = 2
    PRICE = 3
    SELLER = 4
    TICKS_LEFT = 5


@dataclass(frozen=True)
class Part:
    """One named array of an observation."""

    name: str
    """As spaces call it."""
    dtype: str
    """NumPy type of the stored numbers."""
    shape: tuple[int, ...]
    """Shape for one agent."""
    doc: str
    """What the axes are."""
    low: int
    """Smallest value."""
    high: int
    """Largest value."""


_INT16 = np.iinfo(np.int16)

MINI_PARTS = (
    Part("own", "int16", (len(OwnFeature),), "OwnFeature", _INT16.min, _INT16.max),
    Part(
        "tiles",
        "uint8",
        (len(TilePlane), WINDOW, WINDOW),
        "TilePlane, row, column; the agent stands in the middle",
        0,
        255,
    ),
    Part(
        "entities",
        "int8",
        (OBSERVED_ENTITIES, len(EntityFeature)),
        "attackable first, then nearest; EntityFeature",
        -128,
        127,
    ),
    Part("talk", "int8", (TALK_LIMIT, len(TalkFeature)), "team member; TalkFeature", -128, 127),
    Part("task", "int8", (TASK_SIZE,), "TaskFeature", -128, 127),
)


@dataclass(frozen=True)
class Layout:
    """An observation's parts and its record type."""

    name: str
    """The config it serves."""
    parts: tuple[Part, ...]
    """In stored order, by decreasing item size."""

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Record type of one agent's observation, without padding."""
        return _layout_dtype(self.parts)

    @property
    def has_market(self) -> bool:
        """Whether the worlds have a market besides."""
        return self.name == "full"

    @property
    def row_bytes(self) -> int:
        """Bytes of one agent's observation."""
        return int(self.dtype.itemsize)

    def offset(self, part: str) -> int:
        """Return where a part begins in an observation's bytes."""
        fields = self.dtype.fields
        if fields is None or part not in fields:
            raise KeyError(f"no part {part!r}; there are {[p.name for p in self.parts]}")
        return int(fields[part][1])


@cache
def _layout_dtype(parts: tuple[Part, ...]) -> np.dtype[np.void]:
    return np.dtype([(part.name, part.dtype, part.shape) for part in parts])


MINI_LAYOUT = Layout("mini", MINI_PARTS)

# Not at the end: Numba would take the full record for a kind of mini record, and say so.
FULL_PARTS = (
    MINI_PARTS[0],
    Part("inventory", "int8", (INVENTORY_SIZE, len(ItemFeature)), "place; ItemFeature", 0, 127),
    Part("skills", "int8", (SKILL_COUNT, len(SkillFeature)), "Skill; SkillFeature", 0, 100),
    *MINI_PARTS[1:],
)
FULL_LAYOUT = Layout("full", FULL_PARTS)

LAYOUTS = {layout.name: layout for layout in (MINI_LAYOUT, FULL_LAYOUT)}
"""The layout of each config."""

MARKET_PART = Part(
    "market",
    "int16",
    (LISTING_LIMIT, len(MarketFeature)),
    "listing; MarketFeature; one for a world",
    0,
    _INT16.max,
)
"""What all agents of a world of the full config see alike."""

MATERIAL_CODES = MATERIAL_COUNT
ENTITY_CODES = len(TileEntity)
OBJECTIVE_CODES = 10
"""Objective plane: 0 none, 1 nobody's, 2 one's own team's, 3 another's; + 3 x kind."""
