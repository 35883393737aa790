"""Replays of Neural MMO 2 (`.replay.lzma`, `.replay.json`), read as if they were ours.

Such a file is one JSON object: `map`, rows of material numbers, and `packets`, one for each frame.
The largest hold 200 MB of text, so it is read in pieces: never more than one packet is held as
Python objects. What it says of nobody's progress, tasks or winners is unknown here, too.
"""

import codecs
import json
import lzma
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from metammo.replay.format import RAW_LIMIT, SECTIONS, Replay
from metammo.replay.header import ENTITY_LIMIT, MAP_LIMIT, ReplayError
from metammo.rules.items import INVENTORY_SIZE, Item
from metammo.rules.materials import DEPLETED, MATERIAL_COUNT, Material
from metammo.world.columns import Kind

CHUNK = 1 << 21
"""Bytes of text that are inflated at once."""
VALUE_LIMIT = 8 << 20
"""Most characters of a packet."""
TEXT_LIMIT = 1 << 30
"""Most bytes of text in a file."""
MEMORY_LIMIT = 128 << 20
"""Most bytes that the decompressor may take."""
PACKET_LIMIT = 1 << 14
COMPRESSED = b"]"
"""First byte of LZMA's own format, as every encoder's defaults make it; no JSON begins so."""
STYLES = {"Melee": 0, "Range": 1, "Mage": 2}
ITEM_NUMBERS = {item.name.title(): int(item) for item in Item if item}
KINDS = {-1: Kind.PASSIVE, -2: Kind.NEUTRAL, -3: Kind.AGGRESSIVE}
"""What the peer's `population` says of an NPC."""
WORN = ("hat", "top", "bottom", "held", "ammunition")
_COLUMNS = (
    *("alive", "kind", "row", "col", "health", "freeze", "level", "style", "damage", "gold"),
    *("food", "water", "kills"),
)
_TEAM = re.compile(r"Team(\d{1,4})_")
_POLICY = re.compile(r"-\((.{0,100})\)$")


def _inflated(file: BinaryIO, label: str) -> Iterator[bytes]:
    """Yield a file's text in pieces, whether it is compressed or not."""
    first = file.read(1)
    file.seek(0)
    if first != COMPRESSED:
        while data := file.read(CHUNK):
            yield data
        return
    try:
        inflater = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY_LIMIT)
        data = file.read(CHUNK)
        while not inflater.eof:
            yield inflater.decompress(data, CHUNK)
            data = file.read(CHUNK) if inflater.needs_input else b""
            if inflater.needs_input and not data and not inflater.eof:
                raise ReplayError(f"{label} is cut off; get the file anew")
    except lzma.LZMAError as error:
        raise ReplayError(f"{label} is no replay of Neural MMO: {error}") from error


