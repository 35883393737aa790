"""One tick of a world, phase by phase (rulebook, section 2)."""

from metammo.jit import kernel
from metammo.tick.deaths import remove_dead_npcs, remove_dead_players
from metammo.tick.fighting import resolve_attacks
from metammo.tick.harvesting import regrow
from metammo.tick.moving import resolve_moves
from metammo.tick.npcs import decide_npcs
from metammo.tick.objectives import seize_objectives
from metammo.tick.talking import say
from metammo.tick.upkeep import upkeep_npcs, upkeep_players


@kernel
def tick_world(world, actions):
    """Advance a world by one tick.

    Args:
        world: a world record.
        actions: int16[agents, heads], the choices of `actions.MINI_HEADS`; invalid ones are void.
    """
    # NPCs decide first, from what the last tick left: they see no more than agents did.
    decide_npcs(world)
    # Hunger, fog and harvest come before actions: whoever starves now does not act.
    upkeep_players(world)
    upkeep_npcs(world)
    # Attacks before moves: nobody walks out of reach in the tick in which he is aimed at.
    resolve_attacks(world, actions)
    resolve_moves(world, actions)
    say(world, actions)
    # The dead stay in the way until all have acted.
    remove_dead_players(world)
    remove_dead_npcs(world)
    world.tick = int(world.tick) + 1
    # After the clock: what was eaten in this tick may grow back at once.
    regrow(world)
    # After the deaths: a fallen holder does not seize.
    seize_objectives(world)
    # The fog moves by itself: its depth is a function of the clock.
