"""Each task of the evaluation is done by its cause, through real ticks, and by nothing else."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.jit import IS_BOUNDS_CHECKED
from metammo.rules.items import AMMUNITION, ARMOR, TOOLS, WEAPONS, Item
from metammo.rules.skills import LEVEL_EXPERIENCE, LEVEL_LIMIT, Skill
from metammo.tasks.curriculum import EVALUATION, WHOLE_EPISODE
from metammo.tasks.goals import (
    attain_skill,
    consume_item,
    count_event,
    defeat_entity,
    earn_gold,
    equip_item,
    fully_armed,
    harvest_item,
    hoard_gold,
    make_profit,
    occupy_tile,
    tick_ge,
)

pytestmark = pytest.mark.pure

TASKS = {str(task): task for task in EVALUATION.tasks}
CONSUMABLE = (Item.RATION, Item.POTION)
GLYPH_OF = {"arrow": "t", "whetstone": "o", "runes": "c"}
TOOL_OF = {"arrow": "axe", "whetstone": "pickaxe", "runes": "chisel"}
GLYPH_OF_SKILL = {"herbalism": "h", "prospecting": "o", "carving": "t", "alchemy": "c"}
REGROWTH = dict.fromkeys(("tree_regrowth", "ore_regrowth", "crystal_regrowth"), 1.0)


def stage(here=".", beside=".", **rules):
    """Return a scene with two agents side by side, on and beside the first a tile of a material."""
    drawing = [f".{here}.......", f".{beside}......."] + ["." * 9] * 7
    scene = Scenario(drawing, config="full", resource=0, weapon_find=0, **rules)
    return scene, scene.player(0, 1), scene.player(0, 2)


def live_to_the_end():
    scene, anna, _ = stage()
    scene.worlds[0].tick = WHOLE_EPISODE - 1
    yield scene, anna
    scene.tick()


def kill_twenty(level):
    """Kill NPCs of a level; or, for level 0, ten of level 1 and ten agents."""
    scene, anna, bert = stage()
    for number in range(20):
        if number == 19:
            yield scene, anna
        if level == 0 and number % 2:
            scene.set(bert, is_alive=1, health=1)
            scene.tick({anna: {"attack": bert}})
        else:
            npc = scene.npc("passive", 0, 3, health=1, level=max(level, 1))
            scene.tick({anna: {"attack": npc}})


def walk_to_the_center():
    if IS_BOUNDS_CHECKED:
        pytest.skip("the tick of another size class takes long to compile, and is checked in tiny")
    drawing = ["." * 129] * 129
    scene = Scenario(drawing, size="standard", config="full", resource=0)
    anna = scene.player(0, 64)
    scene.player(0, 0)
    for step in range(64):
        if step == 63:
            yield scene, anna
        scene.tick({anna: {"move": "south"}})


def step_onto_the_center():
    scene, anna, _ = stage()
    for move in ("south", "south", "south", "south", "east", "east"):
        scene.tick({anna: {"move": move}})
    yield scene, anna
    scene.tick({anna: {"move": "east"}})


def learn(skill):
    """Practise a skill of which a little is missing to the highest level."""
    fish = "f" if skill == "fishing" else "."
    scene, anna, bert = stage(GLYPH_OF_SKILL.get(skill, "."), fish)
    scene.skill(anna, skill, LEVEL_LIMIT - 1)
    experience = int(LEVEL_EXPERIENCE[LEVEL_LIMIT - 1]) - 1
    scene.worlds[0].entity_experience[anna, Skill[skill.upper()]] = experience
    yield scene, anna
    fights = skill in ("melee", "range", "mage")
    scene.tick({anna: {"attack": bert, "style": skill}} if fights else {})


def harvest_twenty(item, level):
    scene, anna, _ = stage(GLYPH_OF[item], **REGROWTH)
    if level > 1:
        scene.item(anna, TOOL_OF[item], level - 1, worn=True)
    scene.tick(ticks=19)
    yield scene, anna
    scene.tick()


def consume_twenty(item, level):
    scene, anna, _ = stage()
    scene.skill(anna, "carving", level)
    for number in range(20):
        slot = scene.item(anna, item, level)
        if number == 19:
            yield scene, anna
        scene.tick({anna: {"use": slot}})


def put_on(names, level):
    """Put on items, of just the level of which they are and for which the skills are there."""
    scene, anna, _ = stage()
    for skill in Skill:
        scene.skill(anna, skill.name.lower(), level)
    slots = [scene.item(anna, name, level) for name in names]
    for number, slot in enumerate(slots):
        if number == len(slots) - 1:
            yield scene, anna
        scene.tick({anna: {"use": slot}})


def sell(scene, seller, buyer, price):
    slot = scene.item(seller, "hat")
    scene.tick({seller: {"sell": (slot, price)}})
    scene.tick({buyer: {"buy": (seller, slot)}})
    scene.tick({buyer: {"destroy": 0}})


def trade_twenty(sells):
    scene, anna, bert = stage()
    scene.set(anna, gold=20)
    scene.set(bert, gold=20)
    for number in range(20):
        if number == 19:
            yield scene, anna
        sell(scene, *((anna, bert) if sells else (bert, anna)), 1)


def sell_dearly(spends):
    """Sell for 100 in all, less a gift of 10; where it spends, a purchase of 1 goes before."""
    scene, anna, bert = stage()
    scene.set(anna, gold=1 if spends else 0)
    scene.set(bert, gold=100)
    if spends:
        sell(scene, bert, anna, 1)
    sell(scene, anna, bert, 50)
    scene.tick({anna: {"give_gold": (10, bert)}})
    yield scene, anna
    sell(scene, anna, bert, 50)


def receive_gold():
    scene, anna, bert = stage()
    scene.set(bert, gold=100)
    scene.tick({bert: {"give_gold": (50, anna)}})
    yield scene, anna
    scene.tick({bert: {"give_gold": (50, anna)}})


def words(members):
    return [member.name.lower() for member in members]


def deeds():
    """Return what does each task: a generator, its arguments, and the tasks done along with it."""
    rows = {
        tick_ge(WHOLE_EPISODE): (live_to_the_end, (), ()),
        count_event("player_kill", 20): (kill_twenty, (0,), ()),
        count_event("go_farthest", 64): (walk_to_the_center, (), (occupy_tile("center"),)),
        occupy_tile("center"): (step_onto_the_center, (), ()),
        count_event("earn_gold", 20): (trade_twenty, (True,), ()),
        count_event("buy_item", 20): (trade_twenty, (False,), ()),
        earn_gold(100): (sell_dearly, (True,), ()),
        make_profit(100): (sell_dearly, (False,), (earn_gold(100),)),
        hoard_gold(100): (receive_gold, (), ()),
        **{attain_skill(skill, 10): (learn, (skill,), ()) for skill in words(Skill)},
        **deeds_with_items(1, (1,)),
        **deeds_with_items(3, (1, 3)),
    }
    return {str(task): row for task, row in rows.items()}


def deeds_with_items(level, levels):
    """Return the deeds with a level; who has done one has done it at the lower level, too."""
    kills = [defeat_entity("npc", 20, one) for one in levels]
    rows = {kills[-1]: (kill_twenty, (level,), (count_event("player_kill", 20), *kills))}
    for item, tool in TOOL_OF.items():
        # The tool that gives level 3 is itself worn.
        also = [harvest_item(item, one, 20) for one in levels] + [equip_item(tool)] * (level > 1)
        rows[harvest_item(item, level, 20)] = (harvest_twenty, (item, level), also)
    for item in words(CONSUMABLE):
        also = [consume_item(item, one, 20) for one in levels]
        rows[consume_item(item, level, 20)] = (consume_twenty, (item, level), also)
    for item in words((*ARMOR, *WEAPONS, *TOOLS, *AMMUNITION)):
        also = [equip_item(item, one) for one in levels]
        rows[equip_item(item, level)] = (put_on, ((item,), level), also)
    for style, weapon, shots in zip(tuple(Skill)[:3], WEAPONS, AMMUNITION, strict=True):
        pieces = words((*ARMOR, weapon, shots))
        also = [fully_armed(style.name.lower(), one) for one in levels]
        also += [equip_item(piece, one) for piece in pieces for one in levels]
        rows[fully_armed(style.name.lower(), level)] = (put_on, (pieces, level), also)
    return rows


DEEDS = deeds()


def done(scene, player):
    """Return the tasks that would be done if they had been asked."""
    names = set()
    for name, task in TASKS.items():
        scene.worlds[0].player_progress[player] = 0
        scene.ask(player, task)
        if scene.progress(player) >= 1:
            names.add(name)
    return names


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_done_by_its_cause_and_not_before(name):
    act, arguments, also = DEEDS[name]
    steps = act(*arguments)
    scene, player = next(steps)
    assert name not in done(scene, player)
    with pytest.raises(StopIteration):
        next(steps)
    assert done(scene, player) == {name, *map(str, also)}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_not_done_by_standing_about(name):
    scene, anna, _ = stage()
    scene.ask(anna, TASKS[name])
    scene.tick(ticks=3)
    assert scene.progress(anna) < 1
