"""Where the time of a step goes: the driver once more, with a clock read after every phase.

The timed driver is made from the source of `tick_world` and of the plain driver, so its phases are
theirs, in their order. It is compiled only when it is asked for.
"""

import ast
import inspect
from typing import Any

from metammo.tick import tick

RUN, TICK = "run_worlds", "tick_world"

_LAP = '''
from metammo.jit import cycle_count

@kernel
def lap(laps, phase, read):
    """Count the time since the last reading for a phase; return the new reading."""
    now = cycle_count()
    laps[phase] += now - read
    return now
'''


class _Laps(ast.NodeTransformer):
    """Adds a reading of the clock after each call that stands as a statement of its own.

    Attributes:
        names: of the phases, in order; calls of one function count together.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_Expr(self, node: ast.Expr) -> Any:
        if not isinstance(node.value, ast.Call) or not isinstance(node.value.func, ast.Name):
            return node
        name = node.value.func.id
        if name == TICK:
            call = ast.unparse(node.value).removesuffix(")")
            return ast.parse(f"read = {call}, laps, read)").body
        if name not in self.names:
            self.names.append(name)
        return [node, *ast.parse(f"read = lap(laps, {self.names.index(name)}, read)").body]


def _function(tree: ast.Module, name: str) -> ast.FunctionDef:
    return next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    )


def _add_arguments(function: ast.FunctionDef, *names: str) -> None:
    function.args.args += [ast.arg(name) for name in names]


def timed_text(driver: str) -> tuple[str, list[str]]:
    """Return the source of a timed driver, and the names of its phases in order.

    Args:
        driver: source of the plain driver; `run_worlds` gains the argument laps, int64[phases].
    """
    laps = _Laps()
    source = ast.parse(inspect.getsource(tick))
    whole_tick = laps.visit(_function(source, TICK))
    _add_arguments(whole_tick, "laps", "read")
    whole_tick.body += ast.parse("return read").body

    tree = ast.parse(driver)
    run = laps.visit(_function(tree, RUN))
    _add_arguments(run, "laps")
    loop = next(node for node in run.body if isinstance(node, ast.While))
    loop.body = ast.parse("read = cycle_count()").body + loop.body

    imports = [node for node in source.body if isinstance(node, ast.ImportFrom)]
    # The plain entry and the plain tick give way to the timed ones.
    kept = [node for node in tree.body if not _is_entry(node) and not _is_tick(node)]
    module = ast.Module([*kept, *imports, *ast.parse(_LAP).body, whole_tick, run], type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(module)), laps.names


def _is_tick(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == tick.__name__


def _is_entry(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(item, ast.Name) and item.id == "entry" for item in decorators)
