"""Valid random actions, drawn from the masks by compiled code."""

import numpy as np

from metammo.jit import entry, kernel
from metammo.world.random import bits31
from metammo.world.shares import take_world


@kernel
def draw_choice(mask, first, size, bits):
    """Return one of the allowed choices of a head, each equally likely; the last if none is."""
    allowed = int(0)
    for choice in range(first, first + size):
        allowed += int(mask[choice])
    left = (bits * allowed) >> 31
    for choice in range(size):
        if mask[first + choice] != 0:
            if left == 0:
                return choice
            left -= 1
    return size - 1


@entry
def draw_actions(masks, taken, thread, head_sizes, seed, actions):
    """Write a valid random action for every agent of the worlds that nobody has taken yet.

    Args:
        masks: uint8[worlds, agents, choices].
        taken: counters of `world.shares.make_taken`.
        thread: number of the thread that calls.
        head_sizes: int64[heads].
        seed: uint64; the same seed and masks give the same actions.
        actions: int16[worlds, agents, heads], written.
    """
    worlds, agents, _ = masks.shape
    heads = len(head_sizes)
    world = take_world(taken, thread, worlds)
    while world < worlds:
        for agent in range(agents):
            mask = masks[world, agent]
            first = int(0)
            for head in range(heads):
                size = int(head_sizes[head])
                bits = bits31(seed, np.uint64((world * agents + agent) * heads + head))
                actions[world, agent, head] = draw_choice(mask, first, size, bits)
                first += size
        world = take_world(taken, thread, worlds)


@entry
def draw_rows(masks, head_sizes, streams, actions):
    """Write a valid random action for every row.

    Args:
        masks: uint8[rows, choices].
        head_sizes: int64[heads].
        streams: uint64[rows], seeds of each row's draws.
        actions: int16[rows, heads], written.
    """
    for row in range(masks.shape[0]):
        first = int(0)
        for head in range(len(head_sizes)):
            size = int(head_sizes[head])
            bits = bits31(streams[row], np.uint64(head))
            actions[row, head] = draw_choice(masks[row], first, size, bits)
            first += size


@entry
def draw_numbers(streams, numbers):
    """Write random numbers for every row, evenly spread over [0, 1).

    Args:
        streams: uint64[rows], seeds of each row's draws.
        numbers: float32[rows, draws], written.
    """
    for row in range(numbers.shape[0]):
        for draw in range(numbers.shape[1]):
            bits = bits31(streams[row], np.uint64(draw))
            numbers[row, draw] = np.float32(bits >> 7) * np.float32(1 / 16777216)
