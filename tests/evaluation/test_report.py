"""A report holds what lies there, leaves out what does not, and says so; in HTML and Markdown."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from metammo.evaluation import published
from metammo.evaluation.published import curves
from metammo.evaluation.report import make_report
from metammo.evaluation.report_page import (
    check_report_path,
    html_page,
    link_to,
    markdown_page,
    write_report,
)
from metammo.evaluation.report_parts import Gallery, Links, Table, duration, millions
from metammo.evaluation.report_ratings import Source
from metammo.evaluation.results import Results, read_by_game
from metammo.evaluation.rows import EpisodeRow, ResultError, TaskRow, make_table, write_rows
from metammo.evaluation.runs import read_run
from tests.evaluation.results import episode_rows
from tests.evaluation.run_folders import metrics_of, write_run

MIXED = ["race_to_center", "survive"]
GAMES = [
    {"alone/500": 0.2, "alone": 0.8, "mixed": 0.5, "scripted": 0.6},
    {"alone/500": 0.3, "alone": 0.4, "mixed": 0.6, "scripted": 0.1},
    {"alone/500": 0.9, "alone": 0.4, "mixed": 0.1, "scripted": 0.2},
]
TASKS = [TaskRow(seed, "a|b", "equip_item('hat')", seed / 4) for seed in (1, 2)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a specialist of two seeds and a generalist."""
    tmp_path = tmp_path_factory.mktemp("runs")
    games = ["race_to_center"]
    return [
        read_run(write_run(tmp_path / "alone")),
        read_run(write_run(tmp_path / "alone-1", metrics_of(games, gain=0.1), seed=1)),
        read_run(write_run(tmp_path / "mixed", games=MIXED)),
    ]


def source_of(table, game="race_to_center", name=""):
    return Source(name, game, "", Results(table, 1, []))


@pytest.fixture(scope="module")
def whole(runs):
    """Return a report with every part but replays."""
    rows = episode_rows(*GAMES * 3, game="race_to_center")
    tasks = source_of(make_table(TASKS, TaskRow), "")
    return make_report(runs, [source_of(rows)], [tasks], samples=20)


def titles(report):
    return [section.title for section in report.sections]


def blocks(report, title, kind):
    (section,) = [section for section in report.sections if section.title == title]
    return [block for block in section.blocks if isinstance(block, kind)]


def test_a_report_has_every_part_that_is_there(whole):
    assert titles(whole) == [
        "Runs",
        "Learning curves: race_to_center",
        "Learning curves: survive",
        "Generalist beside specialist",
        "Ratings: race_to_center",
        "Task scores: tasks",
        "What agents died of",
        "Speed",
        "Settings and versions",
    ]
    assert len(blocks(whole, "Learning curves: race_to_center", Gallery)[0].pictures) == 7
    assert [line.split(":")[0] for line in whole.left_out] == [
        "replays of alone, alone-1, mixed",
    ]


def test_seeds_are_explained_where_there_are_several(whole):
    (race, *_), (survive, *_) = (
        blocks(whole, f"Learning curves: {game}", str) for game in ("race_to_center", "survive")
    )
    assert race.startswith("Thick: the mean over seeds")
    assert survive.startswith("Samples are agent-steps")


def test_tables_hold_the_numbers_of_the_files(whole):
    (runs,) = blocks(whole, "Runs", Table)
    assert runs.columns[4] == "agent-steps"
    assert runs.rows[0][:6] == ("alone", "race_to_center", "mini", "0", "0.00 M of 0.00 M", "done")
    assert runs.rows[2][6] == "race_to_center 0.50, survive 0.50"
    assert runs.rows[0][7] == "90%"
    (ends,) = blocks(whole, "Learning curves: race_to_center", Table)
    assert ends.rows[0][1] == "2"
    assert ends.rows[0][3] == "95% (90%, 100%)"
    assert ends.rows[1][1:4] == ("1", "0.00 M", "90%")
    (deaths,) = blocks(whole, "What agents died of", Table)
    assert deaths.rows[0] == ("alone", "race_to_center", "50.0%", "–", "25.0%", "–", "–", "25.0%")
    (speed,) = blocks(whole, "Speed", Table)
    assert speed.rows[0][:8] == ("alone", "92", "92", "10%", "–", "30%", "–", "60%")
    differing, versions, shared = blocks(whole, "Settings and versions", Table)
    assert {"games", "seed"} == {row[0] for row in differing.rows}
    assert ("torch", "2.7.0", "2.7.0", "2.7.0") in versions.rows
    assert ("ppo.learning_rate", "0.002") in shared.rows


