"""Knobs: what is stored, and what bad ones are told."""

from fractions import Fraction

import pytest

from metammo.rules.knobs import Draw, Integers, KnobError, OneOver, draws_of
from metammo.rules.skills import LEVEL_EXPERIENCE


def test_shares_are_stored_in_thousandths():
    assert draws_of("terrain_water", 0.05, {}) == [Draw("rule_terrain_water", 50, 51)]


def test_ratios_are_stored_exactly():
    wanted = [Draw("rule_fog_speed", 1, 2), Draw("rule_fog_speed_per", 8, 20)]
    assert draws_of("fog_speed", OneOver(8, 20), {}) == wanted
    wanted = [Draw("rule_fog_speed", 1, 2), Draw("rule_fog_speed_per", 6, 7)]
    assert draws_of("fog_speed", Fraction(1, 6), {}) == wanted


def test_counts_may_be_drawn():
    assert draws_of("fog_onset", Integers(1, 128), {}) == [Draw("rule_fog_onset", 1, 128)]


def test_a_game_has_knobs_of_its_own():
    assert draws_of("hold_ticks", 10, {"hold_ticks": 10}) == [Draw("hold_ticks", 10, 11)]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fog_onsett", 3, "did you mean fog_onset"),
        ("horizon", 0, "must lie in 1..30000"),
        ("playable", 41, "must be even"),
        ("horizon", 1.5, "whole number"),
        ("horizon", "long", "takes a number"),
        ("fog_speed", "fast", "takes a fraction"),
        ("terrain_water", Integers(0, 2), "Integers draws whole numbers only"),
    ],
)
def test_bad_knobs_say_what_is_wrong(name, value, words):
    with pytest.raises(KnobError, match=words):
        draws_of(name, value, {})


def test_empty_draws_are_refused():
    with pytest.raises(KnobError, match="empty"):
        Integers(5, 5)
    with pytest.raises(KnobError, match="low < high"):
        OneOver(5, 5)


def test_levels_need_the_rulebooks_experience():
    assert LEVEL_EXPERIENCE.tolist() == [0, 90, 217, 373, 553, 754, 974, 1212, 1467, 1737]


def test_draws_are_shown_as_what_they_draw():
    assert str(Integers(32, 256)) == "32..255"
    assert str(OneOver(7, 12)) == "1/7..1/11"
    assert str(OneOver(8)) == "1/8"
