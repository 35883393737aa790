"""The state of whole worlds for central critics: planes of tiles, and numbers of teams."""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.batch import Batch
from metammo.jit import entry
from metammo.observe.observe import fog_code_of
from metammo.rules.sizes import BORDER, Sizes
from metammo.tick.fog import fog_advance, fog_depth


class StatePlane(IntEnum):
    """Planes of the part `planes`."""

    MATERIAL = 0
    KIND = 1
    """`Kind` of the entity with the lowest row on the tile: players before NPCs."""
    TEAM = 2
    """Its team, from 1; 0 without."""
    HEALTH = 3
    """Its health, points."""
    COUNT = 4
    """Entities on the tile."""
    FOG = 5
    """As in observations: 128 at the fog's edge, above it inside; 0 without fog."""
    OBJECTIVE = 6
    """0 none; 1 nobody's; else its owner's team, from 2."""


class TeamFeature(IntEnum):
    """Numbers of each row of the part `teams`; zero where there is no team."""

    SIZE = 0
    ALIVE = 1
    HEALTH = 2
    """Mean of the living, points; so are food and water."""
    FOOD = 3
    WATER = 4
    ROW = 5
    """Mean of the living, tiles from the centre; so is COL."""
    COL = 6
    PROGRESS = 7
    """Best of the team's members, 0..1."""
    GOLD = 8
    """Sum over the living, pieces."""


class WorldFeature(IntEnum):
    """Numbers of the part `world`."""

    GAME = 0
    TICK = 1
    TICKS_LEFT = 2
    PLAYABLE = 3
    PLAYERS_ALIVE = 4
    NPCS_ALIVE = 5
    FOG_ONSET = 6
    FOG_FINAL_SIZE = 7


@entry
def _write_fog(worlds: Any, first: int, planes: Any) -> None:
    for index in range(planes.shape[0]):
        world = worlds[index]
        plane = planes[index]
        plane[:, :] = 0
        if int(world.rule_fog_onset) == 0:
            continue
        advance = fog_advance(world)
        per = int(world.rule_fog_speed_per)
        for row in range(plane.shape[0]):
            for col in range(plane.shape[1]):
                depth = fog_depth(world, advance, first + row, first + col)
                plane[row, col] = fog_code_of(depth, per)


def fog_planes(worlds: Any, first: int, side: int) -> NDArray[np.int16]:
    """Return the fog of some worlds, int16[worlds, side, side], in codes of the observation.

    Args:
        worlds: record array [worlds].
        first: row and column of the corner of what is asked for.
        side: its side, tiles.
    """
    planes = np.empty((len(worlds), side, side), np.int16)
    _write_fog(worlds, first, planes)
    return planes


def state_shape(sizes: Sizes) -> tuple[int, int, int]:
    """Return the shape of one world's planes: the walkable part of the map, void cut off."""
    side = sizes.playable_limit + 1
    return (len(StatePlane), side, side)


def global_state(batch: Batch) -> dict[str, NDArray[Any]]:
    """Return the state of all worlds of a batch.

    Returns:
        `planes`: int16[worlds, StatePlane, rows, cols]; `teams`: float32[worlds, teams,
        TeamFeature]; `world`: float32[worlds, WorldFeature].
    """
    return {"planes": _planes(batch), "teams": _teams(batch), "world": _world(batch)}


def _planes(batch: Batch) -> NDArray[np.int16]:
    worlds = batch.worlds
    planes = np.zeros((len(worlds), *state_shape(batch.sizes)), np.int16)
    side = planes.shape[-1]
    part = slice(BORDER, BORDER + side)
    planes[:, StatePlane.MATERIAL] = worlds["tile_material"][:, part, part]
    planes[:, StatePlane.FOG] = fog_planes(worlds, BORDER, side)
    # From the last row to the first, so that the lowest row on a tile is what stays.
    place, entity = (axis[::-1] for axis in np.nonzero(worlds["entity_is_alive"]))
    row = worlds["entity_row"][place, entity] - BORDER
    col = worlds["entity_col"][place, entity] - BORDER
    for plane, column, offset in (
        (StatePlane.KIND, "entity_kind", 0),
        (StatePlane.TEAM, "entity_team", 1),
        (StatePlane.HEALTH, "entity_health", 0),
    ):
        planes[place, plane, row, col] = worlds[column][place, entity].astype(np.int16) + offset
    tile = (place * side + row) * side + col
    count = np.bincount(tile, minlength=len(worlds) * side * side)
    planes[:, StatePlane.COUNT] = count.reshape(len(worlds), side, side)
    slots = np.arange(worlds["objective_row"].shape[1])
    place, slot = np.nonzero(slots < worlds["objective_count"][:, None])
    row = worlds["objective_row"][place, slot] - BORDER
    col = worlds["objective_col"][place, slot] - BORDER
    planes[place, StatePlane.OBJECTIVE, row, col] = worlds["objective_owner"][place, slot] + 2
    return planes


def _teams(batch: Batch) -> NDArray[np.float32]:
    worlds = batch.worlds
    team_limit = int(batch.table["team_count"].max())
    players = batch.agent_count
    teams = np.zeros((len(worlds), team_limit, len(TeamFeature)), np.float32)
    exists = np.arange(team_limit) < worlds["team_count"][:, None]
    teams[..., TeamFeature.SIZE] = np.where(exists, worlds["team_size"][:, :team_limit], 0)
    place, player = np.nonzero(worlds["entity_is_alive"][:, :players])
    row_of = place * team_limit + worlds["entity_team"][place, player]

    def total(values: Any) -> NDArray[Any]:
        sums = np.bincount(row_of, values, len(worlds) * team_limit)
        return sums.reshape(len(worlds), team_limit)

    alive = total(np.ones(len(row_of)))
    teams[..., TeamFeature.ALIVE] = alive
    center = batch.sizes.map_size // 2
    for feature, column, offset in (
        (TeamFeature.HEALTH, "entity_health", 0),
        (TeamFeature.FOOD, "player_food", 0),
        (TeamFeature.WATER, "player_water", 0),
        (TeamFeature.ROW, "entity_row", center),
        (TeamFeature.COL, "entity_col", center),
    ):
        sums = total(worlds[column][place, player] - float(offset))
        teams[..., feature] = sums / np.maximum(alive, 1)
    teams[..., TeamFeature.GOLD] = total(worlds["entity_gold"][place, player])
    place, player = np.nonzero(np.arange(players) < worlds["player_count"][:, None])
    best = worlds["player_best_progress"][place, player]
    team = worlds["entity_team"][place, player]
    np.maximum.at(teams[..., TeamFeature.PROGRESS], (place, team), best)
    return teams


def _world(batch: Batch) -> NDArray[np.float32]:
    worlds = batch.worlds
    numbers = np.zeros((len(worlds), len(WorldFeature)), np.float32)
    numbers[:, WorldFeature.GAME] = worlds["game"]
    numbers[:, WorldFeature.TICK] = worlds["tick"]
    numbers[:, WorldFeature.TICKS_LEFT] = worlds["rule_horizon"] - worlds["tick"]
    numbers[:, WorldFeature.PLAYABLE] = worlds["rule_playable"]
    living = worlds["entity_is_alive"][:, : batch.agent_count]
    numbers[:, WorldFeature.PLAYERS_ALIVE] = living.sum(1)
    numbers[:, WorldFeature.NPCS_ALIVE] = worlds["npc_alive_count"]
    numbers[:, WorldFeature.FOG_ONSET] = worlds["rule_fog_onset"]
    numbers[:, WorldFeature.FOG_FINAL_SIZE] = worlds["rule_fog_final_size"]
    return numbers
