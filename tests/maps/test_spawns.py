"""Where agents begin and come back: borders, teams, rings, random tiles."""

from typing import Any

import numpy as np
import pytest

from metammo.jit import entry
from metammo.maps.spawns import (
    RING_COSINE,
    RING_SINE,
    depth_of,
    depth_tile,
    edge_tile,
    free_tile,
    place_players,
    random_tile,
    respawn_tile,
)
from metammo.minigames.table import table_dtype
from metammo.rules.materials import IS_HABITABLE, Material
from metammo.rules.rules import (
    RESPAWN_ANYWHERE,
    RESPAWN_EDGE,
    SPAWN_ANYWHERE,
    SPAWN_EDGE,
    SPAWN_GIVEN,
    SPAWN_RING,
)
from metammo.rules.sizes import STANDARD, TINY, Sizes
from metammo.world.worlds import make_worlds

pytestmark = pytest.mark.pure

EDGE, RANDOM, FREE, RESPAWN, DEPTH = range(5)


@entry
def place_all(worlds: Any, table: Any) -> None:
    for index in range(len(worlds)):
        place_players(worlds[index], table[0])


def place(worlds: Any, *tiles: tuple[int, int]) -> None:
    """Put all agents where the rule says, or onto tiles counted from the walkable corner."""
    table = np.zeros(1, table_dtype(TINY)).view(np.recarray)
    table["place_count"] = len(tiles)
    for index, (row, col) in enumerate(tiles):
        table["place_row"][0, index], table["place_col"][0, index] = row, col
    place_all(worlds, table.view(np.ndarray))


@entry
def draw(worlds: Any, what: int, argument: int, out: Any) -> None:
    world = worlds[0]
    for index in range(out.shape[0]):
        if what == EDGE:
            row, col = edge_tile(world, index)
        elif what == RANDOM:
            row, col = random_tile(world)
        elif what == FREE:
            row, col = free_tile(world)
        elif what == RESPAWN:
            row, col = respawn_tile(world, int(0))
        else:
            row, col = depth_tile(world, argument)
        out[index, 0] = row
        out[index, 1] = col


@entry
def measure_depths(worlds: Any, tiles: Any, depths: Any) -> None:
    for index in range(tiles.shape[0]):
        depths[index] = depth_of(worlds[0], int(tiles[index, 0]), int(tiles[index, 1]))


def tiles_of(worlds: Any, what: int, count: int, argument: int = 0) -> np.ndarray:
    out = np.zeros((count, 2), np.int64)
    draw(worlds, what, argument, out)
    return out


def make(teams: list[int], sizes: Sizes = STANDARD, seed: int = 1, **rules: int) -> Any:
    """Return a world of grass with teams of the given sizes, nobody placed yet."""
    worlds = make_worlds(1, sizes)
    worlds.seed = seed
    worlds.episode = 1
    for name, value in (dict(playable=sizes.playable_limit) | rules).items():
        worlds[f"rule_{name}"] = value
    world = worlds[0]
    world.tile_material[:] = Material.GRASS
    world.tile_first_entity[:] = -1
    world.entity_next[:] = -1
    world.entity_team[:] = -1
    world.player_count, world.team_count = sum(teams), len(teams)
    first = np.cumsum([0, *teams])
    for team, size in enumerate(teams):
        world.team_first[team], world.team_size[team] = first[team], size
        world.entity_team[first[team] : first[team + 1]] = team
    return worlds


def positions(worlds: Any) -> list[tuple[int, int]]:
    world = worlds[0]
    players = range(int(world.player_count))
    return [(int(world.entity_row[p]), int(world.entity_col[p])) for p in players]


def test_edge_tiles():
    tiles = [tuple(tile) for tile in tiles_of(make([1]), EDGE, 512).tolist()]
    assert all(16 in tile or 144 in tile for tile in tiles)
    assert all(16 <= number <= 144 for tile in tiles for number in tile)
    assert tiles.count((16, 16)) == 2
    assert (144, 144) not in tiles
    assert len(set(tiles)) == 511


