"""`metammo check-game`: play a game out, and warn of what makes it unfair or not to be learnt."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import print_json, print_table
from metammo.evaluation.check_game import GameReport, check_game


@dataclass(frozen=True)
class Options:
    """Let random and scripted agents play a game, and warn of what looks wrong.

    Looked for: a game that nobody wins; a team or a spawn place that wins too often; rewards that
    grow by dying; a ladder that never moves; a task in which nobody gets anywhere.

    Example: metammo check-game my_game.py --episodes 64
    """

    game: Annotated[str, tyro.conf.Positional]
    """Id of a game, or the path of a file that holds one."""
    episodes: int = 32
    """Of each player by the evaluation's knobs, and on the ladder."""
    seed: int = 0
    """Of worlds and players."""
    config: str = ""
    """mini or full; empty: the first that the game has."""
    threads: int = 0
    """Cores; 0: all."""
    strict: bool = False
    """Exit with 1 where there is a warning."""
    json: bool = False
    """Print one JSON object."""


def _print(report: GameReport) -> None:
    has_ladder = report.file.game.difficulty is not None
    rows = [
        (
            row["policy"],
            row["knobs"],
            row["episodes"],
            f"{row['length']:.0f}",
            f"{row['decided']:.0%}",
            f"{row['won']:.0%}",
            f"{row['winners']:.1%}",
            f"{row['score']:.2f}",
            f"{row['progress']:.2f}",
            f"{row['died']:.0%}",
            row["rungs"] if has_ladder and row["knobs"] == "training" else "",
        )
        for row in (each.row() for each in report.played)
    ]
    columns = ("players", "knobs", "episodes", "ticks", "decided", "won", "winners")
    print_table(report.file.name, (*columns, "score", "progress", "died", "rungs"), rows)
    for finding in report.warnings:
        print(f"warning: {finding.text}")
    for finding in report.notes:
        print(f"note: {finding.text}")
    if not report.warnings:
        print("nothing looks wrong")


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo check-game")
    report = check_game(
        options.game,
        options.episodes,
        seed=options.seed,
        config=options.config,
        threads=options.threads or None,
    )
    if options.json:
        print_json(
            {
                "game": report.file.name,
                "version": report.file.game.version,
                "seed": options.seed,
                "rows": [each.row() for each in report.played],
                "warnings": [asdict(each) for each in report.warnings],
                "notes": [asdict(each) for each in report.notes],
            }
        )
    else:
        _print(report)
    return 1 if options.strict and report.warnings else 0
