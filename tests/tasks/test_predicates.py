"""Every predicate on a hand-made world, asked of an agent and of its team, by its formula."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.items import Item
from metammo.rules.materials import Material
from metammo.rules.skills import LEVEL_EXPERIENCE, Skill
from metammo.tasks.codes import Predicate
from metammo.tasks.embedding import ROLES
from metammo.tasks.goals import (
    all_dead,
    attain_skill,
    buy_item,
    can_see_agent,
    can_see_tile,
    check_agent_status,
    consume_item,
    count_event,
    defeat_entity,
    distance_traveled,
    earn_gold,
    equip_item,
    fire_ammo,
    fully_armed,
    gain_experience,
    harvest_item,
    hoard_gold,
    inventory_space,
    list_item,
    make_profit,
    members_within_range,
    occupy_tile,
    own_item,
    progress_toward_center,
    protect_leader,
    score_hit,
    seize_center,
    seize_quadrant_center,
    seize_tile,
    spend_gold,
    stay_alive,
    tick_ge,
)
from metammo.tasks.tasks import team
from metammo.tick.inventory import BOUGHT, CONSUMED, HARVESTED, LISTED
from metammo.world.columns import Event

pytestmark = pytest.mark.pure

ANNA, BERT, CARL, DORA, EVE, EMIL = range(6)
CENTER = 8


def world():
    """Return a scene of three teams: Anna, Bert, Carl (dead); Dora, Eve (dead); Emil."""
    scene = Scenario(["." * 17] * 17, config="full", playable=16, horizon=1000)
    places = {ANNA: (8, 2), BERT: (6, 8), CARL: (2, 2), DORA: (8, 12), EVE: (9, 12), EMIL: (0, 16)}
    for player, (row, col) in places.items():
        assert scene.player(row, col, team=(0, 0, 0, 1, 1, 2)[player]) == player
    for player in (CARL, EVE):
        scene.set(player, is_alive=0, health=0)
    return scene


def each(scene, column, anna, bert, carl, *place):
    """Set a number of each of the team, Carl's too."""
    for player, value in ((ANNA, anna), (BERT, bert), (CARL, carl)):
        scene[column][(player, *place)] = value


def experience_of(level):
    return int(LEVEL_EXPERIENCE[level - 1])


def clock(scene):
    scene.worlds[0].tick = 250


def levels(scene):
    for player, level in ((ANNA, 3), (BERT, 5), (CARL, 9)):
        scene.skill(player, "herbalism", level)


def experience(scene):
    each(scene, "experience", 100, 60, 500, Skill.FISHING)


def tree(scene):
    scene["tile_material"][scene.row + 6, scene.col + 14] = Material.TREE


def begun(scene):
    for player, away in ((ANNA, 4), (BERT, 6), (CARL, 9)):
        row, col = scene.position(player)
        scene.set(player, spawn_row=scene.row + row + away, spawn_col=scene.col + col - 1)


def events(scene):
    each(scene, "event_count", 2, 1, 3, Event.DRINK_WATER)


def hits(scene):
    each(scene, "style_hits", 1, 2, 4, Skill.MAGE)


def kills(scene):
    for level, numbers in ((2, (5, 5, 5)), (3, (1, 0, 1)), (4, (0, 2, 0)), (10, (1, 0, 0))):
        each(scene, "kills", *numbers, 0, level)
        each(scene, "kills", 1, 0, 1, 1, level)


def purses(scene):
    each(scene, "gold", 10, 15, 9)
    each(scene, "gold_earned", 5, 10, 0)
    each(scene, "gold_looted", 5, 0, 5)
    each(scene, "gold_spent", 4, 1, 5)


def quivers(scene):
    scene.item(ANNA, "arrow", 2, quantity=5, worn=True)
    scene.item(ANNA, "arrow", 1, quantity=7)
    scene.item(ANNA, "arrow", 9, price=3)
    scene.item(ANNA, "runes", 9, quantity=3)
    scene.item(BERT, "arrow", 3, quantity=4)


def hats(scene):
    scene.item(ANNA, "hat", 2, worn=True)
    scene.item(ANNA, "hat", 9)
    scene.item(BERT, "hat", 3, worn=True)


def arms(scene):
    for player, names in ((ANNA, "hat top bottom bow arrow"), (BERT, "hat top bottom bow")):
        for name in names.split():
            scene.item(player, name, 2, worn=True)
    scene.item(BERT, "arrow", 1, worn=True)


def item_events(which):
    def set_up(scene):
        for level, numbers in ((1, (9, 9, 9)), (2, (1, 1, 2)), (10, (2, 0, 0))):
            each(scene, "item_events", *numbers, which, Item.ARROW, level)
        each(scene, "item_events", 9, 9, 9, which, Item.HAT, 5)
        each(scene, "item_events", 9, 9, 9, (which + 1) % 4, Item.ARROW, 5)

    return set_up