class _Reader:
    """Takes JSON values off a stream of text, one at a time."""

    def __init__(self, pieces: Iterator[bytes], label: str) -> None:
        self.pieces, self.label = pieces, label
        self.text, self.place, self.total = "", 0, 0
        self.is_done = False
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.json = json.JSONDecoder()

    def refuse(self, what: str) -> ReplayError:
        return ReplayError(f"{self.label} is no replay of Neural MMO, or damaged: {what}")

    def _grow(self, wanted: int) -> None:
        """Have `wanted` more characters than now, or all that there are."""
        parts = [self.text[self.place :]]
        while wanted > 0 and not self.is_done:
            data = next(self.pieces, None)
            self.is_done = data is None
            self.total += len(data or b"")
            if self.total > TEXT_LIMIT:
                raise self.refuse(f"it holds more than {TEXT_LIMIT >> 20} MiB of text")
            try:
                part = self.decoder.decode(data or b"", final=self.is_done)
            except UnicodeDecodeError as error:
                raise self.refuse(f"it is not UTF-8: {error.reason}") from error
            parts.append(part)
            wanted -= len(part)
        self.text, self.place = "".join(parts), 0

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end; it stays where it is."""
        while True:
            while self.place < len(self.text):
                if self.text[self.place] not in " \t\r\n":
                    return self.text[self.place]
                self.place += 1
            if self.is_done:
                return ""
            self._grow(1)

    def take(self, wanted: str) -> None:
        """Go past a character that must come next."""
        found = self.peek()
        if found != wanted:
            raise self.refuse(f"{wanted!r} expected, got {found!r}")
        self.place += 1

    def value(self) -> Any:
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = self.json.raw_decode(self.text, self.place)
                # A number may go on in the next piece.
                if end < len(self.text) or self.is_done:
                    self.place = end
                    return value
                problem = "it is cut off"
            except RecursionError as error:
                raise self.refuse("it is nested too deeply") from error
            except ValueError as error:
                problem = str(error)[:80]
            if self.is_done or len(self.text) - self.place > VALUE_LIMIT:
                raise self.refuse(problem)
            self._grow(len(self.text) - self.place + 1)

    def items(self, opening: str, closing: str) -> Iterator[int]:
        """Yield the place of each item of a list or an object, for the caller to take."""
        self.take(opening)
        count = 0
        while self.peek() != closing:
            if count:
                self.take(",")
            yield count
            count += 1
        self.take(closing)


class _Rows:
    """Which row each of the peer's ids has; rows of who is gone are used again."""

    def __init__(self, reuse: bool) -> None:
        self.reuse = reuse
        self.of: dict[int, int] = {}
        self.free: list[int] = []
        self.count = 0

    def update(self, ids: list[int]) -> list[int]:
        """Return the rows of the ids that are there now."""
        present = set(ids)
        gone = [one for one in self.of if one not in present] if self.reuse else []
        for one in ids:
            if one not in self.of:
                if self.free:
                    self.of[one] = self.free.pop()
                else:
                    self.of[one] = self.count
                    self.count += 1
        # Free from the next frame on, so that a row is seen dead before it lives again.
        self.free += [self.of.pop(one) for one in gone]
        return [self.of[one] for one in ids]


def _numbers(entity: dict[str, Any], is_player: bool) -> tuple[Any, ...]:
    """Return an entity's numbers, in the order of `_COLUMNS`."""
    base, resource, history = entity["base"], entity["resource"], entity["history"]
    attack = history.get("attack")
    style = STYLES[attack["style"]] if attack else 0
    kind = Kind.PLAYER if is_player else KINDS[base["population"]]
    numbers = (
        *(bool(entity["alive"]), int(kind), base["r"], base["c"], resource["health"]["val"]),
        *(entity["status"]["freeze"] > 0, base["level"], style, history["damage"]),
    )
    if not is_player:
        return (*numbers, 0, 0, 0, 0)
    metrics = entity["metrics"]
    food, water = resource["food"]["val"], resource["water"]["val"]
    return (*numbers, metrics["Gold"], food, water, metrics["PlayerDefeats"])


def _inventory(entity: dict[str, Any]) -> NDArray[np.int64]:
    """Return an agent's items, int64[12, 4]: type, level, quantity, worn."""
    places = np.zeros((INVENTORY_SIZE, 4), np.int64)
    items = entity["inventory"]["items"][:INVENTORY_SIZE]
    worn = [entity["inventory"]["equipment"].get(slot) for slot in WORN]
    for place, item in enumerate(items):
        is_worn = item in worn
        if is_worn:
            worn.remove(item)
        places[place] = (ITEM_NUMBERS[item["item"]], item["level"], item["quantity"], is_worn)
    return places


