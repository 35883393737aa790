#!/usr/bin/env python3
"""Are a suite's tiers easier and harder than its standard one? What a policy reaches by itself.

Usage: suite_tiers.py CONFIG EPISODES POLICY ...   (as: mini 24 scripted random; prints Markdown)

Each policy plays all seats: what becomes of it then is the tier's doing, not its opponents'.
"""

import sys
from collections.abc import Sequence

import polars as pl

from metammo.evaluation.ledger import tables_of
from metammo.evaluation.match import play_episodes
from metammo.evaluation.suites import TIERS, find_suite
from metammo.evaluation.tournament import Plan
from metammo.policies.hub import load_policy

LIVED, DONE, WON = "ticks lived", "task progress", "ticks until won"
MEASURES = {
    **dict.fromkeys(("sandwich", "survive", "team_battle", "protect_the_king"), LIVED),
    **dict.fromkeys(("multi_task_eval", "merchants"), DONE),
}
"""What says how hard a game is; of those not named, how soon somebody wins."""
HORIZON = 1024
"""Ticks of an episode that nobody wins."""


def reached(table: pl.DataFrame, game: str) -> str:
    """Return what a policy reached in a game's episodes, as words."""
    measure = MEASURES.get(game, WON)
    if measure == DONE:
        return f"{table['progress'].mean():.3f}"
    if measure == LIVED:
        return f"{(table['survival'] * table['length']).mean():.0f}"
    if not table["won"].any():
        return "never"
    ticks = pl.when("won").then("length").otherwise(HORIZON)
    return f"{table.select(ticks.mean()).item():.0f}"


def main(arguments: Sequence[str]) -> int:
    """Play and print; return the exit code."""
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    config, episodes, names = arguments[0], int(arguments[1]), arguments[2:]
    suite = find_suite("v1")
    policies = [load_policy(name, seed=1) for name in names]
    heads = [f"{policy.name}: {', '.join(TIERS)}" for policy in policies]
    print(f"| game | measure | {' | '.join(heads)} |")
    print("| --- " * (2 + len(heads)) + "|")
    for game, own in suite.part(config).games.items():
        cells = []
        for policy in policies:
            told = []
            for tier in TIERS:
                plan = Plan((game,), (policy,), config=config, own_knobs={game: own.tiers[tier]})
                match = plan.match(game, suite.seed)
                table, _ = tables_of(play_episodes(match, range(episodes)))
                told.append(reached(table, game))
            cells.append(", ".join(told))
        print(f"| `{game}` | {MEASURES.get(game, WON)} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
