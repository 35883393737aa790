"""How far each agent has come in its task, tick by tick (rulebook, section 13)."""

import numpy as np

from metammo.jit import kernel
from metammo.tasks.codes import Combination, Predicate
from metammo.tasks.predicates import measure
from metammo.world.columns import STEP_LIMIT

OWN_FIRST = int(Predicate.OWN_FIRST)
CONSTANT = int(Combination.CONSTANT)
NOT = int(Combination.NOT)
AND = int(Combination.AND)
OR = int(Combination.OR)
PLUS = int(Combination.PLUS)
MINUS = int(Combination.MINUS)
TIMES = int(Combination.TIMES)


@kernel
def subject_of(world, player):
    """Return the rows [first, last) of whom an agent's task is asked: itself, or its team."""
    if world.task_is_team[player] == 0:
        return player, player + 1
    team = int(world.entity_team[player])
    first = int(world.team_first[team])
    return first, first + int(world.team_size[team])


@kernel
def is_subject_present(world, first, last):
    """Return whether anyone of the subject lives or just died."""
    for player in range(first, last):
        if world.entity_is_alive[player] != 0 or world.player_died[player] != 0:
            return True
    return False


@kernel
def combine(code, one, other):
    """Return two values combined."""
    if code == AND:
        return min(one, other)
    if code == OR:
        return max(one, other)
    if code == PLUS:
        return one + other
    if code == MINUS:
        return one - other
    return one * other


@kernel
def step_value(world, player, step, first, last):
    """Return the value of a step that takes none: a predicate's, or a constant."""
    code = int(world.task_step[player, step])
    scale = np.float64(world.task_scale[player, step])
    if code < OWN_FIRST:
        return scale * measure(world, code, first, last, world.task_argument[player, step])
    if code == CONSTANT:
        return scale
    # A game's own predicates were measured before, by the driver that knows them.
    return scale * np.float64(world.task_measure[player, step])


@kernel
def evaluate(world, player, stack):
    """Return the progress of the task in an agent's row, 0..1, float64.

    `stack` is scratch, float64[steps].
    """
    first, last = subject_of(world, player)
    steps = int(world.task_length[player])
    if steps == 1:
        return min(max(step_value(world, player, int(0), first, last), 0.0), 1.0)
    height = int(0)
    for step in range(steps):
        code = int(world.task_step[player, step])
        if code <= CONSTANT:
            stack[height] = step_value(world, player, step, first, last)
            height += 1
        elif code == NOT:
            stack[height - 1] = 1.0 - stack[height - 1]
        else:
            height -= 1
            stack[height - 1] = combine(code, stack[height - 1], stack[height])
    if height == 0:
        return 0.0
    return min(max(stack[0], 0.0), 1.0)


@kernel
def update_tasks(world):
    """Measure everybody's progress; once at 1 it stays.

    A team's task stands in the row of its first member; all members, dead ones too, share it.
    """
    stack = np.empty(STEP_LIMIT, np.float64)
    for player in range(int(world.player_count)):
        world.player_progress_change[player] = 0
    for player in range(int(world.player_count)):
        first, last = subject_of(world, player)
        before = world.player_progress[player]
        if player != first or before >= 1 or not is_subject_present(world, first, last):
            continue
        progress = np.float32(evaluate(world, player, stack))
        for member in range(first, last):
            world.player_progress[member] = progress
            world.player_progress_change[member] = progress - before
            best = max(world.player_best_progress[member], progress)
            world.player_best_progress[member] = best
