"""Films: they show what a world shows; what makes them may be missing or fail."""

import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from metammo.cli.main import main
from metammo.envs.render import scene_of
from metammo.replay import film
from metammo.replay.film import Frames, draw_frame, write_film
from metammo.replay.format import Replay, axis_sizes, write_replay
from metammo.replay.header import ReplayError
from metammo.replay.recorder import Recorder
from tests.contract.batches import make_batch, only
from tests.replay.files import made_up_replay


@pytest.fixture(scope="module")
def replay():
    return made_up_replay()


@pytest.mark.parametrize("game", ["survive", "capture_the_flag"])
def test_a_film_shows_what_the_world_shows(game):
    batch = make_batch(
        worlds=1,
        games=only(game),
        seed=5,
        size="tiny",
        horizon=40,
        playable=16,
        fog_onset=3,
        fog_speed=1 / 4,
        fog_final_size=2,
    )
    recorder = Recorder(batch)
    scenes = [scene_of(batch.worlds.copy()[0])]
    for step in range(30):
        recorder.step(batch.random_actions(step))
        scenes.append(scene_of(batch.worlds.copy()[0]))
    replay = recorder.replay()
    frames = Frames(replay, 100)
    for number, wanted in enumerate(scenes):
        scene = frames.scene(number)
        for name in ("material", "place", "kind", "health", "team_alive"):
            assert np.array_equal(getattr(scene, name), getattr(wanted, name)), (number, name)
        # Beyond what an observation holds clear is clear.
        assert np.array_equal(np.maximum(scene.depth, -9), np.maximum(wanted.depth, -9)), number
        players = wanted.kind == 1
        assert np.array_equal(scene.team[players], wanted.team[players])
        assert scene.objectives == wanted.objectives
        assert scene.has_goal == wanted.has_goal
    if game == "survive":
        assert len({scene.material.tobytes() for scene in scenes}) > 1
    assert len({scene.depth.tobytes() for scene in scenes}) > 4
    assert bool(scenes[0].objectives) == (game == "capture_the_flag")
    # Drawn in order or alone, a frame is the same.
    painted = [Frames(replay, 100), Frames(replay, 100)]
    for number in range(30):
        painted[0].draw(number)
    assert np.array_equal(painted[0].draw(30), painted[1].draw(30))


@pytest.mark.pure
def test_attacks_are_lines_but_not_to_whoever_took_the_row_since(replay):
    arrays = {name: replay[name].copy() for name in replay.names}
    arrays["entity_target"][...] = -1
    arrays["entity_target"][2, 0], arrays["entity_target"][2, 1] = 3, 4
    arrays["entity_row"][2], arrays["entity_col"][2] = 3, [2, 2, 5, 4, 11]
    arrays["entity_style"][2, 0] = 2
    attacks = Frames(Replay(replay.header, arrays), 100).scene(2).attacks
    assert attacks.tolist() == [[1, 0, 1, 2, 2]]


@pytest.mark.pure
@pytest.mark.parametrize("every", [1, 2])
def test_a_gif_holds_the_frames(replay, every, tmp_path):
    path = tmp_path / "a.gif"
    told = []
    size = write_film(
        replay, path, fps=5, every=every, pixels=64, progress=lambda *row: told.append(row)
    )
    assert path.stat().st_size == size
    chosen = [0, 1, 2, 3, 4, 5] if every == 1 else [0, 2, 4, 5]
    assert told[-1] == (len(chosen), 1)
    with Image.open(path) as gif:
        assert gif.n_frames == len(chosen)
        assert gif.info["loop"] == 0
        for place, frame in enumerate(chosen):
            gif.seek(place)
            assert gif.info["duration"] == (1500 if frame == 5 else 200)
            wanted = draw_frame(replay, frame, 64).astype(int)
            shown = np.array(gif.convert("RGB")).astype(int)
            assert shown.shape == wanted.shape
            assert np.abs(shown - wanted).mean() < 6
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.pure
def test_a_long_film_takes_no_more_memory_than_a_short_one(replay, tmp_path):
    header = {**replay.header, "ticks": 600, "players": 3, "entities": 5}
    sizes = axis_sizes(header)
    arrays = {
        name: np.repeat(replay[name][:1], sizes["N"], 0)
        if name not in ("map", "tile_changes", "start", "actions")
        else replay[name]
        for name in replay.names
    }
    arrays["entity_row"][:, 0] = 2 + np.arange(sizes["N"]) % 8
    long = Replay(header, arrays)
    tracemalloc.start()
    write_film(long, tmp_path / "a.gif", every=1, pixels=200)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A picture is 0.1 MB; all of them would be 70.
    assert peak < 12e6


