"""Policies that come with metammo: found in a clone and in a wheel, meant by every command."""

import json
import shutil
import sys
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

import metammo
from metammo.cli import demo, first_game, watch
from metammo.cli.evaluate import rate
from metammo.cli.main import main
from metammo.evaluation.record import record_match
from metammo.evaluation.rows import EpisodeRow, make_table, write_rows
from metammo.learner.checkpoint import read_progress
from metammo.learner.settings import PoolSettings, PPOSettings, TrainSettings
from metammo.learner.train import train
from metammo.policies import shipped
from metammo.policies.hub import CheckpointError, find_policy, load_module, load_policy, policy_name
from metammo.policies.shipped import find_shipped, shipped_folders, shipped_names
from metammo.replay.format import Replay
from tools.ship_policy import begun_name
from tools.ship_policy import main as ship

GAMES = ("race_to_center", "survive", "team_battle")
NAME = "tiny-generalist"
ROOT = Path(__file__).parents[2]


def settings_in(folder, **changes):
    return TrainSettings(
        games=GAMES,
        worlds=2,
        rollout=8,
        threads=1,
        folder=folder,
        ppo=PPOSettings(sequence=4, minibatch=512),
        tensorboard=False,
        **{"steps": 2000, "pool": PoolSettings(share=0.0), **changes},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tiny run, made into a policy by the script, with results of a made-up tournament."""
    folder = tmp_path_factory.mktemp("made")
    run = train(settings_in(folder / "runs", name="generalist-s1"), quiet=True)
    rows = [
        EpisodeRow(
            "survive", 1, episode, policy, score, config="mini", seats=64, won=score > 1, progress=p
        )
        for episode in range(4)
        for policy, score, p in (("generalist-s1", 16.5, 0.5), ("random", 0.25, 0.25))
    ]
    (folder / "results").mkdir()
    write_rows(folder / "results/survive.parquet", make_table(rows, EpisodeRow), EpisodeRow)
    out = folder / "checkpoints"
    arguments = [str(run), NAME, "--results", str(folder / "results"), "--out", str(out)]
    assert ship(arguments) == 0
    return SimpleNamespace(run=run, out=out, results=folder / "results")


@pytest.fixture
def here(made, monkeypatch):
    """The same where policies are found that come with metammo."""
    monkeypatch.setattr(shipped, "shipped_folders", lambda: (made.out,))
    return made


def test_they_lie_at_the_root_of_a_clone_and_inside_a_wheels_package(tmp_path, monkeypatch):
    def package_at(place, policy):
        for folder in (place, policy):
            folder.mkdir(parents=True)
        (policy / "config.json").write_text("{}")
        monkeypatch.setattr(metammo, "__file__", str(place / "__init__.py"))

    package_at(tmp_path / "clone/src/metammo", tmp_path / "clone/checkpoints/a")
    assert (shipped_names(), find_shipped("a")) == (["a"], tmp_path / "clone/checkpoints/a")
    package_at(tmp_path / "site/metammo", tmp_path / "site/metammo/checkpoints/b")
    # What lies above an installed package is not its own.
    (tmp_path / "checkpoints/c").mkdir(parents=True)
    (tmp_path / "checkpoints/c/config.json").write_text("{}")
    assert shipped_names() == ["b"]
    assert find_shipped("c") is None


def test_the_repository_itself_is_looked_into():
    assert ROOT / "checkpoints" in shipped_folders()
    for name in shipped_names():
        files = {path.name for path in find_shipped(name).iterdir()}
        assert files == {"README.md", "config.json", "model.safetensors"}
        assert (find_shipped(name) / "model.safetensors").stat().st_size <= 3_000_000
        assert load_policy(name).name == name


def test_a_wheel_gets_them_and_an_editable_install_does_not(monkeypatch):
    # Hatchling lives in the build's own environment.
    modules = ("hatchling", "builders", "hooks", "plugin", "interface")
    for count in range(1, len(modules) + 1):
        name = ".".join(modules[:count])
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    interface = sys.modules["hatchling.builders.hooks.plugin.interface"]
    interface.BuildHookInterface = object
    monkeypatch.setenv("METAMMO_NO_VIEWER", "1")
    monkeypatch.delitem(sys.modules, "tools.wheel_hook", raising=False)
    from tools.wheel_hook import WheelHook

    hook = WheelHook()
    hook.root = str(ROOT)
    told = {}
    for version in ("standard", "editable"):
        told[version] = {"force_include": {}, "artifacts": []}
        hook.initialize(version, told[version])
    wanted = {str(ROOT / "checkpoints"): "metammo/checkpoints"}
    assert told["standard"] == {"force_include": wanted, "artifacts": []}
    assert told["editable"] == {"force_include": {}, "artifacts": []}


def test_a_name_means_the_one_that_comes_with_metammo_and_a_path_a_folder(
    here, tmp_path, monkeypatch
):
    assert metammo.load_policy(NAME).name == NAME
    assert find_policy(NAME) == here.out / NAME
    # A folder called the same, of another policy.
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).symlink_to(here.run)
    assert find_policy(NAME) == here.out / NAME
    assert find_policy(f"./{NAME}") == Path(NAME) / "checkpoints" / "last"
    assert policy_name(here.out / NAME) == NAME


def test_it_has_the_weights_of_the_run_and_nothing_that_training_needs(here):
    assert sorted(path.name for path in (here.out / NAME).iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    run = load_module(here.run / "checkpoints" / "last").state_dict()
    own = load_policy(NAME).module.state_dict()
    assert all(torch.equal(run[name], value) for name, value in own.items())
    description = json.loads((here.out / NAME / "config.json").read_text())
    assert list(description["games"]) == list(GAMES)
    assert description["steps"] >= 2000


def test_its_card_is_filled_from_the_run_and_from_results(here):
    card = (here.out / NAME / "README.md").read_text()
    _, front, text = card.split("---\n", 2)
    assert "license: mit" in front
    assert "name: survive (mini), held-out maps" in front
    assert "| `survive` | 1037 [" in text
    assert "100% | 0.500 | 4 | `random` |" in text
    _, progress, steps = read_progress(here.run / "checkpoints" / "last")
    assert f"{steps / 1e6:.2f} M agent-steps in {progress['seconds']:.0f} s" in text
    assert f"| `race_to_center` | 1 | {progress['game_steps'][0] / 1e6:.2f} M |" in text
    assert "Seed 0." in text
    assert "ppo.sequence = 4" in text


def test_a_card_calls_others_as_its_readers_know_them(made, tmp_path):
    arguments = [str(made.run), "a", "--results", str(made.results), "--out", str(tmp_path)]
    assert ship([*arguments, "--known", "random=dice"]) == 0
    card = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert "| `dice` |" in card
    assert "beside dice" in card
    assert "random`" not in card


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["a name"], "a name is of letters"),
        (["."], "'.' cannot be loaded: choose a name, not dots nor random, scripted, smith"),
        ([".."], "'..' cannot be loaded"),
        (["random"], "'random' cannot be loaded"),
        (["scripted"], "'scripted' cannot be loaded"),
        (["smith"], "'smith' cannot be loaded"),
        (["a", "--results", "{results}", "--policy", "nobody"], "'nobody' played in no file of"),
        (["a", "--known", "random"], "--known is given as NAME=KNOWN, got 'random'"),
        (
            ["a", "--results", "{results}", "--known", "randon=dice"],
            "--known: 'randon' did not meet it; there are generalist-s1, random",
        ),
    ],
)
def test_a_policy_that_cannot_be_made_is_refused(more, words, made, tmp_path, capsys):
    arguments = [str(made.run), *(word.format(results=made.results) for word in more)]
    out = tmp_path / "around" / "out"
    out.mkdir(parents=True)
    assert ship([*arguments, "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    # Nor is anything removed: `..` is the folder around.
    assert list(tmp_path.rglob("*")) == [out.parent, out]


def test_an_earlier_checkpoints_card_tells_its_own_time_and_steps(made, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(made.run, run)
    early = run / "checkpoints" / "1000"
    shutil.copytree(run / "checkpoints" / "last", early)
    about = json.loads((early / "config.json").read_text())
    (early / "config.json").write_text(json.dumps(about | {"steps": 1_000_000}))
    rows = [
        {"steps": steps, "seconds": seconds, "agent_steps_per_second": speed}
        | {
            f"{game}/steps": steps * share
            for game, share in zip(GAMES, (0.5, 0.3, 0.2), strict=True)
        }
        for steps, seconds, speed in ((1_000_000, 20.0, 500.0), (9_000_000, 50.0, 700.0))
    ]
    (run / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert ship([str(early), "early", "--out", str(tmp_path / "out")]) == 0
    card = (tmp_path / "out/early/README.md").read_text()
    assert "1.00 M agent-steps in 20 s, 50,000 a second" in card
    assert "| `race_to_center` | 1 | 0.50 M |" in card


@pytest.mark.parametrize(
    ("init", "name"),
    [
        ("runs/generalist-s1", "generalist-s1"),
        ("runs/generalist-s1/checkpoints/last", "generalist-s1"),
        ("runs/generalist-s1/checkpoints/5000", "generalist-s1/5000"),
        ("own.py:Net@runs/mine/checkpoints/last", "mine"),
        (NAME, NAME),
    ],
)
def test_what_a_run_began_with_is_called_by_its_run(init, name):
    assert begun_name(init) == name


def test_weights_that_are_too_large_are_refused(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tools.ship_policy.MOST_BYTES", 1000)
    assert ship([str(made.run), "a", "--out", str(tmp_path)]) == 2
    assert "at most 1000 are kept" in capsys.readouterr().err


def test_an_unknown_name_lists_what_there_is_where_it_is_asked(here, tmp_path, capsys):
    with pytest.raises(CheckpointError, match=f"'random', 'scripted', 'smith', '{NAME}', a run's"):
        load_policy("tiny")
    # Who needs no weights has none to begin with.
    assert main(["train", "--init", "scripted", "--folder", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"give '{NAME}', a run's folder" in error
    assert "'random'" not in error
    assert main(["policies", "tiny"]) == 2
    assert f"no policy 'tiny' comes with metammo; there are {NAME}" in capsys.readouterr().err


def test_the_command_lists_them_and_shows_a_card(here, capsys):
    assert main(["policies"]) == 0
    assert NAME in capsys.readouterr().out
    assert main(["policies", NAME]) == 0
    assert f"# {NAME}" in capsys.readouterr().out
    assert main(["policies", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["policy"], row["config"], row["games"]) == (NAME, "mini", list(GAMES))


def test_there_may_be_none(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(shipped, "shipped_folders", lambda: (tmp_path,))
    assert main(["policies"]) == 0
    assert "no trained policy comes with this installation" in capsys.readouterr().err
    with pytest.raises(CheckpointError, match="give a run's folder or"):
        find_policy("mini-generalist")


def test_it_is_watched_in_its_own_config_and_a_game_that_it_learned(here):
    def setting(*words, **more):
        return watch.setting_of(watch.Options(words, **more))

    assert setting(NAME) == watch.Setting("race_to_center", "mini", "")
    assert setting(NAME, game="survive").game == "survive"


def test_the_demo_begins_with_a_game_of_it_and_goes_on_at_once_without(
    here, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(demo, "play", lambda options: {"training_seconds": 60, "rows": []})
    monkeypatch.setattr(first_game, "POLICY", "nobody")
    words = ["demo", "--folder", str(tmp_path), "--threads", "1", "--json"]
    assert main(words) == 0
    assert "first_game" not in json.loads(capsys.readouterr().out)
    assert not list(tmp_path.iterdir())
    for name, value in {"POLICY": NAME, "GAME": "race_to_center", "EPISODES": 3}.items():
        monkeypatch.setattr(first_game, name, value)
    for name, play in {"rate": rate, "record_match": record_match}.items():
        monkeypatch.setattr(first_game, name, partial(play, knobs={"horizon": 5}))
    assert main(words) == 0
    shown = json.loads(capsys.readouterr().out)["first_game"]
    assert {row["policy"] for row in shown["rows"]} == {NAME, "scripted", "random"}
    assert len(Replay.open(shown["replay"])["actions"]) == 5


def test_it_plays_and_is_learned_from_and_against(here, tmp_path, capsys):
    race = ["--game", "race_to_center", "--knobs", "horizon=5", "--threads", "1", "--json"]
    assert main(["evaluate", NAME, "--against", "random", "--episodes", "2", *race]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["policy"] for row in rows} == {NAME, "random"}
    pool = PoolSettings(share=0.25, others=(NAME,))
    run = train(settings_in(tmp_path, init=NAME, pool=pool, steps=200), quiet=True)
    told = json.loads((run / "checkpoints/last/config.json").read_text())
    assert told["origin"] == NAME
    assert (run / "pool/from-0/model.safetensors").is_file()
