"""Mistakes in a game's file are told by file and line, before or while it is compiled."""

import numpy as np
import pytest

import metammo
from metammo.cli.main import main
from metammo.cli.new_game import template
from metammo.jit import IS_COMPILED
from metammo.minigames.definition import check_definition
from metammo.minigames.minigame import GameError, find_game, games

GOOD = template("good")


def write(folder, old, new):
    """Write the template with one change; return its path and the line of the change."""
    assert GOOD.count(old) >= 1, old
    text = GOOD.replace(old, new, 1)
    path = folder / "good.py"
    path.write_text(text)
    return str(path), GOOD[: GOOD.index(old)].count("\n") + 1


@pytest.mark.pure
def test_the_packages_own_games_are_well_made():
    for file in games().values():
        check_definition(file)


@pytest.mark.pure
def test_a_games_text_is_that_which_was_imported(tmp_path):
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    first = find_game(str(path))
    path.write_text(GOOD + "# edited\n")
    again = find_game(str(path))
    # What is compiled is known by its text.
    assert (first.text, again.text) == (GOOD, GOOD + "# edited\n")
    assert first.game is not again.game


MISTAKES = [
    ("def setup(world):", "def setup(world)", "cannot be imported: expected ':'"),
    ("import seize_center", "import seize_centre", "cannot be imported: cannot import name"),
    ("HOLD_TICKS = 0", "HOLD_TICKS = 1 // 0", "cannot be imported: "),
    ("world.objective_owner", "world.objective_ovner", "did you mean objective_owner"),
    ("is_horizon(world) or", "is_horizzon(world) or", "no name 'is_horizzon'; did you mean"),
    ("declare_team(world, holder)", "declare_team(world)", "declare_team takes (world, team)"),
    ("def referee(world)", "def referee(world, team)", "referee must take (world)"),
    ('"playable": 48', '"playabel": 48', "did you mean playable"),
    ('"playable": 48', '"playable": 4800', "must lie in 4..1024"),
    ('{"npc_count": 16}', '{"npc_count": "many"}', "takes a number"),
    ('"hold_ticks", start', '"hold_tick", start', "did you mean hold_ticks"),
    ("step=2", "step=0", "a ladder rises"),
    ('{"hold_ticks": 4}', "{chr(97 + i): i for i in range(9)}", "at most 8"),
    ('{"hold_ticks": 4}', '{"hold_ticks": 4, "seed": 1}', "'seed' means something else"),
    ('{"hold_ticks": 4}', '{"hold_ticks": 4.5}', "must be a whole number"),
    ('{"hold_ticks": "', '{"hold_tick": "', "no knob 'hold_tick'"),
    ('ticks="hold_ticks"', 'ticks="hold_tics"', "did you mean hold_ticks"),
    ("team(seize_center", "(3, seize_center", "got 3"),
    ("teams = 8", "teams = 7", "cannot make 7 equal teams"),
    ("version = 1", "version = 0", "at least 1"),
    ("    setup = setup", "    systems = ('combatt',)\n    setup = setup", "a tuple of resource"),
]


@pytest.mark.pure
@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_a_mistake_is_told_with_file_and_line(old, new, words, tmp_path):
    path, line = write(tmp_path, old, new)
    with pytest.raises(GameError) as error:
        find_game(path)
    text = str(error.value)
    # Of a class attribute's dict the line of the key, of a parenthesis its first line.
    assert text.startswith(f"{path}:{line}:") or "systems" in text, text
    assert words in text


@pytest.mark.pure
def test_a_method_is_no_hook(tmp_path):
    method = (
        "    version = 1\n\n    @kernel\n    def setup(world):\n        world.game_state[0] = 1\n"
    )
    path, _ = write(tmp_path, "    version = 1", method)
    text = (tmp_path / "good.py").read_text().replace("    setup = setup\n", "")
    (tmp_path / "good.py").write_text(text)
    with pytest.raises(GameError, match="must stand outside of the class"):
        find_game(path)


@pytest.mark.skipif(not IS_COMPILED, reason="without compiler every function is a kernel")
def test_a_hook_that_is_no_kernel_is_told(tmp_path):
    path, _ = write(tmp_path, "@kernel\ndef referee", "def referee")
    with pytest.raises(GameError, match="referee is no kernel: put @kernel above it"):
        find_game(path)


@pytest.mark.pure
def test_paths_are_told_from_the_working_folder(tmp_path, monkeypatch):
    write(tmp_path, '"playable": 48', '"playabel": 48')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GameError) as error:
        find_game("good.py")
    assert str(error.value).startswith("good.py:")


@pytest.mark.skipif(not IS_COMPILED, reason="there is no compiler to complain")
def test_what_does_not_compile_is_one_line_and_exit_code_2(tmp_path, capsys, monkeypatch):
    path, line = write(tmp_path, "held = int(world.tick)", "held = 'a' + int(world.tick)")
    arguments = ["bench", "sim", "--game", path, "--worlds", "1", "--ticks", "1", "--runs", "1"]
    assert main(arguments) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"metammo: {path}:{line}: does not compile: ")
    assert "add(Literal[str](a), int64)" in told
    monkeypatch.setenv("METAMMO_TRACEBACK", "1")
    with pytest.raises(GameError):
        main(arguments)


def play_one(path):
    batch = metammo.make_vec(path, 1, threads=1, npc_count=0)
    batch.step(batch.random_actions(0))
    state = batch.worlds.game_state[0].copy()
    driver = batch._driver.__name__
    batch.close()
    return state, driver


def test_an_edit_is_seen_and_what_was_is_not_compiled_again(tmp_path, capsys):
    path, _ = write(tmp_path, "    holder =", "    world.game_state[0] = 7\n    holder =")
    state, first = play_one(path)
    assert state[0] == 7
    capsys.readouterr()
    assert play_one(path)[1] == first
    assert "compiling" not in capsys.readouterr().err
    text = (tmp_path / "good.py").read_text().replace("game_state[0] = 7", "game_state[0] = 8")
    (tmp_path / "good.py").write_text(text)
    state, second = play_one(path)
    assert state[0] == 8
    assert second != first


def test_a_game_of_ones_own_is_played_by_every_interface(tmp_path):
    path, _ = write(tmp_path, '"horizon": 512', '"horizon": 16')
    environment = metammo.make(path, seed=1)
    observations, _ = environment.reset()
    assert len(observations) == 128
    environment.close()
    single = metammo.make_single(path)
    single.reset(seed=0)
    *_, info = single.step(single.action_space.sample())
    assert info == {}
    single.close()
    batch = metammo.make_vec({path: 1.0, "race_to_center": 1.0}, 16, threads=2)
    assert batch.game_names == ["good", "race_to_center"]
    assert set(np.unique(batch.worlds.game)) == {0, 1}
    ended = np.zeros(16, bool)
    for tick in range(20):
        batch.step(batch.random_actions(tick))
        ended |= batch.done & (batch.results.game == 0)
    assert ended.any()
    batch.close()
