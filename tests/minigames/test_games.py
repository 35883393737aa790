"""Each game's end, on hand-made worlds: who wins, what is paid, who is done."""

import numpy as np
import pytest

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
from metammo.rules.rules import RESPAWN_EDGE, RESPAWN_HOME
from metammo.tasks.goals import (
    count_event,
    defeat_entity,
    hoard_gold,
    members_within_range,
    progress_toward_center,
    protect_leader,
    seize_center,
    tick_ge,
)
from metammo.tasks.progress import update_tasks
from metammo.tasks.tasks import team
from metammo.world.grid import move_entity

pytestmark = pytest.mark.pure

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
    game.tick({scouts[0]: {"move": "north"}, hunter: {"move": "south"}})
    assert game.scene.position(scouts[0]) == here
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
