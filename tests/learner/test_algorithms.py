"""IMPALA's older networks and queue, PQN's exploring, and how their runs are kept."""

import json
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import torch

import metammo.learner.train as learner_train
from metammo.cli.main import main
from metammo.learner.checkpoint import settings_from_json, settings_to_json
from metammo.learner.settings import (
    ALGORITHMS,
    LIMITS,
    ImpalaSettings,
    PPOSettings,
    PQNSettings,
    TrainSettings,
)
from metammo.learner.train import Run, train
from metammo.policies.choosing import Choosing
from metammo.policies.hub import CheckpointError, load_policy
from tests.contract.batches import mix_of

SHORT = {"sequence": 4, "minibatch": 512}


def settings_in(folder, algorithm, **changes):
    """Return settings of a run whose games other tests compile, too."""
    settings = TrainSettings(
        games=("race_to_center", "survive", "team_battle"),
        algorithm=algorithm,
        worlds=2,
        rollout=8,
        steps=8000,
        threads=2,
        folder=folder,
        ppo=PPOSettings(**SHORT),
        impala=ImpalaSettings(**SHORT),
        pqn=PQNSettings(**SHORT, epsilon=1.0, exploration=1.0),
    )
    return replace(settings, **changes)


def learn(run, updates):
    return [run.learn() for _ in range(updates)]


def weights(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one, other):
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("algorithm", ["impala", "pqn"])
def test_a_resumed_run_goes_on_bit_for_bit(tmp_path, algorithm):
    whole = Run(settings_in(tmp_path, algorithm))
    logged = learn(whole, 3)
    parts = Run(settings_in(tmp_path, algorithm))
    learn(parts, 2)
    parts.save("last")
    parts.batch.close()
    # Another process would find no more than the folder.
    resumed = Run(TrainSettings(resume=parts.folder, threads=2))
    assert type(resumed.algorithm) is type(whole.algorithm)
    assert learn(resumed, 1) == logged[2:]
    for part in ("actor", "algorithm"):
        assert same(getattr(whole, part).state_dict(), getattr(resumed, part).state_dict())
    assert same(weights(whole.algorithm.module), weights(resumed.algorithm.module))
    for run in (whole, resumed):
        run.batch.close()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_learns_in_the_full_config_and_goes_on(tmp_path, algorithm):
    mix = mix_of("merchants", config="full")
    weights = tuple(each if isinstance(each, float) else each[0] for each in mix.values())
    full = {"config": "full", "games": tuple(mix), "weights": weights, "rollout": 4}
    run = Run(settings_in(tmp_path, algorithm, **full))
    logged = learn(run, 2)[-1]
    assert "entropy_sell_item" in logged or "behind_sell_item" in logged
    assert all(np.isfinite(list(logged.values())))
    run.save("last")
    run.batch.close()
    resumed = Run(TrainSettings(resume=run.folder, threads=2))
    for part in ("actor", "algorithm"):
        assert same(getattr(run, part).state_dict(), getattr(resumed, part).state_dict())
    assert np.isfinite(learn(resumed, 1)[0]["gradient_norm"])
    resumed.batch.close()


def test_the_network_that_acts_is_some_updates_behind_and_the_oldest_rollout_is_learned(tmp_path):
    settings = ImpalaSettings(**SHORT, lag=2, queue=2)
    run = Run(settings_in(tmp_path, "impala", impala=settings))
    algorithm = run.algorithm
    learned = [weights(algorithm.module)]
    logged = []
    for _ in range(4):
        first = run.actor.buffer.observations.clone()
        logged += learn(run, 1)
        learned.append(weights(algorithm.module))
        assert same(weights(algorithm.acting), learned[max(len(learned) - 3, 0)])
        assert len(algorithm.queue.rollouts) == 1
        newest = algorithm.queue.rollouts[0]["observations"]
        assert torch.equal(newest, run.actor.buffer.observations)
        assert not torch.equal(newest, first)
    assert same(learned[0], learned[1])
    assert not same(learned[1], learned[2])
    # While the first rollout waits there is nothing to learn from.
    assert "policy_loss" not in logged[0]
    assert logged[-1]["kl"] > 0
    assert logged[-1]["rho"] < 1
    run.batch.close()


