"""Are the scores of tasks those of their kinds, beside the published ones?"""

import polars as pl
import pytest
from experiments.generalist.figures import task_figure
from experiments.generalist.task_scores import PUBLISHED, score_kinds, task_tables

from metammo.evaluation.task_score import CATEGORY_OF, score_tasks
from tests.experiments.made_runs import make_run


def test_a_kinds_score_is_the_mean_of_its_policies_and_their_spread_its_interval(
    experiment, tmp_path
):
    for leg in experiment.legs[:2]:
        make_run(tmp_path, leg)
    # Progress of every task, by policy and seed of the matches.
    progress = {"generalist-s1": (0.2, 0.2), "generalist-s2": (0.4, 0.4), "scripted": (0.1, 0.3)}
    table = pl.DataFrame(
        {"policy": name, "seed": seed, "task": task, "progress": value, "length": 9.0}
        for name, values in progress.items()
        for seed, value in enumerate(values)
        for task in CATEGORY_OF
    )
    # Those of a seed have met by themselves, and the scripted player twice.
    scores = [{**row, "training_seed": 1} for row in score_tasks(table).rows]
    kinds = score_kinds(experiment, tmp_path, experiment.tournaments[0], scores)
    assert [each.kind for each in kinds[:2]] == ["generalist", "scripted"]
    assert tuple(kinds[2:]) == PUBLISHED
    most = 500 / 6
    generalist, scripted = kinds[:2]
    assert (generalist.seeds, generalist.steps) == (2, "0.00 M")
    assert generalist.score == pytest.approx(0.3 * most)
    # Between two policies, though each did the same in both matches; and between two matches.
    reach = generalist.high - generalist.score
    assert reach == pytest.approx(12.706 * 0.1 * most, rel=1e-3)
    assert scripted.high - scripted.score == pytest.approx(reach)
    text = "\n".join(task_tables(scores, kinds))
    assert "| Meta MMO's generalist | 1 | 400 M | 14.04 [13.78, 14.30] |" in text
    labels = [each.get_text() for each in task_figure(kinds, "Tasks").axes[0].get_yticklabels()]
    assert labels[0] == "generalist (0.00 M)"
    assert labels[2] == "Meta MMO's generalist (400 M)"
