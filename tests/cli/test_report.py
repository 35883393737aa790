"""What `metammo report` writes of runs and results, and what it says of wrong ones."""

import json
import re

import pytest

from metammo.cli.main import main
from metammo.evaluation.rows import EpisodeRow, write_rows
from metammo.replay import page
from metammo.replay.format import write_replay
from tests.evaluation.results import episode_rows
from tests.evaluation.run_folders import write_run
from tests.replay.files import made_up_replay


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with a folder of runs, one of them with a replay, and two of results."""
    monkeypatch.chdir(tmp_path)
    folder = write_run(tmp_path / "runs" / "race")
    (folder / "replays").mkdir()
    write_replay(folder / "replays" / "500.metammo", made_up_replay())
    for name in ("koh", "sandwich"):
        results = tmp_path / "results" / f"mini_{name}"
        results.mkdir(parents=True)
        (results / f"{name}_1.json").write_text(json.dumps([{"a": 1, "b": 0}, {"a": 0, "b": 1}]))
    return tmp_path


def report(*arguments):
    return main(["report", *arguments, "--samples", "5"])


def sections(place, name="report.html"):
    return re.findall(r"<h2>(.*?)</h2>", (place / name).read_text(encoding="utf-8"))


def test_a_folder_of_runs_and_one_of_results_are_one_page(place, capsys):
    assert report("runs", "results") == 0
    captured = capsys.readouterr()
    assert captured.out == "report.html\n"
    assert "1 run, results of 2 games" in captured.err
    assert "left out: task scores: no results of tasks are given" in captured.err
    found = sections(place)
    assert found[0] == "Runs"
    assert {"Ratings: koh (mini_koh)", "Ratings: sandwich (mini_sandwich)", "Left out"} <= set(
        found
    )
    text = (place / "report.html").read_text(encoding="utf-8")
    assert 'href="runs/race/replays/500.metammo"' in text
    assert "after 0.00 M: survive, 5 ticks, won, task progress 0.58" in text
    assert sorted(each.name for each in place.iterdir()) == ["report.html", "results", "runs"]


def test_a_run_given_twice_is_there_once(place, capsys):
    assert report("runs", "runs/race", "--out", "again.html", "--title", "Again & again") == 0
    assert "1 run, " in capsys.readouterr().err
    assert "<h1>Again &amp; again</h1>" in (place / "again.html").read_text(encoding="utf-8")


def test_files_of_results_are_rated_together(place):
    for seed in (1, 2):
        rows = episode_rows({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, seed=seed)
        write_rows(place / f"{seed}.parquet", rows, EpisodeRow)
    assert report("1.parquet", "2.parquet") == 0
    assert sections(place)[:1] == ["Ratings: survive"]
    assert "4 episodes of 2 seeds." in (place / "report.html").read_text(encoding="utf-8")
    assert report(".", "1.parquet") == 0
    assert sum(title.startswith("Ratings") for title in sections(place)) == 1


def test_pages_to_watch_are_written_beside_the_report(place, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(page, "VIEWER", tmp_path / "viewer")
    assert report("runs", "--pages") == 2
    assert "the viewer is not built" in capsys.readouterr().err
    # Before anything is rated or written.
    assert not (place / "report_pages").exists()
    (tmp_path / "viewer").mkdir()
    (tmp_path / "viewer" / "single.html").write_text("<html><body>viewer</body></html>")
    other = write_run(place / "more" / "race", seed=1)
    (other / "replays").mkdir()
    write_replay(other / "replays" / "500.metammo", made_up_replay())
    assert report("runs", "more", "--pages") == 0
    text = (place / "report.html").read_text(encoding="utf-8")
    for name in ("race-500.html", "race-500-2.html"):
        assert f'href="report_pages/{name}"' in text
        assert 'id="replay"' in (place / "report_pages" / name).read_text()


def test_markdown_lies_beside_its_figures(place):
    assert report("runs", "--out", "report.md") == 0
    text = (place / "report.md").read_text(encoding="utf-8")
    assert "## Learning curves: race\\_to\\_center" in text
    assert (place / "report_figures" / "deaths.png").is_file()
    assert "(runs/race/replays/500.metammo)" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name runs or results"),
        (["nowhere"], "there is no file or folder 'nowhere'"),
        (["empty"], "neither a run's folder, nor one of runs, nor of results"),
        (["runs/race/settings.json"], "is none of"),
        (["runs", "--out", "report.pdf"], "report.pdf cannot be written: it must end in .html or"),
        (["runs", "--out", "none/report.html"], "there is no folder none"),
        (["results/mini_koh", "results/mini_koh/koh_2.json"], "koh_2.json: not JSON"),
        (["broken"], "broken/settings.json: not JSON"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(arguments, words, place, capsys):
    (place / "empty").mkdir()
    (place / "broken").mkdir()
    (place / "broken" / "settings.json").write_text("{")
    if "results/mini_koh/koh_2.json" in arguments:
        (place / "results" / "mini_koh" / "koh_2.json").write_text("[{")
    assert report(*arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_the_number_of_samples_has_limits(place, capsys):
    assert main(["report", "runs", "--samples", "0"]) == 2
    assert "--samples must lie in 1..100000, not 0" in capsys.readouterr().err
