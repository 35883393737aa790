"""Which tasks train a generalist, and by which it is rated: the grid of the NeurIPS 2023 contest.

The Neural MMO competition asked one agent at a time. 1,299 tasks, drawn by weight, are learned
from; 63 in six categories are scored, each category the same (rulebook, section 13).

The competition's list lacks the mark of evaluation on one of its 63, survival to the end. So its
published scores cover 62 tasks, and that one is in its training list a second time. Here it is
scored; it stays in training twice, too, so that each task is drawn as often as it was there.
"""

from collections.abc import Iterator

from metammo.rules.items import AMMUNITION, ARMOR, SKILL_OF, TOOLS, WEAPONS, Item
from metammo.rules.skills import STYLE_COUNT, Skill
from metammo.tasks.goals import (
    attain_skill,
    buy_item,
    can_see_agent,
    can_see_group,
    can_see_tile,
    consume_item,
    count_event,
    defeat_entity,
    earn_gold,
    equip_item,
    fully_armed,
    gain_experience,
    harvest_item,
    hoard_gold,
    inventory_space,
    list_item,
    make_profit,
    occupy_tile,
    own_item,
    score_hit,
    spend_gold,
    tick_ge,
)
from metammo.tasks.tasks import OneOf, Task, weighted

CATEGORIES = ("survival", "combat", "exploration", "skill", "item", "market")
"""Of the evaluation tasks; a score is the mean over categories of the mean over their tasks."""
PUBLISHED_CATEGORIES = CATEGORIES[1:]
"""Those of the published scores, which divide by six all the same: at most 83.3 of 100."""

WHOLE_EPISODE = 1024
"""Ticks of the competition's episodes."""


def _names(members: tuple[Item, ...] | tuple[Skill, ...]) -> tuple[str, ...]:
    return tuple(member.name.lower() for member in members)


SKILLS = _names(tuple(Skill))
STYLES = SKILLS[:STYLE_COUNT]
CONSUMABLES = _names((Item.RATION, Item.POTION))
WEARABLE = _names((*ARMOR, *WEAPONS, *TOOLS, *AMMUNITION))
ITEMS = (*WEARABLE, *CONSUMABLES)
HARVESTED = (*_names(WEAPONS), *_names(AMMUNITION), *CONSUMABLES)
"""What tiles give."""
HELD = {Skill(SKILL_OF[item]).name.lower(): item.name.lower() for item in (*WEAPONS, *TOOLS)}
"""By skill, the weapon or tool with which it is practised."""
RESOURCES = ("foliage", "herb", "crystal", "water", "tree", "ore", "fish")

COUNTS = (1, 2, 3, 5, 7, 9, 12, 15, 20, 30, 50)
"""Of events, hits, gold: many small goals, so that there is always a next one."""
FEW = range(1, 10)
"""Of events that are seldom, or should be."""
SPANS = (50, 100, 150, 200, 300, 500, 700)
"""Of ticks, and of experience."""
LEVELS = range(2, 10)
QUANTITIES = range(1, 6)
LEVEL_AND_QUANTITY = 6
"""Several items are asked for only where level and quantity add up to at most this."""

RATED_COUNT = 20
RATED_LEVELS = (1, 3)
RATED_GOLD = 100


def _skill_weight(level: int) -> int:
    return 10 * max(6 - level, 0) or 5


def _item_weight(level: int) -> int:
    return max(4 - level, 1)


def _events() -> Iterator[Task]:
    for event in ("eat_food", "drink_water"):
        for number in FEW:
            yield weighted(count_event(event, number), 100)
    for event in (
        *("score_hit", "player_kill", "harvest_item", "equip_item", "consume_item"),
        *("level_up", "earn_gold", "list_item", "buy_item"),
    ):
        for number in COUNTS:
            yield weighted(count_event(event, number), 20)
    for event in ("give_item", "destroy_item", "give_gold"):
        for number in FEW:
            yield count_event(event, number)


def _survival_and_places() -> Iterator[Task]:
    yield tick_ge(WHOLE_EPISODE)
    for ticks in SPANS:
        yield tick_ge(ticks)
    for material in RESOURCES:
        yield weighted(can_see_tile(material), 10)
    yield occupy_tile("center")
    for side in ("left", "right"):
        yield can_see_agent(f"{side}_team_leader")
        yield can_see_group(f"{side}_team")


def _skills() -> Iterator[Task]:
    for skill in SKILLS:
        for level in LEVELS[1:]:
            yield weighted(attain_skill(skill, level), _skill_weight(level))
        for points in SPANS:
            practice = 0.3 * equip_item(HELD[skill]) + 0.7 * gain_experience(skill, points)
            yield weighted(practice, 50)
    for style in STYLES:
        for number in COUNTS:
            yield weighted(score_hit(style, number), 5)


def _gold() -> Iterator[Task]:
    for ask, weight in ((hoard_gold, 10), (earn_gold, 10), (spend_gold, 5), (make_profit, 3)):
        for amount in COUNTS:
            yield weighted(ask(amount), weight)


def _items() -> Iterator[Task]:
    for places in (2, 4, 8):
        for ticks in SPANS:
            yield inventory_space(places) * tick_ge(ticks)
    for item in WEARABLE:
        for level in LEVELS:
            yield weighted(equip_item(item, level), _item_weight(level))
    for ask, items in (
        (own_item, ITEMS),
        (consume_item, CONSUMABLES),
        (harvest_item, HARVESTED),
        (list_item, ITEMS),
        (buy_item, ITEMS),
    ):
        for item in items:
            for level in LEVELS:
                for quantity in QUANTITIES:
                    if quantity == 1 or level + quantity <= LEVEL_AND_QUANTITY:
                        yield weighted(ask(item, level, quantity), _item_weight(level))


def _rated() -> Iterator[tuple[str, Task]]:
    yield "survival", tick_ge(WHOLE_EPISODE)
    yield "combat", count_event("player_kill", RATED_COUNT)
    for level in RATED_LEVELS:
        yield "combat", defeat_entity("npc", RATED_COUNT, level)
    yield "exploration", count_event("go_farthest", 64)
    yield "exploration", occupy_tile("center")
    for skill in SKILLS:
        yield "skill", attain_skill(skill, 10)
    for ask, items in ((harvest_item, _names(AMMUNITION)), (consume_item, CONSUMABLES)):
        for item in items:
            for level in RATED_LEVELS:
                yield "item", ask(item, level, RATED_COUNT)
    for item in WEARABLE:
        for level in RATED_LEVELS:
            yield "item", equip_item(item, level)
    for style in STYLES:
        for level in RATED_LEVELS:
            yield "item", fully_armed(style, level)
    for event in ("earn_gold", "buy_item"):
        yield "market", count_event(event, RATED_COUNT)
    for gold in (earn_gold, hoard_gold, make_profit):
        yield "market", gold(RATED_GOLD)


EVALUATION = OneOf(tuple(weighted(task, 1, category) for category, task in _rated()))
"""The 63 tasks of the evaluation, equally likely, with their category."""

TRAINING = OneOf(
    (
        *_survival_and_places(),
        *_events(),
        *_skills(),
        *_gold(),
        *_items(),
        # The survival task of the evaluation, as the competition's list has it: see above.
        tick_ge(WHOLE_EPISODE),
    )
)
"""The 1,299 tasks of training; their weights add up to 8,995."""
