"""Rewards shared by a team, by hand."""

import numpy as np
import pytest

from metammo.cli.main import main
from metammo.learner.team_reward import share_rewards

TEAMS = np.array([[0, 0, 1, 1, -1], [0, 1, 0, 1, 1]], np.int16)
EVERYBODY = TEAMS >= 0


def test_a_half_of_each_reward_is_the_teams_mean():
    rewards = np.array([[1, 3, 0, 4, 0], [2, 1, 0, 1, 4]], np.float32)
    # Means: 2 and 2 in the first world, 1 and 2 in the second.
    assert share_rewards(rewards, TEAMS, EVERYBODY, 0.5).tolist() == [
        [1.5, 2.5, 1, 3, 0],
        [1.5, 1.5, 0.5, 1.5, 3],
    ]


def test_the_dead_are_no_part_of_a_team_and_who_dies_still_is():
    rewards = np.array([[-1, 3, 0, 4, 0]], np.float32)
    # The third died before; the first dies now, and its team bears a part of it.
    alive = np.array([[True, True, False, True, False]])
    shared = share_rewards(rewards, TEAMS[:1], alive, 1.0)
    assert shared.tolist() == [[1, 1, 0, 4, 0]]


@pytest.mark.parametrize("part", [0.25, 1.0])
def test_a_team_is_paid_as_much_together(part):
    rng = np.random.default_rng(0)
    teams = rng.integers(0, 4, (3, 16)).astype(np.int16)
    alive = rng.random((3, 16)) < 0.6
    rewards = np.where(alive, rng.normal(size=(3, 16)), 0).astype(np.float32)
    shared = share_rewards(rewards, teams, alive, part)
    for world in range(3):
        for team in range(4):
            of_team = teams[world] == team
            assert shared[world, of_team].sum() == pytest.approx(
                rewards[world, of_team].sum(), abs=1e-5
            )
    assert (shared[~alive] == 0).all()


def test_a_part_beyond_all_is_refused(tmp_path, capsys):
    assert main(["train", "--team-reward", "1.5", "--folder", str(tmp_path)]) == 2
    error = "team_reward is the part of a reward that is shared: from 0 to 1, got 1.5"
    assert error in capsys.readouterr().err
