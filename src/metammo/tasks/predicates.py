"""How far a subject, an agent or its team, has come in what it is asked (rulebook, section 13).

A predicate is a kernel (world, first, last, argument): the subject's rows are [first, last), and
`argument` is int32[4]. It returns float64, cut to 0..1 by `measure`. Of a team the living members
count, and what the dead have done, but not what they had.
"""

import numpy as np

from metammo.jit import kernel
from metammo.rules.items import AMMUNITION, INVENTORY_SIZE, WEAPONS, Item
from metammo.rules.rules import SHARE
from metammo.rules.sizes import VISION
from metammo.rules.skills import LEVEL_LIMIT
from metammo.tasks.codes import Place, Predicate, Target
from metammo.tick.inventory import BOUGHT, CONSUMED, EMPTY, HARVESTED, LISTED
from metammo.world.grid import center_of, distance

TICK_GE = int(Predicate.TICK_GE)
STAY_ALIVE = int(Predicate.STAY_ALIVE)
AGENTS_ALIVE = int(Predicate.AGENTS_ALIVE)
AGENTS_DEAD = int(Predicate.AGENTS_DEAD)
OCCUPY_TILE = int(Predicate.OCCUPY_TILE)
CAN_SEE_TILE = int(Predicate.CAN_SEE_TILE)
CAN_SEE_TARGET = int(Predicate.CAN_SEE_TARGET)
DISTANCE_TRAVELED = int(Predicate.DISTANCE_TRAVELED)
ATTAIN_SKILL = int(Predicate.ATTAIN_SKILL)
GAIN_EXPERIENCE = int(Predicate.GAIN_EXPERIENCE)
COUNT_EVENT = int(Predicate.COUNT_EVENT)
SCORE_HIT = int(Predicate.SCORE_HIT)
DEFEAT_ENTITY = int(Predicate.DEFEAT_ENTITY)
HOARD_GOLD = int(Predicate.HOARD_GOLD)
EARN_GOLD = int(Predicate.EARN_GOLD)
SPEND_GOLD = int(Predicate.SPEND_GOLD)
MAKE_PROFIT = int(Predicate.MAKE_PROFIT)
INVENTORY_SPACE = int(Predicate.INVENTORY_SPACE)
OWN_ITEM = int(Predicate.OWN_ITEM)
EQUIP_ITEM = int(Predicate.EQUIP_ITEM)
FULLY_ARMED = int(Predicate.FULLY_ARMED)
CONSUME_ITEM = int(Predicate.CONSUME_ITEM)
HARVEST_ITEM = int(Predicate.HARVEST_ITEM)
FIRE_AMMO = int(Predicate.FIRE_AMMO)
LIST_ITEM = int(Predicate.LIST_ITEM)
BUY_ITEM = int(Predicate.BUY_ITEM)
PROGRESS_TOWARD_CENTER = int(Predicate.PROGRESS_TOWARD_CENTER)
MEMBERS_WITHIN_RANGE = int(Predicate.MEMBERS_WITHIN_RANGE)
SEIZE_TILE = int(Predicate.SEIZE_TILE)
PROTECT_LEADER = int(Predicate.PROTECT_LEADER)

PLACE_TILES = int(Place.TILE)
PLACE_REACH = Place.REACH
PLACE_SIDE = 2 * PLACE_REACH
LEFT_TEAM, LEFT_LEADER = int(Target.LEFT_TEAM), int(Target.LEFT_TEAM_LEADER)
RIGHT_TEAM, RIGHT_LEADER = int(Target.RIGHT_TEAM), int(Target.RIGHT_TEAM_LEADER)
MY_TEAM, MY_LEADER = int(Target.MY_TEAM), int(Target.MY_TEAM_LEADER)
ALL_FOES, FOE_LEADERS = int(Target.ALL_FOES), int(Target.ALL_FOE_LEADERS)
TARGET_AGENT = int(Target.AGENT)
HAT, TOP, BOTTOM = int(Item.HAT), int(Item.TOP), int(Item.BOTTOM)
FIRST_WEAPON, FIRST_AMMUNITION = int(WEAPONS[0]), int(AMMUNITION[0])
ARMED_PIECES = 5
"""Worn pieces of a fully armed agent: hat, top, bottom, weapon and its ammunition."""


