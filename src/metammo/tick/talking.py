"""Who says what (rulebook, section 10)."""

from metammo.actions import TOKEN_COUNT
from metammo.jit import kernel
from metammo.tick.fighting import can_act, is_scout


@kernel
def say(world, actions):
    """Set each speaker's token; it stays until the next one. A scout, always frozen, may speak."""
    if int(world.rule_communication) == 0:
        return
    for player in range(int(world.player_count)):
        token = int(actions[player, 3])
        if token < 0 or token >= TOKEN_COUNT or world.entity_is_alive[player] == 0:
            continue
        if can_act(world, player) or is_scout(world, player):
            world.player_message[player] = token + 1
