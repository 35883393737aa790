"""`metammo rank`: who is better, by how much, and how sure that is, from files of results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from metammo.cli.show import note, print_json, print_rows
from metammo.evaluation.figures import check_figure_path, rating_figure, save_figure
from metammo.evaluation.ranking import Ranking, rank
from metammo.evaluation.report_parts import counted
from metammo.evaluation.result_tables import order_table, rating_table
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import EpisodeRow
from metammo.evaluation.sequential import ORDERS
from metammo.evaluation.strengths import SAMPLES

SAMPLE_LIMIT = 100_000


@dataclass(frozen=True)
class Options:
    """Rate the policies of one game by the episodes in which they met.

    Elo is the published one, averaged over orders of the files. Bradley-Terry (all pairs) and
    Plackett-Luce (whole rankings) do not depend on the order; their intervals are of 95%, by
    resampling whole episodes within seeds. OpenSkill depends on the order, and is shown both ways.

    Example: metammo rank results/full_sv --figure survive.png
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Files or folders: rows of episodes (.parquet, .csv), or Meta MMO's <game>_<seed>.json."""
    game: str = ""
    """Of this game alone, where there are several."""
    config: str = ""
    """Of this config alone, where there are both."""
    samples: int = SAMPLES
    """Bootstrap samples behind each interval."""
    orders: int = ORDERS
    """Orders of the seeds over which Elo is averaged."""
    figure: Path | None = None
    """Also draw the ratings into this file: .png, .svg or .pdf."""
    json: bool = False
    """Print one JSON object."""


def _check(options: Options) -> None:
    for name in ("samples", "orders"):
        value = getattr(options, name)
        if not 1 <= value <= SAMPLE_LIMIT:
            raise ValueError(f"--{name} must lie in 1..{SAMPLE_LIMIT}, not {value}")
    if options.figure:
        check_figure_path(options.figure)


def print_ranking(ranking: Ranking, title: str) -> None:
    """Print a game's policies, best first."""
    print_rows(f"{title}; intervals of 95%", rating_table(ranking.rows))


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = tyro.cli(Options, args=list(arguments), prog="metammo rank")
    _check(options)
    found = read_results(options.paths, EpisodeRow, game=options.game, config=options.config)
    ranking = rank(found.table, samples=options.samples, orders=options.orders)
    game = str(found.table["game"][0])
    warnings = [*found.warnings, *ranking.warnings]
    for warning in warnings:
        note(f"metammo: warning: {warning}")
    title = f"{game}: {counted(ranking.episodes, 'episode')} of {counted(ranking.seeds, 'seed')}"
    if options.figure:
        save_figure(rating_figure(ranking.rows, title), options.figure)
        note(f"drew {options.figure}")
    if options.json:
        told = {
            "game": game,
            "episodes": ranking.episodes,
            "seeds": ranking.seeds,
            "orders": ranking.orders,
            "samples": options.samples,
        }
        print_json({**told, "warnings": warnings, "rows": ranking.rows})
        return 0
    print_ranking(ranking, title)
    orders = counted(ranking.orders, "order")
    print_rows(f"By the order of episodes; Elo over {orders}", order_table(ranking.rows))
    return 0
