"""What came of the experiment? Tables and figures in docs/results.md, every number from the files.

The page's other words are written by hand: only what stands between `<!-- begin NAME -->` and
`<!-- end NAME -->` is written anew.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from experiments.generalist.legs import Experiment, Leg, Tournament
from experiments.generalist.matches import results_folder
from experiments.generalist.training import run_folder
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metammo.evaluation.figures import (
    BLUE,
    DOTS_PER_INCH,
    GREEN,
    GREY,
    ORANGE,
    OTHER_COLOURS,
    Panel,
    learning_figure,
)
from metammo.evaluation.pooled import Estimate, Pooled, pool_ratings
from metammo.evaluation.ranking import rank
from metammo.evaluation.report_parts import DASH, counted, duration, millions
from metammo.evaluation.rows import EpisodeRow, TaskRow, read_rows
from metammo.evaluation.run_curves import rating_curves
from metammo.evaluation.runs import RunFolder, group_runs, read_run
from metammo.evaluation.sequential import START
from metammo.evaluation.summary import share_with_interval
from metammo.evaluation.task_score import mean_interval, score_tasks

PAPER_STEPS, PAPER_HOURS = 400e6, 20.0
"""Of the paper's generalists: agent-steps, and the hours that they took at most, on an RTX 4090."""
PUBLISHED_SCORE = "14.04 [13.78, 14.30]"
"""Weighted task score of the paper's generalist of 400 M agent-steps, as docs/evaluation.md has it
from the published results."""
PANELS = 5
"""Beside each other in a figure."""
PANEL_SIZE = (2.5, 0.32)
"""Width of a panel, and height of a row, in inches."""
LETTERS = 26
"""Of a title, above one panel of learning curves."""
COLOURS = {
    "generalist": ORANGE,
    "specialist": BLUE,
    "frozen": GREEN,
    "tuned": GREEN,
    "scratch": "#8172b3",
    "wide": "#c44e52",
}
SKELETON = """# Results

How a generalist fares beside specialists that had as many samples of their game, by our own runs:
[the experiment](../experiments/generalist/README.md).
"""


@dataclass(frozen=True)
class Part:
    """What the script writes of the page under one heading."""

    name: str
    """Of its markers."""
    title: str
    """Of its heading, where the page has none yet."""
    text: str
    """Markdown."""


@dataclass(frozen=True)
class Game:
    """What came of a tournament in one game."""

    game: str
    """Its id."""
    table: pl.DataFrame
    """Rows of episodes."""
    kinds: dict[str, list[str]]
    """Policies by kind."""
    pooled: Pooled
    """Ratings of the kinds."""
    rows: dict[str, dict[str, Any]]
    """Of `ranking.rank`, by policy."""


# Reading


def kinds_of(
    experiment: Experiment, tournament: Tournament, policies: Sequence[str]
) -> dict[str, list[str]]:
    """Return policies by kind: their family, or what they learned; others are kinds themselves."""
    legs = {leg.name: leg for leg in experiment.legs}
    kinds: dict[str, list[str]] = {}
    order = {name: place for place, name in enumerate(legs)}

    def place_of(policy: str) -> tuple[int, int, str]:
        leg = legs.get(policy.partition("/")[0])
        others = [*experiment.others, policy]
        return (0, order[leg.name], policy) if leg else (1, others.index(policy), policy)

    for policy in sorted(policies, key=place_of):
        leg = legs.get(policy.partition("/")[0])
        kind = policy
        if leg:
            kind = leg.name.rpartition("-")[0] if tournament.first_seed_only else leg.family
        kinds.setdefault(kind, []).append(policy)
    return kinds


def read_game(
    experiment: Experiment, folder: Path, tournament: Tournament, game: str
) -> Game | None:
    """Return what came of a tournament's game; None: it was not played."""
    place = results_folder(folder, experiment.config, tournament.name, game)
    path = place / f"{game}.parquet"
    if not path.is_file():
        return None
    table = read_rows(path, EpisodeRow)
    kinds = kinds_of(experiment, tournament, sorted(table["policy"].unique()))
    rows = {row["policy"]: row for row in rank(table).rows}
    return Game(game, table, kinds, pool_ratings(table, kinds), rows)


# Words


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def estimate_text(estimate: Estimate, sign: str = "") -> str:
    """Return points with their interval."""
    ends = f"{estimate.low:{sign}.0f}, {estimate.high:{sign}.0f}"
    return f"{estimate.value:{sign}.0f} [{ends}]"


