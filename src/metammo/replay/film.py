"""A replay as a film: its frames drawn one after the other into an mp4 or a gif.

mp4 needs ffmpeg, on the path or as the package imageio-ffmpeg; gif needs Pillow. Frames go to the
file as they are drawn: a film takes no more memory than a replay and one picture.
"""

import io
import math
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.picture import (
    ATTACK_COLORS,
    CLEAR,
    GOAL_COLOR,
    NPC_COLORS,
    OUTLINE,
    ROSTER,
    VOID_COLOR,
    Painter,
    Pixels,
    Scene,
    draw_roster,
    team_colors,
)
from metammo.replay.format import FRAMES, Replay, check_folder, new_replay, write_whole
from metammo.replay.header import ReplayError

SUFFIXES = (".mp4", ".gif")
LARGEST_TILE = 32
"""Pixels of a tile, at most."""
SIDES = {".mp4": 780, ".gif": 520}
"""Side of a picture, pixels, about: a whole number of them for each tile."""
GIF_FRAMES = 200
"""A gif leaves out frames so that it has about so many at most."""
FARTHEST_ATTACK = 8
"""Tiles between who attacked and whom, at most, for a line to be drawn."""
SPEED = 10.0
"""Pictures a second."""
LAST_SHOWN = 1.5
"""Seconds for which the last picture stays."""
PALETTE_FRAMES = 6
"""Pictures of which a gif's colours are made."""
GIF_COLORS = 255
"""Colours of a gif; one more is see-through: what has not changed."""
Shown = tuple[Pixels, float]
"""A picture, and for how many seconds."""

MEND = "put ffmpeg on the path, or: pip install 'metammo[film]', which brings imageio-ffmpeg"


