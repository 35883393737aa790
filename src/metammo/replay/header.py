"""What a replay's header must say, and between which limits."""

import sys
from collections.abc import Callable
from typing import Any

from metammo.world.columns import OBJECTIVE_LIMIT

TICK_LIMIT = 1 << 20
ENTITY_LIMIT = 1 << 15
MAP_LIMIT = 1 << 11
HEAD_LIMIT = 64
NUMBER_LIMIT = sys.float_info.max
SOURCES = ("metammo", "neural_mmo")


class ReplayError(ValueError):
    """A file that is no whole replay, or an episode that cannot be made into one."""


def _is_count(value: Any, high: int = 1 << 62) -> bool:
    return type(value) is int and 0 <= value <= high


def _is_number(value: Any) -> bool:
    # A whole number of JSON may be larger than any float.
    return type(value) in (int, float) and abs(value) <= NUMBER_LIMIT


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def _list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _is_team(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _is_count(value.get("first"), ENTITY_LIMIT)
        and _is_count(value.get("size"), ENTITY_LIMIT)
        and _is_text(value.get("policy"))
    )


def _is_fog(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    speed = value.get("speed")
    return (
        _is_count(value.get("onset"), TICK_LIMIT)
        and _is_count(value.get("final_size"), MAP_LIMIT)
        and isinstance(speed, list)
        and all(map(_is_count, speed))
        and len(speed) == 2
        and speed[1] > 0
    )


def _is_rules(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


KEYS: dict[str, Callable[[Any], bool]] = {
    "metammo": _is_text,
    "source": lambda value: value in SOURCES,
    "game": _or_none(_is_text),
    "game_version": _or_none(_is_count),
    "config": _or_none(lambda value: value in ("mini", "full")),
    "size": _or_none(_is_text),
    "seed": _or_none(_is_count),
    "ticks": lambda value: _is_count(value, TICK_LIMIT),
    "players": lambda value: _is_count(value, ENTITY_LIMIT),
    "entities": lambda value: _is_count(value, ENTITY_LIMIT),
    "teams": _list_of(_is_team),
    "player_team": _list_of(lambda value: _is_count(value, ENTITY_LIMIT)),
    "player_tasks": _list_of(_is_text),
    "map_size": lambda value: _is_count(value, MAP_LIMIT),
    "first": lambda value: _is_count(value, MAP_LIMIT),
    "playable": lambda value: _is_count(value, MAP_LIMIT),
    "rules": _or_none(_is_rules),
    "rung": _or_none(_is_count),
    "fog": _or_none(_is_fog),
    "objectives": lambda value: _is_count(value, OBJECTIVE_LIMIT),
    "objective_kind": _list_of(lambda value: _is_count(value, 255)),
    "winners": _list_of(lambda value: _is_count(value, ENTITY_LIMIT)),
    "is_decided": _or_none(lambda value: isinstance(value, bool)),
    "winning_score": _or_none(_is_number),
    "progress": _or_none(_list_of(_is_number)),
    "materials": _list_of(_is_text),
    "has_truth": lambda value: isinstance(value, bool),
    "has_frames": lambda value: isinstance(value, bool),
    "sections": lambda value: isinstance(value, list) and len(value) <= 256,
}
"""Every key that a header has, and whether a value will do. More keys may follow."""
OPTIONAL_KEYS: dict[str, Callable[[Any], bool]] = {
    "heads": lambda value: _list_of(_is_text)(value) and len(value) <= HEAD_LIMIT,
}
"""Keys that a header may have."""


def check_header(header: Any, label: str) -> None:
    """Raise ReplayError where a header lacks a key, or holds what cannot be.

    Args:
        header: as read from JSON.
        label: how messages call the replay.
    """
    if not isinstance(header, dict):
        raise ReplayError(f"{label}: the header is no JSON object")
    if header.get("format") != 1:
        given = str(header.get("format"))[:20]
        raise ReplayError(f"{label} is of format {given}, this version reads format 1")
    for key, fits in KEYS.items():
        if key not in header or not fits(header[key]):
            given = repr(header.get(key, "nothing"))[:40]
            raise ReplayError(f"{label}: the header's {key} cannot be {given}")
    for key, fits in OPTIONAL_KEYS.items():
        if key in header and not fits(header[key]):
            raise ReplayError(f"{label}: the header's {key} cannot be {repr(header[key])[:40]}")
    players, teams = header["players"], header["teams"]
    whole = (
        header["entities"] >= players
        and len(header["player_team"]) == players
        and len(header["player_tasks"]) in (0, players)
        and len(header["progress"] or [0.0] * players) == players
        and len(header["objective_kind"]) == header["objectives"]
        and all(team < len(teams) for team in header["player_team"])
        and all(row < players for row in header["winners"])
        and all(team["first"] + team["size"] <= players for team in teams)
    )
    if not whole:
        raise ReplayError(f"{label}: the header's lists do not fit its number of players")
