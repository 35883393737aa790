"""How games of who gets somewhere first end: who wins, what is paid, who is done."""

import pytest

from metammo.rules.rules import RESPAWN_EDGE, RESPAWN_HOME
from metammo.tasks.goals import members_within_range, progress_toward_center, seize_center, tick_ge
from metammo.tasks.tasks import team
from tests.minigames.referees import Game

pytestmark = pytest.mark.pure


def race(**rules):
    knobs = {"combat": 0, "resource": 0, "move_into_occupied": 0, "respawn": RESPAWN_EDGE}
    return Game("race_to_center", progress_toward_center(), **{**knobs, **rules})


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


def test_a_death_pays_nothing_for_the_health_that_comes_back_with_the_respawn():
    game = race(resource=0)
    anna = game.player(8, 5, health=60)
    game.player(0, 0)
    game.scene.set(anna, health=0)
    game.tick()
    assert game.scene["health"][anna] == 100
    assert game.rewards[anna] == -1
    game.tick()
    assert game.rewards[anna] == pytest.approx(40 * 0.003)


def test_nobody_wins_a_race_that_nobody_ends():
    game = race(horizon=1)
    game.player(0, 0)
    game.tick()
    assert game.truncated[0]
    assert not game.terminated[0]


def hill(hold=3, **rules):
    game = Game("king_of_the_hill", team(seize_center(hold)), knobs=(hold,), resource=0, **rules)
    game.set_up()
    return game


def test_the_hill_is_won_by_holding_it_long_enough_also_from_afar():
    game = hill(hold=3, horizon=100)
    anna, bert = game.player(8, 7, team=0), game.player(0, 0, team=1)
    game.tick({anna: {"move": "east"}})
    assert game.world.objective_owner[0] == 0
    assert game.world.player_progress[anna] == pytest.approx(0.6)
    # Once seized it stays theirs, though nobody stands there.
    game.tick({anna: {"move": "west"}})
    assert game.world.player_progress[anna] == pytest.approx(0.6 + 0.4 / 3)
    game.tick()
    game.tick()
    assert game.won() == [anna]
    assert game.world.winning_score == pytest.approx((96 / 100 + 1) / 2)
    assert game.rewards[bert] == -1


def test_who_comes_near_the_hill_is_paid_a_part():
    game = hill()
    anna = game.player(8, 4, team=0)
    game.player(0, 0, team=1)
    game.tick()
    assert game.world.player_progress[anna] == pytest.approx(0.3 * (1 - 4 / 8))


def test_another_team_takes_the_hill_only_alone():
    game = hill(hold=10)
    anna, bert = game.player(8, 8, team=0), game.player(8, 7, team=1)
    game.tick()
    assert game.world.objective_owner[0] == 0
    game.tick({bert: {"move": "east"}})
    assert game.world.objective_owner[0] == 0
    game.tick({anna: {"move": "north"}})
    assert game.world.objective_owner[0] == 1
    assert game.world.objective_tick[0] == 3
    assert game.world.player_event_count[:2, 3].tolist() == [1, 1]


def test_the_last_holder_wins_at_the_horizon_and_nobody_an_untouched_hill():
    game = hill(hold=50, horizon=2)
    anna = game.player(8, 8, team=0)
    game.player(0, 0, team=1)
    game.tick()
    game.tick()
    assert game.won() == [anna]
    assert game.world.winning_score == pytest.approx(0.5)
    game = hill(hold=50, horizon=1)
    game.player(0, 0, team=0)
    game.player(1, 0, team=1)
    game.tick()
    assert game.won() == []
    assert game.truncated[:2].all()


def test_the_last_team_wins_the_hill_only_if_it_holds_it():
    game = hill(hold=50)
    anna, bert = game.player(0, 8, team=0), game.player(1, 0, team=1)
    game.scene.set(bert, health=0)
    game.tick()
    assert game.world.is_game_over == 0
    for _ in range(8):
        game.tick({anna: {"move": "south"}})
    assert game.won() == [anna]


def together(**rules):
    game = Game("comm_together", team(members_within_range(3)), resource=0, **rules)
    return game


def test_the_first_team_that_has_gathered_wins():
    game = together(horizon=100)
    anna, bert = game.player(5, 5, team=0), game.player(5, 9, team=0)
    game.player(0, 0, team=1)
    game.player(16, 16, team=1)
    game.tick()
    near = (16 - 4) / (16 - 3)
    spread = 3 / max(3 * 2, 3)
    assert game.world.player_progress[anna] == pytest.approx((near + 1 + spread) / 3)
    game.tick({bert: {"move": "west"}})
    assert game.won() == [anna, bert]
    assert game.world.winning_score == pytest.approx(0.98)


def test_a_death_far_off_gathers_nobody():
    game = together(respawn="anywhere", respawn_freeze=30)
    anna, bert = game.player(5, 5, team=0), game.player(16, 16, team=0)
    game.player(0, 0, team=1)
    game.player(16, 0, team=1)
    game.scene.set(bert, health=0)
    game.tick()
    assert game.won() == []
    assert game.rewards[bert] == -1
    assert game.scene["is_alive"][bert] == 1
    assert game.scene["freeze"][bert] == 30
    # A team's task is not begun anew by one member's death.
    assert game.world.player_progress[bert] == game.world.player_progress[anna] > 0


def flags(wanted=1, **rules):
    rules = {"respawn": RESPAWN_HOME, "respawn_freeze": 5, **rules}
    game = Game("capture_the_flag", tick_ge(), knobs=(wanted,), resource=0, **rules)
    anna, bert = game.player(5, 5, team=0), game.player(5, 8, team=1)
    game.set_up()
    return game, anna, bert


def flag_at(game, flag):
    world = game.world
    return (
        int(world.objective_row[flag]) - game.scene.row,
        int(world.objective_col[flag]) - game.scene.col,
    )


def test_a_flag_is_taken_carried_and_brought_home():
    game, anna, _ = flags(wanted=1)
    for _ in range(3):
        game.tick({anna: {"move": "east"}})
    assert game.world.game_state[1] == anna + 1
    # The compass shows a carrier its own base: number 2 of two flags and two bases.
    assert game.world.player_objective[anna] == 2
    game.tick({anna: {"move": "west"}})
    assert flag_at(game, 1) == (5, 7)
    game.tick({anna: {"move": "west"}})
    game.tick({anna: {"move": "west"}})
    assert game.world.team_state[0, 0] == 1
    assert flag_at(game, 1) == (5, 8)
    assert game.world.player_objective[anna] == 1


def test_a_fallen_carrier_drops_the_flag_and_its_team_takes_it_back():
    game, anna, bert = flags()
    game.tick({bert: {"move": "south"}})
    for _ in range(3):
        game.tick({anna: {"move": "east"}})
    game.tick({anna: {"move": "north"}})
    game.scene.set(anna, health=0)
    game.tick()
    assert flag_at(game, 1) == (4, 8)
    assert game.world.game_state[1] == 0
    assert game.scene.position(anna) == (5, 5)
    game.tick({bert: {"move": "north"}})
    game.tick({bert: {"move": "north"}})
    assert flag_at(game, 1) == (5, 8)