def test_with_no_lag_and_no_queue_the_first_minibatch_is_on_policy(tmp_path):
    settings = ImpalaSettings(**{**SHORT, "minibatch": 10**6}, lag=0, queue=1)
    run = Run(settings_in(tmp_path, "impala", impala=settings))
    for logged in learn(run, 2):
        assert logged["kl"] == pytest.approx(0, abs=1e-5)
        assert logged["rho"] == pytest.approx(1, abs=1e-3)
    run.batch.close()


def test_exploring_falls_with_the_run_and_breaks_no_mask(tmp_path):
    run = Run(settings_in(tmp_path, "pqn"))
    buffer, heads = run.actor.buffer, run.algorithm.heads
    epsilons, bests = [], []
    for share in (0.0, 0.5, 1.0):
        run.algorithm.share = share
        run.actor.collect()
        alive = buffer.alive
        actions, masks = buffer.actions[alive].long(), buffer.masks[alive]
        firsts = torch.tensor(np.cumsum([0, *heads.sizes[:-1]]))
        assert masks.gather(1, firsts + actions).all()
        epsilons.append(run.algorithm.epsilon())
        moves = actions[:, 0]
        bests.append(float(torch.bincount(moves).max()) / len(moves))
    assert epsilons == pytest.approx([1.0, 0.525, 0.05])
    assert bests[0] < 0.5
    assert bests == sorted(bests)
    run.batch.close()


def test_a_policy_of_values_is_kept_as_one_and_acts_as_one(tmp_path):
    folder = train(settings_in(tmp_path, "pqn", steps=2000), quiet=True)
    place = folder / "checkpoints" / "last"
    policy = load_policy(folder)
    assert policy.choosing == Choosing("greedy", 0.05)
    description = json.loads((place / "config.json").read_text())
    assert description["layer_norm"] is True
    (place / "config.json").write_text(json.dumps({**description, "acts": "wild"}))
    with pytest.raises(CheckpointError, match="acts must be one of samples, greedy, got 'wild'"):
        load_policy(folder)


def test_settings_are_kept_for_the_runs_algorithm_alone():
    settings = TrainSettings(algorithm="pqn", pqn=PQNSettings(learning_rate=0.1))
    kept = settings_to_json(settings)
    assert "ppo" not in kept
    assert kept["pqn"]["learning_rate"] == 0.1
    assert settings_from_json(kept) == settings


def test_a_run_from_before_there_was_a_choice_is_of_ppo():
    ppo = {name: v for name, v in asdict(PPOSettings(clip=0.3)).items() if name != "layer_norm"}
    kept = {**settings_to_json(TrainSettings()), "ppo": ppo}
    del kept["algorithm"]
    assert settings_from_json(kept).own == PPOSettings(clip=0.3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--algorithm", "dqn"], "unknown algorithm 'dqn'; there are ppo, impala, pqn"),
        (
            ["--algorithm", "impala", "--impala.queue", "0"],
            "queue must be at least 1, got 0",
        ),
        (["--algorithm", "impala", "--impala.lag", "-1"], "impala.lag must be at least 0, got -1"),
        (["--algorithm", "pqn", "--pqn.epsilon", "3"], "pqn.epsilon must be in 0..1, got 3"),
        (["--ppo.learning-rate", "nan"], "ppo.learning_rate must be above 0, got nan"),
        (["--ppo.epochs", "0"], "ppo.epochs must be at least 1, got 0"),
        (["--ppo.discount", "1.1"], "ppo.discount must be in 0..1, got 1.1"),
        (["--rollout", "24"], "a multiple of ppo.sequence, 16 ticks, got 24"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    tmp_path, capsys, monkeypatch, given, said
):
    monkeypatch.setattr(learner_train, "make_vec", None)
    assert main(["train", "--folder", str(tmp_path), *given]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_every_number_of_an_algorithm_has_its_limits():
    for kind in ALGORITHMS.values():
        numbers = {each.name for each in fields(kind) if each.type in (int, float)}
        assert numbers <= set(LIMITS)
        kind().check()
