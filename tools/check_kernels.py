#!/usr/bin/env python3
"""Does every kernel keep the rules that make it compile once and give the same bytes everywhere?

Usage: check_kernels.py PATH...    (files or folders; `make lint` runs it over `src`)
"""

import ast
import importlib
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

DECORATORS = {"kernel", "entry"}
STATEMENT_LIMIT = 40
KERNEL_STATEMENT_LIMIT = 60
INTEGER_FOLDERS = ("metammo/tick/", "metammo/world/")
INEXACT = re.compile(
    "exp(2|m1)?|log(1p|2|10)?|a?(rc)?(sin|cos|tan)[h2]?|pow|(float_)?power|hypot|cbrt"
)
NARROWING_CALLS = {"min", "max", "abs"}  # NumPy keeps the narrow type through these

Function = ast.FunctionDef | ast.AsyncFunctionDef
Message = tuple[int, str]


@dataclass
class Tree:
    """What the scanned files share."""

    columns: Mapping[str, Any]
    """Column name -> an object with `dtype` and `shape`."""
    kernels: set[str] = field(default_factory=set)
    """Names of all kernels."""
    integers: set[str] = field(default_factory=set)
    """Names of integer constants and of enum members, which have Numba types of their own."""

    def learn(self, module: ast.Module) -> None:
        """Note the kernels and the integer constants of one module."""
        self.kernels |= {f.name for f in functions(module) if is_kernel(f)}
        enums = (node for node in module.body if isinstance(node, ast.ClassDef) and is_enum(node))
        for node in itertools.chain(module.body, *(enum.body for enum in enums)):
            if isinstance(node, ast.Assign):
                targets, value = node.targets, node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                targets, value = [node.target], node.value
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and is_integer(value):
                    self.integers.add(target.id)
                elif isinstance(target, ast.Tuple) and is_integer_sequence(value):
                    self.integers |= {n.id for n in target.elts if isinstance(n, ast.Name)}


def functions(module: ast.AST) -> Iterator[Function]:
    """All functions of a module, methods included."""
    return (node for node in ast.walk(module) if isinstance(node, Function))


def is_kernel(function: Function) -> bool:
    """Is the function decorated with `@kernel` or `@entry`, called or not?"""
    calls = (d.func if isinstance(d, ast.Call) else d for d in function.decorator_list)
    return any(last_name(node) in DECORATORS for node in calls)


def last_name(node: ast.AST) -> str:
    """`c` of `a.b.c`; empty for anything that is not a name."""
    return getattr(node, "id", "") or getattr(node, "attr", "")


def is_enum(node: ast.ClassDef) -> bool:
    """Is the class an enumeration of integers?"""
    return any(last_name(base) == "IntEnum" for base in node.bases)


def is_integer(node: ast.AST) -> bool:
    """Is the expression made of integer literals and names of constants alone?"""
    if isinstance(node, ast.BinOp):
        return is_integer(node.left) and is_integer(node.right)
    if isinstance(node, ast.UnaryOp):
        return is_integer(node.operand)
    if isinstance(node, ast.Name):
        return node.id.isupper()
    return isinstance(node, ast.Constant) and type(node.value) is int


def is_integer_sequence(node: ast.AST) -> bool:
    """Does `A, B = node` give integers: a tuple of them, or a range?"""
    if isinstance(node, ast.Tuple):
        return all(is_integer(item) for item in node.elts)
    return isinstance(node, ast.Call) and last_name(node.func) == "range"


