"""How worlds are made, kept, copied and compared: a world is one record of bytes."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.rules.sizes import STANDARD, Sizes
from metammo.world.columns import world_dtype

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@cache
def _multipliers(count: int) -> NDArray[np.uint64]:
    """Return two odd numbers for each 64-bit word of a record, uint64[2, count]."""
    place = np.arange(1, 2 * count + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = place * _PRIME
        mixed ^= mixed >> np.uint64(31)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
    return (mixed | np.uint64(1)).reshape(2, count)


def make_worlds(count: int, sizes: Sizes = STANDARD) -> Any:
    """Return `count` empty worlds, a record array [count] of the size class's record type."""
    return np.zeros(count, world_dtype(sizes)).view(np.recarray)


def snapshot(world: Any) -> bytes:
    """Return a world's whole state."""
    return bytes(world.tobytes())


def restore(worlds: Any, index: int, state: bytes) -> None:
    """Set world `index` to a state from `snapshot`.

    Raises:
        ValueError: the state is of another size class or version.
    """
    if len(state) != worlds.dtype.itemsize:
        raise ValueError(
            f"a world here has {worlds.dtype.itemsize} bytes, the snapshot {len(state)}: "
            "it was taken in another size class or version"
        )
    worlds[index : index + 1] = np.frombuffer(state, worlds.dtype)


def fork(world: Any, count: int) -> Any:
    """Return `count` copies of a world, a record array [count]; each goes its own way from here."""
    return np.repeat(np.asarray(world).reshape(1), count).view(np.recarray)


def world_hash(world: Any) -> str:
    """Return 32 hexadecimal digits of a world's bytes; equal states have equal hashes.

    Each 64-bit word is multiplied with an odd number of its own place and mixed; sums of words in
    two different mixings make 128 bits. For comparing states, not against forgery.
    """
    raw = np.frombuffer(np.asarray(world).tobytes(), np.uint8)
    words = np.zeros(-(-raw.size // 8), "<u8")
    words.view(np.uint8)[: raw.size] = raw
    with np.errstate(over="ignore"):
        place = (np.arange(words.size, dtype=np.uint64) * np.uint64(2) + np.uint64(1)) * _PRIME
        mixed = (words ^ (words >> np.uint64(32))) * (place | np.uint64(1)) + place
        mixed ^= mixed >> np.uint64(29)
        mixed *= _PRIME
        low = mixed.sum(dtype=np.uint64)
        high = (mixed >> np.uint64(31)).sum(dtype=np.uint64) ^ np.bitwise_xor.reduce(mixed)
    return f"{int(high):016x}{int(low):016x}"


def quick_hash(world: Any) -> NDArray[np.uint64]:
    """Return two 64-bit numbers of a world's bytes, uint64[2]; for every tick of a recording.

    The words' sum, and that of the words folded onto themselves, each word multiplied with an odd
    number of its own place: any one changed word changes both. Not against forgery.
    """
    raw = np.asarray(world).tobytes()
    words = np.frombuffer(raw + bytes(-len(raw) % 8), "<u8")
    first, second = _multipliers(words.size)
    folded = words ^ (words >> np.uint64(32))
    return np.array([np.dot(words, first), np.dot(folded, second)], np.uint64)