def fate_text(table: pl.DataFrame, names: Sequence[str]) -> str:
    """Return how often policies won, with its interval, and their task progress.

    The interval knows of the episodes alone, and takes those of several policies as independent.
    """
    own = [table.filter(pl.col("policy") == name) for name in names]
    won, low, high = share_with_interval([each["won"].cast(pl.Float64).to_numpy() for each in own])
    progress = np.mean([each["progress"].mean() for each in own])
    return f"{won:.0%} [{100 * low:.0f}, {100 * high:.0f}]; {progress:.2f}"


def sizes_text(experiment: Experiment, games: Sequence[Game]) -> str:
    """Return of which scale, seeds and episodes numbers are."""
    trained = {name.partition("/")[0] for each in games for name in each.rows}
    legs = [leg for leg in experiment.legs if leg.name in trained]
    seeds = sorted({leg.seed for leg in legs})
    trained_by = f"training seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    counts = sorted({each.table.select("seed", "episode").n_unique() for each in games})
    episodes = " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1])))
    return (
        f"Specialists of {millions(experiment.scale)} agent-steps; {trained_by}; "
        f"{episodes} episodes of each game."
    )


def reproduce_text(experiment: Experiment, tournament: Tournament, folder: Path) -> str:
    """Return the commands that make a part's numbers again."""
    place = results_folder(folder, experiment.config, tournament.name, tournament.games[0])
    seeds = " ".join(map(str, experiment.seeds))
    return (
        "```sh\n"
        f"python -m experiments.generalist.run --config {experiment.config} "
        f"--scale {experiment.scale} --seeds {seeds}\n"
        f"metammo rank {place}    # one game's policies, each by itself\n"
        "```"
    )


def verdict_text(games: Sequence[Game], kind: str, other: str) -> str:
    """Return in how many games one kind is surely above another, or below, and of what that is."""
    met = [each for each in games if {kind, other} <= set(each.kinds)]
    told = [each.pooled.difference(kind, other) for each in met]
    above = sum(each.low > 0 for each in told)
    below = sum(each.high < 0 for each in told)
    return (
        f"By these intervals the {kind} is above the {other} in {above} of "
        f"{counted(len(told), 'game')}, below in {below}, and neither in "
        f"{len(told) - above - below}." + single_text(met, [kind, other])
    )


def single_text(games: Sequence[Game], kinds: Sequence[str]) -> str:
    """Return of which kinds one seed alone played, so that intervals say nothing of others."""
    alone = [kind for kind in kinds if any(len(each.kinds.get(kind, ())) == 1 for each in games)]
    if not alone:
        return ""
    return (
        f" Of the {' and the '.join(alone)} there is one seed: this is about that seed alone, and "
        "says nothing of others."
    )


def families(games: Sequence[Game], experiment: Experiment) -> tuple[list[str], list[str]]:
    """Return the kinds of trained policies and all kinds, in order."""
    kinds = list(dict.fromkeys(kind for each in games for kind in each.kinds))
    others = [kind for kind in experiment.others if kind in kinds]
    trained = [kind for kind in kinds if kind not in others]
    return trained, [*trained, *others]


# Tables of a tournament


def rating_tables(experiment: Experiment, games: Sequence[Game]) -> list[str]:
    """Return ratings by kind and game, differences, fates, and every policy by itself."""
    trained, kinds = families(games, experiment)
    first, *rest = trained
    rows, fates, singles = [], [], []
    for each in games:
        told = dict(zip(each.pooled.kinds, each.pooled.ratings, strict=True))
        cells = [estimate_text(told[kind]) if kind in told else DASH for kind in kinds]
        differences = [
            estimate_text(each.pooled.difference(first, kind), "+")
            if {first, kind} <= set(told)
            else DASH
            for kind in rest
        ]
        rows.append((f"`{each.game}`", *cells, *differences))
        fate = [
            fate_text(each.table, each.kinds[kind]) if kind in each.kinds else DASH
            for kind in kinds
        ]
        fates.append((f"`{each.game}`", *fate))
        for kind in kinds:
            for name in each.kinds.get(kind, ()):
                row = each.rows[name]
                own = estimate_text(Estimate(row["bradley_terry"], row["low"], row["high"]))
                more = (fate_text(each.table, [name]), f"{row['episodes']:,}")
                singles.append((f"`{each.game}`", f"`{name}`", own, *more))
    minus = [f"{first} above {kind}" for kind in rest]
    return [
        "Ratings in points (Bradley-Terry, 95%), the mean of all that met being 1000; of several "
        "seeds the mean, whose interval knows of seeds and episodes (Student's t; of a difference "
        "Welch's)." + single_text(games, trained),
        markdown(("game", *kinds, *minus), rows),
        *(verdict_text(games, first, kind) for kind in rest),
        "Share of episodes won, 95%; task progress. These intervals know of the episodes alone, "
        "not of the seeds, and take policies that played the same episodes as independent.",
        markdown(("game", *kinds), fates),
        "<details><summary>Each policy by itself</summary>",
        markdown(("game", "policy", "rating", "won; progress", "episodes"), singles),
        "</details>",
    ]


def transfer_table(experiment: Experiment, games: Sequence[Game]) -> list[str]:
    """Return points above the random player by kind and game; where it was trained in bold."""
    _, kinds = families(games, experiment)
    legs = {leg.name.rpartition("-")[0]: leg for leg in experiment.legs}
    rows = []
    for kind in kinds:
        cells = []
        for each in games:
            if kind not in each.kinds:
                cells.append(DASH)
                continue
            told = estimate_text(each.pooled.difference(kind, "random"), "+")
            is_own = kind in legs and each.game in legs[kind].games
            cells.append(f"**{told}**" if is_own else told)
        rows.append((f"`{kind}`", *cells))
    return [
        "Points above the random player (Bradley-Terry, 95%), of one seed of each: intervals know "
        "of its episodes alone. In bold games that it was trained on.",
        markdown(("policy", *(f"`{each.game}`" for each in games)), rows),
    ]


def curve_table(games: Sequence[Game]) -> list[str]:
    """Return the ratings of checkpoints."""
    rows = [
        (
            f"`{each.game}`",
            f"`{name}`",
            estimate_text(Estimate(row["bradley_terry"], row["low"], row["high"])),
            fate_text(each.table, [name]),
        )
        for each in games
        for name, row in each.rows.items()
    ]
    return [
        "<details><summary>Each checkpoint</summary>",
        markdown(("game", "policy", "rating", "won; progress"), rows),
        "</details>",
    ]


def task_table(experiment: Experiment, folder: Path, tournament: Tournament) -> list[str]:
    """Return the scores of the evaluation's tasks; none where they were not asked."""
    game = tournament.games[0]
    place = results_folder(folder, experiment.config, tournament.name, game)
    path = place / f"{game}-tasks.parquet"
    if not path.is_file():
        return []
    scores = score_tasks(read_rows(path, TaskRow)).rows
    by_name = {row["policy"]: row for row in scores}
    rows = [
        (
            f"`{row['policy']}`",
            _with_ends(row, "weighted_score", "weighted_", ".2f"),
            _with_ends(row, "task_progress", "", ".4f"),
            f"{row['completion']:.1%}",
            f"{row['lives']:,}",
        )
        for row in scores
    ]
    pooled = []
    for kind, names in kinds_of(experiment, tournament, list(by_name)).items():
        values = np.array([by_name[name]["weighted_score"] for name in names], float)
        low, high = mean_interval(values)
        ends = "" if low is None else f" [{low:.2f}, {high:.2f}]"
        pooled.append((f"`{kind}`", f"{len(names)}", f"{values.mean():.2f}{ends}"))
    pooled.append(("the paper's generalist, 400 M agent-steps", "1", PUBLISHED_SCORE))
    return [
        "Weighted score over the 62 published tasks, at most 83.3; the interval of several "
        "policies is of their mean, by Student's t between them.",
        markdown(("policy", "how many", "weighted score"), pooled),
        "Each by itself; intervals are between the seeds of the matches.",
        markdown(("policy", "weighted score", "task progress", "done", "lives"), rows),
    ]


def _with_ends(row: Mapping[str, Any], name: str, prefix: str, form: str) -> str:
    value, low, high = row[name], row[f"{prefix}low"], row[f"{prefix}high"]
    if value is None:
        return DASH
    return f"{value:{form}}" + ("" if low is None else f" [{low:{form}}, {high:{form}}]")


# Training


def _median_text(values: Sequence[float]) -> str:
    return f"{np.median(values):,.0f}" if values else DASH


