"""Compiled, pure Python and bounds-checked: the same worlds, bit for bit."""

import os
import subprocess
import sys

import pytest

RUN = """
import numpy as np
from metammo.envs.batch import make_vec
from metammo.minigames.minigame import game_names
from metammo.world.worlds import world_hash
for game in game_names():
    mix = {name: 1.0 if name == game else 1e-12 for name in game_names()}
    batch = make_vec(mix, 1, size="tiny", config="full", seed=4, threads=1, maps=1)
    for tick in range(TICKS):
        batch.step(batch.random_actions(tick))
    seen = batch.observation_bytes.reshape(-1).astype(np.int64)
    check = int((seen * (np.arange(seen.size) % 8191)).sum())
    print(game, world_hash(batch.worlds[0]), check)
"""


def run_in(ticks, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    result = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", RUN.replace("TICKS", str(ticks))],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n")


@pytest.mark.parametrize("ticks", [12, pytest.param(400, marks=pytest.mark.slow)])
def test_pure_python_is_the_compiled_world(ticks):
    assert run_in(ticks) == run_in(ticks, NUMBA_DISABLE_JIT="1")


@pytest.mark.slow
def test_checked_indices_change_nothing():
    assert run_in(400) == run_in(400, NUMBA_BOUNDSCHECK="1")
