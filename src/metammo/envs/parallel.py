"""PettingZoo: one world, whose agents have names."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from metammo.envs.batch import Games
from metammo.envs.one_world import OneWorld
from metammo.envs.render import RENDER_MODES
from metammo.envs.spaces import action_space, observation_space, take_row
from metammo.envs.state import global_state, state_shape


class MinigameParallelEnv(ParallelEnv):
    """One world under PettingZoo's parallel interface.

    The dead leave `agents`; when it is empty the episode is over and `reset` begins the next. The
    info of an agent whose part ends holds `progress`, and `won` if the game has ended.

    Attributes:
        world: the world, its batch and its pictures.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "metammo_v0",
        "render_modes": list(RENDER_MODES),
        "render_fps": 8,
        "is_parallelizable": True,
    }

    def __init__(self, games: Games, *, render_mode: str | None = None, **options: Any) -> None:
        """Make the world.

        Args:
            games: see `batch.Games`.
            render_mode: None, "rgb_array" or "ansi".
            **options: see `batch.Batch`.
        """
        self.world = OneWorld(games, render_mode, **options)
        batch = self.world.batch
        self.render_mode = render_mode
        self.possible_agents = [f"agent_{player}" for player in range(batch.agent_count)]
        self.agents: list[str] = []
        self._player = {agent: player for player, agent in enumerate(self.possible_agents)}
        observed = observation_space(batch.layout, batch.heads)
        chosen = action_space(batch.heads)
        # A space of its own for each agent, since each has its own stream of samples.
        self.observation_spaces = dict.fromkeys(self.possible_agents, observed)
        self.action_spaces = {agent: action_space(batch.heads) for agent in self.possible_agents}
        self._choice_counts = chosen.nvec
        self.state_space = spaces.Box(-(2**15), 2**15 - 1, state_shape(batch.sizes), np.int16)

    def observation_space(self, agent: str) -> spaces.Space:
        """Return an agent's observation space, always the same object."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        """Return an agent's action space, always the same object."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begin an episode.

        Args:
            seed: begins anew from this seed; None goes on with the world's own stream.
            options: not used.

        Returns:
            Observations and infos by agent.
        """
        self.world.reset(seed)
        self.agents = self.possible_agents[: self.world.player_count]
        return self._observations(self.agents), {agent: {} for agent in self.agents}

    def _observations(self, agents: list[str]) -> dict[str, Any]:
        rows = self.world.rows()
        return {agent: take_row(rows, self._player[agent]) for agent in agents}

    def _check_actions(self, actions: Mapping[str, Any]) -> NDArray[Any]:
        """Return whole numbers [agents, heads]; the dead do nothing.

        Raises:
            ValueError: a living agent's action is missing, or outside its space.
        """
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise ValueError(
                f"an action is missing for {', '.join(missing[:3])}; every one of "
                f"env.agents needs one ({len(missing)} of {len(self.agents)} missing)"
            )
        table = np.tile(self.world.no_op, (len(self.possible_agents), 1))
        for agent in self.agents:
            action = np.asarray(actions[agent])
            if action.shape != self._choice_counts.shape or action.dtype.kind not in "iu":
                raise ValueError(
                    f"the action of {agent} must be {len(self._choice_counts)} whole numbers, "
                    f"got shape {action.shape}, {action.dtype}"
                )
            if (action < 0).any() or (action >= self._choice_counts).any():
                raise ValueError(
                    f"the action of {agent} must lie below {self._choice_counts.tolist()}, "
                    f"got {action.tolist()}"
                )
            table[self._player[agent]] = action
        return table

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Take the world one step on.

        Args:
            actions: of every agent in `agents`; others are not looked at.

        Returns:
            Observations, rewards, terminated, truncated and infos of the agents that acted.

        Raises:
            RuntimeError: there is no episode to go on with.
            ValueError: an action is missing or wrong.
        """
        if not self.agents:
            raise RuntimeError("there is no episode to step: call reset() first")
        self.world.step(self._check_actions(actions))
        acted = self.agents
        observations = self._observations(acted)
        batch_rewards = self.world.batch.rewards[0]
        ends = self.world.ended()
        rewards, terminated, truncated, infos = {}, {}, {}, {}
        for agent in acted:
            player = self._player[agent]
            rewards[agent] = float(batch_rewards[player])
            terminated[agent] = bool(ends[0][player])
            truncated[agent] = bool(ends[1][player])
            is_out = terminated[agent] or truncated[agent]
            infos[agent] = self.world.outcome(player) if is_out else {}
        self.agents = [agent for agent in acted if not (terminated[agent] or truncated[agent])]
        return observations, rewards, terminated, truncated, infos

    def state(self) -> NDArray[np.int16]:
        """Return the world's global planes; see `state.StatePlane`."""
        planes: NDArray[np.int16] = global_state(self.world.batch)["planes"][0]
        return planes

    def render(self) -> NDArray[np.uint8] | str | None:
        """Return the world in the chosen mode."""
        return self.world.render()

    def close(self) -> None:
        """Let go of what the world holds."""
        self.world.close()


def make(
    game: Games,
    config: str = "mini",
    seed: int = 0,
    size: str = "standard",
    render_mode: str | None = None,
    **knobs: Any,
) -> MinigameParallelEnv:
    """Return one world of a minigame as a PettingZoo `ParallelEnv`.

    Args:
        game: a game's id or file.
        config: "mini" or "full".
        seed: seeds the world until `reset` is given another.
        size: "standard", "large" or "tiny".
        render_mode: None, "rgb_array" or "ansi".
        **knobs: rules and the game's own knobs, `teams`, `agents`, and options of `Batch` but
            `worlds` and `threads`, which are 1.
    """
    return MinigameParallelEnv(
        game, render_mode=render_mode, config=config, seed=seed, size=size, **knobs
    )