class _Side:
    """The frames of all players, or of all NPCs."""

    def __init__(self, is_player: bool, side: int) -> None:
        self.is_player, self.side = is_player, side
        self.rows = _Rows(reuse=not is_player)
        self.names: dict[int, str] = {}
        self.last = np.zeros((0, len(_COLUMNS)), np.int64)
        self.frames: list[NDArray[np.int32]] = []
        self.targets: list[NDArray[np.int32]] = []
        self.items: list[NDArray[np.int16]] = []
        self.has_items = False

    def note(self, entities: dict[str, Any]) -> list[tuple[int, int]]:
        """Note a frame; return who attacked whom: own row, the peer's id."""
        rows = self.rows.update([int(name) for name in entities])
        if self.rows.count > ENTITY_LIMIT // 4:
            raise ValueError(f"more than {ENTITY_LIMIT // 4} entities")
        table = np.zeros((self.rows.count, len(_COLUMNS)), np.int64)
        # Who is gone keeps its place and kind, and no more; kills and gold are not given for it.
        kept = [1, 2, 3, 6, 12]
        table[: len(self.last), kept] = self.last[:, kept]
        if entities:
            values = [_numbers(entity, self.is_player) for entity in entities.values()]
            numbers = np.array(values, np.float64)
            if not np.isfinite(numbers).all() or np.abs(numbers).max() >= 1 << 31:
                raise ValueError("a number is out of range")
            if (numbers[:, 2:4] < 0).any() or (numbers[:, 2:4] >= self.side).any():
                raise ValueError("an entity stands beside the map")
            table[rows] = numbers
        self.last = table
        self.frames.append(table.astype(np.int32))
        if self.is_player:
            self._note_items(rows, entities)
        attacks = []
        for row, entity in zip(rows, entities.values(), strict=True):
            self.names.setdefault(row, str(entity["base"]["name"])[:200])
            if "attack" in entity["history"]:
                attacks.append((row, int(entity["history"]["attack"]["target"])))
        return attacks

    def _note_items(self, rows: list[int], entities: dict[str, Any]) -> None:
        items = np.zeros((self.rows.count, INVENTORY_SIZE, 4), np.int16)
        for row, entity in zip(rows, entities.values(), strict=True):
            if entity["inventory"]["items"]:
                items[row] = np.clip(_inventory(entity), 0, 32767)
                self.has_items = True
        self.items.append(items)

    def stacked(self, frames: list[Any]) -> NDArray[Any]:
        """Return frames as one array, [frames, rows, ...]; rows that came later begin as zeros."""
        shape = (len(frames), self.rows.count, *frames[0].shape[1:])
        whole = np.zeros(shape, frames[0].dtype)
        for index, frame in enumerate(frames):
            whole[index, : len(frame)] = frame
        return whole


