"""What an agent can ask for in a tick: one choice a head; the last is the no-op where there is one.

An action row is int16[heads]; a mask row is uint8, the heads' choices one after the other.
"""

from dataclasses import dataclass

from metammo.rules.items import INVENTORY_SIZE, LISTING_LIMIT, PRICE_LIMIT
from metammo.world.columns import OBSERVED_ENTITIES

TOKEN_COUNT = 127
"""Tokens that can be said, 1..127; choice i says i + 1."""

HEAD_MOVE, HEAD_STYLE, HEAD_TARGET, HEAD_TALK = range(4)
HEAD_USE, HEAD_DESTROY, HEAD_SELL_ITEM, HEAD_SELL_PRICE, HEAD_BUY = range(4, 9)
HEAD_GIVE_ITEM, HEAD_GIVE_TARGET, HEAD_GIVE_GOLD_TARGET, HEAD_GIVE_GOLD_PRICE = range(9, 13)


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

ITEM_CHOICES = INVENTORY_SIZE + 1
_ENTITY_CHOICES = OBSERVED_ENTITIES + 1

FULL_HEADS = (
    *MINI_HEADS,
    Head("use", ITEM_CHOICES, True, "place of the inventory, none"),
    Head("destroy", ITEM_CHOICES, True, "place of the inventory, none"),
    Head("sell_item", ITEM_CHOICES, True, "place of the inventory, none"),
    Head("sell_price", PRICE_LIMIT, False, "1..99 gold; counts where an item is chosen"),
    Head("buy", LISTING_LIMIT + 1, True, "listing of the market, none"),
    Head("give_item", ITEM_CHOICES, True, "place of the inventory, none"),
    Head("give_target", _ENTITY_CHOICES, True, "row of the observed entities, none"),
    Head("give_gold_target", _ENTITY_CHOICES, True, "row of the observed entities, none"),
    Head("give_gold_price", PRICE_LIMIT, False, "1..99 gold; counts where a target is chosen"),
)
"""The heads of the full config; those of the mini config come first."""

MOVE_CHOICES, STYLE_CHOICES, TARGET_CHOICES, TALK_CHOICES = (head.size for head in MINI_HEADS)
NO_TARGET = TARGET_CHOICES - 1
SILENT = TALK_CHOICES - 1

MASK_MOVE = 0
MASK_STYLE = MASK_MOVE + MOVE_CHOICES
MASK_TARGET = MASK_STYLE + STYLE_CHOICES
MASK_TALK = MASK_TARGET + TARGET_CHOICES
MASK_SIZE = MASK_TALK + TALK_CHOICES
"""Bytes of a mask row in the mini config; the heads of the full config follow."""

NO_ITEM = ITEM_CHOICES - 1
NO_LISTING = LISTING_LIMIT
MASK_USE = MASK_SIZE
MASK_DESTROY = MASK_USE + ITEM_CHOICES
MASK_SELL_ITEM = MASK_DESTROY + ITEM_CHOICES
MASK_SELL_PRICE = MASK_SELL_ITEM + ITEM_CHOICES
MASK_BUY = MASK_SELL_PRICE + PRICE_LIMIT
MASK_GIVE_ITEM = MASK_BUY + NO_LISTING + 1
MASK_GIVE_TARGET = MASK_GIVE_ITEM + ITEM_CHOICES
MASK_GIVE_GOLD_TARGET = MASK_GIVE_TARGET + TARGET_CHOICES
MASK_GIVE_GOLD_PRICE = MASK_GIVE_GOLD_TARGET + TARGET_CHOICES
FULL_MASK_SIZE = MASK_GIVE_GOLD_PRICE + PRICE_LIMIT
"""Bytes of a mask row in the full config."""

HEADS = {"mini": MINI_HEADS, "full": FULL_HEADS}
"""The heads of each config."""


def head_sizes(heads: tuple[Head, ...] = MINI_HEADS) -> tuple[int, ...]:
    """Return the number of choices of each head, in order."""
    return tuple(head.size for head in heads)


def no_op(heads: tuple[Head, ...] = MINI_HEADS) -> tuple[int, ...]:
    """Return the action that does nothing."""
    return tuple(head.size - 1 if head.has_no_op else 0 for head in heads)
