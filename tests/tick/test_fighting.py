"""Who may attack whom, and what a hit does (rulebook, section 5)."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.rules import DAMAGE_DIVIDES
from metammo.world.columns import Cause, Event

pytestmark = pytest.mark.pure

FIELD = ["." * 15] * 15
QUIET = {"resource": 0}


def duel(**rules):
    scene = Scenario(FIELD, **{**QUIET, **rules})
    return scene, scene.player(5, 5), scene.player(5, 8)


def test_a_hit_takes_ten_health_and_puts_both_in_combat():
    scene, anna, bert = duel()
    scene.tick({anna: {"attack": bert, "style": "range"}})
    assert scene["health"][bert] == 90
    assert scene["attacker"][bert] == anna
    assert list(scene["combat_tick"][[anna, bert]]) == [1, 1]
    assert list(scene["style_hits"][anna]) == [0, 1, 0]
    assert scene["event_count"][anna, Event.SCORE_HIT] == 1


def test_four_tiles_are_out_of_reach():
    scene = Scenario(FIELD, **QUIET)
    anna, bert = scene.player(5, 5), scene.player(9, 5)
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 100
    assert scene["combat_tick"][anna] == 0


def test_nobody_attacks_himself():
    scene, anna, _ = duel()
    scene.tick({anna: {"attack": anna}})
    assert scene["health"][anna] == 100


@pytest.mark.parametrize(("age", "health"), [(18, 100), (19, 90)])
def test_players_cannot_attack_newborns(age, health):
    # Upkeep comes first: who has lived 19 ticks is 20 when the attack comes.
    scene, anna, bert = duel()
    scene.set(bert, time_alive=age)
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == health


def test_npcs_attack_newborns():
    scene = Scenario(FIELD, **QUIET)
    anna = scene.player(5, 5, time_alive=0)
    scene.npc("aggressive", 5, 7)
    scene.tick()
    assert scene["health"][anna] == 90


def test_the_immortal_are_void_as_targets():
    scene, anna, bert = duel()
    scene.set(bert, mortal_tick=100)
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 100
    assert scene["event_count"][anna, Event.SCORE_HIT] == 0


def test_the_frozen_do_not_act_until_the_last_tick_of_their_freeze():
    scene, anna, bert = duel()
    scene.set(anna, freeze=2)
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 100
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 90


def test_whoever_is_killed_by_an_earlier_row_does_not_strike_back():
    scene, anna, bert = duel()
    scene.set(bert, health=10)
    scene.tick({anna: {"attack": bert}, bert: {"attack": anna}})
    assert scene["health"][anna] == 100
    assert scene["is_alive"][bert] == 0
    assert scene["death_cause"][bert] == Cause.PLAYER
    assert scene["killer"][bert] == anna
    assert scene["event_count"][anna, Event.PLAYER_KILL] == 1
    assert scene["kills"][anna, 1, 0] == 1


def test_gold_goes_to_the_killer():
    scene, anna, bert = duel()
    scene.set(bert, health=5, gold=7)
    scene.tick({anna: {"attack": bert}})
    assert list(scene["entity_gold"][[anna, bert]]) == [7, 0]
    assert scene["player_gold_looted"][anna] == 7


def test_the_attacker_is_forgotten_when_no_damage_was_done():
    scene, anna, bert = duel()
    scene.tick({anna: {"attack": bert}})
    scene.tick()
    assert scene["attacker"][bert] == anna
    scene.tick()
    assert scene["attacker"][bert] == -1


def test_combat_lasts_three_ticks():
    scene, anna, bert = duel()
    scene.tick({anna: {"attack": bert}})
    seen = []
    for _ in range(4):
        observation, _ = scene.observe()
        seen.append(int(observation["own"][anna][14]))
        scene.tick()
    assert seen == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("style", "strongest", "damage"),
    [("melee", 1, 17), ("range", 2, 17), ("mage", 0, 17), ("melee", 2, 10), ("melee", 0, 10)],
)
def test_each_style_beats_one_other(style, strongest, damage):
    scene, anna, bert = duel(progression=1)
    scene["experience"][bert, strongest] = 5
    scene.tick({anna: {"attack": bert, "style": style}})
    assert scene["health"][bert] == 100 - damage


def test_damage_is_at_least_a_quarter_of_offense():
    scene, anna, bert = duel()
    scene["defense"][bert, :] = 50
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 98


def test_the_other_formula_divides():
    scene, anna, bert = duel(damage_formula=DAMAGE_DIVIDES)
    scene["defense"][bert, :] = 15
    scene.tick({anna: {"attack": bert}})
    assert scene["health"][bert] == 95