FFMPEG = """#!{python}
import sys
path, size = sys.argv[-1], 0
while data := sys.stdin.buffer.read(1 << 16):
    size += len(data)
    if {fails}:
        sys.exit("No space left on device")
with open(path, "w") as file:
    file.write(" ".join(sys.argv[1:-1]) + " " + str(size))
"""


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Something that takes what ffmpeg would, and tells of it; a call makes it fail."""
    path = tmp_path / "bin" / "ffmpeg"
    path.parent.mkdir()

    def write(fails=False):
        path.write_text(FFMPEG.format(python=sys.executable, fails=fails))
        path.chmod(0o755)

    write()
    monkeypatch.setenv("PATH", str(path.parent))
    return write


@pytest.mark.pure
@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_ffmpeg_is_given_every_picture_and_the_last_one_for_longer(replay, ffmpeg, tmp_path):
    write_film(replay, tmp_path / "a.mp4", fps=10, pixels=65)
    said = (tmp_path / "a.mp4").read_text().split()
    rows, cols = Frames(replay, 65).shape
    assert rows % 2 == cols % 2 == 0
    assert f"{cols}x{rows}" in said
    assert int(said[-1]) == (5 + 15) * rows * cols * 3


@pytest.mark.pure
@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_what_ffmpeg_says_is_told_and_no_half_film_left(replay, ffmpeg, tmp_path):
    ffmpeg(fails=True)
    with pytest.raises(ReplayError, match="ffmpeg failed: No space left on device"):
        write_film(replay, tmp_path / "a.mp4", pixels=400)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.pure
def test_where_there_is_no_ffmpeg_the_package_is_named(replay, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    write_replay(tmp_path / "a.metammo", replay)
    assert main(["replay", "film", str(tmp_path / "a.metammo"), str(tmp_path / "a.mp4")]) == 2
    said = capsys.readouterr().err
    assert "pip install 'metammo[film]'" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.pure
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.avi"], "a film ends in .mp4 or .gif, got 'a.avi'"),
        (["no/a.gif"], "there is no folder no"),
        (["a.gif", "--fps", "0"], r"fps, pictures a second, must lie in 0.1..240, got 0"),
        (["a.gif", "--every", "0"], "every must be at least 1"),
        (["a.gif", "--pixels", "9000"], "must lie in 32..4096, got 9000"),
        (["a.gif", "--from", "4", "--to", "3"], "has frames 0..5; got 4..3"),
        (["a.gif", "--to", "6"], "has frames 0..5; got 0..6"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_line(
    arguments, words, replay, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    write_replay(Path("a.metammo"), replay)
    assert main(["replay", "film", "a.metammo", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.metammo"]


@pytest.mark.pure
def test_a_replay_without_frames_or_ground_is_refused(replay, tmp_path):
    truth = Replay({**replay.header, "has_frames": False}, {"start": replay["start"]})
    with pytest.raises(ReplayError, match="cannot be drawn: it lacks map"):
        write_film(truth, tmp_path / "a.gif")
    arrays = {name: replay[name] for name in replay.names}
    with pytest.raises(ReplayError, match="walkable square is off the map"):
        write_film(Replay({**replay.header, "first": 40}, arrays), tmp_path / "a.gif")
    # A square that leaves the map is cut off.
    draw_frame(Replay({**replay.header, "first": 9}, arrays), -1)


@pytest.mark.pure
def test_parts_of_a_gif_are_pillows_own(replay):
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 256, (7, 30)).astype(np.uint8)
    block = film._gif_block(indices, 3, 2)
    assert block[0] == 0x2C
    assert block[1:5] == b"\x02\x00\x03\x00"
    assert block[-1] == 0
