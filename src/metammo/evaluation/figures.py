"""How do ratings look? Learning curves as in the paper's figures 4 and 6; a game's ratings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from metammo.evaluation.sequential import START
from metammo.files import beside
from metammo.replay.format import check_folder

SUFFIXES = (".png", ".svg", ".pdf")
"""Files that hold figures."""
PANEL_SIZE = (3.1, 3.0)
"""Width and height of a panel, in inches."""
DOTS_PER_INCH = 150
ORANGE, BLUE, GREEN, GREY = "#dd8452", "#4c72b0", "#3f8f5b", "#8a8a8a"
PALE = "#dfe2e6"
STYLES: dict[str, dict[str, Any]] = {
    "Generalist": {"color": ORANGE, "markerfacecolor": ORANGE, "zorder": 4},
    "Specialist": {"color": BLUE, "markerfacecolor": "white", "zorder": 3},
}
OTHER_COLOURS = (BLUE, ORANGE, GREEN, "#8172b3", "#c44e52", "#937860")


@dataclass(frozen=True)
class Curve:
    """One policy while it learns."""

    label: str
    """`Generalist`, `Specialist`, or any other name."""
    points: list[tuple[float, float, float, float]]
    """Millions of training samples, value, and lower and upper end of its interval."""


@dataclass(frozen=True)
class Panel:
    """One game's learning curves."""

    title: str
    """The game."""
    value: str
    """What the values are."""
    curves: list[Curve]
    """Drawn in order."""
    start: float | None = None
    """Where everybody began: a dotted line."""


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)


def _style(label: str, place: int) -> dict[str, Any]:
    colour = OTHER_COLOURS[place % len(OTHER_COLOURS)]
    return STYLES.get(label, {"color": colour, "markerfacecolor": colour, "zorder": 3})


