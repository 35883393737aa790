"""The published raw results give the published numbers."""

import csv
from pathlib import Path

import numpy as np
import pytest

from metammo.evaluation.figures import Curve, learning_figure, save_figure
from metammo.evaluation.published import (
    FULL_BATTLE,
    RATED,
    SURVIVE,
    TASKS,
    curves,
    figure_4,
    figure_6,
    read_experiment,
)
from metammo.evaluation.results import read_results
from metammo.evaluation.rows import EpisodeRow, TaskRow
from metammo.evaluation.score_table import score_table
from metammo.evaluation.sequential import rate_elo
from metammo.evaluation.task_score import score_tasks

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "published"
pytestmark = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason=f"needs the published results in {REFERENCE}"
)

STEPS = {"specialist": (25, 50, 75, 100), "general": (100, 200, 300, 400)}
ELO = {
    # Specialist by steps, then generalist; mean over ten orders of the files.
    "full_sv": (862, 962, 1018, 1061, 970, 1024, 1034, 1069),
    "full_tb": (898, 984, 1015, 1020, 972, 1025, 1034, 1053),
    "mini_tb": (937, 982, 1009, 1038, 942, 988, 1041, 1065),
    "mini_pk": (890, 942, 986, 1018, 1012, 1035, 1049, 1068),
    "mini_kh": (975, 988, 1002, 998, 971, 1014, 1027, 1027),
    "mini_rc": (969, 992, 1007, 1022, 986, 1006, 996, 1023),
    "mini_sw": (955, 992, 1030, 1048, 975, 974, 1003, 1024),
}
NEAR = 10
"""Points; one order alone is up to 20 away."""


def policies_of(experiment):
    own = [f"{experiment.specialist}_{steps}m" for steps in STEPS["specialist"]]
    return own + [f"general_{steps}m" for steps in STEPS["general"]]


def ratings(paths):
    table = score_table(read_results(paths, EpisodeRow).table)
    return table.policies, rate_elo(table).mean


@pytest.mark.parametrize("experiment", RATED, ids=lambda experiment: experiment.folder)
def test_elo_is_the_published_in_whatever_order_the_files_come(experiment):
    paths = sorted((REFERENCE / experiment.folder).glob("*.json"))
    policies, found = ratings(paths)
    by_name = dict(zip(policies, found, strict=True))
    assert sorted(by_name) == sorted(policies_of(experiment))
    mine = np.array([by_name[policy] for policy in policies_of(experiment)])
    assert np.abs(mine - ELO[experiment.folder]).max() < NEAR
    turned = [*paths[7:], *paths[6::-1]]
    assert read_results(turned, EpisodeRow).table.equals(read_results(paths, EpisodeRow).table)


def published_table(name):
    with (REFERENCE / "full_mt" / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def task_scores():
    return score_tasks(read_results([REFERENCE / TASKS.folder], TaskRow).table)


def test_task_scores_are_the_published(task_scores):
    mine = {row["policy"]: row for row in task_scores.rows}
    published = published_table("score_summary.tsv")
    assert len(published) == len(mine) == 8
    assert [row["policy"] for row in published][:5] == [r["policy"] for r in task_scores.rows][:5]
    for row in published:
        for name in ("length", "task_progress", "weighted_score"):
            assert mine[row["policy"]][name] == pytest.approx(float(row[name]), abs=1e-4)
        assert mine[row["policy"]]["tasks"] == 62
    assert task_scores.warnings == []


def test_scores_of_categories_are_the_published(task_scores):
    mine = {(row["policy"], row["category"]): row for row in task_scores.categories}
    published = published_table("score_category_summary.tsv")
    assert len(published) == len(mine) == 40
    for row in published:
        found = mine[row["policy"], row["category"]]["task_progress"]
        assert found == pytest.approx(float(row["task_progress"]), abs=1e-4)


def test_a_generalists_samples_are_those_of_the_game():
    rows = [
        {"policy": "general_200m", "elo": 1020.0, "elo_spread": 3.0},
        {"policy": "general_100m", "elo": 990.0, "elo_spread": 2.0},
        {"policy": "svonly_50m", "elo": 960.0, "elo_spread": 1.0},
    ]
    assert curves(rows, SURVIVE, "elo", "elo_spread") == [
        Curve("Generalist", [(100 * 0.288, 990, 988, 992), (200 * 0.290, 1020, 1017, 1023)]),
        Curve("Specialist", [(50, 960, 959, 961)]),
    ]
    with pytest.raises(ValueError, match="neither general_<millions>m nor tbonly_<millions>m"):
        curves(rows, FULL_BATTLE, "elo", "elo_spread")


def test_both_figures_are_drawn(task_scores, tmp_path):
    # Ratings of one experiment stand for all: their policies differ in name alone.
    rated = read_experiment(REFERENCE, SURVIVE)
    rows = {TASKS.folder: task_scores.rows}
    for each in RATED:
        rows[each.folder] = [
            {**row, "policy": row["policy"].replace("svonly", each.specialist)} for row in rated
        ]
    for panels, count in ((figure_4(rows), 3), (figure_6(rows, "bradley_terry"), 5)):
        assert len(panels) == count
        for panel in panels:
            assert [len(curve.points) for curve in panel.curves] == [4, 4]
        path = tmp_path / f"{count}.png"
        save_figure(learning_figure(panels, "title"), path)
        assert path.read_bytes().startswith(b"\x89PNG")
