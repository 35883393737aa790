"""What the tests of replays share: a small replay of made-up numbers, and places in its file."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from metammo.replay.format import SECTIONS, Replay, axis_sizes

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "replays"


def reference(name):
    """Return the path of a published replay, by what its name begins with."""
    found = sorted(REFERENCE.glob(f"{name}_*.lzma"))
    if not found:
        pytest.skip(f"needs the published replays in {REFERENCE}")
    return found[0]


def header_of(ticks=5, players=3, entities=5, side=12):
    return {
        "format": 1,
        "metammo": "0",
        "source": "metammo",
        "game": "survive",
        "game_version": 1,
        "config": "full",
        "size": "tiny",
        "seed": 1,
        "ticks": ticks,
        "players": players,
        "entities": entities,
        "teams": [{"first": 0, "size": 2, "policy": "a"}, {"first": 2, "size": 1, "policy": "b"}],
        "player_team": [0, 0, 1],
        "player_tasks": ["live", "live", "live"],
        "map_size": side,
        "first": 2,
        "playable": 7,
        "rules": {"horizon": 60},
        "rung": 0,
        "fog": {"onset": 3, "speed": [1, 8], "final_size": 4},
        "objectives": 1,
        "objective_kind": [0],
        "winners": [2],
        "is_decided": True,
        "winning_score": 1.0,
        "progress": [0.5, 0.25, 1.0],
        "materials": ["void", "grass"],
        "has_truth": True,
        "has_frames": True,
        "heads": ["move", "attack_target"],
        "sections": [],
    }


def made_up_replay():
    """Return a replay whose sections hold random values that can be."""
    rng = np.random.default_rng(3)
    header = header_of()
    sizes = axis_sizes(header)
    arrays = {}
    for name, section in SECTIONS.items():
        shape = [sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in section.axes]
        shape = [4 if axis == "" else axis for axis in shape]
        low = sizes.get(section.low, section.low) or 0
        high = sizes.get(section.high, section.high) or 100
        arrays[name] = rng.integers(low, high, shape).astype(section.dtype)
    arrays["tile_changes"] = np.array([[1, 2, 3, 4], [1, 2, 4, 4], [5, 0, 11, 2]], np.int32)
    arrays["market_changes"] = np.array([[0, 2, 1, 3, 4, 9], [5, 2, 1, 0, 0, 0]], np.int32)
    arrays["player_choice"] %= header["entities"]
    # A jump of more than half the dtype's range: differences wrap.
    arrays["entity_gold"][0, 0], arrays["entity_gold"][1, 0] = -(2**31), 2**31 - 1
    return Replay(header, arrays)


def with_sum(data):
    """Return a file's bytes, its last four set to the sum of the others."""
    return data[:-4] + struct.pack("<I", zlib.crc32(data[:-4]))


def with_header(data, change):
    """Return a file's bytes with its header changed, and the sum put right."""
    (length,) = struct.unpack("<I", data[8:12])
    header = json.loads(data[12 : 12 + length])
    change(header)
    text = json.dumps(header).encode()
    return with_sum(data[:8] + struct.pack("<I", len(text)) + text + data[12 + length :])
