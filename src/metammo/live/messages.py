"""What the live server and its pages say to each other, as bytes and as text."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.replay.format import SECTIONS

EPISODE, FRAME = 1, 2
"""First bytes of the binary messages."""
TEXT_LIMIT = 4096
"""Most bytes of what a page may ask at once."""
_COLUMN_NAMES = tuple(
    name for name, section in SECTIONS.items() if section.axes[0] == "N" and name != "hashes"
)


class AskError(ValueError):
    """What a page asked cannot be done; the text says why, in one line."""


def columns_of(rows: Mapping[str, NDArray[Any]]) -> list[dict[str, Any]]:
    """Return how frames hold their columns: name, dtype, and shape without the axis of time."""
    return [
        {"name": name, "dtype": SECTIONS[name].dtype, "shape": list(rows[name].shape)}
        for name in _COLUMN_NAMES
        if name in rows
    ]


def episode_message(header: Mapping[str, Any], tiles: NDArray[np.uint8]) -> bytes:
    """Return the message that an episode begins.

    Args:
        header: of the episode, with its `columns`.
        tiles: uint8[size, size]: materials at frame 0.
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<B3xI", EPISODE, len(text)) + text + tiles.tobytes()


def frame_message(
    number: int, rows: Mapping[str, NDArray[Any]], changes: NDArray[np.int32]
) -> bytes:
    """Return the message of a frame.

    Args:
        number: of the frame.
        rows: of every column, as `columns_of` lists them.
        changes: int32[any, 3]: tiles that differ from the frame before; row, column, material.
    """
    names = [name for name in _COLUMN_NAMES if name in rows]
    columns = [_little(rows[name], SECTIONS[name].dtype) for name in names]
    tiles = [struct.pack("<I", len(changes)), _little(changes, "int32")]
    return b"".join([struct.pack("<B3xI", FRAME, number), *columns, *tiles])


def _little(values: NDArray[Any], dtype: str) -> bytes:
    return values.astype(np.dtype(dtype).newbyteorder("<"), copy=False).tobytes()


def text_message(kind: str, **content: Any) -> str:
    """Return a text message of a kind."""
    return json.dumps({"kind": kind, **content}, separators=(",", ":"), allow_nan=False)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def read_message(data: str | bytes) -> dict[str, Any]:
    """Return what a page asks: an object with `do`.

    Raises:
        AskError: it is too long, no JSON, or no such object.
    """
    if isinstance(data, bytes):
        raise AskError("a page asks in text, not in bytes")
    if len(data.encode("utf-8", "surrogatepass")) > TEXT_LIMIT:
        raise AskError(f"a message is too long; most is {TEXT_LIMIT} bytes")
    try:
        message = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise AskError("a message is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("do"), str):
        raise AskError('a message is an object with "do", as {"do":"play"}')
    return message
