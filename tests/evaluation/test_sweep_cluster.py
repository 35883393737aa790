"""A sweep on a Ray cluster: the trials of this machine, also when a worker dies."""

import os
from pathlib import Path

import pytest

from metammo.evaluation.sweep import Sweep
from metammo.evaluation.sweep_space import read_vary
from metammo.evaluation.sweep_store import Store, run_sweep
from metammo.learner.settings import PPOSettings, TrainSettings

MORTAL_GAME = '''
"""The race, in a file that ends the first other process that reads it."""

import os
import signal
from pathlib import Path

from metammo.minigames.race_to_center import RaceToCenter

note = Path({note!r})
if note.exists() and int(note.read_text()) != os.getpid():
    note.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


class MortalRace(RaceToCenter):
    """The race."""
'''


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_plays_the_trials_of_this_machine_though_a_worker_dies(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    pytest.importorskip("optuna", reason="Optuna is not installed: pip install optuna")
    from metammo.evaluation.sweep_cluster import RayTrials

    note, game = tmp_path / "note", tmp_path / "mortal_race.py"
    game.write_text(MORTAL_GAME.format(note=str(note)))

    def sweep_in(name):
        settings = TrainSettings(
            games=(str(game),),
            folder=tmp_path,
            name=name,
            steps=3000,
            worlds=2,
            rollout=8,
            tensorboard=False,
            ppo=PPOSettings(sequence=4),
        )
        vary = read_vary(["ppo.learning_rate=log:1e-4..1e-2"], settings)
        return Store(Sweep(settings, vary, objective="learning/entropy", points=2, pruning="none"))

    here = sweep_in("here")
    assert len(list(run_sweep(here, 3, 1))) == 3
    note.write_text(str(os.getpid()))
    paths = [str(Path(__file__).parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths))}}
    ray.init(num_cpus=2, log_to_driver=False, runtime_env=environment)
    try:
        there = sweep_in("there")
        assert sorted(run_sweep(there, 3, 1, RayTrials())) == [0, 1, 2]
    finally:
        ray.shutdown()
    assert not note.exists()
    assert there.write().drop("minutes").equals(here.write().drop("minutes"))
