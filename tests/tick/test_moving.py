"""Who moves where, who may speak (rulebook, sections 1, 4 and 10)."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.tick.fighting import FOREVER
from metammo.world.columns import Event

pytestmark = pytest.mark.pure

FIELD = ["." * 9] * 9
TARGETS = {"north": (3, 4), "south": (5, 4), "east": (4, 5), "west": (4, 3), "stay": (4, 4)}


@pytest.mark.parametrize("move", TARGETS)
def test_moves(move):
    scene = Scenario(FIELD, resource=0)
    anna = scene.player(4, 4)
    scene.tick({anna: {"move": move}})
    assert scene.position(anna) == TARGETS[move]


@pytest.mark.parametrize("glyph", "~# f")
def test_impassable_tiles(glyph):
    scene = Scenario([f".{glyph}."], resource=0)
    anna = scene.player(0, 0)
    scene.tick({anna: {"move": "east"}})
    assert scene.position(anna) == (0, 0)


def test_a_tile_left_in_the_same_phase_is_free_and_an_occupied_one_is_not():
    scene = Scenario(FIELD, resource=0, move_into_occupied=0)
    anna, bert, carl = scene.player(4, 4), scene.player(4, 3), scene.player(4, 6)
    scene.tick(
        {anna: {"move": "east"}, bert: {"move": "east"}, carl: {"move": "west"}},
    )
    assert [scene.position(who) for who in (anna, bert, carl)] == [(4, 5), (4, 4), (4, 6)]


def test_several_may_share_a_tile_where_that_is_allowed():
    scene = Scenario(FIELD, resource=0)
    anna, bert = scene.player(4, 4), scene.player(4, 5)
    scene.tick({anna: {"move": "east"}})
    assert scene.position(anna) == scene.position(bert)
    scene.tick({bert: {"move": "east"}})
    assert scene.position(bert) == (4, 6)


def test_the_dead_are_in_the_way_until_the_tick_ends():
    scene = Scenario(FIELD, resource=0, move_into_occupied=0)
    anna, bert = scene.player(4, 4), scene.player(4, 5, health=5)
    scene.tick({anna: {"attack": bert, "move": "east"}})
    assert scene.position(anna) == (4, 4)
    scene.tick({anna: {"move": "east"}})
    assert scene.position(anna) == (4, 5)


def test_going_farther_than_ever_is_counted():
    scene = Scenario(["." * 17] * 17, resource=0, playable=16)
    anna = scene.player(0, 8)
    for _ in range(2):
        scene.tick({anna: {"move": "south"}})
    scene.tick({anna: {"move": "north"}})
    scene.tick({anna: {"move": "south"}})
    assert scene["event_count"][anna, Event.GO_FARTHEST] == 2
    assert scene["exploration"][anna] == 2


def test_a_token_stays_until_the_next():
    scene = Scenario(FIELD, resource=0)
    anna = scene.player(4, 4)
    scene.tick({anna: {"talk": 7}})
    scene.tick()
    assert scene["message"][anna] == 7


def test_of_the_frozen_only_scouts_speak():
    scene = Scenario(FIELD, resource=0)
    anna = scene.player(4, 4, freeze=9)
    bert = scene.player(4, 5, freeze=9, mortal_tick=FOREVER)
    carl = scene.player(4, 4, freeze=9, mortal_tick=99)
    scene.tick({anna: {"talk": 7}, bert: {"talk": 9}, carl: {"talk": 8}})
    assert list(scene["message"][[anna, bert, carl]]) == [0, 9, 0]


def test_silence_where_there_is_no_talk():
    scene = Scenario(FIELD, resource=0, communication=0)
    anna = scene.player(4, 4)
    scene.tick({anna: {"talk": 7}})
    assert scene["message"][anna] == 0
