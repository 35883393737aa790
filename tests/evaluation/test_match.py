"""Matches: rows of each episode that depend on the match and the episode's number alone."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from metammo.evaluation.ledger import tables_of
from metammo.evaluation.match import Match, play_episodes, play_match
from metammo.evaluation.summary import summarize
from metammo.observe.layout import Market
from metammo.policies.hub import load_policy
from metammo.policies.policy import TorchPolicy
from metammo.policies.recurrent import RecurrentPolicy
from metammo.policies.tiles import TILE, place_rows
from metammo.tasks.curriculum import EVALUATION
from tests.contract.batches import mix_of
from tests.evaluation.networks import network
from tests.policies.made_up import random_listings, random_observations

SMALL = {"horizon": 40, "playable": 16}
SETTING = {"size": "tiny", "seed": 3}


def small_match(game="team_battle", **options):
    names = [load_policy(name) for name in ("scripted", "random")]
    policies = (network(1), network(2), *names)
    return Match(mix_of(game, **SMALL), policies, **{**SETTING, **options})


def played(match, numbers, **options):
    return tables_of(play_episodes(match, numbers, **options))[0]


@pytest.fixture(scope="module")
def table():
    return played(small_match(), range(9), worlds=4, threads=1)


def test_there_is_a_row_for_each_episode_and_policy(table):
    assert table.select("episode", "policy").rows() == [
        (episode, policy)
        for episode in range(9)
        for policy in ("new 1", "new 2", "random", "scripted")
    ]
    assert set(table["game"]) == {"team_battle"}
    assert set(table["game_version"]) == {1}
    assert set(table["config"]) == {"mini"}
    assert set(table["seed"]) == {3}
    assert table.group_by("episode").agg(pl.col("seats").sum())["seats"].n_unique() == 1
    assert table["survival"].is_between(0.01, 1).all()
    assert table["length"].is_between(1, 40).all()
    assert table["event_drink_water"].max() > 0


def test_an_episode_depends_on_no_other_nor_on_threads_or_worlds(table):
    match = small_match()
    assert played(match, [7, 2], worlds=2, threads=2).equals(
        table.filter(pl.col("episode").is_in([2, 7]))
    )
    assert played(match, range(8, -1, -1), worlds=9, threads=3).equals(table)
    assert not played(replace(match, seed=4), range(9)).drop("seed").equals(table.drop("seed"))


def test_a_game_plays_alike_alone_and_in_a_mix():
    policies = [load_policy("scripted"), load_policy("random")]
    alone = play_match(
        mix_of("race_to_center", **SMALL), policies, 2, threads=1, size="tiny"
    ).episodes
    other = mix_of("race_to_center", "survive", **SMALL) | {"survive": 1e-9}
    assert play_match(other, policies, 2, threads=1, size="tiny").episodes.equals(alone)


@pytest.mark.parametrize("sizes", [(16, 4, 4, 16), (128, 24, 32, 128)])
@pytest.mark.parametrize("by_place", [None, True])
@pytest.mark.parametrize("config", ["mini", "full"])
def test_what_a_network_does_with_a_row_does_not_depend_on_the_others(sizes, by_place, config):
    policy = TorchPolicy(RecurrentPolicy(*sizes, layout=config))
    policy.tiles.rounds_by_place = by_place
    rng = np.random.default_rng(0)
    rows = random_observations(200, config)
    masks = np.ones((len(rows), sum(policy.heads.sizes)), np.uint8)
    listings, world_of = random_listings(), rng.integers(0, 4, len(rows))
    state = torch.from_numpy(rng.normal(size=(len(rows), sizes[0])).astype(np.float32))
    streams = rng.integers(0, 2**63, len(rows)).astype(np.uint64)
    market = Market(listings, world_of) if config == "full" else None
    actions, after = policy.act(rows, masks, state, market, streams)
    assert len(np.unique(actions, axis=0)) > len(rows) // 2
    for count in (1, 7, TILE, len(rows)):
        some = rng.permutation(len(rows))[:count]
        if market is not None:
            # One more world, empty: what is on offer elsewhere is all the same.
            more = np.concatenate((np.zeros_like(listings[:1]), listings))
            market = Market(more, world_of[some] + 1)
        own, state_after = policy.act(rows[some], masks[some], state[some], market, streams[some])
        assert np.array_equal(own, actions[some])
        assert torch.equal(state_after, after[some])


def test_rows_are_laid_into_slots_of_their_own():
    rng = np.random.default_rng(0)
    streams = rng.integers(0, 2**63, 300).astype(np.uint64)
    for worlds in (np.zeros(300, np.int64), rng.integers(0, 5, 300) * 2):
        for by_stream in (False, True):
            slots, owners = place_rows(streams, worlds, TILE, by_stream=by_stream)
            assert len(set(slots.tolist())) == 300
            assert slots.min() >= 0
            assert (owners[slots // TILE] == worlds).all()
            assert set(owners.tolist()) == set(worlds.tolist())
        assert (slots % TILE == streams % TILE).all()
    slots, owners = place_rows(streams, np.zeros(300, np.int64), TILE, by_stream=False)
    assert slots.tolist() == list(range(300))
    assert len(owners) == 5


def test_scripted_beats_random():
    policies = [load_policy("scripted"), load_policy("random")]
    knobs = {"horizon": 60, "playable": 40}
    game = mix_of("race_to_center", **knobs)
    table = play_match(game, policies, 6, worlds=3, threads=1).episodes
    rows = summarize(table)
    assert [row["policy"] for row in rows] == ["scripted", "random"]
    assert rows[0]["win_rate"] > 0.9
    assert rows[1]["win_rate"] == 0
    assert rows[0]["score_low"] <= rows[0]["score"] <= rows[0]["score_high"]
    # One winner among the 64 agents of a policy.
    wanted = table["progress"] + 16 * table["won"].cast(pl.Float64) / 64
    assert table["score"].to_numpy() == pytest.approx(wanted.to_numpy())


def test_only_focal_policies_are_rated():
    table = played(small_match(focal=1, share=0.25), range(2))
    assert table.select("policy").rows() == [("new 1",)] * 2
    seats = played(small_match(), range(1))["seats"].sum()
    assert table["seats"].to_list() == [seats // 4] * 2


def test_lives_with_a_task_of_the_evaluation_are_rows():
    task = EVALUATION.tasks[0]
    match = small_match("survive")
    match = replace(match, game=mix_of("survive", **SMALL, task=task))
    played_tasks = tables_of(play_episodes(match, range(2), threads=1))
    episodes, tasks = played_tasks
    assert len(tasks) == episodes["seats"].sum()
    assert set(tasks["task"]) == {str(task)}
    means = tasks.group_by("policy").agg(pl.col("progress").mean()).sort("policy")
    whole = episodes.with_columns(pl.col("progress") * pl.col("seats")).group_by("policy")
    sums = whole.agg(pl.col("progress").sum() / pl.col("seats").sum()).sort("policy")
    assert means["progress"].to_numpy() == pytest.approx(sums["progress"].to_numpy())


def test_a_game_that_asks_other_tasks_too_has_no_rows_of_tasks():
    match = replace(small_match(), game=mix_of("multi_task", **SMALL))
    episodes, tasks = tables_of(play_episodes(match, range(1), threads=1))
    assert set(episodes["game"]) == {"multi_task"}
    assert len(tasks) == 0


def test_what_cannot_be_played_is_refused():
    scripted = load_policy("scripted")
    with pytest.raises(ValueError, match="at least one policy"):
        play_match("survive", [], 3)
    with pytest.raises(ValueError, match="one episode"):
        play_match("survive", [scripted], 0)
    with pytest.raises(ValueError, match="names of their own"):
        play_match("survive", [scripted, scripted], 1)
    with pytest.raises(ValueError, match="cannot share 1 team"):
        play_match(mix_of("survive", teams=1), [scripted, load_policy("random")], 1)
    smith = [load_policy("smith"), scripted]
    with pytest.raises(ValueError, match="full config only"):
        play_match(mix_of("survive", **SMALL), smith, 2, size="tiny", threads=2)
