"""The game behind a live view: one world, its table of policies, people in some of its seats.

Nothing here knows of a clock or of a network; one thread at a time may use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import metammo
from metammo.actions import no_op
from metammo.evaluation.match import Table
from metammo.evaluation.seating import NOBODY
from metammo.live.messages import (
    AskError,
    columns_of,
    episode_message,
    frame_message,
    text_message,
)
from metammo.live.person import Person
from metammo.observe.layout import Market
from metammo.replay.episode import episode_header, outcome
from metammo.replay.format import RAW_LIMIT
from metammo.replay.frames import FrameReader, no_thought_rows, thought_rows
from metammo.replay.recorder import own_state


@dataclass
class Episode:
    """What pages are told of an episode, from its start on."""

    head: bytes
    """The message that it begins."""
    frames: list[bytes] = field(default_factory=list)
    """Messages of its frames, in order."""
    end: str | None = None
    """The message that it has ended."""


class Game:
    """One world as people watch it and play in it.

    Attributes:
        episode: the running one, or the last where the next has not begun.
        people: who plays by hand, by the number of the page.
        is_over: the episode has ended.
        seats: what each page that plays is told of its agent, by the number of the page.
    """

    def __init__(
        self, table: Table, *, seed: int | None = None, knobs: Mapping[str, Any] | None = None
    ) -> None:
        """Show the start of the first episode, and let the policies choose.

        Args:
            table: of one world, at the start of an episode.
            seed: of its batch, for the header.
            knobs: that the batch was made with, for the header.

        Raises:
            ValueError: an episode would not fit into memory, or a policy cannot play this config.
        """
        self.table, self.batch = table, table.batch
        self.seed, self.knobs = seed, dict(knobs or {})
        self.people: dict[int, Person] = {}
        self.seats: dict[int, str] = {}
        self.is_over = False
        self.number = 0
        self._no_op = np.array(no_op(self.batch.heads), np.int16)
        tells = any(hasattr(policy, "keeps_thoughts") for policy in table.policies)
        self._shows_thoughts = table.keeps_thoughts and tells
        self._compile()
        self._start()

    def _compile(self) -> None:
        """Play a tick for nothing: what it compiles would keep people waiting in the first one."""
        batch = self.batch
        state = batch.state_dict()
        idle = np.tile(self._no_op, (*batch.alive.shape, 1))
        batch.end(batch.worlds.copy(), idle)
        batch.step(idle)
        batch.load_state_dict(state)

    @property
    def policies(self) -> list[str]:
        """Names of the policies at the table."""
        return [policy.name for policy in self.table.policies]

    @property
    def waits(self) -> list[Person]:
        """Living people who have not said yet that this is all for the tick."""
        return [person for person in self.living if not person.has_ended]

    @property
    def living(self) -> list[Person]:
        """People whose agents live."""
        people = self.people.values()
        return [person for person in people if self.batch.alive[0, person.agent]]

    def begin(self) -> None:
        """Begin the next episode, seats dealt anew; people keep their agents."""
        self.table.seat(0, self.number)
        self._start()

    def _start(self) -> None:
        self.number += 1
        self.is_over = False
        self._dealt = self.table.seats[0].copy()
        world = self.batch.worlds[0]
        for page, person in list(self.people.items()):
            if person.agent >= int(world.player_count):
                del self.people[page]
            else:
                self.people[page] = Person(self.batch, person.agent)
                self.table.hand(0, person.agent, NOBODY)
        self._reader = FrameReader(self.batch, world)
        self._think()
        rows = self._read(world, np.zeros(self.batch.agent_count, np.float32))
        episode = Episode(episode_message(self._header(rows), self._reader.map))
        self._show(episode, rows)
        horizon = int(world.rule_horizon)
        if len(episode.frames[0]) * (horizon + 1) > RAW_LIMIT:
            raise ValueError(
                f"an episode of {horizon} ticks would take more than {RAW_LIMIT >> 20} MiB; "
                "choose a shorter horizon, or a smaller size"
            )
        self.episode = episode

    def _header(self, rows: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        world = self.batch.worlds[0]
        names = [self.policies[place] for place in self._dealt]
        options: dict[str, Any] = {"seed": self.seed, "knobs": self.knobs}
        own, game = own_state(self.batch, world), int(world.game)
        return {
            **episode_header(self.batch, own, game, names, **options),
            "metammo": metammo.__version__,
            "ticks": int(world.rule_horizon),
            "entities": self._reader.entities,
            "winners": [],
            "is_decided": False,
            "winning_score": None,
            "progress": None,
            "has_truth": False,
            "has_frames": True,
            "sections": [],
            **({"heads": [head.name for head in self.batch.heads]} if self._shows_thoughts else {}),
            "columns": columns_of(rows),
            "episode": self.number,
        }

    def _think(self) -> None:
        """Let the policies choose for the next tick, as soon as they can see what was."""
        self._actions = self.table.actions()

    def _read(self, world: Any, rewards: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return a frame's columns, with what the policies think on seeing it."""
        rows = self._reader.read(world, rewards)
        thoughts = self.table.thoughts
        if not self._shows_thoughts or thoughts is None:
            return rows
        if self.is_over:
            return {**rows, **no_thought_rows(self._reader.players, len(self.batch.heads))}
        told = (thoughts.value[0], thoughts.choice[0], thoughts.share[0])
        return {**rows, **thought_rows(world, *told)}

    def _show(self, episode: Episode, rows: Mapping[str, NDArray[Any]], world: Any = None) -> None:
        world = self.batch.worlds[0] if world is None else world
        changes = self._reader.changed_tiles(world)
        episode.frames.append(frame_message(len(episode.frames), rows, changes))
        self._alive = world.entity_is_alive != 0
        self.seats = {}
        for page, person in self.people.items():
            person.look(len(episode.frames) - 1)
            self._tell(page, len(episode.frames) - 1)

    def _tell(self, page: int, frame: int) -> None:
        """Write down what a page is told of its agent."""
        person = self.people[page]
        alive = bool(self._alive[person.agent])
        mask = self.batch.masks[0, person.agent]
        # At the end the batch has begun the next episode, whose masks nobody has seen.
        options = person.options(mask if alive and not self.is_over else np.zeros_like(mask))
        content = {"frame": frame, "agent": person.agent, "is_alive": alive, **options}
        self.seats[page] = text_message("seat", **content)

    def tick(self) -> None:
        """Play a tick, and show what came of it; nothing where the episode is over."""
        if self.is_over:
            return
        for person in self.people.values():
            self._actions[0, person.agent] = self._act(person)
        before = self.batch.worlds.copy()
        self.batch.step(self._actions)
        rewards = self.batch.rewards[0]
        self.is_over = bool(self.batch.done[0])
        if self.is_over:
            # The batch has begun the next episode; the end is stepped to once more, on a copy.
            self.batch.end(before, self._actions)
            world = before[0]
            content = {"frame": len(self.episode.frames), **outcome(world)}
            self._show(self.episode, self._read(world, rewards), world)
            self.episode.end = text_message("end", **content)
            return
        self._think()
        self._show(self.episode, self._read(self.batch.worlds[0], rewards))

    def _act(self, person: Person) -> NDArray[np.int16]:
        batch, seat = self.batch, slice(person.agent, person.agent + 1)
        market = Market(batch.markets, np.zeros(1, np.int64)) if batch.layout.has_market else None
        chosen, _ = person.act(batch.observations[0][seat], batch.masks[0][seat], None, market)
        return chosen[0]

    def take(self, page: int, agent: Any) -> None:
        """Give an agent to the person at a page, who leaves the one before.

        Raises:
            AskError: there is no such agent, it is dead, or somebody else has it.
        """
        players = int(self.batch.worlds[0].player_count)
        if type(agent) is not int or not 0 <= agent < players:
            raise AskError(f"an agent is a number in 0..{players - 1}, got {repr(agent)[:40]}")
        if self.is_over:
            raise AskError("the episode is over; take an agent in the next one")
        if any(other.agent == agent for number, other in self.people.items() if number != page):
            raise AskError(f"agent {agent} is somebody else's")
        if not self.batch.alive[0, agent]:
            raise AskError(f"agent {agent} is dead")
        if page in self.people and self.people[page].agent == agent:
            return
        self.leave(page)
        self.people[page] = Person(self.batch, agent)
        self.people[page].look(len(self.episode.frames) - 1)
        self.table.hand(0, agent, NOBODY)
        self._tell(page, len(self.episode.frames) - 1)

    def leave(self, page: int) -> None:
        """Give a page's agent back to its policy, which begins with a blank memory."""
        if page not in self.people:
            return
        agent = self.people.pop(page).agent
        self.seats.pop(page, None)
        if not self.is_over:
            self.table.hand(0, agent, int(self._dealt[agent]))
            # The policies have chosen for the next tick already: it has this one to look on.
            self._actions[0, agent] = self._no_op

    def act(self, page: int, given: Mapping[str, Any]) -> None:
        """Add to what a page's agent will do in the next tick.

        Raises:
            AskError: the page has no agent, the agent is dead, or it cannot do this.
        """
        if page not in self.people:
            raise AskError("take an agent first")
        person = self.people[page]
        if self.is_over or not self.batch.alive[0, person.agent]:
            raise AskError("the episode is over" if self.is_over else "your agent is dead")
        person.ask(given, self.batch.masks[0, person.agent])
        self._tell(page, len(self.episode.frames) - 1)

    def close(self) -> None:
        """Let go of what the world holds."""
        self.batch.close()
