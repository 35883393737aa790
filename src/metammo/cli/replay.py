"""`metammo replay`: record an episode, look into a replay, play it again, convert it."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note, print_json, print_table, printable

USAGE = """usage: metammo replay record|info|film|verify|convert ...

  record   play one episode and write it to a file
  info     what a file holds: game, policies, winners, a row for each team
  film     draw it into an mp4 or a gif
  verify   play a file's episode again and compare every frame
  convert  from and to the replays of Neural MMO 2 (.replay.lzma, .replay.json)

Example: metammo replay record battle.metammo --game team_battle --policy scripted random
metammo replay record --help says more, and so for the others."""

PEER_SUFFIXES = (".lzma", ".json")


@dataclass(frozen=True)
class Record:
    """Play one episode by the evaluation's knobs on a held-out map, and write it to a file.

    Example: metammo replay record battle.metammo --game team_battle --policy scripted random
    """

    out: Annotated[Path, tyro.conf.Positional]
    """The file, such as battle.metammo."""
    game: str = "team_battle"
    """Id of a game, or the path of a file that holds one."""
    policy: tuple[str, ...] = ("scripted",)
    """Who plays: `scripted`, `smith`, `random`, trained policies by name (`metammo policies`),
    runs' folders; teams are dealt in turn."""
    seed: int = 0
    """Of the world and of the policies."""
    config: str = "mini"
    """mini or full."""
    size: str = "standard"
    """tiny, standard or large."""
    knobs: tuple[str, ...] = ()
    """Rules and the game's own knobs that differ, as horizon=512 fog_speed=1/16."""
    task: str = ""
    """Ask this in place of the game's own."""
    frames: bool = True
    """Write what viewers show; without it the file is small, and can still be verified."""
    thoughts: bool = False
    """Also write what trained policies think: values, and their likeliest choices."""


@dataclass(frozen=True)
class Info:
    """Say what a replay holds.

    Example: metammo replay info battle.metammo
    """

    file: Annotated[Path, tyro.conf.Positional]
    """A replay, ours or Neural MMO's."""
    json: bool = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Film:
    """Draw a replay into an mp4, which needs ffmpeg, or into a gif.

    Example: metammo replay film battle.metammo battle.gif
    """

    file: Annotated[Path, tyro.conf.Positional]
    """A replay with frames, ours or Neural MMO's."""
    out: Annotated[Path, tyro.conf.Positional]
    """The film; ends in .mp4 or .gif."""
    fps: float = 10.0
    """Pictures a second."""
    every: int | None = None
    """Draw each so many frames; by default all in an mp4, and about 200 in a gif."""
    pixels: int | None = None
    """Side of a picture, about; by default 780 in an mp4 and 520 in a gif."""
    first: Annotated[int, tyro.conf.arg(name="from")] = 0
    """Frame with which it begins."""
    last: Annotated[int | None, tyro.conf.arg(name="to")] = None
    """Frame with which it ends; by default the last."""


@dataclass(frozen=True)
class Verify:
    """Play a replay's episode again, and compare the whole world at every frame.

    The start is taken from the file: verify files whose origin you trust. Exit code 1 where the
    episode was not played as the file says.

    Example: metammo replay verify battle.metammo
    """

    file: Annotated[Path, tyro.conf.Positional]
    """A replay with its truth."""
    game: str = ""
    """Path of the game's file, where it is not one of the package's."""


@dataclass(frozen=True)
class Convert:
    """Convert a replay from or to Neural MMO 2, as the files' names end.

    Example: metammo replay convert hill.replay.lzma hill.metammo
    """

    source: Annotated[Path, tyro.conf.Positional]
    """What is read."""
    out: Annotated[Path, tyro.conf.Positional]
    """What is written."""


def load(path: Path, progress: Callable[[int, float], None] | None = None) -> Any:
    """Return a file's replay, whichever kind it is."""
    from metammo.replay.format import Replay
    from metammo.replay.neural_mmo import read_neural_mmo

    if path.suffix in PEER_SUFFIXES:
        return read_neural_mmo(path, progress)
    return Replay.open(path)


