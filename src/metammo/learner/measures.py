"""What does a run measure? Running means of finished episodes, and the row of every update."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from metammo.learner.actor import Actor, Episode
from metammo.learner.algorithm import Algorithm
from metammo.learner.mix import Mix
from metammo.learner.opponents import Opponents
from metammo.world.columns import Cause

RECENT = 0.05
"""Weight of a finished episode in the running means."""


def death_shares(causes: NDArray[np.uint8]) -> dict[str, float]:
    """Return the share of the agents that died of each cause, 0..1."""
    return {
        f"died_of_{cause.name.lower()}": float((causes == cause).mean())
        for cause in Cause
        if cause != Cause.NONE
    }


class Measures:
    """What a run has come to.

    Attributes:
        means: running means over finished episodes, by game.

    Args:
        actor: what plays the worlds.
        algorithm: what learns.
        mix: how often games and tasks come.
        opponents: what plays the other seats; None: there are none.
    """

    def __init__(
        self, actor: Actor, algorithm: Algorithm, mix: Mix, opponents: Opponents | None
    ) -> None:
        self.actor, self.algorithm, self.mix, self.opponents = actor, algorithm, mix, opponents
        self.batch = actor.batch
        self.means: dict[str, dict[str, float]] = {}

    def note(self, finished: Iterable[Episode]) -> None:
        """Take finished episodes into the running means of their games."""
        for episode in finished:
            result, seats = episode.result, episode.seats
            game = self.batch.game_names[int(result["game"])]
            row = {
                "return": float(result["total_reward"][seats].mean()),
                "progress": float(result["progress"][seats].mean()),
                "win_rate": float(result["won"][seats].any()),
                "length": float(result["length"]),
                "rung": float(result["rung"]),
                **death_shares(result["death_cause"][seats]),
            }
            means = self.means.setdefault(game, {**row, "episodes": 0.0})
            rate = max(RECENT, 1.0 / (1.0 + means["episodes"]))
            for name, value in row.items():
                means[name] += rate * (value - means[name])
            means["episodes"] += 1.0

    def row(
        self, logged: dict[str, float], run_seconds: float, step_rate: float, played_rate: float
    ) -> dict[str, float]:
        """Return everything to log after an update, flat.

        Args:
            logged: what the update told.
            run_seconds: that the run has taken.
            step_rate: agent-steps a second, of the learner's seats.
            played_rate: of all seats.
        """
        buffer, seconds, updates = self.actor.buffer, self.actor.seconds, self.algorithm.seconds
        total = sum(seconds.values()) or 1.0
        actions = buffer.actions[buffer.alive]
        row = {
            "steps": float(self.actor.steps),
            "seconds": run_seconds,
            "agent_steps_per_second": step_rate,
            "played_per_second": played_rate,
            **self.mix.metrics(),
            **(self.opponents.metrics() if self.opponents is not None else {}),
            **{f"learning/{name}": value for name, value in logged.items()},
            **{f"time/{name}": value / total for name, value in seconds.items()},
            **{f"time/update/{name}": value / total for name, value in updates.items()},
        }
        for head, place in zip(self.batch.heads, range(actions.shape[-1]), strict=True):
            if head.has_no_op and len(actions):
                share = (actions[:, place] == head.size - 1).float().mean()
                row[f"no_op/{head.name}"] = float(share)
        for game, means in self.means.items():
            row.update({f"{game}/{name}": value for name, value in means.items()})
        for game, steps in zip(self.batch.game_names, self.actor.game_steps, strict=True):
            row[f"{game}/steps"] = float(steps)
            row[f"{game}/share_of_steps"] = steps / max(self.actor.steps, 1)
        return row
