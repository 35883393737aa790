"""Do those meet who are there, and is it told who is not?"""

import shutil

from experiments.generalist import matches
from experiments.generalist.legs import choose_legs
from experiments.generalist.matches import kept_checkpoints, plan_of
from experiments.generalist.run import main
from experiments.generalist.training import run_folder

from metammo.learner.checkpoint import Snapshot, save_policy
from metammo.policies.recurrent import RecurrentPolicy
from tests.experiments.made_runs import make_run


def test_a_run_has_the_policies_that_it_kept_and_its_last(experiment, tmp_path):
    run = make_run(tmp_path, experiment.legs[0], steps=4000, kept=(1000, 2000))
    assert [place.name for place in kept_checkpoints(run)] == ["1000", "2000", "last"]
    save_policy(run / "checkpoints/4000", Snapshot(RecurrentPolicy(), {"survive": 1}, 4000))
    assert [place.name for place in kept_checkpoints(run)] == ["1000", "2000", "4000"]


def test_without_checkpoints_on_the_way_there_are_no_curves(experiment, tmp_path):
    curves = next(each for each in experiment.tournaments if each.checkpoints)
    for leg in experiment.legs:
        make_run(tmp_path, leg)
    plan, missing = plan_of(experiment, tmp_path, curves, "survive", 1)
    assert plan is None
    assert missing == ["checkpoints of generalist-s1 and specialist-survive-s1"]


def test_a_tournament_waits_for_all_legs_of_its_seed(
    experiment, tiny, tmp_path, capsys, monkeypatch
):
    played = {}

    def note(plan, place, **more):
        words = ", ".join(place.parts[-3:])
        played[words] = [policy.name for policy in plan.policies], tuple(plan.seeds)

    monkeypatch.setattr(matches, "play_tournament", note)
    chosen = choose_legs(experiment, ["generalist", "specialist-survive"])
    for leg in chosen.legs:
        make_run(tmp_path, leg)
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--stages", "evaluate"]
    options += ["--legs", "generalist", "specialist-survive"]
    assert main(options) == 0
    others = ["scripted", "random"]
    first, second = ([f"generalist-s{n}", f"specialist-survive-s{n}", *others] for n in (1, 2))
    both = {
        "seed-1, ratings, survive": (first, (1001,)),
        "seed-2, ratings, survive": (second, (2001,)),
    }
    assert played == both
    told = capsys.readouterr().out
    missing = "specialist-race_to_center-s"
    assert f"seed 1, transfer, survive: not played for want of {missing}1\n" in told
    assert f"seed 2, ratings, race_to_center: not played for want of {missing}2\n" in told
    # A leg of one seed is missing: the other one's play all the same.
    played.clear()
    shutil.rmtree(run_folder(tmp_path, chosen.legs[-1]))
    assert main(options) == 0
    assert list(played) == ["seed-1, ratings, survive"]
    played.clear()
    assert main([*options, "--seeds", "2"]) == 0
    assert played == {}
