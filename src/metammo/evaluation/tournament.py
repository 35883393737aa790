"""Matches of several games and seeds, kept in a folder: interrupted, they go on where they were.

The folder holds `pieces/`, each written as a whole, from which the files of rows are made:
`<game>.parquet`, and `<game>-tasks.parquet` where tasks of the evaluation alone are asked.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

import metammo
from metammo.envs.batch import Games
from metammo.evaluation.ledger import Played, sorted_tasks, tables_of
from metammo.evaluation.match import WORLDS, Job, Match, MatchRows, play_matches
from metammo.evaluation.rows import EpisodeRow, ResultError, RowType, TaskRow, write_rows
from metammo.files import beside
from metammo.minigames.minigame import find_game, game_names
from metammo.policies.choosing import Choosing
from metammo.policies.policy import Policy

SETTINGS = "tournament.json"
PIECES = "pieces"
PIECE_SECONDS = 15.0
"""After so long what was played is written down."""
NEXT_TO_NEVER = 1e-12
"""Weight of a game that is compiled, too, but not drawn."""
KINDS: dict[str, RowType] = {"episodes": EpisodeRow, "tasks": TaskRow}


class Runner(Protocol):
    """Plays episodes of matches, as `match.play_matches` does."""

    def __call__(
        self, jobs: Sequence[Job], *, worlds: int, threads: int | None
    ) -> Iterator[tuple[int, Played]]:
        """Yield the place of each episode's job, and what came of it, as it ends."""
        ...


@dataclass(frozen=True)
class Plan:
    """What a tournament plays."""

    games: Sequence[str]
    """Ids or paths."""
    policies: Sequence[Policy]
    """Who plays; names differ."""
    episodes: int = 200
    """Of each game and seed."""
    seeds: Sequence[int] = (1,)
    """Of the matches."""
    config: str = "mini"
    """mini or full."""
    size: str = "standard"
    """Size class."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Rules that differ from the evaluation's, of every game."""
    own_knobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The same of single games, by what they are called in `games`."""
    focal: int = 0
    """See `Match`; so is `share`."""
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.episodes < 1 or not self.seeds or not self.games:
            raise ValueError("a tournament needs at least one game, one seed and one episode")
        if min(self.seeds) < 0:
            raise ValueError(f"seeds must be at least 0, got {min(self.seeds)}")
        names = [find_game(game).name for game in self.games]
        for given in (names, list(self.seeds)):
            if len(set(given)) < len(given):
                raise ValueError(f"a game or seed is given twice: {', '.join(map(str, given))}")

    @property
    def total(self) -> int:
        """How many episodes there are in all."""
        return self.episodes * len(self.seeds) * len(self.games)

    def match(self, game: str, seed: int) -> Match:
        """Return the match of a game and seed.

        All of the package's games are compiled together, once for every tournament: that takes
        little longer than one of them.
        """
        known = [name for name in game_names() if self.config in find_game(name).configs]
        every = [*known, *(each for each in self.games if each not in known)]
        knobs = self.knobs_of(game)
        mix: Games = {each: (1.0, knobs) if each == game else NEXT_TO_NEVER for each in every}
        return Match(
            mix,
            tuple(self.policies),
            seed=seed,
            config=self.config,
            size=self.size,
            focal=self.focal,
            share=self.share,
        )

    def knobs_of(self, game: str) -> dict[str, Any]:
        """Return every knob of a game that differs from its evaluation's."""
        return {**self.knobs, **self.own_knobs.get(game, {})}

    def game_settings(self) -> dict[str, Any]:
        """Return by id what all rows of a game must have in common, as JSON can hold it."""
        return {
            find_game(game).name: {
                "version": find_game(game).game.version,
                "knobs": {name: str(value) for name, value in sorted(self.knobs_of(game).items())},
            }
            for game in self.games
        }

    def settings(self) -> dict[str, Any]:
        """Return, as JSON can hold it, what all rows of a folder must have in common."""
        return {
            "metammo": metammo.__version__,
            "policies": {policy.name: fingerprint(policy) for policy in self.policies},
            "config": self.config,
            "size": self.size,
            "focal": self.focal,
            "share": self.share,
        }


def fingerprint(policy: Any) -> str:
    """Return what tells a policy from others: a hash of network and way to choose, or its kind."""
    module = getattr(policy, "module", None)
    if module is None:
        return type(policy).__name__
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.cpu().contiguous().numpy().tobytes())
    # What is not said is what policies did before there was anything to say.
    if policy.choosing != Choosing():
        digest.update(repr(policy.choosing).encode())
    return digest.hexdigest()


