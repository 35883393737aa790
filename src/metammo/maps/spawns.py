"""Where agents and NPCs begin, and where the dead come back (rulebook, sections 1, 7 and 12)."""

import numpy as np

from metammo.jit import kernel
from metammo.rules.materials import Material
from metammo.rules.rules import (
    RESPAWN_EDGE,
    RESPAWN_HOME,
    SPAWN_ANYWHERE,
    SPAWN_EDGE,
    SPAWN_GIVEN,
    SPAWN_RING,
    SPAWN_SCATTERED,
)
from metammo.world.grid import center_of, distance, is_habitable, put_entity
from metammo.world.random import draw_below, shuffle

GRASS = int(Material.GRASS)
SIDES = 4
ATTEMPTS = 1000
"""Tries to find a free tile at random, before the map is searched in order."""

RING_PLACES = 128
MILLION = 1_000_000


def _ring_table() -> tuple[np.ndarray, np.ndarray]:
    """Return cosine and sine, in millionths, of the angles 2 pi k / n: int64[n + 1, n + 1]."""
    places = np.arange(RING_PLACES + 1)
    angle = 2 * np.pi * places[None, :] / np.maximum(places[:, None], 1)
    # Rounded far coarser than any machine's error, so the table is the same everywhere.
    return (
        np.round(np.cos(angle) * MILLION).astype(np.int64),
        np.round(np.sin(angle) * MILLION).astype(np.int64),
    )


RING_COSINE, RING_SINE = _ring_table()


@kernel
def low_border(world):
    """Return the first walkable row (and column)."""
    return center_of(world) - int(world.rule_playable) // 2


@kernel
def side_tile(world, side, index):
    """Return the tile at an index (0..playable - 1) of one of the four sides, going round.

    As the peer has it, the way back begins a tile late: its two sides end in a corner of their own.
    """
    low = low_border(world)
    high = low + int(world.rule_playable)
    if side == 0:
        return low, low + index
    if side == 1:
        return low + index, high
    if side == 2:
        return high, high - 1 - index
    return high - 1 - index, low


