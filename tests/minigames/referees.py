"""What the tests of the games' ends share: a hand-made world that is played by a game's rules."""

import numpy as np

from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.minigames import (
    capture_the_flag,
    comm_together,
    hide_and_seek,
    king_of_the_hill,
    merchants,
    multi_task,
    protect_the_king,
    race_to_center,
    radio_raid,
    sandwich,
    survive,
    team_battle,
)
from metammo.minigames.outcomes import settle
from metammo.tasks.progress import update_tasks
from metammo.world.grid import move_entity

FIELD = ["." * 17] * 17


@entry
def _move(worlds, entity, row, col):
    move_entity(worlds[0], entity, row, col)


def move_to(scene, entity, row, col):
    """Move an entity to a tile, counted from the map's corner."""
    _move(scene.worlds, entity, row + scene.row, col + scene.col)


REFEREES = (
    "survive",
    "team_battle",
    "race_to_center",
    "protect_the_king",
    "king_of_the_hill",
    "sandwich",
    "comm_together",
    "radio_raid",
    "capture_the_flag",
    "hide_and_seek",
    "merchants",
    "multi_task",
)


@entry
def end_tick(worlds, game, rewards, terminated, truncated):
    world = worlds[0]
    update_tasks(world)
    if game == 0:
        survive.referee(world)
    elif game == 1:
        team_battle.referee(world)
    elif game == 2:
        race_to_center.referee(world)
    elif game == 3:
        protect_the_king.referee(world)
    elif game == 4:
        king_of_the_hill.referee(world)
    elif game == 5:
        sandwich.referee(world)
    elif game == 6:
        comm_together.referee(world)
    elif game == 7:
        radio_raid.referee(world)
    elif game == 8:
        capture_the_flag.referee(world)
    elif game == 9:
        hide_and_seek.referee(world)
    elif game == 10:
        merchants.referee(world)
    else:
        multi_task.referee(world)
    settle(world, rewards, terminated, truncated)


@entry
def set_up(worlds, game):
    world = worlds[0]
    if game == 4:
        king_of_the_hill.setup(world)
    elif game == 5:
        sandwich.setup(world)
    elif game == 7:
        radio_raid.setup(world)
    elif game == 8:
        capture_the_flag.setup(world)
    elif game == 9:
        hide_and_seek.setup(world)


class Game:
    """A scenario played by a game's rules, with what each tick paid."""

    def __init__(self, game, task, knobs=(), drawing=FIELD, **rules):
        self.scene = Scenario(drawing, playable=16, **rules)
        self.game, self.task = REFEREES.index(game), task
        self.world.game_knob[: len(knobs)] = knobs
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
        end_tick(self.scene.worlds, self.game, self.rewards, self.terminated, self.truncated)
        return self.rewards

    def set_up(self):
        set_up(self.scene.worlds, self.game)

    def won(self):
        """Return the rows of the winners."""
        return np.flatnonzero(self.world.player_won).tolist()

    @property
    def world(self):
        return self.scene.worlds[0]
