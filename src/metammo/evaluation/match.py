"""Several policies in the same episodes: who sits where, what they do, what came of it.

An episode follows from the match and its number alone: the seed of its world, its seats, and what
its policies leave to chance, are hashes of them. So the same match gives the same rows on any
number of threads and worlds, in any order, at once or in pieces.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from metammo.envs.batch import Batch, Games, make_vec
from metammo.envs.crew import core_count
from metammo.evaluation.ledger import Played, note_episode, tables_of
from metammo.evaluation.seating import NOBODY, Seating
from metammo.observe.layout import Market
from metammo.policies.chance import streams_of
from metammo.policies.policy import CHOICES_KEPT, Policy, Thoughts
from metammo.rules.sizes import STANDARD, Sizes
from metammo.world.random import seed_of

CHANCE_SALT = 0xC4A7CE
"""Names the streams of what policies leave to chance; worlds have others."""
WORLDS = 64
"""Episodes played side by side."""


class Table:
    """Seats, memories and thoughts of policies that play in a batch.

    Attributes:
        seats: int64[worlds, agents], which policy plays each seat.
        thoughts: what the policies thought of the last actions, arrays [worlds, agents, ...]; the
            shares of agents whose policy tells nothing are 0. None where they are not kept.

    Args:
        batch: where they play.
        policies: who plays.
        seed: of the match: of what policies leave to chance.
        seating: how they share the seats; by default all alike.
        keeps_thoughts: keep what the policies think that can tell it.
    """

    def __init__(
        self,
        batch: Batch,
        policies: Sequence[Policy],
        *,
        seed: int = 0,
        seating: Seating | None = None,
        keeps_thoughts: bool = False,
    ) -> None:
        self.batch, self.policies, self.seed = batch, policies, seed
        self.seating = seating or Seating(len(policies), seed)
        self.keeps_thoughts = keeps_thoughts
        self.thoughts: Thoughts | None = None
        for policy in policies:
            if hasattr(policy, "keeps_thoughts"):
                policy.keeps_thoughts = keeps_thoughts
        shape = (batch.world_count, batch.agent_count)
        self.seats = np.full(shape, NOBODY, np.int64)
        self.chance = np.zeros(batch.world_count, np.uint64)
        self.states = [policy.initial_state(shape[0] * shape[1]) for policy in policies]
        for world in range(shape[0]):
            self.seat(world, world)

    def seat(self, world: int, number: int) -> None:
        """Deal the seats of an episode that a world has begun, by its number in the match."""
        teams = self.batch.worlds.entity_team[world][: self.batch.agent_count]
        self.seats[world] = self.seating.deal(teams, number)
        self.chance[world] = seed_of(self.seed, number, CHANCE_SALT)

    def hand(self, world: int, agent: int, place: int) -> None:
        """Hand a seat to a policy, which begins with a blank memory, or to `NOBODY`."""
        self.seats[world, agent] = place
        if place != NOBODY:
            rows = np.zeros(self.seats.shape, np.bool_)
            rows[world, agent] = True
            policy = self.policies[place]
            self.states[place] = policy.begin(self.states[place], rows.reshape(-1))

    def actions(self) -> NDArray[np.int16]:
        """Let every policy act for all of its living seats at once."""
        batch = self.batch
        flat = batch.observations.reshape(-1)
        masks = batch.masks.reshape(len(flat), -1)
        alive = batch.alive.reshape(-1)
        seats = self.seats.reshape(-1)
        actions = np.zeros((len(flat), len(batch.heads)), np.int16)
        begins = batch.life_begins.reshape(-1)
        thoughts = self._no_thoughts(len(flat)) if self.keeps_thoughts else None
        for place, policy in enumerate(self.policies):
            if begins.any():
                self.states[place] = policy.begin(self.states[place], begins)
            rows = np.flatnonzero(alive & (seats == place))
            if len(rows) == 0:
                continue
            state = self.states[place]
            own = state[rows] if state is not None else None
            market = None
            if batch.layout.has_market:
                market = Market(batch.markets, rows // batch.agent_count)
            streams = self._streams(rows)
            chosen, own = policy.act(flat[rows], masks[rows], own, market, streams)
            actions[rows] = chosen
            told_thoughts = getattr(policy, "thoughts", None)
            if thoughts is not None and told_thoughts is not None:
                for name, values in vars(told_thoughts).items():
                    getattr(thoughts, name)[rows] = values
            if state is not None:
                state[rows] = own
        shape = (batch.world_count, batch.agent_count)
        if thoughts is not None:
            parts = vars(thoughts).items()
            self.thoughts = Thoughts(**{k: v.reshape(*shape, *v.shape[1:]) for k, v in parts})
        return actions.reshape(*shape, -1)

    def _streams(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return seeds, uint64[rows], made of episode, tick and agent alone."""
        ticks = self.batch.worlds.tick.astype(np.uint64)
        return streams_of(self.chance, ticks, rows, self.batch.agent_count)

    def _no_thoughts(self, rows: int) -> Thoughts:
        """Return thoughts of so many rows, of all of which nothing is known."""
        shape = (rows, len(self.batch.heads), CHOICES_KEPT)
        choice = np.full(shape, -1, np.int16)
        return Thoughts(np.zeros(rows, np.float32), choice, np.zeros(shape, np.float32))


