"""`metammo tournament`: policies meet in one or several games, and are ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metammo.cli.evaluate import named_policies
from metammo.cli.knobs import read_knobs
from metammo.cli.options import read_options
from metammo.cli.rank import print_ranking
from metammo.cli.score import print_scores
from metammo.cli.show import Bar, match_table, note, print_json
from metammo.evaluation.match import WORLDS, MatchRows
from metammo.evaluation.ranking import rank
from metammo.evaluation.report_parts import counted
from metammo.evaluation.summary import summarize
from metammo.evaluation.task_score import score_tasks
from metammo.evaluation.tournament import Plan, Runner, play_tournament
from metammo.evaluation.workers import play_on_cores
from metammo.minigames.minigame import find_game, game_names


@dataclass(frozen=True)
class Options:
    """Let policies meet in the same episodes on held-out maps, write down what came of it, rank.

    Teams are dealt whole and in turn, free-for-all games in blocks; within a seed every policy has
    every seat equally often. The folder keeps every row: run again, it plays what is missing.

    Example: metammo tournament runs/a runs/b scripted random --game team_battle --out results
    """

    policies: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Runs' folders, checkpoints', trained policies by name (`metammo policies`), `scripted`,
    `random` or `smith`; names are the folders'."""
    game: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Id of a game, or the path of a file that holds one; several times, or `all`."""
    episodes: int = 200
    """Of each game and seed."""
    seeds: int = 1
    """How many."""
    seed: int = 1
    """The first."""
    task: str = ""
    """Ask this in place of the games' own, as "tick_ge() & equip_item('hat')"."""
    knobs: tuple[str, ...] = ()
    """Rules that differ from the evaluation's, as horizon=512 fog_speed=1/16."""
    config: str = "mini"
    """mini or full."""
    size: str = "standard"
    """standard, large or tiny."""
    focal: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Rate this policy alone, on a share of the seats, the others being its background."""
    share: float = 0.5
    """Of the seats, for the focal policies."""
    out: Path = Path("results")
    """Folder of the rows."""
    csv: bool = False
    """Write the rows as CSV, too."""
    worlds: int = WORLDS
    """Episodes side by side."""
    threads: int = 0
    """Cores, a process each; 0: all."""
    ray: bool = False
    """Spread over a Ray cluster's processors; install with pip install 'metammo[ray]'."""
    ray_address: str = ""
    """Of a running cluster; by default RAY_ADDRESS, or else a cluster of this machine."""
    json: bool = False
    """Print one JSON object."""


def chosen_games(given: Sequence[str], config: str) -> list[str]:
    """Return the games that are asked for, `all` being those of a config."""
    if not given:
        raise ValueError("no game given: --game race_to_center, several times, or --game all")
    if "all" in given:
        return [name for name in game_names() if config in find_game(name).configs]
    return list(given)


def _plan(options: Options) -> Plan:
    if len(options.policies) < 2:
        raise ValueError("a tournament needs at least two policies, as: runs/a scripted random")
    unknown = [name for name in options.focal if name not in options.policies]
    if unknown:
        raise ValueError(f"focal {unknown[0]!r} is none of {', '.join(options.policies)}")
    # The focal ones come first.
    names = [*options.focal, *(name for name in options.policies if name not in options.focal)]
    return Plan(
        chosen_games(options.game, options.config),
        named_policies(names, options.seed),
        episodes=options.episodes,
        seeds=range(options.seed, options.seed + options.seeds),
        config=options.config,
        size=options.size,
        knobs=read_knobs(options.knobs, options.task),
        focal=len(options.focal),
        share=options.share,
    )


def runner_of(ray: bool, address: str) -> Runner:
    """Return what plays the episodes: this machine, or a Ray cluster."""
    if not ray:
        return play_on_cores
    from metammo.evaluation.cluster import RayRunner

    return RayRunner(address)


def _told(game: str, rows: MatchRows, focal: bool, as_json: bool) -> dict[str, Any]:
    """Return what is said of a game, and print it unless it is for machines."""
    table = rows.episodes
    seeds = table["seed"].n_unique()
    episodes = table.select("seed", "episode").n_unique()
    title = f"{game}: {counted(episodes, 'episode')} of {counted(seeds, 'seed')}"
    told: dict[str, Any] = {"game": game, "episodes": episodes, "seeds": seeds}
    if focal:
        told["rows"] = summarize(table)
        if not as_json:
            match_table(f"{title}, focal policies", told["rows"])
        return told
    ranking = rank(table)
    told |= {"warnings": ranking.warnings, "rows": ranking.rows}
    if not as_json:
        for warning in ranking.warnings:
            note(f"metammo: warning: {warning}")
        print_ranking(ranking, title)
    if len(rows.tasks):
        scores = score_tasks(rows.tasks)
        told["tasks"] = {"warnings": scores.warnings, "rows": scores.rows}
        if not as_json:
            print_scores(scores)
    return told


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo tournament")
    plan = _plan(options)
    runner = runner_of(options.ray, options.ray_address)
    with Bar("episodes", plan.total) as bar:
        played = play_tournament(
            plan,
            options.out,
            worlds=options.worlds,
            threads=options.threads or None,
            csv=options.csv,
            progress=bar.show,
            runner=runner,
        )
    told = [_told(game, rows, bool(options.focal), options.json) for game, rows in played.items()]
    if options.json:
        print_json({"folder": str(options.out), "games": told})
    else:
        choice = f" --game {next(iter(played))}" if len(played) > 1 else ""
        note(f"rows in {options.out}; rate them again: metammo rank {options.out}{choice}")
    return 0
