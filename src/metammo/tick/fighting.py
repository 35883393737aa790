"""Who may attack whom, and what a hit does (rulebook, section 5)."""

from metammo.jit import kernel
from metammo.rules.items import ATTACK, Slot
from metammo.rules.rules import DAMAGE_SUBTRACTS, SHARE
from metammo.rules.skills import BEATS
from metammo.tick.events import count_event
from metammo.tick.inventory import (
    EMPTY,
    LOOT_ITEM,
    clear_place,
    free_place,
    loot_inventory,
    receive_item,
    worn_place,
)
from metammo.tick.skills import best_level, gain_experience
from metammo.world.columns import Cause, Event, Kind
from metammo.world.grid import entity_distance

FOREVER = 1 << 30
"""Value of `entity_mortal_tick` for who never becomes mortal: a scout."""

PLAYER = int(Kind.PLAYER)
SCORE_HIT = int(Event.SCORE_HIT)
PLAYER_KILL = int(Event.PLAYER_KILL)
LOOT_GOLD = int(Event.LOOT_GOLD)
FIRE_AMMO = int(Event.FIRE_AMMO)
AMMUNITION_SLOT = int(Slot.AMMUNITION)
BY_PLAYER = int(Cause.PLAYER)
BY_NPC = int(Cause.NPC)


@kernel
def is_immortal(world, entity):
    """Return whether an entity cannot be hurt now."""
    return int(world.entity_mortal_tick[entity]) > 0


@kernel
def is_scout(world, entity):
    """Return whether an entity is immortal for good."""
    return int(world.entity_mortal_tick[entity]) == FOREVER


@kernel
def is_player(world, entity):
    """Return whether an entity is an agent."""
    return int(world.entity_kind[entity]) == PLAYER


@kernel
def is_young(world, entity):
    """Return whether other players may not attack an agent yet."""
    return int(world.entity_time_alive[entity]) < int(world.rule_spawn_immunity)


@kernel
def is_in_combat(world, entity):
    """Return whether an entity fought in the last ticks."""
    stamp = int(world.entity_combat_tick[entity])
    return stamp > 0 and int(world.tick) - stamp < int(world.rule_combat_ticks)


@kernel
def is_vulnerable(world, target):
    """Return whether anybody's attack could hurt an entity now."""
    if world.entity_is_alive[target] == 0 or int(world.entity_health[target]) <= 0:
        return False
    return not is_immortal(world, target)


@kernel
def is_open_to_players(world, target):
    """Return whether a player in reach could attack an entity now."""
    if int(world.rule_combat) == 0 or not is_vulnerable(world, target):
        return False
    return not (is_player(world, target) and is_young(world, target))


@kernel
def is_open_to_npcs(world, target):
    """Return whether an NPC in reach could attack an entity now."""
    if not is_vulnerable(world, target):
        return False
    return is_player(world, target) or int(world.rule_npc_fight_npcs) != 0


@kernel
def can_attack(world, attacker, target):
    """Return whether an attack would be carried out, if it came now. Serves phase and mask."""
    if target < 0 or target == attacker or int(world.rule_combat) == 0:
        return False
    if is_player(world, attacker):
        if not is_open_to_players(world, target):
            return False
    elif not is_open_to_npcs(world, target):
        return False
    return entity_distance(world, attacker, target) <= int(world.rule_attack_reach)


@kernel
def strongest_style(world, entity):
    """Return the style with most experience, the first of equals; -1 where all are equal."""
    melee = int(world.entity_experience[entity, 0])
    ranged = int(world.entity_experience[entity, 1])
    mage = int(world.entity_experience[entity, 2])
    if melee == ranged and ranged == mage:
        return int(-1)
    if melee >= ranged and melee >= mage:
        return int(0)
    if ranged >= mage:
        return int(1)
    return int(2)


@kernel
def offense_of(world, attacker, style):
    """Return an attacker's offense in a style, points: base, skill, gear."""
    gear = int(world.entity_attack[attacker, style])
    base = int(world.rule_attack_damage)
    if not is_player(world, attacker):
        return gear if int(world.rule_equipment) else base + gear
    if int(world.rule_progression):
        level = int(world.player_skill_level[attacker, style])
        base += int(world.rule_attack_level_damage) * level
    return base + gear


@kernel
def defense_of(world, target, style):
    """Return a target's defense against a style, points: best skill, gear."""
    defense = int(world.entity_defense[target, style])
    if int(world.rule_progression) and is_player(world, target):
        defense += int(world.rule_defense_level) * best_level(world, target)
    return defense


