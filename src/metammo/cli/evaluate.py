"""`metammo evaluate`: several policies in the same episodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import tyro

from metammo.cli.knobs import read_knobs
from metammo.cli.options import read_options
from metammo.cli.show import Bar, match_table, note, print_json
from metammo.evaluation.match import play_match
from metammo.evaluation.record import record_match
from metammo.evaluation.summary import summarize
from metammo.policies.hub import load_policy


@dataclass(frozen=True)
class Options:
    """Rate policies in the same episodes: equal shares of the seats, rotated, on held-out maps.

    Progress is the mean of the agents' best task progress, score that plus 16 for each winning
    agent; an episode counts as won for a policy one of whose agents won it.

    Example: metammo evaluate runs/race_to_center-0 --game race_to_center --episodes 64
    """

    policy: Annotated[str, tyro.conf.Positional]
    """A run's folder, a checkpoint's, the name of a trained policy (`metammo policies`),
    `scripted`, `smith` or `random`."""
    game: str = "race_to_center"
    """Id of a game, or the path of a file that holds one."""
    against: tuple[str, ...] = ("scripted", "random")
    """The others at the table, as `policy`."""
    episodes: int = 64
    """How many."""
    seed: int = 0
    """Of the worlds; the same seed gives the same rows."""
    task: str = ""
    """Ask this in place of the game's own, as "tick_ge() & equip_item('hat')"."""
    knobs: tuple[str, ...] = ()
    """Rules and the game's own knobs that differ, as horizon=512 fog_speed=1/16 teams=8,8,112."""
    threads: int = 0
    """Cores; 0: all."""
    config: str = "mini"
    """mini or full."""
    record: Path | None = None
    """Also record an episode into this folder."""
    json: bool = False
    """Print one JSON object."""


def named_policies(names: Sequence[str], seed: int) -> list[Any]:
    """Return policies of different names, loaded by name or folder."""
    policies: list[Any] = []
    for place, name in enumerate(names):
        policy = load_policy(name, seed=seed + place)
        taken = [other.name for other in policies].count(policy.name)
        if taken:
            policy.name = f"{policy.name} ({place + 1})"
        policies.append(policy)
    return policies


def rate(names: Sequence[str], game: str, episodes: int, **options: Any) -> pl.DataFrame:
    """Play a match between named policies; return its rows of episodes."""
    seed = options.get("seed", 0)
    with Bar(game, episodes) as bar:
        match = play_match(
            game, named_policies(names, seed), episodes, progress=bar.show, **options
        )
    return match.episodes


def record(options: Options, folder: Path) -> Path:
    """Record one more episode of what is evaluated, and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(options.game).stem}-{options.seed}.metammo"
    record_match(
        path,
        options.game,
        named_policies([options.policy, *options.against], options.seed),
        seed=options.seed,
        config=options.config,
        knobs=read_knobs(options.knobs, options.task),
        keeps_thoughts=True,
    )
    return path


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo evaluate")
    if options.record:
        note(f"recorded {record(options, options.record)}")
    table = rate(
        [options.policy, *options.against],
        options.game,
        options.episodes,
        seed=options.seed,
        threads=options.threads or None,
        config=options.config,
        knobs=read_knobs(options.knobs, options.task),
    )
    rows = summarize(table)
    if options.json:
        length = float(table.unique("episode")["length"].to_numpy().mean())
        print_json({"game": options.game, "seed": options.seed, "ticks": length, "rows": rows})
        return 0
    title = f"{options.game}: {options.episodes} episodes on held-out maps, seed {options.seed}"
    match_table(title, rows)
    return 0
