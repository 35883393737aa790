"""`metammo rank`: who is better, by how much, and how sure that is, from files of results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note, print_json, print_rows
from metammo.evaluation.figures import check_figure_path, rating_figure, save_figure
from metammo.evaluation.ranking import Ranking, rank
from metammo.evaluation.report_parts import counted
from metammo.evaluation.result_tables import order_table, rating_table
from metammo.evaluation.results import read_each_game
from metammo.evaluation.rows import EpisodeRow, ResultError
from metammo.evaluation.sequential import ORDERS
from metammo.evaluation.strengths import SAMPLES

SAMPLE_LIMIT = 100_000


@dataclass(frozen=True)
class Options:
    """Rate the policies of a game, of several each by itself, by the episodes in which they met.

    Elo is the published one, averaged over orders of the files. Bradley-Terry (all pairs) and
    Plackett-Luce (whole rankings) do not depend on the order; their intervals are of 95%, by
    resampling whole episodes within seeds. OpenSkill depends on the order, and is shown both ways.

    Example: metammo rank results/full_sv --figure survive.png
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Files or folders: rows of episodes (.parquet, .csv), or Meta MMO's <game>_<seed>.json."""
    game: str = ""
    """Of this game alone; by default of each."""
    config: str = ""
    """Of this config alone; by default of each."""
    samples: int = SAMPLES
    """Bootstrap samples behind each interval."""
    orders: int = ORDERS
    """Orders of the seeds over which Elo is averaged."""
    figure: Path | None = None
    """Also draw the ratings into this file: .png, .svg or .pdf; of several games into one each, the
    game behind its name."""
    json: bool = False
    """Print one JSON object; of several games a list, `games`."""


def _check(options: Options) -> None:
    for name in ("samples", "orders"):
        value = getattr(options, name)
        if not 1 <= value <= SAMPLE_LIMIT:
            raise ValueError(f"--{name} must lie in 1..{SAMPLE_LIMIT}, not {value}")
    if options.figure:
        check_figure_path(options.figure)


@dataclass(frozen=True)
class Ranked:
    """A game's policies."""

    title: str
    """What was rated: the game, the config where there are both, how much of it."""
    name: str
    """The game, and the config where there are both."""
    warnings: list[str]
    """What the numbers do not say themselves."""
    ranking: Ranking
    """The policies, best first."""
    told: dict[str, Any]
    """All of it, as JSON can hold it."""


def rank_each(options: Options) -> list[Ranked]:
    """Rate the policies of each game by itself.

    Raises:
        ResultError: results are wrong, or nobody can be rated; a game of several is left out.
    """
    given = read_each_game(options.paths, EpisodeRow, game=options.game, config=options.config)
    games = [str(results.table["game"][0]) for results in given]
    found = []
    for game, results in zip(games, given, strict=True):
        try:
            ranking = rank(results.table, samples=options.samples, orders=options.orders)
        except ResultError as error:
            if len(given) == 1:
                raise
            note(f"metammo: warning: {game} is left out: {error}")
            continue
        config = f"{results.table['config'][0]}" if games.count(game) > 1 else ""
        warnings = [*results.warnings, *ranking.warnings]
        amount = f"{counted(ranking.episodes, 'episode')} of {counted(ranking.seeds, 'seed')}"
        told = {
            "game": game,
            **({"config": config} if config else {}),
            "episodes": ranking.episodes,
            "seeds": ranking.seeds,
            "orders": ranking.orders,
            "samples": options.samples,
            "warnings": warnings,
            "rows": ranking.rows,
        }
        title = f"{game}{f', {config} config' if config else ''}: {amount}"
        name = f"{game}-{config}" if config else game
        found.append(Ranked(title, name, warnings, ranking, told))
    if not found:
        raise ResultError("in none of the games have two policies met: nobody to compare")
    return found


def print_ranking(ranking: Ranking, title: str) -> None:
    """Print a game's policies, best first."""
    print_rows(f"{title}; intervals of 95%", rating_table(ranking.rows))


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo rank")
    _check(options)
    found = rank_each(options)
    are_several = len(found) > 1
    for each in found:
        for warning in each.warnings:
            note(f"metammo: warning: {f'{each.name}: ' if are_several else ''}{warning}")
        if options.figure:
            figure = options.figure
            if are_several:
                figure = figure.with_name(f"{figure.stem}-{each.name}{figure.suffix}")
            save_figure(rating_figure(each.ranking.rows, each.title), figure)
            note(f"drew {figure}")
    if options.json:
        print_json({"games": [each.told for each in found]} if are_several else found[0].told)
        return 0
    for each in found:
        print_ranking(each.ranking, each.title)
        orders = counted(each.ranking.orders, "order")
        print_rows(f"By the order of episodes; Elo over {orders}", order_table(each.ranking.rows))
    return 0
