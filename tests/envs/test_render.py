"""Pictures of hand-made worlds."""

from dataclasses import replace

import numpy as np
import pytest

from metammo.envs.picture import FOG_COLOR, TERRAIN, Painter, team_colors
from metammo.envs.render import draw_picture, draw_text, scene_of
from metammo.envs.scenario import Scenario
from metammo.rules.materials import Material

pytestmark = pytest.mark.pure


def small_scene(**rules):
    scene = Scenario(["~.,#.", ".....", ".....", ".....", "....."], playable=4, **rules)
    scene.player(1, 1, team=0, health=40)
    scene.player(4, 4, team=1)
    scene.npc("aggressive", 2, 3)
    scene.npc("passive", 0, 4)
    return scene


def test_text_shows_terrain_and_who_stands_where():
    lines = draw_text(small_scene().worlds[0]).splitlines()
    assert lines[0] == "tick 0 of 1024, 2 of 2 agents, 2 NPCs"
    assert lines[1:] == ["~.,#p", ".A...", "...!.", ".....", "....B"]


def test_text_shows_the_fog():
    scene = small_scene(fog_onset=1, fog_final_size=1)
    scene.worlds[0].tick = 9
    lines = draw_text(scene.worlds[0]).splitlines()[1:]
    assert lines[4] == "%%%%B"
    assert lines[2] == "%..!%"


def test_a_picture_has_terrain_agents_and_npcs():
    scene = small_scene()
    picture = draw_picture(scene.worlds[0])
    assert picture.dtype == np.uint8
    pixels = picture.shape[1] // 5
    margin = (picture.shape[1] - 5 * pixels) // 2
    middles = picture[margin + pixels // 2 :: pixels, margin + pixels // 2 :: pixels]
    assert np.abs(middles[0, 0] - np.array(TERRAIN[Material.WATER])).max() < 16
    colors = team_colors(2)
    assert np.abs(middles[1, 1].astype(int) - colors[0]).max() < 3
    assert np.abs(middles[4, 4].astype(int) - colors[1]).max() < 3


def test_fog_tints_the_ground():
    scene = small_scene(fog_onset=1, fog_final_size=1)
    clear = draw_picture(scene.worlds[0]).astype(int)
    scene.worlds[0].tick = 40
    foggy = draw_picture(scene.worlds[0]).astype(int)
    corner = (8, 8)
    middle = tuple(side // 2 for side in (clear.shape[1], clear.shape[1]))
    near = np.abs(foggy[corner] - FOG_COLOR).sum() < np.abs(clear[corner] - FOG_COLOR).sum()
    assert near
    assert (foggy[middle] == clear[middle]).all()


@pytest.mark.parametrize("pixels", [1, 3, 8])
def test_a_painter_that_draws_what_changed_draws_what_another_draws_at_once(pixels):
    rng = np.random.default_rng(0)
    scene = scene_of(Scenario(["." * 9] * 9, playable=8).worlds[0])
    painter = Painter(len(scene.material), pixels, 7)
    painter.draw(scene)
    material, depth = scene.material.copy(), scene.depth.copy()
    for _ in range(30):
        row, col = rng.integers(0, 9, 2)
        if rng.random() < 0.8:
            material[row, col] = rng.integers(0, 16)
        else:
            depth[row, col] = rng.integers(-3, 9)
        now = replace(scene, material=material.copy(), depth=depth.copy())
        fresh = Painter(len(material), pixels, 7).draw(now)
        assert np.array_equal(painter.draw(now), fresh)


def test_pictures_of_a_size_class_have_one_shape():
    small = draw_picture(small_scene().worlds[0])
    large = Scenario(["." * 17] * 17)
    large.player(8, 8)
    assert draw_picture(large.worlds[0]).shape == small.shape


def test_teams_have_colors_of_their_own():
    for count in (2, 16, 128):
        assert len({tuple(color) for color in team_colors(count)}) == count
