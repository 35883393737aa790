"""Terrain: border, scatter, professions, the mark, what it depends on, what it looks like."""

import hashlib
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import metammo
from metammo.jit import entry
from metammo.maps.terrain import generate_terrain
from metammo.rules.materials import DEPLETES_TO, Material
from metammo.rules.sizes import LARGE, STANDARD, TINY, Sizes
from metammo.world.worlds import make_worlds

REPLAYS = Path(__file__).parents[3] / "shared" / "reference" / "replays"
LAND = (Material.WATER, Material.GRASS, Material.FOLIAGE, Material.STONE)


@entry
def generate(worlds: Any) -> None:
    for index in range(len(worlds)):
        world = worlds[index]
        generate_terrain(world)


def make(seeds: Any = (1,), sizes: Sizes = STANDARD, **rules: int) -> Any:
    worlds = make_worlds(len(seeds), sizes)
    worlds.map_seed = seeds
    given = dict(
        playable=sizes.playable_limit,
        terrain_water=300,
        terrain_grass=700,
        terrain_foliage=850,
        scatter_resources=0,
    )
    for name, value in (given | rules).items():
        worlds[name if name == "is_grass_map" else f"rule_{name}"] = value
    generate(worlds)
    return worlds


def depth(side: int) -> np.ndarray:
    """Return each tile's L-infinity distance to the centre."""
    away = np.abs(np.arange(side) - side // 2)
    return np.maximum(away[:, None], away[None, :])


@pytest.mark.pure
@pytest.mark.parametrize("playable", [4, 10, 16])
def test_border(playable):
    tiles = make((1, 2), TINY, playable=playable, scatter_resources=1).tile_material
    away = depth(TINY.map_size)
    assert (tiles[:, away > playable // 2] == Material.VOID).all()
    assert (tiles[:, away < playable // 2] != Material.VOID).all()
    assert (tiles[:, away == playable // 2] == Material.GRASS).all()
    inner = tiles[:, away == playable // 2 - 1]
    assert not np.isin(inner, [Material.STONE, Material.WATER]).any()


def test_the_ring_inside_the_border_becomes_foliage_only_where_it_was_blocked():
    # A larger map of the same seed shows what the ring was.
    seen = make((4,)).tile_material[0]
    ring = depth(STANDARD.map_size) == 29
    cut = make((4,), playable=60).tile_material[0]
    blocked = np.isin(seen, [Material.STONE, Material.WATER])
    assert (cut[ring & blocked] == Material.FOLIAGE).all()
    assert (cut[ring & ~blocked] == seen[ring & ~blocked]).all()
    assert (ring & blocked).any()


def test_a_smaller_playable_cuts_the_centre():
    whole = make((9,)).tile_material[0]
    for playable in (20, 40, 90):
        cut = make((9,), playable=playable).tile_material[0]
        inside = depth(STANDARD.map_size) < playable // 2 - 1
        assert (cut[inside] == whole[inside]).all()


def test_thresholds_reread_the_same_field():
    normal, flooded = make((3,)).tile_material[0], make((3,), terrain_water=500).tile_material[0]
    inside = depth(STANDARD.map_size) < 63
    assert (flooded[inside & (normal == Material.WATER)] == Material.WATER).all()
    assert (flooded == Material.WATER).sum() > 1.5 * (normal == Material.WATER).sum()
    same = inside & np.isin(normal, [Material.FOLIAGE, Material.STONE])
    assert (flooded[same] == normal[same]).all()


@pytest.mark.pure
def test_a_map_depends_on_its_own_seed_alone():
    first = make((5,), TINY, scatter_resources=1, profession=1)
    other = make_worlds(1, TINY)
    other[0] = first[0]
    other.seed, other.random_counter, other.tile_material[:] = 77, 123, 99
    generate(other)
    assert (other.tile_material == first.tile_material).all()
    assert other.random_counter[0] == 123
    assert (make((6,), TINY).tile_material != make((5,), TINY).tile_material).any()


@pytest.mark.pure
def test_nothing_is_harvested_to_begin_with():
    world = make((5,), TINY, scatter_resources=1, profession=1, center_mark=1)[0]
    assert not np.isin(world.tile_material, list(DEPLETES_TO.values())).any()


@pytest.mark.parametrize("playable", [40, 60, 128])
def test_scatter_counts(playable):
    bare = make(range(4), playable=playable).tile_material
    full = make(range(4), playable=playable, scatter_resources=1).tile_material
    inside = depth(STANDARD.map_size) < playable // 2 - 1
    ring = depth(STANDARD.map_size) == playable // 2 - 1
    for before, after in zip(bare, full, strict=True):
        changed = (before != after) & inside
        assert (before[changed] == Material.GRASS).all()
        water = int((after[changed] == Material.WATER).sum())
        foliage = int((after[changed] == Material.FOLIAGE).sum())
        # What falls on the ring is foliage in the end; all the rest is counted exactly.
        on_ring = int(((before != after) & ring).sum())
        wanted = (playable // 6) ** 2
        assert wanted - 40 <= water <= wanted
        assert foliage <= wanted
        assert 2 * wanted - on_ring - 40 <= water + foliage <= 2 * wanted


def test_profession_counts():
    tiles = make(range(4), profession=1).tile_material
    for world in tiles:
        count = np.bincount(world.ravel(), minlength=len(Material))
        assert count[Material.HERB] == 256
        assert count[Material.FISH] == 256
        for material in (Material.ORE, Material.TREE, Material.CRYSTAL):
            assert 64 * 3 < count[material] <= 64 * 5


def test_professions_scale_with_the_area():
    count = np.bincount(make((1,), playable=64, profession=1).tile_material.ravel(), minlength=16)
    assert count[Material.HERB] == 64
    assert count[Material.ORE] <= 16 * 5


def test_fish_lie_beside_grass():
    before = make((8,), profession=0).tile_material[0]
    after = make((8,), profession=1).tile_material[0]
    for row, col in np.argwhere(after == Material.FISH):
        assert before[row, col] == Material.WATER
        beside = [before[row - 1, col], before[row + 1, col], before[row, col - 1]]
        assert Material.GRASS in [*beside, before[row, col + 1]]


@pytest.mark.pure
def test_center_mark():
    tiles = make((1, 2, 3), TINY, center_mark=1, scatter_resources=1).tile_material
    patch = tiles[:, 22:27, 22:27].copy()
    assert (patch[:, 2, 2] == Material.HERB).all()
    patch[:, 2, 2] = Material.GRASS
    assert (patch == Material.GRASS).all()


def test_a_grass_map_is_grass_with_what_is_scattered():
    tiles = make((1,), is_grass_map=1, scatter_resources=1).tile_material[0]
    count = np.bincount(tiles.ravel(), minlength=len(Material))
    assert count[Material.STONE] == 0
    assert 400 < count[Material.WATER] <= 441
    assert count[Material.GRASS] == 129**2 - count[Material.WATER] - count[Material.FOLIAGE]


@pytest.mark.pure
def test_a_map_without_room_ends():
    rules = dict(scatter_resources=1, profession=1)
    flooded = make((1,), TINY, terrain_water=1000, terrain_grass=1000, **rules).tile_material[0]
    assert (flooded == Material.WATER).sum() == 13 * 13
    assert make((1,), TINY, is_grass_map=1, **rules).tile_material[0].max() > 0


@pytest.mark.slow
def test_a_large_map_is_like_a_standard_one():
    tiles = make((1,), LARGE, scatter_resources=1).tile_material[0]
    inside = tiles[depth(LARGE.map_size) <= 512]
    assert inside.size == 1025**2
    share = np.bincount(inside, minlength=len(Material)) / inside.size
    assert 0.22 < share[Material.WATER] < 0.34
    assert 0.36 < share[Material.GRASS] < 0.52


HASH = """
import hashlib, sys
sys.path.insert(0, {tests!r})
from test_terrain import make, TINY
worlds = make(range(5), TINY, scatter_resources=1, profession=1, center_mark=1)
print(hashlib.sha256(worlds.tile_material.tobytes()).hexdigest())
"""


def test_compiled_and_pure_python_make_the_same_maps():
    worlds = make(range(5), TINY, scatter_resources=1, profession=1, center_mark=1)
    here = hashlib.sha256(worlds.tile_material.tobytes()).hexdigest()
    source = str(Path(metammo.__file__).parents[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", HASH.format(tests=str(Path(__file__).parent))],
        env=kept | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == here


# The peer's games set the first and the last threshold, in thousandths.
REPLAY_TERRAIN = {"multitaskeval": (300, 850), "racetocenter": (50, 950), "": (100, 900)}


def replay_maps() -> dict[str, np.ndarray]:
    if not REPLAYS.is_dir():
        pytest.skip("the peer's replays are not beside this checkout")
    maps = {}
    for path in sorted(REPLAYS.glob("*.replay.lzma")):
        # The map comes first; the packets after it are tens of megabytes.
        start = lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(path.read_bytes(), 1 << 19)
        text = start.decode().removeprefix('{"map": ')
        maps[path.name] = np.array(json.JSONDecoder().raw_decode(text)[0])
    # Only those that are played on the whole map.
    return {name: map_ for name, map_ in maps.items() if (map_ != Material.VOID).sum() == 129**2}


def test_material_shares_are_those_of_the_peers_replays():
    peers = replay_maps()
    assert len(peers) == 6
    for name, tiles in peers.items():
        water, foliage = next(v for part, v in REPLAY_TERRAIN.items() if part in name)
        ours = make(
            range(30),
            terrain_water=water,
            terrain_foliage=foliage,
            scatter_resources=1,
            profession=int((tiles == Material.ORE).any()),
        ).tile_material
        theirs = np.array([(tiles == material).sum() for material in LAND])
        mine = np.array([[(one == material).sum() for material in LAND] for one in ours])
        low, high = mine.min(axis=0) * 0.95, mine.max(axis=0) * 1.05
        assert ((low <= theirs) & (theirs <= high)).all(), f"{name}: {theirs}, {low} .. {high}"
