"""Each game is played as it was when somebody last read how."""

import pytest

import metammo
from tests.minigames.playthroughs import FOLDER, play


@pytest.mark.parametrize("game", metammo.games())
def test_a_game_goes_as_written_down(game):
    path = FOLDER / f"{game}.txt"
    assert path.exists(), "python -m tests.minigames.playthroughs writes it; read it"
    assert play(game) == path.read_text(encoding="utf-8")


def test_every_playthrough_has_its_game():
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == metammo.games()