class Store:
    """The folder of a tournament.

    Args:
        folder: where; made if it is not there.
        plan: what is played.

    Raises:
        ResultError: the folder holds rows of something else.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.pieces = folder / PIECES
        self.pieces.mkdir(parents=True, exist_ok=True)
        self._check_settings(plan)

    def _check_settings(self, plan: Plan) -> None:
        path = self.folder / SETTINGS
        wanted, games = plan.settings(), plan.game_settings()
        if path.exists():
            try:
                kept = json.loads(path.read_text(encoding="utf-8"))
                differs = [name for name in wanted if kept.get(name) != wanted[name]]
                differs += [
                    f"the {what} of {game}"
                    for game, own in kept["games"].items()
                    for what in own
                    if own[what] != games.get(game, own)[what]
                ]
                games = {**kept["games"], **games}
            except (ValueError, KeyError, TypeError) as error:
                raise ResultError(f"{path} cannot be read: {error}; use another folder") from error
            if differs:
                raise ResultError(
                    f"{self.folder} holds a tournament that differs in {', '.join(differs)}: "
                    "choose another folder, or remove this one"
                )
        with beside(path) as part:
            part.write_text(json.dumps({**wanted, "games": games}, indent=2), encoding="utf-8")

    def _piece(self, game: str, seed: int, place: int, kind: str) -> Path:
        return self.pieces / f"{game}-{seed}-{place:05d}-{kind}.parquet"

    def _found(self, game: str, seed: int | None = None) -> list[Path]:
        """Return the pieces' files of episodes, in order; of one seed, or of all."""
        of_seed = r"\d+" if seed is None else str(seed)
        name = re.compile(rf"{re.escape(game)}-{of_seed}-\d{{5}}-episodes\.parquet")
        return sorted(path for path in self.pieces.iterdir() if name.fullmatch(path.name))

    def played(self, game: str, seed: int) -> set[int]:
        """Return the numbers of the episodes that were played."""
        numbers: set[int] = set()
        for path in self._found(game, seed):
            numbers.update(pl.read_parquet(path, columns=["episode"])["episode"].to_list())
        return numbers

    def add(self, game: str, seed: int, played: Sequence[Played]) -> None:
        """Write a piece; the file of episodes comes last, and says that the piece is whole."""
        tables = dict(zip(KINDS, tables_of(played), strict=True))
        place = len(self._found(game, seed))
        for kind in reversed(KINDS):
            write_rows(self._piece(game, seed, place, kind), tables[kind], KINDS[kind])

    def keep(
        self, episodes: Iterator[tuple[int, Played]], places: Sequence[tuple[str, int]]
    ) -> Iterator[int]:
        """Write episodes down, piece by piece, as they end; yield the number of each.

        What has ended is kept, whatever ends the playing.

        Args:
            episodes: each with the place of its match.
            places: game and seed of each match.
        """
        waiting: dict[int, list[Played]] = {}
        began = time.monotonic()
        try:
            for place, each in episodes:
                waiting.setdefault(place, []).append(each)
                if time.monotonic() - began > PIECE_SECONDS:
                    self._add_all(waiting, places)
                    began = time.monotonic()
                yield each.number
        finally:
            self._add_all(waiting, places)

    def _add_all(self, waiting: dict[int, list[Played]], places: Sequence[tuple[str, int]]) -> None:
        while waiting:
            place, played = waiting.popitem()
            self.add(*places[place], played)

    def rows(self, game: str) -> MatchRows:
        """Return all rows of a game, sorted.

        Raises:
            ResultError: there are none.
        """
        found = self._found(game)
        if not found:
            raise ResultError(f"no episodes of {game} in {self.folder}")
        episodes = pl.concat([pl.read_parquet(path) for path in found])
        names = [path.name.replace("-episodes", "-tasks") for path in found]
        tasks = pl.concat([pl.read_parquet(self.pieces / name) for name in names])
        return MatchRows(episodes.sort("seed", "episode", "policy"), sorted_tasks(tasks))

    def finish(self, game: str, csv: bool = False) -> MatchRows:
        """Write the files of a game's rows, and return them.

        Args:
            game: its id.
            csv: write them as CSV, too, into the folder `csv`.
        """
        rows = self.rows(game)
        parts: dict[str, tuple[pl.DataFrame, RowType]] = {game: (rows.episodes, EpisodeRow)}
        if len(rows.tasks):
            parts[f"{game}-tasks"] = (rows.tasks, TaskRow)
        for name, (table, row_type) in parts.items():
            write_rows(self.folder / f"{name}.parquet", table, row_type)
            if csv:
                (self.folder / "csv").mkdir(exist_ok=True)
                write_rows(self.folder / "csv" / f"{name}.csv", table, row_type)
        return rows


def play_tournament(
    plan: Plan,
    folder: Path,
    *,
    worlds: int = WORLDS,
    threads: int | None = None,
    csv: bool = False,
    progress: Callable[[int], None] | None = None,
    runner: Runner = play_matches,
) -> dict[str, MatchRows]:
    """Play what of a plan was not played yet, and return the rows of each game, by its id.

    Args:
        plan: what is played.
        folder: where the rows are kept.
        worlds: episodes side by side.
        threads: cores; by default all.
        csv: write the rows as CSV, too.
        progress: called with the number of episodes that are there.
        runner: what plays episodes.

    Raises:
        ResultError: the folder holds rows of something else.
        ValueError: a match cannot be played.
    """
    store = Store(folder, plan)
    jobs: list[Job] = []
    places: list[tuple[str, int]] = []
    count = 0
    for game in plan.games:
        name = find_game(game).name
        for seed in plan.seeds:
            played = store.played(name, seed)
            missing = [number for number in range(plan.episodes) if number not in played]
            count += plan.episodes - len(missing)
            if missing:
                jobs.append((plan.match(game, seed), missing))
                places.append((name, seed))
    if progress:
        progress(count)
    for _ in store.keep(runner(jobs, worlds=worlds, threads=threads), places):
        count += 1
        if progress:
            progress(count)
    names = [find_game(game).name for game in plan.games]
    return {name: store.finish(name, csv) for name in names}
