"""Opponents play some of the seats; they are rated, kept, drawn, and never learned from."""

import itertools
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from metammo.cli.main import main
from metammo.learner.opponents import STAY, deal_seats
from metammo.learner.pool import Member, draw_weights, thin
from metammo.learner.ratings import compare, expected_outcome, move_ratings
from metammo.learner.settings import PoolSettings
from metammo.policies.hub import CheckpointError
from metammo.policies.scripted import ScriptedPolicy
from tests.learner import runs

TICKS = (6, 11)
POOL = PoolSettings(share=0.25, every=1500, size=4, others=("scripted",))


settings_in = partial(runs.settings_in, pool=POOL)


@pytest.fixture
def begin(begin):
    """Begin a run whose episodes last a few ticks."""
    return partial(begin, ticks=TICKS)


def learn(run, updates):
    for _ in range(updates):
        run.learn()


def same_tensors(one, other):
    kept, again = one.state_dict(), other.state_dict()
    assert kept.keys() == again.keys()
    return all(torch.equal(kept[name], again[name]) for name in kept)


def test_a_team_is_compared_with_every_team_of_the_opponent():
    # Teams 0 and 1 are the learner's, 2 and 3 the opponent's; the last seat is nobody's.
    teams = np.array([0, 0, 1, 1, 2, 2, 3, 3, -1], np.int16)
    theirs = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0], bool)
    scores = np.array([1.0, 0.0, 0.2, 0.0, 0.0, 1.0, 0.0, 0.3, 9.0])
    # Means .5 and .1 against .5 and .15: a tie, a win, and two defeats.
    assert compare(scores, teams, theirs) == pytest.approx((0.5 + 1 + 0 + 0) / 4)


def test_chance_is_level_however_few_seats_the_opponent_has():
    rng = np.random.default_rng(1)
    teams = np.repeat(np.arange(16), 8).astype(np.int16)
    outcomes = []
    for number in range(400):
        # One team wins, whoever it is.
        scores = (teams == rng.integers(16)).astype(float)
        outcomes.append(compare(scores, teams, deal_seats(teams, 1 / 8, number)))
    assert np.mean(outcomes) == pytest.approx(0.5, abs=0.03)


def test_what_one_rating_gains_the_other_loses():
    assert expected_outcome(1000, 1000) == 0.5
    assert expected_outcome(1400, 1000) == pytest.approx(10 / 11)
    assert move_ratings(1000, 1000, 1.0) == (1008, 992)
    assert move_ratings(1400, 1000, 0.0) == pytest.approx((1400 - 160 / 11, 1000 + 160 / 11))


def test_whole_teams_are_dealt_and_each_seat_by_its_share():
    battle = np.repeat(np.arange(16), 8).astype(np.int16)
    free_for_all = np.arange(128, dtype=np.int16)
    two = np.repeat(np.arange(2), 64).astype(np.int16)
    for teams, counts in ((battle, {16}), (free_for_all, {16}), (two, {0, 64})):
        deals = np.array([deal_seats(teams, 1 / 8, number) for number in range(400)])
        assert set(deals.sum(1).tolist()) == counts
        assert deals.mean(0) == pytest.approx(np.full(128, 1 / 8), abs=0.06)
        for team in range(int(teams.max()) + 1):
            of_team = deals[:, teams == team]
            assert (of_team.all(1) | ~of_team.any(1)).all()


def test_one_team_is_always_the_learners_and_nobodys_seat_is_nobodys():
    assert deal_seats(np.array([0, 0, 0], np.int16), 0.99, 1).sum() == 0
    for number in range(20):
        seats = deal_seats(np.array([0, 1, 2, -1], np.int16), 0.99, number)
        assert seats.sum() == 2
        assert not seats[3]


def test_the_pool_is_thinned_evenly():
    pool = [Member(str(steps), "", steps) for steps in range(1, 5)]
    pool.insert(0, Member("scripted", "", -1))
    for steps in range(5, 200):
        pool.append(Member(str(steps), "", steps))
        gone = thin(pool, playing=[pool[3]])
        assert gone is not pool[3]
        pool.remove(gone)
    own = [each.steps for each in pool if each.steps >= 0]
    assert len(own) == 4
    assert own[0] == 1
    assert own[-1] == 199


