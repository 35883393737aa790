"""How games against NPCs, seekers and the clock end: who wins, what is paid, who is done."""

import numpy as np
import pytest

from metammo.tasks.goals import defeat_entity, hoard_gold, tick_ge
from metammo.tasks.tasks import team
from tests.minigames.referees import Game, move_to

pytestmark = pytest.mark.pure


def test_a_sandwich_sends_soldiers_from_the_middle_and_from_the_edge():
    game = Game("sandwich", team(tick_ge()), knobs=(2, 500), resource=0, npc_refill=0)
    for number, (row, col) in enumerate([(4, 4), (4, 12), (12, 12)]):
        game.player(row, col, team=number)
    game.set_up()
    world = game.world
    living = np.flatnonzero(world.entity_is_alive[16:]) + 16
    assert (world.entity_kind[living] == 5).all()
    assert len(living) == 12
    rows = world.entity_row[living] - game.scene.row
    cols = world.entity_col[living] - game.scene.col
    # Two for each team between the middle and its own tile, with that tile as rally point.
    for number, (row, col) in enumerate([(4, 4), (4, 12), (12, 12)]):
        mine = slice(2 * number, 2 * number + 2)
        assert (np.sign(rows[mine] - 8) == np.sign(row - 8)).all()
        assert (np.sign(cols[mine] - 8) == np.sign(col - 8)).all()
        assert (np.maximum(abs(rows[mine] - 8), abs(cols[mine] - 8)) <= 2).all()
        assert (world.npc_rally_row[2 * number] - game.scene.row) == row
    outer = slice(6, 12)
    assert (np.maximum(abs(rows[outer] - 8), abs(cols[outer] - 8)) == 8).all()
    assert (world.npc_rally_row[6:12] - game.scene.row == 8).all()
    assert len({*zip(rows[outer], cols[outer], strict=True)}) == 6


def test_a_sandwich_is_not_won_before_its_time():
    game = Game("sandwich", team(tick_ge()), knobs=(0, 3), resource=0, npc=0, horizon=100)
    game.player(4, 4, team=0)
    bert = game.player(12, 12, team=1)
    game.scene.set(bert, health=0)
    game.tick()
    game.tick()
    assert game.world.is_game_over == 0
    game.tick()
    assert game.won() == [0]
    assert game.world.winning_score == pytest.approx(0.97)