def shots(scene):
    for level, numbers in ((1, (9, 9, 9)), (2, (1, 1, 2)), (10, (2, 0, 0))):
        each(scene, "shots", *numbers, Skill.RANGE, level)
    each(scene, "shots", 9, 9, 9, Skill.MAGE, 5)


def seized(scene):
    record = scene.worlds[0]
    record.tick, record.objective_count = 15, 1
    record.objective_row[0] = record.objective_col[0] = scene.row + CENTER
    record.objective_owner[0], record.objective_tick[0] = 0, 5


def seized_by_others(scene):
    seized(scene)
    scene.worlds[0].objective_owner[0] = 1


def put(row, col):
    """Return what puts Anna so far from the centre and asks a place of nobody else."""
    return lambda scene: scene.set(ANNA, row=scene.row + CENTER + row, col=scene.col + CENTER + col)


# A quarter of the side away: south-east, north-east, north-west, south-west.
QUADRANT_CENTERS = {
    "first": put(4, 4),
    "second": put(-4, 4),
    "third": put(-4, -4),
    "fourth": put(4, -4),
}
# What is asked, what is set, what Anna has reached and what her team has.
CASES = [
    (tick_ge(400), clock, 0.625, 0.625),
    (tick_ge(), clock, 0.25, 0.25),
    (protect_leader(), clock, 0.25, 0.25),
    (stay_alive(), None, 0, 0),
    (stay_alive("my_team_leader"), None, 1, 1),
    (stay_alive("left_team_leader"), None, 1, 1),
    (stay_alive("left_team"), None, 0, 0),
    (stay_alive(BERT), None, 1, 1),
    (stay_alive(CARL), None, 0, 0),
    (check_agent_status("my_team", "alive"), None, 2 / 3, 2 / 3),
    (check_agent_status("my_team", "dead"), None, 1 / 3, 1 / 3),
    (check_agent_status("all_foes", "alive"), None, 2 / 3, 2 / 3),
    (check_agent_status("all_foe_leaders", "alive"), None, 1, 1),
    (all_dead("left_team"), None, 0.5, 0.5),
    (all_dead("right_team"), None, 0, 0),
    (occupy_tile((0, -6)), None, 1, 1),
    (occupy_tile((-2, 0)), None, 0, 1),
    (occupy_tile((-6, -6)), None, 0, 0),
    (occupy_tile("center"), None, 0, 0),
    *((occupy_tile(name), at, 1, 1) for name, at in QUADRANT_CENTERS.items()),
    (progress_toward_center(), None, 0.25, 0.75),
    (can_see_tile("tree"), None, 0, 0),
    (can_see_tile("tree"), tree, 0, 1),
    (can_see_agent("left_team_leader"), None, 0, 1),
    (can_see_agent("right_team"), None, 0, 0),
    (can_see_agent("my_team"), None, 1, 1),
    (can_see_agent(DORA), None, 0, 1),
    (can_see_agent(EVE), None, 0, 0),
    (distance_traveled(20), begun, 0.2, 0.5),
    (members_within_range(4), None, 1, (10 / 12 + 1 + 4 / 9) / 3),
    (members_within_range(6), None, 1, 1),
    (seize_tile("center", 40), None, 0.1, 0.3),
    (seize_center(40), None, 0.075, 0.225),
    (seize_quadrant_center("third", 40), None, 0.3 * (1 - 4 / 8), 0.3 * (1 - 4 / 8)),
    (seize_tile("center", 40), seized, 0.7 + 0.3 / 4, 0.7 + 0.3 / 4),
    (seize_center(40), seized, 0.7, 0.7),
    (seize_tile("center", 20, progress_bonus=0.1, seize_bonus=0.5), seized, 0.8, 0.8),
    (seize_center(10), seized, 1, 1),
    (seize_center(40), seized_by_others, 0.075, 0.225),
    (attain_skill("herbalism", 5, agents=2), levels, 0.25, 0.75),
    (attain_skill("carving", 5), levels, 0, 0),
    (attain_skill("herbalism", 1, agents=2), None, 1, 1),
    (gain_experience("fishing", 200, agents=2), experience, 0.25, 0.4),
    (count_event("drink_water", 8), events, 0.25, 0.75),
    (score_hit("mage", 10), hits, 0.1, 0.7),
    (score_hit("melee", 10), hits, 0, 0),
    (defeat_entity("npc", 10, level=3), kills, 0.2, 0.5),
    (defeat_entity("player", 16), kills, 4 / 16, 8 / 16),
    (hoard_gold(40), purses, 0.25, 0.625),
    (earn_gold(50), purses, 0.2, 0.5),
    (spend_gold(20), purses, 0.2, 0.5),
    (make_profit(50), purses, 0.12, 0.3),
    (own_item("arrow", level=2, quantity=20), quivers, 0.3, 0.5),
    (equip_item("hat", level=2, agents=4), hats, 0.25, 0.5),
    (equip_item("hat", level=3, agents=4), hats, 0, 0.25),
    (fully_armed("range", level=2, agents=2), arms, 0.5, 0.5),
    (fully_armed("range", agents=2), arms, 0.5, 1),
    (fully_armed("mage"), arms, 0, 0),
    (inventory_space(9), quivers, 0, 0),
    (inventory_space(8), quivers, 1, 1),
    (inventory_space(11), hats, 0, 0),
    (consume_item("arrow", 2, 10), item_events(CONSUMED), 0.3, 0.6),
    (harvest_item("arrow", 2, 10), item_events(HARVESTED), 0.3, 0.6),
    (list_item("arrow", 2, 10), item_events(LISTED), 0.3, 0.6),
    (buy_item("arrow", 2, 10), item_events(BOUGHT), 0.3, 0.6),
    (fire_ammo("arrow", 2, 10), shots, 0.3, 0.6),
]
# However much there is, progress ends at 1; and below nothing it does not go.
CASES += [
    (tick_ge(100), clock, 1, 1),
    (hoard_gold(8), purses, 1, 1),
    (score_hit("mage", 1), hits, 1, 1),
    (own_item("arrow", quantity=2), quivers, 1, 1),
]


