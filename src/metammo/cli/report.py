"""`metammo report`: what training runs and results came to, in one page."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import note
from metammo.evaluation.report import make_report
from metammo.evaluation.report_page import check_report_path, write_report
from metammo.evaluation.report_parts import Links, Report, counted
from metammo.evaluation.report_ratings import Source
from metammo.evaluation.results import FORMS, read_by_game
from metammo.evaluation.rows import EpisodeRow, ResultError, RowType, TaskRow
from metammo.evaluation.runs import RunFolder, find_runs, read_run
from metammo.evaluation.strengths import SAMPLES
from metammo.files import beside

SAMPLE_LIMIT = 100_000


@dataclass(frozen=True)
class Options:
    """Write one page about training runs and results: curves, ratings, scores, replays.

    An .html file holds everything, figures as well; an .md file has a folder of figures beside it.
    What is not there is left out, and the page says so.

    Example: metammo report runs/race_to_center-0 race.parquet --out race.html
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH ...")]
    """Folders of runs, or folders of such folders; files and folders of results, our rows
    (.parquet, .csv) or Meta MMO's."""
    out: Path = Path("report.html")
    """What to write: .html or .md."""
    pages: bool = False
    """Also write a page for each replay, to watch it, into a folder beside the report."""
    title: str = ""
    """Of the report."""
    samples: int = SAMPLES
    """Bootstrap samples behind the ratings' intervals."""


@dataclass(frozen=True)
class Found:
    """What lies at the paths."""

    runs: list[RunFolder]
    """Training runs."""
    episodes: list[Source]
    """Results to rate."""
    tasks: list[Source]
    """Results to score."""


def _sources(name: str, paths: Sequence[Path], row_type: RowType) -> list[Source]:
    return [
        Source(name, game or "", config or "", results)
        for (game, config), results in read_by_game(paths, row_type).items()
    ]


def find(paths: Sequence[str]) -> Found:
    """Return the runs and results at some paths.

    Raises:
        ValueError: a path holds neither, or what it holds is damaged.
    """
    found = Found([], [], [])
    files: list[Path] = []
    seen: set[Path] = set()
    folders = {Path(path).resolve() for path in paths if Path(path).is_dir()}

    def add(name: str, places: Sequence[Path]) -> bool:
        episodes, tasks = (_sources(name, places, kind) for kind in (EpisodeRow, TaskRow))
        found.episodes.extend(episodes)
        found.tasks.extend(tasks)
        return bool(episodes or tasks)

    for path in map(Path, paths):
        if not path.exists():
            raise ResultError(f"there is no file or folder {str(path)!r}")
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        if path.is_file():
            if path.resolve().parent not in folders:  # else it is read with its folder
                files.append(path)
            continue
        runs = find_runs(path)
        known = {run.folder.resolve() for run in found.runs}
        found.runs.extend(read_run(each) for each in runs if each.resolve() not in known)
        holds = add(path.resolve().name, [path])
        if runs or holds:
            continue
        inside = sorted(each for each in path.iterdir() if each.is_dir())
        if not [each for each in inside if add(each.name, [each])]:
            raise ResultError(
                f"{path}: neither a run's folder, nor one of runs, nor of results, such as "
                f"{FORMS[EpisodeRow]}"
            )
    for path in files:
        if not any(read_by_game([path], kind) for kind in (EpisodeRow, TaskRow)):
            raise ResultError(f"{path}: is none of {FORMS[EpisodeRow]}; {FORMS[TaskRow]}")
    add("", files)
    return found


def _write_pages(report: Report, out: Path) -> dict[Path, Path]:
    """Write a page for each replay of a report; return them by the replay's file."""
    from metammo.replay.page import replay_page

    folder = out.with_name(f"{out.stem}_pages")
    pages: dict[Path, Path] = {}
    for section in report.sections:
        for block in section.blocks:
            for link in block.links if isinstance(block, Links) else []:
                folder.mkdir(exist_ok=True)
                name, number = f"{link.run}-{link.file.stem}", 1
                page = folder / f"{name}.html"
                while page in pages.values():  # runs of two folders may have the same name
                    number += 1
                    page = folder / f"{name}-{number}.html"
                with beside(page) as part:
                    part.write_text(replay_page(link.file.read_bytes()), encoding="utf-8")
                pages[link.file] = page
    return pages


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo report")
    if not 1 <= options.samples <= SAMPLE_LIMIT:
        raise ValueError(f"--samples must lie in 1..{SAMPLE_LIMIT}, not {options.samples}")
    if not options.paths:
        raise ValueError("name runs or results, as in: metammo report runs/race_to_center-0")
    check_report_path(options.out)
    if options.pages:
        from metammo.replay.page import check_viewer

        check_viewer()
    found = find(options.paths)
    sources = len(found.episodes) + len(found.tasks)
    note(f"{counted(len(found.runs), 'run')}, results of {counted(sources, 'game')}")
    report = make_report(
        found.runs, found.episodes, found.tasks, title=options.title, samples=options.samples
    )
    pages = _write_pages(report, options.out) if options.pages else {}
    made = time.strftime("%Y-%m-%d %H:%M")
    write_report(report, options.out, pages, made)
    for line in report.left_out:
        note(f"left out: {line}")
    print(options.out)
    return 0