def training_part(experiment: Experiment, folder: Path) -> Part | None:
    """Return how long the legs took, and how many steps of each game they had."""
    found = [(leg, run_folder(folder, leg)) for leg in experiment.legs]
    runs = [(leg, read_run(place)) for leg, place in found if (place / "settings.json").is_file()]
    if not runs:
        return None
    groups: dict[str, list[tuple[Leg, RunFolder]]] = {}
    for leg, run in runs:
        groups.setdefault(leg.name.rpartition("-")[0], []).append((leg, run))
    rows, shares = [], []
    for name, group in groups.items():
        seconds = [run.last("seconds") or 0.0 for _, run in group]
        rows.append(
            (
                f"`{name}`",
                ", ".join(str(leg.seed) for leg, _ in group),
                millions(float(np.mean([run.steps for _, run in group]))),
                duration(float(np.mean(seconds))),
                _median_text([run.speed for _, run in group if run.speed]),
            )
        )
        for leg, run in group:
            if len(leg.games) > 1:
                shares += _share_rows(leg, run)
    steps = sum(run.steps for _, run in runs)
    hours = sum(run.last("seconds") or 0.0 for _, run in runs) / 3600
    machines = {
        f"{told.get('cores')} cores of {told.get('processor')}"
        for _, run in runs
        if (told := run.origin.get("machine", {}))
    }
    rate = f", {steps / hours / 3600:,.0f} a second" if hours else ""
    text = [
        markdown(
            ("leg", "seeds", "agent-steps each", "time each", "agent-steps/s of one leg"), rows
        ),
        f"In all {millions(steps)} agent-steps in {hours:.1f} hours, each leg's time counted by "
        f"itself{rate}; legs ran side by side, so that the whole took less. Machine: "
        f"{'; '.join(sorted(machines)) or 'not told'}. The paper's: under {PAPER_HOURS:.0f} hours "
        f"for {PAPER_STEPS / 1e6:.0f} M on an RTX 4090, so at least "
        f"{PAPER_STEPS / PAPER_HOURS / 3600:,.0f} a second.",
    ]
    if shares:
        text += ["What of it went to each game:", markdown(("leg", "game", "agent-steps"), shares)]
    name = f"{experiment.config}-training"
    return Part(name, f"Training, {experiment.config} config", "\n\n".join(text))


def _share_rows(leg: Leg, run: RunFolder) -> list[tuple[str, str, str]]:
    rows = []
    for game in leg.games:
        counted_steps = run.game_steps(game)
        own = millions(counted_steps[-1][1]) if counted_steps else DASH
        rows.append((f"`{leg.name}`", f"`{game}`", own))
    return rows


# Figures


def _save(figure: Figure, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DOTS_PER_INCH)
    return path.name


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
    size = (max(width * columns + 1.0, 7.2), lines * (height * len(kinds) + 0.75) + 0.95)
    figure = Figure(figsize=size, layout="constrained")
    first = None
    for place, each in enumerate(games):
        axes = figure.add_subplot(lines, columns, place + 1, sharex=first, sharey=first)
        first = first or axes
        axes.spines[["top", "right"]].set_visible(False)
        axes.axvline(START, color=GREY, linestyle=":", linewidth=1, zorder=1)
        told = dict(zip(each.pooled.kinds, each.pooled.ratings, strict=True))
        for row, kind in enumerate(kinds):
            if kind not in told:
                continue
            estimate, colour = told[kind], colours[kind]
            axes.plot(
                [estimate.low, estimate.high], [row, row], color=colour, linewidth=2, zorder=2
            )
            axes.plot(estimate.value, row, "o", color=colour, markersize=6, zorder=3)
            own = [each.rows[name]["bradley_terry"] for name in each.kinds[kind]]
            if len(own) > 1:
                style = {"color": colour, "markerfacecolor": "white", "markersize": 4}
                axes.plot(own, [row + 0.27] * len(own), "o", linestyle="", zorder=3, **style)
        axes.set_yticks(range(len(kinds)), kinds, fontsize=9)
        axes.tick_params(axis="y", length=0, labelleft=place % columns == 0)
        axes.tick_params(axis="x", labelsize=8)
        axes.set_ylim(len(kinds) - 0.4, -0.6)
        axes.set_title(each.game, fontsize=10)
    # At the left: the legend is at the right.
    figure.supxlabel("Rating in points", fontsize=10, x=0.02, ha="left")
    figure.suptitle(title, fontsize=11)
    keys = [
        Line2D([], [], marker="o", color=GREY, label="mean over seeds, 95%"),
        Line2D([], [], marker="o", color=GREY, markerfacecolor="white", linestyle="", label="seed"),
    ]
    if any(len(names) > 1 for each in games for names in each.kinds.values()):
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
    legs = {leg.name.rpartition("-")[0]: leg for leg in experiment.legs}
    size = (2.8 + 0.72 * len(games), 1.9 + 0.42 * len(kinds))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    reach = max(float(np.nanmax(np.abs(values))), 1.0)
    image = axes.imshow(values, cmap="RdBu", vmin=-1.2 * reach, vmax=1.2 * reach, aspect="auto")
    for row, kind in enumerate(kinds):
        for column, each in enumerate(games):
            value = values[row, column]
            if np.isfinite(value):
                weight = "bold" if kind in legs and each.game in legs[kind].games else "normal"
                colour = "white" if abs(value) > 0.8 * reach else "black"
                style = {"ha": "center", "va": "center", "fontsize": 8}
                axes.text(column, row, f"{value:+.0f}", color=colour, weight=weight, **style)
    names = [each.game for each in games]
    axes.set_xticks(range(len(games)), names, rotation=40, ha="right", fontsize=9)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=9)
    bar = figure.colorbar(image, label="points above random", shrink=0.9)
    bar.ax.set_ylim(-reach, reach)
    axes.set_title(title, fontsize=11)
    return figure


