"""Replays of Neural MMO: read in pieces, refused in a line where they are none, and written."""

import json
import lzma
import subprocess
import sys
import time
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from metammo.replay import neural_mmo
from metammo.replay.format import FRAMES, Replay, write_replay
from metammo.replay.header import ReplayError
from metammo.replay.neural_mmo import read_neural_mmo
from metammo.replay.to_neural_mmo import packets, write_neural_mmo
from metammo.rules.items import Item
from tests.replay.files import made_up_replay, reference

KNOWN = {
    # By what the file's name begins with: ticks, rows of NPCs, players who died, teams, and how
    # the specialists that play beside the generalists are called.
    "full_multitaskeval": (1024, 132, 89, 128, "mtonly"),
    "full_survive": (670, 134, 127, 128, "svonly"),
    "full_teambattle": (591, 132, 125, 16, "tbonly"),
    "mini_kingofthehill": (795, 0, 127, 16, "khonly"),
    "mini_protecttheking": (573, 131, 121, 16, "pkonly"),
    "mini_racetocenter": (77, 0, 18, 128, "rconly"),
    "mini_sandwich": (832, 256, 119, 8, "swonly"),
    "mini_teambattle": (713, 132, 127, 16, "tbonly"),
}


def entity_of(row, col, **more):
    return {
        "status": {"freeze": 0},
        "history": {"damage": 3, "timeAlive": 1, **more},
        "inventory": {"items": [], "equipment": {}},
        "alive": True,
        "base": {"r": row, "c": col, "name": "x", "level": 2, "population": -3},
        "resource": {"health": {"val": 90}, "food": {"val": 80.0}, "water": {"val": 70}},
        "metrics": {"PlayerDefeats": 1, "Gold": 7},
    }


def packet_of(player, npc, resource=()):
    fog = {
        "PLAYER_DEATH_FOG": 4,
        "PLAYER_DEATH_FOG_FINAL_SIZE": 2,
        "PLAYER_DEATH_FOG_SPEED": 0.0625,
    }
    return {
        "border": "1",
        "size": "6",
        "resource": list(resource),
        "player": player,
        "npc": npc,
        "market": {},
        "config": fog,
    }


def small():
    """Return an episode of three frames as the peer's JSON has it."""
    anna, bert = entity_of(1, 1), entity_of(2, 2)
    anna["base"]["name"] = "Team00_leader-(good)"
    bert["base"]["name"] = "Team01_leader-(bad (old))"
    hit = entity_of(1, 2, attack={"target": -1, "style": "Mage"})
    worn = {"item": "Hat", "level": 2, "quantity": 1}
    hit["inventory"] = {"items": [{**worn, "level": 1}, worn], "equipment": {"hat": worn}}
    map_rows = np.full((6, 6), 2)
    map_rows[3, 3] = 4
    return {
        "map": map_rows.tolist(),
        "packets": [
            packet_of({"1": anna, "2": bert}, {"-1": entity_of(4, 4)}),
            packet_of({"1": hit, "2": bert}, {"-1": entity_of(4, 4)}, [[3, 3]]),
            packet_of({"1": anna}, {"-2": entity_of(3, 1)}),
        ],
    }


def refusal(path, text):
    """Return the one line by which a text is refused, quickly."""
    path.write_bytes(text if isinstance(text, bytes) else json.dumps(text).encode())
    started = time.monotonic()
    with pytest.raises(ReplayError) as caught:
        read_neural_mmo(path)
    assert time.monotonic() - started < 10
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_packets_say_becomes_frames(tmp_path):
    path = tmp_path / "a.replay.lzma"
    path.write_bytes(lzma.compress(json.dumps(small()).encode(), lzma.FORMAT_ALONE))
    counts = []
    replay = read_neural_mmo(path, lambda count, share: counts.append((count, share)))
    header = replay.header
    assert [count for count, _ in counts] == [1, 2, 3]
    assert (header["ticks"], header["players"], header["entities"]) == (2, 2, 4)
    assert [team["policy"] for team in header["teams"]] == ["good", "bad (old)"]
    assert header["fog"] == {"onset": 4, "speed": [1, 16], "final_size": 2}
    assert (header["first"], header["playable"], header["map_size"]) == (1, 4, 6)
    assert replay["entity_alive"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 0], [1, 0, 0, 1]]
    assert replay["entity_target"].tolist() == [[-1] * 4, [2, -1, -1, -1], [-1] * 4]
    assert replay["entity_style"][1, 0] == 2
    assert replay["entity_kind"][0].tolist() == [1, 1, 4, 0]
    # Who is gone stays where it was.
    assert replay["entity_row"][2].tolist() == [1, 2, 4, 3]
    assert replay["player_food"][0].tolist() == [80, 80]
    assert replay["tile_changes"].tolist() == [[1, 3, 3, 3], [2, 3, 3, 4]]
    assert replay["item_level"][1, 0].tolist()[:3] == [1, 2, 0]
    assert replay["item_worn"][1, 0].tolist()[:2] == [0, 1]
    write_replay(tmp_path / "a.metammo", replay)
    again = Replay.open(tmp_path / "a.metammo")
    assert set(FRAMES) <= set(again.names)


