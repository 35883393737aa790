"""How the dead leave a world, and how some come back (rulebook, sections 2 and 12)."""

from metammo.jit import kernel
from metammo.maps.spawns import respawn_tile
from metammo.tick.events import count_event
from metammo.tick.inventory import clear_inventory
from metammo.world.columns import Cause, Event
from metammo.world.grid import put_entity, take_entity

AGENT_CULLED = int(Event.AGENT_CULLED)
BY_GAME = int(Cause.GAME)
FULL = 100


@kernel
def remove_player(world, player):
    """Take a dead player off the map."""
    world.entity_is_alive[player] = 0
    world.player_died[player] = 1
    world.entity_gold[player] = 0
    if int(world.rule_item):
        clear_inventory(world, player)
    count_event(world, player, int(AGENT_CULLED))
    take_entity(world, player)


@kernel
def kill_player(world, player):
    """Let an agent die by the game's rules, if it lives. For referees."""
    if world.entity_is_alive[player] != 0:
        world.entity_health[player] = 0
        world.entity_death_cause[player] = BY_GAME
        remove_player(world, player)


@kernel
def remove_dead_players(world):
    """Take off the map whoever's health came to nothing in this tick."""
    for player in range(int(world.player_count)):
        world.player_died[player] = 0
        if world.entity_is_alive[player] != 0 and int(world.entity_health[player]) <= 0:
            remove_player(world, player)


@kernel
def remove_dead_npcs(world):
    """Take dead NPCs off the map; where they had begun, others will."""
    players = world.player_food.shape[0]
    queue_size = world.npc_queue.shape[0]
    for npc in range(int(world.npc_limit)):
        entity = players + npc
        if world.entity_is_alive[entity] == 0 or int(world.entity_health[entity]) > 0:
            continue
        world.entity_is_alive[entity] = 0
        world.npc_alive_count = int(world.npc_alive_count) - 1
        take_entity(world, entity)
        depth = int(world.npc_spawn_depth[npc])
        count = int(world.npc_queue_count)
        if depth > 0 and count < queue_size:
            slot = (int(world.npc_queue_first) + count) % queue_size
            world.npc_queue[slot] = depth
            world.npc_queue_count = count + 1


@kernel
def move_to_end(world, player):
    """Put a player last in the order of upkeep."""
    count = int(world.player_count)
    place = int(0)
    while place < count - 1 and int(world.player_order[place]) != player:
        place += 1
    for index in range(place, count - 1):
        world.player_order[index] = world.player_order[index + 1]
    world.player_order[count - 1] = player


@kernel
def respawn_player(world, player):
    """Bring a dead player back: whole, frozen and immortal for a while, its task begun anew."""
    row, col = respawn_tile(world, player)
    put_entity(world, player, row, col)
    freeze = int(world.rule_respawn_freeze)
    world.entity_is_alive[player] = 1
    world.entity_health[player] = FULL
    world.player_food[player] = FULL if int(world.rule_resource) else int(0)
    world.player_water[player] = FULL if int(world.rule_resource) else int(0)
    world.player_message[player] = 0
    world.entity_freeze[player] = freeze
    world.entity_mortal_tick[player] = int(world.tick) + freeze
    if world.task_is_team[player] == 0:
        world.player_progress[player] = 0
        world.player_best_progress[player] = 0
        world.player_progress_change[player] = 0
    world.entity_attacker[player] = -1
    world.entity_attack_target[player] = -1
    move_to_end(world, player)


@kernel
def respawn_dead_players(world):
    """Bring back everybody who died in this tick. For referees."""
    for player in range(int(world.player_count)):
        if world.player_died[player] != 0 and world.entity_is_alive[player] == 0:
            respawn_player(world, player)
