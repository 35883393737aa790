"""How a task that somebody typed is read: `read_task("attain_skill('melee', level=5)")`.

What `str(task)` writes is read back. Nothing is executed but the functions of `tasks.goals` and
`team`: the text is taken apart by Python's own parser and put together here, piece by piece.
"""

import ast
import difflib
import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

from metammo.tasks import goals
from metammo.tasks.tasks import Task, TaskError, team

LENGTH_LIMIT = 1000
"""Characters of a task, at most; twelve steps need fewer."""

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}


def task_functions() -> dict[str, Callable[..., Task]]:
    """Return what a task may be made of, by name: the library's functions and `team`."""
    found = {
        name: value
        for name, value in vars(goals).items()
        if inspect.isfunction(value)
        and value.__module__ == goals.__name__
        and not name.startswith("_")
    }
    return {**found, "team": team}


def read_task(text: str) -> Task:
    """Return the task that an expression means.

    Args:
        text: calls of the library's functions with numbers, words and (row, column) pairs, joined
            by + - * & | and ~, as in `0.3 * equip_item("spear") + 0.7 * tick_ge()`.

    Raises:
        TaskError: the text is no such expression, or the task cannot be asked.
    """
    if len(text) > LENGTH_LIMIT:
        raise TaskError(f"a task has at most {LENGTH_LIMIT} characters, got {len(text)}")
    text = text.strip()
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise TaskError(f"{text!r} is no expression in Python: {reason}") from error
    try:
        task = _value(tree.body, text)
    except RecursionError as error:
        raise TaskError(f"{text!r} is nested too deeply") from error
    if not isinstance(task, Task):
        raise TaskError(f"{text!r} is no task, but {task!r}; try tick_ge() or equip_item('spear')")
    return task


def _value(node: ast.expr, text: str) -> Any:
    """Return what a part of the expression stands for: a task, a number, a word, a pair."""
    is_plain = isinstance(node, ast.Constant) and type(node.value) in (int, float, str)
    if isinstance(node, ast.Constant) and is_plain and node.value != math.inf:
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(_value(each, text) for each in node.elts)
    if isinstance(node, ast.Call):
        return _called(node, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Invert)):
        inner = _value(node.operand, text)
        is_task = isinstance(inner, Task)
        if isinstance(node.op, ast.Invert) and is_task:
            return ~inner
        if isinstance(node.op, ast.USub) and (is_task or isinstance(inner, (int, float))):
            return inner * -1
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        one, other = _value(node.left, text), _value(node.right, text)
        if all(isinstance(each, (Task, int, float)) for each in (one, other)):
            return _joined(_BINARY[type(node.op)], one, other, ast.get_source_segment(text, node))
    part = ast.get_source_segment(text, node) or text
    raise TaskError(
        f"{part!r} has no place in a task: it is made of calls of the functions that "
        "`metammo tasks --functions` lists, numbers, words, and + - * & | ~"
    )


def _joined(join: Callable[[Any, Any], Any], one: Any, other: Any, part: str | None) -> Any:
    try:
        return join(one, other)
    except (TypeError, OverflowError) as error:
        raise TaskError(f"{part!r} cannot be worked out: {error}") from error


def _called(node: ast.Call, text: str) -> Any:
    known = task_functions()
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in known:
        close = difflib.get_close_matches(name, known, 3)
        hint = f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(known)}"
        raise TaskError(f"there is no task function {name!r}; {hint}")
    if any(keyword.arg is None for keyword in node.keywords):
        raise TaskError(f"{name} takes its arguments one by one, not as **")
    given = [_value(each, text) for each in node.args]
    named = {str(each.arg): _value(each.value, text) for each in node.keywords}
    if name == "team" and not all(isinstance(each, Task) for each in (*given, *named.values())):
        raise TaskError("team(...) takes a task")
    try:
        return known[name](*given, **named)
    except (TypeError, OverflowError) as error:
        wanted = inspect.signature(known[name])
        words = ", ".join(wanted.parameters)
        raise TaskError(f"{name} takes ({words}): {error}") from error
