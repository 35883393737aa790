"""Which thread takes which world: its own share first, then what others have not begun.

A world that the same core steps again finds some of it in that core's caches; and no core idles
while there are worlds left.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.jit import kernel, take_number

STRIDE = 8
"""Numbers from one thread's counter to the next: a cache line each."""


def make_taken(threads: int) -> NDArray[Any]:
    """Return the counters of so many threads, int64[threads x 8]; zero them before each round."""
    return np.zeros(threads * STRIDE, np.int64)


@kernel
def take_world(taken, thread, count):
    """Return the number of a world that no thread has taken in this round, `count` for none left.

    Args:
        taken: int64[threads x 8] of `make_taken`.
        thread: who asks, 0..threads - 1.
        count: number of worlds.
    """
    threads = taken.shape[0] // STRIDE
    for step in range(threads):
        owner = (thread + step) % threads
        first = owner * count // threads
        end = (owner + 1) * count // threads
        # Looked at before it is counted up, so that nobody counts on and on in a finished share.
        if first + int(taken[owner * STRIDE]) < end:
            index = first + take_number(taken, owner * STRIDE)
            if index < end:
                return index
    return int(count)
