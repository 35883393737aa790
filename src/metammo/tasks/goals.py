"""What can be asked: a function for each predicate, each of which returns a task.

Numbers may be given as the name of one of the game's knobs, whose value the episode draws. Items,
skills, styles, events, materials, places and targets are named in lower case.
"""

import difflib
from enum import IntEnum
from typing import Any

from metammo.rules.items import AMMUNITION, Item
from metammo.rules.materials import Material
from metammo.rules.rules import SHARE
from metammo.rules.skills import STYLE_COUNT, Skill
from metammo.tasks.codes import OWN_LIMIT, Place, Predicate, Target
from metammo.tasks.tasks import Step, Task, TaskError
from metammo.world.columns import Event

Number = int | str
"""A whole number, or the name of a knob."""

STYLES = tuple(Skill)[:STYLE_COUNT]
VICTIMS = ("npc", "player")

_FULL_EVENTS = {
    "consume_item": "item",
    "give_item": "exchange",
    "destroy_item": "item",
    "harvest_item": "profession",
    "equip_item": "equipment",
    "loot_item": "item",
    "give_gold": "exchange",
    "list_item": "exchange",
    "earn_gold": "exchange",
    "buy_item": "exchange",
    "loot_gold": "exchange",
    "fire_ammo": "equipment",
    "level_up": "progression",
    "eat_food": "resource",
    "drink_water": "resource",
    "score_hit": "combat",
    "player_kill": "combat",
}
_EVENT_WORDS = {
    "eat_food": "eat foliage",
    "drink_water": "drink water",
    "go_farthest": "get nearer to the centre than ever before",
    "seize_tile": "seize a place",
    "score_hit": "hit somebody",
    "player_kill": "kill somebody",
    "fire_ammo": "fire ammunition",
    "consume_item": "use up a ration or potion",
    "give_item": "give an item away",
    "destroy_item": "destroy an item",
    "harvest_item": "harvest an item",
    "equip_item": "equip an item",
    "loot_item": "loot an item",
    "give_gold": "give gold away",
    "list_item": "offer an item for sale",
    "earn_gold": "sell an item",
    "buy_item": "buy an item",
    "loot_gold": "loot gold",
    "level_up": "gain a level",
    "agent_culled": "die",
}
_TARGET_WORDS = {
    "my_team": "one's own team",
    "my_team_leader": "one's own leader",
    "left_team": "the next team",
    "left_team_leader": "the next team's leader",
    "right_team": "the team before",
    "right_team_leader": "the leader of the team before",
    "all_foes": "all foes",
    "all_foe_leaders": "all foes' leaders",
}
_FOUND = {"all_foes": "any foe", "all_foe_leaders": "any foe's leader"}
_ITEM_WORDS = {
    Item.BOTTOM: ("a pair of bottoms", "pairs of bottoms"),
    Item.GLOVES: ("a pair of gloves", "pairs of gloves"),
    Item.AXE: ("an axe", "axes"),
    Item.ARROW: ("an arrow", "arrows"),
    Item.RUNES: ("a rune", "runes"),
}
"""One and several, where that is not "a" and "s"."""
_SKILL_WORDS = {Skill.MELEE: "melee combat", Skill.RANGE: "ranged combat", Skill.MAGE: "magic"}
_ATTACK_WORDS = {Skill.MELEE: "melee", Skill.RANGE: "ranged", Skill.MAGE: "magic"}
_MATERIAL_WORDS = {
    Material.TREE: "a tree",
    Material.STUMP: "a stump",
    Material.CRYSTAL: "a crystal",
    Material.FRAGMENT: "a crystal's fragment",
    Material.HERB: "a herb",
}
_OF_PROFESSIONS = (
    *(Material.ORE, Material.SLAG, Material.TREE, Material.STUMP, Material.CRYSTAL),
    *(Material.FRAGMENT, Material.WEEDS, Material.HERB, Material.OCEAN, Material.FISH),
)
"""What a map has only where there are professions."""


def _member(kind: type[IntEnum], name: str, what: str) -> Any:
    known = [member.name.lower() for member in kind]
    return kind[_choice(name, known, what).upper()]


