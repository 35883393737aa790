"""What a task is, and how its progress is kept."""

from dataclasses import dataclass, replace

import numpy as np

from metammo.jit import kernel
from metammo.tasks.predicates import Predicate, evaluate

ARGUMENT_COUNT = 4


@dataclass(frozen=True)
class Task:
    """One predicate with its arguments, asked of an agent or of a team."""

    predicate: Predicate
    """What progress is measured by."""
    arguments: tuple[int | str, ...] = ()
    """At most four: whole numbers, or the names of knobs whose value the episode draws."""
    is_team: bool = False
    """The subject is the team: progress lasts while any member lives."""


def team(task: Task) -> Task:
    """Return the same task, asked of a team as a whole."""
    return replace(task, is_team=True)


def tick_ge(ticks: int | str) -> Task:
    """Ask to live until a tick; progress is the share of the ticks that have passed."""
    return Task(Predicate.TICK_GE, (ticks,))


def progress_toward_center() -> Task:
    """Ask to stand on the centre tile; progress is the share of the way from the border."""
    return Task(Predicate.PROGRESS_TOWARD_CENTER)


@kernel
def is_subject_present(world, player):
    """Return whether the agent, or anyone of a team asked as a whole, lives or just died."""
    if world.entity_is_alive[player] != 0 or world.player_died[player] != 0:
        return True
    if world.task_is_team[player] == 0:
        return False
    team_number = int(world.entity_team[player])
    first = int(world.team_first[team_number])
    for member in range(first, first + int(world.team_size[team_number])):
        if world.entity_is_alive[member] != 0 or world.player_died[member] != 0:
            return True
    return False


@kernel
def update_tasks(world):
    """Measure every agent's progress; once at 1 it stays. Dead members share a team's progress."""
    for player in range(int(world.player_count)):
        world.player_progress_change[player] = 0
        before = world.player_progress[player]
        if before >= 1 or not is_subject_present(world, player):
            continue
        progress = np.float32(evaluate(world, player))
        world.player_progress[player] = progress
        world.player_progress_change[player] = progress - before
        world.player_best_progress[player] = max(world.player_best_progress[player], progress)
