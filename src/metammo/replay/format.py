"""The file of a replay: how it is written, and read without trusting it.

docs/replay.md says what each byte means. A file that is read may come from anybody: every number in
it is checked before it is used, and what inflates is bounded by what the header announced.
"""

import json
import math
import os
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from metammo.files import beside
from metammo.replay.header import ReplayError, check_header
from metammo.rules.items import INVENTORY_SIZE, ITEM_TYPE_COUNT
from metammo.rules.materials import MATERIAL_COUNT
from metammo.rules.skills import STYLE_COUNT
from metammo.world.columns import Cause, Kind

MAGIC = b"METAMMO\x01"
HEADER_LIMIT = 4 << 20
"""Most bytes of a header."""
RAW_LIMIT = 512 << 20
"""Most bytes of all sections together, inflated."""
READ_SIZE = 1 << 20
COMPRESSION = 6
# Imported by name the package's root would bring everything above this layer along.
VERSION: str = sys.modules["metammo"].__version__


@dataclass(frozen=True)
class Section:
    """What a replay may hold under a name."""

    dtype: str
    axes: tuple[str | int, ...]
    """N frames, T ticks, P players, E entities, O objectives, S side of the map, H heads of an
    action; "" any length."""
    low: float | str | None = None
    """Least value, a number or an axis; None: whatever the dtype holds."""
    high: float | str | None = None
    """Values lie below this, a number or an axis."""
    is_in_planes: bool = False
    """What is alike is the same head's choices of the same agent, tick after tick."""

    @property
    def coding(self) -> str:
        """How it is stored: what changes little from frame to frame as differences."""
        if self.is_in_planes:
            return "planes"
        in_time = self.axes[0] in ("N", "T") and len(self.axes) > 1
        return "delta" if in_time and self.dtype[0] != "f" and self.dtype != "uint64" else "plain"


CHOICES = 3
"""Likeliest choices of each head of an action that a replay keeps."""
_ITEMS = ("N", "P", INVENTORY_SIZE)
SECTIONS = {
    "map": Section("uint8", ("S", "S"), 0, MATERIAL_COUNT),
    "tile_changes": Section("int32", ("", 4), 0),
    "entity_alive": Section("uint8", ("N", "E"), 0, 2),
    "entity_kind": Section("uint8", ("N", "E"), 0, len(Kind)),
    "entity_row": Section("int16", ("N", "E"), 0, "S"),
    "entity_col": Section("int16", ("N", "E"), 0, "S"),
    "entity_health": Section("uint8", ("N", "E")),
    "entity_freeze": Section("uint8", ("N", "E"), 0, 2),
    "entity_level": Section("uint8", ("N", "E")),
    "entity_target": Section("int16", ("N", "E"), -1, "E"),
    "entity_style": Section("uint8", ("N", "E"), 0, STYLE_COUNT),
    "entity_damage": Section("int16", ("N", "E")),
    "entity_gold": Section("int32", ("N", "E")),
    "player_food": Section("uint8", ("N", "P")),
    "player_water": Section("uint8", ("N", "P")),
    "player_message": Section("uint8", ("N", "P"), 0, 128),
    "player_progress": Section("float32", ("N", "P")),
    "player_reward": Section("float32", ("N", "P")),
    "player_cause": Section("uint8", ("N", "P"), 0, len(Cause)),
    "player_kills": Section("uint16", ("N", "P")),
    "objective_row": Section("int16", ("N", "O"), 0, "S"),
    "objective_col": Section("int16", ("N", "O"), 0, "S"),
    "objective_owner": Section("int16", ("N", "O"), -1),
    "objective_tick": Section("int32", ("N", "O")),
    "item_type": Section("uint8", _ITEMS, 0, ITEM_TYPE_COUNT),
    "item_level": Section("uint8", _ITEMS),
    "item_quantity": Section("int16", _ITEMS),
    "item_price": Section("int16", _ITEMS),
    "item_worn": Section("uint8", _ITEMS, 0, 2),
    "market_changes": Section("int32", ("", 6), 0),
    "player_value": Section("float32", ("N", "P")),
    "player_choice": Section("int16", ("N", "P", "H", CHOICES), -1),
    "player_share": Section("uint8", ("N", "P", "H", CHOICES)),
    "actions": Section("int16", ("T", "P", ""), is_in_planes=True),
    "hashes": Section("uint64", ("N", 2)),
    "start": Section("uint8", ("",)),
}
"""Every section by name, in the order in which they are written."""

