"""Runs' folders are read as training left them, also where it was cut off."""

import json
from dataclasses import replace

import numpy as np
import pytest

from metammo.evaluation.run_curves import line_of, policy_samples, rating_curves, samples_at
from metammo.evaluation.runs import (
    GOING_WITHIN,
    RunError,
    find_runs,
    group_runs,
    read_run,
    split_settings,
)
from tests.evaluation.run_folders import VERSIONS, metrics_of, write_run

MIXED = ["race_to_center", "survive", "team_battle"]


def test_a_run_is_read_with_settings_versions_and_metrics(tmp_path):
    run = read_run(write_run(tmp_path / "race-0"))
    assert (run.name, run.games, run.steps, run.goal) == ("race-0", ("race_to_center",), 1000, 1000)
    assert run.settings["ppo.learning_rate"] == 0.002
    assert run.versions == VERSIONS
    assert run.game_versions == {"race_to_center": 1}
    assert run.column("evaluation/race_to_center/score") == [(500, 0.8), (1000, 1.8)]
    assert run.last("race_to_center/progress") == 0.5
    assert run.last("nothing") is None
    assert run.speed == 92
    assert run.replays == []


def test_a_run_is_done_going_or_stopped(tmp_path):
    done = read_run(write_run(tmp_path / "done"))
    assert done.state() == "done"
    half = read_run(write_run(tmp_path / "half", metrics_of(["race_to_center"], (250, 500))))
    assert half.state(half.changed + GOING_WITHIN - 1) == "going"
    assert half.state(half.changed + GOING_WITHIN + 1) == "stopped"
    assert read_run(write_run(tmp_path / "begun", [], ())).state() == "going"


def test_a_resumed_runs_goal_is_the_checkpoints(tmp_path):
    folder = write_run(tmp_path / "race")
    settings = json.loads((folder / "settings.json").read_text()) | {"steps": 2000}
    text = json.dumps({"settings": settings, "steps": 1000})
    (folder / "checkpoints" / "last" / "training.json").write_text(text)
    assert read_run(folder).goal == 2000


@pytest.mark.parametrize(
    ("there", "threads", "processes", "used"),
    [(4, 1, 1, 1), (4, 0, 1, 4), (4, 2, 2, 4), (2, 1, 4, 2), (4, 1, None, 1), (None, 3, 2, 6)],
)
def test_cores_are_those_that_its_processes_had(there, threads, processes, used, tmp_path):
    run = replace(
        read_run(write_run(tmp_path / "race")),
        settings={"threads": threads, "processes": processes},
        origin={"machine": {"cores": there}} if there else {},
    )
    assert run.cores == used


def test_cores_that_nobody_wrote_down_are_unknown(tmp_path):
    run = replace(read_run(write_run(tmp_path / "race")), settings={}, origin={})
    assert run.cores is None


def test_replays_come_by_their_steps(tmp_path):
    folder = write_run(tmp_path / "race")
    (folder / "replays").mkdir()
    for name in ("1000.metammo", "900.metammo", "notes.txt"):
        (folder / "replays" / name).write_text("")
    assert [path.name for path in read_run(folder).replays] == ["900.metammo", "1000.metammo"]


def test_a_last_line_that_is_cut_off_is_left_out_and_another_is_told(tmp_path):
    folder = write_run(tmp_path / "race")
    metrics = folder / "metrics.jsonl"
    whole = metrics.read_text()
    metrics.write_text(whole + '{"steps": 12')
    assert read_run(folder).steps == 1000
    metrics.write_text('{"steps": 12\n' + whole)
    with pytest.raises(RunError, match=r"metrics\.jsonl, line 1: not JSON"):
        read_run(folder)
    metrics.write_text('{"steps": NaN}\n' + whole)
    with pytest.raises(RunError, match="line 1: must be an object with a number `steps`"):
        read_run(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "must hold one JSON object"),
        ("{}", "must name a list of `games`"),
        ('{"games": ["survive"], "steps": "many"}', "`steps` must be a number, not 'many'"),
        ('{"games": ["survive"], "steps": 1e99}', "`steps` must be a number"),
    ],
)
def test_damaged_settings_are_told(text, words, tmp_path):
    folder = write_run(tmp_path / "race")
    (folder / "settings.json").write_text(text)
    with pytest.raises(RunError, match=words):
        read_run(folder)