def _choice(name: Any, known: list[str], what: str) -> str:
    text = str(name).lower()
    if not isinstance(name, str) or text not in known:
        close = difflib.get_close_matches(text, known, 3)
        hint = f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(known)}"
        raise TaskError(f"unknown {what} {name!r}; {hint}")
    return text


def _number(value: Any, what: str, low: int = 0) -> Number:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value < 2**31 or int(value) != value:
        raise TaskError(f"{what} must be a whole number of at least {low}, got {value!r}")
    return int(value)


def _item(name: str) -> Item:
    known = [item.name.lower() for item in Item if item]
    return Item[_choice(name, known, "item").upper()]


def _style(name: str) -> Skill:
    return Skill[_choice(name, [style.name.lower() for style in STYLES], "style").upper()]


def _target(target: str | int) -> int:
    if isinstance(target, int) and not isinstance(target, bool):
        return int(Target.AGENT) + int(_number(target, "an agent's row"))
    return int(Target[_choice(target, list(_TARGET_WORDS), "target").upper()])


def _whom(target: str | int) -> str:
    return _TARGET_WORDS.get(str(target), f"agent {target}")


def _place(place: str | tuple[int, int]) -> int:
    if isinstance(place, str):
        return ("center", *Place.QUADRANTS).index(
            _choice(place, ["center", *Place.QUADRANTS], "place")
        )
    row, col = place
    reach = Place.REACH
    if not (-reach <= row < reach and -reach <= col < reach):
        raise TaskError(f"a place is at most {reach} tiles from the centre, got {place}")
    return Place.TILE + (row + reach) * 2 * reach + col + reach


def _where(place: str | tuple[int, int]) -> str:
    if place == "center":
        return "the centre tile"
    if isinstance(place, str):
        return f"the centre of the {place} quadrant"
    return f"the tile {place[0]} rows and {place[1]} columns from the centre"


def _ask(
    predicate: int, arguments: tuple[Number, ...], call: str, sentence: str, *systems: str
) -> Task:
    return Task((Step(predicate, arguments),), call, sentence, frozenset(systems))


def _agents(agents: Number) -> str:
    return "" if agents == 1 else f", {agents} of the team"


def _several(count: Number, one: str, many: str) -> str:
    return one if count == 1 else f"{count} {many}"


def _one_and_many(item: Item) -> tuple[str, str]:
    word = item.name.lower()
    return _ITEM_WORDS.get(item, (f"a {word}", f"{word}s"))


def _of_level(words: str, level: Number) -> str:
    return words if level == 1 else f"{words} of level {level} or more"


def _skill(skill: Skill) -> str:
    return _SKILL_WORDS.get(skill, skill.name.lower())


def _gold(amount: Number) -> str:
    return _several(amount, "a piece of gold", "pieces of gold")


def _times(count: Number) -> str:
    return {1: "once", 2: "twice"}.get(count if isinstance(count, int) else 0, f"{count} times")


def _optional(**values: tuple[Any, Any]) -> str:
    """Return the arguments of a call that differ from their defaults."""
    return "".join(
        f", {name}={value!r}" for name, (value, default) in values.items() if value != default
    )


# Time and life


def tick_ge(ticks: Number = "horizon") -> Task:
    """Ask to live until a tick; progress is the share of the ticks that have passed."""
    _number(ticks, "ticks", 1)
    until = "to the end" if ticks == "horizon" else f"until tick {ticks}"
    return _ask(Predicate.TICK_GE, (ticks,), f"tick_ge({ticks!r})", f"stay alive {until}")


def stay_alive(target: str | int = "my_team") -> Task:
    """Ask that all of the target's agents live: 1 or 0."""
    call = f"stay_alive({target!r})"
    return _ask(Predicate.STAY_ALIVE, (_target(target),), call, f"keep all alive: {_whom(target)}")


def all_dead(target: str | int) -> Task:
    """Ask that the target's agents be dead; progress is the share that are."""
    call = f"all_dead({target!r})"
    return _ask(
        Predicate.AGENTS_DEAD, (_target(target),), call, f"see dead: {_whom(target)}", "combat"
    )


def check_agent_status(target: str | int, status: str) -> Task:
    """Ask that the target's agents be `alive`, or `dead`; progress is the share that are."""
    status = _choice(status, ["alive", "dead"], "status")
    predicate = Predicate.AGENTS_ALIVE if status == "alive" else Predicate.AGENTS_DEAD
    call = f"check_agent_status({target!r}, {status!r})"
    return _ask(predicate, (_target(target),), call, f"see {status}: {_whom(target)}")


