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
from metammo.cli.replay import PEER_SUFFIXES, Ticker, load
from metammo.cli.show import note

if TYPE_CHECKING:
    from metammo.live.session import Session

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
    checkpoints', `scripted`, `smith`, `random`; teams are dealt in turn."""
    game: str = ""
    """Id of a game, or the path of a file that holds one; by default the game that the first run
    was trained on, else king_of_the_hill."""
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
    from metammo.policies.hub import DESCRIPTION

    for name in options.what:
        for folder in (Path(name), Path(name) / "checkpoints" / "last"):
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


def _is_replay(name: str) -> bool:
    path = Path(name)
    return path.is_file() or path.suffix in (".metammo", *PEER_SUFFIXES)


def _read_replay(path: Path) -> bytes:
    """Return a replay in the form that the viewer reads.

    Raises:
        ReplayError: the file is none, or has nothing to show.
    """
    from metammo.replay.format import FRAMES, replay_bytes

    replay = load(path, Ticker("packets"))
    replay.require(FRAMES, "shown")
    return replay_bytes(replay) if path.suffix in PEER_SUFFIXES else path.read_bytes()


def _play(options: Options) -> bytes:
    """Play an episode, and return its replay."""
    from metammo.cli.evaluate import named_policies
    from metammo.evaluation.record import play_recorded
    from metammo.replay.format import replay_bytes

    setting = setting_of(options)
    replay = play_recorded(
        setting.game,
        named_policies(options.what, options.seed),
        seed=options.seed,
        config=setting.config,
        size=options.size,
        knobs=read_knobs(options.knobs, setting.task),
        keeps_thoughts=True,
        progress=Ticker("ticks"),
    )
    return replay_bytes(replay)


def _write_page(options: Options, path: Path, replay: Path | None) -> int:
    from metammo.replay.format import write_whole
    from metammo.replay.header import ReplayError
    from metammo.replay.page import check_viewer, replay_page

    # Before anything is played: an episode that cannot be kept is lost.
    check_viewer()
    if not path.parent.is_dir():
        raise ReplayError(f"{path} cannot be written: there is no folder {path.parent}")
    data = _play(options) if replay is None else _read_replay(replay)
    write_whole(path, [replay_page(data).encode()])
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

    files = viewer_files()
    session = None
    if replay is None:
        session = _session(options)
    else:
        files["/replay.metammo"] = WebFile(ANYTHING, _read_replay(replay))
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
    options = tyro.cli(Options, args=list(arguments), prog="metammo watch")
    replays = [Path(name) for name in options.what if _is_replay(name)]
    if not options.what or (replays and len(options.what) > 1):
        raise ValueError("name one replay, or one or more policies, as in: metammo watch scripted")
    replay = replays[0] if replays else None
    if options.html:
        return _write_page(options, options.html, replay)
    return _watch(options, replay)
