"""Training runs: sequences, resuming bit for bit, a NaN that stops, and learning something."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import metammo.learner.train as learner_train
from metammo.cli.train import settings_of
from metammo.evaluation.in_training import recording_of
from metammo.evaluation.runs import read_run
from metammo.learner.algorithm import LearningError
from metammo.learner.checkpoint import damage_of, find_checkpoint, read_progress
from metammo.learner.settings import ImpalaSettings, PPOSettings, PQNSettings, TrainSettings
from metammo.learner.train import Run, train
from metammo.policies.hub import CheckpointError, load_module, load_policy
from metammo.replay.format import Replay
from tests.learner.runs import quick_games

PPO_SETTINGS = PPOSettings(sequence=4, minibatch=512)


def settings_in(folder, **changes):
    settings = TrainSettings(
        games=("race_to_center", "survive", "team_battle"),
        worlds=2,
        rollout=8,
        steps=8000,
        threads=2,
        folder=folder,
        checkpoint_every=2000,
        ppo=PPO_SETTINGS,
        impala=ImpalaSettings(sequence=4, minibatch=512),
        pqn=PQNSettings(sequence=4, minibatch=512),
    )
    return replace(settings, **changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A whole run, and one that was stopped and resumed."""
    folder = tmp_path_factory.mktemp("runs")
    whole = train(settings_in(folder, name="whole"), quiet=True)
    return folder, whole


def adaptive_in(folder, **changes):
    """Return settings of a run in which episodes end within a rollout, and weights change."""
    ways = {"game_sampling": "adaptive", "task_sampling": "adaptive"}
    return settings_in(folder, games=quick_games(folder), **{**ways, "steps": 20000, **changes})


def weights_of(run):
    return load_module(run / "checkpoints" / "last").state_dict()


def test_a_resumed_run_goes_on_bit_for_bit(finished, tmp_path):
    _, whole = finished
    run = Run(settings_in(tmp_path, name="parts"))
    for _ in range(2):
        run.learn()
    run.save("last")
    run.batch.close()
    # Another process would find no more than the folder.
    resumed = train(replace(settings_in(tmp_path), resume=run.folder), quiet=True)
    wanted, got = weights_of(whole), weights_of(resumed)
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)


def test_a_resumed_run_draws_games_and_tasks_as_it_would_have(tmp_path):
    whole = Run(adaptive_in(tmp_path, name="whole"))
    parts = Run(adaptive_in(tmp_path, name="parts"))

    def learn(run, updates):
        for _ in range(updates):
            run.learn()

    learn(whole, 8)
    learn(parts, 4)
    parts.save("last")
    parts.batch.close()
    resumed = Run(replace(adaptive_in(tmp_path), resume=parts.folder))
    learn(resumed, 4)
    assert whole.mix.games.seen[0] > 4
    assert (whole.mix.tasks[0].seen > 5).any()
    priors = [task.weight for task in whole.batch.tasks[0]]
    weights = whole.mix.tasks[0].weights()
    assert not np.allclose(weights, np.array(priors) / sum(priors))
    # What was learned is what the worlds draw by.
    assert np.diff(whole.batch._tasks["cumulative"][: len(weights)]) == pytest.approx(weights[1:])
    assert whole.batch.table.weight.tolist() == whole.mix.game_weights().tolist()
    for one, other in ((whole.mix, resumed.mix), (whole.batch, resumed.batch)):
        kept, again = one.state_dict(), other.state_dict()
        assert all(np.array_equal(kept[name], again[name]) for name in kept)
    assert whole.batch._tasks.tobytes() == resumed.batch._tasks.tobytes()
    assert whole.batch.table.weight.tolist() == resumed.batch.table.weight.tolist()
    wanted, got = (run.algorithm.module.state_dict() for run in (whole, resumed))
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)
    for run in (whole, resumed):
        run.batch.close()


def test_sampling_is_logged_and_reaches_the_worlds(tmp_path):
    run = Run(adaptive_in(tmp_path, task_sampling="uniform"))
    row = run.mix.metrics()
    assert row["sampling/quick_multi_task"] == pytest.approx(0.5)
    assert row["quick_multi_task/evenness_of_tasks"] == pytest.approx(1)
    assert "quick_team_battle/evenness_of_tasks" not in row
    first, count = run.batch.table.task_first[0], run.batch.table.task_count[0]
    steps = np.diff(run.batch._tasks["cumulative"][first : first + count])
    assert steps == pytest.approx(np.full(count - 1, 1 / count))
    run.batch.close()


