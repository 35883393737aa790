"""What a notebook shows of a replay: the viewer, or a table, and never a foreign file's markup."""

import base64
import html
import io

import pytest
from PIL import Image

from metammo.replay import notebook, page
from metammo.replay.format import Replay, replay_bytes
from tests.replay.files import made_up_replay


@pytest.fixture
def viewer(tmp_path, monkeypatch):
    """Something in place of the built viewer."""
    monkeypatch.setattr(page, "VIEWER", tmp_path)
    (tmp_path / "single.html").write_text("<html><body><p class='x'>viewer</p></body></html>")


@pytest.fixture
def no_viewer(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "VIEWER", tmp_path / "none")


def evil(replay, word):
    teams = [{**team, "policy": word} for team in replay.header["teams"]]
    arrays = {name: replay[name] for name in replay.names}
    return Replay({**replay.header, "game": word, "teams": teams}, arrays)


def test_the_viewer_is_shown_with_the_replay_inside(viewer):
    replay = made_up_replay()
    shown = replay._repr_html_()
    assert shown.startswith("<iframe ")
    assert "allow-same-origin" not in shown
    inside = html.unescape(shown.split('srcdoc="')[1].split('"')[0])
    assert inside == page.replay_page(replay_bytes(replay))
    assert "<p class='x'>viewer" in inside
    assert "<p" not in shown


def test_without_a_viewer_there_is_a_table_and_a_film(no_viewer):
    shown = made_up_replay()._repr_html_()
    assert "make viewer" in shown
    assert "<b>won</b>&nbsp;team 1" in shown
    assert shown.count("<tr>") == 3
    data = base64.b64decode(shown.split("base64,")[1].split('"')[0])
    assert Image.open(io.BytesIO(data)).n_frames == 6


def test_a_large_replay_is_a_table_and_a_hint(viewer, monkeypatch):
    monkeypatch.setattr(notebook, "PAGE_LIMIT", 1000)
    shown = made_up_replay()._repr_html_()
    assert "<iframe" not in shown
    assert "metammo watch FILE" in shown
    assert "image/gif" in shown


def test_a_replay_without_frames_says_so(viewer):
    replay = made_up_replay()
    truth = Replay({**replay.header, "has_frames": False}, {"start": replay["start"]})
    shown = truth._repr_html_()
    assert "holds no frames" in shown
    assert "<img" not in shown


def test_what_a_file_says_is_no_markup(no_viewer):
    shown = evil(made_up_replay(), "<script>alert(1)</script>")._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
