"""How a policy fares in a frozen suite, and how policies fare against each other in pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metammo.evaluation.suites import Suite
from metammo.evaluation.summary import mean_with_interval, share_with_interval
from metammo.evaluation.tournament import Plan
from metammo.policies.policy import Policy

Play = Callable[[Plan, Path], dict[str, pl.DataFrame]]
"""Plays a plan in a folder, and returns each game's rows of episodes."""


def better_share(table: pl.DataFrame, policy: str, other: str) -> NDArray[np.float64]:
    """Return of each episode in which two policies met 1 if the first scored higher, ½ if equal.

    Args:
        table: of `EpisodeRow`.
        policy: the first.
        other: the second.
    """
    keys = ["seed", "episode"]
    own, theirs = (
        table.filter(pl.col("policy") == name).select(*keys, "score") for name in (policy, other)
    )
    met = own.join(theirs, on=keys, suffix="_other").sort(keys)
    difference = met["score"].to_numpy() - met["score_other"].to_numpy()
    return (np.sign(difference) + 1) / 2


def suite_plans(
    suite: Suite,
    config: str,
    policy: Policy,
    opponents: Sequence[Policy],
    *,
    games: Sequence[str],
    tiers: Sequence[str],
    episodes: int = 0,
) -> dict[str, Plan]:
    """Return what is played to rate a policy, by tier.

    Args:
        suite: by which.
        config: mini or full.
        policy: who is rated.
        opponents: the suite's, in order.
        games: some or all of the suite's.
        tiers: some or all of `TIERS`.
        episodes: of each game and tier; 0: the suite's own number.

    Raises:
        ValueError: a game is not as the suite has it.
    """
    suite.check_versions(config, games)
    known = suite.part(config).games
    return {
        tier: Plan(
            games,
            (policy, *opponents),
            episodes=episodes or suite.episodes,
            seeds=(suite.seed,),
            config=config,
            own_knobs={game: known[game].tiers[tier] for game in games},
        )
        for tier in tiers
    }


def rate_policy(
    plans: dict[str, Plan], folder: Path, play: Play
) -> tuple[list[dict[str, Any]], dict[str, tuple[float, float, float]]]:
    """Play what rates a policy.

    Args:
        plans: of `suite_plans`.
        folder: where the rows are kept, a folder for each tier.
        play: plays a plan.

    Returns:
        A row for each game and tier: `policy`, `game`, `tier`, `episodes`, and with `..._low` and
        `..._high` each: `level`, the share of episodes in which it scored higher than the suite's
        first opponent, a half where equal; `win_rate`; `progress`. And, by tier and of `all`, the
        mean of `level` over games with its interval.
    """
    rows, levels = [], {}
    every: list[NDArray[np.float64]] = []
    for tier, plan in plans.items():
        policy, measure = (each.name for each in plan.policies[:2])
        of_tier = []
        for game, table in play(plan, folder / tier).items():
            own = table.filter(pl.col("policy") == policy).sort("seed", "episode")
            values = {
                "level": better_share(table, policy, measure),
                "win_rate": own["won"].cast(pl.Float64).to_numpy(),
                "progress": own["progress"].to_numpy(),
            }
            of_tier.append(values["level"])
            row: dict[str, Any] = {"policy": policy, "game": game, "tier": tier}
            row["episodes"] = len(own)
            for name, each in values.items():
                is_share = name != "progress"
                told = share_with_interval([each]) if is_share else mean_with_interval(each)
                row |= dict(zip((name, f"{name}_low", f"{name}_high"), told, strict=True))
            rows.append(row)
        levels[tier] = share_with_interval(of_tier)
        every += of_tier
    levels["all"] = share_with_interval(every)
    return rows, levels


@dataclass(frozen=True)
class CrossPlay:
    """How often each policy did better than each other, in matches of two."""

    policies: list[str]
    """In the order of rows and columns."""
    share: NDArray[np.float64]
    """float64[policies, policies]: mean over games, row against column; NaN on the diagonal."""
    low: NDArray[np.float64]
    """Lower ends of 95% intervals."""
    high: NDArray[np.float64]
    """Upper ends."""


def cross_play(plan: Plan, folder: Path, play: Play) -> CrossPlay:
    """Let each pair of a plan's policies meet alone, in every game.

    Args:
        plan: what each pair plays.
        folder: where the rows are kept, a folder for each pair.
        play: plays a plan.
    """
    names = [policy.name for policy in plan.policies]
    values = np.full((3, len(names), len(names)), np.nan)
    for first, second in combinations(range(len(names)), 2):
        pair = pair_of(plan, first, second)
        tables = play(pair, folder / f"{folder_name(names[first])}-{folder_name(names[second])}")
        shares = [better_share(table, names[first], names[second]) for table in tables.values()]
        mean, low, high = share_with_interval(shares)
        values[:, first, second] = mean, low, high
        values[:, second, first] = 1 - mean, 1 - high, 1 - low
    return CrossPlay(names, *values)


def pair_of(plan: Plan, first: int, second: int) -> Plan:
    """Return a plan with two of its policies alone, by their places."""
    return Plan(**{**vars(plan), "policies": (plan.policies[first], plan.policies[second])})


def folder_name(policy: str) -> str:
    """Return a policy's name as a folder can have it."""
    return "".join(each if each.isalnum() or each in "._-" else "_" for each in policy)
