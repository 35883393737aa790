"""How long torch's OpenMP threads wait in a loop before they sleep."""

import os
import sys

SPIN_COUNT = "4000"
"""Turns of the waiting loop, a few microseconds: enough from one product to the next."""


def shorten_spin() -> None:
    """Let idle OpenMP threads of torch sleep soon; to be called before torch is imported.

    GNU OpenMP spins for milliseconds by default. The simulator's threads, which take turns with
    torch's, and any other program then find every core busy with waiting. A user's own
    GOMP_SPINCOUNT or OMP_WAIT_POLICY stands. No effect on other OpenMP libraries.
    """
    if sys.platform == "linux" and "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