@kernel
def share_of(amount, wanted):
    """Return amount / wanted, float64; 1 where nothing is wanted."""
    if wanted <= 0:
        return 1.0
    return amount / wanted


# Time and life


@kernel
def tick_ge(world, first, last, argument):
    """Return tick / ticks."""
    return share_of(int(world.tick), int(argument[0]))


@kernel
def protect_leader(world, first, last, argument):
    """Return tick / horizon while the first member of the subject's team lives, else 0."""
    leader = int(world.team_first[int(world.entity_team[first])])
    if world.entity_is_alive[leader] == 0:
        return 0.0
    return share_of(int(world.tick), int(world.rule_horizon))


# Whom a predicate speaks of


@kernel
def is_target(world, first, player, target):
    """Return whether an agent is one of a Target's, seen from the subject's first row."""
    teams = int(world.team_count)
    team = int(world.entity_team[player])
    own = int(world.entity_team[first])
    is_leader = int(world.team_first[team]) == player
    if target >= TARGET_AGENT:
        return player == target - TARGET_AGENT
    if target in (LEFT_TEAM, LEFT_LEADER):
        return team == (own + 1) % teams and (target == LEFT_TEAM or is_leader)
    if target in (RIGHT_TEAM, RIGHT_LEADER):
        return team == (own - 1 + teams) % teams and (target == RIGHT_TEAM or is_leader)
    if target in (MY_TEAM, MY_LEADER):
        return team == own and (target == MY_TEAM or is_leader)
    return team != own and (target == ALL_FOES or is_leader)


@kernel
def target_range(world, first, target):
    """Return the rows [first, last) among which a Target's agents are."""
    teams = int(world.team_count)
    own = int(world.entity_team[first])
    if target >= TARGET_AGENT:
        return target - TARGET_AGENT, target - TARGET_AGENT + 1
    team = own
    if target in (LEFT_TEAM, LEFT_LEADER):
        team = (own + 1) % teams
    elif target in (RIGHT_TEAM, RIGHT_LEADER):
        team = (own - 1 + teams) % teams
    elif target in (ALL_FOES, FOE_LEADERS):
        return int(0), int(world.player_count)
    start = int(world.team_first[team])
    return start, start + int(world.team_size[team])


@kernel
def living_share(world, first, target):
    """Return the share of a Target's agents that live, float64; 0 where there is none."""
    living = int(0)
    whole = int(0)
    start, stop = target_range(world, first, target)
    for player in range(start, stop):
        if is_target(world, first, player, target):
            whole += 1
            living += int(world.entity_is_alive[player])
    if whole == 0:
        return 0.0
    return living / whole


@kernel
def stay_alive(world, first, last, argument):
    """Return 1 while all of the target's agents live."""
    return 1.0 if living_share(world, first, int(argument[0])) == 1.0 else 0.0


@kernel
def agents_alive(world, first, last, argument):
    """Return the share of the target's agents that live."""
    return living_share(world, first, int(argument[0]))


@kernel
def agents_dead(world, first, last, argument):
    """Return the share of the target's agents that are dead."""
    return 1.0 - living_share(world, first, int(argument[0]))


# Where one is, and what one sees


@kernel
def place_tile(world, place):
    """Return row and column of a Place: the centre, a quadrant's centre, or offsets from it."""
    center = center_of(world)
    quarter = int(world.rule_playable) // 4
    if place >= PLACE_TILES:
        offset = place - PLACE_TILES
        row = offset // PLACE_SIDE - PLACE_REACH
        return center + row, center + offset % PLACE_SIDE - PLACE_REACH
    if place == 1:
        return center + quarter, center + quarter
    if place == 2:
        return center - quarter, center + quarter
    if place == 3:
        return center - quarter, center - quarter
    if place == 4:
        return center + quarter, center - quarter
    return center, center


