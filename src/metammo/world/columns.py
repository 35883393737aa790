"""The table of a world's columns: the one place that says what a world holds.

`Column.shape` names sizes: `players`, `npcs`, `entities`, `map` (side of the tile arrays), `tiles`
(their square), or gives a number. Rows of `entity_*` columns are players first, then NPCs. Teams
are at most as many as players. Flags are uint8. Rows of other entities are -1 for none.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from metammo.rules.items import INVENTORY_SIZE, ITEM_TYPE_COUNT, LISTING_LIMIT
from metammo.rules.rules import RULE_COLUMNS
from metammo.rules.sizes import Sizes
from metammo.rules.skills import LEVEL_LIMIT, SKILL_COUNT, STYLE_COUNT

OBSERVED_ENTITIES = 32
GAME_LIMIT = 32
"""Most games in one batch."""
OBJECTIVE_LIMIT = 8
KNOB_LIMIT = 8
STEP_LIMIT = 12
"""Most steps of a task: predicates, and what combines them."""
ARGUMENT_COUNT = 4
"""Arguments of a step."""
TASK_NUMBERS = 32
"""Numbers by which a task is told to the policy."""
NUMBER_LIMIT = len(RULE_COLUMNS) + KNOB_LIMIT
"""Numbers drawn for an episode: the rules' columns, then the game's own knobs."""


class Kind(IntEnum):
    """What an entity is."""

    NONE = 0
    PLAYER = 1
    PASSIVE = 2
    NEUTRAL = 3
    AGGRESSIVE = 4
    SOLDIER = 5


class Cause(IntEnum):
    """What an agent died of."""

    NONE = 0
    PLAYER = 1
    NPC = 2
    FOG = 3
    STARVATION = 4
    GAME = 5


class Event(IntEnum):
    """What is counted (rulebook, section 11); an index into `player_event_count`."""

    EAT_FOOD = 0
    DRINK_WATER = 1
    GO_FARTHEST = 2
    SEIZE_TILE = 3
    SCORE_HIT = 4
    PLAYER_KILL = 5
    FIRE_AMMO = 6
    CONSUME_ITEM = 7
    GIVE_ITEM = 8
    DESTROY_ITEM = 9
    HARVEST_ITEM = 10
    EQUIP_ITEM = 11
    LOOT_ITEM = 12
    GIVE_GOLD = 13
    LIST_ITEM = 14
    EARN_GOLD = 15
    BUY_ITEM = 16
    LOOT_GOLD = 17
    LEVEL_UP = 18
    AGENT_CULLED = 19


ITEM_EVENTS = (Event.CONSUME_ITEM, Event.HARVEST_ITEM, Event.LIST_ITEM, Event.BUY_ITEM)
"""Events whose quantities are counted by item type and level."""


@dataclass(frozen=True)
class Column:
    """One named sub-array of the world record."""

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    doc: str


def _c(name: str, dtype: str, shape: str, doc: str) -> Column:
    parts = tuple(int(part) if part.isdigit() else part for part in shape.split())
    return Column(name, dtype, parts, doc)


_LEVELS = LEVEL_LIMIT + 1

_WORLD_COLUMNS = [
    # The world
    _c("seed", "uint64", "", "names this world's stream of random numbers"),
    _c("random_counter", "uint64", "", "how many numbers of the stream were drawn"),
    _c("tick", "int32", "", "ticks since the episode began"),
    _c("episode", "int32", "", "episodes that this world has begun"),
    _c("game", "int32", "", "which of the batch's games is played"),
    _c("map_seed", "uint64", "", "names the episode's map"),
    _c("first_map_seed", "uint64", "", "maps are drawn from [first, first + count)"),
    _c("map_seed_count", "int32", "", "number of maps to draw from"),
    _c("player_count", "int32", "", "agents of the episode"),
    _c("team_count", "int32", "", "teams of the episode"),
    _c("is_grass_map", "uint8", "", "the map is all grass"),
    _c("is_game_over", "uint8", "", "the episode has ended"),
    _c("is_decided", "uint8", "", "it ended with a verdict, not at an undecided horizon"),
    _c("winning_score", "float32", "", "what a winner earns, 0..1"),
    _c("ladder_rung", "int16", f"{GAME_LIMIT}", "difficulty reached in each game; survives resets"),
    _c("ladder_wins", "int16", f"{GAME_LIMIT}", "wins at that rung"),
    _c("ladder_failures", "int16", f"{GAME_LIMIT}", "episodes in a row that nobody won"),
    _c("episode_rung", "int16", "", "rung that this episode is played at"),
    # What a minigame keeps
    _c("episode_number", "int32", f"{NUMBER_LIMIT}", "the episode's drawn rules, then own knobs"),
    _c("game_knob", "int32", f"{KNOB_LIMIT}", "the game's own knobs"),
    _c("game_state", "int32", "32", "the game's own state; zeroed at reset"),
    _c("team_state", "int32", "players 8", "the game's own state by team; zeroed at reset"),
    _c("entity_state", "int32", "entities 4", "the game's own state by entity; zeroed at reset"),
    _c("objective_count", "int16", "", "objectives of the episode"),
    _c("objective_row", "int16", f"{OBJECTIVE_LIMIT}", "tile"),
    _c("objective_col", "int16", f"{OBJECTIVE_LIMIT}", "tile"),
    _c("objective_kind", "int16", f"{OBJECTIVE_LIMIT}", "drawn in the objective plane"),
    _c("objective_owner", "int16", f"{OBJECTIVE_LIMIT}", "team that seized it last; -1: nobody"),
    _c("objective_tick", "int32", f"{OBJECTIVE_LIMIT}", "tick at which it was seized"),
    # Tiles
    _c("tile_material", "uint8", "map map", "Material as it stands"),
    _c("tile_first_entity", "int16", "map map", "first entity on the tile"),
    _c("depleted_count", "int32", "", "tiles waiting to regrow"),
    _c("depleted_tile", "tile", "tiles", "their numbers, row x side + col"),
    # Entities: players, then NPCs
    _c("entity_next", "int16", "entities", "next entity on the same tile"),
    _c("entity_is_alive", "uint8", "entities", "flag"),
    _c("entity_kind", "uint8", "entities", "Kind"),
    _c("entity_row", "int16", "entities", "tile"),
    _c("entity_col", "int16", "entities", "tile"),
    _c("entity_spawn_row", "int16", "entities", "tile where it began"),
    _c("entity_spawn_col", "int16", "entities", "tile where it began"),
    _c("entity_team", "int16", "entities", "team; NPCs -1"),
    _c("entity_health", "int16", "entities", "points 0..100"),
    _c("entity_time_alive", "int32", "entities", "ticks lived; goes on over a respawn"),
    _c("entity_freeze", "int16", "entities", "ticks left to stay frozen"),
    _c("entity_mortal_tick", "int32", "entities", "immortal until this tick; 0: mortal"),
    _c("entity_damage", "int16", "entities", "last damage of the tick, points"),
    _c("entity_attacker", "int16", "entities", "who attacked last; cleared with no damage"),
    _c("entity_combat_tick", "int32", "entities", "tick after its last fight; 0: none"),
    _c("entity_death_cause", "uint8", "entities", "Cause"),
    _c("entity_killer", "int16", "entities", "who killed it"),
    _c("entity_style", "uint8", "entities", "style of the last attack; an NPC's own style"),
    _c("entity_attack_target", "int16", "entities", "who it attacked in this tick"),
    _c("entity_level", "int16", "entities", "best combat level; 0 without progression"),
    _c("entity_gold", "int32", "entities", "pieces"),
    _c("entity_experience", "int32", f"entities {SKILL_COUNT}", "points by Skill"),
    _c("entity_attack", "int16", f"entities {STYLE_COUNT}", "attack of gear by style, points"),
    _c("entity_defense", "int16", f"entities {STYLE_COUNT}", "defense of gear by style, points"),
    _c("entity_item_level", "int16", "entities", "total level of gear"),
    # Players
    _c("player_food", "int16", "players", "points 0..100"),
    _c("player_water", "int16", "players", "points 0..100"),
    _c("player_skill_level", "uint8", f"players {SKILL_COUNT}", "1..10 by Skill; 0: none"),
    _c("player_message", "uint8", "players", "last token said, 1..127; 0: none"),
    _c("player_exploration", "int16", "players", "farthest way from the border inward, tiles"),
    _c("player_is_resilient", "uint8", "players", "starves at half the rate"),
    _c("player_order", "int16", "players", "rows in the order of upkeep"),
    _c("player_died", "uint8", "players", "died in this tick; a respawn does not clear it"),
    _c("player_won", "uint8", "players", "flag, set when the game is decided"),
    _c("player_ended", "uint8", "players", "its episode ended: final death or game over"),
    _c("observed_entity", "int16", f"players {OBSERVED_ENTITIES}", "entity of each observed row"),
    _c("player_event_count", "int32", f"players {len(Event)}", "events by Event"),
    _c("player_style_hits", "int32", f"players {STYLE_COUNT}", "hits scored by style"),
    _c("player_kills", "int16", f"players 2 {_LEVELS}", "kills of NPCs, of players, by level"),
    _c("player_gold_earned", "int32", "players", "pieces, from sales"),
    _c("player_gold_looted", "int32", "players", "pieces"),
    _c("player_gold_spent", "int32", "players", "pieces, on purchases"),
    _c(
        "player_item_events",
        "uint16",
        f"players {len(ITEM_EVENTS)} {ITEM_TYPE_COUNT} {_LEVELS}",
        "quantities by ITEM_EVENTS, type and level",
    ),
    _c("player_shots", "uint16", f"players 3 {_LEVELS}", "shots by ammunition and its level"),
    _c("player_objective", "int16", "players", "objective that its compass shows; -1: none"),
    _c("item_type", "uint8", f"players {INVENTORY_SIZE}", "Item; 0: empty"),
    _c("item_level", "uint8", f"players {INVENTORY_SIZE}", "1..10"),
    _c("item_quantity", "int16", f"players {INVENTORY_SIZE}", "ammunition stacks"),
    _c("item_is_worn", "uint8", f"players {INVENTORY_SIZE}", "flag"),
    _c("item_is_new", "uint8", f"players {INVENTORY_SIZE}", "came after the last observation"),
    _c("item_price", "int16", f"players {INVENTORY_SIZE}", "asked on the market; 0: not listed"),
    _c("item_listed_tick", "int32", f"players {INVENTORY_SIZE}", "tick of the listing"),
    # The market, as the last observation numbered it
    _c("listing_count", "int32", "", "listings that can be bought in this tick"),
    _c("listing_seller", "int16", f"{LISTING_LIMIT}", "who offers it"),
    _c("listing_place", "uint8", f"{LISTING_LIMIT}", "place of the item in the seller's inventory"),
    _c("buyer", "int16", "players", "scratch of the tick: who buys"),
    # Teams
    _c("team_first", "int16", "players", "first player of the team; its leader"),
    _c("team_size", "int16", "players", "players of the team"),
    _c("team_place", "int16", "players", "spawn place dealt to the team"),
    # Tasks
    _c("task_number", "int16", "players", "which of the batch's tasks each agent has"),
    _c("task_is_team", "uint8", "players", "the subject is the agent's team"),
    _c("task_length", "uint8", "players", "steps of its program; 0: nothing is asked"),
    _c("task_step", "uint8", f"players {STEP_LIMIT}", "Predicate or Combination of each step"),
    _c("task_argument", "int32", f"players {STEP_LIMIT} {ARGUMENT_COUNT}", "the step's arguments"),
    _c("task_scale", "float32", f"players {STEP_LIMIT}", "what the step's value is multiplied by"),
    _c("task_measure", "float32", f"players {STEP_LIMIT}", "values of the game's own predicates"),
    _c("task_vector", "int8", f"players {TASK_NUMBERS}", "how the task is told to the policy"),
    _c("player_progress", "float32", "players", "task progress 0..1"),
    _c("player_best_progress", "float32", "players", "best of the life, 0..1"),
    _c("player_progress_change", "float32", "players", "of this tick"),
    _c("player_return", "float32", "players", "sum of the episode's rewards"),
    _c("player_last_health", "int16", "players", "health when last rewarded"),
    _c("player_last_experience", "int32", "players", "best experience when last rewarded"),
    _c("player_last_gold", "int32", "players", "gold when last rewarded"),
    # NPCs
    _c("npc_target", "int16", "npcs", "entity that it hunts"),
    _c("npc_victim", "int16", "npcs", "entity that it is ordered to destroy"),
    _c("npc_rally_row", "int16", "npcs", "tile it is ordered to; -1: none"),
    _c("npc_rally_col", "int16", "npcs", "tile it is ordered to; -1: none"),
    _c("npc_move", "int16", "npcs", "move decided this tick, 0..4"),
    _c("npc_attack", "int16", "npcs", "entity to attack this tick"),
    _c("npc_spawn_depth", "int16", "npcs", "tiles from the border where it began"),
    _c("npc_drop", "uint8", "npcs 2", "items that it drops"),
    _c("npc_limit", "int32", "", "rows in use at most; all above are free"),
    _c("npc_alive_count", "int32", "", "living NPCs"),
    _c("npc_queue", "int16", "npcs", "depths at which to refill, a ring"),
    _c("npc_queue_first", "int32", "", "start of the ring"),
    _c("npc_queue_count", "int32", "", "length of the ring"),
]

_RULE_COLUMNS = [
    Column(rule.name, "float32" if rule.is_float else "int32", (), rule.doc)
    for rule in RULE_COLUMNS
]


def _item_size(column: Column) -> int:
    return 4 if column.dtype == "tile" else np.dtype(column.dtype).itemsize


COLUMNS = tuple(sorted([*_WORLD_COLUMNS, *_RULE_COLUMNS], key=lambda c: -_item_size(c)))
"""Every column, in decreasing item size so that none is padded."""


def column_shape(column: Column, sizes: Sizes) -> tuple[int, ...]:
    """Return a column's shape in a size class."""
    named = {
        "players": sizes.players,
        "npcs": sizes.npcs,
        "entities": sizes.entities,
        "map": sizes.map_size,
        "tiles": sizes.map_size * sizes.map_size,
    }
    return tuple(named[part] if isinstance(part, str) else part for part in column.shape)


@cache
def world_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of a world of a size class: no padding, native byte order."""
    fields = []
    for column in COLUMNS:
        # A tile's number fits 16 bits up to 256 x 256.
        tile = "uint16" if sizes.map_size <= 256 else "uint32"
        dtype = tile if column.dtype == "tile" else column.dtype
        fields.append((column.name, dtype, column_shape(column, sizes)))
    fields.sort(key=lambda field: -np.dtype(field[1]).itemsize)
    return np.dtype(fields)
