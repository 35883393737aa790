"""How a task is told to a policy: 32 numbers made of its structure.

The first six say which predicate it is, bit by bit, small. The rest add up over its predicates,
each by its scale: family, item, skill, level, goal, place. So tasks of the same kind lie close, a
spear is near to melee, and any two different tasks differ. The last 26 may come from a language
model instead: `embed_sentences`.
"""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.jit import kernel
from metammo.rules.items import (
    AMMUNITION,
    ARMOR,
    ITEM_TYPE_COUNT,
    SKILL_OF,
    TOOLS,
    WEAPONS,
    Item,
)
from metammo.tasks.codes import Combination, Predicate
from metammo.tasks.predicates import place_tile
from metammo.tasks.tasks import Task, TaskError
from metammo.world.columns import ARGUMENT_COUNT, TASK_NUMBERS
from metammo.world.grid import center_of

BITS = 6
"""Numbers that tell the predicate."""
BIT = 16
FAMILY = BITS
CATEGORY = 15
ITEM_INDEX = 20
SKILL_BITS = 21
SKILL_KIND = 24
LEVEL = 25
GOAL = 26
TICKS = 27
ROW = 28
COL = 29
KIND = 30
SHAPE = 31

LIMIT = 127
STRONG, MIDDLE = 64, 48


class Role(IntEnum):
    """What an argument of a predicate means."""

    NONE = 0
    ITEM = 1
    SKILL = 2
    LEVEL = 3
    GOAL = 4
    TICKS = 5
    PLACE = 6
    KIND = 7
    """An event, material, target, or sort of victim: a number that only names."""


FAMILIES = (
    (Predicate.TICK_GE, Predicate.STAY_ALIVE, Predicate.AGENTS_ALIVE, Predicate.AGENTS_DEAD),
    (Predicate.PROTECT_LEADER, Predicate.MEMBERS_WITHIN_RANGE),
    (
        Predicate.OCCUPY_TILE,
        Predicate.DISTANCE_TRAVELED,
        Predicate.PROGRESS_TOWARD_CENTER,
        Predicate.SEIZE_TILE,
    ),
    (Predicate.CAN_SEE_TILE, Predicate.CAN_SEE_TARGET),
    (Predicate.ATTAIN_SKILL, Predicate.GAIN_EXPERIENCE),
    (Predicate.COUNT_EVENT, Predicate.SCORE_HIT, Predicate.DEFEAT_ENTITY),
    (Predicate.HOARD_GOLD, Predicate.EARN_GOLD, Predicate.SPEND_GOLD, Predicate.MAKE_PROFIT),
    (
        Predicate.OWN_ITEM,
        Predicate.EQUIP_ITEM,
        Predicate.FULLY_ARMED,
        Predicate.INVENTORY_SPACE,
    ),
    (
        Predicate.CONSUME_ITEM,
        Predicate.HARVEST_ITEM,
        Predicate.LIST_ITEM,
        Predicate.BUY_ITEM,
        Predicate.FIRE_AMMO,
    ),
)
"""Nine families of predicates, a number each; a game's own belong to none."""

