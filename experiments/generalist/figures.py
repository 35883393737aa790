"""How do the outcomes look? A panel for each game, a heat map, or curves over samples."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from experiments.generalist.legs import Experiment
from experiments.generalist.outcomes import Game, families, legs_of
from experiments.generalist.task_scores import KindScore
from experiments.generalist.training import run_folder
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metammo.evaluation.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    OTHER_COLOURS,
    PALE,
    Panel,
    learning_figure,
)
from metammo.evaluation.figures import PANEL_SIZE as CURVES_SIZE
from metammo.evaluation.run_curves import rating_curves
from metammo.evaluation.runs import group_runs, read_run
from metammo.evaluation.sequential import START

PANELS = 5
"""Beside each other in a figure."""
PANEL_SIZE = (2.5, 0.32)
"""Width of a panel, and height of a row, in inches."""
TITLE_SIZE, CURVES_TITLE_SIZE = 11, 13
"""Of letters, in points."""
LETTERS = 120
"""In an inch of a title, times its size."""
LINE = 0.18
"""Inches of a title's line."""
DARK = 0.5
"""Brightness, 0 to 1, of a colour below which words on it are white."""
WEIGHTS = (0.2126, 0.7152, 0.0722)
"""Of red, green and blue in brightness."""
COLOURS = {
    "generalist": ORANGE,
    "specialist": BLUE,
    "frozen": GREEN,
    "tuned": GREEN,
    "scratch": "#8172b3",
    "wide": "#c44e52",
}


def wrapped(title: str, inches: float, size: float = TITLE_SIZE) -> str:
    """Return a title whose lines are not longer than a figure is wide."""
    letters = int(LETTERS / size * inches)
    return "\n".join(
        textwrap.fill(line, letters, break_on_hyphens=False) for line in title.splitlines()
    )