def test_a_damaged_description_is_told(tmp_path):
    folder = write_run(tmp_path / "race")
    (folder / "checkpoints" / "last" / "config.json").write_text('{"versions": 3}')
    with pytest.raises(RunError, match=r"config\.json: `versions` must be a JSON object, not int"):
        read_run(folder)


def test_no_numbers_are_left_out_of_a_column(tmp_path):
    rows = metrics_of(["race_to_center"])
    rows[0]["race_to_center/progress"] = float("nan")
    run = read_run(write_run(tmp_path / "race", rows))
    assert [steps for steps, _ in run.column("race_to_center/progress")] == [500, 750, 1000]


def test_runs_are_found_in_a_folder(tmp_path):
    runs = [write_run(tmp_path / name) for name in ("a", "b")]
    (tmp_path / "other").mkdir()
    assert find_runs(tmp_path) == runs
    assert find_runs(runs[1]) == [runs[1]]


def test_settings_are_told_apart(tmp_path):
    one = read_run(write_run(tmp_path / "a"))
    two = read_run(write_run(tmp_path / "b", seed=1, ppo={"learning_rate": 0.1}))
    same, different = split_settings([one, two])
    assert different == {"seed": [0, 1], "ppo.learning_rate": [0.002, 0.1]}
    assert same["config"] == "mini"


def test_runs_that_differ_by_seed_alone_are_one_experiment(tmp_path):
    runs = [
        read_run(write_run(tmp_path / "c", seed=1)),
        read_run(write_run(tmp_path / "a", seed=0, threads=3)),
        read_run(write_run(tmp_path / "slow", ppo={"learning_rate": 0.1})),
        read_run(write_run(tmp_path / "mixed", games=MIXED)),
    ]
    experiments = group_runs(runs)
    assert [each.label for each in experiments] == [
        "race_to_center (ppo.learning_rate 0.002)",
        "race_to_center (ppo.learning_rate 0.1)",
        "race_to_center+survive+team_battle",
    ]
    assert [run.name for run in experiments[0].runs] == ["a", "c"]
    assert [each.is_generalist for each in experiments] == [False, False, True]


def test_samples_of_a_game_are_its_share_of_the_steps(tmp_path):
    run = read_run(write_run(tmp_path / "mixed", games=MIXED))
    assert samples_at(run, "race_to_center", 1000) == pytest.approx(750e-6)
    assert samples_at(run, "survive", 600) == pytest.approx(75e-6, abs=1e-6)
    alone = read_run(write_run(tmp_path / "alone"))
    assert samples_at(alone, "race_to_center", 600) == pytest.approx(600e-6)
    assert samples_at(alone, "survive", 600) is None


def test_a_run_that_counted_a_part_of_its_steps_alone_does_not_say(tmp_path):
    rows = metrics_of(MIXED)
    for row in rows:
        row["survive/steps"] -= 100
    run = read_run(write_run(tmp_path / "mixed", rows, games=MIXED))
    assert run.game_steps("survive") is None
    assert samples_at(run, "survive", 600) is None
    assert line_of(group_runs([run])[0], "survive", "survive/progress") is None


def test_a_line_is_the_mean_over_seeds_with_students_interval(tmp_path):
    games = ["race_to_center"]
    runs = [
        read_run(write_run(tmp_path / str(seed), metrics_of(games, gain=gain), seed=seed))
        for seed, gain in enumerate((0.0, 0.1, 0.2))
    ]
    (experiment,) = group_runs(runs)
    line = line_of(experiment, "race_to_center", "race_to_center/progress")
    assert line.samples == pytest.approx([250e-6, 500e-6, 750e-6, 1000e-6])
    assert line.mean == pytest.approx([0.225, 0.35, 0.475, 0.6])
    # Student's t of 2 degrees of freedom: 4.303 standard errors.
    assert line.high - line.mean == pytest.approx(np.full(4, 4.303 * 0.1 / 3**0.5), abs=1e-3)
    pair = line_of(group_runs(runs[:2])[0], "race_to_center", "race_to_center/progress")
    assert pair.low is None