def test_unknown_sampling_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one of fixed, uniform, adaptive, got 'often'"):
        Run(settings_in(tmp_path, task_sampling="often"))
    assert not list(tmp_path.iterdir())


def test_a_run_folder_holds_what_it_says(finished):
    _, whole = finished
    names = {path.name for path in (whole / "checkpoints" / "last").iterdir()}
    assert names == {
        "config.json",
        "model.safetensors",
        "training.json",
        "training.safetensors",
    }
    rows = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["steps"] >= 8000
    assert {"learning/kl", "learning/entropy_move", "no_op/move"} <= set(rows[-1])
    assert any((whole / "tensorboard").iterdir())
    table = pl.read_parquet(whole / "metrics.parquet")
    assert table["steps"].to_list() == [row["steps"] for row in rows]
    run = read_run(whole)
    assert run.origin["steps"] == 0
    assert {"torch", "numba"} <= set(run.versions)
    assert len(run.source["hash"]) == 32


def test_replays_of_a_run_are_kept_games_in_turn_also_when_resumed(tmp_path, capsys):
    settings = adaptive_in(tmp_path, name="filmed", steps=9000, worlds=2, record_every=4000)
    folder = train(settings, record=recording_of(settings), quiet=True)
    first = sorted((folder / "replays").iterdir(), key=lambda path: int(path.stem))
    assert [int(path.stem) // 4000 for path in first] == [1, 2]
    replays = [Replay.open(path) for path in first]
    assert [replay.header["game"] for replay in replays] == [
        "quick_multi_task",
        "quick_team_battle",
    ]
    for replay in replays:
        assert {team["policy"] for team in replay.header["teams"]} == {"policy"}
        assert (replay["player_share"][0, :, 0, 0] > 0).all()
        assert replay.header["heads"][0] == "move"
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["steps"] // 4000 for row in rows if "recording_seconds" in row] == [1, 2]
    resumed = replace(settings, resume=folder, steps=17000)
    # A place where nothing can be written: the run goes on.
    (folder / "replays").rename(tmp_path / "away")
    (folder / "replays").write_text("")
    train(resumed, record=recording_of(settings), quiet=True)
    said = capsys.readouterr().err
    assert said.count("no replay at") == 2
    assert said.count("File exists") == 2
    (folder / "replays").unlink()
    train(replace(resumed, steps=21000), record=recording_of(settings), quiet=True)
    last = [Replay.open(path) for path in (folder / "replays").iterdir()]
    assert [replay.header["game"] for replay in last] == ["quick_multi_task"]


def test_each_games_steps_are_counted_also_when_resumed(finished):
    _, whole = finished
    rows = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    games = ("race_to_center", "survive", "team_battle")
    for row in rows:
        counts = [row[f"{game}/steps"] for game in games]
        assert sum(counts) == row["steps"]
    resumed = Run(TrainSettings(resume=whole, threads=2))
    assert resumed.actor.game_steps == [rows[-1][f"{game}/steps"] for game in games]
    resumed.batch.close()


def test_policies_are_kept_now_and_then_and_can_be_loaded(tmp_path):
    settings = settings_in(tmp_path, name="kept", steps=9000, keep_every=4000)
    folder = train(settings, quiet=True) / "checkpoints"
    kept = sorted(int(each.name) for each in folder.iterdir() if each.name.isdigit())
    assert [steps // 4000 for steps in kept] == [1, 2]
    assert json.loads((folder / str(kept[0]) / "config.json").read_text())["steps"] == kept[0]
    assert load_policy(folder / str(kept[0])).name == f"kept/{kept[0]}"
    assert load_policy(folder.parent).name == "kept"
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        find_checkpoint(folder / str(kept[0]))


def test_a_run_that_records_learns_the_same(tmp_path):
    plain = adaptive_in(tmp_path, name="plain", steps=5000, worlds=2)
    filmed = replace(plain, name="also_filmed", record_every=2000)
    folders = [train(plain, quiet=True), train(filmed, record=recording_of(plain), quiet=True)]
    assert list((folders[1] / "replays").iterdir())
    assert not (folders[0] / "replays").exists()
    wanted, got = map(weights_of, folders)
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)


def test_a_setting_that_a_resumed_run_would_not_heed_is_refused(finished):
    _, whole = finished
    with pytest.raises(ValueError, match="its record_every is 0, got 5; steps and threads may"):
        settings_of(TrainSettings(resume=whole, record_every=5))


def test_a_resumed_run_is_evaluated_on_its_own_games(finished):
    _, whole = finished
    settings = settings_of(TrainSettings(resume=whole, threads=3))
    assert settings.games == ("race_to_center", "survive", "team_battle")
    assert settings.threads == 3


def test_a_resumed_run_goes_on_where_its_network_ran(finished, monkeypatch):
    _, whole = finished
    kept = replace(read_progress(whole / "checkpoints" / "last")[0], device="cuda")
    monkeypatch.setattr(learner_train, "read_progress", lambda folder: (kept, {}, 0))
    asked = []

    def join(device):
        asked.append(device)
        raise InterruptedError

    monkeypatch.setattr(learner_train, "join_processes", join)
    with pytest.raises(InterruptedError):
        train(TrainSettings(resume=whole))
    assert asked == ["cuda"]


def test_a_resumed_run_asks_for_the_boards_that_it_was_begun_with(finished, monkeypatch):
    _, whole = finished
    kept = replace(read_progress(whole / "checkpoints" / "last")[0], wandb="races")
    monkeypatch.setattr(learner_train, "read_progress", lambda folder: (kept, {}, 0))
    monkeypatch.setattr(learner_train, "make_vec", None)  # it comes before anything is compiled
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ValueError, match=r"pip install 'metammo\[wandb\]'"):
        train(TrainSettings(resume=whole), quiet=True)


