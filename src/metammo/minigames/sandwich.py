"""Outlive the others between two fires: soldiers from the centre, soldiers from the edge, the fog.

Teams begin on a ring. Toward each come soldiers from the middle, and as many for each team come in
from the edge. The last team standing wins, but not before a certain tick (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.soldiers import (
    soldiers_from_area,
    soldiers_from_edge,
)
from metammo.minigames.verdicts import (
    is_horizon,
    last_team_standing,
    living_players,
    time_left_score,
    winning_players,
)
from metammo.rules.knobs import OneOver
from metammo.rules.rules import SPAWN_RING
from metammo.tasks.goals import tick_ge
from metammo.tasks.tasks import team
from metammo.world.grid import center_of

INNER_NPCS, SURVIVE_TICKS = 0, 1
"""Places of the game's own knobs."""


@kernel
def setup(world):
    """Send soldiers: from the quadrant on each team's side to its tile, from the edge inward."""
    center = center_of(world)
    inner = int(world.game_knob[INNER_NPCS])
    reach = max(int(world.rule_playable) // 8, 1)
    for team_number in range(int(world.team_count)):
        leader = int(world.team_first[team_number])
        row = int(world.entity_row[leader])
        col = int(world.entity_col[leader])
        low_row = center - reach if row < center else center + 1
        low_col = center - reach if col < center else center + 1
        soldiers_from_area(world, inner, low_row, low_col, reach, row, col)
    outer = min(inner * int(world.team_count), 2 * int(world.rule_playable))
    soldiers_from_edge(world, outer, center, center)


@kernel
def referee(world):
    """Keep some soldiers about, and declare the last team once it has lived long enough."""
    center = center_of(world)
    wanted = min(living_players(world), int(world.game_knob[INNER_NPCS])) // 2
    missing = wanted - int(world.npc_alive_count)
    reach = int(world.rule_playable) // 6
    if missing > 0:
        low = center - reach
        soldiers_from_area(world, missing, low, low, 2 * reach + 1, center, center)
    if int(world.tick) >= int(world.game_knob[SURVIVE_TICKS]) or is_horizon(world):
        last_team_standing(world)
        if winning_players(world) > 0:
            world.winning_score = time_left_score(world)
    elif living_players(world) == 0:
        world.is_game_over = 1
        world.is_decided = 1


class Sandwich(Minigame):
    """The last team standing after tick 500 wins."""

    version = 1
    systems = ("combat", "npc", "communication")
    teams = 8
    knobs = {"inner_npcs": 2, "survive_ticks": 500}
    knob_docs = {
        "inner_npcs": "soldiers toward each team from the middle, and as many from the edge",
        "survive_ticks": "tick before which nobody wins",
    }
    difficulty = Ladder("inner_npcs", start=2, step=2, stop=16, wins=2)
    rules = {
        "playable": 80,
        "spawn": SPAWN_RING,
        "terrain_water": 0.1,
        "terrain_foliage": 0.9,
        "scatter_resources": 0,
        "grass_map": 0.2,
        "move_into_occupied": 0,
        "npc_refill": 0,
        "health_increment": 1,
        "fog_onset": 1,
        "fog_final_size": 5,
    }
    randomize = {"fog_speed": OneOver(8, 17)}
    evaluate = {"inner_npcs": 16, "grass_map": 1.0, "fog_speed": OneOver(16)}
    task = team(tick_ge("horizon"))
    setup = setup
    referee = referee
