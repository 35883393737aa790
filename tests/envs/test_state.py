"""The state for central critics against the worlds it is read from."""

import numpy as np

from metammo.envs.state import StatePlane, TeamFeature, WorldFeature, fog_planes
from metammo.observe.layout import TilePlane
from metammo.rules.sizes import BORDER, VISION, WINDOW
from tests.contract.batches import make_batch, only, play


def test_planes_agree_with_the_entities():
    batch = play(make_batch(3, only("team_battle"), seed=1, fog_onset=1), 12)
    planes = batch.state()["planes"]
    assert planes.dtype == np.int16
    assert planes.shape == (3, len(StatePlane), 129, 129)
    for world, plane in zip(batch.worlds, planes, strict=True):
        alive = np.flatnonzero(world.entity_is_alive)
        assert plane[StatePlane.COUNT].sum() == len(alive)
        seen = set()
        for entity in alive:
            tile = int(world.entity_row[entity]) - BORDER, int(world.entity_col[entity]) - BORDER
            if tile not in seen:
                assert plane[StatePlane.KIND][tile] == world.entity_kind[entity]
                assert plane[StatePlane.TEAM][tile] == world.entity_team[entity] + 1
                assert plane[StatePlane.HEALTH][tile] == world.entity_health[entity]
            seen.add(tile)
        assert (plane[StatePlane.TEAM] > 0).sum() <= world.player_count


def test_fog_and_terrain_are_those_that_agents_see():
    batch = play(make_batch(1, only("survive"), seed=1, fog_onset=1), 20)
    world = batch.worlds[0]
    player = int(np.flatnonzero(batch.alive[0])[0])
    fog = fog_planes(batch.worlds, 0, batch.sizes.map_size)[0]
    top, left = int(world.entity_row[player]) - VISION, int(world.entity_col[player]) - VISION
    part = (slice(top, top + WINDOW), slice(left, left + WINDOW))
    tiles = batch.observations["tiles"][0, player]
    assert (tiles[TilePlane.FOG] == fog[part]).all()
    assert (tiles[TilePlane.MATERIAL] == world.tile_material[part]).all()


def test_objectives_show_their_owner():
    batch = make_batch(1)
    world = batch.worlds[0]
    world.objective_count = 2
    world.objective_row[:2] = BORDER + 3
    world.objective_col[:2] = BORDER + 4, BORDER + 5
    world.objective_owner[:2] = -1, 6
    plane = batch.state()["planes"][0, StatePlane.OBJECTIVE]
    assert plane[3, 3:7].tolist() == [0, 1, 8, 0]
    assert plane.sum() == 9


def test_teams_sum_up_their_members():
    batch = play(make_batch(2, only("team_battle"), seed=2), 30)
    state = batch.state()
    assert state["teams"].shape[:2] == (2, 128)
    for world, teams in zip(batch.worlds, state["teams"], strict=True):
        assert teams[16:].any() == np.False_
        for team in range(16):
            members = np.arange(8) + 8 * team
            living = members[world.entity_is_alive[members] != 0]
            assert teams[team, TeamFeature.SIZE] == 8
            assert teams[team, TeamFeature.ALIVE] == len(living)
            best = world.player_best_progress[members].max()
            assert teams[team, TeamFeature.PROGRESS] == best
            if len(living):
                mean = world.entity_health[living].mean()
                assert np.isclose(teams[team, TeamFeature.HEALTH], mean)
                away = (world.entity_row[living] - 80.0).mean()
                assert np.isclose(teams[team, TeamFeature.ROW], away, atol=1e-4)
    numbers = state["world"]
    assert (numbers[:, WorldFeature.TICK] == 30).all()
    assert (numbers[:, WorldFeature.PLAYERS_ALIVE] == batch.alive.sum(1)).all()
