"""How a game ends: what referees declare."""

import numpy as np

from metammo.jit import kernel
from metammo.rules.rules import RESPAWN_NEVER


@kernel
def living_players(world):
    """Return the number of living agents."""
    count = int(0)
    for player in range(int(world.player_count)):
        count += int(world.entity_is_alive[player])
    return count


@kernel
def is_team_alive(world, team):
    """Return whether any member of a team lives."""
    first = int(world.team_first[team])
    for member in range(first, first + int(world.team_size[team])):
        if world.entity_is_alive[member] != 0:
            return True
    return False


@kernel
def living_teams(world):
    """Return the number of teams with a living member."""
    count = int(0)
    for team in range(int(world.team_count)):
        if is_team_alive(world, team):
            count += 1
    return count


@kernel
def declare_player(world, player):
    """Declare an agent a winner: the game is over and decided."""
    world.player_won[player] = 1
    world.is_game_over = 1
    world.is_decided = 1


@kernel
def declare_team(world, team):
    """Declare a whole team winners, its dead members too: the game is over and decided."""
    first = int(world.team_first[team])
    for member in range(first, first + int(world.team_size[team])):
        declare_player(world, member)


@kernel
def declare_living_teams(world):
    """Declare every team winners that has a living member."""
    for team in range(int(world.team_count)):
        if is_team_alive(world, team):
            declare_team(world, team)


@kernel
def winning_players(world):
    """Return the number of agents declared winners."""
    count = int(0)
    for player in range(int(world.player_count)):
        count += int(world.player_won[player])
    return count


@kernel
def is_horizon(world):
    """Return whether the episode's time is up."""
    return int(world.tick) >= int(world.rule_horizon)


@kernel
def time_left_score(world):
    """Return the share of the horizon that is left, float32: what a quick win scores."""
    horizon = int(world.rule_horizon)
    return np.float32((horizon - int(world.tick)) / horizon)


@kernel
def living_winner_share(world):
    """Return the share of the winners that live, float64; 0 without winners."""
    winners = int(0)
    living = int(0)
    for player in range(int(world.player_count)):
        if world.player_won[player] != 0:
            winners += 1
            living += int(world.entity_is_alive[player])
    if winners == 0:
        return 0.0
    return living / winners


@kernel
def score_survivors(world):
    """Score a decided game by the mean of the time left and the winners' living share."""
    if world.is_decided != 0:
        score = (np.float64(time_left_score(world)) + living_winner_share(world)) / 2.0
        world.winning_score = np.float32(score)


@kernel
def declare_finished(world):
    """Declare everybody a winner whose task is done; return how many."""
    finished = int(0)
    for player in range(int(world.player_count)):
        if world.player_progress[player] >= 1:
            declare_player(world, player)
            finished += 1
    return finished


@kernel
def end_undecided(world):
    """End the game at the horizon, or when nobody lives and the dead do not come back."""
    is_empty = int(world.rule_respawn) == RESPAWN_NEVER and living_players(world) == 0
    if is_horizon(world) or is_empty:
        world.is_game_over = 1


@kernel
def last_team_standing(world):
    """End the game when one team is left, or at the horizon for all that are left.

    With two or more teams at the horizon every one of them wins; `rule_shared_win` 0 leaves such a
    game undecided, as the peer does.
    """
    teams = living_teams(world)
    if teams == 1 or (is_horizon(world) and int(world.rule_shared_win) and teams > 0):
        declare_living_teams(world)
        world.winning_score = 1
    elif teams == 0:
        world.is_game_over = 1
        world.is_decided = 1
    elif is_horizon(world):
        world.is_game_over = 1