@dataclass(frozen=True)
class Match:
    """What is played, on held-out maps and by the game's evaluation knobs."""

    game: Games
    """Id or path of a game; or a mix, of which one is drawn all but always."""
    policies: Sequence[Policy]
    """Who plays; names differ."""
    seed: int = 0
    """Of everything."""
    config: str = "mini"
    """mini or full."""
    size: str | Sizes = STANDARD
    """Size class."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Rules that differ from the evaluation's, of every game of the mix."""
    focal: int = 0
    """How many policies, the first ones, are focal; the rows are theirs alone. 0: all are alike."""
    share: float = 0.5
    """Of the seats, for the focal ones."""

    def __post_init__(self) -> None:
        names = [policy.name for policy in self.policies]
        if not names:
            raise ValueError("a match needs at least one policy and one episode")
        if len(set(names)) < len(names):
            raise ValueError(f"policies need names of their own, got {', '.join(names)}")
        _ = self.seating

    @property
    def seating(self) -> Seating:
        """How the policies share the seats."""
        return Seating(len(self.policies), self.seed, self.focal, self.share)

    def make_batch(self, worlds: int) -> Batch:
        """Return a batch for one thread.

        Raises:
            ValueError: the policies cannot share a world.
        """
        batch = make_vec(
            self.game,
            worlds,
            seed=self.seed,
            threads=1,
            config=self.config,
            size=self.size,
            evaluation=True,
            held_out=True,
            **self.knobs,
        )
        if len(self.policies) > 1 and int(batch.worlds.team_count.min()) < 2:
            batch.close()
            raise ValueError(f"{len(self.policies)} policies cannot share 1 team")
        return batch


class Room:
    """The worlds of a thread or process; each plays episode after episode while there are any."""

    def __init__(self, match: Match, worlds: int) -> None:
        self.match = match
        self.batch = match.make_batch(worlds)
        self.table = Table(self.batch, match.policies, seed=match.seed, seating=match.seating)
        self.numbers = np.full(worlds, NOBODY, np.int64)

    def play(
        self,
        take: Callable[[], int | None],
        finish: Callable[[Played], None],
        stop: Callable[[], bool],
    ) -> None:
        """Play the episodes whose numbers `take` gives, until it gives none or `stop` says so."""
        for world in range(len(self.numbers)):
            self._begin(world, take())
        while (self.numbers != NOBODY).any() and not stop():
            self.batch.step(self.table.actions())
            for world in map(int, np.flatnonzero(self.batch.done)):
                if self.numbers[world] != NOBODY:
                    finish(self._note(world))
                    self._begin(world, take())

    def _begin(self, world: int, number: int | None) -> None:
        """Begin an episode by its number; None: nobody plays in this world any more."""
        self.numbers[world] = NOBODY if number is None else number
        if number is None:
            self.table.seats[world] = NOBODY
        else:
            self.batch.begin(world, seed_of(self.match.seed, number))
            self.table.seat(world, number)

    def _note(self, world: int) -> Played:
        names = [policy.name for policy in self.match.policies]
        rated = names[: self.match.focal or len(names)]
        number, seats = int(self.numbers[world]), self.table.seats[world]
        return note_episode(self.batch, world, self.match.seed, number, seats, rated)


