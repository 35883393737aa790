"""The experiment: its legs as the settings have them, children that die, and a report of files."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from experiments.generalist import matches, training
from experiments.generalist.legs import HERE, choose_legs, read_experiment
from experiments.generalist.matches import kept_checkpoints, plan_of
from experiments.generalist.report import Game, Part, verdict_text, write_parts
from experiments.generalist.run import main
from experiments.generalist.training import (
    LegError,
    Machine,
    command,
    options_of,
    run_folder,
    train_legs,
)

from metammo.evaluation.pooled import Group, Pooled, estimate
from metammo.learner.checkpoint import Parts, Snapshot, save_checkpoint, save_policy
from metammo.learner.settings import TrainSettings
from metammo.policies.recurrent import RecurrentPolicy

ROOT = Path(__file__).parents[2]
TINY = """
config = "mini"
seeds = [1, 2]
scale = 2000

[train]
worlds = 2
rollout = 8
tensorboard = false
ppo = { sequence = 4, minibatch = 512 }
pool = { share = 0.0 }

[specialist]
games = ["survive", "race_to_center"]
[generalist]
games = ["survive", "race_to_center"]
kept = 2
[tuned]
games = ["team_battle"]
share = 0.5
init = "generalist"

[evaluation]
episodes = 4
seeds = [1]
others = ["scripted", "random"]

[tournament.ratings]
question = "Generalist and specialist"
games = ["survive", "race_to_center"]
policies = ["generalist", "specialist-{game}"]
knobs = { horizon = 6 }
[tournament.transfer]
question = "Specialists elsewhere"
games = ["survive", "team_battle"]
policies = ["specialist", "generalist"]
first_seed_only = true
knobs = { horizon = 6 }
[tournament.curves]
question = "While they learn"
games = ["survive"]
policies = ["generalist", "specialist-{game}"]
first_seed_only = true
checkpoints = true
knobs = { horizon = 6 }
[tournament.adapted]
question = "Fine-tuned"
games = ["team_battle"]
policies = ["tuned-{game}"]
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def experiment(tiny):
    return read_experiment(tiny)