@kernel
def least_distance(world, first, last, row, col):
    """Return the distance of the nearest living member from a tile, -1 if none lives."""
    least = int(-1)
    for player in range(first, last):
        if world.entity_is_alive[player] == 0:
            continue
        apart = distance(int(world.entity_row[player]), int(world.entity_col[player]), row, col)
        if least < 0 or apart < least:
            least = apart
    return least


@kernel
def occupy_tile(world, first, last, argument):
    """Return 1 while a member stands on the place."""
    row, col = place_tile(world, int(argument[0]))
    return 1.0 if least_distance(world, first, last, row, col) == 0 else 0.0


@kernel
def progress_toward_center(world, first, last, argument):
    """Return 1 - distance of the nearest member to the centre / half the playable side."""
    center = center_of(world)
    apart = least_distance(world, first, last, center, center)
    if apart < 0:
        return 0.0
    return 1.0 - apart / (int(world.rule_playable) // 2)


@kernel
def can_see_tile(world, first, last, argument):
    """Return 1 while a member has a tile of the material in sight."""
    material = int(argument[0])
    for player in range(first, last):
        if world.entity_is_alive[player] == 0:
            continue
        top = int(world.entity_row[player]) - VISION
        left = int(world.entity_col[player]) - VISION
        for row in range(top, top + 2 * VISION + 1):
            for col in range(left, left + 2 * VISION + 1):
                if int(world.tile_material[row, col]) == material:
                    return 1.0
    return 0.0


@kernel
def can_see_target(world, first, last, argument):
    """Return 1 while a member has one of the target's agents, living, in sight."""
    target = int(argument[0])
    start, stop = target_range(world, first, target)
    for other in range(start, stop):
        if world.entity_is_alive[other] == 0 or not is_target(world, first, other, target):
            continue
        row = int(world.entity_row[other])
        col = int(world.entity_col[other])
        for player in range(first, last):
            if world.entity_is_alive[player] == 0 or player == other:
                continue
            own_row = int(world.entity_row[player])
            if distance(own_row, int(world.entity_col[player]), row, col) <= VISION:
                return 1.0
    return 0.0


@kernel
def distance_traveled(world, first, last, argument):
    """Return the sum of the living members' distances from where they began / tiles."""
    total = int(0)
    for player in range(first, last):
        if world.entity_is_alive[player] != 0:
            total += distance(
                int(world.entity_row[player]),
                int(world.entity_col[player]),
                int(world.entity_spawn_row[player]),
                int(world.entity_spawn_col[player]),
            )
    return share_of(total, int(argument[0]))


@kernel
def spread_share(spread, reach):
    """Return reach / (3 standard deviations), at most 1: how closely positions lie, float64."""
    if spread <= 0.0:
        return 1.0
    return reach / max(3.0 * np.sqrt(spread), reach)


@kernel
def is_about(world, player):
    """Return whether an agent lives, or died in this tick."""
    return world.entity_is_alive[player] != 0 or world.player_died[player] != 0


@kernel
def members_within_range(world, first, last, argument):
    """Return 1 when the members fit in a square of the side, else how nearly they do.

    Who died in this tick still counts, where it fell: a death far off gathers nobody.
    """
    reach = int(argument[0])
    count = int(0)
    for player in range(first, last):
        count += 1 if is_about(world, player) else 0
    if reach < 0 or count == 0:
        return 0.0
    low_row = low_col = int(30000)
    high_row = high_col = int(0)
    rows = cols = row_squares = col_squares = int(0)
    for player in range(first, last):
        if not is_about(world, player):
            continue
        row = int(world.entity_row[player])
        col = int(world.entity_col[player])
        low_row = min(low_row, row)
        high_row = max(high_row, row)
        low_col = min(low_col, col)
        high_col = max(high_col, col)
        rows += row
        cols += col
        row_squares += row * row
        col_squares += col * col
    apart = max(high_row - low_row, high_col - low_col)
    if apart <= reach:
        return 1.0
    playable = int(world.rule_playable)
    near = (playable - apart) / max(playable - reach, 1)
    # Variance by whole numbers: (n sum of squares - square of sum) / n^2.
    row_spread = (count * row_squares - rows * rows) / (count * count)
    col_spread = (count * col_squares - cols * cols) / (count * count)
    return (near + spread_share(row_spread, reach) + spread_share(col_spread, reach)) / 3.0


@kernel
def objective_at(world, row, col):
    """Return the objective on a tile, -1 if there is none."""
    for objective in range(int(world.objective_count)):
        here = int(world.objective_row[objective]) == row
        if here and int(world.objective_col[objective]) == col:
            return objective
    return int(-1)


@kernel
def seize_tile(world, first, last, argument):
    """Return how near the team is to holding a place for so many ticks.

    `progress bonus` x (1 - distance / half the playable side) until it is seized; from then on
    both bonuses, and what is left of 1 grows with the ticks held. Arguments: place, ticks, progress
    bonus, seize bonus, both in thousandths.
    """
    row, col = place_tile(world, int(argument[0]))
    apart = least_distance(world, first, last, row, col)
    if apart < 0:
        return 0.0
    approach = int(argument[2]) / SHARE
    seized = int(argument[3]) / SHARE
    objective = objective_at(world, row, col)
    team = int(world.entity_team[first])
    if objective >= 0 and int(world.objective_owner[objective]) == team:
        held = int(world.tick) - int(world.objective_tick[objective])
        ticks = int(argument[1])
        if held >= ticks:
            return 1.0
        return approach + seized + (1.0 - approach - seized) * held / ticks
    return approach * max(1.0 - apart / (int(world.rule_playable) // 2), 0.0)


# Skills and fights


@kernel
def attain_skill(world, first, last, argument):
    """Return the sum of levels above 1 / (agents x (level - 1)); 1 for level 1."""
    level = int(argument[1])
    if level <= 1:
        return 1.0
    total = int(0)
    for player in range(first, last):
        if world.entity_is_alive[player] != 0:
            own = int(world.player_skill_level[player, int(argument[0])])
            total += max(own - 1, 0)
    return share_of(total, int(argument[2]) * (level - 1))


@kernel
def gain_experience(world, first, last, argument):
    """Return the sum of experience in a skill / (agents x experience)."""
    total = int(0)
    for player in range(first, last):
        if world.entity_is_alive[player] != 0:
            total += int(world.entity_experience[player, int(argument[0])])
    return share_of(total, int(argument[1]) * int(argument[2]))


@kernel
def count_event(world, first, last, argument):
    """Return the number of events of a kind / number."""
    total = int(0)
    for player in range(first, last):
        total += int(world.player_event_count[player, int(argument[0])])
    return share_of(total, int(argument[1]))


@kernel
def score_hit(world, first, last, argument):
    """Return the number of hits in a style / number."""
    total = int(0)
    for player in range(first, last):
        total += int(world.player_style_hits[player, int(argument[0])])
    return share_of(total, int(argument[1]))


@kernel
def defeat_entity(world, first, last, argument):
    """Return the number of NPCs (0) or agents (1) of at least a level that were killed / number."""
    total = int(0)
    for player in range(first, last):
        for level in range(int(argument[1]), world.player_kills.shape[2]):
            total += int(world.player_kills[player, int(argument[0]), level])
    return share_of(total, int(argument[2]))


# Gold


@kernel
def hoard_gold(world, first, last, argument):
    """Return the gold that the living members have / amount."""
    total = int(0)
    for player in range(first, last):
        if world.entity_is_alive[player] != 0:
            total += int(world.entity_gold[player])
    return share_of(total, int(argument[0]))


@kernel
def gold_earned(world, first, last):
    """Return the gold from sales and loot, pieces."""
    total = int(0)
    for player in range(first, last):
        total += int(world.player_gold_earned[player]) + int(world.player_gold_looted[player])
    return total


@kernel
def gold_spent(world, first, last):
    """Return the gold paid for purchases, pieces."""
    total = int(0)
    for player in range(first, last):
        total += int(world.player_gold_spent[player])
    return total


@kernel
def earn_gold(world, first, last, argument):
    """Return the gold from sales and loot / amount."""
    return share_of(gold_earned(world, first, last), int(argument[0]))


@kernel
def spend_gold(world, first, last, argument):
    """Return the gold paid for purchases / amount."""
    return share_of(gold_spent(world, first, last), int(argument[0]))


@kernel
def make_profit(world, first, last, argument):
    """Return the gold from sales and loot less the gold paid / amount."""
    profit = gold_earned(world, first, last) - gold_spent(world, first, last)
    return share_of(profit, int(argument[0]))


# Items


@kernel
def inventory_space(world, first, last, argument):
    """Return 1 while every living member has so many empty places."""
    living = int(0)
    for player in range(first, last):
        if world.entity_is_alive[player] == 0:
            continue
        living += 1
        space = int(0)
        for slot in range(INVENTORY_SIZE):
            if int(world.item_type[player, slot]) == EMPTY:
                space += 1
        if space < int(argument[0]):
            return 0.0
    return 1.0 if living > 0 else 0.0


@kernel
def own_item(world, first, last, argument):
    """Return the quantity owned of an item of at least a level / quantity; worn and listed, too."""
    kind = int(argument[0])
    total = int(0)
    for player in range(first, last):
        for slot in range(INVENTORY_SIZE):
            is_kind = int(world.item_type[player, slot]) == kind
            if is_kind and int(world.item_level[player, slot]) >= int(argument[1]):
                total += int(world.item_quantity[player, slot])
    return share_of(total, int(argument[2]))


@kernel
def is_worn(world, player, kind, level):
    """Return whether an agent wears an item of at least a level."""
    for slot in range(INVENTORY_SIZE):
        if world.item_is_worn[player, slot] != 0 and int(world.item_type[player, slot]) == kind:
            return int(world.item_level[player, slot]) >= level
    return False


@kernel
def equip_item(world, first, last, argument):
    """Return the number of agents that wear an item of at least a level / agents."""
    total = int(0)
    for player in range(first, last):
        if is_worn(world, player, int(argument[0]), int(argument[1])):
            total += 1
    return share_of(total, int(argument[2]))


@kernel
def fully_armed(world, first, last, argument):
    """Return the agents in armour, weapon and ammunition of a style, all of a level / agents."""
    style = int(argument[0])
    level = int(argument[1])
    total = int(0)
    for player in range(first, last):
        pieces = int(0)
        for kind in (HAT, TOP, BOTTOM, FIRST_WEAPON + style, FIRST_AMMUNITION + style):
            if is_worn(world, player, int(kind), level):
                pieces += 1
        if pieces == ARMED_PIECES:
            total += 1
    return share_of(total, int(argument[2]))


@kernel
def item_events(world, first, last, argument, which):
    """Return the quantity of an item of at least a level in a kind of event / quantity."""
    total = int(0)
    kind = int(argument[0])
    for player in range(first, last):
        for level in range(int(argument[1]), LEVEL_LIMIT + 1):
            total += int(world.player_item_events[player, which, kind, level])
    return share_of(total, int(argument[2]))


@kernel
def fire_ammo(world, first, last, argument):
    """Return the shots fired of an ammunition of at least a level / quantity."""
    total = int(0)
    kind = int(argument[0]) - FIRST_AMMUNITION
    for player in range(first, last):
        for level in range(int(argument[1]), LEVEL_LIMIT + 1):
            total += int(world.player_shots[player, kind, level])
    return share_of(total, int(argument[2]))


# The dispatcher, by families so that none is far down a chain


@kernel
def measure_life(world, kind, first, last, argument):
    """Return the value of a predicate about time, life, place or sight."""
    if kind == STAY_ALIVE:
        return stay_alive(world, first, last, argument)
    if kind == AGENTS_DEAD:
        return agents_dead(world, first, last, argument)
    if kind == AGENTS_ALIVE:
        return agents_alive(world, first, last, argument)
    if kind == PROTECT_LEADER:
        return protect_leader(world, first, last, argument)
    if kind == OCCUPY_TILE:
        return occupy_tile(world, first, last, argument)
    if kind == CAN_SEE_TILE:
        return can_see_tile(world, first, last, argument)
    if kind == CAN_SEE_TARGET:
        return can_see_target(world, first, last, argument)
    if kind == DISTANCE_TRAVELED:
        return distance_traveled(world, first, last, argument)
    if kind == PROGRESS_TOWARD_CENTER:
        return progress_toward_center(world, first, last, argument)
    if kind == MEMBERS_WITHIN_RANGE:
        return members_within_range(world, first, last, argument)
    if kind == SEIZE_TILE:
        return seize_tile(world, first, last, argument)
    return 0.0


@kernel
def measure_deeds(world, kind, first, last, argument):
    """Return the value of a predicate about skills, fights or gold."""
    if kind == ATTAIN_SKILL:
        return attain_skill(world, first, last, argument)
    if kind == GAIN_EXPERIENCE:
        return gain_experience(world, first, last, argument)
    if kind == COUNT_EVENT:
        return count_event(world, first, last, argument)
    if kind == SCORE_HIT:
        return score_hit(world, first, last, argument)
    if kind == DEFEAT_ENTITY:
        return defeat_entity(world, first, last, argument)
    if kind == HOARD_GOLD:
        return hoard_gold(world, first, last, argument)
    if kind == EARN_GOLD:
        return earn_gold(world, first, last, argument)
    if kind == SPEND_GOLD:
        return spend_gold(world, first, last, argument)
    if kind == MAKE_PROFIT:
        return make_profit(world, first, last, argument)
    return 0.0


@kernel
def measure_items(world, kind, first, last, argument):
    """Return the value of a predicate about items."""
    if kind == OWN_ITEM:
        return own_item(world, first, last, argument)
    if kind == EQUIP_ITEM:
        return equip_item(world, first, last, argument)
    if kind == INVENTORY_SPACE:
        return inventory_space(world, first, last, argument)
    if kind == FULLY_ARMED:
        return fully_armed(world, first, last, argument)
    if kind == CONSUME_ITEM:
        return item_events(world, first, last, argument, int(CONSUMED))
    if kind == HARVEST_ITEM:
        return item_events(world, first, last, argument, int(HARVESTED))
    if kind == LIST_ITEM:
        return item_events(world, first, last, argument, int(LISTED))
    if kind == BUY_ITEM:
        return item_events(world, first, last, argument, int(BOUGHT))
    if kind == FIRE_AMMO:
        return fire_ammo(world, first, last, argument)
    return 0.0


@kernel
def measure(world, kind, first, last, argument):
    """Return a predicate's value for the subject in rows [first, last), 0..1, float64."""
    if kind == TICK_GE:
        value = tick_ge(world, first, last, argument)
    elif kind >= OWN_ITEM:
        value = measure_items(world, kind, first, last, argument)
    elif kind >= ATTAIN_SKILL:
        value = measure_deeds(world, kind, first, last, argument)
    else:
        value = measure_life(world, kind, first, last, argument)
    return min(max(value, 0.0), 1.0)
