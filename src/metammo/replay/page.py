"""How a replay becomes one page that opens from disk: the built viewer with the file inside."""

import base64
from pathlib import Path

from metammo.replay.header import ReplayError

VIEWER = Path(__file__).parent.parent / "viewer_dist"
"""Where the viewer is built."""
_START = "<body>"


def check_viewer(name: str = "single.html") -> Path:
    """Return the path of one of the built viewer's files.

    Raises:
        ReplayError: the viewer is not built.
    """
    path = VIEWER / name
    if not path.is_file():
        raise ReplayError("the viewer is not built; in a checkout of the sources: make viewer")
    return path


def replay_page(replay_bytes: bytes) -> str:
    """Return a self-contained page that shows a replay, HTML.

    Args:
        replay_bytes: what a replay's file holds; see `format.replay_bytes`.

    Raises:
        ReplayError: the viewer is not built.
    """
    page = check_viewer().read_text(encoding="utf-8")
    text = base64.b64encode(replay_bytes).decode("ascii")
    before, sign, after = page.partition(_START)
    block = f'<script type="application/x-metammo" id="replay">{text}</script>'
    return f"{before}{sign}\n{block}{after}"
