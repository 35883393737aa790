"""Inventory: wearing, consuming, throwing away, harvesting, looting (rulebook, section 9)."""

import numpy as np
import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.items import (
    AMMUNITION,
    ARMOR,
    ATTACK,
    DEFENSE,
    SKILL_OF,
    TOOLS,
    WEAPONS,
    Item,
)
from metammo.rules.materials import Material
from metammo.rules.skills import LEVEL_EXPERIENCE, Skill
from metammo.world.columns import Event

pytestmark = pytest.mark.pure


def field(**rules):
    scene = Scenario(["......."] * 5, config="full", **rules)
    return scene, scene.player(2, 1), scene.player(2, 3)


def events(scene, player, event):
    return int(scene["event_count"][player, event])


def test_the_tables_are_the_rulebooks():
    assert [int(ATTACK[item, 3, style]) for style, item in enumerate(WEAPONS)] == [20, 20, 20]
    assert [int(ATTACK[item, 3, style]) for style, item in enumerate(AMMUNITION)] == [35, 35, 35]
    assert ATTACK[Item.ARROW, 10, 1] == 100
    assert ATTACK[Item.SPEAR, 3].tolist() == [20, 0, 0]
    assert {int(DEFENSE[item, 4]) for item in ARMOR} == {12}
    assert {int(DEFENSE[item, 4]) for item in TOOLS} == {15}
    assert SKILL_OF[Item.BOW] == SKILL_OF[Item.ARROW] == Skill.RANGE
    assert SKILL_OF[Item.CHISEL] == Skill.ALCHEMY
    assert SKILL_OF[Item.HAT] == SKILL_OF[Item.POTION] == -1
    assert LEVEL_EXPERIENCE.tolist() == [0, 90, 217, 373, 553, 754, 974, 1212, 1467, 1737]


def test_worn_items_add_up_and_replace_each_other():
    scene, anna, _ = field()
    scene.skill(anna, "melee", 5)
    hat, spear, stones = (scene.item(anna, name, 2) for name in ("hat", "spear", "whetstone"))
    axe = scene.item(anna, "axe", 1)
    for slot in (hat, spear, stones):
        scene.tick({anna: {"use": slot}})
    assert scene["attack"][anna].tolist() == [15 + 25, 0, 0]
    assert scene["defense"][anna].tolist() == [6, 6, 6]
    scene.tick({anna: {"use": axe}})
    assert scene["item_is_worn"][anna, [hat, spear, stones, axe]].tolist() == [1, 0, 1, 1]
    assert scene["attack"][anna].tolist() == [25, 0, 0]
    assert scene["defense"][anna].tolist() == [21, 21, 21]
    # Others see it a tick late.
    assert scene.worlds[0].entity_item_level[anna] == 6
    scene.tick()
    assert scene.worlds[0].entity_item_level[anna] == 5
    assert events(scene, anna, Event.EQUIP_ITEM) == 4
    scene.tick({anna: {"use": axe}})
    assert scene["defense"][anna].tolist() == [6, 6, 6]
    assert events(scene, anna, Event.EQUIP_ITEM) == 4


@pytest.mark.parametrize(
    ("name", "skill"),
    [("spear", "melee"), ("arrow", "range"), ("wand", "mage"), ("rod", "fishing"), ("hat", "mage")],
)
def test_an_item_asks_for_its_level(name, skill):
    scene, anna, _ = field()
    slot = scene.item(anna, name, 3)
    scene.skill(anna, skill, 2)
    scene.tick({anna: {"use": slot}})
    assert scene["item_is_worn"][anna, slot] == 0
    scene.skill(anna, skill, 3)
    scene.tick({anna: {"use": slot}})
    assert scene["item_is_worn"][anna, slot] == 1


