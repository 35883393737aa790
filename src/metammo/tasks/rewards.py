"""What agents are paid in a tick (rulebook, section 14)."""

import numpy as np

from metammo.jit import kernel


@kernel
def best_experience(world, player):
    """Return the experience of an agent's best skill."""
    best = int(0)
    for skill in range(world.entity_experience.shape[1]):
        best = max(best, int(world.entity_experience[player, skill]))
    return best


@kernel
def shaping_reward(world, player):
    """Return the pay for changes in health, experience and gold, and for worn defense."""
    health = int(world.entity_health[player])
    experience = best_experience(world, player)
    gold = int(world.entity_gold[player])
    defense = int(0)
    for style in range(world.entity_defense.shape[1]):
        defense += int(world.entity_defense[player, style])
    reward = (
        np.float64(world.rule_reward_health) * (health - int(world.player_last_health[player]))
        + np.float64(world.rule_reward_experience)
        * (experience - int(world.player_last_experience[player]))
        + np.float64(world.rule_reward_defense) * defense
        + np.float64(world.rule_reward_gold) * (gold - int(world.player_last_gold[player]))
    )
    world.player_last_health[player] = health
    world.player_last_experience[player] = experience
    world.player_last_gold[player] = gold
    return reward


@kernel
def reward_of(world, player):
    """Return an agent's reward of this tick, float64.

    A decided game pays its verdict in place of everything else, and so does a death, also one that
    is followed by a respawn, whose new health counts in the next tick; the frozen earn no task
    reward.
    """
    if world.is_decided != 0:
        if world.player_won[player] != 0:
            return np.float64(world.rule_reward_win) * np.float64(world.winning_score)
        return np.float64(world.rule_reward_loss)
    if world.player_died[player] != 0:
        return np.float64(world.rule_reward_death)
    if int(world.entity_freeze[player]) > 0:
        reward = 0.0
    else:
        change = np.float64(world.player_progress_change[player])
        reward = np.float64(world.rule_reward_task) * change
    if world.entity_is_alive[player] != 0:
        reward += shaping_reward(world, player)
    return reward
