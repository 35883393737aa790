"""What a task is: predicates and what combines them, written in Python, carried out in kernels.

    attain_skill("melee", level=5)
    0.3 * equip_item("spear") + 0.7 * gain_experience("melee", 100)
    inventory_space(4) * tick_ge(300)
    team(seize_center(ticks="hold_ticks"))

A task's progress lies in 0..1; its reward is the change of that. `a & b` is the smaller of two, `a
| b` the larger, `~a` what is missing to 1; +, - and * are what they are in arithmetic. A task is
compiled to a few steps in postfix order, which stand in a world's columns: a new task compiles
nothing.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metammo.tasks.codes import Combination, Predicate
from metammo.world.columns import ARGUMENT_COUNT, STEP_LIMIT, TASK_NUMBERS

FIXED = -1
"""Source of an argument that is a plain number."""


class TaskError(ValueError):
    """A task that cannot be asked."""


@dataclass(frozen=True)
class Step:
    """One predicate, or one combination of the values before it."""

    code: int
    """`Predicate`, a game's own (from OWN_FIRST), or `Combination`."""
    arguments: tuple[int | str, ...] = ()
    """At most four whole numbers, or names of knobs whose value the episode draws."""
    scale: float = 1.0
    """What the value is multiplied by."""


@dataclass(frozen=True)
class Task:
    """What an agent, or a team as a whole, is asked to do."""

    steps: tuple[Step, ...]
    """In postfix order."""
    expression: str
    """How it is written in Python; names the task."""
    sentence: str
    """What it asks, in English."""
    systems: frozenset[str] = frozenset()
    """Systems without which it cannot be done."""
    is_team: bool = False
    """The subject is the team: progress lasts while any member lives."""
    weight: float = 1.0
    """How often it is drawn from a list, beside the others."""
    category: str = ""
    """Of the evaluation tasks, as they are scored."""

    def __post_init__(self) -> None:
        if len(self.steps) > STEP_LIMIT:
            raise TaskError(
                f"a task has at most {STEP_LIMIT} steps, {self.expression} has {len(self.steps)}; "
                "ask for less at once"
            )

    def __str__(self) -> str:
        return f"team({self.expression})" if self.is_team else self.expression

    def __mul__(self, other: "Task | float") -> "Task":
        if isinstance(other, Task):
            return _join(self, other, Combination.TIMES, "*", "{0} and at the same time {1}")
        return _scaled(self, other)

    __rmul__ = __mul__

    def __add__(self, other: "Task | float") -> "Task":
        return _join(self, _task_of(other), Combination.PLUS, "+", "{0}; {1}")

    def __radd__(self, other: float) -> "Task":
        return _task_of(other) + self

    def __sub__(self, other: "Task | float") -> "Task":
        return _join(self, _task_of(other), Combination.MINUS, "-", "{0}; less: {1}")

    def __rsub__(self, other: float) -> "Task":
        return _task_of(other) - self

    def __and__(self, other: "Task") -> "Task":
        return _join(self, _task_of(other), Combination.AND, "&", "{0}, and {1}")

    def __or__(self, other: "Task") -> "Task":
        return _join(self, _task_of(other), Combination.OR, "|", "{0}, or {1}")

    def __invert__(self) -> "Task":
        steps = (*self.steps, Step(Combination.NOT))
        return replace(
            self, steps=steps, expression=f"~{_inner(self)}", sentence=f"not: {self.sentence}"
        )


def _inner(task: Task) -> str:
    return f"({task.expression})" if " " in _outside(task.expression) else task.expression


def _outside(expression: str) -> str:
    """Return what of an expression stands outside all brackets."""
    depth, kept = 0, []
    for character in expression:
        depth += (character in "([") - (character in ")]")
        if depth == 0:
            kept.append(character)
    return "".join(kept)


def _task_of(value: "Task | float") -> Task:
    if isinstance(value, Task):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TaskError(f"a task combines with tasks and numbers, got {value!r}")
    return Task((Step(Combination.CONSTANT, (), float(value)),), f"{value:g}", f"{value:g}")


def _scaled(task: Task, factor: float) -> Task:
    if isinstance(factor, bool) or not isinstance(factor, (int, float)):
        raise TaskError(f"a task is multiplied by a task or a number, got {factor!r}")
    if len(task.steps) == 1:
        steps: tuple[Step, ...] = (
            replace(task.steps[0], scale=task.steps[0].scale * float(factor)),
        )
    else:
        steps = (
            *task.steps,
            Step(Combination.CONSTANT, (), float(factor)),
            Step(Combination.TIMES),
        )
    share = f"{factor:.0%}" if 0 < factor <= 1 else f"{factor:g} times"
    return replace(
        task,
        steps=steps,
        expression=f"{factor:g} * {_inner(task)}",
        sentence=f"for {share}, {task.sentence}",
    )


