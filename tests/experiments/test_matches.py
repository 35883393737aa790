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
    plan, missing = plan_of(experiment, tmp_path, curves, "survive")
    assert plan is None
    assert missing == ["checkpoints of generalist-s1 and specialist-survive-s1"]


def test_a_tournament_waits_for_all_legs_of_its_seeds_or_plays_with_those_there(
    experiment, tiny, tmp_path, capsys, monkeypatch
):
    played = {}

    def note(plan, place, **more):
        played[f"{place.parent.name}, {place.name}"] = [policy.name for policy in plan.policies]

    monkeypatch.setattr(matches, "play_tournament", note)
    chosen = choose_legs(experiment, ["generalist", "specialist-survive"])
    for leg in chosen.legs:
        make_run(tmp_path, leg)
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--stages", "evaluate"]
    options += ["--legs", "generalist", "specialist-survive"]
    assert main(options) == 0
    others = ["scripted", "random"]
    assert played == {"ratings, survive": [*(leg.name for leg in chosen.legs), *others]}
    told = capsys.readouterr().out
    missing = "specialist-race_to_center-s1"
    assert f"transfer, survive: not played for want of {missing}\n" in told
    assert f"ratings, race_to_center: not played for want of {missing}, specialist-r" in told
    assert main([*options, "--partial"]) == 0
    told = capsys.readouterr().out
    assert f"transfer, survive: played without {missing}\n" in told
    assert played["transfer, survive"] == ["specialist-survive-s1", "generalist-s1", *others]
    # Of a family that it names there is none.
    assert "ratings, race_to_center" not in played
    # Another seed is missing, which is asked for.
    played.clear()
    shutil.rmtree(run_folder(tmp_path, chosen.legs[-1]))
    assert main(options) == 0
    assert played == {}
    assert main([*options, "--seeds", "1"]) == 0
    assert list(played) == ["ratings, survive"]
