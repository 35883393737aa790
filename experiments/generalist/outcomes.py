"""What came of a tournament? Its rows read, game by game, and its policies told apart by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from experiments.generalist.legs import Experiment, Leg, Tournament
from experiments.generalist.matches import results_folder

from metammo.evaluation.pooled import (
    Estimate,
    Group,
    Pooled,
    estimate,
    join_ratings,
    pool_ratings,
)
from metammo.evaluation.ranking import rank
from metammo.evaluation.rows import EpisodeRow, ResultError, read_rows
from metammo.evaluation.summary import RESAMPLES, share_with_interval


@dataclass(frozen=True)
class Block:
    """What came of a tournament in one game, of one seed of the training."""

    seed: int
    """Of the training."""
    table: pl.DataFrame
    """Rows of episodes."""
    kinds: dict[str, list[str]]
    """Policies by kind: one each, but of checkpoints."""
    rows: dict[str, dict[str, Any]]
    """Of `ranking.rank`, by policy."""


@dataclass(frozen=True)
class Game:
    """What came of a tournament in one game."""

    game: str
    """Its id."""
    blocks: tuple[Block, ...]
    """Each seed's, who met by themselves."""
    pooled: Pooled
    """Ratings of the kinds over all seeds."""

    @property
    def kinds(self) -> list[str]:
        """Who met."""
        return self.pooled.kinds

    def played(self, kind: str) -> list[tuple[pl.DataFrame, str]]:
        """Return a kind's policies, each with the rows of the episodes in which it met others."""
        return [(block.table, name) for block in self.blocks for name in block.kinds[kind]]


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
    """Return what came of a tournament's game, of the seeds that have played; None: none has.

    Raises:
        ResultError: rows cannot be read, or not the same kinds met in all seeds.
    """
    blocks, pooled = [], []
    for seed in experiment.seeds_of(tournament):
        place = results_folder(folder, experiment.config, seed, tournament.name, game)
        path = place / f"{game}.parquet"
        if path.is_file():
            table = read_rows(path, EpisodeRow)
            kinds = kinds_of(experiment, tournament, sorted(table["policy"].unique()))
            rows = {row["policy"]: row for row in rank(table).rows}
            blocks.append(Block(seed, table, kinds, rows))
            pooled.append(pool_ratings(table, kinds))
    if not blocks:
        return None
    try:
        return Game(game, tuple(blocks), join_ratings(pooled))
    except ResultError as error:
        raise ResultError(
            f"{tournament.name}, {game}, seeds {', '.join(str(each.seed) for each in blocks)}: "
            f"{error}; play those anew that were played by other settings: remove their folders"
        ) from error


def legs_of(experiment: Experiment, games: Sequence[Game]) -> list[Leg]:
    """Return the legs of which a policy played, in the experiment's order."""
    blocks = [block for each in games for block in each.blocks]
    played = {name.partition("/")[0] for block in blocks for name in block.rows}
    return [leg for leg in experiment.legs if leg.name in played]


def mean_difference(games: Sequence[Game], kind: str, other: str) -> Estimate | None:
    """Return by how many points one kind is above another in the mean of some games.

    A seed's policies of all games are taken together: those of a generalist, which is one network,
    and those of specialists, which are a set.

    Returns:
        None where more seeds have played one game than another.
    """
    gaps = [each.pooled.gaps(kind, other) for each in games]
    if len({tuple(block.seed for block in each.blocks) for each in games}) != 1:
        return None
    ratings = np.mean([gap.ratings for gap in gaps], axis=0)
    return estimate(Group(ratings, np.mean([gap.drawn for gap in gaps], axis=0)))


def mean_of(played: Sequence[tuple[pl.DataFrame, str]], column: str) -> Estimate:
    """Return the mean over policies of their mean over episodes, with its 95% interval.

    Of several policies it knows of seeds and episodes, as a rating's does.

    Args:
        played: rows of episodes and a policy of theirs; each policy met others by itself.
        column: of 0..1: `won`, which of one policy has its interval by Wilson, or `progress`.
    """
    rng = np.random.default_rng(0)
    values = [
        table.filter(pl.col("policy") == name)[column].cast(pl.Float64).to_numpy()
        for table, name in played
    ]
    drawn = [
        own[rng.integers(0, len(own), (RESAMPLES, len(own)))].mean(1, keepdims=True)
        for own in values
    ]
    mean = np.array([own.mean() for own in values])
    told = estimate(Group(mean, np.concatenate(drawn, axis=1)))
    low, high = told.low, told.high
    if column == "won":
        # Where all went the same way, resampling knows of no chance; and each seed has its own.
        _, *ends = share_with_interval(values)
        low, high = (min(low, ends[0]), max(high, ends[1])) if len(values) > 1 else ends
    return Estimate(told.value, max(low, 0.0), min(high, 1.0))
