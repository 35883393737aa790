"""Each game's end, on hand-made worlds: who wins, what is paid, who is done."""

import numpy as np
import pytest

from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.minigames import multi_task, race_to_center, survive, team_battle
from metammo.minigames.outcomes import settle
from metammo.rules.rules import RESPAWN_EDGE
from metammo.tasks.library import count_event, progress_toward_center, tick_ge
from metammo.tasks.progress import update_tasks
from metammo.tasks.tasks import team

pytestmark = pytest.mark.pure

FIELD = ["." * 17] * 17


@entry
def end_tick_survive(worlds, rewards, terminated, truncated):
    update_tasks(worlds[0])
    survive.referee(worlds[0])
    settle(worlds[0], rewards, terminated, truncated)


@entry
def end_tick_team_battle(worlds, rewards, terminated, truncated):
    update_tasks(worlds[0])
    team_battle.referee(worlds[0])
    settle(worlds[0], rewards, terminated, truncated)


@entry
def end_tick_race(worlds, rewards, terminated, truncated):
    update_tasks(worlds[0])
    race_to_center.referee(worlds[0])
    settle(worlds[0], rewards, terminated, truncated)


@entry
def end_tick_multi_task(worlds, rewards, terminated, truncated):
    update_tasks(worlds[0])
    multi_task.referee(worlds[0])
    settle(worlds[0], rewards, terminated, truncated)


class Game:
    """A scenario played by a game's rules, with what each tick paid."""

    def __init__(self, end_tick, task, **rules):
        self.scene = Scenario(FIELD, playable=16, **rules)
        self.end_tick, self.task = end_tick, task
        agents = self.scene.sizes.players
        self.rewards = np.zeros(agents, np.float32)
        self.terminated = np.zeros(agents, np.bool_)
        self.truncated = np.zeros(agents, np.bool_)

    def player(self, row, col, **columns):
        player = self.scene.player(row, col, **columns)
        world = self.scene.worlds[0]
        self.scene.ask(player, self.task)
        world.player_last_health[player] = int(world.entity_health[player])
        return player

    def tick(self, actions=None):
        self.scene.tick(actions)
        self.end_tick(self.scene.worlds, self.rewards, self.terminated, self.truncated)
        return self.rewards

    @property
    def world(self):
        return self.scene.worlds[0]


def test_survive_is_won_by_the_last_alive():
    game = Game(end_tick_survive, tick_ge(), resource=0)
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
    game = Game(end_tick_survive, tick_ge(), resource=0)
    anna, bert = game.player(5, 5), game.player(9, 9)
    game.scene.set(anna, health=0)
    game.scene.set(bert, health=0)
    game.tick()
    assert game.world.player_won[:2].tolist() == [1, 1]
    assert game.rewards[:2].tolist() == [1, 1]


def test_survive_is_won_by_those_alive_at_the_horizon():
    game = Game(end_tick_survive, tick_ge(), resource=0, horizon=2)
    game.player(5, 5)
    game.player(9, 9)
    game.tick()
    assert game.rewards[:2].tolist() == [0.5, 0.5]
    game.tick()
    assert game.world.player_won[:2].tolist() == [1, 1]
    assert game.terminated[:2].all()


def battle(**rules):
    game = Game(end_tick_team_battle, team(tick_ge("horizon")), resource=0, **rules)
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


def race(**rules):
    knobs = {"combat": 0, "resource": 0, "move_into_occupied": 0, "respawn": RESPAWN_EDGE}
    return Game(end_tick_race, progress_toward_center(), **{**knobs, **rules})


def test_a_race_is_won_in_the_tick_of_arrival():
    game = race(horizon=1000)
    anna, bert = game.player(8, 6), game.player(0, 0)
    game.tick({anna: {"move": "east"}})
    assert game.rewards[anna] == pytest.approx(1 - 1 / 8)
    game.tick({anna: {"move": "east"}})
    assert game.world.player_won[:2].tolist() == [1, 0]
    assert game.rewards[:2].tolist() == pytest.approx([0.998, -1])
    assert game.world.winning_score == pytest.approx(0.998)
    assert bert == 1


def test_the_dead_of_a_race_come_back_frozen_immortal_and_anew():
    game = race(resource=1)
    anna, bert = game.player(8, 5), game.player(0, 0)
    game.tick({anna: {"move": "west"}})
    game.scene.set(anna, health=0)
    game.tick()
    assert game.rewards[anna] == -1
    assert not game.terminated[anna]
    row, col = game.scene.position(anna)
    assert row in (0, 16) or col in (0, 16)
    assert game.scene["health"][anna] == 100
    assert game.scene["freeze"][anna] == 10
    assert game.world.player_progress[anna] == 0
    # Ten ticks of freeze cost nine actions; it is mortal again one tick later.
    place = game.scene.position(anna)
    inward = {0: "south", 16: "north"}.get(row, {0: "east", 16: "west"}.get(col))
    for _ in range(9):
        game.tick({anna: {"move": inward}})
        assert game.scene.position(anna) == place
        assert game.scene["mortal_tick"][anna] > 0
    game.tick({anna: {"move": inward}})
    assert game.scene.position(anna) != place
    assert game.scene["mortal_tick"][anna] > 0
    game.tick()
    assert game.scene["mortal_tick"][anna] == 0
    assert game.world.player_order[:2].tolist() == [bert, anna]


def test_nobody_wins_a_race_that_nobody_ends():
    game = race(horizon=1)
    game.player(0, 0)
    game.tick()
    assert game.truncated[0]
    assert not game.terminated[0]


@pytest.mark.parametrize("horizon", [1, 50])
def test_multi_task_ends_with_one_agent_or_the_time_and_nobody_wins(horizon):
    game = Game(end_tick_multi_task, count_event("player_kill", 4), horizon=horizon, resource=0)
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
    game = Game(end_tick_multi_task, tick_ge())
    game.player(5, 5), game.player(9, 9)
    game.tick()
    assert game.world.is_game_over == 0
    assert not game.truncated.any()
