"""`metammo train`: train a policy."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import tyro

from metammo.cli.show import note
from metammo.learner.checkpoint import find_checkpoint, read_progress
from metammo.learner.settings import TrainSettings
from metammo.learner.train import train
from metammo.policies.own import is_own
from metammo.tasks.parsing import read_task

FREE_WHEN_RESUMED = ("resume", "steps", "threads", "folder")
"""What may differ from what the run was begun with; its folder is the run's."""
NEXT_TO_NEVER = 1e-12
"""Weight of a game that is not to be drawn."""
EXAMPLE = """Train a policy on one or several minigames.

Example: metammo train --games race_to_center --steps 2000000
A mix, by weight: metammo train --games race_to_center=2 team_battle; Meta MMO's: --games mini_gen
Go on with a run: metammo train --resume runs/race_to_center-0 --steps 4000000
"""


def settings_of(settings: TrainSettings) -> TrainSettings:
    """Return what a run goes by: where it is resumed, what it was begun with.

    Raises:
        ValueError: a setting is given that a resumed run would not heed.
    """
    if settings.resume is None:
        return settings
    kept, _, _ = read_progress(find_checkpoint(settings.resume))
    default = TrainSettings()
    for name in (field.name for field in fields(settings)):
        given, own = getattr(settings, name), getattr(kept, name)
        # A network of the user's own is named anew, and its file may have moved.
        is_free = name in FREE_WHEN_RESUMED or (name == "policy" and is_own(own))
        if not is_free and given not in (getattr(default, name), own):
            raise ValueError(
                f"a resumed run keeps what it was begun with: its {name} is {own}, got {given}; "
                "steps and threads may change"
            )
    return replace(kept, threads=settings.threads)


def evaluation_of(settings: TrainSettings) -> Any:
    """Return what the learner calls now and then: a match on held-out maps against scripted.

    Half of the seats each, so a win rate of a half is level.
    """
    from metammo.evaluation.match import play_match
    from metammo.evaluation.summary import summarize
    from metammo.policies.hub import load_policy
    from metammo.policies.policy import TorchPolicy

    knobs = {"task": read_task(settings.task)} if settings.task else None

    def evaluate(module: Any, steps: int) -> dict[str, float]:
        scores = {}
        for game in settings.games:
            policies = [TorchPolicy(module, name="policy"), load_policy("scripted")]
            match = play_match(
                game,
                policies,
                settings.evaluation_episodes,
                threads=settings.threads or None,
                config=settings.config,
                knobs=knobs or {},
            )
            rows = {row["policy"]: row for row in summarize(match.episodes)}
            for name in ("score", "progress", "win_rate"):
                scores[f"{game}/{name}"] = rows["policy"][name]
                scores[f"{game}/scripted_{name}"] = rows["scripted"][name]
        total = sum(scores[f"{game}/score"] for game in settings.games)
        return {**scores, "score": total / len(settings.games)}

    return evaluate


def recording_of(settings: TrainSettings) -> Any:
    """Return what the learner calls now and then: an episode of its policy, written to a file.

    Every seat is the policy's, by the evaluation's knobs, on the same held-out map each time; the
    games of the run come in turn. What the policy thinks is in the file.
    """
    from metammo.evaluation.record import record_match
    from metammo.policies.policy import TorchPolicy

    knobs = {"task": read_task(settings.task)} if settings.task else None

    def record(module: Any, path: Path, turn: int) -> None:
        wanted = settings.games[turn % len(settings.games)]
        # All games of the run, the others next to never: it has a driver compiled for these.
        games = {game: 1.0 if game == wanted else NEXT_TO_NEVER for game in settings.games}
        policies = [TorchPolicy(module, name="policy")]
        record_match(
            path, games, policies, config=settings.config, knobs=knobs, keeps_thoughts=True
        )

    return record


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    settings = tyro.cli(
        TrainSettings, args=list(arguments), prog="metammo train", description=EXAMPLE
    )
    if (
        (settings.steps is not None and settings.steps < 1)
        or settings.worlds < 1
        or settings.threads < 0
        or settings.record_every < 0
        or settings.keep_every < 0
    ):
        raise ValueError(
            "steps and worlds must be at least 1; threads, record_every and keep_every at least 0"
        )
    settings = settings.settled()
    own = settings_of(settings)
    folder = train(settings, evaluation_of(own), recording_of(own))
    games = " ".join(own.games)
    note(f"trained policy in {folder}; rate it: metammo evaluate {folder} --game {games}")
    print(folder)
    return 0
