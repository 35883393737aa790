"""Who plays in which team, and where: what a user may say, in any game."""

import numpy as np
import pytest

import metammo
from metammo.minigames.minigame import find_game
from metammo.minigames.seats import team_sizes
from metammo.rules.knobs import KnobError
from tests.contract.batches import mix_of


def batch_of(game, **knobs):
    return metammo.make_vec(mix_of(game, **knobs), 1, seed=1, threads=1)


def tiles(world, agents):
    """Return where agents stand, from the corner of the walkable square."""
    low = world.tile_material.shape[0] // 2 - int(world.rule_playable) // 2
    return [
        (int(row) - low, int(col) - low)
        for row, col in zip(world.entity_row[agents], world.entity_col[agents], strict=True)
    ]


@pytest.mark.pure
def test_sizes_are_equal_given_or_the_games_own():
    race, seek = find_game("race_to_center").game, find_game("hide_and_seek").game
    assert team_sizes(race, None, None, 128) == [1] * 128
    assert team_sizes(race, None, 5, 128) == [1] * 5
    assert team_sizes(seek, None, None, 128) == [32] * 4
    assert team_sizes(seek, None, None, 16) == [4] * 4
    assert team_sizes(seek, [8, 8, 112], None, 128) == [8, 8, 112]
    with pytest.raises(KnobError, match="10 agents cannot make 4 equal teams"):
        team_sizes(seek, 4, 10, 128)
    with pytest.raises(KnobError, match="at least 1"):
        team_sizes(seek, [3, 0], None, 128)


def test_teams_of_different_sizes_play_any_game():
    world = batch_of("king_of_the_hill", teams=[8, 8, 112]).worlds[0]
    assert world.team_size[:3].tolist() == [8, 8, 112]
    assert world.team_first[:3].tolist() == [0, 8, 16]


def test_tiles_are_given_to_teams_or_to_agents():
    places = [(3, 4), (10, 20), (60, 60), (0, 60)]
    world = batch_of("king_of_the_hill", teams=4, spawn=places).worlds[0]
    stood = [set(tiles(world, np.arange(32 * team, 32 * team + 32))) for team in range(4)]
    # Dealt at random, one to each team; whatever the map had there, it can be stood on.
    assert sorted(tile for team in stood for tile in team) == sorted(places)
    assert all(len(team) == 1 for team in stood)
    own = [(5, player) for player in range(8)]
    world = batch_of("king_of_the_hill", teams=[2, 6], spawn=own).worlds[0]
    assert tiles(world, np.arange(8)) == own
    assert (world.entity_spawn_row[:8] == world.entity_row[:8]).all()


def test_places_are_rotated_from_episode_to_episode():
    places = [(0, 10), (10, 0), (60, 10), (10, 60)]
    batch = batch_of("king_of_the_hill", teams=4, spawn=places, assign="rotated")
    seen = []
    for _ in range(4):
        seen.append(tiles(batch.worlds[0], np.arange(0, 128, 32)))
        batch.reset()
    assert seen[0] == places
    assert seen[1] == [*places[1:], places[0]]
    assert {episode[0] for episode in seen} == set(places)


def test_a_word_says_where_agents_begin():
    world = batch_of("team_battle", spawn="scattered").worlds[0]
    stood = tiles(world, np.arange(128))
    assert len(set(stood)) > 120
    assert all(min(row, col, 128 - row, 128 - col) == 0 for row, col in stood)
    world = batch_of("team_battle", spawn="ring", spawn_radius=10).worlds[0]
    assert max(max(abs(row - 64), abs(col - 64)) for row, col in tiles(world, np.arange(128))) == 10


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"spawn": "corner"}, "takes one of edge, ring, anywhere, given, scattered, got 'corner'"),
        ({"spawn": [(1, 1)]}, "a tile for each of 16 teams or of 128 agents, got 1"),
        ({"spawn": [(1, 1)] * 15 + [(1, 61)]}, r"\(1, 61\) lies outside .* 0\.\.60"),
        ({"spawn": [1, 2]}, r"a name or a list of \(row, column\)"),
        ({"assign": "fair"}, "assign must be one of random, rotated, got 'fair'"),
        ({"respawn": "never again"}, "takes one of never, edge, anywhere, home"),
        ({"horizon": "long"}, "knob horizon takes a number, got 'long'"),
    ],
)
def test_what_cannot_be_is_told_so(knobs, words):
    with pytest.raises(KnobError, match=words):
        batch_of("king_of_the_hill", **knobs)