def test_the_market_is_kept_as_it_changes(tmp_path):
    path = tmp_path / "a.replay.json"
    episode = small()
    hats = {"max_price": 9, "min_price": 4, "price": 6.5, "supply": 2}
    arrows = {"max_price": 1, "min_price": 1, "price": 1.0, "supply": 7}
    for packet, market in zip(
        episode["packets"], ({"Hat_2": hats}, {"Hat_2": hats, "Arrow_1": arrows}, {}), strict=True
    ):
        packet["market"] = market
    path.write_text(json.dumps(episode))
    replay = read_neural_mmo(path)
    hat, arrow = int(Item.HAT), int(Item.ARROW)
    gone = [[2, hat, 2, 0, 0, 0], [2, arrow, 1, 0, 0, 0]]
    assert replay["market_changes"].tolist() == [
        *([0, hat, 2, 2, 4, 9], [1, arrow, 1, 7, 1, 1]),
        *gone,
    ]
    write_replay(tmp_path / "a.metammo", replay)
    again = Replay.open(tmp_path / "a.metammo")
    assert np.array_equal(again["market_changes"], replay["market_changes"])
    replay["market_changes"][0, 1] = 0
    write_replay(tmp_path / "b.metammo", replay)
    with pytest.raises(ReplayError, match="market_changes holds values that cannot be"):
        Replay.open(tmp_path / "b.metammo")["market_changes"]
    episode["packets"][1]["market"] = {"Crown_1": hats}
    assert "packet" in refusal(path, episode)


def test_the_size_of_the_pieces_does_not_matter(tmp_path, monkeypatch):
    path = tmp_path / "a.replay.json"
    path.write_text(json.dumps(small(), indent=1))
    whole = read_neural_mmo(path)
    for size in (1, 7, 100):
        monkeypatch.setattr(neural_mmo, "CHUNK", size)
        cut = read_neural_mmo(path)
        assert cut.header == whole.header
        for name in whole.names:
            assert np.array_equal(cut[name], whole[name])


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    text = json.dumps(small()).encode()
    packed = lzma.compress(text, lzma.FORMAT_ALONE)
    for data in (text, packed):
        for length in range(0, len(data) - 1, 37):
            refusal(tmp_path / "a", data[:length])


def changed(change):
    episode = small()
    change(episode)
    return episode


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "expected"),
        (b"\x89PNG\r\n", "no replay of Neural MMO"),
        (b"[1, 2]", "no replay of Neural MMO"),
        (b'{"map": [[1]], "packets": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"map": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"map": [[1, 2], [1]], "packets": []}', "rows of different length"),
        (b'{"map": [[1, 2]], "packets": []}', "not square"),
        (b'{"map": [[99]], "packets": []}', "unknown materials"),
        (b'{"map": [[1]], "packets": []}', "packets after it"),
        (b'{"packets": [{}]}', "packets after it"),
        (b'{"map": [[1]], "packets": [3]}', "packet 0 is not understood"),
        (b'{"map": [[1]], "packets": [{}]}', "packet 0 is not understood"),
        (b'{"map": [[1]], "packets": [' + b"9" * 5000 + b"]}", "no replay of Neural MMO"),
        (b'{"map": [[1]], "x": "\xff"}', "not UTF-8"),
        (changed(lambda e: e["packets"][0]["player"]["1"]["base"].update(r=6)), "beside the map"),
        (changed(lambda e: e["packets"][1]["npc"]["-1"]["base"].update(c=-1)), "beside the map"),
        (changed(lambda e: e["packets"][1].update(resource=[[0, 6]])), "beside the map"),
        (changed(lambda e: e["packets"][1].update(resource=[[1, 2], [3]])), "not understood"),
        (changed(lambda e: e["packets"][0]["player"].update(x={})), "not understood"),
        (changed(lambda e: e["packets"][0].update(npc=[1])), "not understood"),
        (changed(lambda e: e["packets"][0]["npc"]["-1"].update(status=None)), "not understood"),
        (
            changed(
                lambda e: e["packets"][0]["player"]["1"]["resource"]["health"].update(val=1e300)
            ),
            "out of range",
        ),
        (changed(lambda e: e["packets"][0]["config"].update(PLAYER_DEATH_FOG="x")), "settings"),
        (
            changed(lambda e: e["packets"][0]["config"].update(PLAYER_DEATH_FOG_SPEED=1e999)),
            "settings",
        ),
    ],
)
def test_what_is_no_replay_is_told_in_a_line(text, words, tmp_path):
    assert words in refusal(tmp_path / "a", text)


