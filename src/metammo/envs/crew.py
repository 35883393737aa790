"""A fixed crew of threads that share out the worlds.

Compiled kernels run without the global interpreter lock, so Python threads use all cores; and since
they are few and stay, a step costs no start of threads. A thread enters compiled code once a step
and takes the worlds there, one at a time: nobody waits for the lock, or for a long last piece.
"""

import os
import queue
import threading
import weakref
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from metammo.jit import IS_COMPILED
from metammo.world.shares import make_taken

Work = Callable[[NDArray[np.int64], int], None]
"""Called with the counters of `world.shares.take_world` and the thread's number."""

Orders = queue.SimpleQueue[Work | None]
"""What a thread waits on: work; None ends the thread."""


def core_count() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return max(os.cpu_count() or 1, 1)


def _serve(
    number: int,
    orders: Orders,
    finished: "queue.SimpleQueue[BaseException | None]",
    taken: NDArray[np.int64],
) -> None:
    """Work on orders until there is none left. Holds nothing of the crew while it waits."""
    while (work := orders.get()) is not None:
        failure: BaseException | None = None
        try:
            work(taken, number)
        except BaseException as error:
            failure = error
        del work
        finished.put(failure)


def _end(orders: list[Orders], threads: list[threading.Thread]) -> None:
    """End threads and wait for them: one that outlives the interpreter takes it down."""
    for each in orders:
        each.put(None)
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join()


class Crew:
    """Runs a piece of work on several threads at once.

    Args:
        threads: how many, the caller's own included; at least 1. Without compiler it is always one.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads if IS_COMPILED else 1
        self._orders: list[Orders] = [queue.SimpleQueue() for _ in range(1, self.threads)]
        self._finished: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._taken = make_taken(self.threads)
        members = [
            threading.Thread(
                target=_serve,
                args=(number, orders, self._finished, self._taken),
                daemon=True,
                name=f"metammo-{number}",
            )
            for number, orders in enumerate(self._orders, 1)
        ]
        for member in members:
            member.start()
        # Also when nobody closes it: at the crew's own end, or the interpreter's.
        self._finalizer = weakref.finalize(self, _end, self._orders, members)

    def run(self, work: Work) -> None:
        """Let every thread work until all worlds are taken, and wait for the end.

        Raises:
            BaseException: the first that a thread met, after all have ended.
        """
        self._taken[:] = 0
        for orders in self._orders:
            orders.put(work)
        failures: list[BaseException | None] = []
        try:
            work(self._taken, 0)
        finally:
            failures = [self._finished.get() for _ in self._orders]
        for failure in failures:
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the threads, and wait until they have ended."""
        self._finalizer()
        self._orders = []