def test_a_mean_is_taken_where_all_seeds_have_been(tmp_path):
    games = ["race_to_center"]
    runs = [
        read_run(write_run(tmp_path / "a", metrics_of(games, (100, 600)), seed=0)),
        read_run(write_run(tmp_path / "b", metrics_of(games, (200, 400, 900)), seed=1)),
    ]
    line = line_of(group_runs(runs)[0], "race_to_center", "race_to_center/progress")
    assert line.samples == pytest.approx([200e-6, 400e-6, 600e-6])
    assert line.mean == pytest.approx([0.1, 0.2, 0.3])
    assert line_of(group_runs(runs)[0], "race_to_center", "none") is None


def test_runs_of_different_lengths_that_never_overlap_have_no_mean(tmp_path):
    games = ["race_to_center"]
    runs = [
        read_run(write_run(tmp_path / "a", metrics_of(games, (100, 200)), seed=0)),
        read_run(write_run(tmp_path / "b", metrics_of(games, (300, 400)), seed=1)),
    ]
    line = line_of(group_runs(runs)[0], "race_to_center", "race_to_center/progress")
    assert len(line.mean) == 0
    assert len(line.runs) == 2


@pytest.mark.parametrize("form", ["mixed/500", "mixed@500", "runs/mixed/checkpoints/500"])
def test_a_policy_is_known_by_its_run_and_checkpoint(form, tmp_path):
    run = read_run(write_run(tmp_path / "mixed", games=MIXED))
    found, samples = policy_samples(form, [run], "race_to_center")
    assert found is run
    assert samples == pytest.approx(375e-6)


def test_policies_that_are_no_checkpoints_of_the_runs_are_unknown(tmp_path):
    run = read_run(write_run(tmp_path / "mixed", games=MIXED, checkpoints=("last", "best")))
    assert policy_samples("mixed", [run], "race_to_center")[1] == pytest.approx(750e-6)
    assert policy_samples("mixed/best", [run], "race_to_center")[1] == pytest.approx(750e-6)
    for name in ("scripted", "other/500", "mixed/never"):
        assert policy_samples(name, [run], "race_to_center") is None
    assert policy_samples("mixed", [run], "sandwich") is None


def test_ratings_lie_over_the_samples_of_the_game(tmp_path):
    runs = [
        read_run(write_run(tmp_path / "mixed", games=MIXED)),
        read_run(write_run(tmp_path / "alone")),
    ]
    rows = [
        {"policy": "mixed/1000", "rating": 1010.0, "low": 1000.0, "high": 1020.0},
        {"policy": "mixed/500", "rating": 990.0, "low": None, "high": None},
        {"policy": "alone", "rating": 1005.0, "low": 1000.0, "high": 1010.0},
        {"policy": "scripted", "rating": 1100.0, "low": 1000.0, "high": 1200.0},
    ]
    curves = rating_curves(rows, group_runs(runs), "race_to_center", "rating", ("low", "high"))
    assert [curve.label for curve in curves] == ["Generalist", "Specialist"]
    wanted = [(375e-6, 990.0, 990.0, 990.0), (750e-6, 1010.0, 1000.0, 1020.0)]
    assert np.array(curves[0].points) == pytest.approx(np.array(wanted))
    assert curves[1].points[0] == pytest.approx((1000e-6, 1005.0, 1000.0, 1010.0))
    other = read_run(write_run(tmp_path / "other", ppo={"learning_rate": 0.1}))
    rows.append({"policy": "other", "rating": 1.0, "low": 1.0, "high": 1.0})
    more = group_runs([*runs, other])
    curves = rating_curves(rows, more, "race_to_center", "rating", ("low", "high"))
    assert [curve.label for curve in curves] == [each.label for each in more]
