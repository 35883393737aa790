"""Every tensor from the simulator to the loss is as docs/concepts/data.md says, in both configs."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from metammo.learner.settings import PPOSettings, TrainSettings
from metammo.learner.train import Run
from metammo.observe.layout import LAYOUTS, Market
from metammo.policies.hub import load_policy
from tests.contract.batches import ALL_GAMES
from tests.policies.made_up import random_listings, random_observations

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "data.md"
ROW = re.compile(r"^\| `([\w.]+)` \| (\w+)\[(.*?)\] \|")
SIZE = re.compile(r"^\| `(\w+)` \| (\d+) \| (\d+) \|")
SETTINGS = TrainSettings(
    games=("race_to_center", "survive", "team_battle"),
    worlds=2,
    rollout=8,
    threads=2,
    ppo=PPOSettings(sequence=4, minibatch=512),
)


@pytest.fixture(scope="module", params=list(LAYOUTS))
def run(request, tmp_path_factory):
    games = SETTINGS.games if request.param == "mini" else tuple(ALL_GAMES)
    folder = tmp_path_factory.mktemp(request.param)
    run = Run(replace(SETTINGS, games=games, config=request.param, folder=folder))
    logged = run.learn()
    assert all(np.isfinite(value) for value in logged.values())
    run.save("last")
    yield run
    run.batch.close()


def tensors_of(run):
    """Return all that the page names, by name."""
    buffer, algorithm = run.actor.buffer, run.algorithm
    module, heads = algorithm.module, algorithm.heads
    minibatch = next(buffer.minibatches(2, torch.Generator().manual_seed(0)))
    encoded = module.encode(minibatch.inputs)
    features = torch.zeros(minibatch.begins.numel(), encoded.features.shape[1])
    features = features.index_copy(0, minibatch.living, encoded.features)
    features = features.view(*minibatch.begins.shape, -1)
    outputs, state = module.core(features, minibatch.state, minibatch.begins)
    logits, values = algorithm.forward(minibatch)
    logs, entropies = heads.evaluate(logits, minibatch.masks, minibatch.actions)
    active = heads.active(minibatch.masks, minibatch.actions)
    targets, _ = algorithm.targets(buffer)
    return SimpleNamespace(batch=run.batch, **{k: v for k, v in locals().items() if k != "run"})


def told_sizes(config):
    column = 2 if config == "mini" else 3
    found = map(SIZE.match, PAGE.read_text(encoding="utf-8").splitlines())
    return {match[1]: int(match[column]) for match in found if match}


def test_every_tensor_is_as_told(run):
    tensors = tensors_of(run)
    minibatch = tensors.minibatch
    sizes = {
        **told_sizes(run.settings.config),
        "worlds": 2,
        "rows": 256,
        "steps": 8,
        "sequence": 4,
        "sequences": minibatch.begins.shape[1],
        "living": len(minibatch.living),
        "markets": 0 if minibatch.inputs.markets is None else len(minibatch.inputs.markets),
    }
    checked = 0
    for row in filter(None, map(ROW.match, PAGE.read_text(encoding="utf-8").splitlines())):
        found = tensors
        for name in row[1].split("."):
            found = getattr(found, name)
        if found is None:
            assert "full config" in row.string
            assert run.settings.config == "mini"
            continue
        kind = "record" if row[2] == "record" else str(found.dtype).removeprefix("torch.")
        shape = eval(f"({row[3]},)", {}, sizes)
        assert (kind, tuple(found.shape)) == (row[2], shape), row[1]
        checked += 1
    assert checked > 40


def test_a_trained_network_of_either_config_is_kept_and_loaded(run):
    policy = load_policy(run.folder)
    config = run.settings.config
    assert policy.module.layout_name == config
    market = Market(random_listings(), np.arange(5) % 4) if config == "full" else None
    masks = np.ones((5, sum(policy.heads.sizes)), np.uint8)
    for given in (None, np.arange(5, dtype=np.uint64)):
        actions, _ = policy.act(
            random_observations(5, config), masks, policy.initial_state(5), market, given
        )
        assert actions.shape == (5, len(run.batch.heads))
    other = "mini" if config == "full" else "full"
    wrong = np.ones((5, sum(policy.heads.sizes) + 1), np.uint8)
    with pytest.raises(ValueError, match=f"plays the {config} config"):
        policy.act(random_observations(5, other), wrong, policy.initial_state(5))
