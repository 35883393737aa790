"""How does the objective depend on what was varied? A panel for each setting."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metammo.evaluation.figures import BLUE, GREY, ORANGE
from metammo.evaluation.sweep_space import Vary

PANEL = (3.0, 2.7)
"""Width and height of a panel, in inches."""
IN_A_ROW = 4
"""Panels."""


def _draw(axes: Axes, table: pl.DataFrame, vary: Vary) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    if vary.kind == "choice":
        places = {value: place for place, value in enumerate(vary.values)}
        axes.set_xticks(list(places.values()), [str(value) for value in places])
        axes.set_xlim(-0.5, len(places) - 0.5)
        across = [places[value] for value in table[vary.name]]
    else:
        across = table[vary.name].to_list()
        if vary.kind == "log":
            axes.set_xscale("log")
    values, spreads = table["value"].to_numpy(), table["spread"].fill_null(0.0).to_numpy()
    is_done = (table["state"] == "done").to_numpy()
    along = np.array(across, float)
    axes.scatter(along[~is_done], values[~is_done], s=14, color=GREY, alpha=0.6, label="given up")
    axes.errorbar(
        along[is_done], values[is_done], spreads[is_done], fmt="o", ms=4, color=BLUE, label="done"
    )
    if is_done.any():
        # The table begins with the best.
        axes.scatter(along[:1], values[:1], s=60, color=ORANGE, marker="*", zorder=4, label="best")
    axes.set_xlabel(vary.name, fontsize=9)


def sweep_figure(table: pl.DataFrame, vary: Sequence[Vary], objective: str) -> Figure | None:
    """Return a panel for each setting: its values, and the objective; None: no trial has one.

    Bars are standard deviations over seeds.

    Args:
        table: of `sweep_store.trial_table`.
        vary: what was varied.
        objective: what it is called.
    """
    names = [each.name for each in vary]
    known = table.filter(pl.col("value").is_finite()).drop_nulls(names)
    if not len(known):
        return None
    columns = min(len(vary), IN_A_ROW)
    rows = -(-len(vary) // columns)
    size = (PANEL[0] * columns + 0.4, PANEL[1] * rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False).reshape(-1)
    for each, own in zip(vary, axes, strict=False):
        _draw(own, known, each)
    for own in axes[len(vary) :]:
        own.set_visible(False)
    for own in axes[::columns]:
        own.set_ylabel(objective, fontsize=9)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure
