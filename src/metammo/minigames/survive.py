"""Outlive the others; the fog closes in.

Free for all. The last agent alive wins, or all who live at the horizon, or all who died in the tick
that left nobody (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.verdicts import declare_player, is_horizon, living_players
from metammo.rules.knobs import Integers, OneOver
from metammo.rules.rules import FULL
from metammo.tasks.goals import tick_ge

TERRAIN = {"terrain_water": 0.1, "terrain_foliage": 0.9, "scatter_resources": 1}
FOG = {"fog_onset": Integers(32, 256), "fog_speed": OneOver(7, 12)}
RATED = {"fog_onset": 128, "fog_speed": OneOver(8), "npc_count": 128}


@kernel
def referee(world):
    """Declare the survivors when one is left, none is left, or time is up."""
    living = living_players(world)
    if living > 1 and not is_horizon(world):
        return
    world.is_game_over = 1
    world.winning_score = 1
    for player in range(int(world.player_count)):
        if living > 0:
            if world.entity_is_alive[player] != 0:
                declare_player(world, player)
        elif world.player_died[player] != 0:
            declare_player(world, player)


class Survive(Minigame):
    """The last agent alive wins."""

    version = 1
    full_systems = FULL
    free_for_all = True
    rules = {**TERRAIN, "fog_final_size": 4}
    randomize = {**FOG, "npc_count": Integers(64, 256)}
    evaluate = RATED
    task = tick_ge("horizon")
    referee = referee
