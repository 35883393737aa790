"""Results are found wherever they lie, whoever wrote them; what cannot be mixed is refused."""

import json

import polars as pl
import pytest

from metammo.evaluation.peer_results import task_name
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import EpisodeRow, ResultError, TaskRow, make_table, write_rows
from tests.evaluation.results import episode_rows

HAT = "curriculum/Task_EquipItem_(item:Hat_level:3_num_agent:1)_reward_to:agent"
CENTER = "curriculum/Task_OccupyTile_(row:80_col:80)_reward_to:agent"


def write_peer(folder, name, value):
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_folder_gives_all_of_its_episodes_and_nothing_else(tmp_path):
    write_peer(tmp_path, "king_2.json", [{"a": 0.5, "b": 0.25}])
    write_peer(tmp_path, "king_10.json", [{"a": 1, "b": 0.25}, {"a": 0, "b": 0.125}])
    write_peer(tmp_path, "curriculum_info_1.json", {"a": {HAT: [1.0]}})
    write_peer(tmp_path, "settings.json", {"x": 1})
    write_rows(tmp_path / "t.csv", make_table([TaskRow(1, "a", "x", 0.5)], TaskRow), TaskRow)
    found = read_results([tmp_path], EpisodeRow)
    assert found.files == 2
    assert found.warnings == []
    seen = found.table.select("game", "seed", "episode", "policy", "score").rows()
    assert seen == [
        ("king", 2, 0, "a", 0.5),
        ("king", 2, 0, "b", 0.25),
        ("king", 10, 0, "a", 1.0),
        ("king", 10, 0, "b", 0.25),
        ("king", 10, 1, "a", 0.0),
        ("king", 10, 1, "b", 0.125),
    ]


def test_progress_by_task_gets_our_names_and_each_policys_mean_length(tmp_path):
    lists = {"length": [10, 20], HAT: [0.0, 1.0], CENTER: [0.5]}
    path = write_peer(
        tmp_path, "curriculum_info_3.json", {"a": lists, "b": {CENTER: [1.0]}, "learner": {}}
    )
    table = read_results([path], TaskRow).table
    assert table.select("seed", "policy", "task", "progress", "length").rows() == [
        (3, "a", "equip_item('hat', level=3)", 0.0, 15.0),
        (3, "a", "equip_item('hat', level=3)", 1.0, 15.0),
        (3, "a", "occupy_tile('center')", 0.5, 15.0),
        (3, "b", "occupy_tile('center')", 1.0, None),
    ]


def test_the_peers_names_of_tasks_mean_ours():
    def named(text):
        return task_name(f"curriculum/Task_{text}_reward_to:agent")

    npc = "DefeatEntity_(agent_type:npc_level:3_num_agent:20)"
    assert named(npc) == "defeat_entity('npc', 20, level=3)"
    assert named("CountEvent_(event:GO_FARTHEST_N:64)") == "count_event('go_farthest', 64)"
    assert named("TickGE_(num_tick:1024)") == "tick_ge(1024)"
    assert (
        named("HarvestItem_(item:Arrow_level:1_quantity:20)")
        == "harvest_item('arrow', quantity=20)"
    )
    for wrong in (
        "EquipItem_(item:Hat_level:4_num_agent:1)",
        "EquipItem_(item:Crown_level:3_num_agent:1)",
        "OccupyTile_(row:80)",
        "Dance_(N:3)",
    ):
        with pytest.raises(ResultError):
            named(wrong)
    with pytest.raises(ResultError, match="none of the evaluation's 63 tasks"):
        task_name("length of the day")


