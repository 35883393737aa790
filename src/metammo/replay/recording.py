"""Recording in passing: every episode of one world of an environment becomes a file.

with metammo.record(env, "films"):
...  # reset and step the environment as ever
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.batch import Batch
from metammo.replay.format import write_replay
from metammo.replay.header import ReplayError
from metammo.replay.recorder import Recorder


def batch_of(env: Any) -> Batch:
    """Return the native batch of an environment: its own, or that which a wrapper or view has.

    Raises:
        ReplayError: it has none.
    """
    bare = getattr(env, "unwrapped", env)
    for found in (env, bare, getattr(bare, "batch", None), getattr(bare, "world", None)):
        batch = getattr(found, "batch", found)
        if isinstance(batch, Batch):
            return batch
    raise ReplayError(f"{type(env).__name__} cannot be recorded: it is no environment of metammo's")


class Recording:
    """Writes every episode of a world to a folder, until it is closed.

    An episode that is cut short, by a reset or by `close`, is written as far as it came; one under
    way when the recording begins is not.

    Attributes:
        paths: the files written so far, in order.
    """

    def __init__(self, batch: Batch, folder: Path, world: int, every: int, options: Any) -> None:
        """Begin; `record` is the way to make one."""
        self.batch, self.folder, self.world, self.every = batch, folder, world, every
        self.options = options
        self.paths: list[Path] = []
        self._episodes, self._ticks = 0, 0
        self._recorder: Recorder | None = None
        batch.watchers.append(self)
        self._begin()

    def _begin(self) -> None:
        self._ticks = 0
        if int(self.batch.worlds[self.world].tick) != 0:
            return
        if self._episodes % self.every == 0:
            self._recorder = Recorder(self.batch, self.world, **self.options)

    def _write(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None or not recorder.ticks:
            return
        game = self.batch.game_names[recorder.game]
        number = len(self.paths) + 1
        while (path := self.folder / f"{game}-{number:05}.metammo").exists():
            number += 1
        write_replay(path, recorder.replay())
        self.paths.append(path)

    def before(self, actions: NDArray[np.int16]) -> None:
        """Note the actions of the step to come."""
        self._ticks += 1
        if self._recorder:
            self._recorder.before(actions)

    def after(self) -> None:
        """Note what the step has made of the world."""
        if self._recorder:
            self._recorder.after()
        if self.batch.done[self.world]:
            self._write()
            self._episodes += 1
            self._begin()

    def restart(self, world: int | None = None) -> None:
        """Write the episode that was cut short, and begin with the one that there is now.

        Args:
            world: the only one that has begun anew; None: all have.
        """
        if world not in (None, self.world):
            return
        self._episodes += self._ticks > 0
        self._write()
        self._begin()

    def close(self) -> None:
        """Write what there is of the present episode, and record no more."""
        if self in self.batch.watchers:
            self.batch.watchers.remove(self)
            self._write()

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def record(
    env: Any, folder: str | Path, *, world: int = 0, every: int = 1, **options: Any
) -> Recording:
    """Record the episodes of one world of any environment into a folder, from now on.

    Args:
        env: a batch, a PettingZoo or Gymnasium environment of metammo, wrapped or not.
        folder: made where there is none; files are called GAME-NUMBER.metammo, none is overwritten.
        world: which of its worlds.
        every: record each so many episodes, the first among them.
        **options: of `Recorder`: policies, seed and knobs for the header, has_frames.

    Returns:
        The recording; `close` it, or use it in a `with` statement.

    Raises:
        ReplayError: it is no environment of metammo's, there is no such world, or no folder.
    """
    batch = batch_of(env)
    if not 0 <= world < batch.world_count:
        raise ReplayError(f"world must lie in 0..{batch.world_count - 1}, got {world}")
    if every < 1:
        raise ReplayError(f"every must be at least 1, got {every}")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReplayError(f"{folder} cannot be made: {error.strerror}") from error
    return Recording(batch, Path(folder), world, every, options)
