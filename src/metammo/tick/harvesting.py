"""What tiles give, how they are used up and grow back (rulebook, sections 3, 4 and 9)."""

from metammo.jit import kernel
from metammo.rules.items import (
    HARVEST_EXPERIENCE,
    HARVEST_ITEM,
    HARVEST_SKILL,
    HARVEST_TOOL,
    HARVEST_WEAPON,
    Slot,
)
from metammo.rules.materials import DEPLETED, ORIGIN, Material
from metammo.rules.skills import LEVEL_LIMIT
from metammo.tick.events import count_event
from metammo.tick.inventory import EMPTY, HARVESTED, free_place, receive_item, worn_place
from metammo.tick.skills import gain_experience
from metammo.world.columns import Event
from metammo.world.random import draw_chance

FOLIAGE = int(Material.FOLIAGE)
ORE = int(Material.ORE)
TREE = int(Material.TREE)
CRYSTAL = int(Material.CRYSTAL)
HERB = int(Material.HERB)
FISH = int(Material.FISH)
HELD = int(Slot.HELD)
HARVEST = int(Event.HARVEST_ITEM)


@kernel
def deplete(world, row, col):
    """Turn a tile into its harvested form and note that it is to grow back."""
    world.tile_material[row, col] = DEPLETED[world.tile_material[row, col]]
    count = int(world.depleted_count)
    world.depleted_tile[count] = row * world.tile_material.shape[0] + col
    world.depleted_count = count + 1


@kernel
def harvest_level(world, player, material):
    """Return the level of what a player harvests: one above that of the right tool, else 1."""
    slot = worn_place(world, player, int(HELD))
    if slot < 0 or int(world.item_type[player, slot]) != HARVEST_TOOL[material]:
        return int(1)
    return min(int(world.item_level[player, slot]) + 1, LEVEL_LIMIT)


@kernel
def keep_harvest(world, player, kind, level):
    """Put a harvested item into an empty place or, if there is one, onto its stack."""
    # A full inventory takes nothing, not even what would stack.
    if free_place(world, player) < 0:
        return
    receive_item(world, player, kind, level, int(1))
    count_event(world, player, int(HARVEST))
    events = world.player_item_events
    events[player, HARVESTED, kind, level] = min(
        int(events[player, HARVESTED, kind, level]) + 1, 65535
    )


@kernel
def gather(world, player, material):
    """Give a player what a material holds, and let its skill learn."""
    if int(world.rule_item):
        level = harvest_level(world, player, material)
        keep_harvest(world, player, HARVEST_ITEM[material], level)
        weapon = HARVEST_WEAPON[material]
        chance = int(world.rule_weapon_find) * int(world.rule_equipment)
        if weapon != EMPTY and draw_chance(world, chance):
            keep_harvest(world, player, weapon, level)
    skill = HARVEST_SKILL[material]
    gain_experience(world, player, skill, HARVEST_EXPERIENCE[material])


@kernel
def harvest_underfoot(world, player):
    """Use up the profession tile underfoot; without professions it gives nothing."""
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    material = int(world.tile_material[row, col])
    if material in (ORE, TREE, CRYSTAL, HERB):
        deplete(world, row, col)
        if int(world.rule_profession):
            gather(world, player, material)


@kernel
def deplete_fish(world, row, col):
    """Use up a tile if it holds fish; return 1 if it did."""
    if int(world.tile_material[row, col]) != FISH:
        return int(0)
    deplete(world, row, col)
    return int(1)


@kernel
def harvest_fish(world, player):
    """Use up the fish on all four sides, for what one of them gives."""
    if int(world.rule_profession) == 0:
        return
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    found = deplete_fish(world, row - 1, col) + deplete_fish(world, row + 1, col)
    found += deplete_fish(world, row, col - 1) + deplete_fish(world, row, col + 1)
    if found > 0:
        gather(world, player, int(FISH))


@kernel
def regrowth_chance(world, material):
    """Return the chance a tick, in thousandths, that a tile of this origin grows back."""
    if material == FOLIAGE:
        return int(world.rule_foliage_regrowth) * int(world.rule_resource)
    chance = int(world.rule_fish_regrowth)
    if material == ORE:
        chance = int(world.rule_ore_regrowth)
    elif material == TREE:
        chance = int(world.rule_tree_regrowth)
    elif material == CRYSTAL:
        chance = int(world.rule_crystal_regrowth)
    elif material == HERB:
        chance = int(world.rule_herb_regrowth)
    return chance * int(world.rule_profession)


@kernel
def regrow(world):
    """Let depleted tiles grow back, each by its chance; this tick's harvest rolls already."""
    side = world.tile_material.shape[0]
    index = int(0)
    count = int(world.depleted_count)
    while index < count:
        tile = int(world.depleted_tile[index])
        row = tile // side
        col = tile - row * side
        origin = int(ORIGIN[world.tile_material[row, col]])
        if draw_chance(world, regrowth_chance(world, origin)):
            world.tile_material[row, col] = origin
            count -= 1
            world.depleted_tile[index] = world.depleted_tile[count]
        else:
            index += 1
    world.depleted_count = count