def test_consumables_restore_and_are_gone():
    scene, anna, _ = field(resource=0)
    ration, potion = scene.item(anna, "ration"), scene.item(anna, "potion")
    scene.set(anna, health=30, food=10, water=80)
    scene.tick({anna: {"use": ration}})
    assert (scene["food"][anna], scene["water"][anna]) == (65, 100)
    scene.tick({anna: {"use": potion}})
    assert scene["health"][anna] == 85
    assert scene.items(anna) == []
    assert events(scene, anna, Event.CONSUME_ITEM) == 2
    assert scene["item_events"][anna, 0, [Item.RATION, Item.POTION], 1].tolist() == [1, 1]


def test_in_combat_nothing_is_handled_and_listed_items_are_not_used():
    scene, anna, bert = field()
    hat = scene.item(anna, "hat")
    scene.tick({anna: {"attack": bert}})
    for _ in range(3):
        scene.tick({anna: {"use": hat, "destroy": hat}})
        assert scene.items(anna) == [("hat", 1, 1)]
        assert scene["item_is_worn"][anna, hat] == 0
    top = scene.item(anna, "top", price=5)
    scene.tick({anna: {"use": top}})
    assert scene["item_is_worn"][anna, top] == 0
    scene.tick({anna: {"use": hat, "destroy": hat}})
    # Worn in the same tick, so it is not thrown away; what is listed may be.
    assert scene.items(anna) == [("hat", 1, 1), ("top", 1, 1)]
    scene.tick({anna: {"destroy": top}})
    assert scene.items(anna) == [("hat", 1, 1)]
    assert events(scene, anna, Event.DESTROY_ITEM) == 1


@pytest.mark.parametrize(
    ("glyph", "found", "skill", "experience", "tool"),
    [
        ("o", "whetstone", Skill.PROSPECTING, 15, "pickaxe"),
        ("t", "arrow", Skill.CARVING, 15, "axe"),
        ("c", "runes", Skill.ALCHEMY, 15, "chisel"),
        ("h", "potion", Skill.HERBALISM, 30, "gloves"),
    ],
)
def test_harvests_underfoot(glyph, found, skill, experience, tool):
    scene = Scenario(["...", f".{glyph}.", "..."], config="full", weapon_find=0)
    anna = scene.player(1, 1)
    scene.tick()
    assert scene.items(anna) == [(found, 1, 1)]
    assert scene["experience"][anna, skill] == experience
    assert events(scene, anna, Event.HARVEST_ITEM) == 1
    scene.worlds[0].tile_material[scene.row + 1, scene.col + 1] = {
        "o": Material.ORE,
        "t": Material.TREE,
        "c": Material.CRYSTAL,
        "h": Material.HERB,
    }[glyph]
    scene.worlds[0].depleted_count = 0
    scene.skill(anna, skill.name.lower(), 3)
    scene.item(anna, tool, 3, worn=True)
    scene.tick()
    assert (found, 4, 1) in scene.items(anna)


def test_now_and_then_a_weapon_is_found():
    for glyph, weapon in (("o", "wand"), ("t", "spear"), ("c", "bow")):
        scene = Scenario(["...", f".{glyph}.", "..."], config="full", weapon_find=1)
        anna = scene.player(1, 1)
        scene.tick()
        assert weapon in [name for name, _, _ in scene.items(anna)]


def test_fish_on_all_sides_make_one_ration():
    scene = Scenario([".f.", "f.f", ".f."], config="full")
    anna = scene.player(1, 1)
    scene.tick()
    assert scene.items(anna) == [("ration", 1, 1)]
    assert scene["experience"][anna, Skill.FISHING] == 30
    assert {scene.material(*at) for at in ((0, 1), (1, 0), (1, 2), (2, 1))} == {Material.OCEAN}


