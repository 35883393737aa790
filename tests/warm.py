"""Compile beforehand what most tests need, part by part in processes of their own.

`python -m tests.warm tiny standard` compiles two parts at once. Without it every process of pytest
would begin by compiling the same; what is compiled already loads in a second or two.
"""

import subprocess
import sys
import time

import numpy as np

import metammo
from metammo.envs.scenario import Scenario
from metammo.observe.layout import Market
from metammo.policies.hub import make_policy
from metammo.policies.scripted import ScriptedPolicy
from metammo.policies.smith import SmithPolicy
from metammo.tasks.goals import tick_ge
from tests.contract.batches import ALL_GAMES, GAMES
from tests.policies.made_up import random_inputs


def play_games(size):
    """Play a step of every game in both configs, by the drivers that most tests share."""
    for config, games in (("mini", GAMES), ("full", ALL_GAMES)):
        batch = metammo.make_vec(games, 1, size=size, config=config, threads=1)
        batch.step(batch.random_actions(0))
        batch.close()
        yield batch


def act(batch):
    """Let the policies that are kernels act on what a batch shows."""
    rows, masks = batch.observations[0], batch.masks[0]
    ScriptedPolicy().act(rows, masks, None)
    if batch.layout.has_market:
        market = Market(batch.markets, np.zeros(len(rows), np.int64))
        SmithPolicy().act(rows, masks, None, market)


def compile_tiny():
    Scenario(["..."]).tick()
    list(play_games("tiny"))
    # What of a network is compiled.
    encoded = make_policy("small", "mini").encode(random_inputs(2))
    (encoded.features.sum() + encoded.entities.sum()).backward()


def compile_standard():
    for batch in play_games("standard"):
        act(batch)


def compile_scenes():
    for config in ("mini", "full"):
        scene = Scenario(["..."], config=config)
        scene.ask(scene.player(0, 0), tick_ge(1))
        scene.progress(0)
        scene.observe()


PARTS = {"tiny": compile_tiny, "standard": compile_standard, "scenes": compile_scenes}


def main():
    """Compile the parts that are named, each in a process where there are several."""
    names = sys.argv[1:]
    if not names or set(names) - set(PARTS):
        print(f"name parts to compile, of {', '.join(PARTS)}, got {names}", file=sys.stderr)
        return 2
    if len(names) == 1:
        PARTS[names[0]]()
        return 0
    print(f"Compiling {' and '.join(names)} ...", flush=True)
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.warm"]
    started = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in names]
    failed = False
    for name, process in zip(names, started, strict=True):
        _, said = process.communicate()
        if process.returncode:
            print(f"{name} does not compile:\n{said.decode()}", file=sys.stderr)
            failed = True
    print(f"Compiled in {time.perf_counter() - began:.0f} s.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