def protect_leader() -> Task:
    """Ask to keep one's leader alive: progress tick / horizon while the first member lives."""
    call = "protect_leader()"
    return _ask(Predicate.PROTECT_LEADER, (), call, "keep the team's leader alive to the end")


# Place and sight


def occupy_tile(place: str | tuple[int, int] = "center") -> Task:
    """Ask to stand on a place: 1 or 0.

    Args:
        place: "center", a quadrant ("first" to "fourth": south-east, north-east, north-west,
            south-west), or (rows, columns) from the centre.
    """
    call = f"occupy_tile({place!r})"
    return _ask(Predicate.OCCUPY_TILE, (_place(place),), call, f"stand on {_where(place)}")


def progress_toward_center() -> Task:
    """Ask to stand on the centre tile; progress is the share of the way from the border."""
    call = "progress_toward_center()"
    return _ask(Predicate.PROGRESS_TOWARD_CENTER, (), call, "reach the centre tile")


def distance_traveled(tiles: Number) -> Task:
    """Ask to be so far from where one began (L-infinity), team members' distances added."""
    _number(tiles, "tiles", 1)
    call = f"distance_traveled({tiles!r})"
    far = _several(tiles, "a tile", "tiles")
    return _ask(Predicate.DISTANCE_TRAVELED, (tiles,), call, f"get {far} away from the start")


def can_see_tile(material: str) -> Task:
    """Ask to have a tile of a material in sight, as it stands: 1 or 0."""
    member = _member(Material, material, "material")
    call = f"can_see_tile({material!r})"
    word = _MATERIAL_WORDS.get(member, member.name.lower())
    systems = ["profession"] if member in _OF_PROFESSIONS else []
    return _ask(Predicate.CAN_SEE_TILE, (int(member),), call, f"find {word}", *systems)


def can_see_agent(target: str | int) -> Task:
    """Ask to have one of the target's living agents in sight: 1 or 0."""
    call = f"can_see_agent({target!r})"
    whom = _FOUND.get(str(target), _whom(target))
    return _ask(Predicate.CAN_SEE_TARGET, (_target(target),), call, f"find {whom}")


can_see_group = can_see_agent
"""The peer has two names: one for an agent, one for several."""


def members_within_range(tiles: Number) -> Task:
    """Ask the living members to gather: their rows and columns differ by at most so much."""
    _number(tiles, "tiles")
    call = f"members_within_range({tiles!r})"
    return _ask(
        Predicate.MEMBERS_WITHIN_RANGE,
        (tiles,),
        call,
        f"gather within {_several(tiles, 'a tile', 'tiles')} of each other",
    )


def seize_tile(
    place: str | tuple[int, int],
    ticks: Number,
    progress_bonus: float = 0.4,
    seize_bonus: float = 0.3,
) -> Task:
    """Ask to hold a place for so many ticks; it must be one of the game's objectives.

    Progress is progress_bonus x (1 - distance / half the playable side) until it is seized; then
    progress_bonus + seize_bonus + what is left of 1 x ticks held / ticks.
    """
    _number(ticks, "ticks", 1)
    thousandths = round(progress_bonus * SHARE), round(seize_bonus * SHARE)
    more = _optional(progress_bonus=(progress_bonus, 0.4), seize_bonus=(seize_bonus, 0.3))
    return _ask(
        Predicate.SEIZE_TILE,
        (_place(place), ticks, *thousandths),
        f"seize_tile({place!r}, {ticks!r}{more})",
        f"hold {_where(place)} for {_several(ticks, 'a tick', 'ticks')}",
    )


def seize_center(ticks: Number) -> Task:
    """Ask to hold the centre tile for so many ticks; both bonuses are 0.3."""
    return seize_tile("center", ticks, progress_bonus=0.3)


def seize_quadrant_center(quadrant: str, ticks: Number) -> Task:
    """Ask to hold a quadrant's centre tile for so many ticks; both bonuses are 0.3."""
    return seize_tile(
        _choice(quadrant, list(Place.QUADRANTS), "quadrant"), ticks, progress_bonus=0.3
    )


# Skills and fights