def test_a_free_for_all_gives_each_agent_a_border_tile_of_its_own():
    worlds = make([1] * 128)
    place(worlds)
    seen = positions(worlds)
    edge = [tuple(tile) for tile in tiles_of(worlds, EDGE, 512).tolist()]
    assert all(tile in edge for tile in seen)
    assert len(set(seen)) >= 127  # one corner is in the list twice
    assert len(set(worlds.team_place[0].tolist())) == 128
    other = make([1] * 128, seed=2)
    place(other)
    assert positions(other) != seen


def test_more_agents_than_border_tiles_share():
    worlds = make([1] * 16, TINY, playable=2)
    place(worlds)
    assert len(set(positions(worlds))) == 7


def test_sixteen_teams_stand_at_the_peers_indices():
    worlds = make([8] * 16)
    place(worlds)
    seen = positions(worlds)
    assert all(len(set(seen[8 * team : 8 * team + 8])) == 1 for team in range(16))
    offsets = [16 + index for index in (25, 51, 76, 102)]
    expected = {(16, o) for o in offsets} | {(144, o) for o in offsets}
    expected |= {(o, 16) for o in offsets} | {(o, 144) for o in offsets}
    assert set(seen) == expected
    assert sorted(worlds.team_place[0, :16]) == list(range(16))


def test_one_team_a_side_goes_round():
    worlds = make([2] * 4, spawn_rotated=1)
    place(worlds)
    assert positions(worlds)[::2] == [(16, 80), (80, 144), (144, 79), (79, 16)]