def test_our_rows_are_read_from_both_kinds_of_file(tmp_path):
    first = episode_rows({"a": 1.0, "b": 0.0}, seed=1, config="mini", game_version=2)
    second = episode_rows({"a": 0.5, "b": 0.0}, seed=2, config="mini", game_version=2)
    write_rows(tmp_path / "one.parquet", first, EpisodeRow)
    write_rows(tmp_path / "two.csv", second, EpisodeRow)
    found = read_results([tmp_path / "two.csv", tmp_path / "one.parquet"], EpisodeRow)
    assert found.table.equals(pl.concat([first, second]))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no results in"),
        ({"king_1.json": "[{"}, "king_1.json: not JSON"),
        ({"king_1.json": "[" * 100_000}, "king_1.json: not JSON"),
        ({"king_1.json": {"a": 1}}, "must be a list of episodes"),
        ({"king_1.json": [3]}, "must be a list of episodes"),
        ({"king_1.json": []}, "king_1.json: holds no episodes"),
        (
            {"king_1.json": [{"a": 1}, {"a": "x"}]},
            "episode 1: score of 'a' is 'x'; it must be a nu",
        ),
        ({"king_1.json": [{"a": True}]}, "score of 'a' is True; it must be a number"),
        ({"king_1.json": '[{"a": NaN}]'}, "score of 'a' is nan; it must be a finite number"),
        ({"king_1.json": [{"a": 10**400}]}, "score of 'a' is inf; it must be a finite number"),
        ({f"king_{10**20}.json": [{"a": 1}]}, "the seed in its name must be at most"),
        ({"king_1.json": [{"a": 1}], "hill_1.json": [{"a": 1}]}, "2 values of game mixed, as hill"),
        ({"rows.csv": "policy,seed\na,1\n"}, "no column 'game', 'episode', 'score'"),
        (
            {"rows.csv": "game,seed,episode,policy,score\nx,1,0,a,nan\n"},
            "row 2: score of 'a' is nan",
        ),
        (
            {"rows.csv": "game,seed,episode,policy,score\nx,1,0,a,\n"},
            "row 2: score of 'a' is missing",
        ),
    ],
)
def test_wrong_episodes_are_refused(files, words, tmp_path):
    for name, value in files.items():
        write_peer(tmp_path, name, value)
    with pytest.raises(ResultError) as error:
        read_results([tmp_path], EpisodeRow)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "must hold lists of progress by policy and task"),
        ({"a": [1]}, "must hold lists of progress by policy and task"),
        ({"a": {HAT: 0.5}}, "must be a list of numbers"),
        ({"a": {HAT: [0.5, None]}}, "progress of equip_item('hat', level=3) is None"),
        ({"a": {HAT: [2.0]}}, "progress of 'a' is 2.0; it must lie in 0 .. 1"),
        ({"a": {"curriculum/Task_Dance_(N:3)_reward_to:agent": [1.0]}}, "none of the evaluation's"),
        ({"learner": {}}, "holds no progress"),
    ],
)
def test_wrong_progress_is_refused(value, words, tmp_path):
    with pytest.raises(ResultError) as error:
        read_results([write_peer(tmp_path, "curriculum_info_1.json", value)], TaskRow)
    assert "curriculum_info_1.json" in str(error.value)
    assert words in str(error.value)


def test_what_does_not_belong_together_is_refused_or_chosen_from(tmp_path):
    for number, more in enumerate(
        (
            {"config": "mini", "game_version": 1},
            {"config": "full", "game_version": 1},
            {"config": "mini", "game_version": 2},
        )
    ):
        rows = episode_rows({"a": 1.0, "b": 0.0}, seed=number, **more)
        write_rows(tmp_path / f"{number}.csv", rows, EpisodeRow)
    one, two, three = (tmp_path / f"{number}.csv" for number in range(3))
    with pytest.raises(ResultError, match=r"2 values of config mixed.*choose with --config"):
        read_results([one, two], EpisodeRow)
    assert len(read_results([one, two], EpisodeRow, config="full").table) == 2
    with pytest.raises(ResultError, match=r"2 values of game_version mixed, as 1 .* and 2 "):
        read_results([one, three], EpisodeRow)
    with pytest.raises(ResultError, match="no results of game 'king'; there are survive"):
        read_results([one], EpisodeRow, game="king")


def test_a_file_given_twice_is_refused(tmp_path):
    path = write_peer(tmp_path, "king_1.json", [{"a": 1, "b": 0}])
    with pytest.raises(ResultError, match="seed 1, episode 0, policy a comes 2 times"):
        read_results([path, tmp_path], EpisodeRow)
    tasks = write_peer(tmp_path, "curriculum_info_1.json", {"a": {HAT: [0.5, 0.5]}})
    with pytest.raises(ResultError, match="seed 1, policy a comes 2 times"):
        read_results([tasks, tasks], TaskRow)


def test_a_policy_in_one_file_only_is_told(tmp_path):
    write_peer(tmp_path, "king_1.json", [{"a": 1, "b": 0}])
    write_peer(tmp_path, "king_2.json", [{"a": 1, "b": 0, "c": 2}])
    (warning,) = read_results([tmp_path], EpisodeRow).warnings
    assert warning.startswith("'c' is in 1 of 2 files only")


def test_paths_that_hold_nothing_say_what_they_should(tmp_path):
    with pytest.raises(ResultError, match="there is no file or folder"):
        read_results([tmp_path / "none"], EpisodeRow)
    with pytest.raises(ResultError, match="no results given"):
        read_results([], EpisodeRow)
    (tmp_path / "inner").mkdir()
    with pytest.raises(ResultError, match="it has folders: inner"):
        read_results([tmp_path], EpisodeRow)
    with pytest.raises(ResultError, match="is none of <game>_<seed>"):
        read_results([write_peer(tmp_path, "notes.txt", "x")], EpisodeRow)
    with pytest.raises(ResultError, match="is none of <game>_<seed>"):
        read_results([write_peer(tmp_path, "curriculum_info_1.json", {})], EpisodeRow)