def attain_skill(skill: str, level: Number, agents: Number = 1) -> Task:
    """Ask to reach a level: progress is the sum of levels above 1 / (agents x (level - 1))."""
    member = _member(Skill, skill, "skill")
    numbers = _number(level, "level", 1), _number(agents, "agents", 1)
    call = f"attain_skill({skill!r}, level={level!r}{_optional(agents=(agents, 1))})"
    sentence = f"reach level {level} in {_skill(member)}{_agents(agents)}"
    return _ask(Predicate.ATTAIN_SKILL, (int(member), *numbers), call, sentence, "progression")


def gain_experience(skill: str, experience: Number, agents: Number = 1) -> Task:
    """Ask for experience in a skill, points."""
    member = _member(Skill, skill, "skill")
    numbers = _number(experience, "experience", 1), _number(agents, "agents", 1)
    call = f"gain_experience({skill!r}, {experience!r}{_optional(agents=(agents, 1))})"
    points = _several(experience, "a point", "points")
    sentence = f"gain {points} of experience in {_skill(member)}{_agents(agents)}"
    return _ask(Predicate.GAIN_EXPERIENCE, (int(member), *numbers), call, sentence, "progression")


def count_event(event: str, number: Number) -> Task:
    """Ask for a number of events of a kind; see `world.columns.Event`."""
    member = _member(Event, event, "event")
    _number(number, "number", 1)
    name = member.name.lower()
    systems = [_FULL_EVENTS[name]] if name in _FULL_EVENTS else []
    sentence = f"{_EVENT_WORDS[name]} {_times(number)}"
    return _ask(
        Predicate.COUNT_EVENT,
        (int(member), number),
        f"count_event({name!r}, {number!r})",
        sentence,
        *systems,
    )


def score_hit(style: str, number: Number) -> Task:
    """Ask for a number of hits in a style."""
    member = _style(style)
    _number(number, "number", 1)
    call = f"score_hit({style!r}, {number!r})"
    return _ask(
        Predicate.SCORE_HIT,
        (int(member), number),
        call,
        f"hit somebody with a {_ATTACK_WORDS[member]} attack {_times(number)}",
        "combat",
    )


def defeat_entity(victim: str, number: Number, level: Number = 0) -> Task:
    """Ask to kill a number of NPCs (`npc`) or agents (`player`) of at least a level."""
    which = VICTIMS.index(_choice(victim, list(VICTIMS), "victim"))
    numbers = _number(level, "level"), _number(number, "number")
    words = ("an NPC", "NPCs") if which == 0 else ("an agent", "agents")
    of = f" of level {level} or more" if level else ""
    call = f"defeat_entity({victim!r}, {number!r}{_optional(level=(level, 0))})"
    systems = ("combat", "npc") if which == 0 else ("combat",)
    return _ask(
        Predicate.DEFEAT_ENTITY,
        (which, *numbers),
        call,
        f"kill {_several(number, *words)}{of}",
        *systems,
    )


# Gold


def hoard_gold(amount: Number) -> Task:
    """Ask to have an amount of gold, pieces."""
    call = f"hoard_gold({_number(amount, 'amount', 1)!r})"
    sentence = f"have {_gold(amount)}"
    return _ask(Predicate.HOARD_GOLD, (amount,), call, sentence, "exchange")


def earn_gold(amount: Number) -> Task:
    """Ask to earn an amount of gold by sales and loot, pieces."""
    call = f"earn_gold({_number(amount, 'amount', 1)!r})"
    sentence = f"earn {_gold(amount)} by sales and loot"
    return _ask(Predicate.EARN_GOLD, (amount,), call, sentence, "exchange")


def spend_gold(amount: Number) -> Task:
    """Ask to pay an amount of gold for purchases, pieces."""
    call = f"spend_gold({_number(amount, 'amount', 1)!r})"
    sentence = f"spend {_gold(amount)}"
    return _ask(Predicate.SPEND_GOLD, (amount,), call, sentence, "exchange")


def make_profit(amount: Number) -> Task:
    """Ask to earn so much more gold than one pays, pieces."""
    call = f"make_profit({_number(amount, 'amount', 1)!r})"
    sentence = f"earn {_gold(amount)} more than is spent"
    return _ask(Predicate.MAKE_PROFIT, (amount,), call, sentence, "exchange")


