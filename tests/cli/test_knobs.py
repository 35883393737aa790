"""Knobs as they are typed on the command line."""

from fractions import Fraction

import pytest

from metammo.cli.knobs import read_knobs
from metammo.rules.knobs import KnobError
from metammo.tasks.goals import tick_ge


def test_numbers_fractions_words_and_lists_are_read():
    words = ["horizon=512", "grass_map=.5", "fog_speed=1/16", "spawn=ring", "teams=8,8,112"]
    assert read_knobs(words) == {
        "horizon": 512,
        "grass_map": 0.5,
        "fog_speed": Fraction(1, 16),
        "spawn": "ring",
        "teams": [8, 8, 112],
    }
    assert read_knobs(["hold-ticks=3"], "tick_ge(5)") == {"hold_ticks": 3, "task": tick_ge(5)}


@pytest.mark.parametrize("words", [["horizon"], ["=3"], ["horizon="], ["a=1", "a=2"]])
def test_what_is_no_knob_is_told_so(words):
    with pytest.raises(KnobError, match=r"name=value|given twice"):
        read_knobs(words)
