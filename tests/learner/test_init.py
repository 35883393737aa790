"""A run that begins with the weights of another, and one whose teams share rewards."""

import json
import shutil

import numpy as np
import pytest
import torch

from metammo.cli.main import main
from metammo.envs.batch import make_vec
from metammo.learner.settings import PQNSettings
from metammo.policies.choosing import choosing_of
from metammo.policies.hub import load_module
from tests.learner.runs import settings_in


def weights_of(run):
    return {name: value.clone() for name, value in run.algorithm.module.state_dict().items()}


def test_a_run_begins_with_the_weights_of_another_and_no_more(begin, tmp_path):
    first = begin(settings_in(tmp_path, name="first", seed=1))
    first.learn()
    first.save("last")
    then = weights_of(first)
    second = begin(settings_in(tmp_path, name="second", init=first.folder))
    assert all(torch.equal(then[name], value) for name, value in weights_of(second).items())
    assert second.steps == 0
    assert not second.algorithm.optimizer.state_dict()["state"]
    assert not second.algorithm.scale.rollouts.any()
    second.learn()
    second.save("last")
    told = json.loads((second.folder / "checkpoints/last/config.json").read_text())
    assert told["origin"] == str(first.folder)
    assert json.loads((second.folder / "settings.json").read_text())["init"] == str(first.folder)
    # It goes on without the run that it came from.
    shutil.rmtree(first.folder)
    resumed = begin(settings_in(tmp_path, resume=second.folder, steps=None))
    kept = load_module(second.folder / "checkpoints" / "last").state_dict()
    assert all(torch.equal(kept[name], value) for name, value in weights_of(resumed).items())
    assert resumed.steps == second.steps


@pytest.mark.parametrize(("before", "then"), [("pqn", "ppo"), ("ppo", "pqn")])
def test_how_actions_are_chosen_is_the_new_runs_own(before, then, begin, tmp_path):
    own = {"pqn": PQNSettings(sequence=4)}
    first = begin(settings_in(tmp_path, name="first", algorithm=before, **own))
    first.save("last")
    second = begin(settings_in(tmp_path, name="second", algorithm=then, init=first.folder, **own))
    plain = begin(settings_in(tmp_path, name="plain", algorithm=then, **own))
    assert choosing_of(second.algorithm.module) == choosing_of(plain.algorithm.module)


def test_without_a_curriculum_knobs_are_the_evaluations_and_maps_are_not(begin, tmp_path):
    drawn = begin(settings_in(tmp_path, name="drawn")).batch
    fixed = begin(settings_in(tmp_path, name="fixed", curriculum=False)).batch
    rated = make_vec(settings_in(tmp_path).games, 2, threads=1, evaluation=True, held_out=True)
    for end in ("low", "high"):
        assert np.array_equal(fixed.table[end], rated.table[end])
    assert not np.array_equal(fixed.table["high"], drawn.table["high"])
    assert (drawn.table["ladder_index"] >= 0).any()
    assert (fixed.table["ladder_index"] == -1).all()
    assert fixed.map_family == drawn.map_family != rated.map_family
    rated.close()


@pytest.mark.parametrize("name", ["nothing", "scripted"])
def test_what_holds_no_network_is_refused(name, tmp_path, capsys):
    assert main(["train", "--init", name, "--folder", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"there is no policy at '{name}'; give " in error
    assert "'random'" not in error
    assert not list(tmp_path.iterdir())


def test_rewards_of_a_rollout_are_shared_by_the_teams_of_their_episode(begin, tmp_path):
    run = begin(settings_in(tmp_path, team_reward=1.0))
    batch, step = run.batch, run.batch.step
    teams = []

    def paid(actions):
        # An episode that ends with this step is followed by one with other teams.
        batch.worlds["rule_horizon"][:] = 4
        teams.append(batch.worlds.entity_team[:, :128].copy())
        result = step(actions)
        batch.rewards[:] = np.arange(128)
        return result

    batch.step = paid
    run.actor.collect()
    buffer = run.actor.buffer
    rewards = buffer.rewards.view(8, 2, 128).numpy()
    alive = buffer.alive.view(8, 2, 128).numpy()
    for tick in range(8):
        for world in range(2):
            for team in np.unique(teams[tick][world]):
                members = alive[tick, world] & (teams[tick][world] == team)
                mean = np.arange(128)[members].mean() if members.any() else 0
                assert rewards[tick, world, members] == pytest.approx(mean)
