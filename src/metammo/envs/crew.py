"""A fixed crew of threads that takes worlds off a shared counter.

Compiled kernels run without the global interpreter lock, so Python threads use all cores; and since
they are few and stay, a step costs no start of threads.
"""

import itertools
import os
import queue
import threading
from collections.abc import Callable

Work = Callable[[int, int, int], None]
"""Called with (first world, last world exclusive, number of the thread)."""

Orders = queue.SimpleQueue[tuple[Work, int, int] | None]
"""What a thread waits on: work with its number of worlds and chunk; None ends the thread."""


def core_count() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return max(os.cpu_count() or 1, 1)


class Crew:
    """Runs a piece of work over a range of worlds on several threads.

    Args:
        threads: how many, the caller's own included; at least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._orders: list[Orders] = []
        self._finished: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._counter = itertools.count()
        for number in range(1, threads):
            orders: Orders = queue.SimpleQueue()
            self._orders.append(orders)
            threading.Thread(
                target=self._serve, args=(number, orders), daemon=True, name=f"metammo-{number}"
            ).start()

    def _serve(self, number: int, orders: Orders) -> None:
        while (order := orders.get()) is not None:
            failure: BaseException | None = None
            try:
                self._take(*order, number)
            except BaseException as error:
                failure = error
            self._finished.put(failure)

    def _take(self, work: Work, count: int, chunk: int, number: int) -> None:
        # `next` on a counter is atomic: no two threads get the same worlds.
        while (first := next(self._counter) * chunk) < count:
            work(first, min(first + chunk, count), number)

    def run(self, work: Work, count: int, chunk: int) -> None:
        """Call `work` for all of 0..count - 1, in pieces of `chunk`, and wait for the end."""
        if not self._orders or count <= chunk:
            work(0, count, 0)
            return
        self._counter = itertools.count()
        for orders in self._orders:
            orders.put((work, count, chunk))
        self._take(work, count, chunk, 0)
        failures = [self._finished.get() for _ in self._orders]
        for failure in failures:
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the threads."""
        for orders in self._orders:
            orders.put(None)
        self._orders = []