def _reach(upper: float | None, lower: float | None) -> float:
    """Return how long a bar is; 0 where there is none, or the value lies beyond its end.

    It may: an interval of few bootstrap samples need not hold the value.
    """
    return 0.0 if upper is None or lower is None else max(upper - lower, 0.0)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    _quiet(axes)
    if panel.start is not None:
        axes.axhline(panel.start, color=GREY, linestyle=":", linewidth=1, zorder=1)
    furthest = 0.0
    for place, curve in enumerate(panel.curves):
        if not curve.points:
            continue
        samples, values, lows, highs = map(list, zip(*curve.points, strict=True))
        below = [_reach(value, low) for value, low in zip(values, lows, strict=True)]
        above = [_reach(high, value) for value, high in zip(values, highs, strict=True)]
        axes.errorbar(
            samples,
            values,
            yerr=[below, above],
            label=curve.label,
            marker="o",
            markersize=5.5,
            markeredgewidth=1.6,
            linewidth=1.1,
            elinewidth=1.6,
            capsize=2,
            **_style(curve.label, place),
        )
        furthest = max(furthest, *samples)
    axes.set_title(panel.title, fontsize=12)
    axes.set_xlim(0, furthest * 1.08 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if panel.start is None:
        axes.set_ylim(bottom=0)


def learning_figure(panels: Sequence[Panel], title: str = "", columns: int | None = None) -> Figure:
    """Return panels side by side; those of the same value have the same axis.

    Args:
        panels: one for each game, at least one.
        title: above all of them.
        columns: panels beside each other, at most; by default all.

    Raises:
        ValueError: no panels.
    """
    if not panels:
        raise ValueError("a figure needs at least one panel")
    width, height = PANEL_SIZE
    columns = min(columns or len(panels), len(panels))
    rows = -(-len(panels) // columns)
    above = 0.2 + 0.2 * len(title.splitlines()) if title else 0
    figure = Figure(
        figsize=(max(width * columns, 4.5), height * rows + above),
        layout="constrained",
    )
    all_axes = [figure.add_subplot(rows, columns, place + 1) for place in range(len(panels))]
    first_of: dict[str, Axes] = {}
    for place, (axes, panel) in enumerate(zip(all_axes, panels, strict=True)):
        _draw_panel(axes, panel)
        if panel.value in first_of:
            axes.sharey(first_of[panel.value])
            axes.tick_params(labelleft=place % columns == 0)
        else:
            first_of[panel.value] = axes
            axes.set_ylabel(panel.value, fontsize=11)
    for axes in first_of.values():
        axes.autoscale(axis="y")
    for axes, panel in zip(all_axes, panels, strict=True):
        if panel.start is None:
            axes.set_ylim(bottom=0)
    labels = dict.fromkeys(curve.label for panel in panels for curve in panel.curves)
    keys = [
        Line2D(
            [], [], marker="o", markersize=6, markeredgewidth=1.6, label=label, **_style(label, n)
        )
        for n, label in enumerate(labels)
    ]
    all_axes[0].legend(handles=keys, loc="lower right", fontsize=9, frameon=False)
    figure.supxlabel("Training samples in this game, millions", fontsize=11)
    if title:
        figure.suptitle(title, fontsize=13)
    return figure


def rating_figure(rows: Sequence[dict[str, Any]], title: str = "") -> Figure:
    """Return the ratings of one game, best on top; bars are 95% intervals.

    Args:
        rows: of `ranking.rank`.
        title: above it.
    """
    figure = Figure(figsize=(6.4, 1.3 + 0.42 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    _quiet(axes)
    places = list(range(len(rows)))
    axes.axvline(START, color=GREY, linestyle=":", linewidth=1)
    models = (
        ("bradley_terry", "low", "high", "Bradley-Terry", "o", BLUE, -0.2),
        (
            "plackett_luce",
            "plackett_luce_low",
            "plackett_luce_high",
            "Plackett-Luce",
            "s",
            GREEN,
            0,
        ),
    )
    for name, low, high, label, marker, colour, shift in models:
        values = [row[name] for row in rows]
        below = [_reach(row[name], row[low]) for row in rows]
        above = [_reach(row[high], row[name]) for row in rows]
        axes.errorbar(
            values,
            [place + shift for place in places],
            xerr=[below, above],
            label=label,
            marker=marker,
            markersize=5,
            linestyle="",
            color=colour,
            elinewidth=1.5,
            capsize=2.5,
        )
    axes.plot(
        [row["elo"] for row in rows],
        [place + 0.2 for place in places],
        linestyle="",
        marker="D",
        markersize=4.5,
        color=ORANGE,
        label="Elo, mean over orders",
    )
    axes.set_yticks(places, [row["policy"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("Rating in points", fontsize=11)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    if title:
        axes.set_title(title, fontsize=12)
    return figure


def matrix_figure(policies: Sequence[str], shares: NDArray[np.float64], title: str = "") -> Figure:
    """Return how often each policy did better than each other, as a heat map.

    Args:
        policies: names, in the order of rows and columns.
        shares: float64[policies, policies], 0..1, row against column; NaN where they never met.
        title: above it.
    """
    size = 1.8 + 0.75 * len(policies)
    figure = Figure(figsize=(size + 0.9, size), layout="constrained")
    axes = figure.add_subplot()
    # Where nobody met, white would say a half; and the ends of the colours are too dark for words.
    axes.set_facecolor(PALE)
    image = axes.imshow(shares, cmap="RdBu", vmin=-0.15, vmax=1.15)
    for row, column in np.argwhere(np.isfinite(shares)):
        share = shares[row, column]
        colour = "white" if abs(share - 0.5) > 0.35 else "black"
        text = f"{share:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    places = list(range(len(policies)))
    axes.set_xticks(places, policies, rotation=45, ha="right")
    axes.set_yticks(places, policies)
    axes.set_xlabel("against", fontsize=11)
    bar = figure.colorbar(image, label="episodes in which the row did better", shrink=0.9)
    bar.ax.set_ylim(0, 1)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1))
    if title:
        axes.set_title(title, fontsize=12)
    return figure


def check_new_file(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file's path that cannot be written to, before there is something to write.

    Raises:
        ValueError: it ends in something else, is a folder, or lies in one that does not exist.
    """
    if path.suffix not in suffixes:
        raise ValueError(f"{path} cannot be written: it must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise ValueError(f"{path} cannot be written: it is a folder")
    check_folder(path)


def check_figure_path(path: Path) -> None:
    """Refuse a path that no figure can be written to; see `check_new_file`."""
    check_new_file(path, SUFFIXES)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; see `check_figure_path`."""
    check_figure_path(path)
    with beside(path) as part:
        figure.savefig(part, format=path.suffix.removeprefix("."), dpi=DOTS_PER_INCH)