def curves_figure(
    experiment: Experiment, folder: Path, games: Sequence[Game], title: str
) -> Figure:
    """Return ratings over samples of the game, as in the paper's figures."""
    panels = []
    for each in games:
        names = {name.partition("/")[0] for name in each.rows}
        runs = [read_run(run_folder(folder, leg)) for leg in experiment.legs if leg.name in names]
        curves = rating_curves(
            list(each.rows.values()),
            group_runs(runs),
            each.game,
            "bradley_terry",
            ("low", "high"),
        )
        panels.append(Panel(each.game, "Bradley-Terry rating", curves, START))
    letters = LETTERS * min(len(panels), PANELS)
    lines = [textwrap.fill(line, letters) for line in title.splitlines()]
    return learning_figure(panels, "\n".join(lines), PANELS)


# The page


def tournament_part(
    experiment: Experiment, folder: Path, tournament: Tournament, images: Path
) -> Part | None:
    """Return what came of a tournament; None: nothing of it was played."""
    found = [read_game(experiment, folder, tournament, game) for game in tournament.games]
    games = [each for each in found if each is not None]
    if not games:
        return None
    sizes = sizes_text(experiment, games)
    heading = f"{tournament.question} ({experiment.config})"
    title = f"{heading}\n{sizes}"
    if tournament.checkpoints:
        figure, text = curves_figure(experiment, folder, games, title), curve_table(games)
    elif tournament.first_seed_only:
        figure, text = transfer_figure(experiment, games, title), transfer_table(experiment, games)
    else:
        figure, text = ratings_figure(experiment, games, title), rating_tables(experiment, games)
    tasks = task_table(experiment, folder, tournament)
    missing = [game for game, each in zip(tournament.games, found, strict=True) if each is None]
    name = f"results_{experiment.config}_{tournament.name}.png"
    text = [
        sizes + (f" Not played: {', '.join(missing)}." if missing else ""),
        f"![{heading}]({images.name}/{_save(figure, images / name)})",
        *tasks,
        *text,
        reproduce_text(experiment, tournament, folder),
    ]
    part = f"{experiment.config}-{tournament.name}"
    return Part(part, heading, "\n\n".join(text))


def write_parts(path: Path, parts: Sequence[Part]) -> None:
    """Write parts into a page, each between its markers; those that it lacks come at the end.

    Raises:
        ValueError: a part begins and does not end.
    """
    page = path.read_text(encoding="utf-8") if path.is_file() else SKELETON
    for part in parts:
        begin, end = (f"<!-- {word} {part.name} -->" for word in ("begin", "end"))
        if (begin in page) != (end in page):
            raise ValueError(f"{path}: the part {part.name} needs both {begin} and {end}")
        text = f"{begin}\n\n{part.text}\n\n{end}"
        if begin in page:
            between = re.escape(begin) + r".*?" + re.escape(end)
            page = re.sub(between, lambda _, text=text: text, page, flags=re.DOTALL)
        else:
            page = f"{page.rstrip()}\n\n## {part.title}\n\n{text}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def write_report(experiment: Experiment, folder: Path, path: Path) -> list[str]:
    """Write what there is of an experiment into the page; return the names of the parts.

    Args:
        experiment: what was trained and played.
        folder: of runs and results.
        path: the page; figures go into `images` beside it.

    Raises:
        ValueError: files that cannot be read, or markers that do not fit.
    """
    images = path.parent / "images"
    found = [training_part(experiment, folder)]
    found += [
        tournament_part(experiment, folder, tournament, images)
        for tournament in experiment.tournaments
    ]
    parts = [part for part in found if part is not None]
    write_parts(path, parts)
    return [part.name for part in parts]
