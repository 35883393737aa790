"""How happenings are counted (rulebook, section 11)."""

from metammo.jit import kernel


@kernel
def count_event(world, player, event):
    """Add one to a player's count of an event."""
    world.player_event_count[player, event] = int(world.player_event_count[player, event]) + 1
