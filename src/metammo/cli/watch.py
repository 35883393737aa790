"""`metammo watch`: a replay in the browser, or a game while it is played."""

import asyncio
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from metammo.cli.knobs import read_knobs
from metammo.cli.options import read_options
from metammo.cli.replay import PEER_SUFFIXES, Ticker, load
from metammo.cli.show import note

if TYPE_CHECKING:
    from metammo.live.session import Session
    from metammo.replay.format import Replay

DEFAULT_GAME = "king_of_the_hill"


@dataclass(frozen=True)
class Options:
    """Watch a replay in the browser, or policies while they play, and play among them.

    A live game is played by the evaluation's knobs on a held-out map. In the browser, choose an
    agent and take it over. The server listens on this machine alone unless --host says otherwise;
    Ctrl-C ends it.

    Example: metammo watch scripted random --game team_battle
    """

    what: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="WHAT ...")]
    """A replay's file, ours or Neural MMO's; or policies to play live: runs' folders,
    checkpoints', trained policies by name (`metammo policies`), `scripted`, `smith`, `random`;
    teams are dealt in turn."""
    game: str = ""
    """Id of a game, or the path of a file that holds one; by default the game that the first run
    was trained on, else king_of_the_hill, unless the policy learned others alone."""
    config: str = ""
    """mini or full; by default the run's, else mini."""
    size: str = "standard"
    """tiny, standard or large."""
    seed: int = 0
    """Of the world and of the policies."""
    knobs: tuple[str, ...] = ()
    """Rules and the game's own knobs that differ, as horizon=512 fog_speed=1/16."""
    task: str = ""
    """Ask this in place of the game's own, or of the run's."""
    html: Path | None = None
    """Write a page that opens from disk, the replay inside, instead; policies play an episode."""
    video: Path | None = None
    """Write a film instead, an .mp4, drawn from above; needs ffmpeg."""
    gif: Path | None = None
    """Write a small film instead, a .gif of about 200 pictures."""
    pace: Literal["clock", "turn"] = "clock"
    """clock: ticks come by themselves; turn: when every person has chosen."""
    pause: bool = False
    """Begin paused."""
    host: str = "127.0.0.1"
    """Where to listen; others than this machine can reach 0.0.0.0."""
    port: int = 0
    """0: any that is free."""
    open: bool = True
    """Open the browser."""


@dataclass(frozen=True)
class Setting:
    """What is played where a replay is not."""

    game: str
    config: str
    task: str


def setting_of(options: Options) -> Setting:
    """Return what is played: what is asked for, else what the first run was trained on."""
    from metammo.learner.checkpoint import PROGRESS, read_progress
    from metammo.policies.hub import DESCRIPTION, part_name
    from metammo.policies.shipped import find_shipped

    for name in options.what:
        shipped = find_shipped(name)
        if shipped is not None:
            return _setting_of_shipped(options, shipped)
        place = Path(part_name(name)[1])
        for folder in (place, place / "checkpoints" / "last"):
            # A policy from elsewhere has no settings beside it.
            if (folder / DESCRIPTION).is_file() and (folder / PROGRESS).is_file():
                settings, _, _ = read_progress(folder)
                task = "" if options.game else settings.task
                return Setting(
                    options.game or settings.games[0],
                    options.config or settings.config,
                    options.task or task,
                )
    return Setting(options.game or DEFAULT_GAME, options.config or "mini", options.task)


def _setting_of_shipped(options: Options, folder: Path) -> Setting:
    """Return what a policy that comes with metammo plays: its config, a game that it learned."""
    from metammo.policies.hub import read_description

    description = read_description(folder)
    games = description.get("games") or {DEFAULT_GAME: 1}
    game = DEFAULT_GAME if DEFAULT_GAME in games else next(iter(games))
    config = options.config or description["layout"]
    return Setting(options.game or game, config, options.task)


def _is_replay(name: str) -> bool:
    path = Path(name)
    return path.is_file() or path.suffix in (".metammo", *PEER_SUFFIXES)


def _read_replay(path: Path) -> "Replay":
    """Return a replay that the viewer can show.

    Raises:
        ReplayError: the file is none, or has nothing to show.
    """
    from metammo.replay.format import FRAMES

    replay = load(path, Ticker("packets"))
    replay.require(FRAMES, "shown")
    return replay


