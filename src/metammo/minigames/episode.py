"""How an episode begins: game, knobs, map, agents; and how a won one is counted."""

import numpy as np

from metammo.jit import kernel
from metammo.maps.spawns import place_players
from metammo.maps.terrain import generate_terrain
from metammo.minigames.verdicts import winning_players
from metammo.rules.rules import SHARE
from metammo.tasks.embedding import BITS, tell_task
from metammo.tick.fighting import PLAYER
from metammo.tick.npcs import refill_npcs
from metammo.tick.skills import update_levels
from metammo.world.random import advance, draw_below, draw_chance, mix_seed

FULL = 100
FIXED_SOURCE = -1


@kernel
def draw_game(world, table):
    """Draw which of the batch's games is played next, by weight."""
    total = 0.0
    for game in range(len(table)):
        total += table[game].weight
    left = advance(world) * total / 2147483648.0
    chosen = int(0)
    for game in range(len(table)):
        left -= table[game].weight
        chosen = game
        if left < 0.0:
            break
    return chosen


@kernel
def draw_number(world, row, index):
    """Return one number of the episode: fixed, drawn, or the ladder's; float64."""
    if index == row.ladder_index:
        rung = int(world.ladder_rung[int(world.game)])
        return np.float64(min(row.ladder_start + rung * row.ladder_step, row.ladder_stop))
    low = row.low[index]
    span = int(row.high[index] - low)
    if span <= 1:
        return low
    return low + draw_below(world, span)


@kernel
def clear_world(world):
    """Zero what the last episode left, players and tiles included."""
    world.tick = 0
    world.is_game_over = 0
    world.is_decided = 0
    world.winning_score = 0
    world.game_state[:] = 0
    world.team_state[:, :] = 0
    world.entity_state[:, :] = 0
    world.objective_count = 0
    world.objective_row[:] = 0
    world.objective_col[:] = 0
    world.objective_kind[:] = 0
    world.objective_owner[:] = -1
    world.objective_tick[:] = 0
    world.tile_first_entity[:, :] = -1
    world.depleted_tile[: int(world.depleted_count)] = 0
    world.depleted_count = 0
    world.entity_is_alive[:] = 0
    world.entity_next[:] = -1
    world.npc_limit = 0
    world.npc_alive_count = 0
    world.npc_queue_first = 0
    world.npc_queue_count = 0


@kernel
def clear_entities(world):
    """Give every row of the entity columns its first values."""
    world.entity_kind[:] = 0
    world.entity_row[:] = 0
    world.entity_col[:] = 0
    world.entity_team[:] = -1
    world.entity_health[:] = 0
    world.entity_time_alive[:] = 0
    world.entity_freeze[:] = 0
    world.entity_mortal_tick[:] = 0
    world.entity_damage[:] = 0
    world.entity_attacker[:] = -1
    world.entity_combat_tick[:] = 0
    world.entity_death_cause[:] = 0
    world.entity_killer[:] = -1
    world.entity_style[:] = 0
    world.entity_attack_target[:] = -1
    world.entity_level[:] = 0
    world.entity_gold[:] = 0
    world.entity_experience[:, :] = 0
    world.entity_attack[:, :] = 0
    world.entity_defense[:, :] = 0
    world.entity_item_level[:] = 0
    world.npc_queue[:] = 0
    world.npc_target[:] = -1
    world.npc_victim[:] = -1
    world.npc_rally_row[:] = -1
    world.npc_rally_col[:] = -1
    world.npc_move[:] = 0
    world.npc_attack[:] = -1
    world.npc_spawn_depth[:] = 0
    world.npc_drop[:, :] = 0


@kernel
def clear_players(world):
    """Give every row of the player columns its first values."""
    world.player_message[:] = 0
    world.player_exploration[:] = 0
    world.player_is_resilient[:] = 0
    world.player_died[:] = 0
    world.player_won[:] = 0
    world.player_ended[:] = 0
    world.observed_entity[:, :] = -1
    world.player_event_count[:, :] = 0
    world.player_style_hits[:, :] = 0
    world.player_kills[:, :, :] = 0
    world.player_gold_earned[:] = 0
    world.player_gold_looted[:] = 0
    world.player_gold_spent[:] = 0
    world.player_item_events[:, :, :, :] = 0
    world.player_skill_level[:, :] = 0
    world.item_type[:, :] = 0
    world.item_level[:, :] = 0
    world.item_quantity[:, :] = 0
    world.item_is_worn[:, :] = 0
    world.item_is_new[:, :] = 0
    world.item_price[:, :] = 0
    world.item_listed_tick[:, :] = 0
    world.listing_count = 0
    world.listing_seller[:] = 0
    world.listing_place[:] = 0
    world.buyer[:] = 0
    world.player_progress[:] = 0
    world.player_best_progress[:] = 0
    world.player_progress_change[:] = 0
    world.player_return[:] = 0
    world.player_last_health[:] = FULL
    world.player_last_experience[:] = 0
    world.player_last_gold[:] = 0
    world.player_shots[:, :, :] = 0
    world.player_objective[:] = 0
    world.task_number[:] = 0
    world.task_is_team[:] = 0
    world.task_length[:] = 0
    world.task_step[:, :] = 0
    world.task_argument[:, :, :] = 0
    world.task_scale[:, :] = 0
    world.task_measure[:, :] = 0
    world.task_vector[:, :] = 0