def make_run(folder, leg, steps=None, kept=()):
    """Write the folder of a leg as if it had been trained for so many agent-steps."""
    steps = leg.steps if steps is None else steps
    torch.manual_seed(leg.seed)
    module = RecurrentPolicy()
    games = dict.fromkeys(leg.games, 1)
    settings = TrainSettings(games=leg.games, steps=leg.steps, seed=leg.seed)
    run = run_folder(folder, leg)
    save_checkpoint(
        run / "checkpoints/last",
        Snapshot(module, games, steps),
        Parts({}, {}),
        settings,
        {"seconds": 2.0},
    )
    for each in kept:
        save_policy(run / "checkpoints" / str(each), Snapshot(RecurrentPolicy(), games, each))
    (run / "settings.json").write_text(json.dumps({"games": list(leg.games)}))
    row = {"steps": steps, "seconds": 2.0, "agent_steps_per_second": 1000.0}
    row |= {f"{game}/steps": steps / len(leg.games) for game in leg.games}
    (run / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    return run


def test_the_settings_have_the_legs_that_the_readme_lists():
    mini = read_experiment(HERE / "mini.toml", scale=1_000_000, seeds=[1])
    steps = {leg.name: leg.steps for leg in mini.legs}
    assert steps["specialist-team_battle-s1"] == 1_000_000
    assert steps["generalist-s1"] == steps["frozen-s1"] == 5_000_000
    assert steps["wide-s1"] == 9_000_000
    assert steps["tuned-survive-s1"] == steps["scratch-survive-s1"] == 50_000
    assert sum(steps.values()) == 24_500_000
    legs = {leg.name: leg for leg in mini.legs}
    assert legs["tuned-survive-s1"].init == "generalist-s1"
    assert legs["frozen-s1"].options["curriculum"] is False
    full = read_experiment(HERE / "full.toml", scale=1_000_000, seeds=[1])
    assert sum(leg.steps for leg in full.legs) == 6_000_000
    for each in (mini, full):
        for tournament in each.tournaments:
            for game in tournament.games:
                families = {leg.family for leg in each.players(tournament, game)}
                assert families == {word.partition("-")[0] for word in tournament.policies}


def test_who_meets_is_told_by_family_game_and_seed(experiment):
    ratings, transfer, _, _ = experiment.tournaments
    names = [leg.name for leg in experiment.players(ratings, "survive")]
    generalists = ["generalist-s1", "generalist-s2"]
    assert names == [*generalists, "specialist-survive-s1", "specialist-survive-s2"]
    names = [leg.name for leg in experiment.players(transfer, "survive")]
    assert names == ["specialist-survive-s1", "specialist-race_to_center-s1", "generalist-s1"]


def test_chosen_legs_bring_those_that_they_begin_with(experiment):
    chosen = choose_legs(experiment, ["tuned-team_battle-s2", "specialist-survive"])
    assert {leg.name for leg in chosen.legs} == {
        *("generalist-s2", "specialist-survive-s1", "specialist-survive-s2"),
        "tuned-team_battle-s2",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--legs", "generalists"], "no leg 'generalists'; there are generalist, specialist"),
        (["--games", "hill"], "'hill' is none of the games race_to_center, survive, team_battle"),
        (["--stages", "play"], "no stage 'play'; there are train, evaluate, report"),
        (["--scale", "10"], "the scale is at least 1000 agent-steps"),
        (["--config", "nowhere.toml"], "the settings nowhere.toml cannot be read"),
        (["--threads", "0"], "threads and processes must be at least 1"),
    ],
)
def test_what_there_is_not_is_told_in_a_line(words, told, tiny, tmp_path, capsys):
    assert main(["--config", str(tiny), "--dry", "--folder", str(tmp_path), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_the_readmes_commands_are_of_legs_that_there_are(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (HERE / "README.md").read_text(encoding="utf-8")
    start = ["python", "-m", "experiments.generalist.run"]
    found = [shlex.split(line, comments=True) for line in text.splitlines() if start[-1] in line]
    assert len(found) == 6
    for words in found:
        assert words[:3] == start
        assert main([*words[3:], "--dry", "--folder", str(tmp_path)]) == 0, words
        assert "agent-steps, to do" in capsys.readouterr().out


def test_a_leg_is_begun_by_its_settings_and_gone_on_with_by_its_folder(experiment, tmp_path):
    legs = {leg.name: leg for leg in experiment.legs}
    leg = legs["tuned-team_battle-s2"]
    words = " ".join(command(tmp_path, leg, Machine(threads=2, processes=4)))
    assert words.endswith(
        "train --steps 1000 --threads 2 --processes 4 --games team_battle --config mini --seed 2 "
        f"--folder {tmp_path}/mini --name tuned-team_battle-s2 --worlds 2 --rollout 8 "
        "--no-tensorboard --ppo.sequence 4 --ppo.minibatch 512 --pool.share 0.0 "
        f"--init {tmp_path}/mini/generalist-s2"
    )
    assert options_of({"curriculum": True}) == ["--curriculum"]
    make_run(tmp_path, leg, steps=10)
    words = " ".join(command(tmp_path, leg, Machine(processes=4)))
    run = run_folder(tmp_path, leg)
    assert words.endswith(f"train --steps 1000 --threads 1 --resume {run}")


def test_a_folder_of_something_else_is_refused(experiment, tmp_path):
    leg = experiment.legs[0]
    run_folder(tmp_path, leg).mkdir(parents=True)
    with pytest.raises(LegError, match=r"generalist-s1: .* remove .* to begin it anew"):
        train_legs(experiment, tmp_path, Machine(), print)
    run_folder(tmp_path, leg).rmdir()
    make_run(tmp_path, replace(leg, family="generalist", games=("sandwich",)))
    with pytest.raises(LegError, match=r"learns sandwich \(mini\), the settings ask for survive"):
        train_legs(experiment, tmp_path, Machine(), print)


@pytest.fixture
def children(monkeypatch, experiment, tmp_path):
    """Children that do what they are told in place of training, and what was said of them."""
    done, said, does = set(), [], {}

    def own(folder, leg, machine):
        return [sys.executable, "-c", does.get(leg.name, "")]

    def note(line):
        said.append(line)
        if line.endswith(" is done"):
            done.add(line.removesuffix(" is done"))

    monkeypatch.setattr(training, "command", own)
    monkeypatch.setattr(training, "is_done", lambda folder, leg: leg.name in done)
    monkeypatch.setattr(training, "POLL_SECONDS", 0.02)

    def train(**machine):
        train_legs(experiment, tmp_path, Machine(**machine), note)

    return SimpleNamespace(done=done, said=said, does=does, train=train)


def test_a_dead_leg_is_told_with_its_log_and_stops_only_those_that_begin_with_it(
    children, tmp_path
):
    children.does["generalist-s1"] = "print('too little memory'); raise SystemExit(3)"
    with pytest.raises(LegError) as error:
        children.train(parallel=3)
    log = tmp_path / "mini/logs/generalist-s1.log"
    told = str(error.value)
    assert f"generalist-s1: exit 3, log {log}: too little memory" in told
    assert "tuned-team_battle-s1: begins with generalist-s1, which failed" in told
    assert len(children.done) == 6
    assert "tuned-team_battle-s2" in children.done
    # Once more: what is done is left.
    children.does.clear()
    children.said.clear()
    children.train()
    assert children.said[0] == "6 of 8 legs are done already"
    assert [line for line in children.said if line.endswith("is done")] == [
        "generalist-s1 is done",
        "tuned-team_battle-s1 is done",
    ]


def test_an_interruption_ends_the_children(experiment, tmp_path, tiny):
    # As a user does it: the script is a process, and so are its legs.
    script = (
        "import sys, signal\n"
        "from experiments.generalist import run, training\n"
        f"training.command = lambda *_: [{sys.executable!r}, '-c', "
        "'import os, time; print(os.getpid(), flush=True); time.sleep(60)']\n"
        "sys.exit(run.main(sys.argv[1:]))\n"
    )
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--parallel", "2"]
    words = [sys.executable, "-c", script, *options]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as parent:
        logs = [tmp_path / f"mini/logs/generalist-s{seed}.log" for seed in (1, 2)]
        until = time.monotonic() + 60
        while not all(log.exists() and len(log.read_text().splitlines()) > 1 for log in logs):
            assert time.monotonic() < until
            time.sleep(0.05)
        parent.send_signal(signal.SIGTERM)
        _, told = parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert "the same command goes on from the last checkpoints" in told
    for log in logs:
        with pytest.raises(ProcessLookupError):
            os.kill(int(log.read_text().splitlines()[1]), 0)


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


@pytest.mark.slow
def test_it_plays_what_is_there_and_reports_it(experiment, tiny, tmp_path, capsys):
    for leg in experiment.legs:
        if leg.name not in ("specialist-race_to_center-s2", "tuned-team_battle-s1"):
            make_run(tmp_path, leg, kept=(500,))
    page = tmp_path / "docs/results.md"
    options = ["--config", str(tiny), "--folder", str(tmp_path), "--report", str(page)]
    options += ["--games", "survive", "race_to_center", "--evaluation-threads", "1"]
    assert main([*options, "--stages", "evaluate", "report", "--partial"]) == 0
    told = capsys.readouterr().out
    assert "ratings, race_to_center: played without specialist-race_to_center-s2" in told
    text = page.read_text()
    for part in ("training", "ratings", "transfer", "curves"):
        assert f"<!-- begin mini-{part} -->" in text
    for name in ("ratings", "transfer", "curves"):
        assert (tmp_path / f"docs/images/results_mini_{name}.png").stat().st_size > 10_000
    assert (
        "Specialists of 0.00 M agent-steps; training seeds 1, 2; 4 episodes of each game." in text
    )
    assert "| game | generalist | specialist | scripted | random | generalist above spec" in text
    assert "| `specialist-survive` | 1, 2 | 0.00 M | 2 s | 1,000 |" in text
    assert "| `generalist-s1/500` |" in text
    # Words of one's own stay, numbers are written anew.
    page.write_text(text.replace("# Results", "# What I think").replace("1,000 |", "7 |"))
    assert main([*options, "--stages", "report"]) == 0
    again = page.read_text()
    assert again == text.replace("# Results", "# What I think")


def game_of(**ratings):
    """Return what came of a game in which kinds' policies were rated so, all but exactly."""
    groups = [Group(np.array(values), np.tile(values, (9, 1))) for values in ratings.values()]
    pooled = Pooled(list(ratings), [estimate(group) for group in groups], groups)
    kinds = {kind: [f"{kind}-s{seed}" for seed in range(len(v))] for kind, v in ratings.items()}
    return Game("survive", None, kinds, pooled, {})


def test_who_is_surely_above_is_counted_by_intervals_that_know_of_the_seeds():
    # Two seeds each, far apart for their own spread; and all above all, but by too little.
    sure = game_of(generalist=[1100.0, 1101.0], specialist=[900.0, 901.0])
    open_ = game_of(generalist=[1020.0, 1040.0], specialist=[990.0, 1010.0])
    told = verdict_text([sure, open_], "generalist", "specialist")
    assert told == (
        "By these intervals the generalist is above the specialist in 1 of 2 games, below in 0, "
        "and neither in 1."
    )
    single = game_of(generalist=[1020.0], specialist=[1000.0, 1001.0])
    told = verdict_text([sure, single], "generalist", "specialist")
    assert "above the specialist in 2 of 2 games" in told
    assert told.endswith(
        "Of the generalist there is one seed: this is about that seed alone, and says nothing of "
        "others."
    )


def test_a_part_without_its_end_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- begin a -->")
    with pytest.raises(ValueError, match=r"needs both <!-- begin a --> and <!-- end a -->"):
        write_parts(page, [Part("a", "A", "words")])


@pytest.mark.slow
def test_the_whole_script_at_a_tiny_scale(tiny, tmp_path):
    words = [sys.executable, "-m", "experiments.generalist.run", "--config", str(tiny)]
    words += ["--folder", str(tmp_path / "runs"), "--report", str(tmp_path / "results.md")]
    words += ["--seeds", "1", "--parallel", "2"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.count("is done") == 4
    assert told.index("generalist-s1 is done") < told.index("tuned-team_battle-s1 begins")
    text = (tmp_path / "results.md").read_text()
    assert "`generalist-s1` | `survive` | 0.00 M" in text
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert again.startswith("4 of 4 legs are done already")
