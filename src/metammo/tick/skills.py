"""What agents learn by doing: experience and levels (rulebook, section 8)."""

from metammo.jit import kernel
from metammo.rules.skills import LEVEL_EXPERIENCE, LEVEL_LIMIT, SKILL_COUNT, STYLE_COUNT
from metammo.tick.events import count_event
from metammo.world.columns import Event

LEVEL_UP = int(Event.LEVEL_UP)


@kernel
def level_at(experience):
    """Return the level, 1..10, that an amount of experience gives."""
    level = int(1)
    while level < LEVEL_LIMIT and experience >= LEVEL_EXPERIENCE[level]:
        level += 1
    return level


@kernel
def best_level(world, player):
    """Return the level of a player's best skill; 0 without progression."""
    best = int(0)
    for skill in range(SKILL_COUNT):
        best = max(best, int(world.player_skill_level[player, skill]))
    return best


@kernel
def update_levels(world, player):
    """Set a player's levels to what its experience gives."""
    best = int(0)
    for skill in range(SKILL_COUNT):
        level = int(0)
        if int(world.rule_progression):
            level = level_at(int(world.entity_experience[player, skill]))
        world.player_skill_level[player, skill] = level
        if skill < STYLE_COUNT:
            best = max(best, level)
    world.entity_level[player] = best


@kernel
def gain_experience(world, player, skill, amount):
    """Let a skill of a player learn; nothing happens without progression."""
    if int(world.rule_progression) == 0:
        return
    experience = int(world.entity_experience[player, skill]) + amount
    world.entity_experience[player, skill] = experience
    if level_at(experience) > int(world.player_skill_level[player, skill]):
        count_event(world, player, int(LEVEL_UP))
        update_levels(world, player)