def test_ratings_of_checkpoints_lie_over_the_samples_of_the_game(whole):
    (gallery,) = blocks(whole, "Generalist beside specialist", Gallery)
    (axes,) = gallery.pictures[0].figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["Specialist", "Generalist"]
    reached = [line.get_xdata()[-1] for line in axes.lines if line.get_marker() == "o"]
    assert reached == pytest.approx([1000e-6, 750e-6])


def test_three_seeds_have_an_interval(tmp_path):
    gains = (0.0, 0.1, 0.2)
    runs = [
        read_run(write_run(tmp_path / f"{n}", metrics_of(["race_to_center"], gain=gain), seed=n))
        for n, gain in enumerate(gains)
    ]
    report = make_report(runs, [], [])
    (ends,) = blocks(report, "Learning curves: race_to_center", Table)
    assert ends.rows[0][-1] == "0.600 [0.352, 0.848]"
    (gallery,) = blocks(report, "Learning curves: race_to_center", Gallery)
    axes = gallery.pictures[0].figure.axes[0]
    assert len(axes.collections) == 1


def test_missing_parts_are_left_out_with_a_line(tmp_path):
    begun = read_run(write_run(tmp_path / "begun", [], ()))
    report = make_report([begun], [], [])
    assert titles(report) == ["Runs", "Settings and versions"]
    assert report.left_out == [
        "learning curves of begun: no metrics yet",
        "what agents died of: no run's metrics say",
        "speed: no run's metrics say",
        "replays of begun: none; train with --record-every STEPS",
        "ratings: no results of episodes are given",
        "task scores: no results of tasks are given",
    ]


def test_results_that_cannot_be_rated_are_left_out_with_a_line(tmp_path):
    alone = source_of(episode_rows({"a": 1.0}))
    report = make_report([], [alone], [])
    assert report.sections == []
    assert "nobody to compare: a never met" in report.left_out[0]


def test_what_the_metrics_do_not_say_is_told(tmp_path):
    rows = metrics_of(MIXED, evaluated=False)
    for row in rows:
        del row["survive/steps"]
    old = read_run(write_run(tmp_path / "old", rows, games=MIXED))
    quiet = metrics_of(["survive"], evaluated=False)
    unrated = read_run(write_run(tmp_path / "unrated", quiet, games=["survive"]))
    report = make_report([old, unrated], [], [])
    assert "curves of old: metrics do not say how many steps" in report.left_out[0]
    assert "evaluations of unrated: none" in report.left_out[1]


def test_results_of_meta_mmo_are_drawn_by_their_published_shares():
    rows = episode_rows(
        {"general_100m": 1.0, "svonly_50m": 0.0}, {"general_100m": 0.0, "svonly_50m": 1}
    )
    report = make_report([], [source_of(rows, "survive", "full_sv")], [], samples=5)
    (gallery,) = blocks(report, "Generalist beside specialist", Gallery)
    axes = gallery.pictures[0].figure.axes[0]
    assert axes.get_title() == "Survival"
    reached = [line.get_xdata()[-1] for line in axes.lines if line.get_marker() == "o"]
    assert sorted(reached) == pytest.approx([28.8, 50])
    for one, other in (("mine", "yours"), ("general_50m", "svonly_50m")):
        others = episode_rows({one: 1.0, other: 0.0}, {one: 0.0, other: 1.0})
        report = make_report([], [source_of(others, "survive", "full_sv")], [], samples=5)
        assert titles(report) == ["Ratings: survive (full_sv)"]


def test_tasks_of_one_seed_are_drawn_without_an_interval():
    rows = [
        TaskRow(1, policy, "equip_item('hat')", 0.5) for policy in ("general_100m", "mtonly_25m")
    ]
    source = source_of(make_table(rows, TaskRow), "", "full_mt")
    (gallery,) = blocks(make_report([], [], [source]), "Generalist beside specialist", Gallery)
    axes = gallery.pictures[0].figure.axes[0]
    assert axes.get_title() == "Multi-task evaluation"
    assert len([line for line in axes.lines if line.get_marker() == "o"]) == 2
    row = {"policy": "general_100m", "task_progress": 0.5, "low": None, "high": None}
    drawn, _ = curves([row], published.TASKS, "task_progress", ("low", "high"))
    assert drawn.points[0][1:] == (0.5, 0.5, 0.5)


def test_columns_of_which_nothing_is_known_are_left_out(whole):
    (ratings,) = blocks(whole, "Ratings: race_to_center", Table)
    assert "won" not in ratings.columns
    assert {len(row) for row in ratings.rows} == {len(ratings.columns)} == {5}
    scores, _ = blocks(whole, "Task scores: tasks", Table)
    assert "ticks" not in scores.columns


