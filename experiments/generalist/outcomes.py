"""What came of a tournament? Its rows read, game by game, and its policies told apart by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from experiments.generalist.legs import Experiment, Leg, Tournament
from experiments.generalist.matches import results_folder

from metammo.evaluation.pooled import Estimate, Group, Pooled, estimate, pool_ratings
from metammo.evaluation.ranking import rank
from metammo.evaluation.rows import EpisodeRow, read_rows
from metammo.evaluation.summary import RESAMPLES, share_with_interval


@dataclass(frozen=True)
class Game:
    """What came of a tournament in one game."""

    game: str
    """Its id."""
    table: pl.DataFrame
    """Rows of episodes."""
    kinds: dict[str, list[str]]
    """Policies by kind."""
    pooled: Pooled
    """Ratings of the kinds."""
    rows: dict[str, dict[str, Any]]
    """Of `ranking.rank`, by policy."""


def kinds_of(
    experiment: Experiment, tournament: Tournament, policies: Sequence[str]
) -> dict[str, list[str]]:
    """Return policies by kind: their family, or what they learned; others are kinds themselves."""
    legs = {leg.name: leg for leg in experiment.legs}
    kinds: dict[str, list[str]] = {}
    order = {name: place for place, name in enumerate(legs)}

    def place_of(policy: str) -> tuple[int, int, str]:
        leg = legs.get(policy.partition("/")[0])
        others = [*experiment.others, policy]
        return (0, order[leg.name], policy) if leg else (1, others.index(policy), policy)

    for policy in sorted(policies, key=place_of):
        leg = legs.get(policy.partition("/")[0])
        kind = policy
        if leg:
            kind = leg.kind if tournament.first_seed_only else leg.family
        kinds.setdefault(kind, []).append(policy)
    return kinds


def families(games: Sequence[Game], experiment: Experiment) -> tuple[list[str], list[str]]:
    """Return the kinds of trained policies and all kinds, in order."""
    kinds = list(dict.fromkeys(kind for each in games for kind in each.kinds))
    others = [kind for kind in experiment.others if kind in kinds]
    trained = [kind for kind in kinds if kind not in others]
    return trained, [*trained, *others]


def read_game(
    experiment: Experiment, folder: Path, tournament: Tournament, game: str
) -> Game | None:
    """Return what came of a tournament's game; None: it was not played."""
    place = results_folder(folder, experiment.config, tournament.name, game)
    path = place / f"{game}.parquet"
    if not path.is_file():
        return None
    table = read_rows(path, EpisodeRow)
    kinds = kinds_of(experiment, tournament, sorted(table["policy"].unique()))
    rows = {row["policy"]: row for row in rank(table).rows}
    return Game(game, table, kinds, pool_ratings(table, kinds), rows)


def legs_of(experiment: Experiment, games: Sequence[Game]) -> list[Leg]:
    """Return the legs of which a policy played, in the experiment's order."""
    played = {name.partition("/")[0] for each in games for name in each.rows}
    return [leg for leg in experiment.legs if leg.name in played]


def mean_difference(games: Sequence[Game], kind: str, other: str) -> Estimate | None:
    """Return by how many points one kind is above another in the mean of some games.

    A kind's first policies of all games are taken together, then its second ones: seeds of a
    generalist, which is one network, and of specialists, which are a set.

    Returns:
        None where a kind has more policies in one game than in another.
    """
    groups = []
    for each in (kind, other):
        own = [game.pooled.groups[game.pooled.kinds.index(each)] for game in games]
        if len({len(group.ratings) for group in own}) != 1:
            return None
        ratings = np.mean([group.ratings for group in own], axis=0)
        groups.append(Group(ratings, np.mean([group.drawn for group in own], axis=0)))
    return estimate(*groups)


def mean_of(table: pl.DataFrame, names: Sequence[str], column: str) -> Estimate:
    """Return the mean over policies of their mean over episodes, with its 95% interval.

    Of several policies it knows of seeds and episodes, as a rating's does. All that played an
    episode are drawn together, as one's win is the others' loss.

    Args:
        table: rows of episodes.
        names: the policies.
        column: of 0..1: `won`, which of one policy has its interval by Wilson, or `progress`.
    """
    own = table.filter(pl.col("policy").is_in(names)).with_columns(pl.col(column).cast(pl.Float64))
    wide = own.pivot(on="policy", index=["seed", "episode"], values=column)
    values = wide.select(names).to_numpy()
    picked = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    known = np.isfinite(values)
    count, total = known[picked].sum(1), np.where(known, values, 0.0)[picked].sum(1)
    mean = np.nanmean(values, 0)
    # A sample of few episodes may have none that a policy played: it says nothing of it.
    told = estimate(Group(mean, np.where(count, total / np.maximum(count, 1), mean)))
    low, high = told.low, told.high
    if column == "won":
        # Where all went the same way, resampling knows of no chance; and each seed has its own.
        _, *ends = share_with_interval([each[np.isfinite(each)] for each in values.T])
        low, high = (min(low, ends[0]), max(high, ends[1])) if len(names) > 1 else ends
    return Estimate(told.value, max(low, 0.0), min(high, 1.0))