class Frames:
    """Pictures of a replay's frames; `draw` them in order.

    Attributes:
        shape: rows and columns of a picture, both even.
    """

    def __init__(self, replay: Replay, pixels: int) -> None:
        """Read what is drawn.

        Args:
            replay: with frames.
            pixels: side of a picture, about; no less than one for each tile.

        Raises:
            ReplayError: there are no frames, or nothing of the map can be walked on.
        """
        replay.require(FRAMES, "drawn")
        self.replay, header = replay, replay.header
        self.first = header["first"]
        self.tiles = min(header["playable"] + 1, header["map_size"] - self.first)
        if self.tiles < 1:
            raise ReplayError(f"{replay.label} cannot be drawn: its walkable square is off the map")
        tile = min(max(pixels // self.tiles, 1), LARGEST_TILE)
        self.painter = Painter(self.tiles, tile, header["seed"] or 0)
        side = self.tiles * tile
        self.shape = (side + ROSTER + side % 2, side + side % 2)
        # Filling one anew would take as long as drawing everything else.
        self._blank = np.full((*self.shape, 3), VOID_COLOR, np.uint8)
        # What a row's team is: an NPC has none.
        self.team = np.full(header["entities"], -1, np.int64)
        self.team[: header["players"]] = header["player_team"]
        self._material = replay["map"].copy()
        self._change = 0
        row, col = np.indices((self.tiles, self.tiles)) + self.first
        center = header["map_size"] // 2
        last = header["map_size"] - 1
        self._ring = np.minimum(np.minimum(row, col), last - np.maximum(row, col)) - self.first
        self._from_center = np.maximum(np.abs(row - center), np.abs(col - center))

    def draw(self, frame: int) -> Pixels:
        """Return a frame's picture, uint8[rows, cols, 3]; the caller's own.

        Args:
            frame: no earlier than the one before.
        """
        scene = self.scene(frame)
        picture = self._blank.copy()
        ground = self.painter.draw(scene)
        picture[: len(ground), : len(ground)] = ground
        strip = picture[self.shape[0] - ROSTER :]
        draw_roster(scene.team_alive, strip)
        self._draw_clock(frame, strip)
        return picture

    def _draw_clock(self, frame: int, strip: Pixels) -> None:
        """Draw a line under the map, as long as the share of the episode that is over."""
        done = frame / max(self.replay.header["ticks"], 1)
        strip[:2] = (40, 44, 54)
        strip[:2, : round(strip.shape[1] * done)] = (200, 206, 220)

    def scene(self, frame: int) -> Scene:
        """Return what is to be seen in a frame."""
        replay, first, players = self.replay, self.first, self.replay.header["players"]
        changes = replay["tile_changes"]
        end = int(np.searchsorted(changes[:, 0], frame, "right"))
        for _, row, col, material in changes[self._change : end].tolist():
            self._material[row, col] = material
        self._change = max(self._change, end)
        part = slice(first, first + self.tiles)
        alive = replay["entity_alive"][frame] != 0
        rows = np.flatnonzero(alive)
        # NPCs first, so that players lie on top.
        rows = np.concatenate([rows[rows >= players], rows[rows < players][::-1]])
        place = np.stack([replay["entity_row"][frame], replay["entity_col"][frame]], 1) - first
        owners = replay["objective_owner"][frame].tolist()
        goals = zip(replay["objective_row"][frame], replay["objective_col"][frame], strict=True)
        kind = replay["entity_kind"][frame].astype(np.int64)
        # An agent is who has a team, whatever the file says.
        kind[players:][kind[players:] == 1] = 0
        teams = replay.header["teams"]
        spans = [alive[team["first"] : team["first"] + team["size"]] for team in teams]
        return Scene(
            material=self._material[part, part],
            depth=self._depth(frame),
            place=place[rows],
            kind=kind[rows],
            team=self.team[rows],
            health=replay["entity_health"][frame][rows],
            team_alive=np.array([span.mean() if len(span) else 0.0 for span in spans]),
            objectives=[
                (int(row) - first, int(col) - first, owner)
                for (row, col), owner in zip(goals, owners, strict=True)
            ],
            has_goal=bool((replay.header["rules"] or {}).get("center_mark", 0)),
            attacks=self._attacks(frame, place),
        )

    def _attacks(self, frame: int, place: NDArray[Any]) -> NDArray[np.integer]:
        target = self.replay["entity_target"][frame]
        reach = np.abs(place - place[np.maximum(target, 0)]).max(1)
        # Farther off there is another NPC by now, in the row of one that died.
        row = np.flatnonzero((target >= 0) & (reach <= FARTHEST_ATTACK))
        style = self.replay["entity_style"][frame][row, None]
        return np.concatenate([place[row], place[target[row]], style], 1)

    def _depth(self, frame: int) -> NDArray[np.integer]:
        """Return how deep each tile lies in the fog, tiles: the simulator's own fractions."""
        fog = self.replay.header["fog"]
        if not fog or not fog["onset"]:
            return np.full((self.tiles, self.tiles), CLEAR)
        number, per = fog["speed"]
        advance = min(max(frame - fog["onset"] + 1, 0) * number / per, 1e6)
        depth = np.rint(advance - self._ring).astype(np.int64)
        return np.where(self._from_center <= fog["final_size"], CLEAR, depth)


def find_ffmpeg() -> str:
    """Return the path of ffmpeg: the one on the path, or imageio-ffmpeg's.

    Raises:
        ReplayError: there is none.
    """
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        path: str = import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise ReplayError(f"an mp4 needs ffmpeg, and there is none: {MEND}") from error
    return path


def _write_mp4(
    path: Path, program: str, pictures: Iterator[Shown], shape: tuple[int, int], fps: float
) -> None:
    """Hand pictures to ffmpeg, which writes them to a path.

    Raises:
        ReplayError: it cannot.
    """
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{shape[1]}x{shape[0]}"]
    given += ["-r", f"{fps:g}", "-i", "-"]
    made = ["-pix_fmt", "yuv420p", "-preset", "veryfast", "-crf", "20"]
    made += ["-movflags", "+faststart", "-f", "mp4", str(path)]
    command = [program, "-y", "-loglevel", "error", *given, "-an", *made]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        assert process.stdin is not None
        try:
            # A pipe that breaks: ffmpeg has ended, and says below why.
            with suppress(BrokenPipeError):
                for picture, seconds in pictures:
                    for _ in range(max(round(seconds * fps), 1)):
                        process.stdin.write(picture.tobytes())
                process.stdin.close()
            code = process.wait()
        finally:
            # Left early, by an error or by the user.
            process.kill()
            process.wait()
            with suppress(OSError):
                process.stdin.close()
        if code != 0:
            said.seek(0)
            words = " ".join(said.read(4000).decode(errors="replace").split())
            raise ReplayError(f"ffmpeg failed: {words[:200] or f'exit code {code}'}")


def _gif_colors(samples: list[Pixels], teams: int) -> NDArray[np.uint8]:
    """Return a gif's colours, uint8[255, 3]: those of figures, and what pictures are made of."""
    from PIL import Image

    figures = [*NPC_COLORS.values(), *ATTACK_COLORS, GOAL_COLOR, OUTLINE, (255, 255, 255)]
    fixed = np.array([*figures, *team_colors(max(teams, 1))[:64].tolist()], np.uint8)
    left = GIF_COLORS - len(fixed)
    whole = Image.fromarray(np.concatenate(samples)).quantize(left, Image.Quantize.MEDIANCUT)
    found = np.array(whole.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)[:left]
    colors = np.zeros((GIF_COLORS, 3), np.uint8)
    colors[: len(fixed)] = fixed
    colors[len(fixed) : len(fixed) + len(found)] = found
    return colors


def _nearest(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the nearest of some colours for each of 32 x 32 x 32, uint8[32768]."""
    steps = (np.arange(32) * 8 + 4).astype(np.float32)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    wanted = colors.astype(np.float32)
    # The square of a distance, less what is the same for all colours.
    return np.concatenate(
        [
            ((wanted**2).sum(1) - 2 * part @ wanted.T).argmin(1).astype(np.uint8)
            for part in np.split(cube, 16)
        ]
    )


def _gif_block(indices: NDArray[np.uint8], top: int, left: int) -> bytes:
    """Return a part of a picture as a gif holds it: Pillow's own, cut out of a gif of its own."""
    from PIL import Image

    image = Image.fromarray(indices)
    image.putpalette(bytes(768))
    file = io.BytesIO()
    image.save(file, "GIF", optimize=False, interlace=0)
    data = file.getvalue()
    place = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 128 else 0)
    while data[place] == 0x21:
        place += 2
        while data[place]:
            place += data[place] + 1
        place += 1
    return data[place : place + 1] + struct.pack("<HH", left, top) + data[place + 5 : -1]


def _gif_parts(
    pictures: Iterator[Shown], shape: tuple[int, int], colors: NDArray[np.uint8]
) -> Iterator[bytes]:
    """Return a gif, piece by piece; each picture holds only what has changed."""
    rows, cols = shape
    yield b"GIF89a" + struct.pack("<HHBBB", cols, rows, 0xF7, 0, 0)
    yield colors.tobytes() + bytes(3)
    yield b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    nearest = _nearest(colors)
    shown: NDArray[np.uint8] | None = None
    for picture, seconds in pictures:
        # A channel at a time: sums over all three are slower.
        red, green, blue = (picture[..., channel].astype(np.int32) >> 3 for channel in range(3))
        indices = nearest[(red << 10) | (green << 5) | blue]
        changed = np.ones(shape, np.bool_) if shown is None else indices != shown
        lines, columns = (np.flatnonzero(changed.any(axis)) for axis in (1, 0))
        # A picture without any change is a pixel of the old.
        top, left = (int(found[0]) if len(found) else 0 for found in (lines, columns))
        end, right = (int(found[-1]) + 1 if len(found) else 1 for found in (lines, columns))
        part = np.where(changed, indices, GIF_COLORS).astype(np.uint8)[top:end, left:right]
        delay = max(round(seconds * 100), 2)
        yield b"\x21\xf9\x04\x05" + struct.pack("<HBB", min(delay, 65535), GIF_COLORS, 0)
        yield _gif_block(np.ascontiguousarray(part), top, left)
        shown = indices
    yield b"\x3b"


def _check(replay: Replay, path: Path, fps: float, every: int, pixels: int, span: range) -> None:
    """Raise ReplayError where a film cannot be made as it is asked for."""
    count = replay.header["ticks"] + 1
    if path.suffix not in SUFFIXES:
        raise ReplayError(f"a film ends in {' or '.join(SUFFIXES)}, got {path.name!r}")
    check_folder(path)
    if not 0.1 <= fps <= 240:
        raise ReplayError(f"fps, pictures a second, must lie in 0.1..240, got {fps:g}")
    if every < 1:
        raise ReplayError(f"every must be at least 1, got {every}")
    if not 32 <= pixels <= 4096:
        raise ReplayError(f"pixels, a picture's side, must lie in 32..4096, got {pixels}")
    if not 0 <= span.start < span.stop <= count:
        raise ReplayError(
            f"{replay.label} has frames 0..{count - 1}; got {span.start}..{span.stop - 1}"
        )


def write_film(
    replay: Replay,
    path: str | Path,
    *,
    fps: float = SPEED,
    every: int | None = None,
    pixels: int | None = None,
    first: int = 0,
    last: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> int:
    """Write a replay's frames as a film, whole or not at all; return its size in bytes.

    Args:
        replay: with frames; a converted one will do.
        path: ends in .mp4 or .gif.
        fps: pictures a second.
        every: draw each so many frames; None: all in an mp4, about 200 in a gif.
        pixels: side of a picture, about; None: 780 in an mp4, 520 in a gif.
        first: frame with which it begins.
        last: frame with which it ends; None: the last.
        progress: called with the number of pictures drawn, and the share of all, 0..1.

    Raises:
        ReplayError: what makes such films is missing, the replay has no frames, or the file cannot
            be written.
    """
    path = Path(path)
    stop = replay.header["ticks"] + 1 if last is None else last + 1
    if every is None:
        is_gif = path.suffix == ".gif"
        every = max(math.ceil((stop - first) / GIF_FRAMES), 1) if is_gif else 1
    pixels = SIDES.get(path.suffix, 0) or 32 if pixels is None else pixels
    _check(replay, path, fps, every, pixels, range(first, stop))
    program = find_ffmpeg() if path.suffix == ".mp4" else ""
    # The last one always: it shows how the episode ended.
    chosen = [*range(first, stop - 1, every), stop - 1]
    frames = Frames(replay, pixels)

    def pictures() -> Iterator[Shown]:
        for number, frame in enumerate(chosen):
            yield frames.draw(frame), LAST_SHOWN if frame == stop - 1 else 1 / fps
            if progress:
                progress(number + 1, (number + 1) / len(chosen))

    if path.suffix == ".gif":
        return write_whole(
            path, _gif_parts(pictures(), frames.shape, _palette(replay, pixels, chosen))
        )
    with new_replay(path) as part:
        _write_mp4(part, program, pictures(), frames.shape, fps)
    return path.stat().st_size


def _palette(replay: Replay, pixels: int, chosen: list[int]) -> NDArray[np.uint8]:
    """Return the colours of a gif of some frames."""
    frames = Frames(replay, pixels)
    samples = np.linspace(0, len(chosen) - 1, PALETTE_FRAMES).astype(int)
    drawn = [frames.draw(chosen[place]) for place in dict.fromkeys(samples.tolist())]
    return _gif_colors(drawn, len(replay.header["teams"]))


def draw_frame(replay: Replay, frame: int, pixels: int = SIDES[".mp4"]) -> Pixels:
    """Return the picture of one frame, uint8[rows, cols, 3].

    Args:
        replay: with frames.
        frame: its number; -1 is the last.
        pixels: side of the picture, about.

    Raises:
        ReplayError: there are no frames.
    """
    return Frames(replay, pixels).draw(frame % (replay.header["ticks"] + 1))