class Ticker:
    """Says on a terminal's standard error how far something has come, four times a second."""

    def __init__(self, what: str) -> None:
        self.what, self.last = what, time.monotonic()

    def __call__(self, count: int, share: float | None = None) -> None:
        """Say how many there are, and which share of all that is where it is known."""
        now = time.monotonic()
        if now - self.last > 0.25 and sys.stderr.isatty():
            self.last = now
            rest = "" if share is None else f" ({share:.0%})"
            print(f"\r{count} {self.what}{rest} ", end="", file=sys.stderr, flush=True)


def _record(options: Record) -> int:
    from metammo.cli.evaluate import named_policies
    from metammo.cli.knobs import read_knobs
    from metammo.evaluation.record import record_match

    replay = record_match(
        options.out,
        options.game,
        named_policies(options.policy, options.seed),
        seed=options.seed,
        config=options.config,
        size=options.size,
        knobs=read_knobs(options.knobs, options.task),
        has_frames=options.frames,
        keeps_thoughts=options.thoughts,
        progress=Ticker("ticks"),
    )
    size = options.out.stat().st_size
    length = f"{replay.header['ticks']} ticks in {size / 1e3:.0f} kB"
    note(f"{length}; look: metammo replay info {options.out}")
    print(options.out)
    return 0


def _info(options: Info) -> int:
    from metammo.replay.summary import summary

    found = summary(load(options.file, Ticker("packets")))
    if options.json:
        print_json(found)
        return 0
    teams = found.pop("rows")
    for name, value in found.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        text = "unknown" if value is None else printable(str(shown))
        print(f"{name.replace('_', ' ')}: {text}")
    columns = ("team", "policy", "agents", "alive", "deaths", "kills", "gold", "progress", "won")
    cells = [[_shown(row[column]) for column in columns] for row in teams]
    print_table("", columns, cells)
    return 0


def _shown(value: Any) -> str:
    if value is None:
        return "?"
    return f"{value:.3f}" if isinstance(value, float) else printable(str(value))


def _film(options: Film) -> int:
    from metammo.replay.film import write_film

    size = write_film(
        load(options.file, Ticker("packets")),
        options.out,
        fps=options.fps,
        every=options.every,
        pixels=options.pixels,
        first=options.first,
        last=options.last,
        progress=Ticker("pictures"),
    )
    note(f"{size / 1e6:.1f} MB")
    print(options.out)
    return 0


def _verify(options: Verify) -> int:
    from metammo.replay.verify import verify

    replay = load(options.file)
    verdict = verify(replay, game=options.game or None, progress=Ticker("ticks"))
    if verdict.is_same:
        print(f"{options.file}: all {verdict.ticks + 1} frames are as recorded")
        return 0
    columns = ", ".join(verdict.columns) or "nothing that frames show"
    print(f"{options.file}: frame {verdict.first_difference} differs, in {columns}")
    return 1


def _convert(options: Convert) -> int:
    from metammo.replay.format import write_replay
    from metammo.replay.to_neural_mmo import write_neural_mmo

    if (options.source.suffix in PEER_SUFFIXES) == (options.out.suffix in PEER_SUFFIXES):
        raise ValueError(
            "one of the files must end in .lzma or .json, as Neural MMO's do, and the other not; "
            f"got {options.source} and {options.out}"
        )
    replay = load(options.source, Ticker("packets"))
    if options.out.suffix in PEER_SUFFIXES:
        write_neural_mmo(options.out, replay, Ticker("packets"))
    else:
        write_replay(options.out, replay)
    print(options.out)
    return 0


PARTS: dict[str, tuple[type[Any], Callable[[Any], int]]] = {
    "record": (Record, _record),
    "info": (Info, _info),
    "film": (Film, _film),
    "verify": (Verify, _verify),
    "convert": (Convert, _convert),
}


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0
    name, *rest = arguments
    if name not in PARTS:
        raise ValueError(f"replay has no part {name!r}; parts: {', '.join(PARTS)}")
    kind, carry_out = PARTS[name]
    return carry_out(read_options(kind, rest, f"metammo replay {name}"))
