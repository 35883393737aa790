"""What an agent may do: the mask of its next action (rulebook, sections 5, 10)."""

from metammo.actions import (
    MASK_MOVE,
    MASK_STYLE,
    MASK_TALK,
    MASK_TARGET,
    NO_TARGET,
    SILENT,
)
from metammo.jit import kernel
from metammo.world.grid import MOVE_COL, MOVE_ROW, MOVE_STAY, is_habitable


@kernel
def write_no_op_mask(mask):
    """Allow only what does nothing: the mask of the dead."""
    mask[:] = 0
    mask[MASK_MOVE + MOVE_STAY] = 1
    mask[MASK_STYLE] = 1
    mask[MASK_TARGET + NO_TARGET] = 1
    mask[MASK_TALK + SILENT] = 1


@kernel
def write_steady_mask(world, mask):
    """Write the part of a living agent's mask that stays the same for an episode."""
    mask[MASK_MOVE + MOVE_STAY] = 1
    for choice in range(MASK_STYLE, MASK_TARGET):
        mask[choice] = 1
    talks = 1 if int(world.rule_communication) else 0
    for token in range(SILENT):
        mask[MASK_TALK + token] = talks
    mask[MASK_TALK + SILENT] = 1


@kernel
def write_mask(world, player, target_count, mask):
    """Write the rest of a living agent's mask, given the number of valid targets it sees.

    Occupancy is not looked at: who stands where changes within the tick.
    """
    row = int(world.entity_row[player])
    col = int(world.entity_col[player])
    for move in range(MOVE_STAY):
        free = is_habitable(world, row + MOVE_ROW[move], col + MOVE_COL[move])
        mask[MASK_MOVE + move] = 1 if free else 0
    for target in range(NO_TARGET):
        mask[MASK_TARGET + target] = 1 if target < target_count else 0
    may_pass = target_count == 0 or int(world.rule_must_attack) == 0
    mask[MASK_TARGET + NO_TARGET] = 1 if may_pass else 0