def play_episodes(
    match: Match, numbers: Iterable[int], *, worlds: int = WORLDS, threads: int | None = None
) -> Iterator[Played]:
    """Play episodes of a match; yield each as it ends.

    Each thread has worlds of its own, which it steps and in which it lets the policies act: small
    networks gain little from sharing one product among threads.

    Args:
        match: what is played.
        numbers: of the episodes, each at least 0.
        worlds: how many are played side by side, all threads together.
        threads: cores; by default all.

    Raises:
        ValueError: the match cannot be played; see `make_vec`.
    """
    waiting = deque(numbers)
    count = len(waiting)
    if worlds < 1 or (threads is not None and threads < 1):
        raise ValueError(f"worlds and threads must be at least 1, got {worlds} and {threads}")
    if not count:
        return
    worlds = min(worlds, count)
    members = min(threads or core_count(), worlds)
    finished: queue.SimpleQueue[Played | BaseException] = queue.SimpleQueue()
    is_over = threading.Event()

    def take() -> int | None:
        try:
            return waiting.popleft()
        except IndexError:
            return None

    def work(room: Room) -> None:
        # A setting of this thread alone, where torch's threads are OpenMP's.
        torch.set_num_threads(1)
        try:
            room.play(take, finished.put, is_over.is_set)
        except BaseException as error:
            finished.put(error)

    torch_threads = torch.get_num_threads()
    rooms: list[Room] = []
    crew: list[threading.Thread] = []
    try:
        for member in range(members):
            own = (member + 1) * worlds // members - member * worlds // members
            rooms.append(Room(match, own))
        crew = [threading.Thread(target=work, args=(room,), daemon=True) for room in rooms]
        for thread in crew:
            thread.start()
        for _ in range(count):
            played = finished.get()
            if isinstance(played, BaseException):
                raise played
            yield played
    finally:
        is_over.set()
        for thread in crew:
            thread.join()
        for room in rooms:
            room.batch.close()
        torch.set_num_threads(torch_threads)


Job = tuple[Match, Sequence[int]]
"""A match, and the numbers of its episodes that are to be played."""


def play_matches(
    jobs: Sequence[Job], *, worlds: int = WORLDS, threads: int | None = None
) -> Iterator[tuple[int, Played]]:
    """Play episodes of several matches, one match after another; see `play_episodes`.

    Yields:
        Which of the jobs, and what came of one of its episodes, as each ends.
    """
    for place, (match, numbers) in enumerate(jobs):
        for played in play_episodes(match, numbers, worlds=worlds, threads=threads):
            yield place, played


@dataclass(frozen=True)
class MatchRows:
    """What came of a match."""

    episodes: pl.DataFrame
    """Rows of `EpisodeRow`, sorted."""
    tasks: pl.DataFrame
    """Rows of `TaskRow`, sorted; none unless the game asks the evaluation's tasks alone."""


def play_match(
    game: Games,
    policies: Sequence[Policy],
    episodes: int,
    *,
    worlds: int = WORLDS,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> MatchRows:
    """Let policies meet in the same episodes on held-out maps, by the game's evaluation knobs.

    Args:
        game: id or path of a game.
        policies: who plays; names must differ.
        episodes: how many.
        worlds: how many are played side by side, at most.
        threads: cores.
        progress: called with the number of episodes finished.
        **options: of the `Match`: seed, config, size, knobs, focal, share.

    Raises:
        ValueError: no policies, or no episodes; see `Match`.
    """
    match = Match(game, tuple(policies), **options)
    if episodes < 1:
        raise ValueError("a match needs at least one policy and one episode")
    played = []
    for each in play_episodes(match, range(episodes), worlds=worlds, threads=threads):
        played.append(each)
        if progress:
            progress(len(played))
    return MatchRows(*tables_of(played))