def test_a_sandwich_that_all_leave_is_nobodys():
    game = Game("sandwich", team(tick_ge()), knobs=(0, 3), resource=0, npc=0)
    game.player(4, 4, team=0, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert game.won() == []


def test_a_sandwich_that_all_leave_late_scores_nothing_and_is_no_win():
    game = Game("sandwich", team(tick_ge()), knobs=(0, 1), resource=0, npc=0)
    game.player(4, 4, team=0, health=0)
    game.player(12, 12, team=1, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert game.won() == []
    assert game.world.winning_score == 0


def test_a_sandwich_is_refilled_by_half_as_many_as_live():
    game = Game("sandwich", team(tick_ge()), knobs=(16, 500), resource=0, npc_refill=0)
    for number in range(6):
        game.player(1, number, team=0)
    game.tick()
    assert game.world.npc_alive_count == 3
    assert (game.world.npc_rally_row[:3] - game.scene.row == 8).all()


def raid(goal=2, **rules):
    task = team(defeat_entity("npc", goal))
    rules = {"resource": 0, "npc_refill": 0, "npc_heal": 0, **rules}
    return Game("radio_raid", task, knobs=(goal,), **rules)


def test_a_raid_posts_four_scouts_of_each_team_who_cannot_die_or_act():
    game = raid()
    for _ in range(8):
        game.player(1, 1, team=0)
    game.set_up()
    scouts = np.flatnonzero(game.scene.worlds[0].entity_state[:8, 0])
    assert len(scouts) == 4
    assert {game.scene.position(scout) for scout in scouts} == {(4, 4), (4, 12), (12, 4), (12, 12)}
    game.scene.set(scouts[0], health=100)
    here = game.scene.position(scouts[0])
    hunter = next(player for player in range(8) if player not in scouts)
    game.tick({scouts[0]: {"move": "north", "talk": 5}, hunter: {"move": "south"}})
    assert game.scene.position(scouts[0]) == here
    assert game.scene["message"][scouts[0]] == 5
    assert game.scene["mortal_tick"][scouts].all()


def test_a_raid_sends_waves_while_there_are_as_many_hunters():
    game = raid()
    for _ in range(12):
        game.player(0, 0, team=0)
    game.tick()
    world = game.world
    assert world.npc_alive_count == 10
    npcs = np.flatnonzero(world.entity_is_alive[16:]) + 16
    # The first wave is harmless, and comes in the middle.
    assert (world.entity_kind[npcs] == 2).all()
    assert (abs(world.entity_row[npcs] - 24) <= 5).all()
    game.tick()
    assert world.npc_alive_count == 10
    world.entity_health[npcs[3:]] = 0
    game.tick()
    assert world.npc_alive_count == 13
    assert world.game_state[:2].tolist() == [2, 3]


def test_a_raid_is_won_by_killing_enough():
    game = raid(goal=1, horizon=100)
    anna, bert = game.player(5, 5, team=0), game.player(5, 6, team=0)
    game.player(0, 0, team=1)
    prey = game.scene.npc("passive", 6, 6, health=5)
    game.scene.set(bert, health=0)
    game.tick({anna: {"attack": prey}})
    assert game.won() == [anna, bert]
    assert game.world.winning_score == pytest.approx((0.99 + 0.5) / 2)


def test_a_raid_whose_hunters_have_all_fallen_is_lost_by_the_scouts_too():
    game = raid()
    for _ in range(8):
        game.player(1, 1, team=0)
    game.set_up()
    is_scout = game.scene.worlds[0].entity_state[:8, 0] != 0
    for hunter in np.flatnonzero(~is_scout):
        game.scene.set(hunter, health=0)
    game.tick()
    assert game.world.is_game_over == 1
    assert game.won() == []
    assert game.world.winning_score == 0
    assert game.rewards[:8].tolist() == [-1] * 8
    assert game.terminated[:8].all()
    assert not game.truncated.any()


def seekers(**rules):
    drawing = ["." * 17] * 8 + ["........,........"] * 9
    game = Game(
        "hide_and_seek", tick_ge(), knobs=(2,), drawing=drawing, combat=0, resource=0, **rules
    )
    seeker = game.player(8, 8, team=0)
    game.player(0, 0, team=1)
    game.player(0, 1, team=2)
    return game, seeker


def test_seekers_catch_from_afar_in_the_open_and_from_near_in_cover():
    game, seeker = seekers()
    game.scene.worlds[0].entity_freeze[seeker] = 2
    place = {1: (8, 12), 2: (11, 8)}
    for player, (row, col) in place.items():
        move_to(game.scene, player, row, col)
    game.tick()
    assert game.scene["is_alive"][:3].all()
    game.tick()
    # Two to four tiles away: only who stands in the open is caught.
    assert game.scene["is_alive"][:3].tolist() == [1, 0, 1]
    game.tick({seeker: {"move": "south"}})
    assert game.scene["is_alive"][2] == 0
    assert game.won() == [seeker]


def test_who_is_not_found_wins_at_the_horizon():
    game, _ = seekers(horizon=1)
    game.tick()
    assert game.won() == [1, 2]
    assert game.world.winning_score == 1


def test_the_richest_living_team_wins_at_the_horizon():
    game = Game("merchants", team(hoard_gold(10)), resource=0, horizon=2, exchange=1)
    for number, gold in ((0, 4), (0, 3), (1, 6), (2, 20)):
        game.player(2 * number, 5, team=number, gold=gold)
    game.tick()
    assert game.won() == []
    game.scene.set(3, health=0)
    game.tick()
    # The dead lose theirs; seven is more than six.
    assert game.won() == [0, 1]