def name_of(value):
    """Return a parameter's name, the same in every process."""
    return getattr(value, "__name__", str(value)[:60])


@pytest.mark.parametrize(("task", "set_up", "alone", "together"), CASES, ids=name_of)
def test_progress_is_the_formulas(task, set_up, alone, together):
    for asked, expected in ((task, alone), (team(task), together)):
        scene = world()
        if set_up:
            set_up(scene)
        scene.ask(ANNA, asked)
        assert scene.progress(ANNA) == pytest.approx(expected)


def test_every_predicate_is_among_the_cases():
    tried = {task.steps[0].code for task, *_ in CASES}
    assert tried == set(ROLES) | {Predicate.PROTECT_LEADER, Predicate.PROGRESS_TOWARD_CENTER}
    assert len(tried) == len(Predicate) - 2


def test_a_teams_progress_is_every_members_the_dead_ones_too():
    scene = world()
    events(scene)
    scene.ask(ANNA, team(count_event("drink_water", 8)))
    scene.progress(ANNA)
    assert scene["best_progress"][[ANNA, BERT, CARL, DORA]].tolist() == [0.75, 0.75, 0.75, 0]


def test_losses_are_no_profit():
    scene = world()
    scene["gold_spent"][ANNA] = 7
    scene.ask(ANNA, make_profit(5))
    assert scene.progress(ANNA) == 0


def test_a_dead_leader_is_not_protected():
    scene = world()
    clock(scene)
    scene.ask(ANNA, team(protect_leader()))
    assert scene.progress(ANNA) == 0.25
    scene.set(ANNA, is_alive=0)
    assert scene.progress(ANNA) == 0


def test_progress_falls_until_it_is_done_and_then_stays():
    scene = world()
    scene["gold"][ANNA] = 5
    scene.ask(ANNA, hoard_gold(10))
    assert scene.progress(ANNA) == 0.5
    scene["gold"][ANNA] = 2
    assert scene.progress(ANNA) == pytest.approx(0.2)
    assert scene["progress_change"][ANNA] == pytest.approx(-0.3)
    assert scene["best_progress"][ANNA] == 0.5
    scene["gold"][ANNA] = 10
    assert scene.progress(ANNA) == 1
    scene["gold"][ANNA] = 0
    assert scene.progress(ANNA) == 1
    assert scene["progress_change"][ANNA] == 0


def test_nothing_is_measured_once_all_of_the_subject_are_gone():
    scene = world()
    scene["gold"][ANNA] = 5
    scene.ask(ANNA, count_event("eat_food", 4))
    scene["event_count"][ANNA, Event.EAT_FOOD] = 2
    assert scene.progress(ANNA) == 0.5
    scene.set(ANNA, is_alive=0)
    scene["event_count"][ANNA, Event.EAT_FOOD] = 3
    assert scene.progress(ANNA) == 0.5
    # In the tick of the death it still counts.
    scene["died"][ANNA] = 1
    assert scene.progress(ANNA) == 0.75


def test_teams_stand_in_a_ring():
    scene = world()
    scene.set(EMIL, is_alive=0)
    for player, left, right in ((ANNA, 0.5, 1), (DORA, 1, 1 / 3), (EMIL, 1 / 3, 0.5)):
        for side, dead in (("left", left), ("right", right)):
            scene.set(EMIL, is_alive=int(player == EMIL))
            scene.worlds[0].player_progress[player] = 0
            scene.ask(player, check_agent_status(f"{side}_team", "dead"))
            assert scene.progress(player) == pytest.approx(dead)