def _play(options: Options) -> "Replay":
    """Play an episode, and return its replay."""
    from metammo.cli.evaluate import named_policies
    from metammo.evaluation.record import play_recorded

    setting = setting_of(options)
    return play_recorded(
        setting.game,
        named_policies(options.what, options.seed),
        seed=options.seed,
        config=setting.config,
        size=options.size,
        knobs=read_knobs(options.knobs, setting.task),
        keeps_thoughts=True,
        progress=Ticker("ticks"),
    )


def _check_outputs(options: Options) -> list[Path]:
    """Return what is to be written; called before an episode is played that could not be kept.

    Raises:
        ReplayError: there is no folder for it, or what makes it is missing.
        ValueError: a film's name does not end as films of its kind do.
    """
    from metammo.replay.film import find_ffmpeg
    from metammo.replay.format import check_folder
    from metammo.replay.page import check_viewer

    films = ((options.video, ".mp4", "--video"), (options.gif, ".gif", "--gif"))
    for path, suffix, name in films:
        if path and path.suffix != suffix:
            raise ValueError(f"{name} writes a file that ends in {suffix}, got {path}")
    paths = [path for path in (options.html, options.video, options.gif) if path]
    for path in paths:
        check_folder(path)
    if options.html:
        check_viewer()
    if options.video:
        find_ffmpeg()
    return paths


def _write(options: Options, file: Path | None) -> int:
    """Write the page and the films that are asked for."""
    from metammo.replay.film import write_film
    from metammo.replay.format import replay_bytes, write_whole
    from metammo.replay.page import replay_page

    known = None if file is None else _read_replay(file)
    paths = _check_outputs(options)
    replay = known or _play(options)
    for path in paths:
        if path == options.html:
            write_whole(path, [replay_page(replay_bytes(replay)).encode()])
        else:
            write_film(replay, path, progress=Ticker("pictures"))
        print(path)
    return 0


def _session(options: Options) -> "Session":
    """Return a live game at its start."""
    from metammo.cli.evaluate import named_policies
    from metammo.evaluation.record import one_world_table
    from metammo.live.game import Game
    from metammo.live.session import Session

    setting = setting_of(options)
    knobs = read_knobs(options.knobs, setting.task)
    table = one_world_table(
        setting.game,
        named_policies(options.what, options.seed),
        seed=options.seed,
        config=setting.config,
        size=options.size,
        knobs=knobs,
        keeps_thoughts=True,
    )
    try:
        game = Game(table, seed=options.seed, knobs=knobs)
    except ValueError:
        table.batch.close()
        raise
    return Session(game, is_playing=not options.pause, pace=options.pace)


async def _serve(options: Options, files: dict[str, Any], session: "Session | None") -> None:
    from metammo.live.server import open_server

    server = open_server(files, host=options.host, port=options.port, session=session)
    async with server as address:
        page = f"{address}?live" if session else f"{address}?file=replay.metammo"
        print(page, flush=True)
        note("Ctrl-C ends it")
        if options.open:
            # A browser may keep its caller waiting.
            threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        if session:
            await session.run()
        else:
            await asyncio.Event().wait()


def _watch(options: Options, replay: Path | None) -> int:
    from metammo.live.server import ANYTHING, WebFile, viewer_files
    from metammo.replay.format import replay_bytes

    # What is wrong with the file comes before what is missing to show it.
    shown = None if replay is None else replay_bytes(_read_replay(replay))
    files = viewer_files()
    session = None
    if shown is None:
        session = _session(options)
    else:
        files["/replay.metammo"] = WebFile(ANYTHING, shown)
    try:
        asyncio.run(_serve(options, files, session))
    except KeyboardInterrupt:
        note("stopped")
    finally:
        if session:
            session.close()
    return 0


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo watch")
    replays = [Path(name) for name in options.what if _is_replay(name)]
    if not options.what or (replays and len(options.what) > 1):
        raise ValueError("name one replay, or one or more policies, as in: metammo watch scripted")
    replay = replays[0] if replays else None
    if options.html or options.video or options.gif:
        return _write(options, replay)
    return _watch(options, replay)
