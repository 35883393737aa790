"""The compile owner: staleness across files, separate builds, one signature a kernel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import metammo
from metammo import jit
from metammo.jit import call_far, entry, find_kernels, kernel

PACKAGE = Path(metammo.__file__).parent

PROBE = """
from metammo.jit import entry, kernel
from metammo.rules.probe_number import NUMBER

@kernel
def inner(value):
    return value + NUMBER

@entry
def probe(values):
    return inner(values[9])
"""

RUN = """
import numpy as np
from metammo.jit import SOURCE_KEY, IS_COMPILED
from metammo.world.probe import probe
try:
    answer = probe(np.arange(LENGTH))
except IndexError:
    answer = "IndexError"
hits = sum(probe.stats.cache_hits.values()) if IS_COMPILED else 0
print(answer, hits, SOURCE_KEY)
"""


class Copy:
    """A copy of the kernel-bearing sources with a probe in two files, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "metammo"
        for name in ("rules", "world"):
            shutil.copytree(PACKAGE / name, self.package / name)
        (self.package / "__init__.py").write_text("")
        shutil.copy(PACKAGE / "jit.py", self.package)
        (self.package / "world" / "probe.py").write_text(PROBE)
        self.folder = folder
        self.set_number(1)

    def set_number(self, number: int) -> None:
        (self.package / "rules" / "probe_number.py").write_text(f"NUMBER = {number}\n")

    def run(self, length: int = 10, **environment: str) -> tuple[str, int, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
        paths = {"PYTHONPATH": str(self.folder), "METAMMO_CACHE": str(self.folder / "cache")}
        result = subprocess.run(
            [sys.executable, "-c", RUN.replace("LENGTH", str(length))],
            env={**kept, **paths, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        answer, hits, key = result.stdout.split()
        return answer, int(hits), key


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def test_an_edit_in_another_file_recompiles(copy):
    first = copy.run()
    assert first[:2] == ("10", 0)
    assert copy.run() == ("10", 1, first[2])
    copy.set_number(5)
    changed = copy.run()
    assert changed[:2] == ("14", 0)
    assert changed[2] != first[2]
    copy.set_number(1)
    assert copy.run() == ("10", 1, first[2])


def test_checked_builds_have_a_cache_of_their_own(copy):
    assert copy.run()[0] == "10"
    # Reading past the end goes unnoticed in the fast build, and must not in the checked one.
    assert copy.run(length=5, NUMBA_BOUNDSCHECK="1")[:2] == ("IndexError", 0)
    assert copy.run()[:2] == ("10", 1)


def test_pure_python_mode_gives_the_same(copy):
    assert copy.run(NUMBA_DISABLE_JIT="1")[0] == "10"
    assert copy.run(length=5, NUMBA_DISABLE_JIT="1")[0] == "IndexError"


@kernel
def double_last(values, answer):
    answer[0] = 2 * values[9]


@entry
def call_by_place(places, values, answer):
    call_far(places, 1, values, answer)


@pytest.mark.pure
def test_a_kernel_is_called_by_its_place_and_its_error_goes_through():
    values, answer = np.arange(10), np.zeros(1, np.int64)
    places = find_kernels([(double_last, (answer, answer)), (double_last, (values, answer))])
    call_by_place(places, values, answer)
    assert answer[0] == 18
    if jit.IS_BOUNDS_CHECKED or not jit.IS_COMPILED:
        with pytest.raises(IndexError):
            call_by_place(places, values[:5].copy(), answer)


def test_the_key_covers_every_kernel_package():
    covered = {path.relative_to(PACKAGE).parts[0] for path in jit.source_files()}
    assert covered >= {*jit.KERNEL_PACKAGES, "actions.py", "jit.py", "minigames"}
    assert not covered & {"learner", "cli", "evaluation", "envs"}


def test_the_key_covers_every_file_with_kernels_that_others_call():
    # Games and what drives them are keyed by their own text; there it stands in strings, too.
    elsewhere = {"minigames", "envs", "cli"}
    holding = {
        path
        for path in PACKAGE.rglob("*.py")
        if b"\n@kernel\n" in path.read_bytes()
        and path.relative_to(PACKAGE).parts[0] not in elsewhere
    }
    assert PACKAGE / "policies" / "instincts.py" in holding
    assert holding <= set(jit.source_files())
    assert PACKAGE / "policies" / "encoders.py" not in jit.source_files()


def test_only_one_module_imports_numba():
    users = [
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        if "import numba" in path.read_text(encoding="utf-8")
    ]
    assert users == [Path("jit.py")]


def test_importing_the_package_is_quick_and_leaves_the_heavy_ones_alone():
    code = "import sys, metammo; print(sorted({'torch', 'numba', 'gymnasium'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


COMPILE = """
import sys
import numpy as np
from metammo.envs.batch import make_vec
from metammo.jit import signatures
from metammo.minigames.minigame import find_game, game_names
from metammo.observe.layout import Market
from metammo.policies.scripted import ScriptedPolicy
from metammo.policies.smith import SmithPolicy

config = sys.argv[1]
files = [find_game(name) for name in game_names()]
games = [file.name for file in files if config in file.configs]
batch = make_vec(games, 1, size="tiny", threads=1, config=config)
batch.step(batch.random_actions(0))
batch.state()
rows, masks = batch.observations.reshape(-1), batch.masks.reshape(-1, batch.masks.shape[-1])
ScriptedPolicy().act(rows, masks, None)
if config == "full":
    SmithPolicy().act(rows, masks, None, Market(batch.markets, np.zeros(len(rows), np.int64)))
kernels = {
    f"{value.__module__}.{value.__name__}": len(signatures(value))
    for name, module in list(sys.modules.items())
    if name.startswith("metammo")
    for value in vars(module).values()
    if hasattr(value, "py_func")
}
print(len([count for count in kernels.values() if count]))
print(*(name for name, count in kernels.items() if count > 1))
"""


@pytest.mark.slow
@pytest.mark.parametrize("config", ["full", "mini"])
def test_every_kernel_is_compiled_once(tmp_path, config):
    """For each size class, and for each layout what writes or reads its records."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    result = subprocess.run(
        [sys.executable, "-c", COMPILE, config],
        env={**kept, "METAMMO_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    compiled, repeated = result.stdout.splitlines()
    assert int(compiled) > 100
    assert repeated == ""
