"""Gymnasium: one seat of a world to play; a policy plays the others."""

import copy
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from metammo.envs.batch import Games
from metammo.envs.one_world import OneWorld
from metammo.envs.render import RENDER_MODES
from metammo.envs.spaces import action_space, observation_space, take_row
from metammo.observe.layout import Market


class Others(Protocol):
    """What plays the other seats: any policy of `metammo.policies`."""

    def initial_state(self, count: int) -> Any:
        """Return the memory of `count` agents whose lives begin."""
        ...

    def act(
        self,
        observation: Any,
        mask: NDArray[np.uint8],
        state: Any,
        market: Market | None = None,
    ) -> tuple[NDArray[np.int16], Any]:
        """Return int16[rows, heads] and the memory that follows."""
        ...


class MinigameEnv(gymnasium.Env):
    """One seat of a world under Gymnasium's interface.

    An episode ends when the seat's part ends, by its final death or with the game; its info then
    holds `progress`, and `won` if the game has ended.

    Attributes:
        world: the world, its batch and its pictures.
        seat: the agent that is played.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 8}  # noqa: RUF012 (its base)

    def __init__(
        self,
        games: Games,
        others: Others,
        *,
        seat: int = 0,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        """Make the world.

        Args:
            games: see `batch.Games`.
            others: plays the other seats. Each `reset` with a seed begins with a fresh copy of it,
                so that what it draws repeats, too.
            seat: the agent that is played.
            render_mode: None, "rgb_array" or "ansi".
            **options: see `batch.Batch`.

        Raises:
            ValueError: there is no such seat.
        """
        self.world = OneWorld(games, render_mode, **options)
        batch = self.world.batch
        if not 0 <= seat < batch.agent_count:
            raise ValueError(f"seat must lie in 0..{batch.agent_count - 1}, got {seat}")
        self.seat = seat
        self.render_mode = render_mode
        self.observation_space = observation_space(batch.layout, batch.heads)
        self.action_space = action_space(batch.heads)
        self._choice_counts = self.action_space.nvec.tolist()
        self._first_others = others
        self._others = copy.deepcopy(others)
        self._memory: Any = None
        self._is_playing = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: begins anew from this seed; None goes on with the world's own stream.
            options: not used.

        Returns:
            The seat's observation and an empty info.
        """
        super().reset(seed=seed)
        self.world.reset(seed)
        if seed is not None:
            self._others = copy.deepcopy(self._first_others)
        self._memory = self._others.initial_state(self.world.batch.agent_count)
        self._is_playing = True
        return self._observation(), {}

    def _observation(self) -> dict[str, Any]:
        row = take_row(self.world.rows(), self.seat)
        # Copied once more, so that one kept observation does not keep those of all seats.
        parts = {name: part.copy() for name, part in row["observation"].items()}
        return {"observation": parts, "action_mask": row["action_mask"].copy()}

    def step(
        self, action: NDArray[Any]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Play one step.

        Args:
            action: a choice for each head.

        Returns:
            Observation, reward, terminated, truncated and info of the seat.

        Raises:
            RuntimeError: there is no episode to go on with.
            ValueError: the action lies outside its space.
        """
        if not self._is_playing:
            raise RuntimeError("there is no episode to step: call reset() first")
        if not self.action_space.contains(np.asarray(action)):
            raise ValueError(
                f"the action must be whole numbers below {self._choice_counts}, "
                f"got {np.asarray(action).tolist()}"
            )
        batch = self.world.batch
        told: tuple[Any, ...] = (batch.observations[0], batch.masks[0], self._memory)
        if batch.layout.has_market:
            told = (*told, Market(batch.markets, np.zeros(batch.agent_count, np.int64)))
        actions, self._memory = self._others.act(*told)
        table = np.array(actions, np.int16)
        table[self.seat] = action
        self.world.step(table)
        terminated, truncated = (bool(ends[self.seat]) for ends in self.world.ended())
        self._is_playing = not (terminated or truncated)
        info = {} if self._is_playing else self.world.outcome(self.seat)
        reward = float(batch.rewards[0, self.seat])
        return self._observation(), reward, terminated, truncated, info

    def render(self) -> Any:
        """Return the world in the chosen mode."""
        return self.world.render()

    def close(self) -> None:
        """Let go of what the world holds."""
        self.world.close()


def make_single(
    game: Games, others: Others, *, seat: int = 0, render_mode: str | None = None, **options: Any
) -> MinigameEnv:
    """Return one seat of a minigame as a Gymnasium `Env`, with a spec to make more of them.

    Args:
        game: see `batch.Games`.
        others: plays the other seats.
        seat: the agent that is played.
        render_mode: None, "rgb_array" or "ansi".
        **options: see `batch.Batch`.
    """
    env = MinigameEnv(game, others, seat=seat, render_mode=render_mode, **options)
    batch = env.world.batch
    env.spec = EnvSpec(
        id=f"metammo/{'-'.join(batch.game_names)}-v{batch.game_versions[0]}",
        entry_point="metammo.envs.single:MinigameEnv",
        kwargs={"games": game, "others": others, "seat": seat, **options},
    )
    return env
