"""`metammo watch` as a user meets it."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from metammo.cli import watch
from metammo.cli.main import main
from metammo.learner.checkpoint import settings_to_json
from metammo.learner.settings import TrainSettings
from metammo.policies.hub import describe
from metammo.policies.recurrent import RecurrentPolicy
from metammo.replay import page
from metammo.replay.film import find_ffmpeg
from metammo.replay.format import Replay, write_replay
from metammo.replay.header import ReplayError
from metammo.replay.to_neural_mmo import write_neural_mmo
from tests.replay.files import made_up_replay


def has_ffmpeg():
    try:
        return bool(find_ffmpeg())
    except ReplayError:
        return False


RACE = ["--game", "race_to_center", "--knobs", "horizon=5", "agents=8"]


@pytest.fixture
def viewer(tmp_path, monkeypatch):
    """A built viewer of two pages, in place of the real one."""
    folder = tmp_path / "viewer_dist"
    folder.mkdir()
    for name in ("index.html", "single.html"):
        (folder / name).write_text(f"<html><body><p>{name}</p></body></html>")
    monkeypatch.setattr(page, "VIEWER", folder)
    return folder


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.metammo"
    write_replay(path, made_up_replay())
    return path


@pytest.fixture
def run_folder(tmp_path):
    """The folder of a run, as far as watching it goes."""
    folder = tmp_path / "runs" / "mine"
    last = folder / "checkpoints" / "last"
    last.mkdir(parents=True)
    torch.manual_seed(0)
    module = RecurrentPolicy()
    save_file(dict(module.state_dict()), last / "model.safetensors")
    (last / "config.json").write_text(json.dumps(describe(module)))
    settings = TrainSettings(games=("race_to_center", "survive"), task="tick_ge()")
    kept = {"settings": settings_to_json(settings), "progress": {}, "steps": 5}
    (last / "training.json").write_text(json.dumps(kept))
    return folder


def inside(path):
    """Return the replay inside a page."""
    text = Path(path).read_text(encoding="utf-8")
    found = re.search(r'<body>\s*<script type="application/x-metammo" id="replay">(.*?)</', text)
    return base64.b64decode(found[1])


def test_a_page_holds_the_replay(viewer, film, tmp_path, capsys):
    out = tmp_path / "film.html"
    assert main(["watch", str(film), "--html", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert inside(out) == film.read_bytes()
    assert "<p>single.html</p>" in out.read_text()


def test_a_page_holds_the_peers_replay_converted(viewer, film, tmp_path):
    theirs, out = tmp_path / "a.replay.lzma", tmp_path / "a.html"
    write_neural_mmo(theirs, Replay.open(film))
    assert main(["watch", str(theirs), "--html", str(out)]) == 0
    (tmp_path / "b.metammo").write_bytes(inside(out))
    header = Replay.open(tmp_path / "b.metammo").header
    assert (header["source"], header["ticks"]) == ("neural_mmo", 5)


def test_a_page_holds_an_episode_of_a_run(viewer, run_folder, tmp_path):
    out = tmp_path / "a.html"
    names = [str(run_folder), "random"]
    assert main(["watch", *names, "--html", str(out), "--knobs", *RACE[3:], "--seed", "4"]) == 0
    (tmp_path / "b.metammo").write_bytes(inside(out))
    header = Replay.open(tmp_path / "b.metammo").header
    assert (header["game"], header["seed"], header["players"]) == ("race_to_center", 4, 8)
    assert {team["policy"] for team in header["teams"]} == {"mine", "random"}


@pytest.mark.parametrize("more", [[], ["--html", "a.html"]])
def test_a_missing_file_is_told_before_a_missing_viewer(more, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page, "VIEWER", tmp_path / "nothing")
    assert main(["watch", "missing.metammo", *more]) == 2
    error = capsys.readouterr().err
    assert "missing.metammo" in error
    assert "viewer" not in error


def test_films_are_written_beside_a_page(viewer, film, tmp_path, capsys):
    page, gif = tmp_path / "a.html", tmp_path / "a.gif"
    assert main(["watch", str(film), "--html", str(page), "--gif", str(gif)]) == 0
    assert capsys.readouterr().out == f"{page}\n{gif}\n"
    assert gif.read_bytes()[:6] == b"GIF89a"
    assert inside(page) == film.read_bytes()


@pytest.mark.skipif(not has_ffmpeg(), reason="neither ffmpeg nor imageio-ffmpeg is there")
def test_a_video_needs_no_viewer(film, tmp_path):
    out = tmp_path / "a.mp4"
    assert main(["watch", str(film), "--video", str(out)]) == 0
    assert out.read_bytes()[4:8] == b"ftyp"


def test_what_is_played_is_what_the_first_run_was_trained_on(run_folder):
    def found(*what, **more):
        setting = watch.setting_of(watch.Options(what, **more))
        return setting.game, setting.config, setting.task

    last = run_folder / "checkpoints" / "last"
    for name in (run_folder, last):
        assert found("random", str(name)) == ("race_to_center", "mini", "tick_ge()")
    assert found(str(run_folder), game="survive", config="full") == ("survive", "full", "")
    assert found(str(run_folder), task="a") == ("race_to_center", "mini", "a")
    assert found("scripted") == ("king_of_the_hill", "mini", "")


START = """
import signal, sys, webbrowser
from pathlib import Path
from metammo.replay import page
from metammo.cli.main import main
page.VIEWER = Path(sys.argv[1])
# A shell's background jobs ignore the signal, and so would what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
webbrowser.open = lambda address: print("opened", address, file=sys.stderr, flush=True)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("what", ["film", "live"])
def test_it_serves_until_it_is_stopped(what, viewer, film):
    arguments = [str(film)] if what == "film" else ["random", *RACE, "--pause"]
    command = [sys.executable, "-c", START, str(viewer), "watch", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        address = process.stdout.readline().strip()
        start, query = address.split("?")
        assert query == ("live" if what == "live" else "file=replay.metammo")
        with urllib.request.urlopen(start, timeout=30) as answer:
            assert b"index.html" in answer.read()
        if what == "film":
            with urllib.request.urlopen(start + "replay.metammo", timeout=30) as answer:
                assert answer.read() == film.read_bytes()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert f"opened {address}" in said
    assert said.endswith("stopped\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name one replay, or one or more policies"),
        (["film.metammo", "random"], "name one replay"),
        (["nowhere.metammo"], "nowhere.metammo cannot be read: No such file"),
        (["nowhere"], "there is no policy at 'nowhere'"),
        (["damaged.metammo"], "is damaged"),
        (["truth.metammo"], "truth.metammo cannot be shown: it lacks map"),
        (["random", "--game", "none"], "unknown game 'none'"),
        (["random", "--config", "maxi"], "config must be 'mini' or 'full'"),
        (["random", "--port", "70000", *RACE], "a port lies in 0..65535, got 70000"),
        (["film.metammo", "--html", "no/film.html"], "no/film.html cannot be written"),
        (["film.metammo", "--gif", "no/film.gif"], "no/film.gif cannot be written"),
        (["random", "--gif", "a.mp4"], "--gif writes a file that ends in .gif, got a.mp4"),
        (["random", "--video", "a.gif"], "--video writes a file that ends in .mp4, got a.gif"),
        # Before anything is played.
        (["random", "--game", "none", "--html", "no/a.html"], "no/a.html cannot be written"),
        (["film.metammo", "--host", "203.0.113.1"], "cannot listen at 203.0.113.1"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    arguments, words, viewer, film, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    replay = made_up_replay()
    truth = {name: replay[name] for name in ("actions", "hashes", "start")}
    write_replay("truth.metammo", Replay({**replay.header, "has_frames": False}, truth))
    data = bytearray(film.read_bytes())
    data[len(data) // 2] ^= 255
    Path("damaged.metammo").write_bytes(bytes(data))
    assert main(["watch", *arguments, "--no-open"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    lines = [line for line in captured.err.splitlines() if "compil" not in line]
    assert len(lines) == 1


def test_a_taken_port_is_told(viewer, film, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["watch", str(film), "--port", port, "--no-open"]) == 2
    assert f"port {port} of 127.0.0.1 is taken" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--no-open"], ["--html", "a.html"]])
def test_a_viewer_that_is_not_built_is_told(more, viewer, film, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    for file in viewer.iterdir():
        file.unlink()
    assert main(["watch", str(film), *more]) == 2
    assert "make viewer" in capsys.readouterr().err
    assert not Path("a.html").exists()
