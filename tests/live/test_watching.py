"""A live game as its pages see it: frames, the clock, the end, who may listen."""

import asyncio
import json
import socket

import numpy as np
import pytest
import torch
from websockets.exceptions import InvalidStatus

from metammo.actions import no_op
from metammo.evaluation.seating import NOBODY
from metammo.live.game import Game
from metammo.live.messages import AskError
from metammo.live.server import MESSAGE_LIMIT, ServerError, WebFile, open_server
from metammo.live.session import Session
from metammo.replay.format import TRUTH
from metammo.replay.header import check_header
from metammo.replay.recorder import Recorder
from tests.live.pages import MINI, fetch, listen, make_table, watch

DIFFERENT = {
    *("ticks", "entities", "winners", "is_decided", "winning_score", "progress"),
    *("has_truth", "sections", "columns", "episode", "metammo"),
}
"""Keys in which a live header differs from a recorded one."""


def record(policies):
    """Return the replay of the episode that a live game between the policies begins with."""
    table = make_table(policies, thinks="new" in policies, **MINI)
    names = [table.policies[place].name for place in table.seats[0]]
    recorder = Recorder(table.batch, policies=names, seed=3, knobs=MINI["knobs"])
    while not recorder.is_over:
        recorder.step(table.actions(), table.thoughts)
    table.batch.close()
    return recorder.replay()


def compare(page, recorded):
    """Assert that a page was told what a replay holds."""
    header = recorded.header
    assert len(page.frames) == header["ticks"] + 1
    columns = {column["name"] for column in page.header["columns"]}
    assert columns == set(recorded.names) - {"map", "tile_changes", *TRUTH}
    for name in columns:
        values = np.stack([frame[name] for frame in page.frames])
        wanted = recorded[name]
        if name.startswith("entity_"):
            # Here are the rows of NPCs that were never there, too.
            assert not values[:, wanted.shape[1] :].any() or name == "entity_target"
            values = values[:, : wanted.shape[1]]
        assert values.tobytes() == wanted.tobytes(), name
    changes = recorded["tile_changes"]
    for number, frame in enumerate(page.frames):
        assert np.array_equal(frame["changes"], changes[changes[:, 0] == number, 1:])
    outcome = {key: header[key] for key in ("winners", "is_decided", "winning_score", "progress")}
    assert page.end == {"frame": header["ticks"], **outcome}


@pytest.mark.parametrize("policies", [("scripted", "random"), ("new", "random")])
def test_pages_are_told_what_a_recording_holds(policies):
    recorded = record(policies)

    async def body(address, session):
        async with listen(address) as page:
            check_header(page.header, "the live header")
            for key in recorded.header.keys() - DIFFERENT:
                assert page.header[key] == recorded.header[key], key
            assert page.header["ticks"] == 40
            assert page.header["episode"] == 1
            assert page.map.tobytes() == recorded["map"].tobytes()
            await page.ask("speed", value=32)
            await page.ask("play")
            await page.until(lambda page: page.end and page.state["is_over"])
            compare(page, recorded)
            assert ("player_value" in page.frames[0]) == ("new" in policies)

    watch(body, policies=policies)


def test_who_comes_late_is_told_everything():
    async def body(address, session):
        async with listen(address) as first:
            for _ in range(6):
                await first.step()
            async with listen(address) as late:
                await late.until(lambda page: len(page.frames) == 7)
                assert late.raw == first.raw
                assert late.header == first.header
                await first.step()
                await late.until(lambda page: len(page.frames) == 8)

    watch(body)


def test_the_clock_stands_and_goes_as_it_is_asked():
    async def body(address, session):
        async with listen(address) as page, listen(address) as other:
            assert page.state == {
                "is_playing": False,
                "speed": 1.0,
                "pace": "clock",
                "policies": ["scripted", "random"],
                "people": [],
                "own": None,
                "is_over": False,
            }
            await page.step()
            await page.ask("speed", value=0.25)
            await page.until(lambda page: page.state["speed"] == 0.25)
            assert len(page.frames) == 2
            # At this speed the next frame would come after more than a second.
            await page.ask("play")
            await page.until(lambda page: page.state["is_playing"])
            await page.ask("speed", value=32)
            await page.until(lambda page: len(page.frames) > 6)
            await other.until(lambda page: len(page.frames) > 6 and page.state["speed"] == 32)
            await other.ask("pause")
            await page.until(lambda page: not page.state["is_playing"])
            await page.ask("pace", value="turn")
            await page.until(lambda page: page.state["pace"] == "turn")

    watch(body)


