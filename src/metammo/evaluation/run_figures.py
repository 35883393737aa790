"""How do runs look? Lines over training samples, bars of what agents died of."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from metammo.evaluation.figures import GREEN, GREY, OTHER_COLOURS
from metammo.evaluation.run_curves import Line

SIZE = (3.9, 2.8)
"""Of a figure of lines, in inches."""
LIMITS = 0.06
"""Space above and below the lines, as a share of their reach."""
LEAST = 0.2
"""The least reach, as a share of the largest value."""


def colour_of(place: int) -> str:
    """Return the colour of an experiment by its place in the report."""
    return OTHER_COLOURS[place % len(OTHER_COLOURS)]


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)


def _set_height(axes: Axes, lines: Sequence[Line], is_share: bool) -> None:
    """Show what was measured; a wide interval is cut off rather than all else drawn flat."""
    values = [value for line in lines for _, own in line.runs for value in own]
    low, high = min(values), max(values)
    floor = 0.0 if low >= 0 else low
    # What hardly moves is not blown up to the height of the figure.
    room = LIMITS * max(high - floor, LEAST * max(abs(low), abs(high)), 1e-3)
    if is_share:
        axes.set_ylim(0, min(high + room, 1 + LIMITS / 2))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    else:
        axes.set_ylim(0 if low >= 0 else low - room, high + room)


def line_figure(
    lines: Sequence[tuple[int, Line]],
    title: str,
    *,
    is_share: bool = False,
    baseline: Sequence[Line] = (),
) -> Figure:
    """Return one metric of some experiments over a game's training samples.

    Bands are 95% intervals of the mean over seeds, thin lines the seeds.

    Args:
        lines: an experiment's place in the report, and its line; at least one.
        title: what is drawn.
        is_share: values are shares, 0..1, written as per cent.
        baseline: the same metric of who was played against, drawn in grey.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    _tidy(axes)
    for number, line in enumerate(baseline):
        label = line.label if number == 0 else None
        axes.plot(line.samples, line.mean, color=GREY, linestyle=":", label=label, zorder=1)
    for place, line in lines:
        colour = colour_of(place)
        marker = "o" if len(line.samples) <= 12 else None
        if len(line.runs) > 1:
            for samples, values in line.runs:
                axes.plot(samples, values, color=colour, linewidth=0.8, alpha=0.45, zorder=2)
        if line.low is not None and line.high is not None:
            axes.fill_between(line.samples, line.low, line.high, color=colour, alpha=0.16, lw=0)
        axes.plot(
            line.samples,
            line.mean,
            color=colour,
            linewidth=1.7,
            marker=marker,
            markersize=4,
            label=line.label,
            clip_on=False,  # points on an axis are drawn whole
            zorder=3,
        )
    every = [line for _, line in lines]
    _set_height(axes, [*every, *baseline], is_share)
    axes.set_xlim(0, max(own[0][-1] for line in every for own in line.runs) * 1.03)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel("Training samples in this game, millions", fontsize=9)
    if len(every) + len(baseline) > 1:
        figure.legend(loc="outside lower center", ncols=1, fontsize=8.5, frameon=False)
    return figure


CAUSE_COLOURS = {
    "player": "#c44e52",
    "npc": "#dd8452",
    "fog": "#8172b3",
    "starvation": "#937860",
    "game": "#4c72b0",
}
"""Of what agents died of, by its word in metrics."""


def causes_figure(rows: Sequence[tuple[str, dict[str, float]]]) -> Figure:
    """Return what the agents died of, a bar for each row; what is left to 100% lived.

    Args:
        rows: a label, and the share of agents by cause, 0..1.
    """
    figure = Figure(figsize=(7.2, 1.2 + 0.4 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    _tidy(axes)
    places = range(len(rows))
    left = [0.0] * len(rows)
    causes = [cause for cause in CAUSE_COLOURS if any(cause in shares for _, shares in rows)]
    for cause in causes:
        widths = [shares.get(cause, 0.0) for _, shares in rows]
        axes.barh(places, widths, left=left, height=0.62, color=CAUSE_COLOURS[cause], label=cause)
        left = [begin + width for begin, width in zip(left, widths, strict=True)]
    lived = [max(1 - end, 0.0) for end in left]
    axes.barh(places, lived, left=left, height=0.62, color=GREEN, alpha=0.35, label="lived")
    axes.set_yticks(list(places), [label for label, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside lower center", ncols=len(causes) + 1, fontsize=9, frameon=False)
    return figure
