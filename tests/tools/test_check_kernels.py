"""Each rule of the kernel lint, seen failing and seen passing."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tools.check_kernels import check_sources, main

COLUMNS = [
    SimpleNamespace(name="tick", dtype=np.int32, shape=()),
    SimpleNamespace(name="random_state", dtype=np.uint64, shape=("players",)),
    SimpleNamespace(name="entity_health", dtype=np.int16, shape=("entities",)),
    SimpleNamespace(name="tile_material", dtype="uint8", shape=("map", "map")),
    SimpleNamespace(name="depleted_tile", dtype="of_size_class", shape=("tiles",)),
]
SCRIPT = Path(__file__).parents[2] / "tools" / "check_kernels.py"


def check(body, path="src/metammo/observe/probe.py", before=""):
    """Lint a kernel of these lines."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{before}\n@kernel\ndef probe(world, i, j, x):\n{lines}"
    return check_sources({path: text}, COLUMNS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise ValueError", "never raises"),
        ("assert i > 0", "no assert"),
        ("print(i)", "does not print"),
        ("i = np.random.randint(3)", "np.random"),
        ("x = math.exp(x)", "exp differs"),
        ("x = np.log(x)", "log differs"),
        ("x = math.sin(x)", "sin differs"),
        ("x = cos(x)", "cos differs"),
        ("x = pow(x, i)", "pow differs"),
        ("x = x ** j", "constant integer exponent"),
        ("x = x ** 0.5", "constant integer exponent"),
        ("x **= j", "constant integer exponent"),
        ("i = world.entity_helth[j]", "world.entity_helth is not in the column table"),
        ("worlds[j].entity_helth[j] = 0", "world.entity_helth is not in the column table"),
    ],
)
def test_forbidden_in_a_kernel(body, expected):
    (line,) = check(body)
    assert line.startswith("src/metammo/observe/probe.py:4: ")
    assert expected in line


@pytest.mark.parametrize(
    "body",
    [
        "x = math.sqrt(x) + x ** 2",
        "x = max(x, 0.5)",
        "world.entity_health[i] = int(world.entity_health[i]) - 1",
        "if world.entity_health[i] <= world.tile_material[i, j]:\n    i = 0",
        "if int(world.entity_health[i]) < i + j:\n    i = 0",
        "if not world.entity_health[i]:\n    i = 0",
        "i = int(world.tick) % 10 + int(min(world.entity_health[i], j))",
        "world.random_state[i] = world.random_state[i] ^ world.random_state[j]",
        "i = world.tile_material[world.entity_health[i], j]",
        "i = world.tile_material.shape[0] - 1",
        "health = int(world.entity_health[i])\nhealth += 1",
        "logs = x.log",
    ],
)
def test_allowed_in_a_kernel(body):
    assert check(body) == []


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^"])
@pytest.mark.parametrize(
    "form", ["i = world.tick {} j", "i = j {} world.entity_health[i]", "i {}= world.tick"]
)
def test_narrow_column_in_arithmetic(operator, form):
    (line,) = check(form.format(operator))
    assert "is narrow: write int(...) around it in arithmetic" in line


@pytest.mark.parametrize(
    "body",
    [
        "i = -world.entity_health[i]",
        "i = ~world.tile_material[i, j]",
        "i = min(world.entity_health[i], j) + 1",
        "i = (world.tick if j else 0) + 1",
        "i = worlds[j].tick + 1",
        "i = world.depleted_tile[i] + 1",
        "health = world.entity_health[i]\ni = health + 1",
        "row = world.tile_material[i]\ni = row[j] + 1",
        "i = 2 * (j + world.tick)",
        "x[world.tick + 1] = 0",
    ],
)
def test_narrow_column_in_disguise(body):
    (line,) = check(body)
    assert "is narrow: write int(...) around it in arithmetic" in line


@pytest.mark.parametrize(
    "test", ["world.tick < i + j", "i - j == world.tick", "0 < i + 1 < world.tick"]
)
def test_narrow_column_beside_arithmetic(test):
    (line,) = check(f"if {test}:\n    i = 0")
    assert "beside arithmetic" in line


def test_augmented_column():
    (line,) = check("world.entity_health[i] += 1")
    assert "write world.entity_health[i] = int(world.entity_health[i]) + 1" in line
    (line,) = check("world.random_state[i] <<= 1")
    assert "write world.random_state[i] = int(world.random_state[i]) << 1" in line


def test_default_arguments():
    for signature in ("world, i=0", "world, *, i=0"):
        text = f"@entry()\ndef probe({signature}):\n    pass\n"
        (line,) = check_sources({"a.py": text}, COLUMNS)
        assert line.startswith("a.py:2: ")
        assert "no default arguments" in line