@pytest.mark.parametrize("teams", [1, 2, 3, 5, 7, 9])
def test_all_places_are_dealt_though_the_teams_do_not_fill_them(teams):
    places, sides = set(), set()
    for seed in range(60):
        worlds = make([1] * (teams - 1) + [2], TINY, seed=seed)
        place(worlds)
        dealt = worlds.team_place[0, :teams].tolist()
        assert len(set(dealt)) == teams
        places |= set(dealt)
        sides |= {(row in (16, 32), row > 24, col > 24) for row, col in positions(worlds)}
    assert places == set(range(-(-teams // 4) * 4))
    assert len(sides) >= 4


def test_rotation_deals_places_in_order():
    worlds = make([1] * 3 + [2] * 2, TINY, spawn_rotated=1, spawn_rotation=6)
    place(worlds)
    assert worlds.team_place[0, :5].tolist() == [6, 7, 0, 1, 2]


def test_the_ring_clears_its_places():
    worlds = make([8] * 16, spawn=SPAWN_RING, spawn_radius=20, spawn_rotated=1)
    worlds.tile_material[:] = Material.STONE
    place(worlds)
    seen = positions(worlds)[::8]
    angle = 2 * np.pi * np.arange(16) / 16
    rows = 80 + np.trunc(20 * np.cos(angle) + 1e-9 * np.sign(np.cos(angle)))
    cols = 80 + np.trunc(20 * np.sin(angle) + 1e-9 * np.sign(np.sin(angle)))
    assert seen == [(int(row), int(col)) for row, col in zip(rows, cols, strict=True)]
    for row, col in seen:
        for near in ((row, col), (row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
            assert worlds.tile_material[0][near] == Material.GRASS
    assert (worlds.tile_material == Material.GRASS).sum() == 16 * 5


def test_ring_tables_are_whole_millionths():
    assert RING_COSINE[4].tolist()[:4] == [1_000_000, 0, -1_000_000, 0]
    assert RING_SINE[4].tolist()[:4] == [0, 1_000_000, 0, -1_000_000]
    assert RING_COSINE[6, 1] == 500_000


def test_anywhere_is_habitable():
    worlds = make([2] * 8, TINY, spawn=SPAWN_ANYWHERE)
    worlds.tile_material[:, 16:33, 16:30] = Material.WATER
    place(worlds)
    assert all(col >= 30 for _, col in positions(worlds))
    assert all(16 <= row < 32 for row, _ in positions(worlds))


def test_given_tiles_are_kept():
    worlds = make([2, 2], TINY, spawn=SPAWN_GIVEN)
    worlds.tile_material[:] = Material.WATER
    place(worlds, (4, 6), (5, 7), (6, 8), (7, 9))
    assert positions(worlds) == [(20, 22), (21, 23), (22, 24), (23, 25)]
    assert worlds.tile_material[0, 21, 23] == Material.GRASS


@pytest.mark.parametrize("spawn", [SPAWN_EDGE, SPAWN_RING, SPAWN_ANYWHERE])
def test_all_stand_where_the_grid_says(spawn):
    worlds = make([4] * 4, TINY, spawn=spawn, spawn_radius=5)
    place(worlds)
    world = worlds[0]
    listed = []
    for row, col in np.argwhere(world.tile_first_entity >= 0):
        entity = int(world.tile_first_entity[row, col])
        while entity >= 0:
            assert (world.entity_row[entity], world.entity_col[entity]) == (row, col)
            listed.append(entity)
            entity = int(world.entity_next[entity])
    assert sorted(listed) == list(range(16))
    assert (world.entity_spawn_row[:16] == world.entity_row[:16]).all()
    assert (world.entity_spawn_col[:16] == world.entity_col[:16]).all()


def test_random_tiles_leave_out_the_last_row_and_column():
    tiles = tiles_of(make([1], TINY), RANDOM, 4000)
    assert tiles.min() == 16
    assert tiles.max() == 31
    assert len({tuple(tile) for tile in tiles.tolist()}) == 16 * 16


@pytest.mark.parametrize("depth", [0, 3, 7])
def test_depth_tiles(depth):
    tiles = tiles_of(make([1], TINY), DEPTH, 600, depth)
    inward = np.minimum(tiles - 16, 31 - tiles).min(axis=1)
    assert (inward == depth).all()
    assert tiles.min() == 16 + depth
    assert tiles.max() == 31 - depth


def test_the_depths_are_those_of_the_square_without_the_last_row_and_column():
    worlds = make([1], TINY)
    tiles = tiles_of(worlds, RANDOM, 4000)
    depths = np.zeros(len(tiles), np.int64)
    measure_depths(worlds, tiles, depths)
    assert (depths == np.minimum(tiles - 16, 31 - tiles).min(axis=1)).all()
    # The middle of the map is (24, 24): four tiles are deepest, and it is one of them.
    deepest = {tuple(tile) for tile in tiles[depths == 7].tolist()}
    assert deepest == {(23, 23), (23, 24), (24, 23), (24, 24)}


def test_the_dead_come_back_on_the_border():
    tiles = tiles_of(make([1], TINY, respawn=RESPAWN_EDGE), RESPAWN, 500)
    assert ((tiles == 16) | (tiles == 32)).any(axis=1).all()


def test_the_dead_come_back_anywhere_habitable():
    worlds = make([1], TINY, respawn=RESPAWN_ANYWHERE)
    worlds.tile_material[:] = np.where(np.arange(48) % 2, Material.STONE, Material.FOLIAGE)
    tiles = tiles_of(worlds, RESPAWN, 200)
    assert IS_HABITABLE[worlds.tile_material[0][tiles[:, 0], tiles[:, 1]]].all()
    assert len(set(map(tuple, tiles.tolist()))) > 50


def test_without_luck_the_nearest_tile_to_the_centre_is_taken():
    worlds = make([1], TINY, playable=16)
    worlds.tile_material[:] = Material.STONE
    worlds.tile_material[0, 32, 20] = worlds.tile_material[0, 40, 24] = Material.GRASS
    assert tiles_of(worlds, FREE, 2).tolist() == [[32, 20]] * 2
    worlds.tile_material[0, 32, 20] = Material.VOID
    assert tiles_of(worlds, FREE, 1).tolist() == [[24, 24]]
