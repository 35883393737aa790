"""What an agent can ask for in a tick: one choice a head; the last is the no-op where there is one.

An action row is int16[heads]; a mask row is uint8, the heads' choices one after the other.
"""

from dataclasses import dataclass

from metammo.world.columns import OBSERVED_ENTITIES

TOKEN_COUNT = 127
"""Tokens that can be said, 1..127; choice i says i + 1."""

HEAD_MOVE, HEAD_STYLE, HEAD_TARGET, HEAD_TALK = range(4)


@dataclass(frozen=True)
class Head:
    """One part of an action."""

    name: str
    """As spaces, logs and docs call it."""
    size: int
    """Number of choices."""
    has_no_op: bool
    """The last choice does nothing."""
    doc: str
    """What the choices are."""


MINI_HEADS = (
    Head("move", 5, True, "north, south, east, west, stay"),
    Head("attack_style", 3, False, "melee, range, mage; counts where a target is chosen"),
    Head("attack_target", OBSERVED_ENTITIES + 1, True, "row of the observed entities, none"),
    Head("talk", TOKEN_COUNT + 1, True, "token 1..127, silent"),
)

MOVE_CHOICES, STYLE_CHOICES, TARGET_CHOICES, TALK_CHOICES = (head.size for head in MINI_HEADS)
NO_TARGET = TARGET_CHOICES - 1
SILENT = TALK_CHOICES - 1

MASK_MOVE = 0
MASK_STYLE = MASK_MOVE + MOVE_CHOICES
MASK_TARGET = MASK_STYLE + STYLE_CHOICES
MASK_TALK = MASK_TARGET + TARGET_CHOICES
MASK_SIZE = MASK_TALK + TALK_CHOICES
"""Bytes of a mask row in the mini layout."""


def head_sizes(heads: tuple[Head, ...] = MINI_HEADS) -> tuple[int, ...]:
    """Return the number of choices of each head, in order."""
    return tuple(head.size for head in heads)


def no_op(heads: tuple[Head, ...] = MINI_HEADS) -> tuple[int, ...]:
    """Return the action that does nothing."""
    return tuple(head.size - 1 if head.has_no_op else 0 for head in heads)