def _draw_panel(axes: Axes, game: Game, colours: Mapping[str, str]) -> None:
    """Draw the ratings of kinds, a row for each colour, and below them those of several seeds."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.axvline(START, color=GREY, linestyle=":", linewidth=1, zorder=1)
    told = dict(zip(game.pooled.kinds, game.pooled.ratings, strict=True))
    for row, (kind, colour) in enumerate(colours.items()):
        if kind not in told:
            continue
        estimate = told[kind]
        axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=2, zorder=2)
        axes.plot(estimate.value, row, "o", color=colour, markersize=6, zorder=3)
        own = game.pooled.groups[game.kinds.index(kind)].ratings
        if len(own) > 1:
            style = {"color": colour, "markerfacecolor": "white", "markersize": 4}
            axes.plot(own, [row + 0.27] * len(own), "o", linestyle="", zorder=3, **style)


def _keys(games: Sequence[Game]) -> list[Line2D]:
    """Return what the signs mean."""
    have_seeds = any(len(each.blocks) > 1 for each in games)
    label = "mean over seeds, 95%" if have_seeds else "95% by the episodes"
    keys = [Line2D([], [], marker="o", color=GREY, label=label)]
    if have_seeds:
        hollow = {"marker": "o", "color": GREY, "markerfacecolor": "white", "linestyle": ""}
        keys.append(Line2D([], [], label="one seed", **hollow))
    return keys


def ratings_figure(experiment: Experiment, games: Sequence[Game], title: str) -> Figure:
    """Return a panel for each game: kinds with their intervals, and every policy, hollow."""
    trained, kinds = families(games, experiment)
    colours = {
        kind: COLOURS.get(kind, GREY if kind not in trained else OTHER_COLOURS[place % 6])
        for place, kind in enumerate(kinds)
    }
    columns = min(PANELS, len(games))
    lines = -(-len(games) // columns)
    width, height = PANEL_SIZE
    inches = max(width * columns + 1.0, 7.2)
    title = wrapped(title, inches)
    above = LINE * len(title.splitlines()) + 0.6
    size = (inches, lines * (height * len(kinds) + 0.75) + above)
    figure = Figure(figsize=size, layout="constrained")
    first = None
    for place, each in enumerate(games):
        axes = figure.add_subplot(lines, columns, place + 1, sharex=first, sharey=first)
        first = first or axes
        _draw_panel(axes, each, colours)
        axes.set_yticks(range(len(kinds)), kinds, fontsize=9)
        axes.tick_params(axis="y", length=0, labelleft=place % columns == 0)
        axes.tick_params(axis="x", labelsize=8)
        axes.set_ylim(len(kinds) - 0.4, -0.6)
        axes.set_title(each.game, fontsize=10)
    # At the left: the legend is at the right.
    words = "Rating in points, 1000 being the mean of all that met"
    figure.supxlabel(words, fontsize=9, x=0.01, ha="left")
    figure.suptitle(title, fontsize=TITLE_SIZE)
    keys = _keys(games)
    figure.legend(handles=keys, loc="outside lower right", ncols=2, frameon=False, fontsize=8)
    return figure


def transfer_figure(experiment: Experiment, games: Sequence[Game], title: str) -> Figure:
    """Return points above the random player by kind and game, as a heat map."""
    _, kinds = families(games, experiment)
    kinds = [kind for kind in kinds if kind != "random"]
    values = np.full((len(kinds), len(games)), np.nan)
    for column, each in enumerate(games):
        for row, kind in enumerate(kinds):
            if kind in each.kinds:
                values[row, column] = each.pooled.difference(kind, "random").value
    legs = {leg.kind: leg for leg in experiment.legs}
    inches = max(2.8 + 0.72 * len(games), 5.0)
    title = wrapped(f"{title} Bold: trained on this game.", inches)
    above = LINE * len(title.splitlines()) + 1.4
    figure = Figure(figsize=(inches, above + 0.42 * len(kinds)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor(PALE)
    reach = max(float(np.nanmax(np.abs(values))), 1.0)
    image = axes.imshow(values, cmap="RdBu", vmin=-1.2 * reach, vmax=1.2 * reach, aspect="auto")
    for row, kind in enumerate(kinds):
        for column, each in enumerate(games):
            value = values[row, column]
            if np.isfinite(value):
                weight = "bold" if kind in legs and each.game in legs[kind].games else "normal"
                light = np.dot(image.to_rgba(value)[:3], WEIGHTS)
                colour = "white" if light < DARK else "black"
                style = {"ha": "center", "va": "center", "fontsize": 8}
                axes.text(column, row, f"{value:+z.0f}", color=colour, weight=weight, **style)
    names = [each.game for each in games]
    axes.set_xticks(range(len(games)), names, rotation=40, ha="right", fontsize=9)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=9)
    bar = figure.colorbar(image, label="Points above the random player", shrink=0.9)
    bar.ax.set_ylim(-reach, reach)
    figure.suptitle(title, fontsize=TITLE_SIZE)
    return figure


def task_figure(kinds: Sequence[KindScore], title: str) -> Figure:
    """Return the weighted task scores of kinds of policies, and the published ones."""
    width, height = 7.2, PANEL_SIZE[1]
    title = wrapped(title, width)
    above = LINE * len(title.splitlines()) + 1.0
    figure = Figure(figsize=(width, height * len(kinds) + above), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for row, each in enumerate(kinds):
        colour = COLOURS.get(each.kind, GREY)
        if each.low is not None and each.high is not None:
            axes.plot([each.low, each.high], [row, row], color=colour, linewidth=2)
        face = "white" if each.is_published else colour
        axes.plot(each.score, row, "o", color=colour, markerfacecolor=face, markersize=6)
    axes.set_yticks(
        range(len(kinds)), [f"{each.kind} ({each.steps})" for each in kinds], fontsize=9
    )
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylim(len(kinds) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("Weighted score over the 62 published tasks (of 83.3), 95%", fontsize=9)
    figure.suptitle(title, fontsize=TITLE_SIZE)
    return figure


def curves_figure(
    experiment: Experiment, folder: Path, games: Sequence[Game], title: str
) -> Figure:
    """Return ratings over samples of the game, as in the paper's figures."""
    panels = []
    for each in games:
        runs = [read_run(run_folder(folder, leg)) for leg in legs_of(experiment, [each])]
        curves = rating_curves(
            [row for block in each.blocks for row in block.rows.values()],
            group_runs(runs),
            each.game,
            "bradley_terry",
            ("low", "high"),
        )
        panels.append(Panel(each.game, "Rating in points, 95%", curves, START))
    inches = max(CURVES_SIZE[0] * min(len(panels), PANELS), 4.5)
    return learning_figure(panels, wrapped(title, inches, CURVES_TITLE_SIZE), PANELS)
