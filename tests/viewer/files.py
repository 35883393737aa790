"""What the viewer's tests open: a made-up replay of 400 entities, pages with a replay inside."""

import base64
import json
import struct
import zlib
from pathlib import Path

import numpy as np

DIST = Path(__file__).parents[2] / "src" / "metammo" / "viewer_dist"
PLAYERS, NPCS, SIDE, TICKS, TEAMS = 128, 272, 160, 60, 16


def page_of(replay, path):
    """Write a page of its own with a replay's bytes inside; return its address."""
    text = base64.b64encode(replay).decode()
    block = f'<script type="application/x-metammo" id="replay">{text}</script>'
    html = (DIST / "single.html").read_text(encoding="utf-8")
    path.write_text(html.replace("<body>", f"<body>{block}", 1), encoding="utf-8")
    return path.as_uri()


def make_replay():
    """Return the bytes of a replay in which 400 entities wander, fight and die."""
    rng = np.random.default_rng(5)
    frames, entities = TICKS + 1, PLAYERS + NPCS
    tiles = np.zeros((SIDE, SIDE), np.uint8)
    tiles[16:145, 16:145] = rng.choice([1, 2, 2, 2, 2, 4, 5, 9], (129, 129))
    steps = rng.integers(-1, 2, (2, frames, entities))
    steps[:, 0] = rng.integers(20, 140, (2, entities))
    row, col = np.clip(np.cumsum(steps, 1), 16, 144)
    alive = np.ones((frames, entities), np.uint8)
    alive[30:, 5] = 0
    columns = {"map": tiles, "tile_changes": np.array([[3, 20, 20, 3]], np.int32)}
    for name, dtype, value in (
        ("alive", np.uint8, alive),
        ("kind", np.uint8, np.where(np.arange(entities) < PLAYERS, 1, 3)),
        ("row", np.int16, row),
        ("col", np.int16, col),
        ("health", np.uint8, rng.integers(20, 101, (frames, entities))),
        ("freeze", np.uint8, 0),
        ("level", np.uint8, 1),
        ("target", np.int16, rng.integers(-4, entities, (frames, entities)).clip(-1)),
        ("style", np.uint8, rng.integers(0, 3, (frames, entities))),
        ("damage", np.int16, rng.integers(0, 12, (frames, entities))),
        ("gold", np.int32, 3),
    ):
        columns[f"entity_{name}"] = np.broadcast_to(value, (frames, entities)).astype(dtype)
    cause = np.zeros((frames, PLAYERS))
    cause[30:, 5] = 1
    kills = np.zeros((frames, PLAYERS))
    kills[30:, 50] = 1
    for name, dtype, value in (
        ("food", np.uint8, 80),
        ("water", np.uint8, 60),
        ("message", np.uint8, rng.integers(0, 128, (frames, PLAYERS))),
        ("progress", np.float32, 0.5),
        ("reward", np.float32, 0),
        ("cause", np.uint8, cause),
        ("kills", np.uint16, kills),
    ):
        columns[f"player_{name}"] = np.broadcast_to(value, (frames, PLAYERS)).astype(dtype)
    return pack(columns, entities)


def pack(columns, entities):
    sections, blobs, offset = [], [], 0
    for name, values in columns.items():
        is_delta = len(values) == TICKS + 1 and values.dtype != np.float32
        stored = values.copy()
        if is_delta:
            stored[1:] = values[1:] - values[:-1]
        raw = stored.tobytes()
        blobs.append(zlib.compress(raw))
        section = {"name": name, "offset": offset, "length": len(blobs[-1])}
        section |= {"raw_length": len(raw), "dtype": str(values.dtype), "shape": values.shape}
        section |= {"coding": "delta" if is_delta else "plain", "crc32": zlib.crc32(raw)}
        sections.append(section)
        offset += len(blobs[-1])
    size = PLAYERS // TEAMS
    teams = [{"first": team * size, "size": size, "policy": "walker"} for team in range(TEAMS)]
    header = {"format": 1, "metammo": "0", "source": "metammo", "game": "team_battle"}
    header |= {"game_version": 1, "config": "mini", "size": "standard", "seed": 1, "ticks": TICKS}
    header |= {"players": PLAYERS, "entities": entities, "teams": teams, "map_size": SIDE}
    header |= {"player_team": [player // size for player in range(PLAYERS)], "rules": {}}
    header |= {"first": 16, "playable": 128, "rung": 0, "objectives": 0, "objective_kind": []}
    header |= {"fog": {"onset": 10, "speed": [1, 2], "final_size": 8}, "winners": [0]}
    header |= {"is_decided": True, "winning_score": 1.0, "progress": [0.5] * PLAYERS}
    header |= {"materials": [str(number) for number in range(16)], "has_truth": False}
    header |= {"has_frames": True, "player_tasks": ["walk about"] * PLAYERS, "sections": sections}
    text = json.dumps(header).encode()
    return b"METAMMO\x01" + struct.pack("<I", len(text)) + text + b"".join(blobs)
