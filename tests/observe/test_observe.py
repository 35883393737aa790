"""What an agent sees (layout in `observe.layout`), on hand-made worlds."""

import numpy as np
import pytest

from metammo.actions import MASK_TALK, MASK_TARGET, NO_TARGET
from metammo.envs.scenario import Scenario
from metammo.observe.layout import EntityFeature, OwnFeature, TileEntity, TilePlane
from metammo.rules.materials import Material

pytestmark = pytest.mark.pure

FIELD = ["." * 17] * 17
MIDDLE = 7


def entities_of(scene, player):
    observations, masks = scene.observe()
    return observations["entities"][player], masks[player]


def test_the_agent_stands_in_the_middle_of_its_window():
    scene = Scenario(["~....", ".....", "....#"])
    anna = scene.player(1, 2)
    tiles = scene.observe()[0]["tiles"][anna]
    material = tiles[TilePlane.MATERIAL]
    assert material[MIDDLE, MIDDLE] == Material.GRASS
    assert material[MIDDLE - 1, MIDDLE - 2] == Material.WATER
    assert material[MIDDLE + 1, MIDDLE + 2] == Material.STONE
    assert material[0, 0] == Material.VOID


def test_attackable_first_then_nearest_and_oneself_never():
    scene = Scenario(FIELD)
    anna, mate = scene.player(8, 8, team=0), scene.player(8, 9, team=0)
    far, near = scene.player(8, 14, team=1), scene.player(8, 11, team=1)
    npc = scene.npc("passive", 8, 6)
    rows, mask = entities_of(scene, anna)
    assert list(scene["observed_entity"][anna, :5]) == [npc, near, mate, far, -1]
    assert list(rows[:4, EntityFeature.CAN_BE_ATTACKED]) == [1, 1, 0, 0]
    assert list(rows[:4, EntityFeature.COL]) == [-2, 3, 1, 6]
    assert list(rows[:4, EntityFeature.IS_TEAM_MATE]) == [0, 0, 1, 0]
    assert mask[MASK_TARGET : MASK_TARGET + 3].tolist() == [1, 1, 0]
    assert mask[MASK_TARGET + NO_TARGET] == 0
    assert rows[4:].any() == 0


def test_a_stack_of_team_mates_does_not_hide_an_enemy():
    scene = Scenario(FIELD, size="standard")
    for _ in range(60):
        scene.player(8, 8, team=0)
    enemy = scene.player(8, 11, team=1)
    rows, mask = entities_of(scene, 0)
    assert scene["observed_entity"][0, 0] == enemy
    assert rows[:, EntityFeature.PRESENT].all()
    assert list(scene["observed_entity"][0, 1:]) == list(range(1, 32))
    assert mask[MASK_TARGET : MASK_TARGET + 2].tolist() == [1, 0]


def test_a_crowd_is_ordered_as_a_few_are():
    scene = Scenario(FIELD, size="standard")
    rng = np.random.default_rng(1)
    places = rng.integers(1, 16, (100, 2))
    places[0] = (8, 8)
    for row, col in places:
        scene.player(int(row), int(col))
    scene.observe()
    apart = np.abs(places - places[0]).max(1)
    others = [who for who in range(1, 100) if apart[who] <= 7]
    wanted = sorted(others, key=lambda who: (apart[who] > 3, apart[who], who))[:32]
    assert list(scene["observed_entity"][0]) == wanted


def test_the_young_and_the_immortal_are_shown_as_protected():
    scene = Scenario(FIELD)
    anna = scene.player(8, 8)
    scene.player(8, 9, time_alive=3)
    rows, mask = entities_of(scene, anna)
    assert rows[0, EntityFeature.IS_PROTECTED] == 1
    assert mask[MASK_TARGET + NO_TARGET] == 1
    plane = scene.observe()[0]["tiles"][anna, TilePlane.ENTITY]
    assert plane[MIDDLE, MIDDLE + 1] == TileEntity.PROTECTED


