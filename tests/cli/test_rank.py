"""What `metammo rank` and `metammo score` say of files of results, and of wrong ones."""

import io
import json

import pytest
from rich.console import Console

from metammo.cli import show
from metammo.cli.main import main
from metammo.evaluation.result_tables import rating_table, task_score_table
from metammo.evaluation.rows import EpisodeRow, TaskRow, make_table, write_rows
from tests.evaluation.results import episode_rows

GAMES = [{"random": 0.1, "scripted": 0.6}, {"random": 0.2, "scripted": 0.7, "mine": 0.5}]


@pytest.fixture
def results(tmp_path):
    """Return a folder with two seeds of the peer's results, and a file of tasks."""
    for seed in (1, 2):
        (tmp_path / f"race_{seed}.json").write_text(json.dumps(GAMES[:seed] * 3))
    tasks = [TaskRow(1, "mine", "equip_item('hat')", 0.5), TaskRow(1, "random", "tick_ge(1024)", 0)]
    write_rows(tmp_path / "tasks.parquet", make_table(tasks, TaskRow), TaskRow)
    return tmp_path


def test_rank_tells_all_ratings_as_json(results, capsys):
    assert main(["rank", str(results), "--json", "--samples", "50"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["game"], found["episodes"], found["seeds"], found["orders"]) == ("race", 9, 2, 2)
    best, *_, last = found["rows"]
    assert (best["policy"], last["policy"]) == ("scripted", "random")
    assert best["low"] <= best["bradley_terry"] <= best["high"]
    assert {"elo", "plackett_luce", "openskill", "openskill_reversed"} <= set(best)
    assert "'mine' is in 1 of 2 files only" in captured.err
    assert "none on the right ever did better" in captured.err
    assert len(found["warnings"]) == 2


def test_rank_prints_a_table_and_draws_a_figure(results, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    figure = results / "ratings.png"
    assert main(["rank", str(results / "race_2.json"), "--figure", str(figure)]) == 0
    captured = capsys.readouterr()
    for word in ("race: 6 episodes of 1 seed", "Bradley-Terry", "By the order of episodes"):
        assert word in captured.out
    assert figure.stat().st_size > 1000


def test_rank_rates_each_game_by_itself_and_chooses_among_them(tmp_path, capsys):
    for game in ("survive", "sandwich"):
        rows = episode_rows({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, game=game, won=True)
        write_rows(tmp_path / f"{game}.csv", rows, EpisodeRow)
    assert main(["rank", str(tmp_path), "--figure", str(tmp_path / "ratings.png")]) == 0
    told = capsys.readouterr().out
    assert told.index("sandwich: 2 episodes") < told.index("survive: 2 episodes")
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "ratings-sandwich.png",
        "ratings-survive.png",
    }
    assert main(["rank", str(tmp_path), "--json"]) == 0
    games = json.loads(capsys.readouterr().out)["games"]
    assert [each["game"] for each in games] == ["sandwich", "survive"]
    assert main(["rank", str(tmp_path), "--game", "survive"]) == 0
    told = capsys.readouterr().out
    assert "100% [3" in told
    assert "sandwich" not in told


def test_tables_fit_into_100_columns():
    ratings = {"bradley_terry": 1234.5, "plackett_luce": 1234.5, "elo": 1234.5, "won": 1.0}
    ends = ("low", "high", "plackett_luce_low", "plackett_luce_high")
    row = {"policy": "generalist/300000000", "episodes": 200, "score": 16.123, **ratings}
    row |= dict.fromkeys(ends, 1234.5) | {"won_low": 0.98, "won_high": 1.0}
    score = {"policy": "general_400m", "lives": 33_280, "length": 638.4, "weighted_score_63": None}
    score |= dict.fromkeys(("task_progress", "low", "high", "completion", "above_30"), 0.153)
    score |= dict.fromkeys(("weighted_score", "weighted_low", "weighted_high"), 14.04)
    for table in (rating_table([row, row]), task_score_table([score])):
        printed = show.make_table(table.columns, table.rows, 100)
        assert Console(width=300).measure(printed).maximum <= 100


@pytest.mark.parametrize("length", [5, 29, 90])
def test_a_long_name_takes_several_lines_and_breaks_no_number(length):
    cells = [("x" * length, "1096 [1065, 1162]", "1095 [1064, 1162]", "1014")]
    printed = show.make_table(("policy", "Bradley-Terry", "Plackett-Luce", "Elo"), cells, 80)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(printed)
    text = console.export_text()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "x" * min(length, 29) in text
    assert text.count("x") == length
    for cell in cells[0][1:]:
        assert cell in text


def test_score_tells_all_scores(results, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["score", str(results), "--json", "--tasks"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["rows"][0]["policy"] == "mine"
    assert found["rows"][0]["task_progress"] == 0.5
    assert found["rows"][1]["task_progress"] is None
    assert len(found["tasks"]) == len(found["categories"]) == 2
    assert "'mine' was asked 1 of 62 tasks" in captured.err
    assert main(["score", str(results), "--tasks"]) == 0
    text = capsys.readouterr().out
    for word in ("task progress", "Task progress by category", "equip_item('hat')"):
        assert word in text


def test_score_chooses_among_configs(tmp_path, capsys):
    for seed, config in enumerate(("mini", "full")):
        rows = [TaskRow(seed, "a", "equip_item('hat')", seed / 2, config=config)]
        write_rows(tmp_path / f"{config}.csv", make_table(rows, TaskRow), TaskRow)
    assert main(["score", str(tmp_path)]) == 2
    assert "choose with --config" in capsys.readouterr().err
    assert main(["score", str(tmp_path), "--config", "full", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["task_progress"] == 0.5


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("race_1.json", "[{", "not JSON"),
        ("race_1.json", '[{"a": NaN, "b": 1}]', "score of 'a' is nan"),
        ("race_1.json", '[{"a": 1}]', "nobody to compare"),
        ("race_1.json", '[{"a": 1, "b": 0}, {"c": 1, "d": 0}]', "never met"),
        ("notes.md", "x", "no results in"),
        ("rows.csv", "game,seed\nrace,1\n", "no column 'episode', 'policy', 'score'"),
    ],
)
def test_wrong_results_are_one_line_and_exit_code_2(name, text, words, tmp_path, capsys):
    (tmp_path / name).write_text(text)
    assert main(["rank", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rank", "nowhere"], "there is no file or folder 'nowhere'"),
        (["score", "nowhere"], "there is no file or folder 'nowhere'"),
        (["rank", ".", "--samples", "0"], "--samples must lie in 1..100000, not 0"),
        (["rank", ".", "--orders", "-3"], "--orders must lie in 1..100000, not -3"),
        (["rank", ".", "--figure", "x.jpg"], "must end in .png or .svg or .pdf"),
        (["score", "."], "no results in"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(
    arguments, words, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
