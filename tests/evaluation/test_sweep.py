"""Sweeps: what may vary, which trials are given up or fail, and that a sweep goes on."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tyro

from metammo.cli.main import main
from metammo.cli.sweep import Options, sweep_of, train_command
from metammo.evaluation import sweep_trial
from metammo.evaluation.runs import find_runs
from metammo.evaluation.sweep import Sweep, open_study
from metammo.evaluation.sweep_figure import sweep_figure
from metammo.evaluation.sweep_space import SweepError, changed, read_vary, varied_settings
from metammo.evaluation.sweep_store import Store, mend_journal, run_sweep
from metammo.learner.algorithm import LearningError
from metammo.learner.settings import PoolSettings, PPOSettings, TrainSettings
from tests.evaluation.run_folders import write_run

SETTINGS = TrainSettings()
RATE = "ppo.learning_rate=log:1e-4..1e-1"


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("ppo.learning_rate=log:1e-4..1e-2", (1e-4, 1e-2)),
        ("--ppo.learning-rate = log:1e-4..1e-2", (1e-4, 1e-2)),
        ("ppo.sequence=range:4..16", (4, 16)),
        ("worlds=choice:4,8,16", (4, 8, 16)),
        ("ppo.anneal=choice:true,false", (True, False)),
        ("game_sampling=choice:fixed,adaptive", ("fixed", "adaptive")),
    ],
)
def test_values_have_the_type_of_their_setting(word, values):
    (vary,) = read_vary([word], SETTINGS)
    assert vary.values == values
    assert [type(each) for each in vary.values] == [type(each) for each in values]
    assert read_vary([str(vary)], SETTINGS) == (vary,)
    assert changed(SETTINGS, {vary.name: values[0]}) != changed(SETTINGS, {vary.name: values[1]})


def test_what_varies_unless_something_is_asked_for_are_settings():
    assert {each.name for each in read_vary([], SETTINGS)} <= set(varied_settings(SETTINGS))
    settings = changed(SETTINGS, {"ppo.epochs": 3, "worlds": 5})
    assert settings == replace(SETTINGS, worlds=5, ppo=PPOSettings(epochs=3))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("ppo.learning_rate", "given as NAME=log:LOW..HIGH"),
        ("ppo.learning_rate=1e-4..1e-2", "given as NAME=log:LOW..HIGH"),
        ("learning_rate=log:1e-4..1e-2", "did you mean ppo.learning_rate?"),
        ("wolds=choice:4,8", "did you mean worlds?"),
        ("steps=choice:1,2", "the same in every trial: give it as --steps"),
        ("games=choice:survive,race_to_center", "no setting 'games' can be varied"),
        ("ppo.learning_rate=log:0..1", "above 0"),
        ("ppo.learning_rate=log:1e-2..1e-4", "must lie below"),
        ("ppo.learning_rate=log:1e-2", "a range is LOW..HIGH"),
        ("ppo.learning_rate=range:0..inf", "finite"),
        ("worlds=range:1..2.5", "takes ints, such as 8; got '2.5'"),
        ("ppo.anneal=choice:yes,no", "takes true or false"),
        ("policy=log:1..2", "has no range: give choice"),
        ("worlds=choice:4", "two or more different values"),
    ],
)
def test_what_cannot_vary_is_told_in_one_line(word, told):
    with pytest.raises(SweepError) as error:
        read_vary([word], SETTINGS)
    assert told in str(error.value)


def test_a_setting_varies_once():
    with pytest.raises(SweepError, match="given twice"):
        read_vary([RATE, RATE], SETTINGS)


def test_without_optuna_what_to_install_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["sweep", "--folder", str(tmp_path / "sweeps")]) == 2
    assert "pip install 'metammo[sweep]'" in capsys.readouterr().err
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--resume", "runs/a"], "goes on by itself"),
        (["--processes", "2"], "a trial is one process"),
        (["--vary", "processes=choice:1,2"], "the same in every trial"),
        (["--games", "rce"], "unknown game 'rce'"),
        (["--objective", "scor"], "no objective 'scor': it is score, speed, or one that begins"),
        (["--objective", "survive/return"], "race_to_center/"),
        (["--seeds", "0"], "seeds must be at least 1"),
        (["--trials", "0"], "must be at least 1"),
        (["--steps", "3"], "3 steps cannot be looked at 5 times"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(arguments, told, tmp_path, capsys):
    assert main(["sweep", "--folder", str(tmp_path), *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1


def test_a_sweep_of_a_mix_tells_a_command_with_all_that_its_trials_had():
    words = ["--games", "mini_gen", "comm_together=2.5", "--worlds", "4", "--pool.size", "8"]
    words += ["--init", "runs/first", "--pool.from", "scripted", "smith", "--vary"]
    options = tyro.cli(Options, args=[*words, "pool.share=range:0.0..0.5"])
    sweep = sweep_of(options)
    assert sweep.folder == Path("sweeps/mini_gen+comm_together=2.5")
    trained = sweep.run_settings({"pool.share": 0.25}, 0, 0).settled()
    command = train_command(sweep, {"pool.share": 0.25}).split()
    told = tyro.cli(TrainSettings, args=command[2:]).settled()
    assert told.pool == PoolSettings(0.25, size=8, others=("scripted", "smith"))
    for name in ("games", "weights", "init", "pool", "worlds", "config"):
        assert getattr(told, name) == getattr(trained, name), name


def sweep_in(folder, **options):
    settings = TrainSettings(folder=folder, name="sweep", steps=1000)
    kept = {"objective": "learning/gain", "points": 4, **options}
    return Sweep(settings, read_vary([RATE], settings), **kept)


class Learning:
    """Stands in for training: its objective is best at a learning rate of a hundredth."""

    def __init__(self):
        self.begun = []
        self.dies = ""

    def __call__(self, settings, evaluate, record, quiet, watch):
        rate = settings.ppo.learning_rate
        self.begun.append((settings.name, rate, settings.resume))
        if self.dies == settings.name:
            write_run(settings.folder / settings.name, [], **self.kept(settings))
            raise KeyboardInterrupt
        if rate > 0.05:
            raise LearningError("no number")
        rows = []
        for steps in (250, 500, 750, 1000):
            rows.append({"steps": steps, "learning/gain": steps / 1000 - abs(np.log10(rate) + 2)})
            rows[-1]["learning/gain"] += settings.seed / 10
            if watch is not None and not watch(rows[-1]):
                break
        write_run(settings.folder / settings.name, rows, **self.kept(settings))

    def kept(self, settings):
        return {"games": list(settings.games), "steps": 1000, "seed": settings.seed}


@pytest.fixture
def learning(monkeypatch):
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install optuna")
    fake = Learning()
    monkeypatch.setattr(sweep_trial, "train", fake)
    return fake


def played(sweep, trials):
    store = Store(sweep)
    list(run_sweep(store, trials, 1))
    return store.write()


def test_trials_are_kept_pruned_or_marked_as_failed(learning, tmp_path):
    sweep = sweep_in(tmp_path, seeds=2)
    table = played(sweep, 24)
    assert set(table["state"]) == {"done", "given up", "failed"}
    assert table["state"].is_sorted() or table["state"].to_list() == sorted(
        table["state"], key=["done", "given up", "failed"].index
    )
    done = table.filter(pl.col("state") == "done")
    best = done.row(0, named=True)
    assert best["value"] == done["value"].max()
    assert abs(np.log10(best["ppo.learning_rate"]) + 2) < 0.3
    assert done["seeds"].to_list() == [2] * len(done)
    assert done["spread"].to_list() == pytest.approx([np.std([0, 0.1], ddof=1)] * len(done))
    assert best["value"] == pytest.approx(1.05 - abs(np.log10(best["ppo.learning_rate"]) + 2))
    failed = table.filter(pl.col("state") == "failed")
    assert failed["error"].to_list() == ["no number"] * len(failed)
    assert failed["value"].is_null().all()
    # What was given up was worse than half of those that had come as far, and had one run alone.
    given_up = table.filter(pl.col("state") == "given up")
    assert given_up["value"].max() < best["value"]
    runs = {run.name for run in find_runs(sweep.folder)}
    assert all(f"trial-{each:04d}-seed-1" not in runs for each in given_up["trial"])
    for ending in (".parquet", ".csv"):
        assert (sweep.folder / f"trials{ending}").is_file()
    assert sweep_figure(table, sweep.vary, "gain") is not None


def test_a_sweep_that_was_interrupted_goes_on_as_if_it_had_not_been(learning, tmp_path):
    whole = played(sweep_in(tmp_path / "whole"), 12)
    names = [name for name, _, _ in learning.begun]
    cut = sweep_in(tmp_path / "cut")
    learning.dies, learning.begun = names[7], []
    with pytest.raises(KeyboardInterrupt):
        played(cut, 12)
    with (cut.folder / "study.log").open("ab") as file:
        file.write(b'{"op_code": 6, "worker_id": "cut of')
    learning.dies = ""
    with pytest.raises(SweepError, match=r"holds a sweep of seeds 1: give the same"):
        Store(replace(cut, seeds=2))
    again = played(cut, 12)
    assert [name for name, _, _ in learning.begun] == [*names[:8], *names[7:]]
    assert again.drop("minutes").equals(whole.drop("minutes"))
    # There is nothing left to do, and more can be added.
    assert played(cut, 12).equals(again)
    assert len(played(cut, 13)) == 13


def test_a_line_that_is_whole_is_not_cut(tmp_path):
    path = tmp_path / "study.log"
    mend_journal(path)
    assert not path.exists()
    path.write_bytes(b"{}\n{}\n")
    mend_journal(path)
    assert path.read_bytes() == b"{}\n{}\n"


def test_a_sweep_of_which_every_trial_fails_ends(learning, tmp_path):
    settings = TrainSettings(folder=tmp_path, steps=1000)
    vary = read_vary(["ppo.learning_rate=range:0.06..0.1"], settings)
    sweep = Sweep(settings, vary, objective="learning/gain", points=4)
    with pytest.raises(SweepError, match="the first 3 trials failed, the last one: no number"):
        played(sweep, 10)
    assert len(Store(sweep).trials()) == 3


def test_one_process_at_a_time(learning, tmp_path):
    store = Store(sweep_in(tmp_path))
    with store.lock(), pytest.raises(SweepError, match="another process is at work"):
        played(store.sweep, 1)


def test_an_objective_that_no_run_logs_is_told_at_once(learning, tmp_path):
    with pytest.raises(SweepError, match="logged no 'learning/gian'; it logged learning/gain"):
        played(sweep_in(tmp_path, objective="learning/gian"), 5)


def test_less_can_be_better_and_hyperband_gives_up_too(learning, tmp_path):
    sweep = sweep_in(tmp_path, minimize=True, pruning="hyperband")
    table = played(sweep, 10)
    done = table.filter(pl.col("state") == "done")
    assert done["value"][0] == done["value"].min()
    assert open_study(sweep).direction.name == "MINIMIZE"


def test_the_command_trains_for_real_and_tells_the_best(tmp_path, capsys):
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install optuna")
    arguments = [
        *("--games", "race_to_center", "survive", "team_battle", "--steps", "4000"),
        *("--worlds", "2", "--rollout", "8", "--threads", "2", "--folder", str(tmp_path)),
        *("--ppo.sequence", "4", "--points", "2", "--pruning", "none", "--name", "small"),
        *("--objective", "learning/entropy", "--vary", RATE, "ppo.anneal=choice:true,false"),
    ]
    assert main(["sweep", *arguments, "--trials", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("done") == 2
    words = captured.out.strip().splitlines()[-1].split()
    assert words[:2] == ["metammo", "train"]
    kept = json.loads((tmp_path / "small" / "trial-0000-seed-0" / "settings.json").read_text())
    assert kept["ppo"]["sequence"] == 4
    assert (tmp_path / "small" / "trials.png").stat().st_size > 1000
    assert main(["sweep", *arguments, "--trials", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    best = max(told["rows"], key=lambda row: row["value"])
    assert told["rows"][0] == best
    option = words.index("--ppo.learning-rate")
    assert float(words[option + 1]) == best["ppo.learning_rate"]
    # What is printed is a command that the parser takes.
    settings = tyro.cli(TrainSettings, args=words[2:])
    assert settings.ppo.anneal == best["ppo.anneal"]
    assert settings.rollout == 8
