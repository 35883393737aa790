"""Does the page hold what there is, and leave its other words alone?"""

import json
import shutil

import pytest
from experiments.generalist.legs import Tournament
from experiments.generalist.outcomes import Block, Game
from experiments.generalist.report import Part, missing_text, write_parts
from experiments.generalist.run import main

from tests.experiments.made_runs import make_run


@pytest.mark.slow
def test_it_plays_what_is_there_and_reports_it(experiment, tiny, tmp_path, capsys):
    for leg in experiment.legs:
        if leg.name != "specialist-race_to_center-s2":
            make_run(tmp_path, leg, kept=(500,))
    records = tmp_path / "records"
    page = tmp_path / "docs/results.md"
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--report", str(page)]
    options += ["--evaluation-threads", "1"]
    options += ["--records", str(records)]
    assert main([*options, "--stages", "evaluate", "record", "report"]) == 0
    told = capsys.readouterr().out
    missing = "specialist-race_to_center-s2"
    assert f"seed 2, ratings, race_to_center: not played for want of {missing}" in told
    text = page.read_text()
    for part in ("training", "ratings", "transfer", "curves"):
        assert f"<!-- begin mini-{part} -->" in text
    for name in ("ratings", "transfer", "curves"):
        assert (tmp_path / f"docs/images/results_mini_{name}.png").stat().st_size > 10_000
    assert (
        "Trained, mini config: generalist 0.00 M agent-steps over 2 games, specialist 0.00 M "
        "agent-steps; training seeds 1, 2. Played: 4 episodes of each game and seed. Not played: "
        "race_to_center of seed 2." in text
    )
    assert "**One seed** of generalist, specialist in race_to_center: the intervals" in text
    # What tables mean is told once, whatever the number of tables.
    assert text.count("## How to read it") == text.count("Bradley-Terry, on the scale of") == 1
    assert "| game | generalist | specialist | scripted | random |" in text
    # One seed of a specialist is missing: there is no mean of the games.
    assert "| game | generalist above specialist |" in text
    assert "| mean of the games | – |" in text
    assert "| `specialist-survive` | 1, 2 | – | 0.00 M | 2 s | 1,000 | 111.1 h |" in text
    assert "| `generalist-s1/500` |" in text
    # Of the records alone it is the same, letter by letter.
    page.unlink()
    shutil.rmtree(tmp_path / "mini")
    shutil.rmtree(tmp_path / "results")
    from_records = [*options, "--folder", str(records), "--stages", "report"]
    assert main(from_records) == 0
    assert page.read_text() == text
    assert not list(records.rglob("*.safetensors"))
    assert not any(str(tmp_path) in each.read_text() for each in records.rglob("*.json*"))
    began = json.loads((records / "mini/tuned-team_battle-s1/settings.json").read_text())
    assert began["init"] == "generalist-s1"
    # It says of itself what it is.
    assert main([*options, "--folder", str(records), "--stages", "evaluate"]) == 2
    assert (
        "is a record, without a network: only --stages report reads it" in capsys.readouterr().err
    )
    # Words of one's own stay, numbers are written anew.
    page.write_text(text.replace("# Results", "# What I think").replace("1,000 |", "7 |"))
    assert main(from_records) == 0
    again = page.read_text()
    assert again == text.replace("# Results", "# What I think")


def test_a_part_without_its_end_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- begin a -->")
    with pytest.raises(ValueError, match=r"needs both <!-- begin a --> and <!-- end a -->"):
        write_parts(page, [Part("a", "A", "words")])


def test_what_was_not_played_is_told_by_game_by_seed_and_by_both():
    def game(name, *seeds):
        return Game(name, tuple(Block(seed, None, {}, {}) for seed in seeds), None)

    cup = Tournament("ratings", "?", ("survive", "race_to_center", "sandwich"), ())
    games = [game("survive", 1, 2), game("race_to_center", 1)]
    told = missing_text(cup, games, (1, 2, 3))
    assert told == "Not played: sandwich, seed 3, race_to_center of seed 2."
    games = [game(name, 1) for name in cup.games]
    assert missing_text(cup, games, (1, 2)) == "Not played: seed 2."
    assert missing_text(cup, games, (1,)) == ""
