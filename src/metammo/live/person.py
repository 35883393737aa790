"""A person's seat: a policy that does in the next tick what was asked since the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    HEAD_BUY,
    HEAD_DESTROY,
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_MOVE,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_STYLE,
    HEAD_TALK,
    HEAD_TARGET,
    HEAD_USE,
    head_sizes,
    no_op,
)
from metammo.envs.batch import Batch
from metammo.live.messages import AskError
from metammo.observe.layout import Market, MarketFeature

Asked = dict[str, int]
Choices = list[tuple[int, int]]
"""Heads and their choices."""

COMPANIONS = {"sell": "price", "give": "to", "gold": "gold_to"}
"""What can be asked only together with something else."""
PARTS = (
    *("move", "attack", "style", "say", "use", "destroy", "buy"),
    *COMPANIONS,
    *COMPANIONS.values(),
)
"""What can be asked for a tick. Entities are rows of a replay: agents, then rows of NPCs."""
PLACE_PARTS = ("use", "destroy", "sell", "give")
"""Parts that name a place of the inventory."""
FRAMES_KEPT = 16
"""Frames back to which what a person meant is looked up."""


@dataclass(frozen=True)
class Seen:
    """What the numbers of places and listings stood for when a person saw them."""

    items: NDArray[np.int16]
    """int16[places, 2]: type and level of what is carried."""
    offers: NDArray[np.int16]
    """int16[listings, 5]: seller, place in the seller's inventory, type, level and price."""


