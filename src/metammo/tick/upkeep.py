"""What time does to entities: hunger, fog, healing, harvest (rulebook, sections 2 to 4)."""

from metammo.jit import kernel
from metammo.rules.materials import Material
from metammo.tick.events import count_event
from metammo.tick.fighting import is_immortal
from metammo.tick.fog import fog_damage
from metammo.tick.harvesting import deplete, harvest_fish, harvest_underfoot
from metammo.tick.inventory import clear_inventory, show_gear
from metammo.world.columns import Cause, Event

FULL = 100
HALF = 50
"""Food and water must both exceed this for health to regenerate, points."""

FOLIAGE = int(Material.FOLIAGE)
WATER = int(Material.WATER)
EAT_FOOD = int(Event.EAT_FOOD)
DRINK_WATER = int(Event.DRINK_WATER)
BY_FOG = int(Cause.FOG)
BY_STARVATION = int(Cause.STARVATION)


@kernel
def begin_upkeep(world, entity):
    """Do the bookkeeping that players and NPCs share."""
    if int(world.entity_damage[entity]) == 0:
        world.entity_attacker[entity] = -1
    freeze = int(world.entity_freeze[entity])
    if freeze > 0:
        world.entity_freeze[entity] = freeze - 1
    world.entity_damage[entity] = 0
    world.entity_attack_target[entity] = -1
    world.entity_time_alive[entity] = int(world.entity_time_alive[entity]) + 1


@kernel
def suffer_fog(world, player):
    """Take the fog's damage; it counts as damage, by nobody."""
    if is_immortal(world, player):
        return
    damage = fog_damage(world, int(world.entity_row[player]), int(world.entity_col[player]))
    if damage > 0:
        world.entity_damage[player] = damage
        health = max(int(world.entity_health[player]) - damage, 0)
        world.entity_health[player] = health
        if health == 0:
            world.entity_death_cause[player] = BY_FOG
            # What the fog takes is gone before anybody can buy it.
            if int(world.rule_item):
                clear_inventory(world, player)


@kernel
def regenerate(world, player):
    """Heal the well fed, wear down the starving, by food and water before this tick's loss."""
    food = int(world.player_food[player])
    water = int(world.player_water[player])
    health = int(world.entity_health[player])
    if food > HALF and water > HALF:
        health = min(health + int(world.rule_health_regeneration), FULL)
    loss = int(world.rule_starvation_damage)
    if world.player_is_resilient[player] != 0:
        loss = loss // 2
    if food == 0:
        health -= loss
    if water == 0:
        health -= loss
    world.entity_health[player] = max(health, 0)
    if health <= 0:
        world.entity_death_cause[player] = BY_STARVATION


@kernel
def is_beside_water(world, row, col):
    """Return whether one of the four neighbours is water."""
    return (
        int(world.tile_material[row - 1, col]) == WATER
        or int(world.tile_material[row + 1, col]) == WATER
        or int(world.tile_material[row, col - 1]) == WATER
        or int(world.tile_material[row, col + 1]) == WATER
    )


@kernel
def drink(world, player):
    """Lose water, then drink where there is some; also when full."""
    depletion = int(world.rule_resource_depletion)
    world.player_water[player] = max(int(world.player_water[player]) - depletion, 0)
    if is_beside_water(world, int(world.entity_row[player]), int(world.entity_col[player])):
        world.player_water[player] = FULL
        count_event(world, player, int(DRINK_WATER))


@kernel
def eat(world, player):
    """Lose food, then eat the foliage underfoot; the first of a tick on a tile gets it."""
    depletion = int(world.rule_resource_depletion)
    world.player_food[player] = max(int(world.player_food[player]) - depletion, 0)
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    if int(world.tile_material[row, col]) == FOLIAGE:
        deplete(world, row, col)
        world.player_food[player] = FULL
        count_event(world, player, int(EAT_FOOD))


@kernel
def upkeep_player(world, player):
    """Take one player through the tick's upkeep, in the rulebook's order."""
    begin_upkeep(world, player)
    if int(world.rule_equipment):
        show_gear(world, player)
    suffer_fog(world, player)
    if int(world.entity_health[player]) <= 0:
        return
    health = int(world.entity_health[player]) + int(world.rule_health_increment)
    world.entity_health[player] = min(health, FULL)
    mortal = not is_immortal(world, player)
    if int(world.rule_resource) and mortal:
        regenerate(world, player)
    harvest_fish(world, player)
    harvest_underfoot(world, player)
    if int(world.rule_resource) and mortal:
        drink(world, player)
        eat(world, player)
    if not mortal and int(world.tick) >= int(world.entity_mortal_tick[player]):
        world.entity_mortal_tick[player] = 0


@kernel
def upkeep_players(world):
    """Take all living players through upkeep; a respawned one comes last."""
    for place in range(int(world.player_count)):
        player = int(world.player_order[place])
        if world.entity_is_alive[player] != 0:
            upkeep_player(world, player)


@kernel
def upkeep_npcs(world):
    """Take all NPCs through upkeep: they heal a little, and mind neither fog nor hunger."""
    players = world.player_food.shape[0]
    heal = int(world.rule_npc_heal)
    for entity in range(players, players + int(world.npc_limit)):
        if world.entity_is_alive[entity] != 0:
            begin_upkeep(world, entity)
            world.entity_health[entity] = min(int(world.entity_health[entity]) + heal, FULL)
