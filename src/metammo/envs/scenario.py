"""Scenarios: a hand-made world, so that any rule can be tried in five lines.

    scene = Scenario(["~~~~~", "~...~", "~...~", "~~~~~"], combat=1)
    anna = scene.player(1, 1, team=0, health=50)
    bert = scene.player(1, 3, team=1)
    scene.tick({anna: {"move": "south", "attack": bert, "style": "mage"}})
    assert scene["health"][bert] == 90

A map is an array of `Material` numbers, or lines of text: `.` grass, `~` water, `,` foliage, `#`
stone, and so on as `GLYPHS` says. It is set around the centre of a size class; rows and columns of
a scenario count from its corner. What is not given has the value with which an episode begins.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    FULL_HEADS,
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
    HEADS,
    head_sizes,
    no_op,
)
from metammo.jit import entry
from metammo.minigames.episode import clear_entities, clear_players, clear_world, set_task
from metammo.minigames.table import number_index
from metammo.observe.items import observe_items
from metammo.observe.layout import LAYOUTS, MARKET_PART
from metammo.observe.observe import observe_world
from metammo.observe.scratch import make_kept, make_scratch
from metammo.rules.items import INVENTORY_SIZE, LISTING_LIMIT, Item
from metammo.rules.knobs import KnobError, default_draws, draws_of
from metammo.rules.materials import Material
from metammo.rules.rules import FULL, MINI, RULE_COLUMNS
from metammo.rules.sizes import SIZE_CLASSES
from metammo.rules.skills import LEVEL_EXPERIENCE, Skill
from metammo.tasks.progress import update_tasks
from metammo.tasks.tasks import Task, task_dtype, write_task
from metammo.tick.inventory import free_place, receive_item, show_gear, show_items, update_gear
from metammo.tick.npcs import add_npc
from metammo.tick.skills import update_levels
from metammo.tick.tick import tick_world
from metammo.world.columns import Kind
from metammo.world.grid import put_entity
from metammo.world.worlds import make_worlds

GLYPHS = {
    " ": Material.VOID,
    "~": Material.WATER,
    ".": Material.GRASS,
    ":": Material.SCRUB,
    ",": Material.FOLIAGE,
    "#": Material.STONE,
    "o": Material.ORE,
    "t": Material.TREE,
    "c": Material.CRYSTAL,
    "h": Material.HERB,
    "f": Material.FISH,
}
MOVES = ("north", "south", "east", "west", "stay")
STYLES = ("melee", "range", "mage")
ACTIONS = (
    *("move", "attack", "style", "talk"),
    *("use", "destroy", "sell", "buy", "give", "give_gold"),
)


@entry
def _clear(worlds: Any) -> None:
    for index in range(len(worlds)):
        world = worlds[index]
        world.depleted_count = world.depleted_tile.shape[0]
        clear_world(world)
        clear_entities(world)
        clear_players(world)


@entry
def _put(worlds: Any, entity: int, row: int, col: int) -> None:
    put_entity(worlds[0], entity, row, col)


@entry
def _add_npc(worlds: Any, kind: int, style: int, row: int, col: int) -> Any:
    return add_npc(worlds[0], kind, style, row, col)


@entry
def _receive(worlds: Any, player: int, kind: int, level: int, quantity: int) -> Any:
    slot = free_place(worlds[0], player)
    receive_item(worlds[0], player, kind, level, quantity)
    show_items(worlds[0])
    return slot


@entry
def _update(worlds: Any, player: int) -> None:
    update_levels(worlds[0], player)
    update_gear(worlds[0], player)
    show_gear(worlds[0], player)


@entry
def _ask(worlds: Any, player: int, tasks: Any) -> None:
    set_task(worlds[0], player, int(0), tasks[0])


@entry
def _measure(worlds: Any) -> None:
    update_tasks(worlds[0])


@entry
def tick_first(worlds: Any, actions: Any) -> None:
    """Advance the first of some worlds by the tick alone: no tasks, no verdict, no reset.

    Args:
        worlds: array of world records, plain.
        actions: int16[agents, heads].
    """
    tick_world(worlds[0], actions)


@entry
def _observe(worlds: Any, scratch: Any, kept: Any, observations: Any, masks: Any) -> None:
    observe_world(worlds[0], scratch[0], kept[0], observations, masks)


@entry
def _observe_full(
    worlds: Any, scratch: Any, kept: Any, observations: Any, market: Any, masks: Any
) -> None:
    observe_world(worlds[0], scratch[0], kept[0], observations, masks)
    observe_items(worlds[0], kept[0], observations, market, masks)


def read_map(drawing: Sequence[str] | NDArray[Any]) -> NDArray[np.uint8]:
    """Return a map as an array of materials, uint8[rows, cols].

    Args:
        drawing: lines of equal length made of `GLYPHS`, or an array of `Material` numbers.

    Raises:
        ValueError: a character or number that is no material, or lines of different length.
    """
    if isinstance(drawing, np.ndarray):
        if drawing.ndim != 2 or drawing.min() < 0 or drawing.max() >= len(Material):
            raise ValueError(f"a map is [rows, cols] of 0..{len(Material) - 1}")
        return drawing.astype(np.uint8)
    unknown = sorted(set("".join(drawing)) - set(GLYPHS))
    if unknown or len({len(line) for line in drawing}) != 1:
        raise ValueError(
            f"a drawn map has lines of equal length made of {''.join(GLYPHS)!r}; "
            f"unknown here: {unknown}"
        )
    return np.array([[GLYPHS[glyph] for glyph in line] for line in drawing], np.uint8)


class Scenario:
    """One world set up by hand, and ticked by hand.

    Attributes:
        worlds: record array [1]; every column may be read and set between ticks.
        row: row of the map's corner in the world.
        col: column of the map's corner in the world.
    """

    def __init__(
        self,
        drawing: Sequence[str] | NDArray[Any],
        *,
        size: str = "tiny",
        seed: int = 0,
        config: str = "mini",
        **rules: Any,
    ) -> None:
        """Set up the map and the rules, with nobody on it.

        Args:
            drawing: see `read_map`; at most as large as the size class's playable square.
            size: size class.
            seed: seeds the world's random numbers.
            config: "mini" or "full": which systems are on.
            **rules: rules that differ from the defaults.

        Raises:
            KnobError: an unknown rule, or one out of range.
            ValueError: a bad map.
        """
        self.sizes = SIZE_CLASSES[size]
        self.config = config
        self.worlds = make_worlds(1, self.sizes)
        materials = read_map(drawing)
        side = self.sizes.map_size
        limit = self.sizes.playable_limit
        if max(materials.shape) > limit + 1:
            raise ValueError(f"the map has {materials.shape} tiles, size {size} takes {limit + 1}")
        _clear(self.worlds)
        world = self.worlds[0]
        world.seed = seed
        systems = dict.fromkeys(FULL if config == "full" else MINI, 1)
        self.set_rules(**{**systems, "npc_count": 0, "playable": limit, **rules})
        self.row = (side - materials.shape[0] + 1) // 2
        self.col = (side - materials.shape[1] + 1) // 2
        rows, cols = materials.shape
        area = (slice(self.row, self.row + rows), slice(self.col, self.col + cols))
        world.tile_material[area] = materials
        self._actions = np.zeros((self.sizes.players, len(FULL_HEADS)), np.int16)

    def set_rules(self, **rules: Any) -> None:
        """Set rules; those that are not named keep their values, the defaults at first."""
        world = self.worlds[0]
        if int(world.rule_horizon) == 0:
            for draw in default_draws():
                world[draw.column] = draw.low
        for name, value in rules.items():
            for draw in draws_of(name, value, {}):
                if draw.high != draw.low + 1:
                    raise KnobError(f"a scenario's {name} must be fixed, got {value!r}")
                world[draw.column] = draw.low

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return a column of entities or players by its short name: `scene["health"]`."""
        names = self.worlds.dtype.names or ()
        for name in (column, f"entity_{column}", f"player_{column}"):
            if name in names:
                return self.worlds[name][0]
        raise KeyError(f"no column {column!r}, entity_{column} or player_{column}")

    def player(self, row: int, col: int, *, team: int | None = None, **columns: Any) -> int:
        """Put the next agent onto a tile and return its row of the entity columns.

        Args:
            row: tile, from the map's corner.
            col: tile, from the map's corner.
            team: its team; teams are given in order, 0 first. By default a team of its own.
            **columns: values of columns by short name, as `health=50`, `mortal_tick=9`.
        """
        world = self.worlds[0]
        player = int(world.player_count)
        if player >= self.sizes.players:
            raise ValueError(f"size {self.sizes.name} holds {self.sizes.players} agents")
        chosen = int(world.team_count) if team is None else team
        if not 0 <= chosen <= int(world.team_count):
            raise ValueError(f"team {chosen} comes too early: there are {world.team_count} teams")
        if chosen == int(world.team_count):
            world.team_count = chosen + 1
            world.team_first[chosen] = player
        elif chosen != int(world.team_count) - 1:
            raise ValueError("the agents of a team are placed one after the other")
        world.team_size[chosen] = int(world.team_size[chosen]) + 1
        world.player_count = player + 1
        world.player_order[player] = player
        food = 100 if int(world.rule_resource) else 0
        defaults = {"is_alive": 1, "kind": int(Kind.PLAYER), "team": chosen, "health": 100}
        self.set(player, **defaults, food=food, water=food, time_alive=1000)
        self.set(player, spawn_row=row + self.row, spawn_col=col + self.col, **columns)
        _put(self.worlds, player, row + self.row, col + self.col)
        _update(self.worlds, player)
        return player

    def skill(self, player: int, name: str, level: int) -> None:
        """Set the level of an agent's skill, 1..10, by its experience: `skill(anna, "mage", 4)`."""
        experience = int(LEVEL_EXPERIENCE[level - 1])
        self.worlds[0].entity_experience[player, Skill[name.upper()]] = experience
        _update(self.worlds, player)

    def item(
        self,
        player: int,
        name: str,
        level: int = 1,
        *,
        quantity: int = 1,
        worn: bool = False,
        price: int = 0,
    ) -> int:
        """Give an agent an item and return its place in the inventory, 0..11.

        Args:
            player: who.
            name: an `Item`, as "hat" or "arrow".
            level: 1..10.
            quantity: how many in the stack.
            worn: it is worn.
            price: it is for sale since the last tick, gold; 0: it is not.

        Raises:
            ValueError: there is no room.
        """
        slot = int(_receive(self.worlds, player, int(Item[name.upper()]), level, quantity))
        if slot < 0:
            raise ValueError(f"agent {player} has no empty place for {name}")
        world = self.worlds[0]
        world.item_is_worn[player, slot] = worn
        world.item_price[player, slot] = price
        world.item_listed_tick[player, slot] = int(world.tick) - 1 if price else 0
        _update(self.worlds, player)
        return slot

    def ask(self, player: int, task: Task) -> None:
        """Ask an agent a task; knobs that it names are rules."""
        table = np.zeros(1, task_dtype()).view(np.recarray)
        write_task(table[0], task, lambda name: number_index(name, {}))
        world = self.worlds[0]
        for index, column in enumerate(RULE_COLUMNS):
            world.episode_number[index] = int(getattr(world, column.name))
        _ask(self.worlds, player, table)

    def progress(self, player: int) -> float:
        """Measure everybody's progress, as at the end of a tick; return an agent's, 0..1."""
        _measure(self.worlds)
        return float(self.worlds[0].player_progress[player])

    def items(self, player: int) -> list[tuple[str, int, int]]:
        """Return what an agent carries, by place: name, level, quantity."""
        world = self.worlds[0]
        rows = zip(
            world.item_type[player],
            world.item_level[player],
            world.item_quantity[player],
            strict=True,
        )
        return [
            (Item(int(kind)).name.lower(), int(level), int(quantity))
            for kind, level, quantity in rows
            if kind
        ]

    def npc(self, kind: str, row: int, col: int, *, style: str = "melee", **columns: Any) -> int:
        """Put an NPC onto a tile and return its row of the entity columns.

        Args:
            kind: "passive", "neutral", "aggressive" or "soldier".
            row: tile, from the map's corner.
            col: tile, from the map's corner.
            style: how it fights.
            **columns: values of columns by short name; `rally=(row, col)` and `victim=entity` for
                a soldier's orders.
        """
        number = int(Kind[kind.upper()])
        place = (row + self.row, col + self.col)
        npc = int(_add_npc(self.worlds, number, STYLES.index(style), *place))
        if npc < 0:
            raise ValueError(f"size {self.sizes.name} holds {self.sizes.npcs} NPCs")
        world = self.worlds[0]
        if "rally" in columns:
            rally_row, rally_col = columns.pop("rally")
            world.npc_rally_row[npc] = rally_row + self.row
            world.npc_rally_col[npc] = rally_col + self.col
        if "victim" in columns:
            world.npc_victim[npc] = columns.pop("victim")
        entity = self.sizes.players + npc
        self.set(entity, **columns)
        return entity

    def set(self, entity: int, **columns: Any) -> None:
        """Set columns of an entity by short name."""
        for name, value in columns.items():
            self[name][entity] = value

    def position(self, entity: int) -> tuple[int, int]:
        """Return the tile on which an entity stands, from the map's corner."""
        return (
            int(self["entity_row"][entity]) - self.row,
            int(self["entity_col"][entity]) - self.col,
        )

    def material(self, row: int, col: int) -> Material:
        """Return a tile's material, the tile counted from the map's corner."""
        return Material(int(self.worlds[0].tile_material[row + self.row, col + self.col]))

    def tick(self, actions: Mapping[int, Mapping[str, Any]] | None = None, ticks: int = 1) -> None:
        """Advance the world.

        Args:
            actions: by agent: `move` (a direction), `attack` (an entity) with `style`, `talk` (a
                token 1..127), `use` and `destroy` (a place of the inventory), `sell` (a place and a
                price), `buy` (a seller and its place), `give` (a place and a receiver), `give_gold`
                (an amount and a receiver). What is not named is not done.
            ticks: how many ticks; the actions are taken in the first.
        """
        self._actions[:] = no_op(FULL_HEADS)
        for player, action in (actions or {}).items():
            unknown = sorted(set(action) - set(ACTIONS))
            if unknown:
                raise ValueError(f"unknown action {unknown}; want {', '.join(ACTIONS)}")
            for head, choice in self._choices(player, action):
                self._actions[player, head] = choice
        for _ in range(ticks):
            tick_first(self.worlds, self._actions)
            self._actions[:] = no_op(FULL_HEADS)
            # What the actions pretended to have seen.
            self.worlds[0].observed_entity[:] = -1
            self.worlds[0].listing_count = 0

    def _choices(self, player: int, action: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
        """Yield head and choice of each action that an agent takes."""
        if "move" in action:
            yield HEAD_MOVE, MOVES.index(action["move"])
        if "attack" in action:
            yield HEAD_TARGET, self._see(player, 0, action["attack"])
        if "style" in action:
            yield HEAD_STYLE, STYLES.index(action["style"])
        if "talk" in action:
            yield HEAD_TALK, action["talk"] - 1
        if "use" in action:
            yield HEAD_USE, action["use"]
        if "destroy" in action:
            yield HEAD_DESTROY, action["destroy"]
        if "sell" in action:
            slot, price = action["sell"]
            yield from ((HEAD_SELL_ITEM, slot), (HEAD_SELL_PRICE, price - 1))
        if "buy" in action:
            yield HEAD_BUY, self._see_listing(*action["buy"])
        if "give" in action:
            slot, receiver = action["give"]
            yield from ((HEAD_GIVE_ITEM, slot), (HEAD_GIVE_TARGET, self._see(player, 1, receiver)))
        if "give_gold" in action:
            amount, receiver = action["give_gold"]
            yield HEAD_GIVE_GOLD_PRICE, amount - 1
            yield HEAD_GIVE_GOLD_TARGET, self._see(player, 2, receiver)

    def _see(self, player: int, row: int, entity: int) -> int:
        """Let an agent have seen an entity in a row; return the row."""
        self.worlds[0].observed_entity[player, row] = entity
        return row

    def _see_listing(self, seller: int, slot: int) -> int:
        """Let the market show an item; return its number."""
        world = self.worlds[0]
        listing = seller * INVENTORY_SIZE + slot
        world.listing_count = LISTING_LIMIT
        world.listing_seller[listing] = seller
        world.listing_place[listing] = slot
        return listing

    def observe(self) -> tuple[Any, NDArray[np.uint8]]:
        """Return observations, record array [agents], and masks, uint8[agents, choices].

        In the full config the market is noted, too, as `market`, int16[384, 6].
        """
        agents = int(self.worlds[0].player_count)
        scratch, kept = make_scratch(1, self.sizes), make_kept(1, self.sizes)
        observations = np.zeros(agents, LAYOUTS[self.config].dtype).view(np.recarray)
        masks = np.zeros((agents, sum(head_sizes(HEADS[self.config]))), np.uint8)
        if self.config == "full":
            self.market = np.zeros(MARKET_PART.shape, MARKET_PART.dtype)
            _observe_full(self.worlds, scratch, kept, observations, self.market, masks)
        else:
            _observe(self.worlds, scratch, kept, observations, masks)
        return observations, masks
