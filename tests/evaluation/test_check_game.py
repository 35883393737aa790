"""A bad game is warned of, by what is bad in it; a good one is not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metammo.cli.main import main
from metammo.cli.new_game import template
from metammo.evaluation.check_game import (
    Played,
    _ranks,
    check_game,
    favoured,
    find_still_ladder,
    life_correlations,
    play_alone,
    upper_tail,
)
from metammo.minigames.minigame import find_game
from metammo.policies.hub import load_policy

BAD = '''
"""Four teams, and a fault."""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import declare_team, is_horizon
from metammo.tasks.goals import defeat_entity
from metammo.world.random import draw_below

FAULT = 0
FAIR, HOPELESS, FIRST_WINS, PLACE_WINS = range(4)


@kernel
def winner(world, fault):
    if fault == FIRST_WINS:
        return int(0)
    for team in range(int(world.team_count)):
        if fault == PLACE_WINS and int(world.team_place[team]) == 2:
            return team
    return draw_below(world, int(world.team_count))


@kernel
def referee(world):
    fault = int(world.game_knob[FAULT])
    if not is_horizon(world):
        return
    world.is_game_over = 1
    if fault != HOPELESS:
        declare_team(world, winner(world, fault))
        world.winning_score = 1


class Bad(Minigame):
    """It has a fault."""

    teams = 4
    agents = 16
    knobs = {"fault": 0, "height": 1}
    difficulty = Ladder("height", start=1, step=1, stop=9)
    rules = {"horizon": 30, "playable": 24, "npc_count": 4, "resource": 0}
    task = defeat_entity("npc", 1)
    referee = referee
'''

HOPELESS, FIRST_WINS, PLACE_WINS = range(1, 4)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    path = tmp_path_factory.mktemp("games") / "bad.py"
    path.write_text(BAD)
    return str(path)


def warned(game, episodes=32, **knobs):
    report = check_game(game, episodes, threads=1, knobs=knobs)
    return {finding.kind: finding.text for finding in report.warnings}


def test_a_game_that_nobody_wins(bad):
    found = warned(bad, fault=HOPELESS)
    assert "nobody has won any of 96 episodes" in found["no_winner"]
    assert "height 1, may be too hard" in found["ladder"]


def test_a_team_that_wins_too_often(bad):
    found = warned(bad, fault=FIRST_WINS)
    assert set(found) == {"seat"}
    assert "team 0 won 32 of the random agents' 32" in found["seat"]


def test_a_spawn_place_that_wins_too_often(bad):
    found = warned(bad, fault=PLACE_WINS)
    assert set(found) == {"place"}
    assert "spawn place 2 won 32" in found["place"]


def test_places_are_those_of_the_episode_that_ended(bad):
    random = load_policy("random")
    played = play_alone(bad, random, 12, worlds=2, rated=False, threads=1, fault=PLACE_WINS)
    assert len(played.place) == 12
    for won, team, place in zip(played.won, played.team, played.place, strict=True):
        assert place[team[won]].tolist() == [2, 2, 2, 2]


def test_a_ladder_that_wins_do_not_move(bad):
    file = find_game(bad)
    played = Played("scripted", "training", length=[30] * 4, won=[np.ones(4, bool)] * 4, rungs=0)
    found = find_still_ladder(file, [played])
    assert "4 of them won: a rung takes 1 wins in one world" in found[0].text
    assert find_still_ladder(file, [replace(played, rungs=1)]) == []
    assert find_still_ladder(file, [replace(played, knobs="rated")]) == []


def test_a_task_in_which_nobody_gets_anywhere(bad):
    found = warned(bad, npc_count=0)
    assert set(found) == {"task"}
    assert "defeat_entity('npc', 1)" in found["task"]


def test_rewards_that_grow_by_dying(bad):
    # The fog takes those outside first.
    fog = {"fog_onset": 1, "fog_speed": 1, "fog_final_size": 4, "spawn": "anywhere"}
    fog["reward_win"] = 0.0
    found = warned(bad, **fog, reward_death=1.0, reward_health=0.0, reward_loss=0.0)
    assert "died sooner earned" in found["death_pays"]
    assert "death_pays" not in warned(bad, **fog)


def test_a_fault_is_an_exit_code_where_it_is_asked_for(bad, capsys):
    arguments = ["check-game", bad, "--episodes", "8", "--threads", "1"]
    assert main(arguments) == 0
    assert "bad" in capsys.readouterr().out
    worse = Path(bad).with_name("worse.py")
    worse.write_text(BAD.replace('{"fault": 0,', '{"fault": 1,'))
    arguments[1] = str(worse)
    assert main(arguments) == 0
    assert "warning: nobody has won" in capsys.readouterr().out
    assert main([*arguments, "--strict", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert "no_winner" in {each["kind"] for each in found["warnings"]}
    assert [each["kind"] for each in found["notes"]] == ["horizon"]
    assert len(found["rows"]) == 3


def test_no_episodes_are_refused(capsys):
    assert main(["check-game", "survive", "--episodes", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_the_template_is_a_good_game(tmp_path):
    path = tmp_path / "good.py"
    path.write_text(template("good"))
    assert warned(str(path)) == {}


def test_the_race_is_a_good_game():
    assert warned("race_to_center", 16, horizon=256) == {}


# The statistics


@pytest.mark.pure
def test_the_upper_tail_is_exact():
    assert upper_tail(np.full(3, 0.5), 2) == pytest.approx(0.5)
    assert upper_tail(np.array([0.1, 0.2]), 2) == pytest.approx(0.02)
    assert upper_tail(np.array([0.1, 0.2]), 0) == pytest.approx(1)
    assert upper_tail(np.ones(4), 4) == 1


@pytest.mark.pure
def test_ranks_of_equals_are_averaged():
    assert _ranks(np.array([5, 1, 5, 9])).tolist() == [2.5, 1, 2.5, 4]


def games_of(winner_of, episodes, sizes=(4, 4, 4, 4), seed=0):
    rng = np.random.default_rng(seed)
    played = Played("random", "rated")
    team = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(episodes):
        place = rng.permutation(len(sizes))
        played.won.append(team == winner_of(rng, place))
        played.team.append(team)
        played.place.append(place)
    return played


@pytest.mark.pure
def test_fair_games_favour_nobody():
    chances = [
        favoured(games_of(lambda rng, place: rng.integers(4), 64, seed=seed), by_place)[3]
        for seed in range(100)
        for by_place in (False, True)
    ]
    assert min(chances) > 0.0005
    assert np.mean(np.array(chances) < 0.05) < 0.1


@pytest.mark.pure
def test_a_favoured_place_is_not_a_favoured_seat():
    played = games_of(lambda rng, place: int(np.flatnonzero(place == 3)[0]), 64)
    assert favoured(played, by_place=True)[:3] == (3, 64, 16.0)
    assert favoured(played, by_place=False)[3] > 0.001


@pytest.mark.pure
def test_a_larger_team_may_win_more_often():
    sizes = (1, 15)
    played = games_of(lambda rng, place: int(rng.random() < 15 / 16), 64, sizes)
    assert favoured(played, by_place=False)[3] > 0.01


@pytest.mark.pure
def test_without_winners_nobody_is_favoured():
    assert favoured(games_of(lambda rng, place: -1, 8), by_place=False) is None


@pytest.mark.pure
def test_life_and_reward_are_compared_within_an_episode():
    played = Played("random", "rated")
    played.life = [np.arange(10), np.arange(10), np.full(10, 3)]
    played.reward = [np.arange(10.0), -np.arange(10.0), np.arange(10.0)]
    found = life_correlations(played)
    assert found[:, 0] == pytest.approx([1, -1])
    assert found[:, 1] == pytest.approx([-5, 5])