@kernel
def make_teams(world, row):
    """Deal the agents to teams, in order of rows, and set what they begin with."""
    world.player_count = row.player_count
    world.team_count = row.team_count
    world.team_first[:] = 0
    world.team_size[:] = 0
    world.team_place[:] = 0
    player = int(0)
    food = FULL if int(world.rule_resource) else int(0)
    for team in range(row.team_count):
        world.team_first[team] = player
        world.team_size[team] = row.team_size[team]
        for _ in range(row.team_size[team]):
            world.player_order[player] = player
            world.entity_team[player] = team
            world.entity_kind[player] = PLAYER
            world.entity_is_alive[player] = 1
            world.entity_health[player] = FULL
            world.player_food[player] = food
            world.player_water[player] = food
            if int(world.rule_exchange):
                world.entity_gold[player] = 1
            update_levels(world, player)
            player += 1


@kernel
def choose_resilient(world):
    """Make a share of the agents resilient, at random."""
    count = int(world.player_count)
    wanted = (count * int(world.rule_resilient) + SHARE // 2) // SHARE
    for player in range(count):
        # Reservoir of the right size: each agent is taken with the chance that is left.
        if draw_below(world, count - player) < wanted:
            world.player_is_resilient[player] = 1
            wanted -= 1


@kernel
def draw_task(world, row, tasks):
    """Draw one of the game's tasks by weight: the first whose running sum exceeds the draw."""
    low = int(row.task_first)
    high = low + int(row.task_count) - 1
    drawn = advance(world) * tasks[high].cumulative / 2147483648.0
    while low < high:
        middle = (low + high) // 2
        if tasks[middle].cumulative > drawn:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def set_task(world, player, number, task):
    """Ask an agent a task, its arguments taken from the episode's numbers where they name one."""
    world.task_number[player] = number
    world.task_is_team[player] = task.is_team
    world.task_length[player] = task.length
    for step in range(int(task.length)):
        world.task_step[player, step] = task.step[step]
        world.task_scale[player, step] = task.scale[step]
        for place in range(world.task_argument.shape[2]):
            value = int(task.argument[step, place])
            source = int(task.source[step, place])
            if source != FIXED_SOURCE:
                value = int(world.episode_number[source])
            world.task_argument[player, step, place] = value
    tell_task(world, player)
    if task.has_vector != 0:
        for place in range(BITS, world.task_vector.shape[1]):
            world.task_vector[player, place] = task.vector[place]


@kernel
def set_tasks(world, row, tasks):
    """Ask everybody: by team in turn, or drawn by weight, a team's members the same if it is one's.

    A list holds tasks for agents, or for teams, never both.
    """
    first_task = int(row.task_first)
    count = int(row.task_count)
    is_team = tasks[first_task].is_team != 0
    for player in range(int(world.player_count)):
        team = int(world.entity_team[player])
        leader = int(world.team_first[team])
        if row.task_by_team != 0:
            number = first_task + team % count
        elif is_team and leader != player:
            number = int(world.task_number[leader])
        elif count > 1:
            number = draw_task(world, row, tasks)
        else:
            number = first_task
        set_task(world, player, number, tasks[number])


@kernel
def begin_episode(world, row, tasks):
    """Set up an episode whose game and numbers are drawn: map, agents, NPCs, tasks."""
    world.episode = int(world.episode) + 1
    world.episode_rung = int(world.ladder_rung[int(world.game)])
    clear_world(world)
    clear_entities(world)
    clear_players(world)
    world.is_grass_map = 1 if draw_chance(world, int(world.rule_grass_map)) else 0
    draw_map(world)
    generate_terrain(world)
    make_teams(world, row)
    choose_resilient(world)
    place_players(world, row)
    refill_npcs(world)
    set_tasks(world, row, tasks)


@kernel
def draw_map(world):
    """Draw the episode's map from the world's range of maps."""
    count = int(world.map_seed_count)
    world.map_seed = mix_seed(world.first_map_seed, draw_below(world, count))


@kernel
def count_win(world, row):
    """Count a won game on its ladder, and climb when there are enough wins at the rung.

    A win counts whatever it scores: one at the horizon may score nothing.
    """
    game = int(world.game)
    rung = int(world.ladder_rung[game])
    wins = int(world.ladder_wins[game]) + 1
    if wins >= row.ladder_wins and row.ladder_start + rung * row.ladder_step < row.ladder_stop:
        world.ladder_rung[game] = rung + 1
        wins = int(0)
    world.ladder_wins[game] = min(wins, int(row.ladder_wins))
    world.ladder_failures[game] = 0


@kernel
def count_failure(world, row):
    """Count a game that nobody won, and come down when there are enough of them in a row."""
    game = int(world.game)
    rung = int(world.ladder_rung[game])
    failures = int(world.ladder_failures[game]) + 1
    if failures >= row.ladder_failures > 0:
        world.ladder_rung[game] = max(rung - 1, 0)
        world.ladder_wins[game] = 0
        failures = int(0)
    world.ladder_failures[game] = min(failures, int(row.ladder_failures))


@kernel
def count_on_ladder(world, row):
    """Count how an episode went on its game's ladder, where it has one."""
    if row.ladder_index < 0:
        return
    if winning_players(world) > 0:
        count_win(world, row)
    else:
        count_failure(world, row)