def test_without_the_duty_to_attack_one_may_pass():
    scene = Scenario(FIELD, must_attack=0)
    anna = scene.player(8, 8)
    scene.player(8, 9)
    _, mask = entities_of(scene, anna)
    assert mask[MASK_TARGET] == 1
    assert mask[MASK_TARGET + NO_TARGET] == 1


def test_moves_into_walls_are_masked_and_staying_never_is():
    scene = Scenario(["#.#", "#.#", "###"])
    anna = scene.player(1, 1)
    assert entities_of(scene, anna)[1][:5].tolist() == [1, 0, 0, 0, 1]


def test_where_talk_is_off_only_silence_is_left():
    scene = Scenario(FIELD, communication=0)
    anna = scene.player(8, 8)
    mask = entities_of(scene, anna)[1][MASK_TALK:]
    assert mask.sum() == 1
    assert mask[-1] == 1


def test_team_mates_hear_each_other_and_enemies_do_not():
    scene = Scenario(FIELD)
    scene.player(8, 8, team=0)
    scene.player(8, 10, team=0, message=7)
    scene.player(8, 9, team=1)
    observations, _ = scene.observe()
    assert observations["talk"][0, 1].tolist() == [1, 0, 2, 7]
    assert observations["talk"][2, 0].tolist() == [1, 0, 0, 0]
    assert observations["entities"][2, :2, EntityFeature.MESSAGE].tolist() == [0, 0]


def test_the_fog_plane_counts_tiles():
    scene = Scenario(["." * 17] * 17, playable=16, fog_onset=1, fog_speed=1, fog_final_size=1)
    anna = scene.player(8, 8)
    scene.worlds[0].tick = 3
    fog = scene.observe()[0]["tiles"][anna, TilePlane.FOG].astype(int) - 128
    # Three ticks at speed 1: the low edge (8 off, out of sight) is 3 deep, each tile inward 1 less.
    assert fog[0, MIDDLE] == 2
    assert fog[1, MIDDLE] == 1
    assert fog[14, MIDDLE] == 3
    assert fog[MIDDLE, MIDDLE] == -127
    own = scene.observe()[0]["own"][anna]
    assert own[OwnFeature.FOG_TICKS_LEFT] == 1024


def test_no_fog_is_zero():
    scene = Scenario(FIELD)
    anna = scene.player(8, 8)
    assert not scene.observe()[0]["tiles"][anna, TilePlane.FOG].any()


def test_the_dead_see_nothing_and_may_do_nothing():
    scene = Scenario(FIELD, resource=0)
    anna = scene.player(8, 8, health=5)
    bert = scene.player(8, 9)
    scene.tick({bert: {"attack": anna}})
    observations, masks = scene.observe()
    assert not observations[anna : anna + 1].view(np.uint8).any()
    assert masks[anna].sum() == 4


@pytest.mark.parametrize("junk", [0, 255])
def test_every_byte_is_written(junk):
    from metammo.envs.scenario import _observe
    from metammo.observe.layout import MINI_LAYOUT
    from metammo.observe.scratch import make_kept, make_scratch

    scene = Scenario(["~.,#."] * 5, fog_onset=1)
    for row in range(5):
        scene.player(row, 1, team=row // 3)
    scene.npc("aggressive", 2, 2)
    scene.tick(ticks=2)
    clean, clean_masks = scene.observe()
    scratch = make_scratch(1, scene.sizes)
    scratch.view(np.ndarray).view(np.uint8)[:] = junk
    observations = np.zeros(5, MINI_LAYOUT.dtype)
    observations.view(np.uint8)[:] = junk
    masks = np.full_like(clean_masks, junk)
    rows = observations.view(np.recarray)
    _observe(scene.worlds, scratch, make_kept(1, scene.sizes), rows, masks)
    assert observations.tobytes() == clean.tobytes()
    assert (masks == clean_masks).all()
