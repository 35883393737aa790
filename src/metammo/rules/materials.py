"""What tiles are made of, and what becomes of them (rulebook, section 3)."""

from enum import IntEnum

import numpy as np


class Material(IntEnum):
    """A tile's material, by the index that replays and observations use."""

    VOID = 0
    WATER = 1
    GRASS = 2
    SCRUB = 3
    FOLIAGE = 4
    STONE = 5
    SLAG = 6
    ORE = 7
    STUMP = 8
    TREE = 9
    FRAGMENT = 10
    CRYSTAL = 11
    WEEDS = 12
    HERB = 13
    OCEAN = 14
    FISH = 15


MATERIAL_COUNT = len(Material)

IMPASSABLE = (Material.VOID, Material.WATER, Material.STONE, Material.OCEAN, Material.FISH)

IS_HABITABLE = np.array([material not in IMPASSABLE for material in Material], np.uint8)
"""uint8[16]: 1 where a tile of the material can be walked on."""

DEPLETES_TO = {
    Material.FOLIAGE: Material.SCRUB,
    Material.ORE: Material.SLAG,
    Material.TREE: Material.STUMP,
    Material.CRYSTAL: Material.FRAGMENT,
    Material.HERB: Material.WEEDS,
    Material.FISH: Material.OCEAN,
}
"""What a harvested tile becomes. Water never depletes."""

DEPLETED = np.array([DEPLETES_TO.get(material, material) for material in Material], np.uint8)
"""uint8[16]: the material after a harvest; it can be walked on as before."""

_ORIGIN = {harvested: whole for whole, harvested in DEPLETES_TO.items()}

ORIGIN = np.array([_ORIGIN.get(material, material) for material in Material], np.uint8)
"""uint8[16]: the material before a harvest."""
