"""Episodes of many matches on the cores of this machine, each core a process of its own.

Threads of one process hinder each other here: a small network is hundreds of short products a
tick, and after each of them its thread asks for Python's lock again. Processes have a lock each.
Every one of them takes the next episode as soon as one of its worlds is free, and goes on to the
next match when this one has none left, so that no core waits for another's last episode.
"""

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any

import torch

from metammo.envs.crew import core_count
from metammo.evaluation.ledger import Played
from metammo.evaluation.match import WORLDS, Job, Room, play_matches

FEW_EPISODES = 8
"""So many, or fewer, are played by threads: processes take seconds to begin, an episode as long."""


def play_on_cores(
    jobs: Sequence[Job], *, worlds: int = WORLDS, threads: int | None = None
) -> Iterator[tuple[int, Played]]:
    """Play episodes of matches; a `tournament.Runner`.

    Args:
        jobs: matches, and which of their episodes.
        worlds: how many are played side by side, all processes together.
        threads: processes; by default as many as there are cores.

    Yields:
        Which of the jobs, and what came of one of its episodes, as each ends.

    Raises:
        ValueError: a match cannot be played.
        ChildProcessError: a process was killed.
    """
    total = sum(len(numbers) for _, numbers in jobs)
    members = min(threads or core_count(), worlds, total)
    if members < 2 or total <= FEW_EPISODES:
        yield from play_matches(jobs, worlds=worlds, threads=threads)
        return
    for match, _ in jobs:
        # What cannot be played is refused here, and what must be compiled is compiled once.
        match.make_batch(1).close()
    context: Any = multiprocessing.get_context(_way_to_begin())
    context.set_forkserver_preload([__name__])
    taken = context.Array("q", len(jobs))
    told = pickle.dumps(list(jobs))
    crew, ends = [], []
    try:
        for member in range(members):
            own = (member + 1) * worlds // members - member * worlds // members
            end, other = context.Pipe(duplex=False)
            worker = context.Process(target=_work, args=(told, taken, own, other), daemon=True)
            worker.start()
            # Else the pipe would stay open when the process is gone.
            other.close()
            crew.append(worker)
            ends.append(end)
        yield from _receive(ends)
    finally:
        for worker in crew:
            worker.terminate()
        for worker in crew:
            worker.join()


def _way_to_begin() -> str:
    """Return how processes begin: from one that has imported everything, where there is such."""
    known = multiprocessing.get_all_start_methods()
    return "forkserver" if "forkserver" in known else "spawn"


def _receive(ends: Sequence[Any]) -> Iterator[tuple[int, Played]]:
    """Yield what the workers send, until each has said that it is done."""
    waiting: list[Any] = list(ends)
    while waiting:
        end: Any
        for end in wait(waiting):
            try:
                told = end.recv()
            except EOFError:
                raise ChildProcessError(
                    "a process that played episodes was killed, perhaps for want of memory; what "
                    "was played is kept: run the same again, with fewer --threads or --worlds"
                ) from None
            if isinstance(told, BaseException):
                raise told
            if told is None:
                waiting.remove(end)
            else:
                yield told


def _work(told: bytes, taken: Any, worlds: int, end: Any) -> None:
    """Play in a process: one job after another, of each what the other workers leave.

    Args:
        told: the jobs, pickled.
        taken: how many episodes of each job have been begun, by all workers.
        worlds: of this worker.
        end: where to what came of them goes; None: there is nothing left.
    """
    # An interruption is the first process's to handle; it ends this one, which ends by itself where
    # the first is killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    first = multiprocessing.parent_process()

    def is_alone() -> bool:
        return first is not None and not first.is_alive()

    try:
        jobs: list[Job] = pickle.loads(told)
        for place in range(len(jobs)):
            if not is_alone():
                _play(jobs, place, taken, worlds, end, is_alone)
        end.send(None)
    except BrokenPipeError:
        return  # Nobody listens any more: the first process is gone.
    except BaseException as error:
        end.send(error)


def _play(
    jobs: Sequence[Job], place: int, taken: Any, worlds: int, end: Any, stop: Callable[[], bool]
) -> None:
    """Play a share of a job's episodes, until there are none left or `stop` says so."""
    match, numbers = jobs[place]
    left = len(numbers) - taken[place]
    if left <= 0:
        return

    def take() -> int | None:
        with taken.get_lock():
            first = taken[place]
            taken[place] = first + 1
        return numbers[first] if first < len(numbers) else None

    room = Room(match, min(worlds, left))
    try:
        room.play(take, lambda played: end.send((place, played)), stop)
    finally:
        room.batch.close()
