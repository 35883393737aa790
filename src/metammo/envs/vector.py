"""Gymnasium: a batch of worlds as a vector environment, in which every agent is a row."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from metammo.envs.batch import Batch
from metammo.envs.render import RENDER_MODES, check_render_mode, render_world
from metammo.envs.spaces import (
    action_space,
    no_op_mask,
    observation_space,
    split_rows,
    take_row,
)


class MinigameVectorEnv(VectorEnv):
    """A batch under Gymnasium's vector interface: row `world * agents + agent` is an agent.

    A world begins its next episode in the step that ends one (`AutoresetMode.SAME_STEP`). An agent
    that dies for good before its world ends is terminated once; until the world ends its row is
    there with a zero observation, a mask of the no-op alone and no reward, and `infos["alive"]`
    is False: leave such rows out of training. `infos["life_begins"]` marks rows whose recurrent
    state must be blank.

    Where rows end, `infos["final_obs"]` holds their last observations (objects, None elsewhere;
    which ones, says `_final_obs`) and `infos["final_info"]` their `progress` and, when the game
    has ended, `won`, each with its mask.

    Attributes:
        batch: the native batch.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (as Gymnasium declares it)
        "render_modes": list(RENDER_MODES),
        "render_fps": 8,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(self, batch: Batch, *, render_mode: str | None = None, copy: bool = True) -> None:
        """View a batch.

        Args:
            batch: as `make_vec` makes it; it is the view's own from here on.
            render_mode: None, "rgb_array" or "ansi".
            copy: False returns the batch's own arrays, overwritten by the next step.
        """
        check_render_mode(render_mode)
        self.batch = batch
        self.render_mode = render_mode
        self.copy = copy
        self.num_envs = batch.world_count * batch.agent_count
        self.single_observation_space = observation_space(batch.layout, batch.heads)
        self.single_action_space = action_space(batch.heads)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode in every world.

        Args:
            seed: one number, of which every world's seed is made; None goes on.
            options: not used; worlds cannot be reset one by one.

        Raises:
            ValueError: a list of seeds, or a mask of rows to reset.
        """
        if seed is not None and not isinstance(seed, int | np.integer):
            raise ValueError(f"seed must be one whole number for all rows, got {seed!r}")
        if options and "reset_mask" in options:
            raise ValueError("rows cannot be reset alone: their worlds begin anew by themselves")
        super().reset(seed=seed)
        self.batch.reset(seed)
        return self._observations(), self._infos()

    def _rows(self, array: NDArray[Any]) -> Any:
        rows = array.reshape(self.num_envs, *array.shape[2:])
        return rows.copy() if self.copy else rows

    def _observations(self) -> dict[str, Any]:
        batch = self.batch
        # Here every row needs its own market: the price of one array for all environments.
        markets = np.repeat(batch.markets, batch.agent_count, axis=0)
        return split_rows(self._rows(batch.observations), self._rows(batch.masks), markets)

    def _infos(self) -> dict[str, Any]:
        return {
            "alive": self._rows(self.batch.alive),
            "life_begins": self._rows(self.batch.life_begins),
        }

    def step(
        self, actions: Any
    ) -> tuple[dict[str, Any], NDArray[Any], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Take every world one step on.

        Args:
            actions: whole numbers [rows, heads].

        Raises:
            ValueError: the wrong shape, or not whole numbers.
        """
        array = np.asarray(actions)
        wanted = (self.num_envs, len(self.batch.heads))
        if array.shape != wanted:
            raise ValueError(f"actions must have shape [rows, heads] = {wanted}, got {array.shape}")
        shape = (self.batch.world_count, self.batch.agent_count, wanted[1])
        self.batch.step(array.reshape(shape))
        terminated = self._rows(self.batch.terminated)
        truncated = self._rows(self.batch.truncated)
        infos = self._infos()
        ended = terminated | truncated
        if ended.any():
            infos |= self._final(ended)
        rewards = self._rows(self.batch.rewards)
        return self._observations(), rewards, terminated, truncated, infos

    def _final(self, ended: NDArray[np.bool_]) -> dict[str, Any]:
        batch = self.batch
        rows = np.flatnonzero(ended)
        place, player = np.divmod(rows, batch.agent_count)
        is_over = batch.done[place]
        # The agents of a world that goes on have died: their present observation is their last.
        records = np.where(
            is_over,
            np.asarray(batch.final_observations[place, player]),
            np.asarray(batch.observations[place, player]),
        )
        masks = np.tile(no_op_mask(batch.heads), (len(rows), 1))
        over = is_over[:, None, None]
        markets = np.where(over, batch.final_markets[place], batch.markets[place])
        last = split_rows(records, masks, markets)
        observations = np.full(self.num_envs, None, object)
        for index, row in enumerate(rows):
            observations[row] = take_row(last, index)
        progress = np.zeros(self.num_envs, np.float32)
        won = np.zeros(self.num_envs, np.bool_)
        is_known = np.zeros(self.num_envs, np.bool_)
        is_known[rows] = is_over
        won[rows] = is_over & (batch.results.won[place, player] != 0)
        progress[rows] = np.where(
            is_over,
            batch.results.progress[place, player],
            batch.worlds["player_best_progress"][place, player],
        )
        outcome = {"progress": progress, "_progress": ended.copy(), "won": won, "_won": is_known}
        return {
            "final_obs": observations,
            "_final_obs": ended.copy(),
            "final_info": outcome,
            "_final_info": ended.copy(),
        }

    def render(self) -> tuple[Any, ...] | None:
        """Return a picture, or a text, of each *world*."""
        if self.render_mode is None:
            return None
        return tuple(render_world(world, self.render_mode) for world in self.batch.worlds)

    def close_extras(self, **options: Any) -> None:
        """Let go of the batch's threads."""
        self.batch.close()
