"""Carry the others' flags to your base.

Four teams at most, each with a flag on the tile where it begins. Whoever steps onto another team's
flag carries it; its death drops it, where its own team may take it back. The first team that has
brought home so many flags wins. The dead come back at home, frozen for a while.
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import declare_finished, end_undecided, time_left_score
from metammo.rules.rules import RESPAWN_HOME
from metammo.tasks.goals import own_predicate
from metammo.tasks.tasks import team
from metammo.tick.deaths import respawn_dead_players
from metammo.tick.objectives import BASE, CARRY, add_objective

TEAMS = 4
FLAGS = 0
"""The knob: flags to bring home. Of objectives, team k's flag is number k, its base TEAMS + k."""
CAPTURES = 0
"""Place in `team_state`."""
CARRIES = 0
"""Place in `entity_state`: the flag carried, + 1."""


@kernel
def setup(world):
    """Put flags and bases where the teams begin."""
    for kind in (CARRY, BASE):
        for number in range(min(int(world.team_count), TEAMS)):
            home = int(world.team_first[number])
            row = int(world.entity_spawn_row[home])
            added = add_objective(world, row, int(world.entity_spawn_col[home]), int(kind))
            world.objective_owner[added] = number


@kernel
def move_flag(world, flag, row, col):
    """Put a flag onto a tile."""
    world.objective_row[flag] = row
    world.objective_col[flag] = col


@kernel
def is_on(world, player, objective):
    """Return whether a living agent stands on an objective."""
    here = int(world.entity_row[player]) == int(world.objective_row[objective])
    there = int(world.entity_col[player]) == int(world.objective_col[objective])
    return here and there and world.entity_is_alive[player] != 0


@kernel
def carry(world, player, flag):
    """Move a carried flag along; bring it home at one's own base, drop it at one's death."""
    move_flag(world, flag, int(world.entity_row[player]), int(world.entity_col[player]))
    own = int(world.entity_team[player])
    is_home = is_on(world, player, min(int(world.team_count), TEAMS) + own)
    if is_home:
        world.team_state[own, CAPTURES] = int(world.team_state[own, CAPTURES]) + 1
        send_home(world, flag)
    if is_home or world.entity_is_alive[player] == 0:
        world.entity_state[player, CARRIES] = 0
        world.game_state[flag] = 0


@kernel
def send_home(world, flag):
    """Put a flag back onto its base."""
    base = min(int(world.team_count), TEAMS) + flag
    move_flag(world, flag, int(world.objective_row[base]), int(world.objective_col[base]))


@kernel
def touch(world, player, flag):
    """Let an agent that stands on a flag that lies there take it, or send its own back home."""
    if world.game_state[flag] != 0 or not is_on(world, player, flag):
        return
    own = int(world.entity_team[player])
    if own == flag:
        send_home(world, flag)
    elif own < TEAMS and world.entity_state[player, CARRIES] == 0:
        world.entity_state[player, CARRIES] = flag + 1
        world.game_state[flag] = player + 1


@kernel
def aim(world, player):
    """Let the compass show one's base to who carries, else the nearest flag to be had."""
    flags = min(int(world.team_count), TEAMS)
    own = int(world.entity_team[player])
    if world.entity_state[player, CARRIES] != 0:
        world.player_objective[player] = flags + own
        return
    least = int(30000)
    for flag in range(flags):
        carrier = int(world.game_state[flag]) - 1
        is_ours = carrier >= 0 and int(world.entity_team[carrier]) == own
        rows = abs(int(world.objective_row[flag]) - int(world.entity_row[player]))
        cols = abs(int(world.objective_col[flag]) - int(world.entity_col[player]))
        if flag != own and not is_ours and max(rows, cols) < least:
            least = max(rows, cols)
            world.player_objective[player] = flag


@kernel
def referee(world):
    """Move the flags, count those brought home, and bring the dead back."""
    flags = min(int(world.team_count), TEAMS)
    for flag in range(flags):
        carrier = int(world.game_state[flag]) - 1
        if carrier >= 0:
            carry(world, carrier, flag)
    for player in range(int(world.player_count)):
        for flag in range(flags):
            touch(world, player, flag)
    if declare_finished(world) > 0:
        world.winning_score = time_left_score(world)
    end_undecided(world)
    respawn_dead_players(world)
    for player in range(int(world.player_count)):
        aim(world, player)


@kernel
def flags_home(world, first, last, argument):
    """Return flags brought home, and half of each that is under way, / flags wanted."""
    carried = int(0)
    for player in range(first, last):
        carried += 1 if world.entity_state[player, CARRIES] != 0 else 0
    won = int(world.team_state[int(world.entity_team[first]), CAPTURES])
    wanted = int(argument[0])
    if won >= wanted:
        return 1.0
    return min(won + 0.5 * min(carried, 1), wanted - 0.5) / wanted


class CaptureTheFlag(Minigame):
    """The first team with enough flags wins."""

    version = 1
    systems = ("combat", "communication")
    teams = TEAMS
    knobs = {"flags": 3}
    knob_docs = {"flags": "flags to bring home"}
    difficulty = Ladder("flags", start=1, step=1, stop=3, wins=2)
    rules = {
        "playable": 64,
        "terrain_water": 0.05,
        "terrain_foliage": 0.95,
        "scatter_resources": 0,
        "respawn": RESPAWN_HOME,
        "respawn_freeze": 10,
        "health_increment": 1,
    }
    predicates = (flags_home,)
    task = team(own_predicate(0, "flags", sentence="bring other teams' flags home"))
    setup = setup
    referee = referee
