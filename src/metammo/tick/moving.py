"""Who moves where (rulebook, sections 1 and 11)."""

from metammo.jit import kernel
from metammo.tick.events import count_event
from metammo.tick.fighting import can_act
from metammo.world.columns import Event
from metammo.world.grid import (
    MOVE_COL,
    MOVE_ROW,
    MOVE_STAY,
    center_of,
    distance,
    is_habitable,
    move_entity,
)

GO_FARTHEST = int(Event.GO_FARTHEST)


@kernel
def explore(world, player, row, col):
    """Count a new best distance from the border toward the centre."""
    center = center_of(world)
    reached = int(world.rule_playable) // 2 - distance(row, col, center, center)
    if reached > int(world.player_exploration[player]):
        world.player_exploration[player] = reached
        count_event(world, player, int(GO_FARTHEST))


@kernel
def move_player(world, player, move):
    """Move a player if the tile can be walked on and, where that matters, nobody is on it.

    Staying counts as a move into one's own, occupied, tile.
    """
    row = int(world.entity_row[player]) + MOVE_ROW[move]
    col = int(world.entity_col[player]) + MOVE_COL[move]
    if not is_habitable(world, row, col):
        return
    if int(world.rule_move_into_occupied) == 0 and int(world.tile_first_entity[row, col]) >= 0:
        return
    if move != MOVE_STAY:
        move_entity(world, player, row, col)
    explore(world, player, row, col)


@kernel
def resolve_moves(world, actions):
    """Carry out all moves, players in order of rows, then NPCs.

    Occupancy is tested at the moment of each move: a tile left earlier in the phase is free, one
    whose entity died in this tick is not.
    """
    for player in range(int(world.player_count)):
        move = int(actions[player, 0])
        if move >= 0 and move <= MOVE_STAY and can_act(world, player):
            move_player(world, player, move)
    players = world.player_food.shape[0]
    for npc in range(int(world.npc_limit)):
        move = int(world.npc_move[npc])
        entity = players + npc
        if move != MOVE_STAY and can_act(world, entity):
            row = int(world.entity_row[entity]) + MOVE_ROW[move]
            col = int(world.entity_col[entity]) + MOVE_COL[move]
            if is_habitable(world, row, col):
                move_entity(world, entity, row, col)
