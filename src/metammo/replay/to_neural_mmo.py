"""Our replays written as Neural MMO 2 writes them, so that its client can show them.

What its client does not know (messages, objectives, progress, causes of death) is left out.
"""

import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.replay.format import FRAMES, Replay, write_whole
from metammo.replay.header import ReplayError
from metammo.replay.neural_mmo import ITEM_NUMBERS, STYLES, WORN
from metammo.rules.items import ATTACK, DEFENSE, RESTORED, SLOT_OF, Item
from metammo.rules.materials import ORIGIN
from metammo.world.columns import Kind

PRESET = 1
"""Of the compression; higher ones take several times as long and save a tenth."""
_PLAYER_COLOR = "#00ff00"
_ITEM_COLOR = "#784d1d"
_NPCS = {
    Kind.PASSIVE: ("Passive", -1, "#ffff00"),
    Kind.NEUTRAL: ("Neutral", -2, "#ff00ff"),
    Kind.AGGRESSIVE: ("Hostile", -3, "#bb0000"),
    Kind.SOLDIER: ("Hostile", -3, "#bb0000"),
}
"""Name, number and colour of each kind; its client knows no soldiers."""
_HARVEST_SKILLS = ("fishing", "herbalism", "prospecting", "carving", "alchemy")
_STYLE_NAMES = tuple(STYLES)
ITEM_NAMES = {number: name for name, number in ITEM_NUMBERS.items()}


def _item(kind: int, level: int, quantity: int) -> dict[str, Any]:
    level = min(max(level, 0), len(RESTORED) - 1)
    attack, defense = ATTACK[kind, level], int(DEFENSE[kind, level])
    styles = [style.lower() for style in _STYLE_NAMES]
    return {
        **({"color": _ITEM_COLOR} if SLOT_OF[kind] else {}),
        "item": ITEM_NAMES[kind],
        "level": level,
        "capacity": 0,
        "quantity": quantity,
        **{f"{style}_attack": int(attack[i]) for i, style in enumerate(styles)},
        **{f"{style}_defense": defense for style in styles},
        "health_restore": int(RESTORED[level]) if kind == Item.POTION else 0,
        "resource_restore": int(RESTORED[level]) if kind == Item.RATION else 0,
    }


def _gear(worn: list[dict[str, Any]], slots: list[int]) -> dict[str, Any]:
    """Return what an agent wears, and its sums."""
    gear: dict[str, Any] = {WORN[slot - 1]: item for slot, item in zip(slots, worn, strict=True)}
    gear["item_level"] = sum(item["level"] for item in worn)
    for name in ("attack", "defense"):
        for style in _STYLE_NAMES:
            key = f"{style.lower()}_{name}"
            gear[key] = sum(item[key] for item in worn)
    return gear


