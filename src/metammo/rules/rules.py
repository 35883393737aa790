"""The numbers a game is played by, each a knob that a minigame or a user may set.

A rule is stored in every world as a column `rule_<name>`, so worlds of one batch differ in their
rules and no change of a number recompiles anything. Four kinds of number:

* counts and ticks are integers;
* a *share* lies in [0, 1] and is stored in thousandths (`0.05` becomes 50);
* a *ratio* is an exact fraction, stored as numerator and `rule_<name>_per`, its denominator;
* a *reward* is a float32; rewards never enter the simulation.
"""

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

SHARE = 1000
"""A share of 1, as stored."""

RESPAWN_NEVER, RESPAWN_EDGE, RESPAWN_ANYWHERE, RESPAWN_HOME = range(4)
SPAWN_EDGE, SPAWN_RING, SPAWN_ANYWHERE, SPAWN_GIVEN, SPAWN_SCATTERED = range(5)
DAMAGE_SUBTRACTS, DAMAGE_DIVIDES = range(2)


def _rule(kind: str, default: Any, low: float, high: float, doc: str) -> Any:
    return field(default=default, metadata={"kind": kind, "low": low, "high": high, "doc": doc})


def _count(default: int, low: int, high: int, doc: str) -> Any:
    return _rule("count", default, low, high, doc)


def _flag(default: int, doc: str) -> Any:
    return _rule("count", default, 0, 1, doc)


def _choice(default: int, names: str, doc: str) -> Any:
    known = tuple(names.split())
    metadata = {"kind": "count", "low": 0, "high": len(known) - 1, "doc": doc, "names": known}
    return field(default=default, metadata=metadata)


def _share(default: float, doc: str) -> Any:
    return _rule("share", default, 0, 1, doc)


def _ratio(default: Fraction, high: int, doc: str) -> Any:
    return _rule("ratio", default, 0, high, doc)


def _reward(default: float, doc: str) -> Any:
    return _rule("reward", default, -1000, 1000, doc)