TRUTH = ("actions", "hashes", "start")
"""Sections from which the episode can be played again."""
ITEMS = tuple(name for name in SECTIONS if name.startswith("item_"))
"""Sections that only the full config has."""
MARKET = ("market_changes",)
"""The section of a market of which sums are known and no sellers, as converted files have it."""
THOUGHTS = ("player_value", "player_choice", "player_share")
"""Sections of what policies thought; all or none."""
FRAMES = tuple(name for name in SECTIONS if name not in (*TRUTH, *ITEMS, *MARKET, *THOUGHTS))
"""Sections that every replay with frames has."""


def axis_sizes(header: Mapping[str, Any]) -> dict[str, int]:
    """Return the lengths of the axes that a header announces."""
    return {
        "T": header["ticks"],
        "N": header["ticks"] + 1,
        "P": header["players"],
        "E": header["entities"],
        "O": header["objectives"],
        "S": header["map_size"],
        "H": len(header.get("heads", ())),
    }


def difference(array: NDArray[Any]) -> NDArray[Any]:
    """Return each row less the row before, modulo the dtype's range; the first as it is."""
    unsigned = array.view(f"u{array.itemsize}")
    result = unsigned.copy()
    result[1:] -= unsigned[:-1]
    return result.view(array.dtype)


def running_sum(array: NDArray[Any]) -> NDArray[Any]:
    """Undo `difference`."""
    unsigned = array.view(f"u{array.itemsize}")
    return np.add.accumulate(unsigned, axis=0, dtype=unsigned.dtype).view(array.dtype)