class Checker(HTMLParser):
    """Reads a page: are its tags closed, its names single, its addresses inside it?"""

    VOID = ("meta", "br", "hr", "link")

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.tags = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read_page(page):
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


@pytest.fixture(scope="module")
def page(whole):
    """Return the page of the whole report."""
    return html_page(whole, Path("report.html"), {}, "today")


def test_a_page_is_whole_and_needs_no_other_file(whole, page):
    read = read_page(page)
    assert len(read.ids) == len(set(read.ids))
    assert all(link.startswith("#") and link[1:] in read.ids for link in read.links)
    assert read.tags.count("svg") == sum(
        len(block.pictures)
        for section in whole.sections
        for block in section.blocks
        if isinstance(block, Gallery)
    )
    assert "a|b" in page
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


def test_figures_follow_the_page_into_the_dark(page):
    figures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "#000000" not in figures
    assert "#ffffff" not in figures
    assert not re.findall(r"#[0-9a-f]{6}\b", figures)
    assert "prefers-color-scheme: dark" in page


def test_the_same_results_are_the_same_page():
    rows = episode_rows(*GAMES)
    reports = [make_report([], [source_of(rows)], [], samples=5) for _ in "ab"]
    pages = [html_page(report, Path("report.html"), {}, "today") for report in reports]
    assert pages[0] == pages[1]


def test_names_cannot_break_the_page(tmp_path):
    name = "<script>alert('&')</script>|_*"
    rows = episode_rows({name: 1.0, "b": 0.0}, {name: 0.0, "b": 1.0})
    report = make_report([], [source_of(rows)], [], title=name, samples=5)
    page = html_page(report, tmp_path / "report.html", {}, "today")
    assert "script" not in read_page(page).tags
    text, _ = markdown_page(report, tmp_path / "report.md", {}, "today")
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6


def test_markdown_has_its_figures_beside_it(whole, tmp_path):
    page = tmp_path / "my report.md"
    write_report(whole, page, {}, "today")
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^]]*\]\(([^)]*)\)", text)
    assert len(shown) == len(set(shown)) > 10
    for address in shown:
        assert (tmp_path / address.replace("%20", " ")).read_bytes().startswith(b"\x89PNG")
    assert "## Left out" in text
    assert "| alone | race\\_to\\_center |" in text


def test_replays_are_linked_and_pages_before_files(tmp_path):
    folder = write_run(tmp_path / "runs" / "race 0")
    (folder / "replays").mkdir()
    damaged = folder / "replays" / "500.metammo"
    damaged.write_bytes(b"no replay")
    report = make_report([read_run(folder)], [], [])
    assert "Replays" not in titles(report)
    assert any("replay 500.metammo of race 0" in line for line in report.left_out)
    assert link_to(damaged, tmp_path / "report.html") == "runs/race%200/replays/500.metammo"
    assert link_to(damaged, folder / "report.html") == "replays/500.metammo"


@pytest.mark.parametrize(
    ("name", "words"),
    [("report.txt", r"must end in \.html or"), ("none/report.md", "there is no folder")],
)
def test_a_report_that_cannot_be_written_is_refused(name, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        check_report_path(tmp_path / name)


def test_results_of_several_games_are_read_apart(tmp_path):
    for game, config in (("survive", "mini"), ("survive", "full"), ("sandwich", None)):
        rows = episode_rows({"a": 1.0, "b": 0.0}, game=game, config=config)
        write_rows(tmp_path / f"{game}_{config}.csv", rows, EpisodeRow)
    write_rows(tmp_path / "tasks.parquet", make_table(TASKS, TaskRow), TaskRow)
    found = read_by_game([tmp_path], EpisodeRow)
    assert list(found) == [("sandwich", None), ("survive", "full"), ("survive", "mini")]
    assert [len(results.table) for results in found.values()] == [2, 2, 2]
    assert list(read_by_game([tmp_path], TaskRow)) == [(None, None)]
    with pytest.raises(ResultError, match="comes 2 times"):
        read_by_game([tmp_path, tmp_path / "survive_full.csv"], EpisodeRow)


def test_words_for_steps_and_time():
    assert [millions(steps) for steps in (250_000, 12_345_678)] == ["0.25 M", "12 M"]
    spans = [None, 42, 600, 9000]
    assert [duration(seconds) for seconds in spans] == ["–", "42 s", "10 min", "2.5 h"]
    assert Links([]).links == []
