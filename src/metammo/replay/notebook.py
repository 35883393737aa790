"""What a notebook shows of a replay: the viewer, or a small table with moving pictures."""

import base64
import html
import tempfile
from pathlib import Path
from typing import Any

from metammo.replay.film import write_film
from metammo.replay.format import FRAMES, Replay, replay_bytes
from metammo.replay.header import ReplayError
from metammo.replay.page import replay_page
from metammo.replay.summary import summary

HEIGHT = 640
"""Pixels of the viewer's height; it is as wide as the notebook."""
PAGE_LIMIT = 6 << 20
"""Bytes of a replay's file that is put into a notebook; a larger one would make it slow."""
TEAM_ROWS = 8
"""Rows of teams in the small table."""
MOVING_FRAMES, MOVING_SIDE = 60, 320
"""Pictures of a film in the small table, about, and their side in pixels."""


def replay_html(replay: Replay) -> str:
    """Return what shows a replay in a notebook's cell: HTML that needs nothing beside it.

    The viewer has a frame of its own that may run scripts and nothing else: a replay from anywhere
    cannot reach the notebook.
    """
    if any(name not in replay for name in FRAMES):
        return _table(replay, "It holds no frames, so there is nothing to show.")
    data = replay_bytes(replay)
    if len(data) > PAGE_LIMIT:
        size = f"{len(data) / 1e6:.0f} MB"
        return _table(replay, f"{size} are too much for a notebook: metammo watch FILE shows it.")
    try:
        page = replay_page(data)
    except ReplayError as error:
        return _table(replay, f"To look around in it: {error}.")
    # As plain letters it survives a notebook that is shown in another encoding.
    inside = html.escape(page).encode("ascii", "xmlcharrefreplace").decode()
    return (
        f'<iframe srcdoc="{inside}" sandbox="allow-scripts allow-downloads" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0" title="replay"></iframe>'
    )


def _table(replay: Replay, hint: str) -> str:
    """Return a table of an episode and its teams, a film where there are frames, and a hint."""
    found = summary(replay)
    rows = found.pop("rows")
    facts = {
        "game": found["game"] or found["source"],
        "ticks": found["ticks"],
        "agents": found["players"],
        "won": _winners(found),
    }
    parts = [f"<b>{name}</b>&nbsp;{html.escape(str(value))}" for name, value in facts.items()]
    columns = ("team", "policy", "agents", "alive", "kills", "progress", "won")
    lines = ["".join(f"<th>{name}</th>" for name in columns)]
    # The winners first, then who came furthest.
    rows.sort(key=lambda row: (not row["won"], -(row["progress"] or 0)))
    lines += [
        "".join(f"<td>{html.escape(_cell(row[name]))}</td>" for name in columns)
        for row in rows[:TEAM_ROWS]
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    rest = len(rows) - TEAM_ROWS
    more = f"<p>and {rest} more teams</p>" if rest > 0 else ""
    return (
        f"<div><p>{' &middot; '.join(parts)}</p>{_film(replay)}<table>{body}</table>{more}"
        f"<p><i>{html.escape(hint)}</i></p></div>"
    )


def _winners(found: dict[str, Any]) -> str:
    winners = found["winning_teams"]
    if winners is None:
        return "unknown"
    return "team " + ", ".join(map(str, winners)) if winners else "nobody"


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "?"
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _film(replay: Replay) -> str:
    """Return a small film as an image; nothing where none can be drawn."""
    every = max(replay.header["ticks"] // MOVING_FRAMES, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replay.gif"
        try:
            write_film(replay, path, every=every, pixels=MOVING_SIDE)
        except ReplayError:
            return ""
        text = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img src="data:image/gif;base64,{text}" alt="the episode">'
