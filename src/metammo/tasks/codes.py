"""The numbers by which tasks are written: predicates, combinations, places, whom they speak of."""

from enum import IntEnum


class Predicate(IntEnum):
    """What progress is measured by. Those of one family stand together: life, deeds, items."""

    NONE = 0
    # Time, life, place, sight
    TICK_GE = 1
    STAY_ALIVE = 2
    AGENTS_ALIVE = 3
    AGENTS_DEAD = 4
    PROTECT_LEADER = 5
    OCCUPY_TILE = 6
    CAN_SEE_TILE = 7
    CAN_SEE_TARGET = 8
    DISTANCE_TRAVELED = 9
    PROGRESS_TOWARD_CENTER = 10
    MEMBERS_WITHIN_RANGE = 11
    SEIZE_TILE = 12
    # Skills, fights, gold
    ATTAIN_SKILL = 16
    GAIN_EXPERIENCE = 17
    COUNT_EVENT = 18
    SCORE_HIT = 19
    DEFEAT_ENTITY = 20
    HOARD_GOLD = 21
    EARN_GOLD = 22
    SPEND_GOLD = 23
    MAKE_PROFIT = 24
    # Items
    OWN_ITEM = 32
    EQUIP_ITEM = 33
    FULLY_ARMED = 34
    INVENTORY_SPACE = 35
    CONSUME_ITEM = 36
    HARVEST_ITEM = 37
    LIST_ITEM = 38
    BUY_ITEM = 39
    FIRE_AMMO = 40
    # A game's own, in the order in which it lists them
    OWN_FIRST = 48


OWN_LIMIT = 8
"""Predicates that a game may bring along."""


class Combination(IntEnum):
    """What joins the last one or two values of a task; above all predicates."""

    CONSTANT = 64
    """No value is taken; the step's scale is one."""
    NOT = 65
    """1 - x."""
    AND = 66
    """The smaller."""
    OR = 67
    """The larger."""
    PLUS = 68
    MINUS = 69
    TIMES = 70


class Place:
    """Where on the map: the centre, a quadrant's centre (1..4), or offsets from the centre."""

    CENTER = 0
    QUADRANTS = ("first", "second", "third", "fourth")
    """South-east, north-east, north-west, south-west: the peer's names."""
    TILE = 8
    """First number of a tile: TILE + (row + REACH) * 2 REACH + col + REACH."""
    REACH = 1024


class Target(IntEnum):
    """Of whom a predicate speaks, seen from the subject's team; teams stand in a ring."""

    MY_TEAM = 0
    MY_TEAM_LEADER = 1
    LEFT_TEAM = 2
    LEFT_TEAM_LEADER = 3
    RIGHT_TEAM = 4
    RIGHT_TEAM_LEADER = 5
    ALL_FOES = 6
    ALL_FOE_LEADERS = 7
    AGENT = 16
    """AGENT + row: a certain agent."""
