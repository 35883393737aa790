"""Kinds of items: where they are worn, what they need and give (rulebook, section 9)."""

from enum import IntEnum

import numpy as np

from metammo.rules.materials import Material
from metammo.rules.skills import LEVEL_LIMIT, STYLE_COUNT, Skill


class Item(IntEnum):
    """An item's type, by the peer's number; 0 means an empty place."""

    NONE = 0
    HAT = 2
    TOP = 3
    BOTTOM = 4
    SPEAR = 5
    BOW = 6
    WAND = 7
    ROD = 8
    GLOVES = 9
    PICKAXE = 10
    AXE = 11
    CHISEL = 12
    WHETSTONE = 13
    ARROW = 14
    RUNES = 15
    RATION = 16
    POTION = 17


class Slot(IntEnum):
    """Where an item is worn."""

    NONE = 0
    HAT = 1
    TOP = 2
    BOTTOM = 3
    HELD = 4
    AMMUNITION = 5


ITEM_TYPE_COUNT = 18
INVENTORY_SIZE = 12
LISTING_LIMIT = 384
"""Listings of the market that can be seen and bought."""
PRICE_LIMIT = 99
"""Highest price, and most gold that is given at once."""
ATTACK_LIMIT = 100
"""Most attack of one item: ammunition of level 10 would have 105."""

ARMOR = (Item.HAT, Item.TOP, Item.BOTTOM)
WEAPONS = (Item.SPEAR, Item.BOW, Item.WAND)
TOOLS = (Item.ROD, Item.GLOVES, Item.PICKAXE, Item.AXE, Item.CHISEL)
AMMUNITION = (Item.WHETSTONE, Item.ARROW, Item.RUNES)

SLOT_OF = np.zeros(ITEM_TYPE_COUNT, np.int64)
"""int64[18]: the Slot of each type."""
for _item, _slot in (
    *zip(ARMOR, (Slot.HAT, Slot.TOP, Slot.BOTTOM), strict=True),
    *((item, Slot.HELD) for item in (*WEAPONS, *TOOLS)),
    *((item, Slot.AMMUNITION) for item in AMMUNITION),
):
    SLOT_OF[_item] = _slot

IS_STACKED = np.zeros(ITEM_TYPE_COUNT, np.int64)
"""int64[18]: 1 where items of a type and level share a place, whatever their number."""
IS_STACKED[list(AMMUNITION)] = 1

ANY_SKILL = -1
SKILL_OF = np.full(ITEM_TYPE_COUNT, ANY_SKILL, np.int64)
"""int64[18]: the Skill whose level an item's user needs; -1: the best of all eight."""
for _place, _skill in enumerate(Skill):
    if _place < STYLE_COUNT:
        SKILL_OF[[WEAPONS[_place], AMMUNITION[_place]]] = _skill
    else:
        SKILL_OF[TOOLS[_place - STYLE_COUNT]] = _skill

ATTACK = np.zeros((ITEM_TYPE_COUNT, LEVEL_LIMIT + 1, STYLE_COUNT), np.int64)
"""int64[18, 11, 3]: attack of a worn item by type, level and style, points."""
DEFENSE = np.zeros((ITEM_TYPE_COUNT, LEVEL_LIMIT + 1), np.int64)
"""int64[18, 11]: defense of a worn item by type and level, in every style, points."""
for _level in range(1, LEVEL_LIMIT + 1):
    for _style in range(STYLE_COUNT):
        ATTACK[WEAPONS[_style], _level, _style] = 5 + 5 * _level
        ATTACK[AMMUNITION[_style], _level, _style] = min(5 + 10 * _level, ATTACK_LIMIT)
    DEFENSE[list(ARMOR), _level] = 3 * _level
    DEFENSE[list(TOOLS), _level] = 15

RESTORED = 50 + 5 * np.arange(LEVEL_LIMIT + 1)
"""int64[11]: what a consumable of a level gives: a ration food and water, a potion health."""

HARVEST_ITEM = np.zeros(len(Material), np.int64)
"""int64[16]: what each material gives when harvested; 0: nothing."""
HARVEST_WEAPON = np.zeros(len(Material), np.int64)
"""int64[16]: the weapon that is found now and then besides."""
HARVEST_SKILL = np.zeros(len(Material), np.int64)
"""int64[16]: the Skill that learns from it."""
HARVEST_EXPERIENCE = np.zeros(len(Material), np.int64)
"""int64[16]: how much it learns."""
HARVEST_TOOL = np.zeros(len(Material), np.int64)
"""int64[16]: the tool that gives more than level 1 when held."""
for _material, _item, _weapon, _skill, _experience in (
    (Material.FISH, Item.RATION, Item.NONE, Skill.FISHING, 30),
    (Material.HERB, Item.POTION, Item.NONE, Skill.HERBALISM, 30),
    (Material.ORE, Item.WHETSTONE, Item.WAND, Skill.PROSPECTING, 15),
    (Material.TREE, Item.ARROW, Item.SPEAR, Skill.CARVING, 15),
    (Material.CRYSTAL, Item.RUNES, Item.BOW, Skill.ALCHEMY, 15),
):
    HARVEST_ITEM[_material] = _item
    HARVEST_WEAPON[_material] = _weapon
    HARVEST_SKILL[_material] = _skill
    HARVEST_EXPERIENCE[_material] = _experience
    HARVEST_TOOL[_material] = TOOLS[_skill - STYLE_COUNT]
