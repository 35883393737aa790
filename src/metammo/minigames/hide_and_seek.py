"""Hide from the seekers, or find everybody.

The first team seeks from the centre, frozen for a head start; all others hide, from anywhere. Who
is within three tiles of a seeker is caught, but in foliage only right beside one. The seekers win
when all are caught; at the horizon every team wins that still has somebody in hiding.
"""

import numpy as np

from metammo.jit import kernel
from metammo.maps.spawns import free_tile
from metammo.minigames.minigame import Minigame
from metammo.minigames.verdicts import (
    declare_team,
    is_horizon,
    is_team_alive,
    living_players,
    living_winner_share,
    time_left_score,
)
from metammo.rules.knobs import Integers
from metammo.rules.materials import Material
from metammo.tasks.goals import all_dead, tick_ge
from metammo.tasks.tasks import team
from metammo.tick.deaths import kill_player
from metammo.world.grid import center_of, entity_distance, move_entity

SEEKERS = 0
"""The team that seeks."""
HEAD_START = 0
"""The knob: ticks for which the seekers stay frozen."""
IN_THE_OPEN, IN_FOLIAGE = 4, 2
"""Distances at which one is caught, tiles."""
FOLIAGE = int(Material.FOLIAGE)


@kernel
def setup(world):
    """Freeze the seekers in the middle, scatter the others."""
    for player in range(int(world.player_count)):
        if int(world.entity_team[player]) == SEEKERS:
            move_entity(world, player, center_of(world), center_of(world))
            world.entity_freeze[player] = int(world.game_knob[HEAD_START])
        else:
            row, col = free_tile(world)
            move_entity(world, player, row, col)


@kernel
def is_caught(world, player):
    """Return whether a seeker that may move is near enough."""
    row = int(world.entity_row[player])
    in_cover = int(world.tile_material[row, int(world.entity_col[player])]) == FOLIAGE
    reach = IN_FOLIAGE if in_cover else IN_THE_OPEN
    for seeker in range(int(world.team_size[SEEKERS])):
        is_awake = int(world.entity_freeze[seeker]) == 0
        if is_awake and entity_distance(world, seeker, player) <= reach:
            return True
    return False


@kernel
def referee(world):
    """Take out who is caught; declare the seekers, or at the horizon who was not found."""
    seekers = int(world.team_size[SEEKERS])
    for player in range(seekers, int(world.player_count)):
        if world.entity_is_alive[player] != 0 and is_caught(world, player):
            kill_player(world, player)
    if living_players(world) == seekers:
        declare_team(world, int(SEEKERS))
        world.winning_score = time_left_score(world)
    elif is_horizon(world):
        for number in range(1, int(world.team_count)):
            if is_team_alive(world, number):
                declare_team(world, number)
        world.winning_score = np.float32(living_winner_share(world))


class HideAndSeek(Minigame):
    """Seekers win by finding all, hiders by not being found."""

    version = 1
    systems = ("communication",)
    teams = 4
    knobs = {"head_start": 50}
    knob_docs = {"head_start": "ticks for which the seekers stay frozen"}
    rules = {
        "horizon": 512,
        "playable": 40,
        "spawn": "anywhere",
        "center_mark": 1,
        "terrain_water": 0.03,
        "terrain_grass": 0.6,
        "terrain_foliage": 0.97,
        "scatter_resources": 0,
    }
    randomize = {"head_start": Integers(30, 71)}
    evaluate = {"head_start": 50}
    task = (team(all_dead("all_foes")), *[team(tick_ge("horizon"))] * 3)
    setup = setup
    referee = referee