_BY_ITEM = (Role.ITEM, Role.LEVEL, Role.GOAL)
ROLES = {
    Predicate.TICK_GE: (Role.TICKS,),
    Predicate.STAY_ALIVE: (Role.KIND,),
    Predicate.AGENTS_ALIVE: (Role.KIND,),
    Predicate.AGENTS_DEAD: (Role.KIND,),
    Predicate.OCCUPY_TILE: (Role.PLACE,),
    Predicate.CAN_SEE_TILE: (Role.KIND,),
    Predicate.CAN_SEE_TARGET: (Role.KIND,),
    Predicate.DISTANCE_TRAVELED: (Role.GOAL,),
    Predicate.MEMBERS_WITHIN_RANGE: (Role.GOAL,),
    Predicate.SEIZE_TILE: (Role.PLACE, Role.TICKS),
    Predicate.ATTAIN_SKILL: (Role.SKILL, Role.LEVEL, Role.GOAL),
    Predicate.GAIN_EXPERIENCE: (Role.SKILL, Role.GOAL),
    Predicate.COUNT_EVENT: (Role.KIND, Role.GOAL),
    Predicate.SCORE_HIT: (Role.SKILL, Role.GOAL),
    Predicate.DEFEAT_ENTITY: (Role.KIND, Role.LEVEL, Role.GOAL),
    Predicate.HOARD_GOLD: (Role.GOAL,),
    Predicate.EARN_GOLD: (Role.GOAL,),
    Predicate.SPEND_GOLD: (Role.GOAL,),
    Predicate.MAKE_PROFIT: (Role.GOAL,),
    Predicate.INVENTORY_SPACE: (Role.GOAL,),
    Predicate.OWN_ITEM: _BY_ITEM,
    Predicate.EQUIP_ITEM: _BY_ITEM,
    Predicate.FULLY_ARMED: (Role.SKILL, Role.LEVEL, Role.GOAL),
    Predicate.CONSUME_ITEM: _BY_ITEM,
    Predicate.HARVEST_ITEM: _BY_ITEM,
    Predicate.LIST_ITEM: _BY_ITEM,
    Predicate.BUY_ITEM: _BY_ITEM,
    Predicate.FIRE_AMMO: _BY_ITEM,
}
"""What each predicate's arguments mean; those of a game's own are goals."""

CODES = int(Combination.CONSTANT)
FAMILY_OF = np.full(CODES, -1, np.int64)
"""int64[64]: the family of each predicate, -1 for none."""
for _family, _members in enumerate(FAMILIES):
    FAMILY_OF[list(_members)] = _family
ROLE_OF = np.zeros((CODES, ARGUMENT_COUNT), np.int64)
"""int64[64, 4]: the Role of each argument."""
ROLE_OF[int(Predicate.OWN_FIRST) :] = Role.GOAL
for _predicate, _roles in ROLES.items():
    ROLE_OF[_predicate, : len(_roles)] = _roles

CATEGORY_OF = np.zeros(ITEM_TYPE_COUNT, np.int64)
"""int64[18]: armour, weapon, tool, ammunition, consumable."""
INDEX_OF = np.zeros(ITEM_TYPE_COUNT, np.int64)
"""int64[18]: an item's place in its category."""
for _category, _items in enumerate((ARMOR, WEAPONS, TOOLS, AMMUNITION, (Item.RATION, Item.POTION))):
    for _index, _item in enumerate(_items):
        CATEGORY_OF[_item] = _category
        INDEX_OF[_item] = _index

LOG_LIMIT = 1024
LOGARITHM = np.round(8 * np.log2(np.arange(LOG_LIMIT + 1) + 1)).astype(np.int64)
"""int64[1025]: 8 x log2(n + 1), rounded: a table, since no kernel takes a logarithm."""

NONE, ITEM, SKILL, BY_LEVEL = (int(role) for role in (Role.NONE, Role.ITEM, Role.SKILL, Role.LEVEL))
BY_GOAL, BY_TICKS, BY_PLACE = int(Role.GOAL), int(Role.TICKS), int(Role.PLACE)


@kernel
def magnitude(number):
    """Return 8 x log2(n + 1), 0..80: near numbers lie near, at every size."""
    return LOGARITHM[min(max(number, 0), int(LOG_LIMIT))]


@kernel
def tell_skill(skill, numbers):
    """Add a skill: three bits, and whether it fights or harvests."""
    for bit in range(3):
        numbers[SKILL_BITS + bit] += MIDDLE if (skill >> bit) & 1 else -MIDDLE
    numbers[SKILL_KIND] += MIDDLE if skill < 3 else -MIDDLE


