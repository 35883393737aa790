"""Episodes of a match on the processors of a Ray cluster: the same rows as on one machine.

A piece of work is a few episodes on one processor. An episode follows from the match and its number
alone, so a piece whose worker is lost is played once more, elsewhere, with the same outcome.
"""

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from metammo.evaluation.ledger import Played
from metammo.evaluation.match import Job, Match, play_episodes

CHUNK = 16
"""Episodes of a piece of work, played side by side."""


def connect(address: str = "") -> Any:
    """Return Ray, connected.

    Args:
        address: of a running cluster; "": RAY_ADDRESS, or else one of this machine is begun.

    Raises:
        ValueError: Ray is not installed, or there is no cluster at the address.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise ValueError("Ray is not installed: pip install 'metammo[ray]'") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address or None, log_to_driver=False)
        except (ConnectionError, RuntimeError) as error:
            raise ValueError(f"no Ray cluster at {address or 'RAY_ADDRESS'}: {error}") from error
    return ray


def _play(match: Match, numbers: Sequence[int]) -> list[Played]:
    """Play a piece of work, in a worker."""
    return list(play_episodes(match, numbers, worlds=len(numbers), threads=1))


class RayRunner:
    """Plays episodes on a cluster; a `tournament.Runner`.

    Args:
        address: of a running cluster; "": RAY_ADDRESS, or else one of this machine is begun.

    Raises:
        ValueError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str = "") -> None:
        self.ray = connect(address)

    def __call__(
        self, jobs: Sequence[Job], *, worlds: int = CHUNK, threads: int | None = None
    ) -> Iterator[tuple[int, Played]]:
        """Yield the place of each episode's job, and what came of it, as its piece of work is done.

        Args:
            jobs: matches, and which of their episodes; their policies go to the workers.
            worlds: episodes side by side in a worker, at most 16.
            threads: workers at a time; by default as many as the cluster has processors.
        """
        size = min(worlds, CHUNK)
        if size < 1 or (threads is not None and threads < 1):
            raise ValueError(f"worlds and threads must be at least 1, got {worlds} and {threads}")
        # A lost worker is no failure of the work; one that raises is.
        play = self.ray.remote(num_cpus=1, max_retries=-1)(_play)
        shared = [self.ray.put(match) for match, _ in jobs]
        waiting = [
            (place, numbers[first : first + size])
            for place, (_, numbers) in enumerate(jobs)
            for first in range(0, len(numbers), size)
        ][::-1]
        running: dict[Any, int] = {}
        try:
            while waiting or running:
                while waiting and (threads is None or len(running) < threads):
                    place, numbers = waiting.pop()
                    running[play.remote(shared[place], numbers)] = place
                done, _ = self.ray.wait(list(running))
                for piece in done:
                    place = running.pop(piece)
                    for played in self._get(piece):
                        yield place, played
        finally:
            for piece in running:
                self.ray.cancel(piece, force=True)

    def _get(self, piece: Any) -> list[Played]:
        try:
            played: list[Played] = self.ray.get(piece)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause or error from None
        return played
