"""Who holds the objectives (rulebook, section 12)."""

from metammo.jit import kernel
from metammo.tick.events import count_event
from metammo.world.columns import Event

SEIZE_TILE = int(Event.SEIZE_TILE)


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
    """Record a team's seizure of each objective; it lasts until another team seizes it."""
    for objective in range(int(world.objective_count)):
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
