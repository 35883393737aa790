"""How NPCs find their way: A* on the four-connected grid (rulebook, section 7).

The search expands at most 99 tiles, by lowest cost so far plus L1 distance left, ties by row, then
by column. When the budget is spent it heads for the closest tile found; when a closed region is
exhausted without a path, it stays.

Two roads need no search, because it is known what the search would find: with ties broken that
way, the path goes north first, else along the row first, if that L-shaped path is free.
"""

import numpy as np

from metammo.jit import kernel
from metammo.world.grid import MOVE_EAST, MOVE_NORTH, MOVE_SOUTH, MOVE_STAY, MOVE_WEST, is_habitable

EXPANSIONS = 99
QUEUE_SIZE = 512
TABLE_SIZE = 1024
"""Places of the hash table of reached tiles; at most 4 x 99 + 1 are used."""
SHORT = 8
"""Longest side for which the full rectangle is expanded within the budget."""

# The order in which neighbours are looked at: north, west, south, east.
NEIGHBOR_ROW = np.array([-1, 0, 1, 0], np.int64)
NEIGHBOR_COL = np.array([0, -1, 0, 1], np.int64)
NEIGHBOR_MOVE = np.array([MOVE_NORTH, MOVE_WEST, MOVE_SOUTH, MOVE_EAST], np.int64)


@kernel
def is_row_free(world, row, col, goal_col):
    """Return whether the tiles of a row after `col` up to `goal_col` can be walked on."""
    step = int(1) if goal_col > col else int(-1)
    while col != goal_col:
        col += step
        if not is_habitable(world, row, col):
            return False
    return True


@kernel
def is_col_free(world, col, row, goal_row):
    """Return whether the tiles of a column after `row` up to `goal_row` can be walked on."""
    step = int(1) if goal_row > row else int(-1)
    while row != goal_row:
        row += step
        if not is_habitable(world, row, col):
            return False
    return True


@kernel
def direct_move(world, row, col, goal_row, goal_col):
    """Return the first move of the free L-shaped path that A* would find, -1 if it is not free."""
    rows = goal_row - row
    cols = goal_col - col
    if abs(rows) > SHORT or abs(cols) > SHORT:
        return int(-1)
    if rows < 0:
        if is_col_free(world, col, row, goal_row) and is_row_free(world, goal_row, col, goal_col):
            return MOVE_NORTH
        return int(-1)
    if is_row_free(world, row, col, goal_col) and is_col_free(world, goal_col, row, goal_row):
        if cols > 0:
            return MOVE_EAST
        return MOVE_WEST if cols < 0 else MOVE_SOUTH
    return int(-1)


@kernel
def push(queue, size, value):
    """Add a number to a binary heap of `size` numbers."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if queue[parent] <= value:
            break
        queue[place] = queue[parent]
        place = parent
    queue[place] = value


@kernel
def pop(queue, size):
    """Take the least number off a binary heap of `size` numbers."""
    least = queue[0]
    last = size - 1
    value = queue[last]
    place = int(0)
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        if child + 1 < last and queue[child + 1] < queue[child]:
            child += 1
        if value <= queue[child]:
            break
        queue[place] = queue[child]
        place = child
    queue[place] = value
    return least


@kernel
def find_slot(keys, key):
    """Return the table's place of a tile's key, or the free place where it belongs."""
    slot = (key * 40503 >> 4) & (TABLE_SIZE - 1)
    while keys[slot] != key and keys[slot] >= 0:
        slot = (slot + 1) & (TABLE_SIZE - 1)
    return slot


@kernel
def search_move(world, row, col, goal_row, goal_col):
    """Return the first move of the path that A* finds; 4 (stay) if there is none."""
    side = world.tile_material.shape[0]
    queue = np.empty(QUEUE_SIZE, np.int64)
    keys = np.full(TABLE_SIZE, -1, np.int64)
    costs = np.empty(TABLE_SIZE, np.int64)
    # The first move on the way to each reached tile stands for the whole path back.
    moves = np.empty(TABLE_SIZE, np.int64)
    start = row * side + col
    goal = goal_row * side + goal_col
    slot = find_slot(keys, start)
    keys[slot] = start
    costs[slot] = 0
    moves[slot] = MOVE_STAY
    closest_move = int(MOVE_STAY)
    closest_left = abs(goal_row - row) + abs(goal_col - col)
    closest_total = closest_left
    queue[0] = start
    size = int(1)
    for _ in range(EXPANSIONS):
        if size == 0:
            # The region is exhausted; the goal is not in it.
            return int(MOVE_STAY)
        tile = pop(queue, size) & 0xFFFFFFFF
        size -= 1
        here = find_slot(keys, tile)
        if tile == goal:
            return moves[here]
        tile_row = tile // side
        tile_col = tile - tile_row * side
        cost = costs[here] + 1
        for direction in range(4):
            next_row = tile_row + NEIGHBOR_ROW[direction]
            next_col = tile_col + NEIGHBOR_COL[direction]
            if not is_habitable(world, next_row, next_col):
                continue
            key = next_row * side + next_col
            slot = find_slot(keys, key)
            if keys[slot] == key and cost >= costs[slot]:
                continue
            first = NEIGHBOR_MOVE[direction] if tile == start else moves[here]
            keys[slot] = key
            costs[slot] = cost
            moves[slot] = first
            left = abs(goal_row - next_row) + abs(goal_col - next_col)
            total = cost + left
            if left < closest_left or (left == closest_left and total < closest_total):
                closest_move = first
                closest_left = left
                closest_total = total
            push(queue, size, (total << 32) | key)
            size += 1
    slot = find_slot(keys, goal)
    if keys[slot] == goal:
        return moves[slot]
    return closest_move if size > 0 else int(MOVE_STAY)


@kernel
def path_move(world, row, col, goal_row, goal_col):
    """Return the move (0..4) that begins a shortest path to a tile."""
    if row == goal_row and col == goal_col:
        return int(MOVE_STAY)
    move = direct_move(world, row, col, goal_row, goal_col)
    if move >= 0:
        return move
    return search_move(world, row, col, goal_row, goal_col)