@kernel
def edge_tile(world, index):
    """Return one of the 4 x playable tiles of the border ring.

    The corner of the lowest row and column comes twice, the opposite one never.
    """
    playable = int(world.rule_playable)
    return side_tile(world, index // playable, index % playable)


@kernel
def random_edge_tile(world):
    """Return a random tile of the border ring."""
    return edge_tile(world, draw_below(world, SIDES * int(world.rule_playable)))


@kernel
def random_tile(world):
    """Return a random tile of the playable square, last row and column excepted."""
    low = low_border(world)
    playable = int(world.rule_playable)
    row = low + draw_below(world, playable)
    return row, low + draw_below(world, playable)


@kernel
def depth_tile(world, depth):
    """Return a random tile so deep in the square of `random_tile`, on one of the ring's sides."""
    low = low_border(world) + depth
    side_length = max(int(world.rule_playable) - 2 * depth, 1)
    high = low + side_length - 1
    along = low + draw_below(world, side_length)
    side = draw_below(world, int(SIDES))
    if side == 0:
        return low, along
    if side == 1:
        return along, high
    if side == 2:
        return high, along
    return along, low


@kernel
def depth_of(world, row, col):
    """Return how deep a tile lies in the square of `random_tile`: 0 on its outline.

    That square lacks the last walkable row and column, so the tile in the middle of the map is not
    the deepest: no tile's danger is 1, and no NPC begins at the highest level.
    """
    low = low_border(world)
    high = low + int(world.rule_playable) - 1
    return min(min(row - low, high - row), min(col - low, high - col))


@kernel
def free_tile(world):
    """Return a random habitable tile; the one nearest to the centre if luck fails."""
    for _ in range(ATTEMPTS):
        row, col = random_tile(world)
        if is_habitable(world, row, col):
            return row, col
    return nearest_tile(world, center_of(world), center_of(world))


@kernel
def nearest_tile(world, center_row, center_col):
    """Return the first habitable tile of the first square around a tile that has one."""
    for reach in range(int(world.rule_playable) + 1):
        for row in range(center_row - reach, center_row + reach + 1):
            # Only the square's outline: whole first and last rows, else the two ends.
            is_whole = abs(row - center_row) == reach
            for col in range(
                center_col - reach, center_col + reach + 1, 1 if is_whole else 2 * reach
            ):
                if is_in_reach(world, row, col) and is_habitable(world, row, col):
                    return row, col
    return center_row, center_col


@kernel
def is_in_reach(world, row, col):
    """Return whether a tile lies in the walkable square."""
    half = int(world.rule_playable) // 2
    return distance(row, col, center_of(world), center_of(world)) <= half


@kernel
def respawn_tile(world, player):
    """Return where a dead agent comes back, by the rule."""
    rule = int(world.rule_respawn)
    if rule == RESPAWN_EDGE:
        return random_edge_tile(world)
    if rule == RESPAWN_HOME:
        return int(world.entity_spawn_row[player]), int(world.entity_spawn_col[player])
    return free_tile(world)


@kernel
def place_player(world, player, row, col):
    """Put an agent onto the tile where it begins."""
    world.entity_spawn_row[player] = row
    world.entity_spawn_col[player] = col
    put_entity(world, player, row, col)


@kernel
def place_alone(world):
    """Put every agent onto a border tile of its own, drawn without replacement."""
    tiles = SIDES * int(world.rule_playable)
    order = np.arange(tiles)
    shuffle(world, order, tiles)
    for player in range(int(world.player_count)):
        row, col = edge_tile(world, order[player % tiles])
        place_player(world, player, row, col)
        world.team_place[int(world.entity_team[player])] = order[player % tiles]


@kernel
def place_count(world):
    """Return how many places there are for the teams: on the border, as many on each side."""
    teams = int(world.team_count)
    if int(world.rule_spawn) == SPAWN_EDGE:
        return (teams + SIDES - 1) // SIDES * SIDES
    return teams


@kernel
def deal_places(world):
    """Deal the places to the teams: at random, or rotated so that none owns a corner."""
    places = place_count(world)
    order = np.arange(places)
    if int(world.rule_spawn_rotated):
        rotation = int(world.rule_spawn_rotation) + int(world.episode) - 1
        for place in range(places):
            order[place] = (place + rotation) % places
    else:
        shuffle(world, order, places)
    for team in range(int(world.team_count)):
        world.team_place[team] = order[team]


@kernel
def border_place(world, place):
    """Return the border tile of a team's place: as evenly along each side as the teams allow."""
    a_side = place_count(world) // SIDES
    along = int(world.rule_playable) * (place % a_side + 1) // (a_side + 1)
    return side_tile(world, place // a_side, along)


@kernel
def ring_place(world, place):
    """Return the tile of a team's place on the ring; it and its neighbours are made grass."""
    teams = min(int(world.team_count), RING_PLACES)
    center = center_of(world)
    radius = int(world.rule_spawn_radius)
    if radius == 0:
        radius = int(world.rule_playable) // 4
    # Cut toward zero, as the angles' cosines and sines are in the peer.
    row_offset = radius * RING_COSINE[teams, place % teams]
    col_offset = radius * RING_SINE[teams, place % teams]
    row = center + (abs(row_offset) // MILLION) * (1 if row_offset >= 0 else -1)
    col = center + (abs(col_offset) // MILLION) * (1 if col_offset >= 0 else -1)
    make_grass(world, row, col)
    make_grass(world, row - 1, col)
    make_grass(world, row + 1, col)
    make_grass(world, row, col - 1)
    make_grass(world, row, col + 1)
    return row, col


@kernel
def make_grass(world, row, col):
    """Turn a tile into grass."""
    world.tile_material[row, col] = GRASS


@kernel
def place_teams(world):
    """Put each team onto one tile: on the border, on the ring, or anywhere."""
    deal_places(world)
    spawn = int(world.rule_spawn)
    for team in range(int(world.team_count)):
        place = int(world.team_place[team])
        if spawn == SPAWN_RING:
            row, col = ring_place(world, place)
        elif spawn == SPAWN_ANYWHERE:
            row, col = free_tile(world)
        else:
            row, col = border_place(world, place)
        first = int(world.team_first[team])
        for player in range(first, first + int(world.team_size[team])):
            place_player(world, player, row, col)


@kernel
def place_given(world, game):
    """Put teams, or agents, onto the tiles that a user gave; the tiles are made grass."""
    low = low_border(world)
    deal_places(world)
    by_team = int(game.place_count) == int(world.team_count)
    for player in range(int(world.player_count)):
        place = player
        if by_team:
            place = int(world.team_place[int(world.entity_team[player])])
        row = low + int(game.place_row[place])
        col = low + int(game.place_col[place])
        make_grass(world, row, col)
        place_player(world, player, row, col)


@kernel
def place_players(world, game):
    """Put all agents where the rule says.

    `game` is the game's row of the batch's table; of it the given tiles are read.
    """
    spawn = int(world.rule_spawn)
    is_alone = int(world.team_count) == int(world.player_count)
    if spawn == SPAWN_GIVEN and int(game.place_count) > 0:
        place_given(world, game)
    elif spawn == SPAWN_SCATTERED or (spawn == SPAWN_EDGE and is_alone):
        place_alone(world)
    else:
        place_teams(world)