@pytest.mark.parametrize("decorator", ["@kernel", "@entry", "@entry()", "@jit.kernel"])
def test_kernels_are_known_by_their_decorator(decorator):
    text = f"class Game:\n    {decorator}\n    def referee(world):\n        raise ValueError\n"
    assert len(check_sources({"a.py": text}, COLUMNS)) == 1
    plain = "def referee(world, limit=1):\n    raise ValueError(world.anything + limit)\n"
    assert check_sources({"a.py": plain}, COLUMNS) == []


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("3", "int(3)"),
        ("-1", "int(-1)"),
        ("LIMIT", "int(LIMIT)"),
        ("rules.WATER", "int(rules.WATER)"),
        ("Event.EAT", "int(Event.EAT)"),
        ("world.tick", "column tick is narrow"),
        ("world.entity_health[i]", "column entity_health is narrow"),
        ("int(3)", None),
        ("int(LIMIT)", None),
        ("int(world.tick)", None),
        ("i", None),
        ("i + 1", None),
        ("world.entity_health", None),
        ("world.random_state[i]", None),
        ("TABLE", None),
    ],
)
@pytest.mark.parametrize("call", ["harm(world, {})", "fighting.harm(world, i={})"])
def test_arguments_of_kernels(argument, expected, call):
    constants = (
        "LIMIT: int = 4\nGRASS, WATER = range(2)\nTABLE = np.zeros(3)\n"
        "class Event(IntEnum):\n    EAT = 0\n"
    )
    kernel = "@kernel\ndef harm(world, i):\n    pass\n"
    text = f"@kernel\ndef probe(world, i):\n    {call.format(argument)}\n"
    lines = check_sources({"a.py": constants, "b.py": kernel, "c.py": text}, COLUMNS)
    if expected is None:
        assert lines == []
    else:
        (line,) = lines
        assert line.startswith("c.py:3: ")
        assert expected in line


def test_other_callees_take_literals():
    assert check("x = np.zeros(3)\ni = len(x) + abs(i)\nhelper(world, 3)") == []


@pytest.mark.parametrize("folder", ["tick", "world"])
def test_float_literals_where_the_simulator_counts_in_integers(folder):
    (line,) = check("i = 1.5", path=f"src/metammo/{folder}/probe.py")
    assert "float literal 1.5" in line
    assert check("i = 1.5", path="src/metammo/observe/probe.py") == []


@pytest.mark.parametrize(("decorator", "limit"), [("@kernel", 60), ("", 40)])
def test_statements_are_limited(decorator, limit):
    text = f'{decorator}\ndef probe(world, i):\n    """Doc."""\n' + "    i = 0\n" * limit
    assert check_sources({"a.py": text}, COLUMNS) == []
    (line,) = check_sources({"a.py": text + "    i = 0\n"}, COLUMNS)
    assert f"probe has {limit + 1} statements of {limit}" in line


def test_syntax_error_is_a_message():
    (line,) = check_sources({"a.py": "def probe(:\n"}, COLUMNS)
    assert line.startswith("a.py:1: ")


def make_package(folder, kernel):
    """Write a package with a column table and one kernel."""
    world = folder / "metammo" / "world"
    world.mkdir(parents=True)
    (folder / "metammo" / "__init__.py").touch()
    (world / "__init__.py").touch()
    (world / "columns.py").write_text(
        "from types import SimpleNamespace\n"
        "COLUMNS = (SimpleNamespace(name='tick', dtype='int32', shape=()),)\n"
    )
    (world / "probe.py").write_text(f"@kernel\ndef probe(world):\n    {kernel}\n")


def run_script(*arguments):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_exit_status_of_the_script(tmp_path):
    make_package(tmp_path / "good", "return int(world.tick) + 1")
    make_package(tmp_path / "bad", "return world.tick + 1")
    good = run_script(tmp_path / "good")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    bad = run_script(tmp_path / "bad")
    assert bad.returncode == 1
    assert "probe.py:3: column tick is narrow" in bad.stdout


def test_misuse_exits_with_2(tmp_path, capsys):
    assert main([]) == 2
    assert main([str(tmp_path / "absent")]) == 2
    assert "no such path" in capsys.readouterr().err


def test_unreadable_column_table_exits_with_2(tmp_path):
    make_package(tmp_path, "pass")
    (tmp_path / "metammo" / "world" / "columns.py").write_text("")
    result = run_script(tmp_path)
    assert result.returncode == 2
    assert "cannot read the column table" in result.stderr
