"""`metammo train`: train a policy."""

from collections.abc import Sequence
from typing import Any

import tyro

from metammo.cli.show import note
from metammo.learner.settings import TrainSettings
from metammo.learner.train import train

EXAMPLE = """Train a policy on one or several minigames.

Example: metammo train --games race_to_center --steps 2000000
Go on with a run: metammo train --resume runs/race_to_center-0 --steps 4000000
"""
EPISODES = 32


def evaluation_of(settings: TrainSettings) -> Any:
    """Return what the learner calls now and then: the policy beside scripted and random."""
    from metammo.evaluation.match import play_match
    from metammo.policies.hub import load_policy
    from metammo.policies.policy import TorchPolicy

    def evaluate(module: Any, steps: int) -> dict[str, float]:
        scores = {}
        for game in settings.games:
            policies = [TorchPolicy(module), load_policy("scripted"), load_policy("random")]
            rows = play_match(game, policies, EPISODES, config=settings.config).rows()
            own = next(row for row in rows if row["policy"] == "policy")
            for name in ("score", "progress", "win_rate"):
                scores[f"{game}/{name}"] = own[name]
        total = [value for name, value in scores.items() if name.endswith("/score")]
        return {**scores, "score": sum(total) / len(total)}

    return evaluate


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    settings = tyro.cli(
        TrainSettings, args=list(arguments), prog="metammo train", description=EXAMPLE
    )
    if settings.steps < 1 or settings.worlds < 1 or settings.threads < 0:
        raise ValueError("steps and worlds must be at least 1, threads at least 0")
    folder = train(settings, evaluation_of(settings))
    games = " ".join(settings.games)
    note(f"trained policy in {folder}; rate it: metammo evaluate {folder} --game {games}")
    print(folder)
    return 0