def test_recency_and_rating_draw_some_oftener():
    old, new = Member("1", "", 1, rating=1000), Member("2", "", 2, rating=1400)
    other = Member("scripted", "", -1, rating=1000)
    pool = [other, old, new]
    assert draw_weights(pool, 1000, "uniform").tolist() == pytest.approx([1 / 3] * 3)
    assert draw_weights(pool, 1000, "recency").tolist() == pytest.approx([0.4, 0.2, 0.4])
    by_rating = draw_weights(pool, 1000, "rating")
    assert by_rating == pytest.approx(np.array([0.5, 0.5, 10 / 11]) / (1 + 10 / 11))


def test_a_run_with_opponents_goes_on_bit_for_bit(begin, tmp_path):
    whole = begin(settings_in(tmp_path, name="whole"))
    learn(whole, 8)
    parts = begin(settings_in(tmp_path, name="parts"))
    learn(parts, 4)
    parts.save("last")
    # What comes after the checkpoint, and past selves that leave, must not matter to it.
    learn(parts, 2)
    resumed = begin(settings_in(tmp_path, resume=parts.folder, steps=None))
    learn(resumed, 4)
    assert whole.opponents.episodes > 5
    assert any(guest.state is not None for guest in whole.opponents.guests)
    again = {**resumed.parts.own, **resumed.parts.shared}
    for name, part in {**whole.parts.own, **whole.parts.shared}.items():
        assert same_tensors(part, again[name]), name
    assert same_tensors(whole.algorithm.module, resumed.algorithm.module)
    assert whole.opponents.metrics() == resumed.opponents.metrics()
    assert whole.steps == resumed.steps
    # Past selves that have left go with the next checkpoint.
    names = {each.name for each in whole.opponents.members if each.steps >= 0}
    folder = whole.folder / "pool"
    assert len(names) == 4 < len(list(folder.iterdir()))
    whole.save("last")
    assert {path.name for path in folder.iterdir()} == names


def test_nothing_is_learned_from_opponents_and_a_world_keeps_its_own(begin, tmp_path):
    run = begin(settings_in(tmp_path))
    learn(run, 2)
    pool, batch, step = run.opponents, run.batch, run.batch.step
    seen = []

    def watched(actions):
        loaded = [guest.member.name for guest in pool.guests if guest is not None]
        assert len(set(loaded)) == len(loaded) <= 2
        names = [pool.guests[place].member.name for place in pool.guest_of]
        seen.append((batch.alive.copy(), pool.seats.copy(), names, batch.worlds.tick.tolist()))
        return step(actions)

    batch.step = watched
    before = run.steps, run.actor.played
    for _ in range(2):
        seen.clear()
        run.actor.collect()
        alive = run.actor.buffer.alive.view(8, *batch.alive.shape).numpy()
        for tick, (living, seats, _, _) in enumerate(seen):
            assert (alive[tick] == (living & ~seats)).all()
            assert seats.any(1).all()
        for earlier, later in itertools.pairwise(seen):
            for world in np.flatnonzero(np.array(later[3]) > earlier[3]):
                assert later[2][world] == earlier[2][world]
                assert (later[1][world] == earlier[1][world]).all()
        before = before[0] + int(alive.sum()), before[1] + sum(int(row[0].sum()) for row in seen)
        assert (run.steps, run.actor.played) == before


def test_a_guest_stays_for_some_episodes_of_each_world(begin, tmp_path):
    pool_settings = replace(POOL, every=300, share=0.5, draw="recency")
    run = begin(settings_in(tmp_path, pool=pool_settings))
    pool, seat, met = run.opponents, run.opponents.seat, []

    def watched(world):
        seat(world)
        met.append(pool.guests[pool.guest_of[world]].member)

    pool.seat = watched
    learn(run, 24)
    stays = [len(list(each)) for _, each in itertools.groupby(met)]
    assert len(stays) > 3
    # The first was seated before we watched; the last is there still.
    assert min(stays[1:-1]) >= STAY * run.batch.world_count


