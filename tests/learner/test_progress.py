"""What a person sees of a run fits into a line, and is true."""

import pytest

from metammo.learner.progress import ProgressLine, describe_progress

pytestmark = pytest.mark.pure
ROW = {"agent_steps_per_second": 14_213.0, "played_per_second": 14_213.0, "learning/entropy": 3.211}
POOL = {"played_per_second": 16_280.0, "pool/episodes": 1.0, "pool/outcome": 0.61}
MEAN = {"return": -10.42, "progress": 0.17, "length": 1024.0, "rung": 12.0, "win_rate": 1.0}


@pytest.mark.parametrize("row", [ROW, {**ROW, **POOL}])
@pytest.mark.parametrize("games", [["race_to_center"], ["multi_task_eval", "capture_the_flag"]])
def test_a_line_fits_a_terminal(games, row, capsys):
    line = ProgressLine(20_000_000, 0, quiet=False)
    line.started -= 5000  # ten seconds must have passed
    line.show(10_000_000, row, dict.fromkeys(games, MEAN))
    (said,) = capsys.readouterr().err.splitlines()
    assert len(said) <= 120
    assert "10.00 of 20 M, 5000 s left; 14.2k" in said


def test_games_are_told_of_one_after_the_other():
    means = {"survive": MEAN, "sandwich": MEAN}
    told = [describe_progress(ROW, means, turn) for turn in range(3)]
    assert told[0] == "14.2k steps/s; survive, progress 0.17, 1024 ticks, rung 12.0; entropy 3.21"
    assert "sandwich" in told[1]
    assert told[2] == told[0]


def test_a_run_of_one_game_tells_its_returns_and_how_it_does_against_opponents():
    told = describe_progress({**ROW, **POOL}, {"survive": MEAN})
    assert told == (
        "14.2k of 16.3k steps/s; return -10.42, progress 0.17, 1024 ticks, rung 12.0; outcome 0.61"
    )


def test_before_an_episode_has_ended_there_is_the_speed():
    slow = {**ROW, "agent_steps_per_second": 814.0, "played_per_second": 814.0}
    assert describe_progress(slow, {}) == "814 steps/s; entropy 3.21"
