"""`metammo replay` as a user meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metammo.cli.main import main
from metammo.minigames import minigame
from metammo.replay.format import Replay, write_replay
from tests.replay.files import made_up_replay, with_sum

SMALL = ["--size", "tiny", "--knobs", "horizon=30", "playable=16"]


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    """The file of a game of one's own: survive by another name."""
    path = tmp_path_factory.mktemp("games") / "hermits.py"
    shutil.copy(Path(minigame.__file__).parent / "survive.py", path)
    return str(path)


@pytest.fixture(scope="module")
def episode(game, tmp_path_factory):
    """The file of a short episode."""
    path = tmp_path_factory.mktemp("replay") / "a.metammo"
    arguments = ["replay", "record", str(path), "--game", game, *SMALL]
    assert main([*arguments, "--policy", "scripted", "random", "--seed", "2"]) == 0
    return path


def test_an_episode_is_recorded_and_verified(episode, game, capsys):
    header = Replay.open(episode).header
    policies = [team["policy"] for team in header["teams"]]
    # A free for all is dealt in blocks.
    blocks = [["scripted"] * 8, ["random"] * 8]
    assert policies in (blocks[0] + blocks[1], blocks[1] + blocks[0])
    assert header["seed"] == 2
    assert header["knobs"] == {"horizon": 30, "playable": 16}
    assert main(["replay", "verify", str(episode), "--game", game]) == 0
    assert f"all {header['ticks'] + 1} frames are as recorded" in capsys.readouterr().out


def test_a_game_of_ones_own_is_known_by_its_file_alone(episode, capsys):
    assert Replay.open(episode).header["game"] == "hermits"
    assert main(["replay", "verify", str(episode)]) == 2
    assert "unknown game 'hermits'" in capsys.readouterr().err


def test_names_in_a_file_do_nothing_to_a_terminal(tmp_path, capsys):
    replay = made_up_replay()
    teams = [{**team, "policy": "\x1b[2J[/b]\ud800x"} for team in replay.header["teams"]]
    path = tmp_path / "a.metammo"
    arrays = {name: replay[name] for name in replay.names}
    write_replay(path, Replay({**replay.header, "teams": teams, "game": "a\nb"}, arrays))
    assert main(["replay", "info", str(path)]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "[2J[/b]" in told
    assert "game: a\ufffdb\n" in told


def test_a_changed_action_is_told_with_exit_code_1(episode, game, tmp_path, capsys):
    replay = Replay.open(episode)
    actions = replay["actions"].copy()
    speaker = int((replay["player_message"][4] > 0).argmax())
    actions[3, speaker, 3] = (actions[3, speaker, 3] + 1) % 127
    arrays = {name: replay[name] for name in replay.names}
    write_replay(tmp_path / "b.metammo", Replay(replay.header, arrays | {"actions": actions}))
    assert main(["replay", "verify", str(tmp_path / "b.metammo"), "--game", game]) == 1
    assert "frame 4 differs, in player_message" in capsys.readouterr().out


def test_info_shows_a_row_for_each_team(episode, capsys):
    assert main(["replay", "info", str(episode), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["game"] == "hermits"
    assert found["policies"] == ["scripted", "random"]
    assert [row["team"] for row in found["rows"]] == list(range(16))
    assert sum(row["alive"] for row in found["rows"]) <= 16
    assert main(["replay", "info", str(episode)]) == 0
    assert "winning teams" in capsys.readouterr().out


def test_episodes_go_to_the_peer_and_back(episode, tmp_path, capsys):
    peer, back = tmp_path / "a.replay.lzma", tmp_path / "b.metammo"
    assert main(["replay", "convert", str(episode), str(peer)]) == 0
    assert main(["replay", "convert", str(peer), str(back)]) == 0
    first, second = Replay.open(episode), Replay.open(back)
    players = first.header["players"]
    alive = first["entity_alive"][:, :players] == 1
    assert ((second["entity_alive"][:, :players] == 1) == alive).all()
    for name in ("entity_row", "entity_col", "entity_health"):
        assert (second[name][:, :players][alive] == first[name][:, :players][alive]).all()
    capsys.readouterr()
    assert main(["replay", "info", str(back)]) == 0
    assert "is decided: unknown" in capsys.readouterr().out
    assert main(["replay", "verify", str(back)]) == 2
    assert "cannot be played again: it lacks actions" in capsys.readouterr().err


def test_evaluate_records_an_episode(tmp_path, capsys):
    arguments = ["evaluate", "random", "--game", "race_to_center", "--against"]
    knobs = ["--episodes", "1", "--knobs", "horizon=10", "agents=8"]
    assert main([*arguments, *knobs, "--record", str(tmp_path / "new"), "--threads", "1"]) == 0
    path = tmp_path / "new" / "race_to_center-0.metammo"
    header = Replay.open(path).header
    assert header["ticks"] <= 10
    assert header["players"] == 8
    assert main(["replay", "verify", str(path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "play"], "replay has no part 'play'"),
        (["replay", "info", "nowhere"], "nowhere cannot be read: No such file"),
        (["replay", "info", "damaged.metammo"], "is damaged"),
        (["replay", "info", "damaged.lzma"], "no replay of Neural MMO"),
        (["replay", "convert", "a.metammo", "b.metammo"], "must end in .lzma or .json"),
        (["replay", "record", "a", "--game", "none"], "unknown game 'none'"),
        (["replay", "record", "no/a", "--game", "survive", *SMALL], "no/a cannot be written"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_replay("damaged.metammo", made_up_replay())
    data = bytearray(Path("damaged.metammo").read_bytes())
    data[len(data) // 2] ^= 255
    Path("damaged.metammo").write_bytes(bytes(data))
    Path("damaged.lzma").write_bytes(with_sum(bytes(data)))
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    # Whether the simulator had to be compiled first is another matter.
    lines = [line for line in captured.err.splitlines() if "compil" not in line]
    assert len(lines) == 1
    assert not Path("a").exists()


def test_a_full_disk_leaves_no_half_file(tmp_path):
    path = tmp_path / "small.metammo"
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from tests.replay.files import made_up_replay\n"
        "from metammo.replay.format import write_replay\n"
        "try:\n    write_replay(sys.argv[1], made_up_replay())\n"
        "except ValueError as error:\n    print(error)\n"
    )
    root = str(Path(__file__).parents[2])
    result = subprocess.run(
        [sys.executable, "-c", code, str(path), root], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in result.stdout
    assert not list(tmp_path.iterdir())
