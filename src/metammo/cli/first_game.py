"""A good game at once: a trained policy meets the scripted and the random player."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metammo.cli.evaluate import named_policies, rate
from metammo.evaluation.record import record_match
from metammo.evaluation.summary import summarize
from metammo.policies.shipped import find_shipped

POLICY = "mini-generalist"
GAME = "team_battle"
EPISODES = 12
"""Whole rounds of three policies: each has every share of the seats equally often."""


@dataclass(frozen=True)
class FirstGame:
    """What came of it."""

    rows: list[dict[str, Any]]
    """Of `summarize`, by policy."""
    replay: Path
    """An episode of the same, to be watched."""


def play_first_game(folder: Path, *, seed: int, threads: int | None) -> FirstGame | None:
    """Play a match and record an episode; None: no such policy comes with this installation.

    Args:
        folder: where the replay goes; made if it is not there.
        seed: of the matches.
        threads: cores; None: all.

    Raises:
        ValueError: the policy does not fit this version.
        OSError: the replay cannot be written.
    """
    if find_shipped(POLICY) is None:
        return None
    names = [POLICY, "scripted", "random"]
    rows = summarize(rate(names, GAME, EPISODES, seed=seed, threads=threads))
    folder.mkdir(parents=True, exist_ok=True)
    replay = folder / f"{POLICY}-{GAME}.metammo"
    record_match(replay, GAME, named_policies(names, seed), seed=seed, keeps_thoughts=True)
    return FirstGame(rows, replay)
