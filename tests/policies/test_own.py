"""Networks of a user's own: trained, kept and loaded; their files are run when named alone."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from metammo.cli.main import main
from metammo.learner.settings import PPOSettings, TrainSettings
from metammo.learner.train import Run, train
from metammo.policies.hub import (
    CheckpointError,
    load_module,
    load_policy,
    make_policy,
    save_module,
)
from metammo.policies.module import PolicyError
from metammo.policies.policy import TorchPolicy
from tests.policies.made_up import random_observations

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_policy.py"
NEAREST = f"{EXAMPLE}:Nearest"
TRAP = """
from pathlib import Path

Path(__file__).with_name("trapped").write_text("run")
"""


def settings_in(folder, **changes):
    settings = TrainSettings(
        games=("race_to_center", "survive", "team_battle"),
        worlds=2,
        rollout=8,
        steps=6000,
        threads=2,
        folder=folder,
        ppo=PPOSettings(sequence=4, minibatch=512),
    )
    return replace(settings, **changes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return train(settings_in(folder, policy=NEAREST, name="own"), quiet=True)


def test_a_network_of_ones_own_is_short_and_learns(trained):
    assert len(EXAMPLE.read_text().splitlines()) < 40
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert len(rows) >= 3
    assert rows[-1]["steps"] >= 6000
    assert all(np.isfinite(row["learning/policy_loss"]) for row in rows)
    assert all(row["learning/entropy_move"] > 0.5 for row in rows)
    torch.manual_seed(0)
    fresh = make_policy(NEAREST).state_dict()
    kept = load_module(trained / "checkpoints" / "last", own=NEAREST).state_dict()
    assert all(not torch.equal(fresh[name], kept[name]) for name in fresh)


def test_its_checkpoint_says_whose_it_is_and_holds_the_file(trained):
    last = trained / "checkpoints" / "last"
    description = json.loads((last / "config.json").read_text())
    assert (description["class"], description["file"]) == ("Nearest", "own_policy.py")
    assert description["layout"] == "mini"
    assert (last / "policy.py").read_text() == EXAMPLE.read_text()


def test_it_plays_where_its_class_is_named(trained):
    rows = random_observations(5)
    answers = []
    for name in (f"{NEAREST}@{trained}", f"{trained}/checkpoints/last/policy.py:Nearest@{trained}"):
        policy = load_policy(name, seed=3)
        assert policy.name == "own"
        masks = np.ones((5, sum(policy.heads.sizes)), np.uint8)
        actions, state = policy.act(rows, masks, policy.initial_state(5))
        assert state.shape == (5, 64)
        answers.append(actions)
    assert np.array_equal(*answers)


def test_a_checkpoint_alone_runs_no_code(trained, tmp_path):
    folder = tmp_path / "gift"
    folder.mkdir()
    for file in (trained / "checkpoints" / "last").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "policy.py").write_text(TRAP + EXAMPLE.read_text())
    for load in (load_policy, load_module):
        with pytest.raises(CheckpointError, match=r"name it yourself: path.py:Nearest@"):
            load(folder)
    assert not (folder / "trapped").exists()
    load_policy(f"{NEAREST}@{folder}")
    assert not (folder / "trapped").exists()
    load_policy(f"{folder / 'policy.py'}:Nearest@{folder}")
    assert (folder / "trapped").exists()


def test_another_run_begins_with_it_where_its_class_is_named(trained, tmp_path, capsys):
    run = Run(settings_in(tmp_path, policy=NEAREST, init=trained, threads=1))
    run.batch.close()
    kept = load_module(trained / "checkpoints" / "last", own=NEAREST).state_dict()
    begun = run.algorithm.module.state_dict()
    assert all(torch.equal(kept[name], begun[name]) for name in kept)
    assert main(["train", "--init", str(trained), "--folder", str(tmp_path / "none")]) == 2
    assert "give it as --policy path.py:Nearest" in capsys.readouterr().err


def test_a_class_made_of_metammos_own_network_is_another(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from metammo.policies.recurrent import RecurrentPolicy\n\n\n"
        "class Mine(RecurrentPolicy):\n"
        "    def __init__(self, layout):\n"
        "        super().__init__(16, 4, 4, 16, layout=layout.name)\n"
    )
    module = make_policy(f"{path}:Mine")
    kept = tmp_path / "kept"
    kept.mkdir()
    save_module(kept, module)
    assert (kept / "policy.py").read_text() == path.read_text()
    with pytest.raises(CheckpointError, match="a network of the class Mine of "):
        load_module(kept)
    assert type(load_module(kept, own=f"{path}:Mine")) is type(module)


def test_a_run_goes_on_where_its_class_is_named_again(trained, tmp_path, capsys):
    with pytest.raises(PolicyError, match=f"give --policy {NEAREST}"):
        train(TrainSettings(resume=trained), quiet=True)
    moved = tmp_path / "elsewhere.py"
    moved.write_text(EXAMPLE.read_text())
    more = ["--steps", "8000", "--threads", "2"]
    assert main(["train", "--resume", str(trained), *more]) == 2
    assert "to go on is to run that file" in capsys.readouterr().err
    assert main(["train", "--resume", str(trained), *more, "--policy", f"{moved}:Nearest"]) == 0
    progress = json.loads((trained / "checkpoints/last/training.json").read_text())
    assert progress["steps"] >= 8000


def test_a_checkpoint_holds_the_file_as_it_was_loaded(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE.read_text())
    module = make_policy(f"{path}:Nearest")
    # Edited while it learns, then loaded once more: both are what they were.
    path.write_text(EXAMPLE.read_text() + "# edited\n")
    again = make_policy(f"{path}:Nearest")
    path.unlink()
    for each, end in ((module, ""), (again, "# edited\n")):
        save_module(tmp_path, each)
        assert (tmp_path / "policy.py").read_text() == EXAMPLE.read_text() + end


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class Other: pass", "has no class Mine; it has Other"),
        ("x = ", "cannot be imported: SyntaxError"),
        ("class Mine:\n    def __init__(self): pass", r"cannot be made as Mine\(layout\)"),
        ("class Mine:\n    def __init__(self, layout): pass", "has no encode, core, decode"),
        (
            "from metammo.policies.module import PolicyModule as Base\nclass Mine(Base): pass",
            "has no core, state_size; a subclass of",
        ),
        (
            EXAMPLE.read_text().replace("Nearest", "Mine").replace("def encode", "def encoded"),
            "fails on two rows of zeros: NotImplementedError: Mine has no encode",
        ),
        (
            EXAMPLE.read_text().replace("Nearest", "Mine").replace(".squeeze(-1)", ""),
            r"of the shapes \[\(2, 169\), \(2, 1\), \(2, 64\)\]; they must be",
        ),
        (
            EXAMPLE.read_text().replace("Nearest", "Mine").replace("(layout)\n", "(FULL_LAYOUT)\n")
            + "\n\nfrom metammo.observe.layout import FULL_LAYOUT\n",
            "plays the full config with 870 choices; here it is to play mini, with 169",
        ),
    ],
)
def test_what_is_no_network_is_told_so(text, message, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PolicyError, match=message):
        make_policy(f"{path}:Mine")


def test_unknown_names_are_told_so(tmp_path, capsys):
    with pytest.raises(ValueError, match="unknown policy 'tall'; there are small, "):
        make_policy("tall")
    with pytest.raises(PolicyError, match=r"there is no file 'nothing\.py'"):
        make_policy("nothing.py:Mine")
    assert main(["train", "--policy", "tall", "--folder", str(tmp_path)]) == 2
    assert "unknown policy 'tall'" in capsys.readouterr().err


def test_the_example_plays_the_full_config_too():
    policy = TorchPolicy(make_policy(NEAREST, "full"))
    assert policy.module.layout_name == "full"
