"""How an episode becomes a replay: one world of a batch, watched from step to step.

    recorder = Recorder(batch, world=0)
    while not recorder.is_over:
        recorder.step(actions)
    write_replay("battle.metammo", recorder.replay())

A batch that nobody records does nothing for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import (
    HEAD_GIVE_GOLD_PRICE,
    HEAD_GIVE_GOLD_TARGET,
    HEAD_GIVE_ITEM,
    HEAD_GIVE_TARGET,
    HEAD_SELL_ITEM,
    HEAD_SELL_PRICE,
    HEAD_STYLE,
    HEAD_TARGET,
    no_op,
)
from metammo.envs.batch import Batch
from metammo.replay.episode import episode_header, outcome
from metammo.replay.format import Replay
from metammo.replay.frames import FrameReader, ThoughtArrays, no_thought_rows, thought_rows
from metammo.replay.header import ReplayError
from metammo.world.worlds import quick_hash, snapshot

_CHOOSERS = {
    HEAD_STYLE: HEAD_TARGET,
    HEAD_SELL_PRICE: HEAD_SELL_ITEM,
    HEAD_GIVE_TARGET: HEAD_GIVE_ITEM,
    HEAD_GIVE_GOLD_PRICE: HEAD_GIVE_GOLD_TARGET,
}
"""Heads that count only where another chooses something."""


def own_state(batch: Batch, world: Any) -> Any:
    """Return a copy of a world as it would be in a batch of its game alone, record array [1].

    What a world says of its batch (which game, whose tasks, the ladders of others) is not the
    episode's: without it the same episode has the same bytes in every batch.
    """
    own = np.asarray(world).reshape(1).copy().view(np.recarray)
    game = int(own.game[0])
    own.task_number -= int(batch.table["task_first"][game])
    own.game = 0
    own.ladder_rung = 0
    own.ladder_wins = 0
    own.ladder_failures = 0
    return own


class Recorder:
    """Records one world of a batch until its episode ends.

    Attributes:
        is_over: the episode has ended; further steps are not recorded.
        ticks: how many were recorded.
    """

    def __init__(
        self,
        batch: Batch,
        world: int = 0,
        *,
        policies: Sequence[str] = (),
        seed: int | None = None,
        knobs: Mapping[str, Any] | None = None,
        has_frames: bool = True,
    ) -> None:
        """Note the start of the world's present episode.

        Args:
            batch: any.
            world: which of its worlds.
            policies: names of who plays each agent's seat; none where unknown.
            seed: of the batch, for the header.
            knobs: that the batch was made with, for the header.
            has_frames: note what a viewer shows; without it the file is a tenth as large.

        Raises:
            ReplayError: there is no such world, or its episode is under way.
        """
        if not 0 <= world < batch.world_count:
            raise ReplayError(f"world must lie in 0..{batch.world_count - 1}, got {world}")
        record = batch.worlds[world]
        if int(record.tick) != 0:
            raise ReplayError(
                f"world {world} is at tick {int(record.tick)} of its episode; a recording begins "
                "at tick 0: after a reset, or in the step in which `done` is set"
            )
        self.batch, self.world = batch, world
        self.players = int(record.player_count)
        self.policies, self.seed = list(policies), seed
        self.knobs = dict(knobs or {})
        self.game = int(record.game)
        self.is_over = False
        self._no_op = np.array(no_op(batch.heads), np.int16)
        self._start = own_state(batch, record)
        self._last = self._start
        self._actions: list[NDArray[np.int16]] = []
        self._hashes: list[NDArray[np.uint64]] = []
        self._reader = FrameReader(batch, record) if has_frames else None
        self._rows: dict[str, list[NDArray[Any]]] = {}
        self._changes: list[NDArray[np.int32]] = []
        self._thoughts: dict[int, dict[str, NDArray[Any]]] = {}
        self._add(record, np.zeros(batch.agent_count, np.float32))

    @property
    def ticks(self) -> int:
        """How many were recorded."""
        return len(self._actions)

    @property
    def last_hash(self) -> NDArray[np.uint64]:
        """Hash of the last frame, uint64[2]; see `world.worlds.quick_hash`."""
        return self._hashes[-1]

    def _add(self, record: Any, rewards: NDArray[np.float32]) -> None:
        self._last = own_state(self.batch, record)
        self._hashes.append(quick_hash(self._last))
        if self._reader:
            frame = len(self._hashes) - 1
            for name, row in self._reader.read(record, rewards).items():
                self._rows.setdefault(name, []).append(row)
            changes = self._reader.changed_tiles(record)
            self._changes.append(np.insert(changes, 0, frame, axis=1))

    def before(self, actions: NDArray[Any], thoughts: ThoughtArrays | None = None) -> None:
        """Note the actions of the step to come, as the batch will get them.

        Args:
            actions: whole numbers [worlds, agents, heads].
            thoughts: of who chose them, arrays [worlds, agents, ...]; None where unknown.
        """
        if self.is_over:
            return
        if thoughts is not None and self._reader:
            told = (part[self.world] for part in (thoughts.value, thoughts.choice, thoughts.share))
            self._thoughts[self.ticks] = thought_rows(self.batch.worlds[self.world], *told)
        self._batch_actions = self.batch.check_actions(actions)[self.world]
        self._before = self.batch.worlds[self.world : self.world + 1].copy()
        alive = self.batch.alive[self.world][: self.players]
        chosen = np.where(alive[:, None], self._batch_actions[: self.players], self._no_op)
        for head, chooser in _CHOOSERS.items():
            if head < len(self._no_op):
                idle = chosen[:, chooser] == self._no_op[chooser]
                chosen[idle, head] = self._no_op[head]
        self._actions.append(chosen.astype(np.int16))

    def after(self) -> None:
        """Note what the step has made of the world."""
        if self.is_over:
            return
        rewards = self.batch.rewards[self.world]
        self.is_over = bool(self.batch.done[self.world])
        if self.is_over:
            # The batch has begun the next episode; the end is stepped to once more, on a copy.
            self.batch.end(self._before, self._batch_actions[None])
            self._add(self._before[0], rewards)
        else:
            self._add(self.batch.worlds[self.world], rewards)

    def step(self, actions: NDArray[Any], thoughts: ThoughtArrays | None = None) -> None:
        """Step the batch, and record it; see `before`."""
        self.before(actions, thoughts)
        self.batch.step(actions)
        self.after()

    def replay(self) -> Replay:
        """Return what was recorded so far."""
        shape = (self.ticks, self.players, len(self._no_op))
        arrays: dict[str, NDArray[Any]] = {
            "actions": np.array(self._actions, np.int16).reshape(shape),
            "hashes": np.array(self._hashes, np.uint64),
            "start": np.frombuffer(snapshot(self._start), np.uint8),
        }
        if self._reader:
            arrays["map"] = self._reader.map
            arrays["tile_changes"] = np.concatenate(self._changes)
            arrays |= {name: np.stack(rows) for name, rows in self._rows.items()}
            if self._thoughts:
                none = no_thought_rows(self.players, len(self._no_op))
                frames = [self._thoughts.get(frame, none) for frame in range(self.ticks + 1)]
                arrays |= {name: np.stack([rows[name] for rows in frames]) for name in none}
            # Rows of NPCs that were never there.
            unused = self._reader.entities - self._reader.seen_entities
            for name in arrays:
                if name.startswith("entity_") and unused:
                    arrays[name] = np.ascontiguousarray(arrays[name][:, :-unused])
        return Replay(self._header(), arrays)

    def _header(self) -> dict[str, Any]:
        return {
            **episode_header(
                self.batch, self._last, self.game, self.policies, seed=self.seed, knobs=self.knobs
            ),
            **outcome(self._last[0]),
            "ticks": self.ticks,
            "entities": self._reader.seen_entities if self._reader else self.players,
            "has_truth": True,
            "has_frames": self._reader is not None,
            **({"heads": [head.name for head in self.batch.heads]} if self._thoughts else {}),
        }
