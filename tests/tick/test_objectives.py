"""Objectives are placed, seen, and seized."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.tick.objectives import CARRY, HOLD, add_objective
from metammo.world.columns import OBJECTIVE_LIMIT

pytestmark = pytest.mark.pure


@entry
def place(worlds, row, col, kind):
    return add_objective(worlds[0], row, col, kind)


def test_an_objective_is_nobodys_until_somebody_stands_on_it():
    scene = Scenario(["...", "...", "..."], resource=0)
    anna = scene.player(0, 0)
    row, col = scene.position(anna)
    assert place(scene.worlds, scene.row, scene.col + 1, HOLD) == 0
    assert place(scene.worlds, scene.row, scene.col + 1, CARRY) == 1
    world = scene.worlds[0]
    assert world.objective_owner[:2].tolist() == [-1, -1]
    assert world.objective_kind[:2].tolist() == [HOLD, CARRY]
    assert (row, col) == (0, 0)
    scene.tick({anna: {"move": "east"}})
    assert int(world.objective_owner[0]) == 0
    assert int(world.objective_tick[0]) == int(world.tick)
    # What is carried is not seized by standing on it.
    assert int(world.objective_owner[1]) == -1


def test_a_world_holds_so_many_and_no_more():
    scene = Scenario(["...", "...", "..."])
    numbers = [place(scene.worlds, scene.row, scene.col, 0) for _ in range(OBJECTIVE_LIMIT + 1)]
    assert numbers == [*range(OBJECTIVE_LIMIT), -1]
    assert int(scene.worlds[0].objective_count) == OBJECTIVE_LIMIT
