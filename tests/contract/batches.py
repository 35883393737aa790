"""What the contract tests share: every game of the mini config, batches that use one driver."""

import numpy as np

import metammo
from metammo.minigames.minigame import find_game

ALL_GAMES = metammo.games()
GAMES = [name for name in ALL_GAMES if "mini" in find_game(name).configs]
"""Those that the mini config can play; all play in the full one."""
SHORT = {"horizon": 60}
"""Knobs of a short episode."""


def only(game):
    """Return a mix of all games in which one alone is drawn: no driver of its own to compile."""
    return {name: 1.0 if name == game else 1e-12 for name in GAMES}


def mix_of(*wanted, config="mini", **knobs):
    """Return a mix of all games of a config in which these alone are drawn, with these knobs.

    Tests that share a mix share a driver, and what it takes to compile it.
    """
    games = GAMES if config == "mini" else ALL_GAMES
    return {name: (1.0, knobs) if name in wanted else 1e-12 for name in games}


def make_batch(worlds=6, games=GAMES, **options):
    return metammo.make_vec(games, worlds=worlds, **{"threads": 1, **options})


def play(batch, steps, first=0):
    """Step a batch by valid random actions."""
    for step in range(first, first + steps):
        batch.step(batch.random_actions(step))
    return batch


def bytes_of(batch):
    """Return everything that a step of a batch writes, as bytes."""
    arrays = (
        batch.observation_bytes,
        batch.masks,
        batch.rewards,
        batch.terminated,
        batch.truncated,
        batch.alive,
        batch.done,
        np.where(batch.done[:, None, None], batch.final_observation_bytes, 0),
    )
    return b"".join(array.tobytes() for array in arrays)


def same(first, second):
    """Return whether two nested answers of an environment are equal."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(map(same, first, second))
    return np.array_equal(first, second) and np.asarray(first).dtype == np.asarray(second).dtype
