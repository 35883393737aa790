"""Who is asked what: tasks by weight, by team, as the systems allow; own predicates."""

import numpy as np
import pytest

import metammo
from metammo.rules.knobs import KnobError
from metammo.rules.rules import MINI
from metammo.tasks.curriculum import TRAINING
from metammo.tasks.goals import count_event, hoard_gold, occupy_tile, own_predicate, tick_ge
from metammo.tasks.tasks import OneOf, TaskError, team, weighted
from tests.contract.batches import GAMES, mix_of, only

TEAM_TASKS = (team(tick_ge(9)), team(count_event("eat_food", 3)), team(occupy_tile("center")))


def batch_of(game, worlds=16, **knobs):
    """Return a batch of one game, by the driver that the contract's tests use."""
    games = only(game)
    games[game] = (1.0, knobs)
    return metammo.make_vec(games, worlds, seed=1, threads=2)


def drawn(batch, game, resets=24):
    """Return how often each of a game's tasks was drawn, by agent, in fresh episodes."""
    counts = np.zeros(len(batch._tasks), int)
    for _ in range(resets):
        counts += np.bincount(batch.worlds.task_number.ravel(), minlength=len(counts))
        batch.reset()
    first, count = (int(batch.table[name][game]) for name in ("task_first", "task_count"))
    assert counts.sum() == counts[first : first + count].sum()
    return counts[first : first + count]


def is_likely(counts, weights):
    """Return whether counts could come of weights: chi-square within six standard deviations."""
    expected = counts.sum() * np.asarray(weights) / np.sum(weights)
    freedom = len(counts) - 1
    return ((counts - expected) ** 2 / expected).sum() < freedom + 6 * np.sqrt(2 * freedom)


def test_tasks_are_drawn_by_weight():
    batch = batch_of("multi_task")
    game = batch.game_names.index("multi_task")
    weights = [task.weight for task in batch.tasks[game]]
    counts = drawn(batch, game)
    assert counts.sum() == 24 * 16 * 128
    assert is_likely(counts, weights)
    assert not is_likely(counts, np.ones(len(weights)))
    # Set anew, they come by the new weights; 0 comes never.
    weights = [index % 3 for index in range(len(weights))]
    batch.set_task_weights(game, weights)
    batch.reset()
    counts = drawn(batch, game)
    asked = np.array(weights) > 0
    assert not counts[~asked].any()
    assert is_likely(counts[asked], np.array(weights)[asked])
    batch.close()


def test_evaluation_draws_all_alike_and_nobody_knows_anothers():
    batch = batch_of("multi_task_eval")
    game = batch.game_names.index("multi_task_eval")
    assert is_likely(drawn(batch, game), np.ones(len(batch.tasks[game])))
    numbers = batch.worlds.task_number
    # Neighbours' draws have nothing to do with each other.
    same = (numbers[:, 1:] == numbers[:, :-1]).mean()
    assert abs(same - 1 / len(batch.tasks[game])) < 0.03
    batch.close()


def test_each_config_asks_what_its_systems_allow():
    batch = batch_of("multi_task")
    game = batch.game_names.index("multi_task")
    assert batch.tasks[game] == TRAINING.within(MINI)
    batch.close()
    batch = metammo.make_vec(mix_of("multi_task", config="full"), 1, config="full", threads=1)
    asked = dict(zip(batch.game_names, batch.tasks, strict=True))
    assert asked["multi_task"] == list(TRAINING.tasks)
    assert asked["ammo_training"] == [count_event("fire_ammo", 10)]
    batch.close()
    # A user may take a system away, and with it its tasks.
    batch = batch_of("multi_task", 1, combat=0)
    assert batch.tasks[game] == TRAINING.within(set(MINI) - {"combat"})
    batch.close()
    with pytest.raises(KnobError, match="none of the tasks of multi_task can be done with"):
        batch_of("multi_task", task=OneOf((hoard_gold(5),)))