def test_a_policy_loads_by_the_ecosystems_own_way(finished):
    from metammo.policies.recurrent import RecurrentPolicy

    _, whole = finished
    module = RecurrentPolicy.from_pretrained(whole / "checkpoints" / "last")
    wanted = weights_of(whole)
    assert all(torch.equal(wanted[name], value) for name, value in module.state_dict().items())


def test_what_is_no_checkpoint_is_refused(finished, tmp_path):
    _, whole = finished
    with pytest.raises(CheckpointError, match="holds no checkpoints/last"):
        find_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="there is no policy at"):
        load_policy(tmp_path / "nothing")
    copy = tmp_path / "copy"
    copy.mkdir()
    description = json.loads((whole / "checkpoints/last/config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**description, "row_bytes": 17}))
    with pytest.raises(CheckpointError, match=r"trained on layout mini \(17 bytes\)"):
        load_policy(copy)
    (copy / "config.json").write_text(json.dumps(description))
    (copy / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_policy(copy)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch, capsys):
    from metammo.cli.main import main
    from metammo.learner import checkpoint

    run = train(settings_in(tmp_path, name="run", steps=2000), quiet=True)
    kept = (run / "checkpoints/last/training.json").read_text()

    def no_room(tensors, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", no_room)
    assert main(["train", "--resume", str(run), "--steps", "4000", "--threads", "2"]) == 2
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "the one before stands" in error
    assert (run / "checkpoints/last/training.json").read_text() == kept
    names = {path.name for path in (run / "checkpoints").iterdir()}
    assert names == {"last", "previous"}


@pytest.fixture
def kept_twice(finished, tmp_path):
    """A run with a checkpoint and the one before; each test has its own copy."""
    _, whole = finished
    return Path(shutil.copytree(whole, tmp_path / "kept_twice"))


def steps_of(checkpoint):
    return json.loads((checkpoint / "training.json").read_text())["steps"]


@pytest.mark.parametrize(
    "name", ["model.safetensors", "training.safetensors", "training.json", "config.json"]
)
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(kept_twice, name, capsys):
    last, previous = (kept_twice / "checkpoints" / each for each in ("last", "previous"))
    assert steps_of(previous) < steps_of(last)
    data = bytearray((last / name).read_bytes())
    # A single bit, in the middle.
    data[len(data) // 2] ^= 1
    (last / name).write_bytes(data)
    run = Run(TrainSettings(resume=kept_twice, threads=2))
    assert run.steps == steps_of(previous)
    said = capsys.readouterr().err
    assert f"last/{name} is damaged" in said or "last is damaged" in said
    assert f"going on from {previous}, {run.steps} agent-steps" in said
    # What is damaged does not take the place of what is whole.
    run.save("last")
    assert damage_of(last) is None
    assert damage_of(previous) is None
    run.batch.close()


def test_a_checkpoint_that_was_being_written_or_renamed_is_passed_over(kept_twice, capsys):
    checkpoints = kept_twice / "checkpoints"
    (checkpoints / ".last-part").mkdir()
    (checkpoints / ".last-part" / "training.safetensors").write_bytes(b"half")
    assert find_checkpoint(kept_twice, print) == checkpoints / "last"
    assert capsys.readouterr().out == ""
    shutil.rmtree(checkpoints / "last")
    assert find_checkpoint(kept_twice, print) == checkpoints / "previous"
    assert "checkpoints/last is missing: going on from" in capsys.readouterr().out
    (checkpoints / "previous" / "training.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"cannot be resumed: .*previous is damaged"):
        find_checkpoint(kept_twice)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_file_that_may_not_grow_leaves_the_checkpoint_before(kept_twice, capsys):
    import resource

    from metammo.cli.main import main

    before = steps_of(kept_twice / "checkpoints/last")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        code = main(["train", "--resume", str(kept_twice), "--steps", "12000", "--threads", "2"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert code == 2
    assert "could not be written" in capsys.readouterr().err
    assert find_checkpoint(kept_twice).name == "last"
    assert steps_of(kept_twice / "checkpoints/last") == before
    # With room again it goes on.
    assert main(["train", "--resume", str(kept_twice), "--steps", "12000", "--threads", "2"]) == 0
    assert steps_of(kept_twice / "checkpoints/last") >= 12000


def test_nan_stops_the_run_and_names_the_game(tmp_path):
    run = Run(settings_in(tmp_path))
    run.learn()
    with torch.no_grad():
        run.algorithm.module.value_layer.weight.fill_(float("nan"))
    with pytest.raises(LearningError, match=r"after \d{4} agent-steps: .* race_to_center"):
        run.learn()
    run.batch.close()


def test_the_dead_change_nothing(tmp_path):
    run = Run(settings_in(tmp_path))
    run.actor.collect()
    buffer = run.actor.buffer
    buffer.alive[4:, 3] = False

    def logs():
        generator = torch.Generator().manual_seed(1)
        minibatch = next(buffer.minibatches(1, generator))
        return run.algorithm.forward(minibatch)[0].detach()

    before = logs()
    buffer.observations[4:, 3] = 77
    buffer.actions[4:, 3] = 1
    assert torch.equal(before, logs())
    run.batch.close()


def test_no_pickle_is_written_and_none_is_loaded(finished):
    _, whole = finished
    for path in whole.rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith((b"\x80\x04", b"\x80\x05", b"PK"))


@pytest.mark.parametrize("algorithm", ["ppo", "impala", "pqn"])
def test_it_learns_to_hold_still(tmp_path, algorithm):
    """A policy that is paid for one move soon makes little else."""
    settings = settings_in(tmp_path, algorithm=algorithm)
    # PQN by no more than its own rate: by a higher one it forgets with some seeds.
    rate = 1e-3 if algorithm == "pqn" else 3e-3
    # Looking far ahead, PQN's values still move more than the choices differ: docs/log.md.
    run = Run(replace(settings, pqn=replace(settings.pqn, discount=0.8)))
    actor, step = run.actor, run.batch.step

    def paid(actions):
        result = step(actions)
        run.batch.rewards[:] = np.asarray(actions)[..., 0] == 4
        return result

    run.batch.step = paid
    shares = []
    for update in range(12):
        run.algorithm.share = update / 12
        actor.collect()
        chosen = actor.buffer.actions[actor.buffer.alive][:, 0]
        shares.append(float((chosen == 4).float().mean()))
        run.algorithm.update(actor.buffer, rate)
    assert shares[0] < 0.5
    assert shares[-1] > 0.8
    run.batch.close()


def test_a_checkpoint_plays_the_other_seats(finished):
    import metammo

    _, whole = finished
    env = metammo.make_single("race_to_center", seat=3, others=whole, seed=2)
    moves = []
    for seed in (2, 2):
        env.reset(seed=seed)
        for _ in range(10):
            observation, reward, terminated, truncated, _ = env.step(env.action_space.sample() * 0)
        moves.append(observation["observation"]["entities"].copy())
    assert np.isfinite(reward)
    assert not terminated
    assert not truncated
    assert (moves[0] == moves[1]).all()
