"""When a live game goes on, and what its pages are told: the clock, and what people ask for.

The game is simulated in a thread of its own, so that the event loop never waits for a policy.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from metammo.live.game import Episode, Game
from metammo.live.messages import AskError, text_message
from metammo.live.person import PARTS

TICKS_PER_SECOND = 3.0
"""At speed 1."""
SLOWEST, FASTEST = 0.25, 32.0
PACES = ("clock", "turn")
"""Ticks come by the clock, or as soon as every person has chosen."""
NEXT_AFTER = 5.0
"""Seconds from an episode's end to the next, where nobody plays by hand."""
STEP_LIMIT = 100
"""Most ticks that can be asked for ahead."""
ALLOWED: dict[str, tuple[str, ...]] = {
    "play": (),
    "pause": (),
    "step": (),
    "speed": ("value",),
    "pace": ("value",),
    "next": (),
    "take": ("agent",),
    "leave": (),
    "act": (*PARTS, "end", "frame"),
}
"""What can be asked, and with which words."""


@dataclass(frozen=True)
class View:
    """What the event loop knows of the game: how it stood when the game's thread last paused."""

    episode: Episode
    is_over: bool
    people: dict[int, int]
    """Agents by the number of the page that plays them."""
    seats: dict[int, str]
    """What these pages are told of their agents."""
    has_living: bool
    """Some person's agent lives."""
    is_waiting: bool
    """Some of them have not yet said that this is all for the tick."""


def _view(game: Game) -> View:
    people = {page: person.agent for page, person in game.people.items()}
    living = [] if game.is_over else game.living
    waits = any(not person.has_ended for person in living)
    return View(game.episode, game.is_over, people, dict(game.seats), bool(living), waits)


class Page:
    """What one browser page knows already, so that it is told the rest, each message once.

    A page that reads slowly is behind, and costs no memory: all read the same list of frames.
    """

    def __init__(self, session: "Session", number: int) -> None:
        self.session, self.number = session, number
        self.news = asyncio.Event()
        self._episode: Episode | None = None
        self._sent = 0
        self._has_end = False
        self._state = ""
        self._seat: str | None = None

    def next_message(self) -> bytes | str | None:
        """Return the next message that the page lacks, None where it knows everything."""
        view = self.session.view
        episode = self._episode
        if episode is None or (episode is not view.episode and self._is_done(episode)):
            self._episode, self._sent, self._has_end = view.episode, 0, False
            return view.episode.head
        state = self.session.state(self.number)
        if state != self._state:
            self._state = state
            return state
        if self._sent < len(episode.frames):
            self._sent += 1
            return episode.frames[self._sent - 1]
        if episode.end is not None and not self._has_end:
            self._has_end = True
            return episode.end
        seat = view.seats.get(self.number)
        # By identity: what is asked again and changes nothing is answered, too.
        if seat is not None and seat is not self._seat:
            self._seat = seat
            return seat
        return None

    def _is_done(self, episode: Episode) -> bool:
        return self._has_end and self._sent == len(episode.frames)


