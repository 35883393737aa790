"""How tasks combine, what they are called, and what is refused."""

import numpy as np
import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.knobs import KnobError
from metammo.tasks.goals import (
    attain_skill,
    can_see_tile,
    check_agent_status,
    count_event,
    defeat_entity,
    fire_ammo,
    gain_experience,
    hoard_gold,
    make_profit,
    occupy_tile,
    own_item,
    own_predicate,
    seize_quadrant_center,
    spend_gold,
    stay_alive,
    tick_ge,
)
from metammo.tasks.tasks import (
    NOTHING,
    OneOf,
    TaskError,
    cumulative_weights,
    task_dtype,
    team,
    weighted,
    write_task,
)

pytestmark = pytest.mark.pure

LITTLE, SOME, MUCH = hoard_gold(40), spend_gold(20), tick_ge(80)
"""In `scene`: 0.25, 0.5 and 0.75."""


def scene():
    made = Scenario(["....."] * 5, config="full", fog_onset=90)
    anna = made.player(1, 1, gold=10)
    made["gold_spent"][anna] = 10
    made.worlds[0].tick = 60
    return made, anna


def progress(task):
    made, anna = scene()
    made.ask(anna, task)
    return made.progress(anna)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (LITTLE & MUCH, 0.25),
        (LITTLE | MUCH, 0.75),
        (~LITTLE, 0.75),
        (~~LITTLE, 0.25),
        (LITTLE + SOME, 0.75),
        (MUCH - LITTLE, 0.5),
        (MUCH * SOME, 0.375),
        (0.5 * LITTLE, 0.125),
        (LITTLE * 2, 0.5),
        (1 - LITTLE, 0.75),
        (LITTLE + 0.5, 0.75),
        (0.3 * LITTLE + 0.7 * SOME, 0.425),
        (0.5 * (LITTLE + SOME), 0.375),
        (2 * (0.5 * LITTLE), 0.25),
        (~(0.5 * LITTLE), 0.875),
        ((LITTLE | SOME) & ~MUCH, 0.25),
        (((LITTLE | SOME) & ~LITTLE) * MUCH, 0.375),
        (MUCH - (SOME - LITTLE), 0.5),
        ((MUCH - SOME) - LITTLE, 0),
        # Ends are cut off once, at the end: within, values may leave 0..1.
        (MUCH + SOME + LITTLE, 1),
        (LITTLE - MUCH, 0),
        (LITTLE - MUCH + SOME, 0),
        (MUCH + SOME - 1, 0.25),
        (4 * LITTLE * SOME, 0.5),
        # Each predicate's own value is cut off before.
        (0.5 * hoard_gold(5), 0.5),
        (0.5 + make_profit(5), 0.5),
        (NOTHING, 0),
    ],
    ids=str,
)
def test_combinations_are_the_arithmetic_that_they_look_like(task, expected):
    assert progress(task) == pytest.approx(expected)
    assert progress(team(task)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "task",
    [
        ((LITTLE | SOME) & ~MUCH) - 0.25,
        0.5 * (LITTLE + SOME) * MUCH,
        MUCH - (SOME - LITTLE),
        ~(LITTLE & SOME),
        ~LITTLE * SOME,
        2 * (0.5 * LITTLE),
    ],
    ids=str,
)
def test_an_expression_means_what_it_names(task):
    names = {"hoard_gold": hoard_gold, "spend_gold": spend_gold, "tick_ge": tick_ge, "team": team}
    assert eval(str(task), names).steps == task.steps
    assert eval(str(team(task)), names) == team(task)


def test_knobs_named_as_arguments_have_the_episodes_value():
    assert progress(tick_ge("fog_onset")) == pytest.approx(60 / 90)
    assert progress(0.5 * hoard_gold("fog_onset") + tick_ge("horizon")) == pytest.approx(
        0.5 * 10 / 90 + 60 / 1024
    )
    with pytest.raises(KnobError, match="did you mean fog_onset"):
        progress(tick_ge("fog_onsett"))


def test_combining_keeps_what_a_task_needs():
    both = attain_skill("melee", 3) + own_item("hat")
    assert both.systems == {"progression", "item"}
    assert (0.5 * ~both).systems == both.systems
    assert OneOf((tick_ge(5), both)).within(("progression",)) == [tick_ge(5)]
    assert team(both).is_team
    assert not both.is_team


def test_a_task_too_long_is_refused():
    six = [hoard_gold(n) for n in range(1, 7)]
    fits = sum(six[1:], six[0])
    assert len(fits.steps) == 11
    assert len((~fits).steps) == 12
    with pytest.raises(TaskError, match=r"at most 12 steps, .* has 13; ask for less"):
        fits + tick_ge(5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: team(LITTLE) & SOME, "asked of different subjects; combine first, then team"),
        (lambda: OneOf((team(LITTLE), SOME)), "for agents, or for teams, not both"),
        (lambda: OneOf(()), "no task to draw from"),
        (lambda: LITTLE + True, "combines with tasks and numbers, got True"),
        (lambda: LITTLE & "x", "combines with tasks and numbers, got 'x'"),
        (lambda: LITTLE * "x", "multiplied by a task or a number, got 'x'"),
        (lambda: weighted(LITTLE, 0), "must be above 0, got 0"),
        (lambda: own_item("hut"), "unknown item 'hut'; did you mean hat"),
        (lambda: fire_ammo("hat"), "unknown ammunition 'hat'"),
        (lambda: attain_skill("mele", 3), "unknown skill 'mele'; did you mean melee"),
        (lambda: count_event("nap", 3), "unknown event 'nap'"),
        (lambda: can_see_tile("lava"), "unknown material 'lava'"),
        (lambda: defeat_entity("dog", 1), "unknown victim 'dog'; there are npc, player"),
        (lambda: stay_alive("them"), "unknown target 'them'"),
        (lambda: check_agent_status("my_team", "well"), "there are alive, dead"),
        (lambda: seize_quadrant_center("fifth", 3), "unknown quadrant 'fifth'"),
        (lambda: occupy_tile((0, 2000)), "at most 1024 tiles from the centre"),
        (lambda: tick_ge(0), "at least 1, got 0"),
        (lambda: gain_experience("melee", 2.5), "whole number of at least 1, got 2.5"),
        (lambda: stay_alive(True), "unknown target True"),
        (lambda: own_predicate(8, sentence="x"), "at most 8 predicates of its own, got 8"),
        (lambda: cumulative_weights([1, -1]), "none negative"),
        (lambda: cumulative_weights([0, 0]), "not all zero"),
        (lambda: cumulative_weights([]), "not all zero"),
    ],
)
def test_what_cannot_be_asked_is_refused(make, words):
    with pytest.raises(TaskError, match=words):
        make()


def test_too_many_arguments_are_refused():
    task = own_predicate(0, 1, 2, 3, 4, 5, sentence="x")
    with pytest.raises(TaskError, match="at most 4 arguments"):
        write_task(np.zeros(1, task_dtype()).view(np.recarray)[0], task, lambda name: 0)


def test_sentences_say_what_is_combined():
    assert (0.3 * LITTLE + 0.7 * own_item("arrow", 2, 3)).sentence == (
        "for 30%, have 40 pieces of gold; for 70%, own 3 arrows of level 2 or more"
    )
    assert (LITTLE & ~SOME).sentence == "have 40 pieces of gold, and not: spend 20 pieces of gold"
    assert (LITTLE * MUCH).sentence == (
        "have 40 pieces of gold and at the same time stay alive until tick 80"
    )
