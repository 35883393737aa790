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
    """`rules.materials.Material`, as the tile stands now."""
    ENTITY = 1
    """Who stands there: `TileEntity`."""
    FOG = 2
    """0: no fog; 128: the fog's edge; above it tiles deep in the fog, below it tiles left."""
    OBJECTIVE = 3
    """0: none; 1 nobody's, 2 one's own team's, 3 another's; 4..6 the same of the second kind."""


class TileEntity(IntEnum):
    """Who stands on a tile, seen from the agent; the largest number of those present is shown."""

    NONE = 0
    """Nobody."""
    TEAM_MATE = 1
    """A member of one's team."""
    PASSIVE = 2
    """An NPC that never attacks."""
    NEUTRAL = 3
    """An NPC that strikes back."""
    PROTECTED = 4
    """Somebody who cannot be attacked now."""
    ENEMY = 5
    """An agent of another team, out of reach."""
    HOSTILE = 6
    """An NPC that attacks, out of reach."""
    TARGET = 7
    """Somebody who can be attacked now."""


FOG_LEVEL = 128
"""Fog code of a tile at the fog's edge; above: tiles deep in it, below: tiles left; 0: no fog."""


class OwnFeature(IntEnum):
    """Numbers of the part `own`: the agent itself and its surroundings."""

    ALIVE = 0
    """1; all numbers of the dead are 0."""
    HEALTH = 1
    """Points, 0..100."""
    FOOD = 2
    """Points, 0..100."""
    WATER = 3
    """Points, 0..100."""
    ROW_TO_CENTER = 4
    """Rows to the centre tile; positive: it lies to the south."""
    COL_TO_CENTER = 5
    """Columns to the centre tile; positive: it lies to the east."""
    DISTANCE_TO_CENTER = 6
    """The larger of the two, without sign."""
    PLAYABLE = 7
    """Side of the walkable square less one, tiles."""
    TICK = 8
    """Ticks since the episode began."""
    TICKS_LEFT = 9
    """Ticks until the horizon."""
    TIME_ALIVE = 10
    """Ticks lived, at most 32,767."""
    FREEZE = 11
    """Ticks left to stay frozen."""
    IS_IMMORTAL = 12
    """1: nothing can harm it now."""
    IS_YOUNG = 13
    """1: so newly begun that players cannot attack it."""
    IN_COMBAT = 14
    """1: it has fought of late."""
    DAMAGE = 15
    """Points lost by the last attack of the tick."""
    IS_ATTACKED = 16
    """1: somebody attacked it in the last tick."""
    IS_RESILIENT = 17
    """1: it starves at half the rate."""
    FOG_HERE = 18
    """Tiles by which the fog is past it; 0: it stands clear."""
    FOG_TICKS_LEFT = 19
    """Ticks until the fog comes here, 0..1024; -1: no fog in this game."""
    FOG_FINAL_SIZE = 20
    """Half-width of the square that stays clear, tiles."""
    MESSAGE = 21
    """The token that it said last, 1..127; 0: none."""
    GOLD = 22
    """Pieces, at most 32,767."""
    LEVEL = 23
    """The best of its combat levels; 0 without progression."""
    MELEE_LEVEL = 24
    """1..10; 0 without progression."""
    RANGE_LEVEL = 25
    """1..10; 0 without progression."""
    MAGE_LEVEL = 26
    """1..10; 0 without progression."""
    EXPLORATION = 27
    """The farthest that it has come from the border inward, tiles."""
    TEAM_ALIVE = 28
    """Living members of its team."""
    TEAM_SIZE = 29
    """Members of its team."""
    PLAYERS_ALIVE = 30
    """Living agents."""
    TEAMS_ALIVE = 31
    """Teams with a living member."""
    LAST_STYLE = 32
    """Style of its last attack: 0 melee, 1 range, 2 mage."""
    IS_LEADER = 33
    """1: it is the first of its team."""
    OBJECTIVE_ROW = 34
    """Rows to the objective that its compass shows; positive: to the south."""
    OBJECTIVE_COL = 35
    """Columns to that objective; positive: to the east."""
    OBJECTIVE_OWNED = 36
    """Whose that objective is: 0 there is none, 1 nobody's, 2 its team's, 3 another's."""
    PROGRESS = 37
    """Of its task, in thousandths."""
    CAN_ATTACK = 38
    """How many it can attack now."""
    COMBAT_TICKS = 39
    """Ticks until it counts as out of combat."""


