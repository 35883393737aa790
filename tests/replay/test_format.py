"""The file of a replay: what is written is read; whatever else is read is refused in a line."""

import contextlib
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from metammo.replay import format as replay_format
from metammo.replay.format import (
    SECTIONS,
    Replay,
    Section,
    difference,
    from_planes,
    in_planes,
    running_sum,
    write_replay,
)
from metammo.replay.header import ReplayError
from tests.replay.files import made_up_replay, with_header, with_sum


@pytest.fixture(scope="module")
def replay():
    return made_up_replay()


@pytest.fixture
def data(replay, tmp_path):
    write_replay(tmp_path / "a.metammo", replay)
    return (tmp_path / "a.metammo").read_bytes()


def read_all(path):
    """Read everything in a file, as a viewer that shows all of it would."""
    replay = Replay.open(path)
    return {name: replay[name] for name in replay.names}


def refusal(path, data):
    """Return the one line by which a file of these bytes is refused."""
    path.write_bytes(data)
    with pytest.raises(ReplayError) as caught:
        read_all(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32"])
def test_differences_are_undone_over_the_whole_range(dtype):
    limits = np.iinfo(dtype)
    array = np.array([[limits.min, limits.max], [limits.max, limits.min], [0, 1]], dtype)
    assert np.array_equal(running_sum(difference(array)), array)


@pytest.mark.parametrize(("dtype", "shape"), [("int16", (7, 3, 4)), ("int16", (0, 3, 4))])
def test_planes_are_put_together_again(dtype, shape):
    array = np.random.default_rng(1).integers(-(2**15), 2**15, shape).astype(dtype)
    planes = in_planes(array)
    assert planes.shape == (2, array.size)
    if array.size:
        # The first agent's first head, tick after tick: its low bytes.
        assert planes[0, :7].tolist() == (array[:, 0, 0] & 255).tolist()
        assert planes[1, -7:].tolist() == (array[:, 2, 3] >> 8 & 255).tolist()
    again = from_planes(planes.tobytes(), dtype, list(shape))
    assert np.array_equal(again, array)
    assert again.flags["C_CONTIGUOUS"]


def test_what_is_written_is_read(replay, tmp_path):
    path = tmp_path / "a.metammo"
    size = write_replay(path, replay)
    assert path.stat().st_size == size
    arrays = read_all(path)
    assert list(arrays) == list(SECTIONS)
    for name, array in arrays.items():
        assert np.array_equal(array, replay[name]), name
        assert array.dtype == SECTIONS[name].dtype
    header = Replay.open(path).header
    assert {key: header[key] for key in replay.header if key not in ("metammo", "sections")} == {
        key: value for key, value in replay.header.items() if key not in ("metammo", "sections")
    }


def test_actions_are_also_read_as_the_first_files_have_them(replay, tmp_path, monkeypatch):
    first = Section("int16", ("T", "P", ""))
    with monkeypatch.context() as before:
        before.setitem(SECTIONS, "actions", first)
        write_replay(tmp_path / "a", replay)
    again = Replay.open(tmp_path / "a")
    assert next(e for e in again.header["sections"] if e["name"] == "actions")["coding"] == "delta"
    assert np.array_equal(again["actions"], replay["actions"])


def test_the_same_replay_gives_the_same_bytes(replay, tmp_path):
    for name in ("a", "b"):
        write_replay(tmp_path / name, replay)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_sections_are_inflated_only_when_asked_for(data, tmp_path):
    start = len(data) - 8
    changed = data[:start] + bytes([data[start] ^ 255]) + data[start + 1 :]
    (tmp_path / "b").write_bytes(with_sum(changed))
    replay = Replay.open(tmp_path / "b")
    assert replay["map"].shape == (12, 12)
    with pytest.raises(ReplayError, match="section start is damaged"):
        replay["start"]


def test_a_file_cut_off_anywhere_is_refused(data, tmp_path):
    for length in [*range(0, 40), *range(40, len(data), 97), len(data) - 1]:
        refusal(tmp_path / "b", data[:length])


def test_a_longer_file_is_refused(data, tmp_path):
    assert "announces" in refusal(tmp_path / "b", data + b"x")


def test_any_changed_byte_is_found(data, tmp_path):
    for place in [*range(0, 60), *range(60, len(data), 13), len(data) - 1]:
        changed = data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :]
        refusal(tmp_path / "b", changed)
        # With the sum put right sections and header must still be understood, or refused.
        (tmp_path / "c").write_bytes(with_sum(changed))
        with contextlib.suppress(ReplayError):
            read_all(tmp_path / "c")


@pytest.mark.parametrize(
    ("foreign", "words"),
    [
        (b"", "not a replay"),
        (b"PK\x03\x04 something else", "not a replay"),
        (b"METAMMO\x02" + bytes(40), "container version 2"),
        (b"METAMMO\x01" + struct.pack("<I", 2**31), "announces a header"),
        (b"METAMMO\x01" + struct.pack("<I", 4) + b"\xff\xfe\xfd\xfc", "header is damaged"),
        (b"METAMMO\x01" + struct.pack("<I", 200_000) + b"[" * 200_000, "header is damaged"),
        (b"METAMMO\x01" + struct.pack("<I", 2) + b"[]", "no JSON object"),
        (b"METAMMO\x01" + struct.pack("<I", 12) + b'{"format":2}', "format 2"),
    ],
)
def test_foreign_files_are_told_from_replays(foreign, words, tmp_path):
    assert words in refusal(tmp_path / "b", foreign)