@dataclass(frozen=True)
class Rules:
    """Every rule with its default; units and ranges stand in each field's `metadata`."""

    # Space and time (rulebook, section 1)
    horizon: int = _count(1024, 1, 30000, "ticks until the episode ends undecided")
    playable: int = _count(128, 4, 1024, "side of the walkable square less one, tiles; even")
    move_into_occupied: int = _flag(1, "a player may enter a tile that holds an entity")

    # Systems
    resource: int = _flag(1, "food and water")
    combat: int = _flag(1, "attacks")
    npc: int = _flag(1, "NPCs")
    communication: int = _flag(1, "talk")
    progression: int = _flag(0, "levels and experience")
    item: int = _flag(0, "inventory")
    equipment: int = _flag(0, "worn items")
    profession: int = _flag(0, "harvesting of ore, trees, crystal, herbs, fish")
    exchange: int = _flag(0, "gold and the market")

    # Terrain (section 3)
    terrain_water: float = _share(0.30, "fractal value up to which a tile is water")
    terrain_grass: float = _share(0.70, "fractal value up to which a tile is grass")
    terrain_foliage: float = _share(0.85, "fractal value up to which a tile is foliage, else stone")
    grass_map: float = _share(0.0, "chance that an episode's map is all grass")
    scatter_resources: int = _flag(1, "extra water and foliage on grass: (playable // 6)^2 each")
    center_mark: int = _flag(0, "a 5 x 5 patch of grass with a herb tile at the centre")
    foliage_regrowth: float = _share(0.025, "chance a tick that foliage regrows")
    ore_regrowth: float = _share(0.1, "chance a tick that ore regrows")
    tree_regrowth: float = _share(0.105, "chance a tick that a tree regrows")
    crystal_regrowth: float = _share(0.1, "chance a tick that crystal regrows")
    herb_regrowth: float = _share(0.02, "chance a tick that herbs regrow")
    fish_regrowth: float = _share(0.02, "chance a tick that fish come back")

    # Spawning
    spawn: int = _choice(
        SPAWN_EDGE,
        "edge ring anywhere given scattered",
        "where agents begin: teams on tiles of the edge, of a ring, anywhere, on given tiles, or "
        "each agent on an edge tile of its own",
    )
    spawn_radius: int = _count(0, 0, 512, "radius of the spawn ring, tiles; 0: playable // 4")
    spawn_rotated: int = _flag(0, "1: places are dealt to teams in turn, 0: at random")
    spawn_rotation: int = _count(0, 0, 30000, "how far they are rotated in the first episode")
    respawn: int = _choice(
        RESPAWN_NEVER,
        "never edge anywhere home",
        "where the dead come back, in games that bring them back: never, on the edge, anywhere, "
        "where they began",
    )
    respawn_freeze: int = _count(10, 0, 1000, "ticks that a respawned agent stays frozen")

    # Survival (section 4)
    resource_depletion: int = _count(5, 0, 100, "food and water lost a tick, points")
    health_regeneration: int = _count(10, 0, 100, "health gained while food and water exceed 50")
    starvation_damage: int = _count(10, 0, 100, "health lost a tick at food 0, and at water 0")
    health_increment: int = _count(0, 0, 100, "extra health a tick, points")
    resilient: float = _share(0.0, "share of agents that starve at half the rate")

    # Combat (section 5)
    attack_reach: int = _count(3, 1, 7, "reach of every style, tiles (L-infinity)")
    attack_damage: int = _count(10, 0, 100, "offense without level or gear, points")
    attack_level_damage: int = _count(5, 0, 100, "offense a skill level, points")
    defense_level: int = _count(5, 0, 100, "defense a level, points")
    weakness: Fraction = _ratio(
        Fraction(3, 2), 10, "multiplier when the style beats the target's strongest"
    )
    least_damage: float = _share(0.25, "damage at least this share of offense")
    damage_formula: int = _choice(
        DAMAGE_SUBTRACTS,
        "subtracts divides",
        "multiplier x offense - defense, or x 15 / (15 + defense)",
    )
    spawn_immunity: int = _count(20, 0, 30000, "ticks for which players cannot attack a newborn")
    combat_ticks: int = _count(3, 0, 100, "ticks that an attack keeps both sides in combat")
    must_attack: int = _flag(1, "mask the no-op target while there is a valid one")
    spare_team_mates: int = _flag(1, "mask team-mates as targets")
    hit_experience: int = _count(6, 0, 100, "experience of a hit, progression on")

    # Items and the market (sections 9 and 10)
    weapon_find: float = _share(0.025, "chance that a harvest finds a weapon besides")
    listing_ticks: int = _count(3, 1, 1000, "ticks for which a listing can be bought")

    # Fog of death (section 6)
    fog_onset: int = _count(0, 0, 30000, "tick from which the fog closes in; 0: no fog")
    fog_speed: Fraction = _ratio(Fraction(1, 8), 16, "tiles that the fog moves a tick")
    fog_final_size: int = _count(4, 0, 512, "half-width of the square that stays clear, tiles")

    # NPCs (section 7)
    npc_count: int = _count(128, 0, 8192, "NPCs wanted")
    npc_spawn_attempts: int = _count(25, 0, 8192, "tries a tick to fill up to that number")
    npc_refill: int = _flag(1, "the dead are replaced; 0: the game sees to it")
    npc_aggressive: float = _share(0.8, "danger from which NPCs are aggressive")
    npc_neutral: float = _share(0.5, "danger from which NPCs are neutral")
    npc_level_multiplier: float = _share(0.5, "scales offense and defense of NPCs' gear")
    npc_fight_npcs: int = _flag(0, "NPCs attack each other")
    npc_heal: int = _count(1, 0, 100, "health an NPC gains a tick")

    # Talk and victory
    talk_public: int = _flag(0, "tokens are read by all in sight, as the peer has it")
    shared_win: int = _flag(1, "every team alive at the horizon wins")

    # Rewards (section 14)
    reward_task: float = _reward(1.0, "per unit of task progress")
    reward_win: float = _reward(1.0, "times the winning score, to each winner not dead before")
    reward_loss: float = _reward(-1.0, "when the game is decided against an agent")
    reward_death: float = _reward(-1.0, "any death")
    reward_health: float = _reward(0.003, "per point of health gained")
    reward_experience: float = _reward(0.0002, "per point of the best skill's experience gained")
    reward_defense: float = _reward(0.004 / 45, "a tick, per point of worn defense, three styles")
    reward_gold: float = _reward(0.0001, "per piece of gold gained")


RULE_FIELDS = {rule.name: rule for rule in fields(Rules)}
"""Each rule's dataclass field, in order."""

MINI = ("resource", "combat", "npc", "communication")
"""Systems of the mini config; terrain is always there."""

FULL = (*MINI, "progression", "item", "equipment", "profession", "exchange")
"""Systems of the full config."""

PARITY = {"shared_win": 0, "talk_public": 1}
"""Rules that bring ours nearer to the peer's, for comparisons; `docs/parity.md` has the rest."""


@dataclass(frozen=True)
class RuleColumn:
    """One stored number of a rule."""

    name: str
    """Column name: `rule_<name>`, or `rule_<name>_per` for a ratio's denominator."""
    is_float: bool
    """Rewards are float32, all else int32."""
    doc: str
    """Meaning and unit."""


def rule_columns() -> list[RuleColumn]:
    """Return the columns that store the rules, in order."""
    columns = []
    for name, rule in RULE_FIELDS.items():
        kind, doc = rule.metadata["kind"], rule.metadata["doc"]
        suffix = ", in thousandths" if kind == "share" else ""
        columns.append(RuleColumn(f"rule_{name}", kind == "reward", doc + suffix))
        if kind == "ratio":
            columns.append(RuleColumn(f"rule_{name}_per", False, f"denominator of {name}"))
    return columns


RULE_COLUMNS = rule_columns()
