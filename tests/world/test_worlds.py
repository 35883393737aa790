"""Worlds as records: layout, random numbers, snapshots, hashes."""

import numpy as np
import pytest

from metammo.jit import entry
from metammo.rules.sizes import SIZE_CLASSES
from metammo.world.columns import COLUMNS, column_shape, world_dtype
from metammo.world.random import bits31, draw_below, hash_number, seed_of, shuffle
from metammo.world.worlds import fork, make_worlds, restore, snapshot, world_hash

pytestmark = pytest.mark.pure


@entry
def draw_many(worlds, limit, out):
    for index in range(len(out)):
        out[index] = draw_below(worlds[0], limit)


@entry
def draw_bits(seed, counter):
    return bits31(seed, counter)


@entry
def shuffle_values(worlds, values):
    shuffle(worlds[0], values, len(values))


@pytest.mark.parametrize("sizes", SIZE_CLASSES.values(), ids=lambda sizes: sizes.name)
def test_records_are_packed_by_decreasing_item_size(sizes):
    dtype = world_dtype(sizes)
    shapes = {column.name: column_shape(column, sizes) for column in COLUMNS}
    total, last = 0, 8
    for name in dtype.names:
        base = dtype[name].base
        assert dtype.fields[name][1] == total
        assert base.itemsize <= last
        last = base.itemsize
        total += base.itemsize * int(np.prod(shapes[name]))
    assert dtype.itemsize == total


def test_a_standard_world_is_under_a_megabyte():
    assert world_dtype(SIZE_CLASSES["standard"]).itemsize < 1_000_000


def test_known_random_bits():
    # The published first outputs of splitmix64 with seed 1234567.
    state, outputs = 1234567, []
    for _ in range(3):
        outputs.append(hash_number(state))
        state = (state + 0x9E3779B97F4A7C15) % 2**64
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for counter, output in enumerate(outputs):
        assert draw_bits(np.uint64(1234567), np.uint64(counter)) == output >> 33


def test_draws_are_even_and_in_range():
    worlds = make_worlds(1, SIZE_CLASSES["tiny"])
    worlds.seed = seed_of(5)
    out = np.zeros(6000, np.int64)
    draw_many(worlds, 6, out)
    counts = np.bincount(out, minlength=6)
    assert len(counts) == 6
    assert abs(counts - 1000).max() < 150
    assert int(worlds[0].random_counter) == 6000


def test_shuffling_keeps_all_values():
    worlds = make_worlds(1, SIZE_CLASSES["tiny"])
    values = np.arange(50)
    shuffle_values(worlds, values)
    assert sorted(values) == list(range(50))
    assert values.tolist() != list(range(50))


def test_snapshots_restore_and_forks_part():
    worlds = make_worlds(2, SIZE_CLASSES["tiny"])
    worlds.view(np.uint8).reshape(2, -1)[0] = np.random.default_rng(0).integers(
        0, 256, worlds.dtype.itemsize
    )
    state = snapshot(worlds[0])
    restore(worlds, 1, state)
    assert world_hash(worlds[0]) == world_hash(worlds[1])
    copies = fork(worlds[0], 3)
    copies[1].tick = int(copies[1].tick) ^ 1
    hashes = [world_hash(copy) for copy in copies]
    assert hashes[0] == hashes[2] == world_hash(worlds[0])
    assert hashes[1] != hashes[0]


def test_a_hash_tells_every_single_byte():
    worlds = make_worlds(1, SIZE_CLASSES["tiny"])
    raw = worlds.view(np.uint8).reshape(-1)
    seen = {world_hash(worlds[0])}
    for place in range(0, raw.size, 101):
        raw[place] = 1
        seen.add(world_hash(worlds[0]))
        raw[place] = 0
    assert len(seen) == 1 + len(range(0, raw.size, 101))


def test_a_snapshot_of_another_size_is_refused():
    worlds = make_worlds(1, SIZE_CLASSES["tiny"])
    with pytest.raises(ValueError, match="another size class or version"):
        restore(worlds, 0, b"1234")
