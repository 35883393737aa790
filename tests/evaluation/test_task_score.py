"""Task scores by hand, and what they do where tasks or seeds are missing."""

import numpy as np
import pytest

from metammo.evaluation.rows import ResultError, TaskRow, make_table
from metammo.evaluation.task_score import (
    CATEGORY_OF,
    PUBLISHED_TASKS,
    mean_interval,
    score_tasks,
    student_quantile,
)

HAT, HAT_3 = "equip_item('hat')", "equip_item('hat', level=3)"
CENTER, SURVIVAL = "occupy_tile('center')", "tick_ge(1024)"


def scores_of(*rows):
    return score_tasks(make_table([TaskRow(*row) for row in rows], TaskRow))


def everything(progress, policy="a", seed=1, without=()):
    return [
        (seed, policy, task, progress, 100.0)
        for task, category in CATEGORY_OF.items()
        if category not in without
    ]


def test_a_task_counts_by_the_mean_over_seeds_of_its_means():
    found = scores_of(
        (1, "a", HAT, 0.0), (1, "a", HAT, 1.0), (1, "a", HAT, 1.0), (2, "a", HAT, 0.0)
    )
    (row,) = found.rows
    assert row["task_progress"] == pytest.approx(1 / 3)
    assert row["completion"] == pytest.approx(1 / 3)
    assert (row["lives"], row["tasks"], found.seeds) == (4, 1, 2)
    assert row["length"] is None


def test_progress_is_the_mean_over_tasks_and_categories_weigh_the_same():
    rows = everything(0.0) + [(1, "a", HAT, 1.0, 100.0)] * 3
    # That task has four lives now: 0, 1, 1, 1.
    (row,) = scores_of(*rows).rows
    assert row["task_progress"] == pytest.approx(0.75 / 62)
    assert row["task_progress_63"] == pytest.approx(0.75 / 63)
    assert row["weighted_score"] == pytest.approx(0.75 / 44 * 100 / 6)
    rows = [row for row in everything(0.0) if row[2] != CENTER]
    (row,) = scores_of(*rows, (1, "a", CENTER, 1.0)).rows
    assert row["weighted_score"] == pytest.approx(0.5 * 100 / 6)


def test_full_marks_are_83_for_62_tasks_and_100_for_63():
    (row,) = scores_of(*everything(1.0)).rows
    assert row["weighted_score"] == pytest.approx(500 / 6)
    assert row["weighted_score_63"] == pytest.approx(100)
    assert (row["tasks"], row["completion"], row["above_30"]) == (63, 1, 1)
    (row,) = scores_of(*everything(1.0, without=("survival",))).rows
    assert row["weighted_score"] == pytest.approx(500 / 6)
    assert row["weighted_score_63"] is row["task_progress_63"] is None
    assert PUBLISHED_TASKS == 62


def test_done_is_all_of_it_and_a_good_start_more_than_three_tenths():
    lives = [(1, "a", HAT, progress) for progress in (0.3, 0.31, 0.99, 1.0)]
    (row,) = scores_of(*lives).rows
    assert (row["completion"], row["above_30"]) == (0.25, 0.75)


def test_categories_and_tasks_are_told_apart():
    found = scores_of((1, "a", HAT, 0.0), (1, "a", HAT_3, 1.0), (1, "b", CENTER, 0.5))
    assert found.categories == [
        {
            "policy": "b",
            "category": "exploration",
            "tasks": 1,
            "task_progress": 0.5,
            "completion": 0.0,
            "above_30": 1.0,
        },
        {
            "policy": "a",
            "category": "item",
            "tasks": 2,
            "task_progress": 0.5,
            "completion": 0.5,
            "above_30": 0.5,
        },
    ]
    told = [(row["policy"], row["task"], row["task_progress"]) for row in found.tasks]
    assert told == [("b", CENTER, 0.5), ("a", HAT, 0.0), ("a", HAT_3, 1.0)]


def test_what_was_not_asked_is_told_and_does_not_count_as_nothing():
    found = scores_of(*everything(0.5), (1, "b", HAT, 0.5))
    by_name = {row["policy"]: row for row in found.rows}
    assert by_name["b"]["task_progress"] == 0.5
    assert by_name["b"]["weighted_score"] is None
    assert found.warnings == ["'b' was asked 1 of 62 tasks: its means are over those alone"]


def test_intervals_come_from_the_spread_between_seeds():
    rows = [row for seed in range(4) for row in everything(0.1 * (seed + 1), seed=seed)]
    (row,) = scores_of(*rows).rows
    reach = 3.1824 * np.std([0.1, 0.2, 0.3, 0.4], ddof=1) / 2
    assert row["low"] == pytest.approx(0.25 - reach, abs=1e-4)
    assert row["high"] == pytest.approx(0.25 + reach, abs=1e-4)
    (row,) = scores_of(*everything(0.5)).rows
    assert row["low"] is row["high"] is None
    assert mean_interval(np.array([0.5, np.nan])) == (None, None)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.706), (2, 4.303), (9, 2.262), (30, 2.042), (1000, 1.962)]
)
def test_students_t_is_that_of_the_tables(freedom, quantile):
    assert student_quantile(freedom) == pytest.approx(quantile, abs=2e-3)


def test_tasks_that_are_not_rated_are_refused():
    with pytest.raises(ResultError, match=r"'dance\(\)' is none of the evaluation's 63 tasks, nor"):
        scores_of((1, "a", "dance()", 1.0), (1, "a", "sing()", 1.0), (1, "a", HAT, 1.0))
