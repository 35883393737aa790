"""Random numbers that each world draws for itself.

A counter-based generator: draw number n of the stream `seed` is a hash of (seed, n), by the
finaliser of splitmix64 (Steele, Lea, Flood 2014). A world's numbers thus depend on nothing but its
own record: not on threads, not on its place in a batch.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.jit import IS_COMPILED, kernel

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB


def hash_number(value: int) -> int:
    """Return 64 well-mixed bits of a whole number (Python integers, taken modulo 2^64)."""
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def seed_of(*parts: int) -> int:
    """Return a seed made of several whole numbers, in order."""
    seed = 0
    for part in parts:
        seed = hash_number(seed ^ hash_number(part))
    return seed


def spread_seed(seed: int, count: int, draws: int = 1) -> NDArray[np.uint64]:
    """Return seeds, uint64[count], of which number i gives the draws from i x `draws` of a stream.

    Args:
        seed: of the stream.
        count: how many.
        draws: how many each may draw before it meets the next.
    """
    return np.uint64(seed) + np.arange(count, dtype=np.uint64) * np.uint64(draws * _GOLDEN & _MASK)


def hash_numbers(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64 well-mixed bits of each whole number; `hash_number` of arrays, uint64."""
    values = values + np.uint64(_GOLDEN)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(_FIRST)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(_SECOND)
    return values ^ (values >> np.uint64(31))


if IS_COMPILED:
    _U_GOLDEN = np.uint64(_GOLDEN)
    _U_FIRST = np.uint64(_FIRST)
    _U_SECOND = np.uint64(_SECOND)
    _U_27, _U_30, _U_31, _U_33 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(33)

    @kernel
    def bits31(seed: Any, counter: Any) -> Any:
        """Return 31 random bits, int64, of draw `counter` of the stream `seed`."""
        value = seed + counter * _U_GOLDEN + _U_GOLDEN
        value = (value ^ (value >> _U_30)) * _U_FIRST
        value = (value ^ (value >> _U_27)) * _U_SECOND
        return np.int64((value ^ (value >> _U_31)) >> _U_33)

    @kernel
    def advance(world: Any) -> Any:
        """Return 31 random bits of the world's stream, int64, and go one on."""
        counter = world.random_counter
        world.random_counter = counter + np.uint64(1)
        return bits31(world.seed, counter)

    @kernel
    def mix_seed(seed: Any, salt: Any) -> Any:
        """Return another stream's seed, uint64, made of a seed and a salt."""
        value = (seed ^ (np.uint64(salt) * _U_SECOND)) + _U_GOLDEN
        value = (value ^ (value >> _U_30)) * _U_FIRST
        value = (value ^ (value >> _U_27)) * _U_SECOND
        return value ^ (value >> _U_31)

else:

    def bits31(seed: Any, counter: Any) -> int:
        """Return 31 random bits of draw `counter` of the stream `seed`, in Python's integers."""
        value = (int(seed) + int(counter) * _GOLDEN + _GOLDEN) & _MASK
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        value = ((value ^ (value >> 27)) * _SECOND) & _MASK
        return (value ^ (value >> 31)) >> 33

    def advance(world: Any) -> int:
        """Return 31 random bits of the world's stream and go one on."""
        counter = int(world.random_counter)
        world.random_counter = counter + 1
        return bits31(world.seed, counter)

    def mix_seed(seed: Any, salt: Any) -> np.uint64:
        """Return another stream's seed made of a seed and a salt, in Python's integers."""
        value = ((int(seed) ^ ((int(salt) * _SECOND) & _MASK)) + _GOLDEN) & _MASK
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        value = ((value ^ (value >> 27)) * _SECOND) & _MASK
        return np.uint64(value ^ (value >> 31))


@kernel
def draw_below(world, limit):
    """Return a random whole number in [0, limit), int64; limit in 1..2^31."""
    return (advance(world) * limit) >> 31


@kernel
def draw_between(world, low, high):
    """Return a random whole number in [low, high), int64."""
    return low + draw_below(world, high - low)


@kernel
def draw_chance(world, share):
    """Return True with a chance of `share` thousandths."""
    return advance(world) * 1000 < share << 31


@kernel
def shuffle(world, values, count):
    """Shuffle the first `count` elements of an array in place (Fisher and Yates)."""
    for last in range(count - 1, 0, -1):
        other = draw_below(world, last + 1)
        value = values[last]
        values[last] = values[other]
        values[other] = value
