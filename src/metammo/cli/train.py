"""`metammo train`: train a policy."""

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from metammo.cli.options import read_options
from metammo.cli.show import note
from metammo.evaluation.in_training import evaluation_of, recording_of
from metammo.learner.checkpoint import find_checkpoint, read_progress
from metammo.learner.launch import launch, local_count
from metammo.learner.processes import is_first_process
from metammo.learner.settings import TrainSettings
from metammo.learner.train import train
from metammo.policies.own import is_own

FREE_WHEN_RESUMED = ("resume", "steps", "threads", "folder")
"""What may differ from what the run was begun with; its folder is the run's."""
EXAMPLE = """Train a policy on one or several minigames.

Example: metammo train --games race_to_center --steps 2000000

A mix, by weight: metammo train --games race_to_center=2 team_battle; Meta MMO's: --games mini_gen

By one process a core: metammo train --games team_battle --processes 0

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
        # 0 processes are as many as there were.
        is_free = is_free or (name == "processes" and given == 0)
        if not is_free and given not in (getattr(default, name), own):
            raise ValueError(
                f"a resumed run keeps what it was begun with: its {name} is {own}, got {given}; "
                "steps and threads may change"
            )
    return replace(kept, threads=settings.threads)


def rating_command(settings: TrainSettings, folder: str) -> str:
    """Return the command that rates a run's policy in the games that it learned."""
    # A network of the user's own is loaded by its file, which no checkpoint names.
    policy = f"{settings.policy}@{folder}" if is_own(settings.policy) else folder
    config = "" if settings.config == "mini" else f" --config {settings.config}"
    if len(settings.games) == 1:
        return f"metammo evaluate {policy} --game {settings.games[0]}{config}"
    games = " ".join(f"--game {game}" for game in settings.games)
    return f"metammo tournament {policy} scripted {games}{config}"


def learn(settings: TrainSettings, own: TrainSettings) -> Path:
    """Train, as one of the run's processes; return its folder.

    Args:
        settings: what was asked for.
        own: what the run goes by, which rates and records it.
    """
    return train(settings, evaluation_of(own), recording_of(own))


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    settings = read_options(TrainSettings, arguments, "metammo train", description=EXAMPLE)
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
    if "WORLD_SIZE" in os.environ:  # torchrun has started them
        folder = learn(settings, own)
    else:
        count = local_count(own.processes, own.worlds, own.device)
        folder = launch(count, learn, replace(settings, processes=count), own)
    if not is_first_process():
        return 0
    note(f"trained policy in {folder}; rate it: {rating_command(own, str(folder))}")
    print(folder)
    return 0
