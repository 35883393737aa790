"""Tasks that somebody typed: read back what is written, and nothing else."""

import pytest

from metammo.minigames.minigame import games
from metammo.tasks.goals import equip_item, gain_experience, stay_alive, tick_ge
from metammo.tasks.parsing import read_task, task_functions
from metammo.tasks.tasks import OneOf, Task, TaskError, team, weighted


def asked_by_all_games():
    for file in games().values():
        asked = file.game.task
        tasks = asked.tasks if isinstance(asked, OneOf) else asked
        yield from (tasks,) if isinstance(tasks, Task) else tasks


@pytest.mark.parametrize(
    "task",
    [
        0.5 * equip_item("spear") + 0.25 * gain_experience("melee", 100),
        ~tick_ge("hold_ticks") & stay_alive() | tick_ge(3) * tick_ge(4),
        team(tick_ge() - 0.5 * tick_ge(7)),
        -1 * tick_ge(5),
    ],
)
def test_what_is_written_is_read_back(task):
    assert read_task(str(task)) == task


def test_every_task_of_the_games_is_read_back():
    read = [task for task in asked_by_all_games() if "own_predicate" not in str(task)]
    assert read
    for task in read:
        assert read_task(str(task)) == weighted(task, 1.0)


def test_blanks_around_it_do_no_harm():
    assert read_task("  tick_ge( 3 )\n") == tick_ge(3)
    assert read_task("occupy_tile((3, -4))").expression == "occupy_tile((3, -4))"


def test_functions_are_the_librarys_own():
    assert {"tick_ge", "team", "own_predicate", "can_see_group"} <= set(task_functions())
    assert not {"Any", "IntEnum", "Step", "Task"} & set(task_functions())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no expression"),
        ("tick_ge(", "no expression"),
        ("3", "is no task"),
        ("'tick_ge()'", "is no task"),
        ("tick_gee()", "did you mean tick_ge"),
        ("__import__('os').system('true')", "no task function"),
        ("tick_ge.__globals__", "has no place in a task"),
        ("tick_ge().weight", "has no place in a task"),
        ("[tick_ge() for x in (1, 2)]", "has no place in a task"),
        ("(lambda: tick_ge())()", "no task function"),
        ("tick_ge(10 ** 9)", "has no place in a task"),
        ("'a' * 3", "has no place in a task"),
        ("tick_ge(**{'ticks': 3})", "one by one"),
        ("attain_skill('melee')", "takes .skill, level, agents."),
        ("attain_skill('meele', 3)", "did you mean melee"),
        ("team(3)", "takes a task"),
        ("1 & tick_ge()", "cannot be worked out"),
        ("1e999 * tick_ge()", "has no place in a task"),
        ("tick_ge(99999999999)", "whole number"),
        ("tick_ge() + " * 12 + "tick_ge()", "at most 12 steps"),
        ("tick_ge() + " * 99 + "tick_ge()", "at most 1000 characters"),
        ("(" * 400 + "tick_ge()" + ")" * 400, "no expression"),
        ("tick_ge() + team(tick_ge())", "different subjects"),
    ],
)
def test_all_else_is_refused(text, words):
    with pytest.raises(TaskError, match=words):
        read_task(text)