def _join(one: Task, other: Task, how: Combination, sign: str, words: str) -> Task:
    if one.is_team != other.is_team:
        raise TaskError(
            f"{one} and {other} are asked of different subjects; combine first, then team(...)"
        )
    return Task(
        (*one.steps, *other.steps, Step(how)),
        f"{_inner(one)} {sign} {_inner(other)}",
        words.format(one.sentence, other.sentence),
        one.systems | other.systems,
        one.is_team,
        one.weight,
        one.category,
    )


def family_of(task: Task) -> str:
    """Return the functions by which a task is asked, in order: `equip_item + gain_experience`."""
    names = re.findall(r"[a-z_]+(?=\()", task.expression)
    return " + ".join(dict.fromkeys(names)) or task.expression


def team(task: Task) -> Task:
    """Return the same task, asked of a team as a whole."""
    return replace(task, is_team=True)


def weighted(task: Task, weight: float, category: str = "") -> Task:
    """Return the same task with how often it is drawn, and the category that it is scored in."""
    if not weight > 0:
        raise TaskError(f"the weight of {task} must be above 0, got {weight}")
    return replace(task, weight=float(weight), category=category)


@dataclass(frozen=True)
class OneOf:
    """A list from which each agent's task is drawn by weight; a team's, where all are a team's."""

    tasks: tuple[Task, ...]
    """What can be drawn."""

    def __post_init__(self) -> None:
        if not self.tasks:
            raise TaskError("there is no task to draw from")
        if len({task.is_team for task in self.tasks}) > 1:
            raise TaskError("a list holds tasks for agents, or for teams, not both")

    def within(self, systems: Collection[str]) -> list[Task]:
        """Return the tasks that can be done with these systems."""
        return [task for task in self.tasks if task.systems <= set(systems)]


Asked = Task | tuple[Task, ...] | OneOf
"""What a game asks: one task of all, one of each team in turn, or one of each drawn by weight."""

NOTHING = Task((), "nothing", "no task")
"""Asks nothing: its progress stays 0."""


def task_dtype() -> np.dtype[np.void]:
    """Return the record type of a task in a batch's table."""
    return np.dtype(
        [
            ("cumulative", "float64"),  # weight of this and all before it in its game's list
            ("argument", "int32", (STEP_LIMIT, ARGUMENT_COUNT)),
            ("scale", "float32", (STEP_LIMIT,)),
            ("source", "int16", (STEP_LIMIT, ARGUMENT_COUNT)),
            ("step", "uint8", (STEP_LIMIT,)),
            ("length", "uint8"),
            ("is_team", "uint8"),
            ("has_vector", "uint8"),
            ("vector", "int8", (TASK_NUMBERS,)),
        ]
    )


def write_task(row: Any, task: Task, source_of: Any) -> None:
    """Write a task into a row of the table.

    Args:
        row: one record of `task_dtype`.
        task: what is asked.
        source_of: called with a knob's name, gives its place among the episode's numbers.

    Raises:
        TaskError: an argument does not fit.
    """
    row["length"] = len(task.steps)
    row["is_team"] = task.is_team
    row["source"] = FIXED
    for place, step in enumerate(task.steps):
        row["step"][place] = step.code
        row["scale"][place] = step.scale
        if len(step.arguments) > ARGUMENT_COUNT:
            raise TaskError(f"a predicate has at most {ARGUMENT_COUNT} arguments: {task}")
        for index, argument in enumerate(step.arguments):
            if isinstance(argument, str):
                row["source"][place, index] = source_of(argument)
            else:
                row["argument"][place, index] = argument


def cumulative_weights(weights: Sequence[float]) -> Any:
    """Return running sums by which a task is drawn, float64.

    Raises:
        TaskError: a weight is negative or not a number, or all are zero.
    """
    array = np.asarray(weights, np.float64)
    if array.size == 0 or not np.isfinite(array).all() or (array < 0).any() or array.sum() <= 0:
        raise TaskError("weights must be finite, none negative, and not all zero")
    return np.cumsum(array)


def own_predicate(code: int) -> bool:
    """Return whether a step's code means a predicate that a game brings along."""
    return Predicate.OWN_FIRST <= code < Combination.CONSTANT