def test_a_bomb_is_refused_with_bounded_memory(tmp_path):
    path = tmp_path / "bomb.replay.lzma"
    compressor = lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0)
    parts = [compressor.compress(b'{"map": "')]
    parts += [compressor.compress(b"a" * (1 << 20)) for _ in range(300)]
    path.write_bytes(b"".join([*parts, compressor.flush()]))
    code = (
        "import resource, sys\n"
        "from metammo.replay.neural_mmo import read_neural_mmo\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_neural_mmo(sys.argv[1])\n"
        "except ValueError as error:\n    print(type(error).__name__)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    name, more = result.stdout.split()
    assert name == "ReplayError"
    assert int(more) < 100_000


def test_who_comes_late_is_counted_in_every_frame(tmp_path, monkeypatch):
    monkeypatch.setattr(neural_mmo, "RAW_LIMIT", 1 << 20)
    episode = small()
    crowd = {str(-3 - number): entity_of(3, 3) for number in range(300)}
    episode["packets"][2:] = [packet_of({}, {})] * 60 + [packet_of({}, crowd)]
    assert "packet 62 is not understood: it is too large" in refusal(tmp_path / "a", episode)


def test_tiles_that_change_to_and_fro_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(neural_mmo, "RAW_LIMIT", 1 << 15)
    episode = {"map": [[4] * 20] * 20}
    bare = [[row, col] for row in range(20) for col in range(20)]
    episode["packets"] = [packet_of({}, {}, bare if frame % 2 else ()) for frame in range(9)]
    assert "it is too large" in refusal(tmp_path / "a", episode)


def test_too_much_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(neural_mmo, "TEXT_LIMIT", 1 << 20)
    assert "more than 1 MiB" in refusal(tmp_path / "a", b'{"map": [[1]],' + b" " * (4 << 20))


@pytest.mark.parametrize("name", KNOWN)
def test_the_published_replays_are_read(name):
    replay = read_neural_mmo(reference(name))
    header = replay.header
    alive = replay["entity_alive"][:, :128].astype(np.int64)
    deaths = int((np.diff(alive, axis=0) < 0).sum())
    npcs = header["entities"] - header["players"]
    ticks, npcs_known, deaths_known, teams, specialist = KNOWN[name]
    assert header["players"] == 128
    assert (header["ticks"], npcs, deaths) == (ticks, npcs_known, deaths_known)
    assert [team["size"] for team in header["teams"]] == [128 // teams] * teams
    # Who played is said by the agents' names alone; four of each kind share the teams.
    policies = Counter(team["policy"] for team in header["teams"])
    generalists = {f"general-{steps}m" for steps in (100, 200, 300, 400)}
    assert set(policies) == generalists | {f"{specialist}-{steps}m" for steps in (25, 50, 75, 100)}
    assert set(policies.values()) == {teams // 8}


def key_sets(value):
    """Return a nested object's keys: by key, all that lie below."""
    if isinstance(value, dict):
        return {key: key_sets(below) for key, below in value.items()}
    return None


def test_what_is_written_has_the_keys_of_the_published():
    published = json.loads(lzma.decompress(reference("mini_teambattle").read_bytes()))
    ours = list(islice(packets(read_neural_mmo(reference("mini_teambattle"))), 41))
    for frame in (0, 40):
        theirs = published["packets"][frame]
        assert ours[frame].keys() == theirs.keys()
        assert ours[frame]["config"] == theirs["config"]
        assert sorted(ours[frame]["resource"]) == sorted(theirs["resource"])
        for side in ("player", "npc"):
            one = next(iter(ours[frame][side].values()))
            other = next(iter(theirs[side].values()))
            one["history"].pop("attack", None)
            other["history"].pop("attack", None)
            assert key_sets(one) == key_sets(other)


@pytest.mark.parametrize("suffix", ["lzma", "json"])
def test_what_is_written_is_read_as_it_was(suffix, tmp_path):
    source = tmp_path / "a.replay.json"
    source.write_text(json.dumps(small()))
    first = read_neural_mmo(source)
    path = tmp_path / f"b.replay.{suffix}"
    size = write_neural_mmo(path, first)
    assert path.stat().st_size == size
    second = read_neural_mmo(path)
    for name in first.names:
        if name not in ("entity_kind", "entity_row", "entity_col", "player_food", "player_water"):
            assert np.array_equal(second[name], first[name]), name
    alive = first["entity_alive"] == 1
    for name in ("entity_kind", "entity_row", "entity_col"):
        assert np.array_equal(second[name][alive], first[name][alive])
    assert second.header["teams"] == first.header["teams"]


def test_items_and_the_market_are_written():
    replay = made_up_replay()
    written = list(packets(replay))
    assert len(written) == 6
    listings = [row for packet in written for row in packet["market"].values()]
    assert listings
    assert all(row["min_price"] <= row["price"] <= row["max_price"] for row in listings)
    json.dumps(written)


def test_only_frames_can_be_written(tmp_path):
    replay = made_up_replay()
    small_one = Replay(replay.header, {"start": replay["start"]})
    with pytest.raises(ReplayError, match="cannot be converted: it lacks map"):
        write_neural_mmo(tmp_path / "a.replay.json", small_one)
    with pytest.raises(ReplayError, match="end in"):
        write_neural_mmo(tmp_path / "a.txt", replay)
    assert not list(tmp_path.iterdir())
