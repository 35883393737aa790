#!/usr/bin/env python3
"""How do the paper's figures 4 and 6 look, from the published results? Drawn anew.

Usage: published_figures.py RESULTS OUT    (RESULTS holds full_sv, mini_tb, ...; writes four PNGs)
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from metammo.evaluation.figures import learning_figure, save_figure
from metammo.evaluation.published import figure_4, figure_6, read_published

TITLES = {"elo": "published Elo", "bradley_terry": "Bradley-Terry"}
"""By rating."""


def main(arguments: Sequence[str]) -> int:
    """Draw the figures; return the exit code."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    results, out = map(Path, arguments)
    out.mkdir(parents=True, exist_ok=True)
    rows = read_published(results)
    for rating, title in TITLES.items():
        ending = "" if rating == "elo" else f"_{rating}"
        for number, panels in ((4, figure_4(rows, rating)), (6, figure_6(rows, rating))):
            config = "full" if number == 4 else "mini"
            path = out / f"meta_mmo_figure_{number}{ending}.png"
            save_figure(learning_figure(panels, f"Meta MMO, {config} config: {title}"), path)
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
