"""What NPCs do (rulebook, section 7), and their paths beside a plain search."""

import heapq

import numpy as np
import pytest

from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.tick.npcs import closest_in_window, closest_player
from metammo.tick.pathfinding import path_move
from metammo.world.columns import Cause
from metammo.world.grid import MOVE_COL, MOVE_ROW

pytestmark = pytest.mark.pure

FIELD = ["." * 17] * 17


@entry
def find_path(worlds, row, col, goal_row, goal_col):
    return path_move(worlds[0], row, col, goal_row, goal_col)


@entry
def find_closest(worlds, entity):
    return closest_player(worlds[0], entity), closest_in_window(worlds[0], entity)


def plain_path(free, start, goal, budget=99):
    """Return the first step of A* as the rulebook describes it; None to stay."""
    if start == goal:
        return None

    def left(tile):
        return abs(tile[0] - goal[0]) + abs(tile[1] - goal[1])

    queue, cost, came = [(0, start)], {start: 0}, {}
    best = (left(start), left(start), start)
    for _ in range(budget):
        if not queue:
            return None
        _, tile = heapq.heappop(queue)
        if tile == goal:
            break
        for row, col in ((-1, 0), (0, -1), (1, 0), (0, 1)):
            other = (tile[0] + row, tile[1] + col)
            if not free[other] or cost.get(other, 10**6) <= cost[tile] + 1:
                continue
            cost[other] = cost[tile] + 1
            came[other] = tile
            best = min(best, (left(other), cost[other] + left(other), other), key=lambda b: b[:2])
            heapq.heappush(queue, (cost[other] + left(other), other))
    else:
        if not queue and goal not in came:
            return None
    end = goal if goal in came else best[2]
    if end == start:
        return None
    while came[end] != start:
        end = came[end]
    return (end[0] - start[0], end[1] - start[1])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5])
def test_paths_are_those_of_a_plain_search(share):
    rng = np.random.default_rng(int(share * 10))
    for _ in range(40):
        drawing = rng.choice([2, 5], p=[1 - share, share], size=(17, 17))
        scene = Scenario(drawing)
        free = np.zeros((48, 48), bool)
        free[scene.row : scene.row + 17, scene.col : scene.col + 17] = drawing == 2
        for _ in range(5):
            start, goal = (tuple(int(n) for n in rng.integers(0, 17, 2) + 16) for _ in range(2))
            move = find_path(scene.worlds, *start, *goal)
            step = None if move == 4 else (int(MOVE_ROW[move]), int(MOVE_COL[move]))
            assert step == plain_path(free, start, goal), (start, goal, drawing.tolist())


def test_the_aggressive_hunt_what_they_see_and_no_farther():
    scene = Scenario(FIELD, resource=0)
    scene.player(8, 1)
    near, far = scene.npc("aggressive", 8, 8), scene.npc("aggressive", 8, 9)
    scene.tick()
    assert scene.position(near) == (8, 7)
    assert scene["npc_target"][far - scene.sizes.players] == -1


def test_the_neutral_fight_back_and_the_passive_do_not():
    scene = Scenario(FIELD, resource=0)
    anna, bert = scene.player(8, 8), scene.player(1, 1)
    neutral, passive = scene.npc("neutral", 8, 10), scene.npc("passive", 1, 2)
    scene.tick({anna: {"attack": neutral}, bert: {"attack": passive}})
    assert list(scene["health"][[anna, bert]]) == [100, 100]
    scene.tick(ticks=3)
    assert scene["health"][anna] < 100
    assert scene["health"][bert] == 100


def test_the_nearest_is_hunted_and_of_equals_the_first():
    scene = Scenario(FIELD, resource=0)
    scene.player(8, 12)
    bert, _ = scene.player(8, 4), scene.player(4, 8)
    npc = scene.npc("aggressive", 8, 8)
    scene.set(0, is_alive=1)
    scene.tick()
    assert scene["npc_target"][npc - scene.sizes.players] == 0
    assert bert == 1


def test_npcs_heal_one_a_tick_and_walk_through_players():
    scene = Scenario(["....."], resource=0, move_into_occupied=0)
    npc = scene.npc("passive", 0, 2, health=50)
    scene.player(0, 1)
    scene.player(0, 3)
    scene.tick()
    assert scene["health"][npc] == 51
    assert scene.position(npc) in ((0, 1), (0, 3))


def test_killed_by_an_npc():
    scene = Scenario(FIELD, resource=0)
    anna = scene.player(8, 8, health=10, gold=3)
    npc = scene.npc("aggressive", 8, 10)
    scene.tick()
    assert scene["is_alive"][anna] == 0
    assert scene["death_cause"][anna] == Cause.NPC
    assert scene["entity_gold"][npc] == 3


def test_a_soldier_rallies_until_five_tiles_off():
    scene = Scenario(FIELD, resource=0)
    npc = scene.npc("soldier", 1, 8, rally=(16, 8))
    number = npc - scene.sizes.players
    scene.tick(ticks=60)
    assert scene["npc_rally_row"][number] == -1


def test_a_soldier_goes_for_its_victim_past_others():
    scene = Scenario(FIELD, resource=0)
    scene.player(8, 7)
    victim = scene.player(8, 16)
    npc = scene.npc("soldier", 8, 8, victim=victim)
    scene.tick()
    assert scene.position(npc) == (8, 9)
    assert scene["npc_attack"][npc - scene.sizes.players] == -1


@pytest.mark.parametrize("seed", range(40))
def test_the_nearest_is_the_same_by_tiles_and_by_rows(seed):
    rng = np.random.default_rng(seed)
    scene = Scenario(["." * 17] * 17, npc_count=0)
    for _ in range(int(rng.integers(1, 16))):
        row, col = (int(value) for value in rng.integers(0, 17, 2))
        scene.player(row, col, mortal_tick=int(rng.random() < 0.2) * 99)
    npc = scene.npc("aggressive", 8, 8)
    by_rows, by_tiles = find_closest(scene.worlds, npc)
    assert by_rows == by_tiles
