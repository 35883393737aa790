"""Frozen suites: what they hold, when they refuse, what numbers they give."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from metammo.cli import suite as command
from metammo.cli.main import main
from metammo.evaluation import suites
from metammo.evaluation.rated import (
    better_share,
    cross_play,
    folder_name,
    rate_policy,
    suite_plans,
)
from metammo.evaluation.suites import SUITES, TIERS, find_suite
from metammo.evaluation.summary import share_with_interval, wilson
from metammo.minigames.minigame import find_game
from metammo.minigames.table import make_table
from metammo.policies.hub import load_policy
from metammo.rules.sizes import SIZE_CLASSES

PARTS = [(suite, config) for suite in SUITES.values() for config in suite.parts]


@pytest.mark.parametrize(("suite", "config"), PARTS)
def test_every_tier_of_every_game_can_be_played_and_differs(suite, config):
    part = suite.part(config)
    suite.check_versions(config, list(part.games))
    assert suite.episodes % (len(part.opponents) + 1) == 0
    for name, game in part.games.items():
        assert tuple(game.tiers) == TIERS
        rows = []
        for tier in TIERS:
            options = {"sizes": SIZE_CLASSES["standard"], "config": config, "rated": True}
            table = make_table([find_game(name)], [1.0], [dict(game.tiers[tier])], **options)[0]
            rows.append(table.tobytes())
        assert len(set(rows)) == 3, name


def test_another_version_of_a_game_is_refused(monkeypatch):
    suite = find_suite("v1")
    monkeypatch.setattr(find_game("survive").game, "version", 2)
    with pytest.raises(ValueError, match="frozen with version 1 of survive, here it has version 2"):
        suite.check_versions("mini", ["race_to_center", "survive"])
    suite.check_versions("mini", ["race_to_center"])
    assert main(["suite", "v1", "random"]) == 2


def test_what_a_suite_does_not_have_is_refused(capsys, tmp_path):
    for words, said in (
        (["v0", "random"], "no suite 'v0'; there are v1"),
        (["v1", "random", "--config", "middle"], "has configs mini, full"),
        (["v1", "random", "--game", "merchants"], "merchants is none of the games"),
        (["v1", "random", "--tier", "mild"], "no tier 'mild'"),
        (["v1", "random", "--figure", "a.png"], "give --cross-play"),
        (["v1", "random", "--episodes", "-1"], "at least 0"),
        (["v1", "nowhere"], "no policy at 'nowhere'"),
    ):
        assert main(["suite", *words, "--out", str(tmp_path)]) == 2
        assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def rows_of(scores):
    """Return rows of episodes from a list of dictionaries from policy to score."""
    return pl.DataFrame(
        [
            {
                "seed": 1,
                "episode": number,
                "policy": policy,
                "score": float(score),
                "won": score > 2,
                "progress": score / 4,
            }
            for number, episode in enumerate(scores)
            for policy, score in episode.items()
        ]
    )


def test_shares_count_episodes_in_which_both_played():
    table = rows_of([{"a": 3, "b": 1}, {"a": 1, "b": 1}, {"a": 1}, {"b": 1, "a": 0}])
    assert better_share(table, "a", "b").tolist() == [1, 0.5, 0]
    assert better_share(table, "b", "a").tolist() == [0, 0.5, 1]


def test_games_weigh_the_same_however_many_episodes_they_have():
    mean, low, high = share_with_interval([np.ones(10_000), np.array([0.0, 1.0] * 50)])
    assert mean == 0.75
    # A standard error of a half of 1 / (2 sqrt(100)).
    assert low == pytest.approx(0.75 - 1.96 * 0.025, abs=0.002)
    assert high == pytest.approx(0.75 + 1.96 * 0.025, abs=0.002)


def test_what_always_went_one_way_is_not_certain():
    # As published for 0 of 10 and 81 of 263: 0 to 0.278, 0.2553 to 0.3662 (Newcombe 1998).
    assert wilson(np.zeros(10)) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(np.array([1.0] * 81 + [0.0] * 182)) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    for value in (0.0, 1.0):
        mean, low, high = share_with_interval([np.full(48, value)] * 11)
        assert low <= mean == value <= high
        assert 0.01 < high - low < 0.1


def test_the_interval_of_a_mean_is_made_of_those_of_the_games():
    half, never = np.array([0.0, 1.0] * 50), np.zeros(48)
    (low, high), (_, most) = wilson(half), wilson(never)
    # What never happened can only have happened too rarely: it moves the upper end alone.
    mean, least, greatest = share_with_interval([half, never])
    assert mean - least == pytest.approx((0.5 - low) / 2)
    assert greatest - mean == pytest.approx(np.hypot(high - 0.5, most) / 2)


def made_up(plan, folder):
    """Return rows in which the first policy beats the second in every other episode."""
    names = [policy.name for policy in plan.policies]
    scores = [
        {name: (number % 2 if place else 0.5) for place, name in enumerate(names)}
        for number in range(plan.episodes)
    ]
    (folder / "x").mkdir(parents=True)
    return dict.fromkeys(plan.games, rows_of(scores))


def test_a_policy_has_a_row_for_each_game_and_tier(tmp_path):
    suite = find_suite("v1")
    others = [load_policy("scripted"), load_policy("random")]
    options = {"games": ["survive", "sandwich"], "tiers": TIERS}
    plans = suite_plans(suite, "mini", load_policy("smith"), others, **options)
    assert [plan.episodes for plan in plans.values()] == [suite.episodes] * 3
    assert plans["hard"].own_knobs["sandwich"] == {"inner_npcs": 24, "fog_speed": 1 / 8}
    assert plans["standard"].own_knobs == {"survive": {}, "sandwich": {}}
    rows, levels = rate_policy(plans, tmp_path, made_up)
    assert [(row["game"], row["tier"]) for row in rows] == [
        (game, tier) for tier in TIERS for game in ("survive", "sandwich")
    ]
    assert all(row["level"] == 0.5 and row["policy"] == "smith" for row in rows)
    assert all(row["level_low"] < 0.5 < row["level_high"] for row in rows)
    assert levels["all"][0] == levels["hard"][0] == 0.5
    # Over three tiers the mean is better known than in one.
    assert levels["all"][2] - levels["all"][1] < levels["hard"][2] - levels["hard"][1]


def test_cross_play_is_a_matrix_of_pairs(tmp_path):
    suite = find_suite("v1")
    three = [load_policy(name) for name in ("smith", "scripted", "random")]
    options = {"games": ["survive"], "tiers": ["standard"], "episodes": 4}
    plan = suite_plans(suite, "mini", three[0], three[1:], **options)["standard"]
    cross = cross_play(plan, tmp_path, made_up)
    assert cross.policies == ["smith", "scripted", "random"]
    assert np.isnan(cross.share.diagonal()).all()
    off = ~np.eye(3, dtype=bool)
    assert (cross.share[off] == 0.5).all()
    assert np.allclose((cross.low + cross.high.T)[off], 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("scripted-random", "smith-random", "smith-scripted"),
    ]
    assert folder_name("a/b (2)") == "a_b__2_"


def test_the_command_plays_rates_and_draws(tmp_path, capsys, monkeypatch):
    """One short tier of one game, in the smallest size."""
    plans = command.suite_plans
    monkeypatch.setattr(
        command,
        "suite_plans",
        lambda *given, **options: {
            tier: replace(plan, size="tiny", knobs={"horizon": 30, "playable": 16})
            for tier, plan in plans(*given, **options).items()
        },
    )
    words = [
        "suite",
        "v1",
        "random",
        "--game",
        "race_to_center",
        "--tier",
        "hard",
        "--episodes",
        "4",
    ]
    words += ["--cross-play", "--out", str(tmp_path), "--threads", "1"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["suite"] == "v1"
    assert told["whole"] is False
    assert [(row["policy"], row["tier"]) for row in told["rows"]] == [("random (3)", "hard")]
    assert told["levels"]["random (3)"]["hard"][0] == told["rows"][0]["level"]
    assert told["cross_play"]["policies"] == ["random", "scripted"]
    figure = tmp_path / "a.png"
    assert main([*words, "--figure", str(figure)]) == 0
    shown = capsys.readouterr()
    assert "Suite v1, mini config" in shown.out
    assert "not to be compared" in shown.err
    assert figure.read_bytes()[1:4] == b"PNG"


def test_suites_name_themselves():
    assert all(suite.name == name for name, suite in suites.SUITES.items())
