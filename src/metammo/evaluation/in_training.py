"""How does a policy do while it is still learning? What a run calls now and then."""

from pathlib import Path
from typing import Any

from metammo.evaluation.match import MatchRows, play_match
from metammo.evaluation.record import record_match
from metammo.evaluation.rows import EpisodeRow, TaskRow, write_rows
from metammo.evaluation.runs import EVALUATIONS, game_name
from metammo.evaluation.summary import summarize
from metammo.learner.settings import TrainSettings
from metammo.policies.hub import load_policy
from metammo.policies.policy import TorchPolicy
from metammo.tasks.parsing import read_task

NEXT_TO_NEVER = 1e-12
"""Weight of a game that is not to be drawn."""


def keep_rows(folder: Path, name: str, match: MatchRows) -> None:
    """Write what came of a match into a folder, which is made."""
    folder.mkdir(exist_ok=True)
    write_rows(folder / f"{name}.parquet", match.episodes, EpisodeRow)
    if len(match.tasks):
        write_rows(folder / f"{name}-tasks.parquet", match.tasks, TaskRow)


def evaluation_of(settings: TrainSettings) -> Any:
    """Return what the learner calls now and then: a match on held-out maps against scripted.

    Half of the seats each, so a win rate of a half is level. The rows of episodes and of tasks are
    kept in the run's folder, `evaluations/GAME-STEPS.parquet` and `GAME-STEPS-tasks.parquet`, for
    `metammo rank` and `metammo score`; the policy is called `RUN/STEPS`, as its checkpoint is.
    """
    knobs = {"task": read_task(settings.task)} if settings.task else None

    def evaluate(module: Any, steps: int, folder: Path) -> dict[str, float]:
        scores = {}
        name = f"{folder.name}/{steps}"
        for game in settings.games:
            policies = [TorchPolicy(module, name=name), load_policy("scripted")]
            match = play_match(
                game,
                policies,
                settings.evaluation_episodes,
                threads=settings.threads or None,
                config=settings.config,
                knobs=knobs or {},
            )
            keep_rows(folder / EVALUATIONS, f"{game_name(game)}-{steps}", match)
            rows = {row["policy"]: row for row in summarize(match.episodes)}
            for what in ("score", "progress", "win_rate"):
                scores[f"{game}/{what}"] = rows[name][what]
                scores[f"{game}/scripted_{what}"] = rows["scripted"][what]
        total = sum(scores[f"{game}/score"] for game in settings.games)
        return {**scores, "score": total / len(settings.games)}

    return evaluate


def recording_of(settings: TrainSettings) -> Any:
    """Return what the learner calls now and then: an episode of its policy, written to a file.

    Every seat is the policy's, by the evaluation's knobs, on the same held-out map each time; the
    games of the run come in turn. What the policy thinks is in the file.
    """
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