def test_a_teams_list_gives_each_team_one_task():
    weights = (1.0, 2.0, 5.0)
    tasks = tuple(map(weighted, TEAM_TASKS, weights))
    batch = batch_of("team_battle", task=OneOf(tasks))
    game = batch.game_names.index("team_battle")
    numbers = batch.worlds.task_number.reshape(16, 16, 8)
    assert (numbers == numbers[..., :1]).all()
    counts = drawn(batch, game)
    assert (counts % 8 == 0).all()
    assert is_likely(counts // 8, weights)
    batch.close()


def test_teams_take_turns_with_a_tuple_of_tasks():
    batch = batch_of("team_battle", task=TEAM_TASKS)
    first = batch.table.task_first[batch.game_names.index("team_battle")]
    turns = np.repeat(np.arange(16) % 3, 8)
    assert (batch.worlds.task_number == first + turns).all()
    batch.close()


def test_results_tell_which_task_was_whose():
    batch = batch_of("multi_task", 4, horizon=5)
    numbers = batch.worlds.task_number.copy()
    while not batch.done.any():
        batch.step(batch.random_actions(int(batch.worlds.tick[0])))
    assert (batch.results.task[batch.done] == numbers[batch.done]).all()
    alive = tick_ge(1024)
    game = batch.game_names.index("multi_task")
    number = batch.tasks[game].index(alive) + batch.table.task_first[game]
    reached = batch.results.progress[batch.results.task == number]
    assert (reached <= 5 / 1024 + 1e-6).all()
    batch.close()


def test_wrong_weights_are_refused():
    batch = batch_of("multi_task", 1)
    game = batch.game_names.index("multi_task")
    count = len(batch.tasks[game])
    with pytest.raises(TaskError, match=f"multi_task has {count} tasks, got 2 weights"):
        batch.set_task_weights(game, [1, 2])
    with pytest.raises(TaskError, match="none negative"):
        batch.set_task_weights(game, [-1.0] * count)
    with pytest.raises(TaskError, match="not all zero"):
        batch.set_task_weights(game, [0] * count)
    batch.close()


OWN_GAME = '''
"""Go north, or south, as one's own predicates measure it."""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.tasks.goals import own_predicate, tick_ge
from metammo.tasks.tasks import OneOf
from metammo.world.grid import center_of


@kernel
def rows_north(world, first, last, argument):
    """Return how far north of a row the first stands / tiles; without end on either side."""
    return (center_of(world) + int(argument[1]) - int(world.entity_row[first])) / int(argument[0])


@kernel
def rows_south(world, first, last, argument):
    """Return how far south of the centre the first stands / tiles."""
    return (int(world.entity_row[first]) - center_of(world)) / int(argument[0])


class Compass(Minigame):
    """Nobody wins."""

    systems = ("resource",)
    free_for_all = True
    knobs = {"tiles": 32}
    predicates = (rows_north, rows_south)
    task = OneOf(
        (
            own_predicate(0, "tiles", 0, sentence="go north", name="north"),
            0.5 * own_predicate(1, 64, sentence="go south") + 0.5 * tick_ge(50),
        )
    )
'''


def test_a_games_own_predicates_are_measured_beside_the_built_in(tmp_path):
    path, other = tmp_path / "compass.py", tmp_path / "upside_down.py"
    path.write_text(OWN_GAME)
    other.write_text(OWN_GAME.replace("(rows_north, rows_south)", "(rows_south, rows_north)"))
    mix = {str(path): (1.0, {"tiles": 16}), str(other): (1.0, {"tiles": 8})}
    batch = metammo.make_vec({**mix, "race_to_center": 1.0, "multi_task": 1.0}, 16, threads=1)
    for step in range(20):
        batch.step(batch.random_actions(step))
    worlds = batch.worlds
    assert set(worlds.game.tolist()) == {0, 1, 2, 3}
    for world in worlds[worlds.game < 2]:
        north = 80 - world.entity_row[:128].astype(float)
        if world.game == 1:
            north = -north
        one = np.clip(north / (16, 8)[int(world.game)], 0, 1)
        two = 0.5 * np.clip(-north / 64, 0, 1) + 0.5 * 20 / 50
        expected = np.where(world.task_number[:128] % 2 == 0, one, two)
        done = world.player_best_progress[:128] >= 1
        assert world.player_progress[:128][~done] == pytest.approx(expected[~done], abs=1e-6)
        assert 0.1 < expected.mean() < 0.9
    # The others go their ways as if they were alone.
    races = worlds[worlds.game == 2]
    apart = np.maximum(abs(races.entity_row[:, :128] - 80.0), abs(races.entity_col[:, :128] - 80.0))
    assert races.player_progress[:, :128] == pytest.approx(1 - apart / 20, abs=1e-6)
    batch.close()
    assert [str(task) for task in batch.tasks[0]] == [
        "north('tiles', 0)",
        "(0.5 * own_predicate_1(64)) + (0.5 * tick_ge(50))",
    ]


def test_a_predicate_that_a_game_does_not_have_is_refused():
    with pytest.raises(KnobError, match="survive has no predicate 3 of its own"):
        metammo.make_vec("survive", 1, task=own_predicate(3, sentence="fly"))
    assert "survive" in GAMES