class _Writer:
    """Makes packets, frame by frame."""

    def __init__(self, replay: Replay) -> None:
        self.header = replay.header
        self.players = replay.header["players"]
        self.columns = {
            name: replay[name]
            for name in replay.names
            if name.startswith(("entity_", "player_", "item_"))
        }
        entities = replay.header["entities"]
        self.ids = np.arange(1, entities + 1)
        self.ids[self.players :] = 0
        self.next_id = -1
        self.alive_before = np.zeros(entities, np.bool_)
        self.age = np.zeros(entities, np.int64)
        self.received = np.zeros(entities, np.int64)
        self.inflicted = np.zeros(entities, np.int64)
        self.material = replay["map"].copy()
        self.changes = replay["tile_changes"]
        self.change_frames = self.changes[:, 0]
        self.names = self._names()

    def _names(self) -> list[str]:
        teams = self.header["teams"]
        names = []
        for row in range(self.players):
            number = self.header["player_team"][row]
            team = teams[number]
            policy = f"-({team['policy']})" if team["policy"] else ""
            if len(teams) == self.players:
                names.append(f"Neural{row + 1}{policy}")
            else:
                member = "leader" if row == team["first"] else str(row + 1)
                names.append(f"Team{number:02d}_{member}{policy}")
        return names

    def packet(self, frame: int) -> dict[str, Any]:
        """Return a frame; frames must be asked for in order."""
        now = {name: column[frame].tolist() for name, column in self.columns.items()}
        alive = np.array(now["entity_alive"], np.bool_)
        born = alive & ~self.alive_before
        for entity in np.flatnonzero(born[self.players :]) + self.players:
            self.ids[entity] = self.next_id
            self.next_id -= 1
        for counts in (self.age, self.received, self.inflicted):
            counts[born] = 0
        self._count(now, alive)
        shown = np.flatnonzero(alive | self.alive_before)
        rows = shown.tolist()
        player = {str(self.ids[row]): self._player(row, now) for row in rows if row < self.players}
        npc = {str(self.ids[row]): self._npc(row, now) for row in rows if row >= self.players}
        self.alive_before = alive
        return {
            "border": str(self.header["first"]),
            "size": str(self.header["map_size"]),
            "resource": self._depleted(frame),
            "player": player,
            "npc": npc,
            "market": self._market(now),
            "config": self._fog(),
        }

    def _count(self, now: dict[str, Any], alive: NDArray[np.bool_]) -> None:
        self.age[alive & self.alive_before] += 1
        self.received += np.array(now["entity_damage"], np.int64)
        for row, target in enumerate(now["entity_target"]):
            if target >= 0:
                self.inflicted[row] += now["entity_damage"][target]

    def _depleted(self, frame: int) -> list[list[int]]:
        low, high = np.searchsorted(self.change_frames, [frame, frame + 1])
        for _, row, col, material in self.changes[low:high]:
            self.material[row, col] = material
        return np.argwhere(ORIGIN[self.material] != self.material).tolist()

    def _fog(self) -> dict[str, Any]:
        fog = self.header["fog"] or {"onset": None, "final_size": 8, "speed": [1, 1]}
        return {
            "PLAYER_DEATH_FOG": fog["onset"],
            "PLAYER_DEATH_FOG_FINAL_SIZE": fog["final_size"],
            "PLAYER_DEATH_FOG_SPEED": fog["speed"][0] / fog["speed"][1],
        }

    def _market(self, now: dict[str, Any]) -> dict[str, Any]:
        market: dict[str, list[tuple[int, int]]] = {}
        for row, prices in enumerate(now.get("item_price", ())):
            for place, price in enumerate(prices):
                kind = now["item_type"][row][place]
                if price > 0 and kind in ITEM_NAMES:
                    key = f"{ITEM_NAMES[kind]}_{now['item_level'][row][place]}"
                    quantity = now["item_quantity"][row][place]
                    market.setdefault(key, []).append((price, quantity))
        return {
            key: {
                "max_price": max(price for price, _ in listings),
                "min_price": min(price for price, _ in listings),
                "price": sum(price for price, _ in listings) / len(listings),
                "supply": sum(quantity for _, quantity in listings),
            }
            for key, listings in market.items()
        }

    def _inventory(self, row: int, now: dict[str, Any]) -> dict[str, Any]:
        items, worn, slots = [], [], []
        if row < self.players and "item_type" in now:
            for place, kind in enumerate(now["item_type"][row]):
                if kind not in ITEM_NAMES:
                    continue
                item = _item(kind, now["item_level"][row][place], now["item_quantity"][row][place])
                items.append(item)
                if now["item_worn"][row][place] and SLOT_OF[kind]:
                    worn.append(item)
                    slots.append(int(SLOT_OF[kind]))
        return {"items": items, "equipment": _gear(worn, slots)}

    def _entity(self, row: int, now: dict[str, Any], look: tuple[str, int, str]) -> dict[str, Any]:
        """Return what players and NPCs have in common; a look is name, population, colour."""
        history = {
            "damage": now["entity_damage"][row],
            "timeAlive": int(self.age[row]),
            "damage_inflicted": int(self.inflicted[row]),
            "damage_received": int(self.received[row]),
        }
        target = now["entity_target"][row]
        if target >= 0 and self.ids[target]:
            style = _STYLE_NAMES[now["entity_style"][row]]
            history["attack"] = {"target": int(self.ids[target]), "style": style}
        inventory = self._inventory(row, now)
        return {
            "status": {"freeze": now["entity_freeze"][row]},
            "history": {**history, "actions": {}},
            "inventory": inventory,
            "alive": bool(now["entity_alive"][row]),
            "base": {
                "r": now["entity_row"][row],
                "c": now["entity_col"][row],
                "name": look[0],
                "level": now["entity_level"][row],
                "item_level": inventory["equipment"]["item_level"],
                "color": look[2],
                "population": look[1],
                "self": 1,
            },
        }

    def _player(self, row: int, now: dict[str, Any]) -> dict[str, Any]:
        level = now["entity_level"][row]
        fighting = tuple(style.lower() for style in _STYLE_NAMES)
        none = {"exp": 0, "level": 0}
        skills: dict[str, Any] = {name: {"exp": 0, "level": level} for name in fighting}
        skills |= dict.fromkeys((*_HARVEST_SKILLS, "water", "food"), none)
        values = (
            ("health", now["entity_health"][row]),
            ("food", now["player_food"][row]),
            ("water", now["player_water"][row]),
        )
        return {
            **self._entity(row, now, (self.names[row], 0, _PLAYER_COLOR)),
            "entID": row + 1,
            "resource": {name: {"val": value, "max": 100} for name, value in values},
            "skills": {**skills, "level": level},
            "metrics": {
                "PlayerDefeats": now["player_kills"][row],
                "TimeAlive": int(self.age[row]),
                "Gold": now["entity_gold"][row],
                "DamageTaken": int(self.received[row]),
            },
        }

    def _npc(self, row: int, now: dict[str, Any]) -> dict[str, Any]:
        kind = now["entity_kind"][row]
        name, population, color = _NPCS.get(kind, _NPCS[Kind.NEUTRAL])
        level = now["entity_level"][row]
        skills: dict[str, Any] = {
            style.lower(): {"exp": 0, "level": level} for style in _STYLE_NAMES
        }
        return {
            **self._entity(row, now, (f"{name}{self.ids[row]}", population, color)),
            "skills": {**skills, "level": level},
            "resource": {"health": {"val": now["entity_health"][row], "max": 100}},
        }