def set_key(key, value):
    return lambda header: header.__setitem__(key, value)


def set_section(key, value, place=3):
    return lambda header: header["sections"][place].__setitem__(key, value)


@pytest.mark.parametrize(
    "change",
    [
        set_key("ticks", 6),
        set_key("ticks", 2**60),
        set_key("ticks", True),
        set_key("players", -1),
        set_key("entities", 2),
        set_key("player_team", [0, 0, 9]),
        set_key("winners", [3]),
        set_key("fog", {"onset": 1, "speed": [1, 0], "final_size": 1}),
        set_key("sections", "many"),
        set_key("sections", []),
        set_key("progress", [1, 2]),
        set_key("progress", [10**400, 0, 0]),
        set_key("winning_score", 10**400),
        set_key("rules", {"horizon": -(10**400)}),
        lambda header: header.pop("materials"),
        lambda header: header["sections"].reverse(),
        lambda header: header["sections"].append(header["sections"][0]),
        set_section("shape", [6, 2**50]),
        set_section("shape", [-6, -5]),
        set_section("shape", [1] * 10**5),
        set_section("shape", None),
        set_section("dtype", "object"),
        set_section("coding", "pickle"),
        set_section("offset", -1),
        set_section("offset", 2**39),
        set_section("length", 2**39),
        set_section("raw_length", 7),
        set_section("crc32", "a"),
        set_section("name", ["map"]),
    ],
)
def test_headers_that_lie_are_refused(change, data, tmp_path):
    def apply(header):
        change(header)

    refusal(tmp_path / "b", with_header(data, apply))


def test_a_header_changed_to_the_same_is_read(data, tmp_path):
    (tmp_path / "b").write_bytes(with_header(data, lambda header: None))
    assert len(read_all(tmp_path / "b")) == len(SECTIONS)


def with_section(data, name, raw, **more):
    """Return a file's bytes with other contents of a section, all its numbers put right."""
    stream = zlib.compress(raw)
    found = {}

    def note(header):
        base = len(data) - 4 - sum(entry["length"] for entry in header["sections"])
        later = 0
        for entry in header["sections"]:
            entry["offset"] += later
            if entry["name"] == name:
                found["first"] = base + entry["offset"]
                found["last"] = found["first"] + entry["length"]
                later = len(stream) - entry["length"]
                entry.update({"length": len(stream), "crc32": zlib.crc32(raw), **more})

    changed = with_header(data, note)
    tail = len(data) - 4 - found["last"]
    first = len(changed) - 4 - tail - (found["last"] - found["first"])
    return with_sum(changed[:first] + stream + changed[len(changed) - 4 - tail :])


def test_a_bomb_stops_where_the_header_says_that_it_ends(data, tmp_path):
    bomb = with_section(data, "start", bytes(200 << 20))
    (tmp_path / "b").write_bytes(bomb)
    replay = Replay.open(tmp_path / "b")
    tracemalloc.start()
    with pytest.raises(ReplayError, match="section start is damaged"):
        replay["start"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_values_that_lead_out_of_arrays_are_refused(data, tmp_path):
    # Stored as it is in the first row, and as no difference in the others.
    first = np.zeros((6, 5), np.int16)
    first[0, 0] = 5
    assert "cannot be" in refusal(
        tmp_path / "b", with_section(data, "entity_target", first.tobytes())
    )
    first[0, 0] = 4
    (tmp_path / "b").write_bytes(with_section(data, "entity_target", first.tobytes()))
    assert Replay.open(tmp_path / "b")["entity_target"].max() == 4
    changes = np.array([[1, 2, 3, 4], [1, 12, 4, 4], [5, 0, 11, 2]], np.int32)
    assert "cannot be" in refusal(
        tmp_path / "b", with_section(data, "tile_changes", changes.tobytes())
    )
    progress = np.full((6, 3), np.nan, np.float32)
    assert "cannot be" in refusal(
        tmp_path / "b", with_section(data, "player_progress", progress.tobytes())
    )


def test_a_replay_too_large_for_a_file_is_not_written(replay, tmp_path, monkeypatch):
    monkeypatch.setattr(replay_format, "RAW_LIMIT", 1000)
    with pytest.raises(ReplayError, match="too large"):
        write_replay(tmp_path / "a", replay)
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_nothing_is_left(replay, tmp_path, monkeypatch):
    with pytest.raises(ReplayError, match="cannot be written: No such file"):
        write_replay(tmp_path / "nowhere" / "a", replay)

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replay_format.os, "fsync", fail)
    with pytest.raises(ReplayError, match="No space left on device"):
        write_replay(tmp_path / "a", replay)
    assert not list(tmp_path.iterdir())


def test_a_missing_section_is_named(replay):
    small = Replay(replay.header, {"map": replay["map"]})
    with pytest.raises(ReplayError, match="has no start; it holds map"):
        small["start"]
    with pytest.raises(ReplayError, match="cannot be shown: it lacks start"):
        small.require(("map", "start"), "shown")
