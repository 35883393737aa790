"""What `metammo games` and `metammo tasks` say."""

import json

from metammo.cli.games import details, ladder_rungs, rule_rows, shown
from metammo.cli.main import main
from metammo.cli.tasks import explain, find_tasks, task_sources
from metammo.minigames.minigame import Ladder, find_game, games
from metammo.rules.rules import RULE_FIELDS
from metammo.tasks.parsing import read_task


def test_a_ladder_is_told_rung_by_rung():
    assert ladder_rungs(Ladder("playable", 40, 8, 60)) == [40, 48, 56, 60]
    assert ladder_rungs(Ladder("playable", 40, 8, 40)) == [40]


def test_every_game_tells_all_of_itself():
    for file in games().values():
        found = details(file)
        assert found["won"]
        assert found["description"].startswith(found["summary"])
        assert all(task["sentence"] for task in found["task"])
        assert all(row["meaning"] for row in found["table"])
        json.dumps(found)


def test_words_of_rules_are_shown_as_words():
    assert shown("respawn", 1) == "edge"
    assert shown("playable", 128) == "128"
    assert shown("terrain_water", 0.25) == "0.25"


def test_every_rule_is_listed_with_what_it_is_in_the_game():
    rows = {row["rule"]: row for row in rule_rows(find_game("race_to_center"))}
    assert list(rows) == list(RULE_FIELDS)
    assert rows["respawn"]["training"] == "edge"
    assert rows["resource"]["training"] == "1"
    assert rows["combat"]["training"] == "0"
    assert rows["respawn"]["range"] == "never, edge, anywhere, home"


def test_rules_need_a_game(capsys):
    assert main(["games", "--rules"]) == 2
    assert "--rules needs a game" in capsys.readouterr().err
    assert main(["games", "survive", "--rules"]) == 0
    assert "fog_onset" in capsys.readouterr().out


def test_tasks_of_all_games_are_found_by_words():
    assert len(find_tasks("", "")) == sum(len(tasks) for tasks in task_sources().values())
    rows = find_tasks("CENTRE reach", "race_to_center")
    assert [row["task"] for row in rows] == ["progress_toward_center()"]
    assert find_tasks("no such words", "") == []


def test_unknown_sources_are_told(capsys):
    assert main(["tasks", "--source", "nobody"]) == 2
    assert "there are no tasks of 'nobody'" in capsys.readouterr().err


def test_a_task_is_explained(capsys):
    found = explain(read_task("0.5 * equip_item('spear') + 0.5 * tick_ge()"))
    assert [step["step"] for step in found["steps"]] == ["equip_item", "tick_ge", "plus"]
    assert found["systems"] == ["equipment"]
    assert "survive:full" in found["games"]
    assert "survive:mini" not in found["games"]
    assert main(["tasks", "team(tick_ge(5))", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["team"] is True
    assert main(["tasks", "tick_ge(5)"]) == 0
    assert "stay alive until tick 5" in capsys.readouterr().out
    assert main(["tasks", "tick_ge("]) == 2


def test_functions_are_listed(capsys):
    assert main(["tasks", "--functions", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {"tick_ge", "team"} <= {row["function"] for row in rows}
    assert all(row["doc"] for row in rows)
