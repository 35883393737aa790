"""What came of the experiment? Tables and figures in docs/results.md, every number from the files.

The page's other words are written by hand: only what stands between `<!-- begin NAME -->` and
`<!-- end NAME -->` is written anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.generalist.costs import training_tables
from experiments.generalist.figures import (
    curves_figure,
    ratings_figure,
    task_figure,
    transfer_figure,
)
from experiments.generalist.legs import Experiment, Tournament
from experiments.generalist.matches import FOLDER, results_folder
from experiments.generalist.outcomes import Game, legs_of, read_game
from experiments.generalist.tables import (
    curve_table,
    episodes_of,
    rating_tables,
    reading_text,
    sizes_text,
    transfer_table,
)
from experiments.generalist.task_scores import read_scores, score_kinds, task_tables
from matplotlib.figure import Figure

from metammo.evaluation.figures import save_figure
from metammo.files import beside

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


def reproduce_text(experiment: Experiment, tournament: Tournament, games: Sequence[Game]) -> str:
    """Return the commands that make a part's numbers again, in the folder that is the default."""
    seeds = sorted({leg.seed for leg in legs_of(experiment, games)})
    blocks = [block for each in games for block in each.blocks]
    episodes = -(-max(map(episodes_of, blocks)) // len(experiment.match_seeds))
    first = results_folder(
        FOLDER, experiment.config, blocks[0].seed, tournament.name, games[0].game
    )
    return (
        "```sh\n"
        f"python -m experiments.generalist.run --config {experiment.config} --scale "
        f"{experiment.scale} --seeds {' '.join(map(str, seeds))} --episodes {episodes}\n"
        f"metammo rank {first}    # one game's policies of a seed\n"
        "```"
    )


def _save(figure: Figure, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path)
    return path.name


def training_part(experiment: Experiment, folder: Path) -> Part | None:
    """Return what the training cost; None: nothing was trained."""
    text = training_tables(experiment, folder)
    if not text:
        return None
    title = f"Training, {experiment.config} config"
    return Part(f"{experiment.config}-training", title, "\n\n".join(text))


def figure_of(
    experiment: Experiment, folder: Path, tournament: Tournament, games: Sequence[Game], title: str
) -> Figure:
    """Return the figure of a kind of tournament."""
    if tournament.checkpoints:
        return curves_figure(experiment, folder, games, title)
    draw = transfer_figure if tournament.first_seed_only else ratings_figure
    return draw(experiment, games, title)


def tables_of(
    experiment: Experiment, folder: Path, tournament: Tournament, games: Sequence[Game]
) -> list[str]:
    """Return the tables of a kind of tournament, and what they are of."""
    if tournament.checkpoints:
        return curve_table(experiment, folder, games)
    if tournament.first_seed_only:
        return transfer_table(experiment, games)
    return rating_tables(experiment, tournament, games)


def missing_text(tournament: Tournament, games: Sequence[Game], seeds: Sequence[int]) -> str:
    """Return which games were played by no seed, which seeds played none, and which not all."""
    played = {each.game: {block.seed for block in each.blocks} for each in games}
    absent = [seed for seed in seeds if seed not in set().union(*played.values())]
    told = [game for game in tournament.games if game not in played]
    told += [f"seed {seed}" for seed in absent]
    for game, by_whom in played.items():
        others = (seed for seed in seeds if seed not in by_whom and seed not in absent)
        told += [f"{game} of seed {seed}" for seed in others]
    return f"Not played: {', '.join(told)}." if told else ""


def tournament_part(
    experiment: Experiment, folder: Path, tournament: Tournament, images: Path
) -> Part | None:
    """Return what came of a tournament; None: nothing of it was played."""
    found = [read_game(experiment, folder, tournament, game) for game in tournament.games]
    games = [each for each in found if each is not None]
    if not games:
        return None
    sizes = sizes_text(experiment, folder, games)
    heading = f"{tournament.question} ({experiment.config})"
    title = f"{tournament.question}\n{sizes}"
    tables = tables_of(experiment, folder, tournament, games)
    scores = read_scores(experiment, folder, tournament)
    if scores is None:
        figure = figure_of(experiment, folder, tournament, games, title)
    else:
        kinds = score_kinds(experiment, folder, tournament, scores)
        figure = task_figure(kinds, title)
        tables = [*task_tables(scores, kinds), *tables]
    missing = missing_text(tournament, games, experiment.seeds_of(tournament))
    name = f"results_{experiment.config}_{tournament.name}.png"
    text = [
        f"{sizes} {missing}".rstrip(),
        f"![{heading}]({images.name}/{_save(figure, images / name)})",
        *tables,
        reproduce_text(experiment, tournament, games),
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
    with beside(path) as part:
        part.write_text(page, encoding="utf-8")


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
    if parts:
        parts.insert(0, Part("reading", "How to read it", reading_text()))
    write_parts(path, parts)
    return [part.name for part in parts]