def packets(replay: Replay) -> Iterator[dict[str, Any]]:
    """Yield a replay's frames as Neural MMO's packets, in order.

    Raises:
        ReplayError: the replay has no frames.
    """
    replay.require(FRAMES, "converted")
    writer = _Writer(replay)
    for frame in range(replay.header["ticks"] + 1):
        yield writer.packet(frame)


def _text(replay: Replay, progress: Callable[[int], None] | None) -> Iterator[bytes]:
    rows = ORIGIN[replay["map"]].tolist()
    yield b'{"map": ' + json.dumps(rows).encode() + b', "packets": ['
    for frame, packet in enumerate(packets(replay)):
        yield (b", " if frame else b"") + json.dumps(packet).encode()
        if progress:
            progress(frame + 1)
    yield b"]}"


def _compressed(text: Iterator[bytes]) -> Iterator[bytes]:
    compressor = lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=PRESET)
    for part in text:
        yield compressor.compress(part)
    yield compressor.flush()


def write_neural_mmo(
    path: str | Path, replay: Replay, progress: Callable[[int], None] | None = None
) -> int:
    """Write a replay as Neural MMO 2 does; return the file's size in bytes.

    Args:
        path: ends in `.lzma`, or in `.json` for plain text.
        replay: with frames.
        progress: called with the number of packets written.

    Raises:
        ReplayError: the replay has no frames, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".lzma", ".json"):
        raise ReplayError(f"Neural MMO's replays end in .replay.lzma or .replay.json, got {path}")
    replay.require(FRAMES, "converted")
    text = _text(replay, progress)
    return write_whole(path, _compressed(text) if path.suffix == ".lzma" else text)
