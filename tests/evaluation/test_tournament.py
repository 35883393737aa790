"""Tournaments: kept in pieces, gone on with after an interruption, the same rows in the end."""

import dataclasses
import json

import polars as pl
import pytest

from metammo.cli.main import main
from metammo.cli.tournament import chosen_games
from metammo.evaluation import tournament
from metammo.evaluation.match import play_matches
from metammo.evaluation.ranking import rank
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import EpisodeRow, ResultError
from metammo.evaluation.tournament import Plan, play_tournament
from metammo.policies.hub import load_policy
from metammo.tasks.curriculum import EVALUATION
from tests.evaluation.networks import network

KNOBS = {"horizon": 30, "playable": 16, "task": EVALUATION.tasks[0]}


def plan(**options):
    given = {
        "games": ["survive", "race_to_center"],
        "policies": [network(1), load_policy("scripted"), load_policy("random")],
        "episodes": 4,
        "seeds": (1, 2),
        "size": "tiny",
        "knobs": KNOBS,
    }
    return Plan(**{**given, **options})


def dumped(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, play_tournament(plan(), folder, threads=1, csv=True)


def test_every_episode_is_there_once_and_can_be_ranked(whole):
    folder, rows = whole
    for game in ("survive", "race_to_center"):
        found = read_results([folder], EpisodeRow, game=game)
        assert found.table.equals(rows[game].episodes)
        assert len(found.table) == 2 * 4 * 3
        assert len(rank(found.table, samples=10).rows) == 3
        assert read_results([folder / "csv" / f"{game}.csv"], EpisodeRow).table.equals(found.table)
        assert len(rows[game].tasks) == found.table["seats"].sum()
    first, second = (each.episodes.drop("game") for each in rows.values())
    assert not first.equals(second)


class StopHereError(Exception):
    pass


def interrupted(after):
    """Return what plays some episodes, and is then interrupted."""

    def run(jobs, **options):
        # Last episodes first, as if they had been the shortest.
        turned = [(match, numbers[::-1]) for match, numbers in jobs]
        for count, each in enumerate(play_matches(turned, **options)):
            if count == after:
                raise StopHereError
            yield each

    return run


def test_what_was_interrupted_goes_on_and_ends_with_the_same_rows(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(tournament, "PIECE_SECONDS", 0.0)
    seen = []
    for after in (3, 0, 1):
        with pytest.raises(StopHereError):
            play_tournament(plan(), tmp_path, runner=interrupted(after), progress=seen.append)
    assert seen == [0, 1, 2, 3, 3, 3, 4]
    # A piece of which the last file is missing was not played.
    (tmp_path / "pieces" / "survive-1-00077-tasks.parquet").write_bytes(b"half")
    assert play_tournament(plan(), tmp_path, threads=2, worlds=3, progress=seen.append)
    assert seen[-1] == 16
    wanted = dumped(whole[0])
    assert set(wanted) == {
        *("survive.parquet", "survive-tasks.parquet"),
        *("race_to_center.parquet", "race_to_center-tasks.parquet"),
    }
    assert dumped(tmp_path) == wanted
    before = len(list((tmp_path / "pieces").iterdir()))
    play_tournament(plan(), tmp_path)
    assert len(list((tmp_path / "pieces").iterdir())) == before


def test_more_episodes_are_added_to_those_that_are_there(whole, tmp_path):
    play_tournament(plan(episodes=2, games=["survive"]), tmp_path)
    play_tournament(plan(seeds=(1,)), tmp_path)
    play_tournament(plan(), tmp_path)
    assert dumped(tmp_path) == dumped(whole[0])


def test_rows_of_something_else_are_not_mixed_in(whole):
    folder = whole[0]
    for change, words in (
        ({"policies": [network(2), load_policy("random")]}, "differs in policies"),
        ({"knobs": {"horizon": 31}}, "differs in the knobs of survive"),
        ({"size": "standard"}, "differs in size"),
        ({"focal": 1}, "differs in focal"),
    ):
        with pytest.raises(ResultError, match=words):
            play_tournament(dataclasses.replace(plan(), **change), folder)
    path = folder / "tournament.json"
    kept = path.read_text()
    changed = json.loads(kept)
    changed["games"]["survive"]["version"] = 99
    try:
        path.write_text(json.dumps(changed))
        with pytest.raises(ResultError, match="the version of survive"):
            play_tournament(plan(), folder)
        path.write_text("{")
        with pytest.raises(ResultError, match="cannot be read"):
            play_tournament(plan(), folder)
    finally:
        path.write_text(kept)


def test_the_same_weights_are_the_same_policy():
    assert tournament.fingerprint(network(1)) == tournament.fingerprint(network(1))
    assert tournament.fingerprint(network(1)) != tournament.fingerprint(network(2))
    assert tournament.fingerprint(load_policy("random")) == "RandomPolicy"


def test_empty_plans_are_refused():
    for change in ({"episodes": 0}, {"seeds": ()}, {"games": []}):
        with pytest.raises(ValueError, match="at least one"):
            plan(**change)
    with pytest.raises(ValueError, match="given twice: survive, survive"):
        plan(games=["survive", "survive"])
    with pytest.raises(ValueError, match="seeds must be at least 0"):
        plan(seeds=(-1,))


def command(folder, *words):
    given = ["--size", "tiny", "--out", str(folder), "--threads", "1", "--knobs", "horizon=30"]
    return main(["tournament", *words, *given, "--json"])


def test_the_command_ranks_every_game(tmp_path, capsys):
    words = ["scripted", "random", "--episodes", "3", "--seeds", "2"]
    games = ["--game", "race_to_center", "--game", "survive"]
    assert command(tmp_path, *words, *games) == 0
    told = json.loads(capsys.readouterr().out)
    assert [game["game"] for game in told["games"]] == ["race_to_center", "survive"]
    for game in told["games"]:
        assert (game["episodes"], game["seeds"]) == (6, 2)
        assert {row["policy"] for row in game["rows"]} == {"scripted", "random"}
    focal = ["--focal", "random", "--share", "0.25"]
    assert command(tmp_path / "focal", *words, *games[:2], *focal) == 0
    told = json.loads(capsys.readouterr().out)["games"][0]
    assert [row["policy"] for row in told["rows"]] == ["random"]
    table = pl.read_parquet(tmp_path / "focal" / "race_to_center.parquet")
    assert set(table["seats"]) == {4}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scripted", "random"], "no game given"),
        (["scripted", "--game", "survive"], "at least two policies"),
        (["scripted", "random", "--game", "chess"], "unknown game 'chess'"),
        (["scripted", "random", "--game", "survive", "--focal", "smith"], "focal 'smith' is none"),
        (["scripted", "random", "--game", "survive", "--episodes", "0"], "at least one game"),
        (["scripted", "random", "--game", "survive", "--worlds", "0"], "worlds and threads"),
        (["scripted", "nowhere", "--game", "survive"], "no policy at 'nowhere'"),
    ],
)
def test_the_command_says_what_is_wrong(words, said, tmp_path, capsys):
    assert command(tmp_path, *words) == 2
    assert said in capsys.readouterr().err


def test_all_games_are_those_of_the_config():
    assert "merchants" in chosen_games(["all"], "full")
    assert "merchants" not in chosen_games(["all"], "mini")
