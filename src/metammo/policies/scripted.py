"""A heuristic player, compiled and batch-wide, that knows no more than its observation.

In this order: get out of the fog in time, eat and drink before it is too late, then what the task
asks for (`roles`), else live long (`instincts`). Whoever may be attacked is attacked, the weakest
first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    HEAD_MOVE,
    HEAD_STYLE,
    HEAD_TALK,
    HEAD_TARGET,
    MASK_TALK,
    SILENT,
    no_op,
)
from metammo.jit import entry, kernel
from metammo.observe.layout import Market, OwnFeature, TaskFeature
from metammo.policies.instincts import (
    race_move,
    survival_move,
    urgent_move,
    weakest_target,
)
from metammo.policies.roles import (
    call_sign,
    carry_move,
    chase_move,
    close_ranks_move,
    gather_move,
    guard_move,
    hide_move,
    hold_move,
)
from metammo.policies.stateless import StatelessPolicy, heads_of
from metammo.policies.ways import TILES, measure_ways
from metammo.tasks.codes import Predicate
from metammo.tasks.embedding import told_predicate
from metammo.world.grid import MOVE_STAY
from metammo.world.random import bits31

T_OCCUPIED_RULE = int(TaskFeature.MOVE_INTO_OCCUPIED)
T_PREDICATE = int(TaskFeature.PREDICATE)
T_COMBAT, T_RESOURCE = int(TaskFeature.COMBAT), int(TaskFeature.RESOURCE)
O_GOAL_OWNED = int(OwnFeature.OBJECTIVE_OWNED)

RACE = int(Predicate.PROGRESS_TOWARD_CENTER)
HOLD = int(Predicate.SEIZE_TILE)
GATHER = int(Predicate.MEMBERS_WITHIN_RANGE)
HUNT = int(Predicate.DEFEAT_ENTITY)
GUARD = int(Predicate.PROTECT_LEADER)
SEEK = int(Predicate.AGENTS_DEAD)
LIVE = int(Predicate.TICK_GE)


@kernel
def task_move(row, predicate, steps, first, bits):
    """Return the move that the task asks for, -1 where it leaves the choice."""
    if predicate == HOLD:
        return hold_move(row, steps, first, bits)
    if predicate == GATHER:
        return gather_move(row, steps, first, bits)
    if predicate in (HUNT, SEEK):
        return chase_move(row, steps, first, bits, predicate == HUNT)
    if predicate == GUARD:
        return guard_move(row, steps, first, bits)
    if predicate == LIVE and int(row.task[T_RESOURCE]) == 0:
        # Nothing to look for: keep together and fight, or hide where there is no fighting.
        if int(row.task[T_COMBAT]) != 0:
            return close_ranks_move(row, steps, first, bits)
        return hide_move(row, steps, first, bits)
    if int(row.own[O_GOAL_OWNED]) != 0:
        return carry_move(row, steps, first, bits)
    return int(-1)


@kernel
def choose_move(row, steps, first, bits):
    """Return the move: out of the fog, to a meal, to the task, or just to live."""
    predicate = told_predicate(row.task, int(T_PREDICATE))
    if predicate == RACE:
        return race_move(row, steps, first, bits)
    move = urgent_move(row, steps, first, bits)
    if move >= 0:
        return move
    move = task_move(row, predicate, steps, first, bits)
    if move >= 0:
        return move
    return survival_move(row, steps, first, bits)


@kernel
def choose(row, mask, steps, first, bits, action):
    """Choose one agent's action from its observation and mask."""
    may_share = int(row.task[T_OCCUPIED_RULE]) != 0
    measure_ways(row.tiles, may_share, steps, first)
    move = choose_move(row, steps, first, bits)
    if mask[move] == 0:
        move = int(MOVE_STAY)
    action[HEAD_MOVE] = move
    action[HEAD_STYLE] = 0
    action[HEAD_TARGET] = weakest_target(row.entities, mask, int(MOVE_STAY) + 4)
    token = call_sign(row, bits)
    action[HEAD_TALK] = token if mask[MASK_TALK + token] != 0 else int(SILENT)


@entry
def act_all(rows, masks, streams, actions):
    """Choose an action for every row.

    Args:
        rows: record array [rows] of the layout.
        masks: uint8[rows, choices].
        streams: uint64[rows], seeds of the choices left to chance.
        actions: int16[rows, heads], written.
    """
    steps = np.empty(TILES, np.int64)
    first = np.empty(TILES, np.int64)
    for index in range(len(rows)):
        bits = bits31(streams[index], np.uint64(0))
        choose(rows[index], masks[index], steps, first, bits, actions[index])


class ScriptedPolicy(StatelessPolicy):
    """The heuristic player behind the policy interface."""

    name = "scripted"

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
        streams: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Choose an action for each row; of items it leaves its hands."""
        rows = np.ascontiguousarray(np.asarray(observation)).view(np.recarray)
        masks = np.ascontiguousarray(mask)
        actions = np.tile(np.array(no_op(heads_of(mask)), np.int16), (len(rows), 1))
        act_all(rows, masks, self.streams_for(len(rows), streams), actions)
        return actions, None
