"""The pages made from the code are as the code says, and complete."""

from pathlib import Path

import pytest

from metammo.minigames.minigame import games
from metammo.observe.layout import LAYOUTS, MARKET_PART, TileEntity
from metammo.rules.rules import RULE_FIELDS
from tools import make_docs

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_up_to_date():
    assert make_docs.stale(DOCS) == [], "run `make docs`"


def test_every_feature_says_what_it_means():
    assert set(make_docs.FEATURES) == {
        part.name for layout in LAYOUTS.values() for part in (*layout.parts, MARKET_PART)
    }
    for enum in (*make_docs.FEATURES.values(), TileEntity):
        missing = [name for name, doc in make_docs.member_docs(enum).items() if not doc]
        assert missing == [], enum


def test_every_game_has_a_page_of_the_same_headings():
    headings = [
        [line for line in make_docs.game_page(file).splitlines() if line.startswith("## ")]
        for file in games().values()
    ]
    assert len(headings[0]) == 10
    assert all(each == headings[0] for each in headings)


def test_every_rule_is_on_its_page():
    named = [name for _, names in make_docs.rule_groups() for name in names]
    assert named == list(RULE_FIELDS)


@pytest.fixture
def folder(tmp_path):
    make_docs.write(tmp_path)
    return tmp_path


def test_pages_are_written_once(folder):
    assert make_docs.write(folder) == []


def test_what_is_stale_is_named_and_mended(folder):
    page = folder / "games" / "survive.md"
    page.write_text(page.read_text() + "more\n")
    left = folder / "games" / "chess.md"
    left.write_text("a game that is no more\n")
    (folder / "rules.md").unlink()
    wrong = {str(path) for path in make_docs.stale(folder)}
    assert wrong == {"games/survive.md", "games/chess.md", "rules.md"}
    make_docs.write(folder)
    assert make_docs.stale(folder) == []
    assert not left.exists()


def test_bad_arguments_are_told(capsys):
    assert make_docs.main(["--chekc"]) == 2
    assert "Usage" in capsys.readouterr().err
