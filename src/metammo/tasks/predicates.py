"""How far a subject, an agent or its team, has come in its task (rulebook, section 13)."""

from enum import IntEnum

from metammo.jit import kernel
from metammo.world.grid import center_of, distance


class Predicate(IntEnum):
    """What progress is measured by; its number stands in `task_kind` and in the observation."""

    NONE = 0
    TICK_GE = 1
    PROGRESS_TOWARD_CENTER = 2


TICK_GE = int(Predicate.TICK_GE)
PROGRESS_TOWARD_CENTER = int(Predicate.PROGRESS_TOWARD_CENTER)


@kernel
def progress_toward_center(world, player):
    """Return 1 - distance to the centre / half the playable side; 0 for the dead."""
    if world.entity_is_alive[player] == 0:
        return 0.0
    center = center_of(world)
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    half = int(world.rule_playable) // 2
    return max(1.0 - distance(row, col, center, center) / half, 0.0)


@kernel
def evaluate(world, player):
    """Return the progress of an agent's task, 0..1, float64."""
    kind = int(world.task_kind[player])
    if kind == TICK_GE:
        ticks = max(int(world.task_argument[player, 0]), 1)
        return min(int(world.tick) / ticks, 1.0)
    if kind == PROGRESS_TOWARD_CENTER:
        return progress_toward_center(world, player)
    return 0.0