@kernel
def tell_argument(world, role, value, numbers):
    """Add what one argument says."""
    if role == ITEM:
        numbers[CATEGORY + CATEGORY_OF[value]] += MIDDLE
        numbers[ITEM_INDEX] += 24 * INDEX_OF[value] + 12
        if SKILL_OF[value] >= 0:
            tell_skill(SKILL_OF[value], numbers)
    elif role == SKILL:
        tell_skill(value, numbers)
    elif role == BY_LEVEL:
        numbers[LEVEL] += 12 * value
    elif role == BY_GOAL:
        numbers[GOAL] += magnitude(value)
    elif role == BY_TICKS:
        numbers[TICKS] += magnitude(value)
    elif role == BY_PLACE:
        row, col = place_tile(world, value)
        numbers[ROW] += row - center_of(world)
        numbers[COL] += col - center_of(world)
        numbers[KIND] += value % 8 if value < 8 else 8
    elif role != NONE:
        numbers[KIND] += 5 * value + 1


@kernel
def tell_step(world, player, step, numbers):
    """Set the numbers to what one predicate of an agent's task says, unscaled."""
    numbers[:] = 0
    code = int(world.task_step[player, step])
    if FAMILY_OF[code] >= 0:
        numbers[FAMILY + FAMILY_OF[code]] = STRONG
    for place in range(ARGUMENT_COUNT):
        value = int(world.task_argument[player, step, place])
        tell_argument(world, ROLE_OF[code, place], value, numbers)


@kernel
def tell_task(world, player):
    """Write an agent's task as numbers into `task_vector`."""
    total = np.zeros(TASK_NUMBERS, np.float64)
    numbers = np.zeros(TASK_NUMBERS, np.int64)
    predicate = int(-1)
    for step in range(int(world.task_length[player])):
        code = int(world.task_step[player, step])
        if code >= CODES:
            # What combines two values, beside how many steps there are.
            total[SHAPE] += 4.0 * (code - CODES + 1)
            continue
        if predicate < 0:
            predicate = code
        tell_step(world, player, step, numbers)
        scale = np.float64(world.task_scale[player, step])
        for place in range(BITS, TASK_NUMBERS):
            total[place] += scale * numbers[place]
    for place in range(BITS, TASK_NUMBERS):
        rounded = int(total[place]) if total[place] >= 0 else -int(-total[place])
        world.task_vector[player, place] = min(max(rounded, -LIMIT), LIMIT)
    if predicate >= 0:
        for bit in range(BITS):
            world.task_vector[player, bit] = BIT if (predicate >> bit) & 1 else -BIT


@kernel
def told_predicate(task, first):
    """Return the predicate that a task vector tells, -1 for none; its numbers begin at `first`."""
    predicate = int(0)
    for bit in range(BITS):
        number = int(task[first + bit])
        if number == 0:
            return int(-1)
        if number > 0:
            predicate += int(1) << bit
    return predicate


def embed_sentences(tasks: Sequence[Task], folder: str | Path) -> NDArray[np.int8]:
    """Return numbers for tasks made of their sentences by a language model, int8[tasks, 26].

    A fixed random projection of the model's vectors, so a task has the same numbers whatever the
    others are; scaled to fill int8.

    Args:
        tasks: what is asked.
        folder: a sentence-transformers model on disk.

    Raises:
        TaskError: the library or the model is missing.
    """
    if not Path(folder).is_dir():
        raise TaskError(
            f"there is no model folder {str(folder)!r}; give a sentence-transformers "
            "model that lies on disk"
        )
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise TaskError(
            "sentences are embedded by sentence-transformers: pip install 'metammo[sentences]'"
        ) from error
    model: Any = SentenceTransformer(str(folder), local_files_only=True)
    vectors = np.asarray(model.encode([task.sentence for task in tasks]), np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rng = np.random.default_rng(0)
    projection = rng.standard_normal((vectors.shape[1], TASK_NUMBERS - BITS))
    return np.clip(np.round(vectors @ projection * STRONG), -LIMIT, LIMIT).astype(np.int8)