class _Ground:
    """The map, and which of its tiles are harvested at each frame."""

    def __init__(self, rows: Any) -> None:
        try:
            material = np.array(rows, np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError("the map has rows of different length") from error
        side = len(material)
        if not 0 < side <= MAP_LIMIT or material.shape != (side, side):
            raise ValueError("the map is not square, or too large")
        if material.min() < 0 or material.max() >= MATERIAL_COUNT:
            raise ValueError("the map has unknown materials")
        self.whole = material.astype(np.uint8)
        self.now = self.whole.copy()
        self.first: NDArray[np.uint8] | None = None
        self.changes: list[NDArray[np.int32]] = []
        self.change_count = 0

    def note(self, frame: int, depleted: Any) -> None:
        """Note a frame's harvested tiles."""
        tiles = np.array(depleted, np.int64).reshape(-1, 2)
        if tiles.size and (tiles.min() < 0 or tiles.max() >= len(self.whole)):
            raise ValueError("a tile lies beside the map")
        material = self.whole.copy()
        row, col = tiles[:, 0], tiles[:, 1]
        material[row, col] = DEPLETED[material[row, col]]
        if self.first is None:
            self.first = material
        else:
            row, col = np.nonzero(material != self.now)
            lines = (np.full_like(row, frame), row, col, material[row, col])
            self.changes.append(np.stack(lines, 1).astype(np.int32))
            self.change_count += len(row)
        self.now = material


class _Market:
    """What is for sale in all: the peer keeps prices and numbers of items, and no sellers."""

    def __init__(self) -> None:
        self.now: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.changes: list[tuple[int, ...]] = []

    def note(self, frame: int, market: dict[str, Any]) -> None:
        """Note a frame's offers, by item and level: how many, the lowest and the highest price."""
        offers = {}
        for key, offer in market.items():
            name, level = key.rsplit("_", 1)
            numbers = (offer["supply"], offer["min_price"], offer["max_price"])
            if not all(0 <= number < 1 << 31 for number in (int(level), *numbers)):
                raise ValueError("an offer's number is out of range")
            supply, low, high = (int(number) for number in numbers)
            offers[ITEM_NUMBERS[name], int(level)] = (supply, low, high)
        for item in sorted(self.now.keys() | offers.keys()):
            offer = offers.get(item, (0, 0, 0))
            if offer != self.now.get(item, (0, 0, 0)):
                self.changes.append((frame, *item, *offer))
        self.now = offers


class _Episode:
    """Everything that is gathered from a file's packets."""

    def __init__(self, rows: Any) -> None:
        self.ground = _Ground(rows)
        side = len(self.ground.whole)
        self.players, self.npcs = _Side(True, side), _Side(False, side)
        self.market = _Market()
        self.attacks: list[list[tuple[int, int, int, int]]] = []
        self.settings: dict[str, Any] = {}
        self.border = 16

    def note(self, frame: int, packet: Any) -> None:
        """Note one packet."""
        if frame == 0:
            self.settings = dict(packet["config"])
            self.border = min(max(int(packet["border"]), 0), len(self.ground.whole) // 2)
        self.ground.note(frame, packet["resource"])
        self.market.note(frame, packet.get("market", {}))
        own = self.players.note(packet["player"])
        others = self.npcs.note(packet["npc"])
        player_rows, npc_rows = self.players.rows.of, self.npcs.rows.of
        found: list[tuple[int, int, int, int]] = []
        for is_npc, attacks in ((0, own), (1, others)):
            for row, target in attacks:
                target_is_npc = int(target not in player_rows)
                place = npc_rows.get(target) if target_is_npc else player_rows[target]
                if place is not None:
                    found.append((is_npc, row, target_is_npc, place))
        self.attacks.append(found)
        rows = self.players.rows.count + self.npcs.rows.count
        # In the end every frame has all rows, those that came late, too.
        raw = (frame + 1) * (rows * 40 + self.players.rows.count * INVENTORY_SIZE * 8)
        changes = self.ground.change_count * 16 + len(self.market.changes) * 24
        if raw + changes > RAW_LIMIT // 2:
            raise ValueError("it is too large")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the sections."""
        players, npcs = self.players, self.npcs
        mine, theirs = players.stacked(players.frames), npcs.stacked(npcs.frames)
        together = np.concatenate([mine, theirs], 1)
        arrays: dict[str, NDArray[Any]] = {}
        frames, count = mine.shape[:2]
        for place, name in enumerate(_COLUMNS):
            is_player = name in ("food", "water", "kills")
            section = f"{'player' if is_player else 'entity'}_{name}"
            limits = np.iinfo(SECTIONS[section].dtype)
            values = (mine if is_player else together)[..., place]
            arrays[section] = np.clip(values, limits.min, limits.max).astype(limits.dtype)
        target = np.full(together.shape[:2], -1, np.int16)
        for frame, attacks in enumerate(self.attacks):
            for is_npc, row, target_is_npc, place in attacks:
                target[frame, row + is_npc * count] = place + target_is_npc * count
        arrays["entity_target"] = target
        for name in ("message", "progress", "reward", "cause"):
            arrays[f"player_{name}"] = np.zeros((frames, count), SECTIONS[f"player_{name}"].dtype)
        for name in ("row", "col", "owner", "tick"):
            arrays[f"objective_{name}"] = np.zeros((frames, 0), SECTIONS[f"objective_{name}"].dtype)
        if players.has_items:
            items = players.stacked(players.items)
            for place, name in enumerate(("type", "level", "quantity", "worn")):
                arrays[f"item_{name}"] = items[..., place].astype(SECTIONS[f"item_{name}"].dtype)
            arrays["item_price"] = np.zeros_like(arrays["item_quantity"])
        if self.market.changes:
            arrays["market_changes"] = np.array(self.market.changes, np.int32)
        none = np.zeros((0, 4), np.int32)
        first = self.ground.whole if self.ground.first is None else self.ground.first
        return {
            "map": first,
            "tile_changes": np.concatenate([none, *self.ground.changes]),
            **arrays,
        }

    def teams(self) -> dict[str, Any]:
        """Return the header's part on teams, as the agents' names tell them."""
        count = self.players.rows.count
        names = [self.players.names.get(row, "") for row in range(count)]
        found = [_TEAM.match(name) for name in names]
        keys = [int(match[1]) if match else -1 - row for row, match in enumerate(found)]
        changes = sum(one != other for one, other in pairwise(keys))
        if changes + 1 != len(set(keys)):
            keys = list(range(count))
        teams: list[dict[str, Any]] = []
        player_team = []
        for row, key in enumerate(keys):
            if row == 0 or key != keys[row - 1]:
                policy = _POLICY.search(names[row])
                teams.append({"first": row, "size": 0, "policy": policy[1] if policy else ""})
            teams[-1]["size"] += 1
            player_team.append(len(teams) - 1)
        return {"teams": teams, "player_team": player_team}

    def fog(self) -> dict[str, Any] | None:
        """Return the fog as the header has it."""
        onset = self.settings.get("PLAYER_DEATH_FOG")
        if onset is None:
            return None
        speed = Fraction(float(self.settings["PLAYER_DEATH_FOG_SPEED"])).limit_denominator(1000)
        final = int(self.settings["PLAYER_DEATH_FOG_FINAL_SIZE"])
        parts = [abs(speed.numerator), speed.denominator]
        return {"onset": max(int(onset), 0), "speed": parts, "final_size": max(final, 0)}

    def header(self) -> dict[str, Any]:
        """Return the header."""
        players = self.players.rows.count
        unknown = ("game", "game_version", "size", "seed", "rules", "rung", "is_decided")
        side = len(self.ground.whole)
        return {
            **dict.fromkeys((*unknown, "winning_score", "progress")),
            "format": 1,
            "source": "neural_mmo",
            "config": "full" if self.players.has_items else None,
            "ticks": len(self.attacks) - 1,
            "players": players,
            "entities": players + self.npcs.rows.count,
            **self.teams(),
            "player_tasks": [],
            "map_size": side,
            "first": self.border,
            "playable": max(side - 2 * self.border, 0),
            "fog": self.fog(),
            "objectives": 0,
            "objective_kind": [],
            "winners": [],
            "materials": [material.name.lower() for material in Material],
            "has_truth": False,
            "has_frames": True,
        }


def read_neural_mmo(
    path: str | Path, progress: Callable[[int, float], None] | None = None
) -> Replay:
    """Return a replay of Neural MMO 2 as one of ours: frames, no truth.

    Args:
        path: a `.replay.lzma` or `.replay.json`.
        progress: called with the number of packets read, and the share of the file, 0..1.

    Raises:
        ReplayError: the file is none, cut off, damaged, or beyond the limits of this module.
    """
    try:
        with Path(path).open("rb") as file:
            size = max(Path(path).stat().st_size, 1)
            reader = _Reader(_inflated(file, str(path)), str(path))
            tell = (lambda count: progress(count, file.tell() / size)) if progress else None
            episode = _read_episode(reader, tell)
    except OSError as error:
        raise ReplayError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return Replay(episode.header(), episode.arrays())
    except _STRANGE as error:
        raise reader.refuse(f"its settings are not understood: {error}") from error


_STRANGE = (TypeError, ValueError, KeyError, AttributeError, OverflowError, IndexError)
"""What Python raises where a value is not of the shape that the code expects."""


def _read_episode(reader: _Reader, tell: Callable[[int], None] | None) -> _Episode:
    episode: _Episode | None = None
    frames = 0
    for _ in reader.items("{", "}"):
        key = reader.value()
        reader.take(":")
        if key == "packets" and episode is not None and not frames:
            for frame in reader.items("[", "]"):
                if frame >= PACKET_LIMIT:
                    raise reader.refuse(f"it has more than {PACKET_LIMIT} packets")
                packet = reader.value()
                try:
                    episode.note(frame, packet)
                except _STRANGE as error:
                    what = str(error).split("\n")[0][:80]
                    raise reader.refuse(f"packet {frame} is not understood: {what}") from error
                frames += 1
                if tell:
                    tell(frames)
            continue
        value = reader.value()
        if key == "map" and episode is None:
            try:
                episode = _Episode(value)
            except _STRANGE as error:
                raise reader.refuse(str(error)) from error
    if episode is None or not frames:
        raise reader.refuse("it needs a map, and packets after it")
    return episode
