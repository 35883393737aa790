"""One episode of a match, recorded: the first one of the same seed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from metammo.envs.batch import Games, make_vec
from metammo.evaluation.match import Table
from metammo.policies.policy import Policy
from metammo.replay.format import Replay, check_folder, write_replay
from metammo.replay.recorder import Recorder


def one_world_table(
    game: Games,
    policies: Sequence[Policy],
    *,
    held_out: bool = True,
    knobs: dict[str, Any] | None = None,
    keeps_thoughts: bool = False,
    **options: Any,
) -> Table:
    """Return a table of one world at the start of an episode, by the game's evaluation knobs.

    Args:
        game: id or path of a game, or a mix of several.
        policies: who plays; teams are dealt to them in turn.
        held_out: play on maps that training never sees.
        knobs: rules that differ from the evaluation's.
        keeps_thoughts: keep what the policies think that can tell it; see `match.Table`.
        **options: of the batch: seed, config, size.

    Raises:
        ValueError: no or too many policies.
    """
    given = {"evaluation": True, "held_out": held_out, "threads": 1, **options}
    batch = make_vec(game, 1, **given, **(knobs or {}))
    teams = int(batch.worlds.team_count[0])
    if not 1 <= len(policies) <= teams:
        batch.close()
        raise ValueError(f"{len(policies)} policies cannot share {teams} teams")
    seed = int(given.get("seed", 0))
    return Table(batch, policies, seed=seed, keeps_thoughts=keeps_thoughts)


def play_recorded(
    game: Games,
    policies: Sequence[Policy],
    *,
    seed: int = 0,
    config: str = "mini",
    size: str = "standard",
    knobs: dict[str, Any] | None = None,
    held_out: bool = True,
    has_frames: bool = True,
    keeps_thoughts: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Let policies play one episode by the game's evaluation knobs, and return its replay.

    Args:
        game: id or path of a game, or a mix of several.
        policies: who plays; teams are dealt to them in turn.
        seed: of the world.
        config: "mini" or "full".
        size: size class.
        knobs: rules that differ from the evaluation's.
        held_out: play on a map that training never sees.
        has_frames: record what a viewer shows.
        keeps_thoughts: record what the policies think that can tell it: values, likely choices.
        progress: called with the number of ticks played.

    Raises:
        ValueError: no or too many policies.
    """
    options: dict[str, Any] = {"config": config, "size": size, "held_out": held_out}
    options |= {"keeps_thoughts": keeps_thoughts, "seed": seed}
    table = one_world_table(game, policies, knobs=knobs, **options)
    batch = table.batch
    try:
        names = [policies[place].name for place in table.seats[0]]
        recorder = Recorder(batch, policies=names, seed=seed, knobs=knobs, has_frames=has_frames)
        while not recorder.is_over:
            recorder.step(table.actions(), table.thoughts)
            if progress:
                progress(recorder.ticks)
        return recorder.replay()
    finally:
        batch.close()


def record_match(
    path: str | Path, game: Games, policies: Sequence[Policy], **options: Any
) -> Replay:
    """Play one episode, write it to a file, and return it; see `play_recorded`.

    Raises:
        ReplayError: the file cannot be written.
        ValueError: no or too many policies.
    """
    # Before anything is played: an episode that cannot be kept is lost.
    check_folder(Path(path))
    replay = play_recorded(game, policies, **options)
    write_replay(path, replay)
    return replay