def in_planes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an array's bytes, its last axis first: all lowest bytes, then the next ones."""
    little = np.ascontiguousarray(array.T, array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(little.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T)


def from_planes(raw: bytes, dtype: str, shape: list[int]) -> NDArray[Any]:
    """Undo `in_planes`."""
    little = np.dtype(dtype).newbyteorder("<")
    planes = np.frombuffer(raw, np.uint8).reshape(little.itemsize, -1)
    array = np.ascontiguousarray(planes.T).view(little).reshape(shape[::-1])
    return np.ascontiguousarray(array.T, dtype)


class Replay:
    """An episode: a header, and arrays by name that are inflated when they are asked for.

    Attributes:
        header: what docs/replay.md lists; checked.
    """

    def __init__(self, header: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Make a replay of arrays in memory; `open` reads one from a file."""
        self.header = header
        self._arrays = dict(arrays)
        self._places: dict[str, dict[str, Any]] = {}
        self._path = Path()
        self._base = 0

    @classmethod
    def open(cls, path: str | Path) -> "Replay":
        """Return a file's replay: its sum and header are checked now, sections inflated later.

        Raises:
            ReplayError: the file is not a whole, unchanged replay of a known version.
        """
        replay = cls({}, {})
        replay._path = Path(path)
        try:
            with replay._path.open("rb") as file:
                replay.header, replay._base = _read_header(file, replay._path)
        except OSError as error:
            raise ReplayError(f"{path} cannot be read: {error.strerror}") from error
        replay._places = {entry["name"]: entry for entry in replay.header["sections"]}
        return replay

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays that there are."""
        return tuple(name for name in SECTIONS if name in self._arrays or name in self._places)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays or name in self._places

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array, its differences undone; not to be altered.

        Raises:
            ReplayError: there is none of this name, or what the file holds is damaged.
        """
        if name not in self._arrays:
            if name not in self._places:
                raise ReplayError(f"{self.label} has no {name}; it holds {', '.join(self.names)}")
            self._arrays[name] = self._inflate(self._places[name])
        return self._arrays[name]

    @property
    def label(self) -> str:
        """How messages call it."""
        return str(self._path) if self._places else "the replay"

    def _repr_html_(self) -> str:
        """Return what a notebook shows in its place."""
        # Only there is the rest of the package needed.
        return str(import_module("metammo.replay.notebook").replay_html(self))

    def require(self, names: tuple[str, ...], purpose: str) -> None:
        """Raise ReplayError where one of the named arrays is missing."""
        missing = [name for name in names if name not in self]
        if missing:
            raise ReplayError(f"{self.label} cannot be {purpose}: it lacks {', '.join(missing)}")

    def _inflate(self, entry: dict[str, Any]) -> NDArray[Any]:
        name, raw_length = entry["name"], entry["raw_length"]
        try:
            with self._path.open("rb") as file:
                file.seek(self._base + entry["offset"])
                data = file.read(entry["length"])
            inflater = zlib.decompressobj()
            raw = inflater.decompress(data, raw_length + 1)
        except (OSError, zlib.error) as error:
            raise ReplayError(f"{self._path}: section {name} is damaged: {error}") from error
        whole = inflater.eof and not inflater.unused_data and len(raw) == raw_length
        if not whole or zlib.crc32(raw) != entry["crc32"]:
            raise ReplayError(f"{self._path}: section {name} is damaged; get the file anew")
        if entry["coding"] == "planes":
            array = from_planes(raw, entry["dtype"], entry["shape"])
        else:
            dtype = np.dtype(entry["dtype"]).newbyteorder("<")
            array = np.frombuffer(raw, dtype).reshape(entry["shape"]).astype(entry["dtype"])
        if entry["coding"] == "delta":
            array = running_sum(array)
        self._check_values(name, array)
        return array

    def _check_values(self, name: str, array: NDArray[Any]) -> None:
        section = SECTIONS[name]
        if not array.size:
            return
        sizes = axis_sizes(self.header)
        low, high = (
            sizes[bound] if isinstance(bound, str) else bound
            for bound in (section.low, section.high)
        )
        fine = (low is None or array.min() >= low) and (high is None or array.max() < high)
        if name == "tile_changes":
            limits = (sizes["N"], sizes["S"], sizes["S"], MATERIAL_COUNT)
            fine = fine and bool(
                (array < np.array(limits)).all() and (np.diff(array[:, 0]) >= 0).all()
            )
        if name == "market_changes":
            kinds = array[:, 1]
            fine = fine and bool(
                (array[:, 0] < sizes["N"]).all() and (np.diff(array[:, 0]) >= 0).all()
            )
            fine = fine and bool(((kinds > 0) & (kinds < ITEM_TYPE_COUNT)).all())
        if name == "player_choice":
            targets = array[:, :, [head.endswith("target") for head in self.header["heads"]]]
            fine = fine and bool((targets < sizes["E"]).all())
        if array.dtype.kind == "f":
            fine = bool(np.isfinite(array).all())
        if not fine:
            raise ReplayError(f"{self._path}: section {name} holds values that cannot be")


def _read_header(file: BinaryIO, path: Path) -> tuple[dict[str, Any], int]:
    """Return a file's header, checked against the file's length, and where its sections begin."""
    size = os.fstat(file.fileno()).st_size
    head = file.read(12)
    if head[:7] != MAGIC[:7]:
        raise ReplayError(f"{path} is not a replay of metammo")
    if len(head) < 12:
        raise ReplayError(f"{path} is cut off; get the file anew")
    if head[7] != MAGIC[7]:
        raise ReplayError(f"{path} is of container version {head[7]}; this version reads 1")
    length = struct.unpack("<I", head[8:])[0]
    if length > HEADER_LIMIT:
        raise ReplayError(f"{path} announces a header of {length} bytes; most is {HEADER_LIMIT}")
    text = file.read(length)
    if len(text) < length:
        raise ReplayError(f"{path} is cut off; get the file anew")
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ReplayError(f"{path}: the header is damaged: {error}") from error
    check_header(header, str(path))
    end = 12 + length + _check_sections(header, path)
    if size != end + 4:
        raise ReplayError(f"{path} has {size} bytes, its header announces {end + 4}; get it anew")
    sum_so_far = zlib.crc32(head + text)
    left = end - 12 - length
    while left > 0 and (part := file.read(min(left, READ_SIZE))):
        sum_so_far = zlib.crc32(part, sum_so_far)
        left -= len(part)
    if file.read(4) != struct.pack("<I", sum_so_far):
        raise ReplayError(f"{path} is damaged; get the file anew")
    return header, 12 + length


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _check_sections(header: dict[str, Any], path: Path | str) -> int:
    """Return the length of all sections; raise ReplayError where one is not as it must be."""
    sizes = axis_sizes(header)
    end, raw = 0, 0
    seen: set[str] = set()
    for entry in header["sections"]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name not in SECTIONS or name in seen:
            raise ReplayError(f"{path}: section {str(name)[:40]!r} is unknown or there twice")
        seen.add(name)
        shape = entry.get("shape")
        if not isinstance(shape, list) or not all(map(_is_count, shape)):
            raise ReplayError(f"{path}: section {name} has no shape")
        section = SECTIONS[name]
        wanted = [sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in section.axes]
        fits = len(shape) == len(wanted) and all(
            axis in ("", length) for axis, length in zip(wanted, shape, strict=True)
        )
        form = (entry.get("dtype"), entry.get("coding"))
        known = [(section.dtype, section.coding)]
        if section.is_in_planes:
            # As the first files have it.
            known.append((section.dtype, "delta"))
        if not fits or form not in known:
            given = f"shape {shape} and form {form}"[:100]
            raise ReplayError(f"{path}: section {name} has {given}")
        total = math.prod(shape) * np.dtype(section.dtype).itemsize
        raw += total
        if raw > RAW_LIMIT:
            raise ReplayError(f"{path} would inflate to more than {RAW_LIMIT >> 20} MiB")
        numbers = ("offset", "length", "raw_length", "crc32")
        if not all(_is_count(entry.get(key)) for key in numbers):
            raise ReplayError(f"{path}: section {name} lacks a number")
        if entry["raw_length"] != total or entry["offset"] != end:
            raise ReplayError(f"{path}: section {name} does not lie where it must")
        end += entry["length"]
    for flag, names in (("has_truth", TRUTH), ("has_frames", FRAMES)):
        if header[flag] and not seen.issuperset(names):
            raise ReplayError(f"{path}: {flag} is set, but sections are missing")
    if not ((seen.issuperset(THOUGHTS) and sizes["H"]) or seen.isdisjoint(THOUGHTS)):
        raise ReplayError(f"{path} holds a part of what was thought, but not all, or no heads")
    return end


def write_replay(path: str | Path, replay: Replay) -> int:
    """Write a replay's file whole or not at all; return its size in bytes.

    Raises:
        ReplayError: it cannot be written there, or is too large.
    """
    return write_whole(Path(path), _file_parts(replay))


def replay_bytes(replay: Replay) -> bytes:
    """Return what a replay's file holds.

    Raises:
        ReplayError: it is too large for a file.
    """
    return b"".join(_file_parts(replay))


def _file_parts(replay: Replay) -> list[bytes]:
    entries, streams, end, raw_total = [], [], 0, 0
    for name in replay.names:
        section, array = SECTIONS[name], replay[name]
        array = np.ascontiguousarray(array, section.dtype)
        if section.coding == "planes":
            raw = in_planes(array).tobytes()
        else:
            coded = difference(array) if section.coding == "delta" else array
            raw = coded.astype(coded.dtype.newbyteorder("<")).tobytes()
        raw_total += len(raw)
        stream = zlib.compress(raw, COMPRESSION)
        entry = {"name": name, "offset": end, "length": len(stream), "raw_length": len(raw)}
        form = {"dtype": section.dtype, "shape": list(array.shape), "coding": section.coding}
        entries.append({**entry, **form, "crc32": zlib.crc32(raw)})
        streams.append(stream)
        end += len(stream)
    header = {**replay.header, "format": 1, "metammo": VERSION, "sections": entries}
    check_header(header, "the replay")
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    if len(text) > HEADER_LIMIT or raw_total > RAW_LIMIT:
        raise ReplayError(
            f"a replay of {raw_total >> 20} MiB is too large for a file, most is "
            f"{RAW_LIMIT >> 20}; record fewer ticks, or the truth alone"
        )
    _check_sections(header, "the replay")
    head = MAGIC + struct.pack("<I", len(text)) + text
    return [head, *streams, struct.pack("<I", _sum([head, *streams]))]


def _sum(parts: list[bytes]) -> int:
    total = 0
    for part in parts:
        total = zlib.crc32(part, total)
    return total


@contextmanager
def new_replay(path: Path) -> Iterator[Path]:
    """Give an empty file beside a path, which takes the path's place when all went well.

    Raises:
        ReplayError: there is no folder, no right or no space.
    """
    try:
        with beside(path) as part:
            yield part
    except OSError as error:
        raise ReplayError(f"{path} cannot be written: {error.strerror or error}") from error


def check_folder(path: Path) -> None:
    """Refuse a file's path whose folder is not there, before there is something to write.

    Raises:
        ReplayError: there is no such folder.
    """
    if not path.parent.is_dir():
        raise ReplayError(f"{path} cannot be written: there is no folder {path.parent}")


def write_whole(path: Path, parts: Iterable[bytes]) -> int:
    """Write a file whole or not at all; return its size.

    Raises:
        ReplayError: there is no folder, no right or no space.
    """
    with new_replay(path) as part, part.open("wb") as file:
        file.writelines(parts)
        size = file.tell()
        file.flush()
        os.fsync(file.fileno())
    return size
