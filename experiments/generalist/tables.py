"""What do the tables say? Who is compared, with scale, intervals and units."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from experiments.generalist.legs import Experiment, Tournament
from experiments.generalist.outcomes import (
    Block,
    Game,
    families,
    legs_of,
    mean_difference,
    mean_of,
)
from experiments.generalist.training import run_folder

from metammo.evaluation.pooled import Estimate
from metammo.evaluation.report_parts import DASH, counted, millions
from metammo.evaluation.run_curves import MILLION, policy_samples
from metammo.evaluation.runs import read_run

RATINGS, DIFFERENCES, FATES = "Rating, 95%.", "Points above, 95%.", "Won; task progress, 95%."
HOW_TO_READ = {
    RATINGS: (
        "In points (Bradley-Terry, on the scale of the published Elo: who has 23 more does better "
        "in two of three episodes). The mean of all that met in a game is 1000, so that ratings of "
        "two games cannot be compared, but differences can. Each seed of the training plays by "
        "itself; of several it is their mean, whose interval knows of seeds and episodes "
        "(Student's t)."
    ),
    DIFFERENCES: (
        "By how much the first is above the second, seed by seed, in bold where the interval "
        "leaves out 0; each is for itself, not widened for how many there are. The mean is of "
        "these very games: its interval says nothing of others."
    ),
    FATES: (
        "Share of the episodes won, and task progress, 0 to 1: means over the seeds, with "
        "intervals that know of seeds and episodes."
    ),
}
"""What stands over tables, and what it means; told once on the page."""
DEEDS = {
    "share of the episode lived": ("survival",),
    "others killed": ("kills",),
    "meals and drinks": ("event_eat_food", "event_drink_water"),
    "steps nearer to the centre than ever": ("event_go_farthest",),
    "seizures": ("event_seize_tile",),
    "things harvested": ("event_harvest_item",),
    "things bought": ("event_buy_item",),
    "levels gained": ("event_level_up",),
}
"""What agents do, and the columns of rows of episodes that it is the sum of."""
RARE = 0.005
"""A mean that none exceeds is left out."""


# Words


def bold(text: str) -> str:
    """Return a text as Markdown has it in bold."""
    return f"**{text}**"


def reading_text() -> str:
    """Return how tables are to be read."""
    return "\n".join(f"- {bold(caption)} {meaning}" for caption, meaning in HOW_TO_READ.items())


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def folded(title: str, table: str) -> list[str]:
    """Return a table that a reader may open."""
    return [f"<details><summary>{title}</summary>", table, "</details>"]


def estimate_text(estimate: Estimate, sign: str = "") -> str:
    """Return points with their interval."""
    ends = f"{estimate.low:{sign}z.0f}, {estimate.high:{sign}z.0f}"
    return f"{estimate.value:{sign}z.0f} [{ends}]"


def difference_text(estimate: Estimate | None) -> str:
    """Return a difference with its interval, in bold where it is sure which way it goes."""
    if estimate is None:
        return DASH
    told = estimate_text(estimate, "+")
    return bold(told) if estimate.low > 0 or estimate.high < 0 else told


def rating_text(row: Mapping[str, Any]) -> str:
    """Return the rating of one policy, by a row of `ranking.rank`."""
    return estimate_text(Estimate(row["bradley_terry"], row["low"], row["high"]))


def fate_text(played: Sequence[tuple[pl.DataFrame, str]]) -> str:
    """Return how often policies won, and their task progress, with intervals; see `mean_of`."""
    won, progress = (mean_of(played, column) for column in ("won", "progress"))
    return (
        f"{won.value:.0%} [{100 * won.low:.0f}, {100 * won.high:.0f}]; "
        f"{progress.value:.2f} [{progress.low:.2f}, {progress.high:.2f}]"
    )


def sizes_text(experiment: Experiment, folder: Path, games: Sequence[Game]) -> str:
    """Return of which scale, seeds and episodes numbers are."""
    legs = legs_of(experiment, games)
    told = []
    for family in dict.fromkeys(leg.family for leg in legs):
        own = [leg for leg in legs if leg.family == family]
        steps = max(read_run(run_folder(folder, leg)).steps for leg in own)
        more = f" over {len(own[0].games)} games" if len(own[0].games) > 1 else ""
        begun = " from the generalist" if own[0].init else ""
        told.append(f"{family} {millions(steps)} agent-steps{more}{begun}")
    seeds = sorted({leg.seed for leg in legs})
    trained_by = f"training seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    blocks = [block for each in games for block in each.blocks]
    counts = sorted({episodes_of(block) for block in blocks})
    episodes = " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1])))
    least = min(row["episodes"] for block in blocks for row in block.rows.values())
    sides = f", each policy in {least:,} at least, as far as there are sides"
    each_seed = " and seed" if len(seeds) > 1 else ""
    return (
        f"Trained, {experiment.config} config: {', '.join(told)}; {trained_by}. Played: "
        f"{episodes} episodes of each game{each_seed}{sides if least < counts[0] else ''}."
    )


def episodes_of(block: Block) -> int:
    """Return how many episodes a seed's policies have played."""
    return int(block.table.select("seed", "episode").n_unique())


