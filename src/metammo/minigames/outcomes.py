"""What a tick means for each agent: reward, terminated, truncated; and how an episode went."""

import numpy as np

from metammo.jit import kernel
from metammo.tasks.rewards import reward_of
from metammo.world.columns import Event


@kernel
def settle(world, rewards, terminated, truncated):
    """Write the agents' rewards and ends.

    `terminated` is true once: at an agent's final death, or when the game is decided, for winners
    too. `truncated` is true where an agent lives at an undecided end. Rows that had ended before,
    or that no agent has, are zero.
    """
    count = int(world.player_count)
    for player in range(rewards.shape[0]):
        rewards[player] = 0
        terminated[player] = False
        truncated[player] = False
        if player >= count or world.player_ended[player] != 0:
            continue
        reward = np.float32(reward_of(world, player))
        rewards[player] = reward
        world.player_return[player] = world.player_return[player] + reward
        if world.is_decided != 0 or world.entity_is_alive[player] == 0:
            terminated[player] = True
            world.player_ended[player] = 1
        elif world.is_game_over != 0:
            truncated[player] = True
            world.player_ended[player] = 1


@kernel
def write_result(world, result):
    """Write how a finished episode went.

    Args:
        world: the world, before its reset.
        result: one record of `result_dtype`.
    """
    result.game = world.game
    result.length = world.tick
    result.rung = world.episode_rung
    result.is_decided = world.is_decided
    for player in range(result.won.shape[0]):
        result.won[player] = world.player_won[player]
        result.progress[player] = world.player_best_progress[player]
        result.total_reward[player] = world.player_return[player]
        result.team[player] = world.entity_team[player]
        result.task[player] = world.task_number[player]
        result.death_cause[player] = world.entity_death_cause[player]
        result.time_alive[player] = world.entity_time_alive[player]
        for event in range(result.events.shape[1]):
            result.events[player, event] = world.player_event_count[player, event]


def result_dtype(agents: int) -> np.dtype[np.void]:
    """Return the record type of an episode's result for worlds of so many agents."""
    return np.dtype(
        [
            ("game", "int32"),
            ("length", "int32"),
            ("progress", "float32", (agents,)),
            ("total_reward", "float32", (agents,)),
            ("time_alive", "int32", (agents,)),
            ("events", "int32", (agents, len(Event))),
            ("team", "int16", (agents,)),
            ("task", "int16", (agents,)),
            ("rung", "int16"),
            ("won", "uint8", (agents,)),
            ("death_cause", "uint8", (agents,)),
            ("is_decided", "uint8"),
        ]
    )
