"""`metammo suite`: numbers that stay comparable, by a frozen suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import tyro

from metammo.cli.evaluate import named_policies
from metammo.cli.options import read_options
from metammo.cli.show import Bar, note, print_json, print_table
from metammo.cli.tournament import runner_of
from metammo.evaluation.figures import check_figure_path, matrix_figure, save_figure
from metammo.evaluation.match import WORLDS
from metammo.evaluation.rated import (
    CrossPlay,
    Play,
    cross_play,
    folder_name,
    rate_policy,
    suite_plans,
)
from metammo.evaluation.result_tables import with_interval
from metammo.evaluation.suites import TIERS, Suite, find_suite
from metammo.evaluation.tournament import Plan, play_tournament

LEVEL = "level: share of episodes in which it scored higher than {measure}, a half where equal"


@dataclass(frozen=True)
class Options:
    """Rate policies by a frozen suite: fixed games, tiers, opponents, maps, numbers of episodes.

    Each policy shares the seats with the suite's opponents, so its numbers do not depend on which
    others are rated with it. Intervals are of 95%.

    Example: metammo suite v1 runs/a runs/b --cross-play --figure cross.png
    """

    suite: Annotated[str, tyro.conf.Positional]
    """v1."""
    policies: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Runs' folders, checkpoints', trained policies by name (`metammo policies`), `scripted`,
    `random` or `smith`."""
    config: str = "mini"
    """mini or full."""
    game: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Of the suite's games this one alone; several times."""
    tier: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Of easy, standard, hard this one alone; several times."""
    episodes: int = 0
    """Of each game and tier, for a look; 0: the suite's own number."""
    cross_play: bool = False
    """Also let each policy, opponents included, meet each other alone, in the standard tier."""
    figure: Path | None = None
    """Draw the cross-play as a heat map into this file: .png, .svg or .pdf."""
    out: Path = Path("results")
    """Folder of the rows: run again, it plays what is missing."""
    worlds: int = WORLDS
    """Episodes side by side."""
    threads: int = 0
    """Cores, a process each; 0: all."""
    ray: bool = False
    """Spread over a Ray cluster's processors."""
    ray_address: str = ""
    """Of a running cluster; by default RAY_ADDRESS, or else a cluster of this machine."""
    json: bool = False
    """Print one JSON object."""


def _check(options: Options, suite: Suite) -> tuple[list[str], list[str]]:
    """Return the games and tiers that are asked for."""
    games = list(options.game) or list(suite.part(options.config).games)
    suite.check_versions(options.config, games)
    unknown = [tier for tier in options.tier if tier not in TIERS]
    if unknown:
        raise ValueError(f"there is no tier {unknown[0]!r}; there are {', '.join(TIERS)}")
    if not options.policies:
        raise ValueError(f"no policy given, as: metammo suite {suite.name} runs/a")
    if options.episodes < 0:
        raise ValueError(f"--episodes must be at least 0, not {options.episodes}")
    if options.figure:
        if not options.cross_play:
            raise ValueError("--figure draws the cross-play: give --cross-play, too")
        check_figure_path(options.figure)
    return games, list(options.tier) or list(TIERS)


def _player(options: Options) -> Play:
    """Return what plays a plan, with a bar of its own."""
    runner = runner_of(options.ray, options.ray_address)

    def play(plan: Plan, folder: Path) -> dict[str, pl.DataFrame]:
        with Bar(f"{folder.parent.name} {folder.name}", plan.total) as bar:
            played = play_tournament(
                plan,
                folder,
                worlds=options.worlds,
                threads=options.threads or None,
                progress=bar.show,
                runner=runner,
            )
        return {game: rows.episodes for game, rows in played.items()}

    return play


def _print_rated(
    title: str, tiers: Sequence[str], rows: list[dict[str, Any]], levels: dict[str, Any]
) -> None:
    by_place = {(row["game"], row["tier"]): row for row in rows}
    cells: list[tuple[str, ...]] = []
    for game in dict.fromkeys(row["game"] for row in rows):
        told = [by_place[game, tier] for tier in tiers]
        ends = ("level", "level_low", "level_high")
        shown = [with_interval((row[end] for end in ends), ".0%") for row in told]
        won = ", ".join(f"{row['win_rate']:.0%}" for row in told)
        cells.append((game, *shown, won))
    overall = [with_interval(levels[tier], ".0%") for tier in tiers]
    cells.append(("mean", *overall, ""))
    title = f"{title}: {rows[0]['policy']}, level {with_interval(levels['all'], '.0%')}"
    print_table(title, ("game", *tiers, "won"), cells)


def _print_cross_play(cross: CrossPlay) -> None:
    cells = [
        (
            name,
            *(
                "" if row == column else with_interval(told[:, row, column], ".0%")
                for column in range(len(cross.policies))
            ),
        )
        for told in [np.stack([cross.share, cross.low, cross.high])]
        for row, name in enumerate(cross.policies)
    ]
    title = "Cross-play: did better than ..., share of episodes, mean over games"
    print_table(title, ("policy", *cross.policies), cells)


def _play_cross(options: Options, suite: Suite, games: list[str], folder: Path, play: Play) -> Any:
    opponents = suite.part(options.config).opponents
    names = [*options.policies, *(each for each in opponents if each not in options.policies)]
    policies = named_policies(names, suite.seed)
    plan = suite_plans(
        suite,
        options.config,
        policies[0],
        policies[1:],
        games=games,
        tiers=["standard"],
        episodes=options.episodes,
    )["standard"]
    return cross_play(plan, folder / "cross-play", play)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo suite")
    suite = find_suite(options.suite)
    games, tiers = _check(options, suite)
    part = suite.part(options.config)
    folder = options.out / f"{suite.name}-{options.config}"
    play = _player(options)
    rated = []
    # Named together, so that no two have one folder; rated one by one.
    named = named_policies([*part.opponents, *options.policies], suite.seed)
    opponents = named[: len(part.opponents)]
    for policy in named[len(opponents) :]:
        plans = suite_plans(
            suite,
            options.config,
            policy,
            opponents,
            games=games,
            tiers=tiers,
            episodes=options.episodes,
        )
        rated.append(rate_policy(plans, folder / folder_name(policy.name), play))
    cross = None
    if options.cross_play:
        cross = _play_cross(options, suite, games, folder, play)
    if cross and options.figure:
        title = f"Suite {suite.name}, {options.config} config"
        save_figure(matrix_figure(cross.policies, cross.share, title), options.figure)
        note(f"drew {options.figure}")
    is_whole = not (options.game or options.tier or options.episodes)
    if not is_whole:
        note(f"metammo: warning: only a part of suite {suite.name}: not to be compared with others")
    if options.json:
        told: dict[str, Any] = {"suite": suite.name, "config": options.config, "whole": is_whole}
        told["rows"] = [row for rows, _ in rated for row in rows]
        told["levels"] = {rows[0]["policy"]: levels for rows, levels in rated}
        if cross:
            share = [[None if np.isnan(e) else float(e) for e in row] for row in cross.share]
            told["cross_play"] = {"policies": cross.policies, "share": share}
        print_json(told)
        return 0
    for rows, levels in rated:
        _print_rated(f"Suite {suite.name}, {options.config} config", tiers, rows, levels)
    print(LEVEL.format(measure=part.opponents[0]))
    print("won: share of episodes in which one of its agents won, in those tiers")
    if cross:
        _print_cross_play(cross)
    return 0