# Items


def inventory_space(places: Number) -> Task:
    """Ask that every member's inventory have so many empty places: 1 or 0."""
    call = f"inventory_space({_number(places, 'places')!r})"
    sentence = f"keep {_several(places, 'a place', 'places')} of the inventory free"
    return _ask(Predicate.INVENTORY_SPACE, (places,), call, sentence, "item")


def _by_item(
    predicate: Predicate,
    name: str,
    words: str,
    item: str,
    level: Number,
    quantity: Number,
    *systems: str,
) -> Task:
    member = _item(item)
    numbers = _number(level, "level", 1), _number(quantity, "quantity", 1)
    more = _optional(level=(level, 1), quantity=(quantity, 1))
    word = member.name.lower()
    return _ask(
        predicate,
        (int(member), *numbers),
        f"{name}({word!r}{more})",
        words.format(_of_level(_several(quantity, *_one_and_many(member)), level)),
        *systems,
    )


def own_item(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to own an item of at least a level; what is worn or offered for sale counts."""
    return _by_item(Predicate.OWN_ITEM, "own_item", "own {}", item, level, quantity, "item")


def consume_item(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to use up rations or potions of at least a level."""
    return _by_item(
        Predicate.CONSUME_ITEM, "consume_item", "use up {}", item, level, quantity, "item"
    )


def harvest_item(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to harvest an item of at least a level."""
    return _by_item(
        Predicate.HARVEST_ITEM, "harvest_item", "harvest {}", item, level, quantity, "profession"
    )


def list_item(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to offer an item of at least a level for sale; a stack counts whole."""
    return _by_item(
        Predicate.LIST_ITEM, "list_item", "offer {} for sale", item, level, quantity, "exchange"
    )


def buy_item(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to buy an item of at least a level; a stack counts whole."""
    return _by_item(Predicate.BUY_ITEM, "buy_item", "buy {}", item, level, quantity, "exchange")


def fire_ammo(item: str, level: Number = 1, quantity: Number = 1) -> Task:
    """Ask to fire ammunition of at least a level; every shot counts."""
    known = ["whetstone", "arrow", "runes"]
    item = _choice(item, known, "ammunition")
    return _by_item(Predicate.FIRE_AMMO, "fire_ammo", "fire {}", item, level, quantity, "equipment")


def equip_item(item: str, level: Number = 1, agents: Number = 1) -> Task:
    """Ask to wear an item of at least a level."""
    member = _item(item)
    numbers = _number(level, "level", 1), _number(agents, "agents", 1)
    call = f"equip_item({item!r}{_optional(level=(level, 1), agents=(agents, 1))})"
    words = _one_and_many(member)[member in AMMUNITION]
    sentence = f"equip {_of_level(words, level)}{_agents(agents)}"
    return _ask(Predicate.EQUIP_ITEM, (int(member), *numbers), call, sentence, "equipment")


def fully_armed(style: str, level: Number = 1, agents: Number = 1) -> Task:
    """Ask to wear hat, top, bottom, and a style's weapon and ammunition, each of a level."""
    member = _style(style)
    numbers = _number(level, "level", 1), _number(agents, "agents", 1)
    call = f"fully_armed({style!r}{_optional(level=(level, 1), agents=(agents, 1))})"
    of = "" if level == 1 else f", all of level {level} or more"
    arms = f"full armour and a weapon and ammunition for {_skill(member)}"
    sentence = f"equip {arms}{of}{_agents(agents)}"
    return _ask(Predicate.FULLY_ARMED, (int(member), *numbers), call, sentence, "equipment")


# A game's own


def own_predicate(number: int, *arguments: Number, sentence: str, name: str = "") -> Task:
    """Ask what a game's own predicate measures.

    Args:
        number: its place in the game's `predicates`, 0..7.
        arguments: at most four whole numbers or names of knobs, given to the kernel.
        sentence: what it asks, in English.
        name: how it is called in lists.
    """
    if not 0 <= number < OWN_LIMIT:
        raise TaskError(f"a game has at most {OWN_LIMIT} predicates of its own, got {number}")
    call = f"{name or f'own_predicate_{number}'}({', '.join(map(repr, arguments))})"
    return _ask(Predicate.OWN_FIRST + number, arguments, call, sentence)