class Person:
    """Plays one agent of a batch's first world by what a person asks.

    Attributes:
        agent: whom it plays.
        asked: parts of the next tick's action by name, as the person gave them.
        has_ended: the person has said that this is all for the tick.
    """

    name = "person"

    def __init__(self, batch: Batch, agent: int) -> None:
        self.batch, self.agent = batch, agent
        self.asked: Asked = {}
        self.has_ended = False
        self._seen: dict[int, Seen] = {}
        sizes = head_sizes(batch.heads)
        self._offsets = [0, *accumulate(sizes)]
        self._no_op = np.array(no_op(batch.heads), np.int16)

    def initial_state(self, count: int) -> None:
        """Return None: people remember by themselves."""
        return

    def begin(self, state: Any, rows: NDArray[np.bool_]) -> None:
        """Return None: people remember by themselves."""
        return

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
    ) -> tuple[NDArray[np.int16], None]:
        """Return what was asked, int16[1, heads]; what is not allowed any more is left out.

        Args:
            observation: of the agent; people have seen it drawn.
            mask: uint8[1, choices].
            state: None.
            market: not looked at.
        """
        action = self._no_op.copy()
        for part in self.asked:
            choices = self._choices(part, self.asked)
            if self._allows(mask[0], choices):
                for head, choice in choices:
                    action[head] = choice
        self.asked = {}
        self.has_ended = False
        return action[None], None

    def ask(self, given: Mapping[str, Any], mask: NDArray[np.uint8]) -> None:
        """Add to what will be done in the next tick; null takes a part back.

        Args:
            given: values by name, of `PARTS`; "end": true says that this is all, "frame" which
                frame the person saw, where it may not be the newest.
            mask: uint8[choices] of the agent.

        Raises:
            AskError: a part that cannot be done now, or is no more what it was; nothing is added.
        """
        asked = dict(self.asked)
        for name, value in given.items():
            if name == "end":
                if not isinstance(value, bool):
                    raise AskError(f"end is true or false, got {_short(value)}")
            elif name == "frame":
                continue
            elif value is None or (name == "say" and value == 0):
                asked.pop(name, None)
                asked.pop(COMPANIONS.get(name, ""), None)
            elif type(value) is int:
                asked[name] = value
            else:
                raise AskError(f"{name} is a whole number or null, got {_short(value)}")
        asked |= self._meant({name: asked[name] for name in given if name in asked}, given)
        for name, companion in COMPANIONS.items():
            if name in asked and companion not in asked:
                raise AskError(f"{name} goes with {companion}")
        for name, value in asked.items():
            if not self._allows(mask, self._choices(name, asked)):
                raise AskError(f"{name} {value} cannot be done now")
        self.asked = asked
        self.has_ended = bool(given.get("end", self.has_ended))

    def look(self, frame: int) -> None:
        """Remember what places and listings stand for in a frame, the newest."""
        world, agent = self.batch.worlds[0], self.agent
        count = int(world.listing_count)
        features = [MarketFeature.TYPE, MarketFeature.LEVEL, MarketFeature.PRICE]
        whose = np.stack([world.listing_seller[:count], world.listing_place[:count]], 1)
        what = self.batch.markets[0][:count, features]
        items = np.stack([world.item_type[agent], world.item_level[agent]], 1)
        offers = np.concatenate([whose, what], 1) if count else np.zeros((0, 5))
        self._seen[frame] = Seen(items.astype(np.int16), offers.astype(np.int16))
        self._seen.pop(frame - FRAMES_KEPT, None)

    def _meant(self, asked: Asked, given: Mapping[str, Any]) -> Asked:
        """Return what is asked, in the newest frame's numbers: listings are numbered every tick.

        Raises:
            AskError: the frame is unknown, or what was meant is not there any more.
        """
        newest = max(self._seen, default=0)
        frame = given.get("frame", newest)
        if type(frame) is not int or (frame != newest and frame not in self._seen):
            raise AskError(f"frame {_short(frame)} is not one of the last {FRAMES_KEPT}")
        if frame == newest:
            return asked
        then, now = self._seen[frame], self._seen[newest]
        for name in PLACE_PARTS:
            place = asked.get(name, -1)
            if 0 <= place < len(now.items) and (then.items[place] != now.items[place]).any():
                raise AskError(f"{name} {place}: what was there is gone")
        if 0 <= asked.get("buy", -1) < len(then.offers):
            found = np.flatnonzero((now.offers == then.offers[asked["buy"]]).all(1))
            if not len(found):
                raise AskError(f"buy {asked['buy']}: the offer is gone")
            return {**asked, "buy": int(found[0])}
        return asked

    def _choices(self, part: str, asked: Asked) -> Choices:
        """Return the choices that a part stands for; its companion has none of its own."""
        value = asked[part]
        if part == "attack":
            # Melee where nothing is said, the first style.
            return [(HEAD_TARGET, self._slot(value)), (HEAD_STYLE, asked.get("style", 0))]
        if part == "sell":
            return [(HEAD_SELL_ITEM, value), (HEAD_SELL_PRICE, asked["price"] - 1)]
        if part == "give":
            return [(HEAD_GIVE_ITEM, value), (HEAD_GIVE_TARGET, self._slot(asked["to"]))]
        if part == "gold":
            receiver = self._slot(asked["gold_to"])
            return [(HEAD_GIVE_GOLD_TARGET, receiver), (HEAD_GIVE_GOLD_PRICE, value - 1)]
        if part == "say":
            return [(HEAD_TALK, value - 1)]
        single = {
            "move": HEAD_MOVE,
            "style": HEAD_STYLE,
            "use": HEAD_USE,
            "destroy": HEAD_DESTROY,
            "buy": HEAD_BUY,
        }
        return [(single[part], value)] if part in single else []

    def _allows(self, mask: NDArray[np.uint8], choices: Choices) -> bool:
        """Return whether every choice exists, does something, and is allowed by the mask."""
        heads = self.batch.heads
        for head, choice in choices:
            if head >= len(heads) or not 0 <= choice < heads[head].size:
                return False
            is_no_op = heads[head].has_no_op and choice == heads[head].size - 1
            if (is_no_op and head != HEAD_MOVE) or not mask[self._offsets[head] + choice]:
                return False
        return True

    @property
    def _unused(self) -> int:
        """How many of the world's rows lie between the agents and the NPCs."""
        return self.batch.sizes.players - int(self.batch.worlds[0].player_count)

    def _slot(self, row: int) -> int:
        """Return the observed row of an entity given by a replay's row, -1 where it is not seen."""
        players = int(self.batch.worlds[0].player_count)
        entity = row if row < players else row + self._unused
        found = np.flatnonzero(self.batch.worlds[0].observed_entity[self.agent] == entity)
        return int(found[0]) if len(found) and row >= 0 else -1

    def _rows(self, slots: NDArray[np.int64]) -> list[int]:
        """Return the replay's rows of the entities in observed rows."""
        world = self.batch.worlds[0]
        entities = world.observed_entity[self.agent][slots].astype(np.int64)
        entities[entities >= int(world.player_count)] -= self._unused
        return [int(entity) for entity in entities]

    def _open(self, mask: NDArray[np.uint8], head: int) -> NDArray[np.int64]:
        """Return a head's choices that do something and are allowed; none where it is not there."""
        if head >= len(self.batch.heads):
            return np.zeros(0, np.int64)
        choices = np.flatnonzero(mask[self._offsets[head] : self._offsets[head + 1]])
        last = self.batch.heads[head].size - 1
        keeps_last = head == HEAD_MOVE or not self.batch.heads[head].has_no_op
        return choices if keeps_last else choices[choices != last]

    def options(self, mask: NDArray[np.uint8]) -> dict[str, Any]:
        """Return what can be asked now, as a page is told, and what was asked so far.

        Args:
            mask: uint8[choices] of the agent; all zero where nothing can be asked.
        """
        styles = self._open(mask, HEAD_STYLE).tolist()
        targets = self._rows(self._open(mask, HEAD_TARGET))
        prices = (self._open(mask, HEAD_SELL_PRICE) + 1).tolist()
        return {
            "moves": self._open(mask, HEAD_MOVE).tolist(),
            "targets": [{"entity": row, "styles": styles} for row in targets],
            "use": self._open(mask, HEAD_USE).tolist(),
            "destroy": self._open(mask, HEAD_DESTROY).tolist(),
            "sell": self._open(mask, HEAD_SELL_ITEM).tolist(),
            "prices": [prices[0], prices[-1]] if prices else [],
            "give": self._open(mask, HEAD_GIVE_ITEM).tolist(),
            "receivers": self._rows(self._open(mask, HEAD_GIVE_TARGET)),
            "gold_receivers": self._rows(self._open(mask, HEAD_GIVE_GOLD_TARGET)),
            "offers": self._offers(mask),
            "can_say": bool(len(self._open(mask, HEAD_TALK))),
            "pending": {**self.asked, **({"end": True} if self.has_ended else {})},
        }

    def _offers(self, mask: NDArray[np.uint8]) -> list[dict[str, int]]:
        """Return the listings that the agent can buy."""
        names = ("seller", "type", "level", "quantity", "price")
        features = [int(MarketFeature[name.upper()]) for name in names]
        offers = []
        for listing in self._open(mask, HEAD_BUY):
            values = self.batch.markets[0, listing, features].tolist()
            offers.append({"listing": int(listing), **dict(zip(names, values, strict=True))})
        return offers


def _short(value: Any) -> str:
    return repr(value)[:40]