def met(games: Sequence[Game], kind: str, other: str) -> list[Game]:
    """Return the games in which two kinds met."""
    return [each for each in games if {kind, other} <= set(each.kinds)]


def verdict_text(games: Sequence[Game], kind: str, other: str) -> str:
    """Return in how many games one kind is surely above another, or below."""
    told = [each.pooled.difference(kind, other) for each in met(games, kind, other)]
    above = sum(each.low > 0 for each in told)
    below = sum(each.high < 0 for each in told)
    return (
        f"- `{kind}` is above `{other}` in {above} of {counted(len(told), 'game')}, below in "
        f"{below}, and open in {len(told) - above - below}."
    )


def single_text(games: Sequence[Game], kinds: Sequence[str]) -> str:
    """Return in which games one seed alone played, so that intervals say nothing of others."""
    alone = [each for each in games if len(each.blocks) == 1]
    if not alone:
        return ""
    told = ", ".join(kind for kind in kinds if any(kind in each.kinds for each in alone))
    where = "" if len(alone) == len(games) else f" in {', '.join(each.game for each in alone)}"
    return (
        f"**One seed** of {told}{where}: the intervals know of the episodes alone. They are about "
        "the networks of that seed, and say nothing of what another would have learned."
    )


# Tables


def rating_tables(
    experiment: Experiment, tournament: Tournament, games: Sequence[Game]
) -> list[str]:
    """Return ratings by kind and game, differences, fates, and every policy by itself."""
    trained, kinds = families(games, experiment)
    ratings, fates, singles = [], [], []
    for each in games:
        told = dict(zip(each.pooled.kinds, each.pooled.ratings, strict=True))
        game = f"`{each.game}`"
        ratings.append((game, *(estimate_text(told[k]) if k in told else DASH for k in kinds)))
        fates.append((game, *(fate_text(each.played(k)) if k in told else DASH for k in kinds)))
        for block in each.blocks:
            for name in (name for kind in kinds for name in block.kinds.get(kind, ())):
                row = block.rows[name]
                cells = (rating_text(row), fate_text([(block.table, name)]), f"{row['episodes']:,}")
                singles.append((game, f"{block.seed}", f"`{name}`", *cells))
    alone = single_text(games, trained)
    return [
        bold(RATINGS),
        markdown(("game", *kinds), ratings),
        *([alone] if alone else []),
        *difference_tables(tournament, games, trained),
        bold(FATES),
        markdown(("game", *kinds), fates),
        *folded(
            "Each policy by itself, 95% by the episodes alone",
            markdown(("game", "seed", "policy", "rating", "won; progress", "episodes"), singles),
        ),
        *(deeds_table(games, kinds) if tournament.deeds else []),
    ]