def test_ammunition_stacks_and_a_full_inventory_loses_the_harvest():
    scene = Scenario(["...", ".o.", "..."], config="full", weapon_find=0)
    anna = scene.player(1, 1)
    scene.item(anna, "whetstone", quantity=4)
    scene.tick()
    assert scene.items(anna) == [("whetstone", 1, 5)]
    for _ in range(11):
        scene.item(anna, "hat")
    scene.worlds[0].tile_material[scene.row + 1, scene.col + 1] = Material.ORE
    scene.worlds[0].depleted_count = 0
    scene.tick()
    assert scene.items(anna)[0] == ("whetstone", 1, 5)
    assert scene["experience"][anna, Skill.PROSPECTING] == 30
    assert scene.material(1, 1) == Material.SLAG


def test_shots_use_up_the_styles_ammunition():
    scene, anna, bert = field(resource=0)
    arrows = scene.item(anna, "arrow", quantity=2, worn=True)
    scene.tick({anna: {"attack": bert, "style": "melee"}})
    assert scene["health"][bert] == 100 - (10 + 5 - 5)
    assert scene["item_quantity"][anna, arrows] == 2
    scene.tick({anna: {"attack": bert, "style": "range"}})
    # Range is what melee beats, and bert has learned nothing: no multiplier.
    assert scene["damage"][bert] == 10 + 5 + 15 - 5
    assert scene["item_quantity"][anna, arrows] == 1
    scene.tick({anna: {"attack": bert, "style": "range"}})
    assert scene.items(anna) == []
    assert scene["attack"][anna].tolist() == [0, 0, 0]
    assert events(scene, anna, Event.FIRE_AMMO) == 2


def test_hits_teach_and_levels_count():
    scene, anna, bert = field(resource=0)
    scene.set(anna, experience=np.array([84, 0, 0, 0, 0, 0, 0, 0]))
    scene.skill(bert, "fishing", 3)
    scene.tick({anna: {"attack": bert, "style": "melee"}})
    # Offense 10 + 5 x 1, defense 5 x best of all skills, 3.
    assert scene["damage"][bert] == max(15 - 15, 15 // 4)
    assert scene["experience"][anna, 0] == 90
    assert scene["skill_level"][anna, 0] == 2
    assert scene["level"][anna] == 2
    assert events(scene, anna, Event.LEVEL_UP) == 1


def test_a_players_killer_takes_what_it_has_room_for():
    scene, anna, bert = field(resource=0)
    scene.set(bert, health=1, gold=7)
    for _ in range(11):
        scene.item(anna, "hat")
    scene.item(anna, "arrow", 2, quantity=3)
    scene.item(bert, "arrow", 2, quantity=4, worn=True)
    scene.item(bert, "top", price=3)
    scene.tick({anna: {"attack": bert}})
    assert ("arrow", 2, 7) in scene.items(anna)
    assert len(scene.items(anna)) == 12
    assert scene.items(bert) == []
    assert scene["gold"][[anna, bert]].tolist() == [7, 0]
    assert events(scene, anna, Event.LOOT_ITEM) == 0
    assert events(scene, anna, Event.LOOT_GOLD) == 1


def test_what_an_npc_drops_is_taken():
    scene, anna, _ = field()
    npc = scene.npc("passive", 2, 2, health=1, level=4, gold=4)
    scene.worlds[0].npc_drop[npc - scene.sizes.players] = (Item.TOP, Item.ROD)
    scene.tick({anna: {"attack": npc}})
    assert scene.items(anna) == [("top", 4, 1), ("rod", 4, 1)]
    assert scene["gold"][anna] == 4
    assert events(scene, anna, Event.LOOT_ITEM) == 2


def test_killed_by_an_npc_the_items_are_lost_and_the_gold_is_its():
    scene, anna, _ = field()
    npc = scene.npc("aggressive", 2, 2, gold=2, attack=np.array([50, 50, 50]))
    scene.set(anna, health=1, gold=5)
    scene.item(anna, "hat")
    scene.tick(ticks=2)
    assert scene["is_alive"][anna] == 0
    assert scene.items(anna) == []
    assert scene["gold"][npc] == 7
