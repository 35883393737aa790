"""`metammo tasks`: what agents are asked, and what a task that somebody writes down means."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import print_json, print_table
from metammo.minigames.minigame import find_game, games
from metammo.tasks.codes import Combination, Predicate
from metammo.tasks.parsing import read_task, task_functions
from metammo.tasks.tasks import Asked, OneOf, Task, own_predicate

CURRICULUM = "metammo.tasks.curriculum"


@dataclass(frozen=True)
class Options:
    """List the tasks that agents are asked, or explain one.

    Example: metammo tasks spear
    Example: metammo tasks "0.5 * tick_ge() + 0.5 * equip_item('spear')"
    """

    pattern: Annotated[str, tyro.conf.Positional] = ""
    """Words that a task, its sentence or category must hold; or a task, with its brackets."""
    source: str = ""
    """Of these alone: training, evaluation, or the id of a game."""
    functions: bool = False
    """List the functions of which tasks are made."""
    json: bool = False
    """Print one JSON object."""


def task_row(task: Task) -> dict[str, Any]:
    """Return what a list says of a task: expression, sentence, whose, weight, category, systems."""
    return {
        "task": str(task),
        "sentence": task.sentence,
        "team": task.is_team,
        "weight": task.weight,
        "category": task.category,
        "systems": sorted(task.systems),
    }


def tasks_of(asked: Asked) -> tuple[Task, ...]:
    """Return all that a game may ask."""
    if isinstance(asked, OneOf):
        return asked.tasks
    return (asked,) if isinstance(asked, Task) else tuple(asked)


def task_sources() -> dict[str, tuple[Task, ...]]:
    """Return the lists of tasks by name: the curriculum's, then each game's own."""
    lists: dict[str, Asked] = {}
    if find_spec(CURRICULUM):
        curriculum = import_module(CURRICULUM)
        lists = {"training": curriculum.TRAINING, "evaluation": curriculum.EVALUATION}
    asked_before = [id(each) for each in lists.values()]
    for name, file in sorted(games().items()):
        if id(file.game.task) not in asked_before:
            lists[name] = file.game.task
    return {name: tasks_of(asked) for name, asked in lists.items()}


def find_tasks(pattern: str, source: str) -> list[dict[str, Any]]:
    """Return the rows of the tasks that hold all words of a pattern, of one source or all.

    Raises:
        ValueError: there is no such source.
    """
    sources = task_sources()
    if source.endswith(".py"):
        sources = {source: tasks_of(find_game(source).game.task)}
    elif source and source not in sources:
        raise ValueError(f"there are no tasks of {source!r}; sources: {', '.join(sources)}")
    rows = [
        {"source": name, **task_row(task)}
        for name, tasks in sources.items()
        if source in ("", name)
        for task in tasks
    ]
    words = pattern.lower().split()

    def holds(row: dict[str, Any], word: str) -> bool:
        return word in f"{row['task']} {row['sentence']} {row['category']}".lower()

    return [row for row in rows if all(holds(row, word) for word in words)]


def function_rows() -> list[dict[str, str]]:
    """Return what tasks are made of: name, arguments, first line of the docstring."""
    return [
        {
            "function": name,
            "arguments": str(inspect.signature(function)).partition(" ->")[0],
            "doc": (inspect.getdoc(function) or "").split("\n")[0],
        }
        for name, function in task_functions().items()
    ]


def explain(task: Task) -> dict[str, Any]:
    """Return what a task is made of, and in which games it can be asked."""
    steps = []
    for step in task.steps:
        own = own_predicate(step.code)
        kind = Combination if step.code >= Combination.CONSTANT else Predicate
        name = f"own {step.code - Predicate.OWN_FIRST}" if own else kind(step.code).name.lower()
        arguments = [value if isinstance(value, str) else int(value) for value in step.arguments]
        steps.append({"step": name, "arguments": arguments, "scale": step.scale})
    able = [
        f"{file.name}:{config}"
        for _, file in sorted(games().items())
        for config in file.configs
        if task.systems <= set(file.systems(config))
    ]
    return {**task_row(task), "steps": steps, "games": able}


def _print_explained(found: dict[str, Any]) -> None:
    print(f"{found['task']}\n")
    print(f"In words: {found['sentence']}.")
    subject = "a team as a whole, while any member lives" if found["team"] else "each agent"
    print(f"Asked of: {subject}.")
    print(f"Systems needed: {', '.join(found['systems']) or 'none in particular'}.")
    print(f"Games that have them: {', '.join(found['games']) or 'none'}.\n")
    rows = [
        (row["step"], ", ".join(map(str, row["arguments"])), f"{row['scale']:g}")
        for row in found["steps"]
    ]
    print_table("As it is carried out, in postfix order", ("step", "arguments", "times"), rows)


def _print_tasks(rows: Sequence[dict[str, Any]], pattern: str) -> None:
    cells = [
        (
            row["source"],
            row["task"],
            row["sentence"],
            f"{row['weight']:g}",
            row["category"],
        )
        for row in rows
    ]
    title = "1 task" if len(rows) == 1 else f"{len(rows)} tasks"
    title += f" with {pattern!r}" if pattern else ""
    print_table(title, ("asked by", "task", "in words", "weight", "category"), cells)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo tasks")
    if options.functions:
        rows: list[dict[str, Any]] = [*function_rows()]
        if options.json:
            print_json({"rows": rows})
            return 0
        cells = [(row["function"], row["arguments"], row["doc"]) for row in rows]
        print_table("What tasks are made of", ("function", "arguments", "what it asks"), cells)
        return 0
    if "(" in options.pattern:
        found = explain(read_task(options.pattern))
        if options.json:
            print_json(found)
        else:
            _print_explained(found)
        return 0
    rows = find_tasks(options.pattern, options.source)
    if options.json:
        print_json({"rows": rows})
    else:
        _print_tasks(rows, options.pattern)
    return 0