class KernelChecker(ast.NodeVisitor):
    """Collects the messages of one kernel."""

    def __init__(self, function: Function, tree: Tree) -> None:
        self.function = function
        self.tree = tree
        self.messages: list[Message] = []
        self.narrow_names: dict[str, tuple[str, int]] = {}

    def run(self) -> list[Message]:
        """Check the whole kernel."""
        arguments = self.function.args
        if arguments.defaults or any(arguments.kw_defaults):
            self.say(self.function, "a kernel has no default arguments: pass every one")
        for node in ast.walk(self.function):  # aliases first: `health = world.entity_health[i]`
            if isinstance(node, ast.Assign) and (found := self.narrow(node.value)):
                names = (t.id for t in node.targets if isinstance(t, ast.Name))
                self.narrow_names.update(dict.fromkeys(names, found))
        for statement in self.function.body:
            self.visit(statement)
        return self.messages

    def say(self, node: ast.AST, message: str) -> None:
        self.messages.append((getattr(node, "lineno", 0), message))

    def narrow(self, node: ast.AST) -> tuple[str, int] | None:
        """The narrow column an expression reads and the dimensions left; None if there is none."""
        if isinstance(node, ast.Name):
            return self.narrow_names.get(node.id)
        if isinstance(node, ast.Attribute) and is_world(node.value):
            column = self.tree.columns.get(node.attr)
            if column is None or not is_narrow(column.dtype):
                return None
            return node.attr, len(column.shape)
        if isinstance(node, ast.Subscript) and (found := self.narrow(node.value)):
            keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            fixed = sum(not isinstance(key, ast.Slice) for key in keys)
            return found[0], max(found[1] - fixed, 0)
        if isinstance(node, ast.IfExp):
            return self.narrow(node.body) or self.narrow(node.orelse)
        if isinstance(node, ast.Call) and last_name(node.func) in NARROWING_CALLS:
            return next(filter(None, map(self.narrow, node.args)), None)
        return None

    def need_int(self, node: ast.AST, where: str) -> None:
        if found := self.narrow(node):
            self.say(node, f"column {found[0]} is narrow: write int(...) around it {where}")

    def visit_Raise(self, node: ast.Raise) -> None:
        self.say(node, "a kernel never raises: count the case, and validate at the Python edge")

    def visit_Assert(self, node: ast.Assert) -> None:
        self.say(node, "a kernel has no assert: test it from outside")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if is_world(node.value) and node.attr not in self.tree.columns:
            self.say(node, f"world.{node.attr} is not in the column table")
        if last_name(node.value) in {"np", "numpy"} and node.attr == "random":
            self.say(node, "np.random differs between runs: draw from metammo.world.random")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = last_name(node.func)
        owner = last_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if name == "print" and not owner:
            self.say(node, "a kernel does not print")
        if INEXACT.fullmatch(name) and owner in {"", "math", "np", "numpy"}:
            self.say(node, f"{name} differs between machines: use + - * / and sqrt, or a table")
        elif name in self.tree.kernels and owner not in {"math", "np", "numpy"}:
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                self.check_argument(name, argument)
        self.generic_visit(node)

    def check_argument(self, callee: str, argument: ast.AST) -> None:
        """Every call of a kernel passes the same types, so that it is compiled once."""
        found = self.narrow(argument)
        if found and not found[1]:
            self.need_int(argument, f"where {callee}() is called")
        elif last_name(argument) in self.tree.integers:
            constant = ast.unparse(argument)
            self.say(argument, f"{callee}() is compiled again for a constant: int({constant})")
        elif is_integer(argument) and not any(isinstance(n, ast.Name) for n in ast.walk(argument)):
            literal = ast.unparse(argument)
            self.say(
                argument,
                f"{callee}() is compiled again for a literal: int({literal}), "
                "or a module constant as int(NAME)",
            )

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.check_power(node.op, node.right)
        for side in (node.left, node.right):
            self.need_int(side, "in arithmetic")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if not isinstance(node.op, ast.Not):
            self.need_int(node.operand, "in arithmetic")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.check_power(node.op, node.value)
        if is_column(node.target) or self.narrow(node.target):
            target = ast.unparse(node.target)
            operator = ast.unparse(node).removeprefix(target).split("=")[0].strip()
            value = ast.unparse(node.value)
            self.say(node, f"write {target} = int({target}) {operator} {value}")
        self.need_int(node.value, "in arithmetic")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in itertools.pairwise([node.left, *node.comparators]):
            for side, other in ((left, right), (right, left)):
                if isinstance(other, ast.BinOp):
                    self.need_int(side, "beside arithmetic")
        self.generic_visit(node)

    def check_power(self, operator: ast.operator, exponent: ast.AST) -> None:
        constant = isinstance(exponent, ast.Constant) and type(exponent.value) is int
        if isinstance(operator, ast.Pow) and not constant:
            self.say(exponent, "** takes a constant integer exponent in a kernel")


def is_world(node: ast.AST) -> bool:
    """Is the expression a world's record: `world`, or `worlds[...]`?"""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "worlds"
    return isinstance(node, ast.Name) and node.id == "world"


def is_column(node: ast.AST) -> bool:
    """Is the expression a column of a world, or an element of one?"""
    while isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and is_world(node.value)


def is_narrow(dtype: Any) -> bool:
    """Is the type an integer of fewer than 64 bits, or one that a size class may make so?"""
    try:
        number = np.dtype(dtype)
    except TypeError:
        return True
    return number.kind in "iu" and number.itemsize < 8


def count_statements(function: Function) -> int:
    """Statements of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return sum(isinstance(node, ast.stmt) for part in body for node in ast.walk(part))


def check_module(module: ast.Module, path: str, tree: Tree) -> list[Message]:
    """All messages about one module, in line order."""
    messages: list[Message] = []
    for function in functions(module):
        limit = KERNEL_STATEMENT_LIMIT if is_kernel(function) else STATEMENT_LIMIT
        if (count := count_statements(function)) > limit:
            messages.append((function.lineno, f"{function.name} has {count} statements of {limit}"))
        if is_kernel(function):
            messages += KernelChecker(function, tree).run()
    if any(folder in path for folder in INTEGER_FOLDERS):
        messages += [
            (node.lineno, f"float literal {node.value}: the simulator counts in integers")
            for node in ast.walk(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
    return sorted(messages)


def check_sources(sources: Mapping[str, str], columns: Iterable[Any]) -> list[str]:
    """Check files given as path -> text; returns `path:line: message` lines."""
    tree = Tree({column.name: column for column in columns})
    modules: dict[str, ast.Module] = {}
    lines: list[str] = []
    for path, text in sources.items():
        try:
            modules[path] = ast.parse(text)
        except SyntaxError as error:
            lines.append(f"{path}:{error.lineno}: {error.msg}")
    for module in modules.values():
        tree.learn(module)
    for path, module in modules.items():
        lines += [f"{path}:{line}: {text}" for line, text in check_module(module, path, tree)]
    return lines


def main(arguments: list[str]) -> int:
    """Print what is wrong under the given paths; 0 if nothing is, 1 if something, 2 on misuse."""
    roots = [Path(argument) for argument in arguments]
    missing = [str(root) for root in roots if not root.exists()]
    if not roots or missing:
        problem = f"no such path: {', '.join(missing)}\n" if missing else ""
        print(f"{problem}usage: check_kernels.py PATH...", file=sys.stderr)
        return 2
    sys.path[:0] = [str(root) for root in roots if (root / "metammo").is_dir()]
    try:
        columns = importlib.import_module("metammo.world.columns").COLUMNS
    except (ImportError, AttributeError) as error:
        print(f"cannot read the column table: {error}", file=sys.stderr)
        return 2
    paths = sorted({path for root in roots for path in [root, *root.rglob("*.py")]})
    sources = {path.as_posix(): path.read_text("utf-8") for path in paths if path.is_file()}
    lines = check_sources(sources, columns)
    if lines:
        print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