class Session:
    """A live game with its clock and its pages.

    Attributes:
        view: the game as it stood when its thread last paused.
        is_playing: ticks come by the clock; otherwise they are asked for one by one.
        speed: 1 is three ticks a second.
        pace: one of `PACES`.
        next_after: seconds from an episode's end to the next, where nobody plays by hand.
    """

    def __init__(self, game: Game, *, is_playing: bool = True, pace: str = "clock") -> None:
        self.view = _view(game)
        self.is_playing, self.pace, self.speed = is_playing, pace, 1.0
        self.next_after = NEXT_AFTER
        self._game = game
        self._policies = game.policies
        self._pages: set[Page] = set()
        self._page_count = 0
        self._steps = 0
        self._asks_next = False
        self._last_tick = -math.inf
        self._nudge = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "metammo-live")

    async def _in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do something to the game in its thread, then look at it and tell the pages."""

        def work_and_look() -> View:
            work(*arguments)
            return _view(self._game)

        self.view = await asyncio.get_running_loop().run_in_executor(self._thread, work_and_look)
        self._tell()

    def _tell(self) -> None:
        """Let every page send what is new, and the clock look again."""
        self._nudge.set()
        for page in self._pages:
            page.news.set()

    async def run(self) -> None:
        """Play, by the clock or by turns, until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            self._nudge.clear()
            wait = self._seconds_to_wait(now())
            if wait > 0:
                await self._wait_for_nudge(wait)
            elif self.view.is_over:
                await self._in_thread(self._game.begin)
                # Afterwards: two people may ask for the same one.
                self._asks_next = False
                self._last_tick = now()
            else:
                await self._tick(now())

    async def _tick(self, now: float) -> None:
        self._steps = max(self._steps - 1, 0)
        due = self._last_tick + self._period
        # Ticks that came late are not made up for in a rush.
        self._last_tick = due if now - due < self._period else now
        await self._in_thread(self._game.tick)
        if self.view.is_over:
            self._steps = 0
            self._last_tick = asyncio.get_running_loop().time()

    async def _wait_for_nudge(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(None if seconds == math.inf else seconds):
                await self._nudge.wait()
        except TimeoutError:
            return

    @property
    def _period(self) -> float:
        return 1 / (TICKS_PER_SECOND * self.speed)

    def _seconds_to_wait(self, now: float) -> float:
        """Return how long nothing happens if nobody asks for anything; infinite: for ever."""
        view = self.view
        if view.is_over:
            waits = not self.is_playing or bool(view.people)
            after = math.inf if waits else self._last_tick + self.next_after - now
            return 0.0 if self._asks_next else after
        if self._steps:
            return 0.0
        if self.pace == "turn" and view.has_living:
            # By turns there is no clock that could be stopped.
            return math.inf if view.is_waiting else 0.0
        if not self.is_playing:
            return math.inf
        return self._last_tick + self._period - now

    def state(self, page: int) -> str:
        """Return the message that says how things stand, as a page is told."""
        people = self.view.people
        return text_message(
            "state",
            is_playing=self.is_playing,
            speed=self.speed,
            pace=self.pace,
            policies=self._policies,
            people=sorted(people.values()),
            own=people.get(page),
            is_over=self.view.is_over,
        )

    def join(self) -> Page:
        """Return a new page, which knows nothing yet."""
        self._page_count += 1
        page = Page(self, self._page_count)
        self._pages.add(page)
        return page

    async def part(self, page: Page) -> None:
        """Forget a page; its agent goes back to its policy."""
        self._pages.discard(page)
        await self._in_thread(self._game.leave, page.number)

    async def do(self, page: Page, message: Mapping[str, Any]) -> None:
        """Do what a page asks for.

        Raises:
            AskError: it cannot be done; nothing has changed.
        """
        name = message["do"]
        if name not in ALLOWED:
            raise AskError(f"there is nothing called {name[:40]!r}; there is {', '.join(ALLOWED)}")
        given = {key: value for key, value in message.items() if key != "do"}
        for key in given:
            if key not in ALLOWED[name]:
                raise AskError(f"{name} does not go with {key[:40]!r}")
        if name in ("take", "act", "leave"):
            await self._do_in_game(page.number, name, given)
        else:
            getattr(self, f"_{name}")(given.get("value"))
            self._tell()

    async def _do_in_game(self, page: int, name: str, given: dict[str, Any]) -> None:
        if name == "take":
            await self._in_thread(self._game.take, page, given.get("agent"))
        elif name == "act":
            await self._in_thread(self._game.act, page, given)
        else:
            await self._in_thread(self._game.leave, page)

    def _play(self, _: Any) -> None:
        self.is_playing = True

    def _pause(self, _: Any) -> None:
        self.is_playing = False

    def _step(self, _: Any) -> None:
        if self.view.is_over:
            raise AskError("the episode is over; ask for the next one")
        self._steps = min(self._steps + 1, STEP_LIMIT)

    def _speed(self, value: Any) -> None:
        if type(value) not in (int, float) or not SLOWEST <= value <= FASTEST:
            raise AskError(f"a speed lies in {SLOWEST}..{FASTEST:.0f}, got {repr(value)[:40]}")
        self.speed = float(value)

    def _pace(self, value: Any) -> None:
        if value not in PACES:
            raise AskError(f"a pace is one of {', '.join(PACES)}, got {repr(value)[:40]}")
        self.pace = value

    def _next(self, _: Any) -> None:
        if not self.view.is_over:
            raise AskError("the episode is not over yet")
        self._asks_next = True

    def close(self) -> None:
        """End the game's thread and let go of the game."""
        self._thread.shutdown(cancel_futures=True)
        self._game.close()
