"""The examples run: each at a small size, and the learner among them does learn."""

import importlib.util
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def main_of(name):
    """Return an example's `main`; what its library warns of is its own affair."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_the_page_names_every_example_and_how_long_it_is():
    told = dict(re.findall(r"\[`(\w+\.py)`\]\(\1\) \|.*\| (\d+) \|", PAGE))
    files = {path.name: path.read_text().count("\n") for path in FOLDER.glob("*.py")}
    assert {name: int(lines) for name, lines in told.items()} == files
    assert files["vector_ppo.py"] <= 150


def test_pettingzoo():
    returns = main_of("pettingzoo_loop")(["--episodes", "1", "--horizon", "30"])
    assert len(returns) == 1
    assert np.isfinite(returns).all()


def test_ppo_in_one_file_runs():
    arguments = ["--worlds", "2", "--rollout", "8", "--steps", "5000"]
    history = main_of("vector_ppo")(arguments)
    assert history
    assert np.isfinite(history).all()


@pytest.mark.slow
def test_ppo_in_one_file_learns():
    """Random agents come to 0.11."""
    assert main_of("vector_ppo")(["--steps", "500000"])[-1] > 0.3


def test_torchrl():
    pytest.importorskip("torchrl", reason="TorchRL is not installed: pip install torchrl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rollout = main_of("torchrl_wrapper")(["--ticks", "20"])
    agents = rollout["agents"]
    assert rollout.batch_size[0] == 20
    # Each head's choice is one that the mask allows.
    masks = agents["action_mask"].split([5, 3, 33, 128], -1)
    for head, mask in enumerate(masks):
        chosen = agents["action"][..., head : head + 1]
        assert mask.gather(-1, chosen)[agents["mask"]].all()