def difference_tables(
    tournament: Tournament, games: Sequence[Game], trained: Sequence[str]
) -> list[str]:
    """Return by how much kinds are above others, by game and in the mean of the games."""
    asked = tournament.compare or [(trained[0], kind) for kind in trained[1:]]
    pairs = [pair for pair in asked if met(games, *pair)]
    if not pairs:
        return []
    rows = [
        (
            f"`{each.game}`",
            *(
                difference_text(each.pooled.difference(*pair) if met([each], *pair) else None)
                for pair in pairs
            ),
        )
        for each in games
    ]
    if len(games) > 1:
        means = [mean_difference(met(games, *pair), *pair) for pair in pairs]
        rows.append(("mean of the games", *(difference_text(mean) for mean in means)))
    return [
        bold(DIFFERENCES),
        markdown(("game", *(f"{kind} above {other}" for kind, other in pairs)), rows),
        "\n".join(verdict_text(games, *pair) for pair in pairs),
    ]


def deeds_table(games: Sequence[Game], kinds: Sequence[str]) -> list[str]:
    """Return what an agent of each kind does in an episode; what nobody does is left out."""
    rows = []
    for each in games:
        met_here = [kind for kind in kinds if kind in each.kinds]
        for deed, columns in DEEDS.items():
            means = {kind: deed_mean(each.played(kind), columns) for kind in met_here}
            if max(means.values()) > RARE:
                cells = (f"{means[kind]:.2f}" if kind in means else DASH for kind in kinds)
                rows.append((f"`{each.game}`", deed, *cells))
    return folded(
        "What agents do: means of an agent's episode",
        markdown(("game", "what", *kinds), rows),
    )


def deed_mean(played: Sequence[tuple[pl.DataFrame, str]], columns: Sequence[str]) -> float:
    """Return the mean over policies of their mean over episodes of a sum of columns.

    What was not written down counts as not done.
    """
    means = [
        table.filter(pl.col("policy") == name)
        .select(pl.sum_horizontal(pl.col(column) for column in columns if column in table.columns))
        .to_series()
        .mean()
        for table, name in played
        if set(columns) & set(table.columns)
    ]
    return float(np.mean(means)) if means else 0.0


def transfer_table(experiment: Experiment, games: Sequence[Game]) -> list[str]:
    """Return points above the random player by kind and game; where it was trained in bold."""
    _, kinds = families(games, experiment)
    legs = {leg.kind: leg for leg in experiment.legs}
    rows = []
    for kind in (kind for kind in kinds if kind != "random"):
        cells = []
        for each in games:
            if kind not in each.kinds:
                cells.append(DASH)
                continue
            told = estimate_text(each.pooled.difference(kind, "random"), "+")
            is_own = kind in legs and each.game in legs[kind].games
            cells.append(bold(told) if is_own else told)
        rows.append((f"`{kind}`", *cells))
    return [
        "Points above the random player (Bradley-Terry, 95%), of one seed of each: intervals know "
        "of the episodes alone. In bold games that it was trained on.",
        markdown(("policy", *(f"`{each.game}`" for each in games)), rows),
    ]


def curve_table(experiment: Experiment, folder: Path, games: Sequence[Game]) -> list[str]:
    """Return the ratings of checkpoints, by their samples of the game."""
    runs = [read_run(run_folder(folder, leg)) for leg in legs_of(experiment, games)]
    rows = []
    for game, block in [(each.game, block) for each in games for block in each.blocks]:
        for names in block.kinds.values():
            placed = {name: policy_samples(name, runs, game) for name in names}
            samples = {name: found[1] if found else 0.0 for name, found in placed.items()}
            for name in sorted(names, key=lambda name: samples[name]):
                told = millions(samples[name] * MILLION) if samples[name] else DASH
                cells = (rating_text(block.rows[name]), fate_text([(block.table, name)]))
                rows.append((f"`{game}`", f"`{name}`", told, *cells))
    return [
        "Ratings in points (Bradley-Terry, 95% by the episodes alone) of the checkpoints of one "
        "seed, which met in the same episodes; the number after the slash is of agent-steps in all "
        "games.",
        *folded(
            "Each checkpoint",
            markdown(
                ("game", "policy", "agent-steps in the game", "rating", "won; progress"), rows
            ),
        ),
    ]
