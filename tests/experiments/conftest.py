"""A small experiment's settings, and the experiment that they ask for."""

import pytest
from experiments.generalist.legs import read_experiment

from tests.experiments.made_runs import TINY


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def experiment(tiny):
    return read_experiment(tiny)
