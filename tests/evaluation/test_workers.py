"""Processes: the rows of threads, and a clear word when one is gone."""

import pytest

from metammo.evaluation import workers
from metammo.evaluation.ledger import tables_of
from metammo.evaluation.match import Match, play_matches
from metammo.evaluation.workers import play_on_cores
from metammo.policies.hub import load_policy
from tests.contract.batches import mix_of
from tests.evaluation.mortal import Mortal
from tests.evaluation.networks import network


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Let processes play few episodes, too."""
    monkeypatch.setattr(workers, "FEW_EPISODES", 0)


def match(game, *policies):
    policies = (network(1), *policies, load_policy("random"))
    return Match(mix_of(game, horizon=30, playable=16), policies, size="tiny", seed=2)


def tables(jobs, played):
    """Return the rows of each job."""
    of = [[] for _ in jobs]
    for place, each in played:
        of[place].append(each)
    return [tables_of(each)[0] for each in of]


def test_processes_give_the_rows_of_threads():
    jobs = [(match("survive"), range(7)), (match("race_to_center"), [3, 1])]
    there = tables(jobs, play_on_cores(jobs, worlds=4, threads=2))
    here = tables(jobs, play_matches(jobs, threads=1))
    assert [len(each) for each in here] == [14, 4]
    assert all(mine.equals(theirs) for mine, theirs in zip(here, there, strict=True))


def test_what_goes_wrong_in_a_process_is_said_here(tmp_path):
    with pytest.raises(ValueError, match="full config only"):
        list(play_on_cores([(match("survive", load_policy("smith")), range(4))], threads=2))
    lost = match("survive", Mortal(tmp_path / "died"))
    with pytest.raises(ChildProcessError, match="was killed, perhaps for want of memory"):
        list(play_on_cores([(lost, range(4))], threads=2))
