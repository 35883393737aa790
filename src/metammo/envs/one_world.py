"""A batch of one world that waits at an episode's end: what the adapters of one world share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import no_op
from metammo.envs.batch import Batch, Games
from metammo.envs.render import check_render_mode, render_world
from metammo.envs.spaces import no_op_mask, split_rows


class OneWorld:
    """One world, its last step and its pictures.

    Attributes:
        batch: the world's batch. It has begun the next episode when this one is over.
        is_over: the episode has ended, and nobody has asked for the next.
    """

    def __init__(self, games: Games, render_mode: str | None, **options: Any) -> None:
        """Make the world and begin its first episode.

        Args:
            games: see `batch.Games`.
            render_mode: None, "rgb_array" or "ansi".
            **options: see `batch.Batch`.
        """
        check_render_mode(render_mode)
        self.render_mode = render_mode
        self.batch = Batch(games, worlds=1, threads=1, **options)
        self.no_op = np.array(no_op(self.batch.heads), np.int16)
        self.is_over = True
        self._last_world: Any = None

    @property
    def player_count(self) -> int:
        """Agents of the episode."""
        return int(self.batch.worlds[0].player_count)

    def reset(self, seed: int | None) -> None:
        """Begin an episode: anew from a seed, or the next one of the world's stream."""
        if seed is not None or not self.is_over:
            self.batch.reset(seed)
        # Otherwise the batch has begun it already, when it was made or in the last step.
        self.is_over = False
        self._last_world = None

    def step(self, actions: NDArray[Any]) -> None:
        """Take the world one step on.

        Args:
            actions: whole numbers [agents, heads].
        """
        before = self.batch.worlds.copy() if self.render_mode else None
        self.batch.step(actions[None])
        self.is_over = bool(self.batch.done[0])
        if self.is_over and before is not None:
            self.batch.end(before, actions[None])
            self._last_world = before[0]

    def rows(self) -> dict[str, Any]:
        """Return copies of all agents' observations and masks, those of the end where it is over.

        At the end there is nothing left to do, so every mask allows the no-op alone.
        """
        batch = self.batch
        if not self.is_over:
            markets = self._for_all(batch.markets[0])
            return split_rows(batch.observations[0].copy(), batch.masks[0].copy(), markets)
        masks = np.tile(no_op_mask(batch.heads), (batch.agent_count, 1))
        markets = self._for_all(batch.final_markets[0])
        return split_rows(batch.final_observations[0].copy(), masks, markets)

    def _for_all(self, market: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return a copy of a world's market as a row for each agent; they share its memory."""
        return np.broadcast_to(market.copy(), (self.batch.agent_count, *market.shape))

    def ended(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return copies of which agents were terminated, and truncated, in the last step."""
        return self.batch.terminated[0].copy(), self.batch.truncated[0].copy()

    def outcome(self, player: int) -> dict[str, Any]:
        """Return how an agent did whose part has ended; `won` is known when the game is over."""
        if not self.is_over:
            return {"progress": float(self.batch.worlds[0].player_best_progress[player])}
        result = self.batch.results[0]
        return {"progress": float(result.progress[player]), "won": bool(result.won[player])}

    def render(self) -> NDArray[np.uint8] | str | None:
        """Return the world as a picture or as text; at an episode's end, as it ended."""
        if self.render_mode is None:
            return None
        world = self.batch.worlds[0] if self._last_world is None else self._last_world
        return render_world(world, self.render_mode)

    def close(self) -> None:
        """End the batch's threads."""
        self.batch.close()