def test_ticks_come_at_the_speed_and_late_ones_are_not_made_up_for():
    class Still:
        """A game that does nothing: only the clock is looked at."""

        episode, is_over, policies, people, seats, living = None, False, [], {}, {}, []

    session = Session(Still())
    session.speed = 2.0
    session._last_tick = 10.0
    assert session._seconds_to_wait(10.0) == pytest.approx(1 / 6)
    assert session._seconds_to_wait(13.0) < 0
    session._game.tick = lambda: None
    asyncio.run(session._tick(10.2))
    assert session._last_tick == pytest.approx(10 + 1 / 6)
    asyncio.run(session._tick(13.0))
    assert session._last_tick == 13.0
    session.is_playing = False
    assert session._seconds_to_wait(99.0) == float("inf")
    session._thread.shutdown()


def test_after_the_end_comes_the_next_episode():
    async def body(address, session):
        async with listen(address) as page:
            await page.ask("next")
            await page.until(lambda page: page.errors == ["the episode is not over yet"])
            await page.ask("speed", value=32)
            await page.ask("play")
            await page.until(lambda page: page.end and page.state["is_over"])
            await page.ask("step")
            await page.until(lambda page: len(page.errors) == 2)
            first = page.header
            await page.ask("pause")
            await page.ask("next")
            await page.until(lambda page: page.header is not first)
            assert page.header["episode"] == 2
            # Seats are dealt anew.
            assert page.header["teams"][0]["policy"] != first["teams"][0]["policy"]
            await page.until(lambda page: page.frames and not page.state["is_over"])

    watch(body)


def test_the_next_episode_is_begun_once_however_many_ask_for_it():
    async def body(address, session):
        async with listen(address) as page, listen(address) as other:
            begin, loop = session._game.begin, asyncio.get_running_loop()

            def begin_and_be_asked():
                loop.call_soon_threadsafe(session._next, None)
                begin()

            session._game.begin = begin_and_be_asked
            await page.ask("speed", value=32)
            await page.ask("play")
            await page.until(lambda page: page.end and page.state["is_over"])
            await page.ask("pause")
            await other.ask("next")
            await page.until(lambda page: page.header["episode"] == 2 and page.frames)
            # Else the one after it would begin unasked, at once.
            assert not session._asks_next

    watch(body)


def test_with_nobody_there_to_play_it_comes_by_itself():
    async def body(address, session):
        session.next_after = 0.01
        session.speed = 32.0
        async with listen(address) as page:
            await page.until(lambda page: page.header["episode"] >= 3 and len(page.frames) > 2)

    watch(body, is_playing=True)


def test_with_somebody_there_it_waits():
    async def body(address, session):
        session.next_after = 0.0
        session.speed = 32.0
        async with listen(address) as page:
            await page.take(0)
            await page.ask("play")
            await page.until(lambda page: page.end and page.state["is_over"])
            await page.until(lambda page: page.seat["frame"] == page.end["frame"])
            assert page.seat["moves"] == page.seat["targets"] == []
            await page.ask("act", move=4)
            await page.ask("take", agent=1)
            await page.until(lambda page: len(page.errors) == 2)
            assert page.header["episode"] == 1
            await page.ask("next")
            await page.until(lambda page: page.header["episode"] == 2 and page.frames)
            # The agent is kept.
            await page.until(lambda page: page.seat["moves"])
            assert page.state["own"] == 0

    watch(body)


def test_a_recurrent_policy_goes_on_with_a_blank_memory():
    table = make_table(["new"], **MINI)
    game = Game(table)
    game.tick()
    assert table.states[0][4].any()
    kept = table.states[0][5].clone()
    game.take(1, 4)
    assert table.seats[0, 4] == NOBODY
    game.batch.alive[0, 6] = False
    with pytest.raises(AskError, match="agent 6 is dead"):
        game.take(2, 6)
    game.tick()
    game.leave(1)
    assert table.seats[0, 4] == 0
    assert not table.states[0][4].any()
    assert table.states[0][5].any()
    assert not torch.equal(table.states[0][5], kept)
    # For the next tick nobody has chosen.
    assert game._actions[0, 4].tolist() == list(no_op())
    game.tick()
    assert table.states[0][4].any()
    game.close()