def test_opponents_do_what_their_policy_does(begin, tmp_path):
    run = begin(settings_in(tmp_path, pool=replace(POOL, every=0)))
    pool, batch = run.opponents, run.batch
    actions = np.zeros((2, 128, len(batch.heads)), np.int16)
    pool.act(actions)
    rows = np.flatnonzero(pool.seats)
    wanted, _ = ScriptedPolicy(seed=77).act(
        batch.observations.reshape(-1)[rows],
        batch.masks.reshape(256, -1)[rows],
        None,
        None,
        # Chance is the episode's, not the policy's.
        np.arange(len(rows), dtype=np.uint64),
    )
    assert len(rows) == 64
    # The targets of attacks are not left to chance.
    assert (actions.reshape(256, -1)[rows, 2] == wanted[:, 2]).all()
    assert not actions[~pool.seats].any()


def test_a_past_self_is_as_it_was_and_begins_with_a_blank_memory(begin, tmp_path):
    run = begin(settings_in(tmp_path, pool=replace(POOL, every=1, others=())))
    learn(run, 1)
    then = {name: value.clone() for name, value in run.algorithm.module.state_dict().items()}
    run.actor.collect()
    pool = run.opponents
    guest = next(guest for guest in pool.guests if guest is not None)
    learn(run, 1)
    assert all(torch.equal(then[k], v) for k, v in guest.policy.module.state_dict().items())
    run.batch.life_begins[:] = True
    actions = np.zeros((2, 128, len(run.batch.heads)), np.int16)
    states = []
    for fill in (0.0, 1.0):
        guest.state = torch.full_like(guest.state, fill)
        pool.act(actions)
        states.append(guest.state)
    assert torch.equal(*states)
    assert states[0].any()


def test_a_damaged_past_self_is_named(begin, tmp_path):
    run = begin(settings_in(tmp_path, pool=replace(POOL, every=1, others=())))
    learn(run, 1)
    (member,) = run.opponents.members
    path = Path(member.source) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"the past self in .* cannot be loaded"):
        learn(run, 1)


def test_until_somebody_is_in_the_pool_nothing_is_other_than_without(begin, tmp_path):
    plain = begin(settings_in(tmp_path, name="plain", pool=PoolSettings(share=0.0)))
    waiting = begin(settings_in(tmp_path, name="waiting", pool=PoolSettings()))
    for run in (plain, waiting):
        learn(run, 1)
    assert plain.opponents is None
    assert same_tensors(plain.algorithm.module, waiting.algorithm.module)


def test_a_policy_from_elsewhere_is_copied_into_the_run(begin, tmp_path):
    other = begin(settings_in(tmp_path, name="other", pool=PoolSettings(share=0.0)))
    other.save("last")
    pool = replace(POOL, others=(str(other.folder),))
    run = begin(settings_in(tmp_path, name="own", pool=pool))
    shutil.rmtree(other.folder)
    learn(run, 2)
    run.save("last")
    resumed = begin(settings_in(tmp_path, resume=run.folder, steps=None))
    assert resumed.opponents.metrics() == run.opponents.metrics()
    assert f"pool/rating_of/{other.folder}" in run.opponents.metrics()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--pool.share", "1"], "pool.share is the part of the seats that opponents play"),
        (["--pool.size", "3"], "pool.size must be at least 4, got 3"),
        (["--pool.every", "-1"], "pool.every must be at least 0 agent-steps, got -1"),
        (["--pool.draw", "best"], "pool.draw must be one of uniform, recency, rating, got 'best'"),
        (["--pool.from", "nothing"], "there is no policy at 'nothing'"),
        (["--pool.from", "scripted", "smith"], "'smith' plays the full config and cannot be"),
        (["--pool.from", "own.py:Net@runs/a"], "pool.from takes names and folders, not a class"),
    ],
)
def test_what_makes_no_pool_is_refused(options, error, tmp_path, capsys):
    games = ["--games", "race_to_center", "survive", "team_battle", "--worlds", "2"]
    assert main(["train", *games, *options, "--folder", str(tmp_path)]) == 2
    assert error in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
