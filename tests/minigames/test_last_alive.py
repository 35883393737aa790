"""How games of who outlives whom end: who wins, what is paid, who is done."""

import pytest

from metammo.tasks.goals import count_event, protect_leader, tick_ge
from metammo.tasks.tasks import team
from tests.minigames.referees import Game

pytestmark = pytest.mark.pure


def test_survive_is_won_by_the_last_alive():
    game = Game("survive", tick_ge(), resource=0)
    anna, bert, carl = game.player(5, 5), game.player(5, 6, health=5), game.player(9, 9)
    game.tick({anna: {"attack": bert}})
    assert game.rewards[bert] == -1
    assert game.terminated[:3].tolist() == [False, True, False]
    game.scene.set(carl, health=5)
    game.scene.set(anna, health=100)
    game.tick({carl: {"move": "north"}})
    game.scene.set(carl, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert game.world.player_won[:3].tolist() == [1, 0, 0]
    assert game.rewards[[anna, bert, carl]].tolist() == [1, 0, -1]
    assert game.terminated[:3].tolist() == [True, False, True]
    assert not game.truncated.any()


def test_survive_is_won_by_all_who_fell_last():
    game = Game("survive", tick_ge(), resource=0)
    anna, bert = game.player(5, 5), game.player(9, 9)
    game.scene.set(anna, health=0)
    game.scene.set(bert, health=0)
    game.tick()
    assert game.world.player_won[:2].tolist() == [1, 1]
    assert game.rewards[:2].tolist() == [1, 1]


def test_survive_is_won_by_those_alive_at_the_horizon():
    game = Game("survive", tick_ge(), resource=0, horizon=2)
    game.player(5, 5)
    game.player(9, 9)
    game.tick()
    assert game.rewards[:2].tolist() == [0.5, 0.5]
    game.tick()
    assert game.world.player_won[:2].tolist() == [1, 1]
    assert game.terminated[:2].all()


def battle(**rules):
    game = Game("team_battle", team(tick_ge("horizon")), resource=0, **rules)
    game.player(5, 5, team=0)
    game.player(5, 6, team=0)
    game.player(9, 9, team=1)
    return game


def test_a_team_battle_is_won_with_the_dead():
    game = battle()
    game.scene.set(1, health=0)
    game.tick()
    assert game.rewards[1] == -1
    game.scene.set(2, health=0)
    game.tick()
    assert game.world.player_won[:3].tolist() == [1, 1, 0]
    assert game.rewards[:3].tolist() == [1, 0, -1]


def test_at_the_horizon_every_living_team_wins():
    game = battle(horizon=1)
    game.tick()
    assert game.world.player_won[:3].all()
    assert game.terminated[:3].all()


def test_without_shared_wins_the_horizon_truncates():
    game = battle(horizon=1, shared_win=0)
    game.tick()
    assert not game.world.player_won[:3].any()
    assert game.truncated[:3].all()
    assert not game.terminated[:3].any()
    # The task is done in this tick: its progress is paid, no verdict is.
    assert game.rewards[:3].tolist() == [1, 1, 1]


def test_when_all_teams_fall_at_once_nobody_wins():
    game = battle()
    for player in range(3):
        game.scene.set(player, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert not game.world.player_won[:3].any()
    assert game.rewards[:3].tolist() == [-1, -1, -1]


def kings():
    """Two teams of two; rows 0 and 2 are the kings."""
    game = Game("protect_the_king", team(protect_leader()), resource=0, horizon=100)
    for row, number in ((5, 0), (6, 0), (9, 1), (10, 1)):
        game.player(row, 5, team=number)
    return game


def test_a_team_falls_with_its_king_in_the_same_tick():
    game = kings()
    game.tick()
    assert game.rewards[:4].tolist() == pytest.approx([0.01] * 4)
    game.scene.set(2, health=0)
    game.tick()
    assert game.scene["is_alive"][:4].tolist() == [1, 1, 0, 0]
    assert game.won() == [0, 1]
    assert game.rewards[:4].tolist() == [1, 1, -1, -1]
    assert game.scene["death_cause"][3] == 5


def test_a_team_outlives_its_other_members():
    game = kings()
    game.scene.set(3, health=0)
    game.tick()
    assert game.scene["is_alive"][:4].tolist() == [1, 1, 1, 0]
    assert game.world.is_game_over == 0


def test_when_all_kings_fall_at_once_nobody_wins():
    game = kings()
    game.scene.set(0, health=0)
    game.scene.set(2, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert game.won() == []
    assert game.rewards[:4].tolist() == [-1] * 4


@pytest.mark.parametrize("horizon", [1, 50])
def test_multi_task_ends_with_one_agent_or_the_time_and_nobody_wins(horizon):
    game = Game("multi_task", count_event("player_kill", 4), horizon=horizon, resource=0)
    anna, bert = game.player(5, 5), game.player(5, 6, health=5 if horizon > 1 else 100)
    game.tick({anna: {"attack": bert}})
    assert game.world.is_game_over == 1
    assert (game.world.is_decided, game.scene["won"].max()) == (0, 0)
    if horizon > 1:
        # The last one is paid for its task and cut short; the dead one lost its life.
        assert game.rewards[[anna, bert]].tolist() == [0.25, -1]
        assert game.truncated[:2].tolist() == [True, False]
        assert game.terminated[:2].tolist() == [False, True]
    else:
        assert game.truncated[:2].tolist() == [True, True]


def test_multi_task_goes_on_while_two_live():
    game = Game("multi_task", tick_ge())
    game.player(5, 5), game.player(9, 9)
    game.tick()
    assert game.world.is_game_over == 0
    assert not game.truncated.any()
