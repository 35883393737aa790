"""Measures Neural MMO 2.1; run by a Python of its own that has it, and knows nothing of metammo.

    python peer_speed.py mini|full TICKS RUNS

Prints one JSON object. 128 agents and 128 NPCs on the peer's medium map, without fog; actions are
valid and drawn outside the timer, and health, food and water refilled there, as `bench sim` does.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from typing import Any

import nmmo
import nmmo.core.config as nc
import numpy as np


class Mini(nc.Medium, nc.Terrain, nc.Resource, nc.Combat, nc.NPC, nc.Communication):
    """The systems of the mini config."""

    HORIZON = 1024
    NPC_N = 128
    MAP_N = 1
    MAP_PREVIEW_DOWNSCALE = 8
    MAP_GENERATE_PREVIEWS = False
    PROVIDE_ACTION_TARGETS = True
    PROVIDE_NOOP_ACTION_TARGET = True
    DEATH_FOG_ONSET = None


class Full(Mini, nc.Progression, nc.Item, nc.Equipment, nc.Profession, nc.Exchange):
    """The systems of the full config."""


def draw(rng: np.random.Generator, masks: Any) -> dict[str, Any]:
    """Return a valid random action."""
    action: dict[str, Any] = {}
    for name, arguments in masks.items():
        action[name] = {}
        for argument, mask in arguments.items():
            allowed = np.flatnonzero(mask)
            action[name][argument] = int(rng.choice(allowed)) if len(allowed) else 0
    return action


def main() -> None:
    """Play, and print what was measured."""
    config = Full() if sys.argv[1] == "full" else Mini()
    ticks, runs = int(sys.argv[2]), int(sys.argv[3])
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engine prints goes to standard error
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    config.PATH_CWD = folder
    config.PATH_MAPS = os.path.join(folder, "maps")  # noqa: PTH118 (a string, as it wants it)
    env = nmmo.Env(config)
    rng = np.random.default_rng(0)
    observations, _ = env.reset(seed=1)
    rates = []
    for _ in range(runs + 1):
        counted, seconds = 0, 0.0
        for _ in range(ticks):
            actions = {
                agent: draw(rng, observations[agent]["ActionTargets"]) for agent in env.agents
            }
            for player in env.realm.players.values():
                player.resources.health.update(100)
                player.resources.food.update(100)
                player.resources.water.update(100)
            counted += len(actions)
            started = time.perf_counter()
            observations, *_ = env.step(actions)
            seconds += time.perf_counter() - started
            if env.realm.tick >= config.HORIZON or not env.agents:
                observations, _ = env.reset()
        rates.append(counted / seconds)
    result = {"agent_steps_per_second": statistics.median(rates[1:]), "version": nmmo.__version__}
    answer.write(json.dumps(result) + "\n")
    answer.close()


if __name__ == "__main__":
    main()