@kernel
def damage_of(world, attacker, target, style):
    """Return the damage of a hit, points: an exact fraction, rounded down."""
    offense = offense_of(world, attacker, style)
    defense = defense_of(world, target, style)
    weakness = int(1)
    per = int(1)
    if int(world.rule_progression):
        strongest = strongest_style(world, target)
        if strongest >= 0 and BEATS[style] == strongest:
            weakness = int(world.rule_weakness)
            per = int(world.rule_weakness_per)
    if int(world.rule_damage_formula) != DAMAGE_SUBTRACTS:
        return (weakness * offense * 15) // (per * (15 + defense))
    least = (int(world.rule_least_damage) * offense) // SHARE
    return max((weakness * offense - per * defense) // per, least)


@kernel
def take_drops(world, killer, npc):
    """Give what an NPC drops to a player, while there is an empty place."""
    level = int(world.entity_level[world.player_food.shape[0] + npc])
    for drop in range(world.npc_drop.shape[1]):
        kind = int(world.npc_drop[npc, drop])
        if kind == EMPTY or free_place(world, killer) < 0:
            continue
        receive_item(world, killer, kind, level, int(1))
        count_event(world, killer, int(LOOT_ITEM))


@kernel
def take_spoils(world, killer, victim):
    """Give the victim's gold and items to whoever killed it; NPCs take gold alone."""
    gold = int(world.entity_gold[victim])
    if gold > 0:
        world.entity_gold[victim] = 0
        world.entity_gold[killer] = int(world.entity_gold[killer]) + gold
        if is_player(world, killer):
            count_event(world, killer, int(LOOT_GOLD))
            world.player_gold_looted[killer] = int(world.player_gold_looted[killer]) + gold
    if int(world.rule_item) == 0 or not is_player(world, killer):
        return
    if is_player(world, victim):
        loot_inventory(world, killer, victim)
    else:
        take_drops(world, killer, victim - world.player_food.shape[0])


@kernel
def kill(world, killer, victim):
    """Note who killed whom, count it, hand over the spoils."""
    world.entity_killer[victim] = killer
    if is_player(world, killer):
        world.entity_death_cause[victim] = BY_PLAYER
        count_event(world, killer, int(PLAYER_KILL))
        which = int(1) if is_player(world, victim) else int(0)
        level = int(world.entity_level[victim])
        kills = int(world.player_kills[killer, which, level])
        world.player_kills[killer, which, level] = kills + 1
    else:
        world.entity_death_cause[victim] = BY_NPC
    take_spoils(world, killer, victim)


@kernel
def fire(world, player, style):
    """Use up one of the worn ammunition if it is of the attack's style."""
    slot = worn_place(world, player, int(AMMUNITION_SLOT))
    if slot < 0:
        return
    kind = int(world.item_type[player, slot])
    level = int(world.item_level[player, slot])
    if ATTACK[kind, level, style] == 0:
        return
    count_event(world, player, int(FIRE_AMMO))
    shots = int(world.player_shots[player, style, level])
    world.player_shots[player, style, level] = min(shots + 1, 65535)
    left = int(world.item_quantity[player, slot]) - 1
    world.item_quantity[player, slot] = left
    if left == 0:
        clear_place(world, player, slot)


@kernel
def attack(world, attacker, target, style):
    """Carry out an attack that `can_attack` allows."""
    stamp = int(world.tick) + 1
    world.entity_combat_tick[attacker] = stamp
    world.entity_combat_tick[target] = stamp
    world.entity_style[attacker] = style
    world.entity_attack_target[attacker] = target
    world.entity_attacker[target] = attacker
    if is_player(world, attacker):
        count_event(world, attacker, int(SCORE_HIT))
        world.player_style_hits[attacker, style] = int(world.player_style_hits[attacker, style]) + 1
    damage = damage_of(world, attacker, target, style)
    if is_player(world, attacker):
        # What is fired counts in this hit, what is learned in the next.
        if int(world.rule_equipment):
            fire(world, attacker, style)
        gain_experience(world, attacker, style, int(world.rule_hit_experience))
    health = max(int(world.entity_health[target]) - damage, 0)
    world.entity_health[target] = health
    world.entity_damage[target] = damage
    if health == 0:
        kill(world, attacker, target)


@kernel
def can_act(world, entity):
    """Return whether an entity acts in this tick: alive and not frozen."""
    return (
        world.entity_is_alive[entity] != 0
        and int(world.entity_health[entity]) > 0
        and int(world.entity_freeze[entity]) == 0
    )


@kernel
def resolve_attacks(world, actions):
    """Carry out all attacks, players in order of rows, then NPCs.

    Who is killed by an earlier row does not strike back.
    """
    no_target = world.observed_entity.shape[1]
    for player in range(int(world.player_count)):
        row = int(actions[player, 2])
        if row < 0 or row >= no_target or not can_act(world, player):
            continue
        style = int(actions[player, 1])
        target = int(world.observed_entity[player, row])
        if style >= 0 and style < 3 and can_attack(world, player, target):
            attack(world, player, target, style)
    players = world.player_food.shape[0]
    for npc in range(int(world.npc_limit)):
        target = int(world.npc_attack[npc])
        entity = players + npc
        if target >= 0 and can_act(world, entity) and can_attack(world, entity, target):
            attack(world, entity, target, int(world.entity_style[entity]))
