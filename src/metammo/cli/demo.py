"""`metammo demo`: from nothing to a policy that wins, in about five minutes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metammo.cli import first_game
from metammo.cli.evaluate import rate
from metammo.cli.options import read_options
from metammo.cli.show import match_table, note, print_json
from metammo.envs.crew import core_count
from metammo.evaluation.summary import summarize
from metammo.learner.launch import launch, local_count
from metammo.learner.settings import PoolSettings, TrainSettings
from metammo.learner.train import train
from metammo.policies.shipped import find_shipped

GAME = "race_to_center"


@dataclass(frozen=True)
class Options:
    """Train on race_to_center, then race the policy against a scripted and a random player.

    Where a trained generalist comes with metammo, it plays a game first, to be watched meanwhile.

    Example: metammo demo --steps 3000000 --seed 1
    """

    steps: int = 3_800_000
    """Agent-steps to learn from; about 4 to 5 minutes on 4 cores."""
    episodes: int = 64
    """Races afterwards, on maps that training never saw."""
    seed: int = 0
    """Of everything."""
    threads: int = 0
    """Cores; 0: all."""
    folder: Path = Path("runs")
    """Where the run is kept."""
    json: bool = False
    """Print one JSON object."""


def play(options: Options) -> dict[str, Any]:
    """Train, rate, and return what came of it."""
    settings = TrainSettings(
        games=(GAME,),
        steps=options.steps,
        seed=options.seed,
        threads=options.threads,
        folder=options.folder,
        name=f"demo-{options.seed}",
        # A race of a few minutes' training: every seat learns.
        pool=PoolSettings(share=0.0),
    )
    cores = options.threads or core_count()
    count = local_count(0, settings.worlds, cores=cores)
    settings = replace(settings, processes=count, threads=cores // count)
    started = time.perf_counter()
    folder = launch(count, train, settings)
    seconds = time.perf_counter() - started
    names = [str(folder), "scripted", "random"]
    threads = options.threads or None
    rows = summarize(rate(names, GAME, options.episodes, seed=options.seed, threads=threads))
    for row in rows:
        row["policy"] = "trained" if row["policy"] == folder.name else row["policy"]
    return {
        "game": GAME,
        "seed": options.seed,
        "steps": options.steps,
        "training_seconds": seconds,
        "agent_steps_per_second": options.steps / seconds,
        "folder": str(folder),
        "rows": rows,
    }


def show_first_game(options: Options) -> dict[str, Any]:
    """Let the policy that comes with metammo play, and say how it went; nothing without one."""
    threads = options.threads or None
    if find_shipped(first_game.POLICY) is not None:
        note(f"First {first_game.GAME}, by a policy that was trained before: some seconds ...")
    try:
        game = first_game.play_first_game(options.folder, seed=options.seed, threads=threads)
    except (ValueError, OSError) as error:
        note(f"{first_game.GAME} is not shown: {error}")
        return {}
    if game is None:
        return {}
    if not options.json:
        match_table(f"{first_game.GAME}: {first_game.EPISODES} matches", game.rows)
        print(f"One of them, to watch meanwhile: metammo watch {game.replay}\n", flush=True)
    return {"first_game": {"rows": game.rows, "replay": str(game.replay)}}


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo demo")
    shown = show_first_game(options)
    cores = options.threads or core_count()
    note(
        f"128 agents race to the centre of maps they have not seen; they must eat and drink on the "
        f"way.\nTraining on {options.steps / 1e6:.1f} M agent-steps with {cores} cores ..."
    )
    result = {**play(options), **shown}
    if options.json:
        print_json(result)
        return 0
    match_table(
        f"{GAME}: {options.episodes} races on held-out maps of full size, after "
        f"{result['training_seconds'] / 60:.1f} minutes of training",
        result["rows"],
    )
    print(
        "Each policy plays a third of the 128 seats of each race; progress is the best of a life."
    )
    print(f"The policy is in {result['folder']}. Next: metammo train --games team_battle")
    return 0
