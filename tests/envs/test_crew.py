"""Threads that end when they should, and tell what went wrong."""

import gc
import threading

import pytest

from metammo.envs.crew import Crew
from metammo.jit import IS_COMPILED

needs_threads = pytest.mark.skipif(not IS_COMPILED, reason="one thread without compiler")


def members():
    return [thread for thread in threading.enumerate() if thread.name.startswith("metammo-")]


@needs_threads
def test_threads_end_when_the_crew_is_closed_or_forgotten():
    gc.collect()
    before = len(members())
    crew = Crew(3)
    crew.run(lambda taken, number: None)
    assert len(members()) == before + 2
    crew.close()
    crew.close()
    assert len(members()) == before
    crew = Crew(4)
    crew.run(lambda taken, number: None)
    del crew
    gc.collect()
    assert len(members()) == before


@needs_threads
def test_a_failure_in_a_thread_is_told_and_the_crew_goes_on():
    crew = Crew(3)

    def fail(taken, number):
        if number == 2:
            raise ValueError("thread 2")

    with pytest.raises(ValueError, match="thread 2"):
        crew.run(fail)
    seen = set()
    crew.run(lambda taken, number: seen.add(number))
    assert seen == {0, 1, 2}
    crew.close()
