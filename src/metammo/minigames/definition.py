"""Is what a game's file says possible? Asked before anything is compiled, answered with the line.

A user's file is checked when it is loaded, the package's own by the tests. What only the compiler
finds is told by `compile_error`.
"""

import ast
import builtins
import difflib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from metammo.jit import IS_COMPILED
from metammo.minigames.minigame import GameError, GameFile, Ladder
from metammo.minigames.seats import team_sizes
from metammo.rules.knobs import KnobError, check_name, draws_of
from metammo.rules.rules import FULL, RULE_FIELDS
from metammo.tasks.codes import OWN_LIMIT, Predicate
from metammo.tasks.tasks import OneOf, Task, own_predicate
from metammo.world.columns import COLUMNS, KNOB_LIMIT

HOOKS = {"setup": ("world",), "referee": ("world",)}
PREDICATE_ARGUMENTS = ("world", "first", "last", "argument")
NOT_KNOBS = {
    *("games", "worlds", "seed", "threads", "config", "size", "evaluation", "held_out", "maps"),
    *("parity", "teams", "agents", "assign", "task", "weight"),
}
"""Names that `make_vec` takes for something else."""


def shown_path(path: Path) -> Path:
    """Return a path as short as it can be said: from the working folder, if it lies within."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _source_of(kernel: Any) -> Any:
    """Return the Python function that a kernel was compiled from."""
    return getattr(kernel, "py_func", kernel)


class _Definition:
    """A game's file beside its syntax tree, to find the line of what is wrong."""

    def __init__(self, file: GameFile) -> None:
        self.file = file
        self.game: Any = file.game  # whatever its author has written into it
        self.tree = ast.parse(file.text)
        self.functions = {
            node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)
        }
        classes = (node for node in self.tree.body if isinstance(node, ast.ClassDef))
        self.node = next((each for each in classes if each.name == self.game.__name__), None)

    def line(self, attribute: str, key: str = "") -> int:
        """Return the line of a class attribute, or of a key of the dict that it is."""
        for node in self.node.body if self.node else []:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign):
                targets = [node.target]
            if attribute not in [getattr(target, "id", "") for target in targets]:
                continue
            for inner in ast.walk(node):
                if key and isinstance(inner, ast.Constant) and inner.value == key:
                    return inner.lineno
            return node.lineno
        return self.node.lineno if self.node else 1

    def error(self, line: int, message: str) -> GameError:
        """Return the error that names file and line."""
        return GameError(f"{shown_path(self.file.path)}:{line}: {message}")

    def refuse(self, attribute: str, message: str, key: str = "") -> GameError:
        """Return the error of an attribute of the class."""
        return self.error(self.line(attribute, key), f"{attribute}: {message}")

    # What is set

    def check_numbers(self) -> None:
        """Check version, systems, teams."""
        game = self.game
        if isinstance(game.version, bool) or not isinstance(game.version, int) or game.version < 1:
            raise self.refuse("version", f"a whole number of at least 1, got {game.version!r}")
        for name in ("systems", "full_systems"):
            systems = getattr(game, name)
            unknown = [each for each in systems if each not in FULL]
            if isinstance(systems, str) or unknown:
                raise self.refuse(name, f"a tuple of {', '.join(FULL)}; got {systems!r}")
        try:
            team_sizes(game, None, None, sys.maxsize)
        except (KnobError, TypeError) as error:
            raise self.refuse("teams", str(error)) from error

    def check_own_knobs(self) -> None:
        """Check the game's own knobs: how many, names, whole numbers."""
        knobs = self.game.knobs
        if len(knobs) > KNOB_LIMIT:
            raise self.refuse("knobs", f"a game has at most {KNOB_LIMIT} of its own, {len(knobs)}")
        for name, value in knobs.items():
            if not str(name).isidentifier() or name in RULE_FIELDS or name in NOT_KNOBS:
                raise self.refuse("knobs", f"{name!r} means something else, or is no name", name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not -(2**31) <= value < 2**31:
                raise self.refuse("knobs", f"{name} must be a whole number, got {value!r}", name)
        for name in self.game.knob_docs:
            if name not in knobs:
                raise self.refuse("knob_docs", f"there is no knob {name!r} among `knobs`", name)

    def check_values(self) -> None:
        """Check every rule and knob that is set: name and range."""
        for attribute in ("rules", "randomize", "evaluate"):
            for name, value in getattr(self.game, attribute).items():
                try:
                    draws_of(name, value, self.game.knobs)
                except KnobError as error:
                    raise self.refuse(attribute, str(error), name) from error

    def check_ladder(self) -> None:
        """Check the ladder: its knob, and that it leads somewhere."""
        ladder = self.game.difficulty
        if ladder is None:
            return
        if not isinstance(ladder, Ladder):
            raise self.refuse("difficulty", f"a Ladder, got {ladder!r}")
        try:
            check_name(ladder.knob, self.game.knobs)
            for value in (ladder.start, ladder.stop):
                draws_of(ladder.knob, value, self.game.knobs)
        except KnobError as error:
            raise self.refuse("difficulty", str(error)) from error
        if ladder.step < 1 or ladder.wins < 1 or ladder.stop < ladder.start:
            raise self.refuse("difficulty", "a ladder rises: step, wins >= 1, stop >= start")

    def check_task(self) -> None:
        """Check what is asked: tasks, and knobs that exist."""
        asked = self.game.task
        tasks = asked.tasks if isinstance(asked, OneOf) else asked
        for task in (tasks,) if isinstance(tasks, Task) else tuple(tasks):
            if not isinstance(task, Task):
                raise self.refuse("task", f"made by functions of tasks.goals, got {task!r}")
            for step in task.steps:
                own = step.code - Predicate.OWN_FIRST
                if own_predicate(step.code) and own >= len(self.game.predicates):
                    raise self.refuse("task", f"{task} asks predicate {own}, which is not given")
                for name in step.arguments:
                    if isinstance(name, str):
                        try:
                            check_name(name, self.game.knobs)
                        except KnobError as error:
                            raise self.refuse("task", str(error)) from error

    # What is compiled

    def check_hooks(self) -> None:
        """Check that hooks and predicates are kernels of the right arguments."""
        if len(self.game.predicates) > OWN_LIMIT:
            raise self.refuse("predicates", f"a game brings along at most {OWN_LIMIT}")
        hooks: list[tuple[str, Any, tuple[str, ...]]] = [
            (name, getattr(self.game, name), wanted) for name, wanted in HOOKS.items()
        ]
        hooks += [("predicates", each, PREDICATE_ARGUMENTS) for each in self.game.predicates]
        for attribute, hook, wanted in hooks:
            if hook is None:
                continue
            source = _source_of(hook)
            name = getattr(source, "__name__", repr(hook))
            if not isinstance(source, FunctionType) or (IS_COMPILED and source is hook):
                raise self.refuse(attribute, f"{name} is no kernel: put @kernel above it")
            if source.__qualname__ != name:
                raise self.refuse(
                    attribute, f"{name} must stand outside of the class, which names it"
                )
            taken = tuple(inspect.signature(source).parameters)
            if len(taken) != len(wanted):
                node = self.functions.get(name)
                raise self.error(
                    node.lineno if node else self.line(attribute),
                    f"{name} must take ({', '.join(wanted)}), it takes ({', '.join(taken)})",
                )

    def check_kernels(self) -> None:
        """Check what the file's kernels name: columns, functions, numbers of arguments."""
        columns = [column.name for column in COLUMNS]
        for node in self.functions.values():
            if "kernel" not in [_last_name(each) for each in node.decorator_list]:
                continue
            known = {*vars(self.file.module), *vars(builtins), *_local_names(node)}
            for inner in ast.walk(ast.Module(node.body, [])):
                if isinstance(inner, ast.Name) and inner.id not in known:
                    raise self.error(inner.lineno, _unknown("name", inner.id, known))
                if (
                    isinstance(inner, ast.Attribute)
                    and _last_name(inner.value) == "world"
                    and inner.attr not in columns
                ):
                    raise self.error(inner.lineno, _unknown("column", inner.attr, columns))
                if isinstance(inner, ast.Call):
                    self.check_call(inner, known - set(vars(builtins)))

    def check_call(self, call: ast.Call, known: Iterable[str]) -> None:
        """Check that what a kernel calls is a kernel, and gets as many arguments as it takes."""
        name = getattr(call.func, "id", "")
        function = vars(self.file.module).get(name) if name in known else None
        source = _source_of(function)
        if not isinstance(source, FunctionType):
            return
        if IS_COMPILED and source is function:
            raise self.error(call.lineno, f"{name} is no kernel: put @kernel above it")
        taken = tuple(inspect.signature(source).parameters)
        if len(call.args) + len(call.keywords) != len(taken):
            raise self.error(
                call.lineno, f"{name} takes ({', '.join(taken)}), not {len(call.args)} arguments"
            )


def _last_name(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _local_names(function: ast.FunctionDef) -> Iterator[str]:
    """Give the names that a function binds: arguments and what is assigned."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), 3)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    where = " of the world; world/columns.py has the list" if what == "column" and not hint else ""
    return f"there is no {what} {name!r}{where}{hint}"


def check_definition(file: GameFile) -> None:
    """Raise GameError, with file and line, where a game cannot be played as it is written."""
    definition = _Definition(file)
    definition.check_numbers()
    definition.check_own_knobs()
    definition.check_values()
    definition.check_ladder()
    definition.check_hooks()
    definition.check_kernels()
    definition.check_task()


def import_error(path: Path, error: BaseException) -> GameError:
    """Return the error of a file that cannot be imported, with the line where it stopped."""
    line = 0
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line = error.lineno or 0
    else:
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(path):
                line = trace.tb_lineno
            trace = trace.tb_next
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    where = f"{shown_path(path)}:{line}" if line else f"{shown_path(path)}"
    return GameError(f"{where}: cannot be imported: {reason or type(error).__name__}")


_PLACES = re.compile(r'(?:at|from) (\S[^\n]*?\.py) \((\d+)\)|File "([^"\n]+)", line (\d+)')


def compile_error(error: BaseException, files: Iterable[GameFile]) -> GameError | None:
    """Return what the compiler found wrong in one of the games' files; None if in none of them.

    Args:
        error: what compiling raised.
        files: the games of the batch.
    """
    text = str(error)
    paths = {file.path.resolve(): file for file in files}
    for match in _PLACES.finditer(text):
        path = Path(match[1] or match[3]).resolve()
        if path in paths:
            where = f"{shown_path(path)}:{match[2] or match[4]}"
            return GameError(f"{where}: does not compile: {_reason(text)}")
    return None


def _reason(text: str) -> str:
    """Return the one line of a compiler's message that says most."""
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "- Resol"))]
    reason = telling[0] if telling else "no reason given"
    shown = next((line for line in telling if line.startswith(">>>")), "")
    reason = f"{reason} {shown.removeprefix('>>>').strip()}" if shown else reason
    return reason if len(reason) <= 300 else reason[:300] + " ..."
