"""What a replay tells at a glance: the episode, and a row for each team."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.replay.format import FRAMES, Replay


def deaths(replay: Replay) -> NDArray[np.bool_]:
    """Return who died in the tick that led to each frame, bool[frames, players].

    Who comes back in the tick of its death lives in both frames, but has a cause in the second.
    """
    players = replay.header["players"]
    alive = replay["entity_alive"][:, :players] != 0
    died = alive & (replay["player_cause"] > 0)
    died[1:] |= alive[:-1] & ~alive[1:]
    return died


def _by_player(replay: Replay) -> dict[str, Any]:
    """Return numbers of each player at the end, arrays [players]; nothing without frames."""
    if any(name not in replay for name in FRAMES):
        return {}
    players = replay.header["players"]
    alive = replay["entity_alive"][-1, :players].astype(np.int64)
    return {
        "alive": alive,
        "deaths": deaths(replay).sum(0),
        "kills": replay["player_kills"][-1].astype(np.int64),
        # The dead have lost theirs: what counts is who holds gold at the end.
        "gold": replay["entity_gold"][-1, :players].astype(np.int64) * alive,
    }


def team_rows(replay: Replay) -> list[dict[str, Any]]:
    """Return a row for each team; None for what the replay does not know."""
    header = replay.header
    numbers = _by_player(replay)
    progress = header["progress"]
    winners = set(header["winners"])
    rows = []
    for number, team in enumerate(header["teams"]):
        members = [row for row, own in enumerate(header["player_team"]) if own == number]
        row: dict[str, Any] = {"team": number, "policy": team["policy"], "agents": len(members)}
        for name in ("alive", "deaths", "kills", "gold"):
            row[name] = int(numbers[name][members].sum()) if numbers else None
        best = [progress[member] for member in members] if progress is not None else []
        row["progress"] = float(max(best)) if best else None
        row["won"] = any(member in winners for member in members)
        if header["is_decided"] is None:
            row["won"] = None
        rows.append(row)
    return rows


def summary(replay: Replay) -> dict[str, Any]:
    """Return what a replay holds, as `metammo replay info` shows it."""
    header = replay.header
    policies = list(dict.fromkeys(team["policy"] for team in header["teams"] if team["policy"]))
    rows = team_rows(replay)
    known = header["is_decided"] is not None
    return {
        **{name: header[name] for name in ("source", "game", "game_version", "config", "size")},
        **{name: header[name] for name in ("seed", "ticks", "players")},
        "npc_rows": header["entities"] - header["players"],
        "teams": len(header["teams"]),
        "policies": policies,
        "is_decided": header["is_decided"],
        "winning_teams": [row["team"] for row in rows if row["won"]] if known else None,
        "has_truth": header["has_truth"],
        "has_frames": header["has_frames"],
        "rows": rows,
    }
