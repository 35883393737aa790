"""Hunger, healing, fog and regrowth (rulebook, sections 3, 4 and 6)."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.materials import Material
from metammo.world.columns import Cause, Event

pytestmark = pytest.mark.pure

FIELD = ["." * 15] * 15


def alone(row=7, col=7, drawing=FIELD, **rules):
    scene = Scenario(drawing, **rules)
    return scene, scene.player(row, col)


def test_food_and_water_fall_by_five():
    scene, anna = alone()
    scene.tick()
    assert (scene["food"][anna], scene["water"][anna]) == (95, 95)


def test_the_first_hunger_hurts_in_the_21st_tick():
    scene, anna = alone()
    scene.tick(ticks=20)
    assert (scene["food"][anna], scene["health"][anna]) == (0, 100)
    scene.tick()
    assert scene["health"][anna] == 80


def test_the_resilient_starve_at_half_the_rate():
    scene, anna = alone()
    scene.set(anna, food=0, water=50, is_resilient=1)
    scene.tick()
    assert scene["health"][anna] == 95


@pytest.mark.parametrize(("food", "health"), [(51, 60), (50, 50)])
def test_the_well_fed_heal(food, health):
    scene, anna = alone()
    scene.set(anna, health=50, food=food)
    scene.tick()
    assert scene["health"][anna] == health


def test_foliage_is_eaten_whole_and_by_the_first_only():
    scene, anna = alone(drawing=[".....", ".,...", "....."], row=1, col=1, foliage_regrowth=0)
    bert = scene.player(1, 1)
    scene.tick()
    assert (scene["food"][anna], scene["food"][bert]) == (100, 95)
    assert scene.material(1, 1) == Material.SCRUB
    assert scene["event_count"][anna, Event.EAT_FOOD] == 1


def test_depleted_foliage_may_grow_back_in_the_same_tick():
    scene, _ = alone(drawing=[".....", ".,...", "....."], row=1, col=1, foliage_regrowth=1)
    scene.tick()
    assert scene.material(1, 1) == Material.FOLIAGE
    assert int(scene.worlds[0].depleted_count) == 0


def test_water_is_drunk_from_beside():
    scene, anna = alone(drawing=["...", ".~.", "..."], row=0, col=1)
    bert = scene.player(0, 0)
    scene.tick()
    assert (scene["water"][anna], scene["water"][bert]) == (100, 95)
    assert scene.material(1, 1) == Material.WATER


def test_who_starves_still_eats_but_dies():
    scene, anna = alone(drawing=["...", ".,.", "..."], row=1, col=1)
    scene.set(anna, health=5, food=0)
    scene.tick({anna: {"move": "north"}})
    assert scene["is_alive"][anna] == 0
    assert scene["food"][anna] == 100
    assert scene["death_cause"][anna] == Cause.STARVATION
    assert scene.position(anna) == (1, 1)


def test_without_resources_there_is_no_hunger_and_no_healing():
    scene, anna = alone(resource=0)
    scene.set(anna, health=50)
    scene.tick(ticks=30)
    assert (scene["health"][anna], scene["food"][anna]) == (50, 0)


def test_a_herb_mark_is_trodden_down_and_does_not_come_back():
    scene, _ = alone(drawing=["...", ".h.", "..."], row=1, col=1)
    scene.tick(ticks=50)
    assert scene.material(1, 1) == Material.WEEDS


def fog_scene(depth_row, **rules):
    # Playable 16 in a world of side 48: rows 16..32 can be walked on.
    scene = Scenario(["." * 17] * 17, resource=0, playable=16, fog_final_size=2, **rules)
    return scene, scene.player(depth_row, 8)


def test_the_low_edge_is_clear_at_onset_and_the_high_edge_is_not():
    scene, low = fog_scene(0, fog_onset=1, fog_speed=1)
    high = scene.player(16, 8)
    scene.tick()  # tick 0: before onset
    assert list(scene["health"][[low, high]]) == [100, 100]
    scene.tick()  # tick 1: strength 1 at the low edge, 2 at the high one
    assert list(scene["health"][[low, high]]) == [99, 98]


def test_fog_rounds_halves_to_even():
    scene, anna = fog_scene(0, fog_onset=1, fog_speed=0.5)
    healths = []
    for _ in range(6):
        scene.tick()
        healths.append(int(scene["health"][anna]))
    # strengths 0.5, 1, 1.5, 2, 2.5 from tick 1 on: damage 0, 1, 2, 2, 2
    assert healths == [100, 100, 99, 97, 95, 93]


def test_the_middle_stays_clear_and_the_immortal_unhurt():
    scene, anna = fog_scene(8, fog_onset=1, fog_speed=1)
    god = scene.player(0, 0, mortal_tick=1000)
    scene.tick(ticks=40)
    assert list(scene["health"][[anna, god]]) == [100, 100]


def test_who_dies_of_fog_does_not_eat():
    scene = Scenario(["," * 17] * 17, playable=16, fog_onset=1, fog_speed=16)
    anna = scene.player(0, 0, health=1, food=50)
    scene.worlds[0].tick = 5
    scene.tick()
    assert scene["death_cause"][anna] == Cause.FOG
    assert scene["food"][anna] == 50
    assert scene.material(0, 0) == Material.FOLIAGE