def test_pages_of_other_origins_and_foreign_names_are_refused():
    async def body(address, session):
        own = address.rstrip("/")
        for origin in ("http://evil.example", "null", own.replace("http", "https"), own + "0"):
            with pytest.raises(InvalidStatus, match="403"):
                await listen(address, origin=origin).__aenter__()
        async with listen(address, origin=own) as page:
            assert page.state["people"] == []
        port = own.rpartition(":")[2]
        names = ("evil.example", f"evil.example:{port}", "127.0.0.1:1", f"u@127.0.0.1:{port}", "[")
        for name in (*names, "10.0.0.1:" + port, "127.0.0.1"):
            assert (await fetch(address, host=name))[0] == 403, name
        for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
            assert await fetch(address, host=f"{name}:{port}") == (200, b"page")

    watch(body, files={"/": WebFile("text/plain", b"page")})


def test_only_what_is_in_the_table_is_served(tmp_path):
    files = {"/": WebFile("text/plain", b"page"), "/a.js": WebFile("text/javascript", b"x" * 10**6)}

    async def body():
        async with open_server(files) as address:
            assert await fetch(address, "/?file=replay.metammo") == (200, b"page")
            assert (await fetch(address, "/a.js"))[1] == b"x" * 10**6
            outside = ("/../pyproject.toml", "/..%2fpyproject.toml", "//a.js", "/a.js/", "/live")
            for path in (*outside, "/etc/passwd", "http://127.0.0.1/a.js"):
                assert (await fetch(address, path))[0] == 404, path
            assert (await fetch(address, method="POST"))[0] == 405

    asyncio.run(body())


def test_a_taken_port_and_a_foreign_host_are_told():
    async def serve(**where):
        async with open_server({}, **where):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"port {port} of 127\.0\.0\.1 is taken"):
            asyncio.run(serve(port=port))
    with pytest.raises(ServerError, match=r"cannot listen at 203\.0\.113\.1"):
        asyncio.run(serve(host="203.0.113.1"))
    with pytest.raises(ServerError, match=r"a port lies in 0\.\.65535, got 70000"):
        asyncio.run(serve(port=70000))


MALFORMED = [
    ("", "no JSON"),
    ("{", "no JSON"),
    ("[" * 4000, "no JSON"),
    ('{"do":NaN}', "no JSON"),
    ("[]", "an object"),
    ('{"do":1}', "an object"),
    (b'{"do":"play"}', "in text"),
    (json.dumps({"do": "play", "more": "x" * 5000}), "too long"),
    ('{"do":"run"}', "nothing called 'run'"),
    ('{"do":"_tick"}', "nothing called '_tick'"),
    ('{"do":"play","value":1}', "play does not go with 'value'"),
    ('{"do":"speed"}', "speed lies in"),
    ('{"do":"speed","value":true}', "speed lies in"),
    ('{"do":"speed","value":1e999}', "speed lies in"),
    ('{"do":"speed","value":0}', "speed lies in"),
    ('{"do":"pace","value":[]}', "pace is one of"),
    ('{"do":"take"}', "an agent is a number"),
    ('{"do":"take","agent":16}', "0..15"),
    ('{"do":"take","agent":-1}', "0..15"),
    ('{"do":"take","agent":true}', "0..15"),
    ('{"do":"act","move":4}', "take an agent first"),
    ('{"do":"act","jump":4}', "act does not go with 'jump'"),
]


def test_what_is_malformed_is_answered_and_the_connection_stays():
    async def body(address, session):
        async with listen(address) as page:
            for number, (data, words) in enumerate(MALFORMED):
                await page.connection.send(data)
                await page.until(lambda page, count=number + 1: len(page.errors) == count)
                assert words in page.errors[-1], data
                assert "\n" not in page.errors[-1]
            await page.step()
            assert page.state["is_playing"] is False
            # But for what no page sends: nobody reads a message of any length.
            await page.connection.send("x" * (MESSAGE_LIMIT + 1))
            await page.connection.wait_closed()
        async with listen(address) as page:
            await page.until(lambda page: len(page.frames) == 2)

    watch(body)
