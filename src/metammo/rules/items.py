"""Kinds of items, slots and their numbers (rulebook, section 9)."""

from enum import IntEnum


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


ITEM_TYPE_COUNT = 18
INVENTORY_SIZE = 12
LISTING_LIMIT = 384
"""Listings of the market that can be seen and bought."""
