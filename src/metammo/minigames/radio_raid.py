"""Hunt what comes in waves; your scouts see it first.

Four immortal, frozen members of each team watch the quadrants' centres and can only tell what they
see. NPCs come in waves, more dangerous each time, at the centre first and then at one of the
quadrants. The first team that has killed enough of them wins (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.maps.spawns import make_grass
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.soldiers import beasts_in_area
from metammo.minigames.verdicts import (
    declare_finished,
    end_undecided,
    living_players,
    score_survivors,
)
from metammo.tasks.goals import defeat_entity
from metammo.tasks.predicates import place_tile
from metammo.tasks.tasks import team
from metammo.tick.fighting import FOREVER
from metammo.world.grid import center_of, move_entity
from metammo.world.random import draw_below

SCOUTS = 4
"""Scouts of a team: one at each quadrant's centre."""
WAVE, WAVE_REACH, WAVE_TICKS, FEW = 10, 5, 20, 3
"""NPCs of a wave, how far they spread, ticks between two, and how few call the next at once."""
TENTHS, AWAY_FROM = 10, 4
"""Danger is counted in tenths; from this on waves come at the quadrants."""
DANGER, LAST_WAVE, SCOUT_COUNT = 0, 1, 2
"""Places in `game_state`."""
IS_SCOUT = 0
"""Place in `entity_state`."""


@kernel
def setup(world):
    """Make four members of each team scouts, drawn by lot."""
    for team_number in range(int(world.team_count)):
        first = int(world.team_first[team_number])
        left = int(world.team_size[team_number])
        scouts = min(int(SCOUTS), left // 2)
        for player in range(first, first + int(world.team_size[team_number])):
            # Each is taken with the chance that is left, as many as are wanted.
            if draw_below(world, left) < scouts:
                post_scout(world, player, scouts)
                scouts -= 1
            left -= 1


@kernel
def post_scout(world, player, quadrant):
    """Put an agent, for good, onto a quadrant's centre: 1 to 4."""
    row, col = place_tile(world, quadrant)
    make_grass(world, row, col)
    move_entity(world, player, row, col)
    world.entity_state[player, IS_SCOUT] = 1
    world.entity_freeze[player] = 32000
    world.entity_mortal_tick[player] = FOREVER
    world.game_state[SCOUT_COUNT] = int(world.game_state[SCOUT_COUNT]) + 1


@kernel
def send_wave(world):
    """Send NPCs when there are fewer than hunters, at once if few are left, else by the clock."""
    hunters = living_players(world) - int(world.game_state[SCOUT_COUNT])
    npcs = int(world.npc_alive_count)
    waited = int(world.tick) - int(world.game_state[LAST_WAVE])
    if hunters < npcs or (npcs > FEW and waited <= WAVE_TICKS):
        return
    danger = int(world.game_state[DANGER])
    row = col = center_of(world)
    if danger >= AWAY_FROM:
        row, col = place_tile(world, 1 + draw_below(world, int(SCOUTS)))
    low_row, low_col = row - WAVE_REACH, col - WAVE_REACH
    beasts_in_area(world, int(WAVE), low_row, low_col, 2 * int(WAVE_REACH) + 1, danger)
    world.game_state[DANGER] = min(danger + 1, int(TENTHS))
    world.game_state[LAST_WAVE] = int(world.tick)


@kernel
def referee(world):
    """Send the next wave; declare the teams that have killed enough, or all beaten.

    When the last hunter has fallen the scouts have lost, too: they live, but cannot win any more.
    """
    send_wave(world)
    declare_finished(world)
    score_survivors(world)
    if living_players(world) <= int(world.game_state[SCOUT_COUNT]):
        world.is_game_over = 1
        world.is_decided = 1
    end_undecided(world)


class RadioRaid(Minigame):
    """The first team that has killed enough NPCs wins."""

    version = 1
    systems = ("combat", "npc", "communication")
    teams = 8
    knobs = {"goal_npcs": 5}
    knob_docs = {"goal_npcs": "NPCs that a team is to kill"}
    difficulty = Ladder("goal_npcs", start=5, step=5, stop=100, wins=2)
    rules = {
        "playable": 48,
        "terrain_water": 0.1,
        "terrain_foliage": 0.95,
        "scatter_resources": 0,
        "move_into_occupied": 0,
        "npc_refill": 0,
        "npc_neutral": 0.3,
        "health_increment": 1,
        "spawn_immunity": 30000,
    }
    evaluate = {"goal_npcs": 20}
    task = team(defeat_entity("npc", "goal_npcs"))
    setup = setup
    referee = referee