class EntityFeature(IntEnum):
    """Numbers of each row of the part `entities`."""

    PRESENT = 0
    """1; 0: nobody in this row, and all its numbers are 0."""
    ROW = 1
    """Rows from the agent, -7..7; positive: to the south."""
    COL = 2
    """Columns from the agent, -7..7; positive: to the east."""
    DISTANCE = 3
    """The larger of the two, without sign."""
    CAN_BE_ATTACKED = 4
    """1: the mask shows it as a target."""
    IS_TEAM_MATE = 5
    """1: of one's own team."""
    IS_ENEMY = 6
    """1: an agent of another team."""
    IS_TARGETING_ME = 7
    """1: it attacked this agent in the last tick."""
    IS_PASSIVE = 8
    """1: an NPC that never attacks."""
    IS_NEUTRAL = 9
    """1: an NPC that strikes back."""
    IS_HOSTILE = 10
    """1: an NPC that attacks."""
    HEALTH = 11
    """Points, 0..100."""
    IS_PROTECTED = 12
    """1: players cannot attack it now."""
    FREEZE = 13
    """Ticks left to stay frozen, at most 127."""
    STYLE = 14
    """Of its last attack, an NPC's own: 0 melee, 1 range, 2 mage."""
    IN_COMBAT = 15
    """1: it has fought of late."""
    LEVEL = 16
    """Best combat level; 0 without progression."""
    ITEM_LEVEL = 17
    """Levels of what it wears, added up; at most 127."""
    MESSAGE = 18
    """Token that it said last, where talk is public or of the team; 0: none."""
    DAMAGE = 19
    """Points that it lost by the last attack of the tick, at most 127."""


class TalkFeature(IntEnum):
    """Numbers of each row of the part `talk`: a living member of one's team."""

    PRESENT = 0
    """1: this member lives."""
    ROW = 1
    """Rows from the agent, cut to -127..127."""
    COL = 2
    """Columns from the agent, cut to -127..127."""
    TOKEN = 3
    """What it said last, 1..127; 0: nothing."""


class TaskFeature(IntEnum):
    """Numbers of the part `task`: flags, then the task itself; see `tasks.embedding`."""

    IS_TEAM = 0
    """1: it is asked of the team."""
    RESOURCE = 1
    """1: food and water are on."""
    COMBAT = 2
    """1: attacks are on."""
    NPC = 3
    """1: there are NPCs."""
    COMMUNICATION = 4
    """1: talk is on."""
    PROGRESSION = 5
    """1: levels and experience are on."""
    ITEM = 6
    """1: items are on."""
    EQUIPMENT = 7
    """1: items can be worn."""
    PROFESSION = 8
    """1: there is something to harvest."""
    EXCHANGE = 9
    """1: gold and the market are on."""
    MOVE_INTO_OCCUPIED = 10
    """1: tiles may be shared."""
    RESPAWN = 11
    """The dead come back."""
    PREDICATE = 12
    """Six bits of the predicate's number, 16 or -16 each; 0 where nothing is asked."""
    STRUCTURE = 18
    """26 numbers of the task's structure, or of its sentence."""


class ItemFeature(IntEnum):
    """Numbers of each row of the part `inventory`; all zero where the place is empty."""

    TYPE = 0
    """`rules.items.Item`; 0: the place is empty."""
    LEVEL = 1
    """1..10."""
    QUANTITY = 2
    """At most 127."""
    IS_WORN = 3
    """1: it is worn."""
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
    """1..10; 0 without progression."""
    PERCENT = 1
    """Of the experience between this level and the next; 100 at the last."""


class MarketFeature(IntEnum):
    """Numbers of each row of a world's market: what is on offer, by listing."""

    TYPE = 0
    """`rules.items.Item`; 0: no listing."""
    LEVEL = 1
    """1..10."""
    QUANTITY = 2
    """Of a stack of ammunition; else 1."""
    PRICE = 3
    """Gold, 1..99."""
    SELLER = 4
    """The row of who offers it."""
    TICKS_LEFT = 5
    """Ticks for which it can still be bought."""


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
