"""Ray: the rows of a local run, also when a worker dies in the middle."""

import os
from pathlib import Path

import pytest

from metammo.cli.tournament import runner_of
from metammo.evaluation.ledger import tables_of
from metammo.evaluation.match import Match, play_episodes
from metammo.policies.hub import load_policy
from tests.contract.batches import mix_of
from tests.evaluation.mortal import Mortal
from tests.evaluation.networks import network


def test_without_ray_what_to_install_is_said():
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(ValueError, match=r"pip install 'metammo\[ray\]'"):
            runner_of(True, "")


@pytest.fixture(scope="module")
def two_nodes():
    """A cluster of two nodes of one processor each, on this machine."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    # Workers need what pytest has put on this process's path.
    paths = [str(Path(__file__).parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths))}}
    ray.init(address=cluster.address, log_to_driver=False, runtime_env=environment)
    yield runner_of(True, "")
    ray.shutdown()
    cluster.shutdown()


def match(*policies):
    knobs = {"horizon": 30, "playable": 16}
    policies = (network(1), *policies, load_policy("random"))
    return Match(mix_of("survive", **knobs), policies, size="tiny", seed=2)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_rows_of_this_machine_though_a_worker_dies(two_nodes, tmp_path):
    note = tmp_path / "died"
    jobs = [(match(Mortal(note)), range(10))]
    played = tables_of(each for _, each in two_nodes(jobs, worlds=3))
    assert note.exists()
    local = match(Mortal(note))
    for mine, theirs in zip(played, tables_of(play_episodes(local, range(10))), strict=True):
        assert mine.equals(theirs)


@pytest.mark.filterwarnings("ignore")
def test_what_a_worker_refuses_is_said_here(two_nodes):
    with pytest.raises(ValueError, match="full config only"):
        list(two_nodes([(match(load_policy("smith")), range(2))]))
