"""Where the time of a run goes."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

Seconds = dict[str, float]
"""Seconds by what they were spent on."""


def no_seconds() -> Seconds:
    """Return a stopwatch that has measured nothing."""
    return defaultdict(float)


@contextmanager
def spent(seconds: Seconds, on: str) -> Iterator[None]:
    """Add up the time of a block.

    On a GPU the time of work that is only ordered here is that of whoever waits for it.
    """
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[on] += time.perf_counter() - started
