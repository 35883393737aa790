"""One tick of a world, phase by phase (rulebook, section 2)."""

from metammo.jit import kernel
from metammo.tick.deaths import remove_dead_npcs, remove_dead_players
from metammo.tick.fighting import resolve_attacks
from metammo.tick.giving import resolve_gifts
from metammo.tick.harvesting import regrow
from metammo.tick.inventory import show_items
from metammo.tick.moving import resolve_moves
from metammo.tick.npcs import decide_npcs
from metammo.tick.objectives import seize_objectives
from metammo.tick.talking import say
from metammo.tick.trading import lapse_listings, resolve_buys, resolve_sells
from metammo.tick.upkeep import upkeep_npcs, upkeep_players
from metammo.tick.using import resolve_destroys, resolve_uses


@kernel
def tick_world(world, actions):
    """Advance a world by one tick.

    Args:
        world: a world record.
        actions: int16[agents, heads], the choices of `actions.MINI_HEADS` or
            `actions.FULL_HEADS`; invalid ones are void.
    """
    # NPCs decide first, from what the last tick left: they see no more than agents did.
    decide_npcs(world)
    # Hunger, fog and harvest come before actions: whoever starves now does not act.
    upkeep_players(world)
    upkeep_npcs(world)
    # Items first: what is worn now counts in this tick's fights. Then the market, whose buyers
    # come in random order, gifts, and what is thrown away.
    resolve_uses(world, actions)
    resolve_buys(world, actions)
    resolve_gifts(world, actions)
    resolve_destroys(world, actions)
    # Attacks before moves: nobody walks out of reach in the tick in which he is aimed at.
    resolve_attacks(world, actions)
    resolve_moves(world, actions)
    # Sales after fights: whoever fought in this tick sells nothing.
    resolve_sells(world, actions)
    say(world, actions)
    # A choice means what its agent has seen: what came in this tick can be meant in the next.
    show_items(world)
    # The dead stay in the way until all have acted.
    remove_dead_players(world)
    remove_dead_npcs(world)
    world.tick = int(world.tick) + 1
    # After the clock: what was eaten in this tick may grow back at once.
    regrow(world)
    # After the deaths: a fallen holder does not seize.
    seize_objectives(world)
    # After the clock, too: an offer of three ticks ago ends.
    lapse_listings(world)
    # The fog moves by itself: its depth is a function of the clock.
