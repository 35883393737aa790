"""The timed step: the same worlds as the plain one, and phases that are the tick's."""

import numpy as np
import pytest

from metammo.envs.batch import make_vec
from metammo.envs.phases import timed_text
from metammo.jit import IS_COMPILED

GAMES = ["race_to_center"]
OPTIONS = {"worlds": 2, "seed": 5, "size": "tiny", "threads": 1, "horizon": 20}


@pytest.mark.pure
@pytest.mark.skipif(IS_COMPILED, reason="compiled, it takes a driver of its own: make test-slow")
def test_a_timed_step_is_a_step_without_the_compiler():
    compare_timed_with_plain()


@pytest.mark.slow
def test_a_timed_step_is_a_step():
    compare_timed_with_plain()


def compare_timed_with_plain():
    plain, timed = make_vec(GAMES, **OPTIONS), make_vec(GAMES, **OPTIONS)
    ticks = 50 if IS_COMPILED else 5
    for tick in range(ticks):
        laps = timed.step_timed(timed.random_actions(tick))
        plain.step(plain.random_actions(tick))
        assert (plain.observation_bytes == timed.observation_bytes).all()
        assert (plain.life_begins == timed.life_begins).all()
        assert laps["decide_npcs"] > 0
        assert laps["observe_world"] > 0
        assert (laps["begin_episode"] > 0) == plain.done.any()
    assert plain.worlds.tobytes() == timed.worlds.tobytes()
    assert np.array_equal(plain.done, timed.done)


def test_phases_are_named_in_order():
    text, names = timed_text(
        "def run_worlds(worlds, taken):\n while take_number(taken) < 3:\n"
        "  tick_world(w, a)\n  after(w)\n  x = 1\n  if x:\n   end(w)\n  after(w)\n"
    )
    assert names[0] == "decide_npcs"
    assert names[-2:] == ["after", "end"]
    assert "read = tick_world(w, a, laps, read)" in text
    assert text.index("decide_npcs(world)") < text.index("resolve_moves(world, actions)")
