"""Where the objectives are, and who holds them (rulebook, section 12)."""

from metammo.jit import kernel
from metammo.tick.events import count_event
from metammo.world.columns import OBJECTIVE_LIMIT, Event

SEIZE_TILE = int(Event.SEIZE_TILE)
HOLD, CARRY, BASE = range(3)
"""Kinds of objective: a tile to hold, a thing to carry, a place to bring it to."""


@kernel
def add_objective(world, row, col, kind):
    """Place an objective, nobody's yet, on a tile; return its number. For setups.

    Kinds look different in the objective plane, and only HOLD is seized by standing on it. A world
    has room for `OBJECTIVE_LIMIT`: one too many is not placed, and -1 returned.
    """
    objective = int(world.objective_count)
    if objective >= OBJECTIVE_LIMIT:
        return int(-1)
    world.objective_row[objective] = row
    world.objective_col[objective] = col
    world.objective_kind[objective] = kind
    world.objective_owner[objective] = -1
    world.objective_tick[objective] = 0
    world.objective_count = objective + 1
    return objective


@kernel
def sole_player(world, row, col):
    """Return the player who stands on a tile alone, -1 if there is none or any other entity."""
    entity = int(world.tile_first_entity[row, col])
    if entity < 0 or entity >= world.player_food.shape[0]:
        return int(-1)
    if int(world.entity_next[entity]) >= 0:
        return int(-1)
    return entity


@kernel
def seize_objectives(world):
    """Record a team's seizure of each place to hold; it lasts until another team seizes it."""
    for objective in range(int(world.objective_count)):
        if int(world.objective_kind[objective]) != HOLD:
            continue
        row = int(world.objective_row[objective])
        col = int(world.objective_col[objective])
        player = sole_player(world, row, col)
        if player < 0:
            continue
        team = int(world.entity_team[player])
        if team != int(world.objective_owner[objective]):
            world.objective_owner[objective] = team
            world.objective_tick[objective] = int(world.tick)
            count_event(world, player, int(SEIZE_TILE))
