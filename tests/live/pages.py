"""What the tests of the live view share: a server with a game, and pages that listen to it."""

import asyncio
import json
import struct
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import numpy as np
import torch
from websockets.asyncio.client import connect

from metammo.evaluation.record import one_world_table
from metammo.live.game import Game
from metammo.live.server import open_server
from metammo.live.session import Session
from metammo.policies.hub import load_policy
from metammo.policies.policy import TorchPolicy
from metammo.policies.recurrent import RecurrentPolicy
from tests.contract.batches import mix_of, only

SECONDS = 120
"""After which a test has failed; something may have to be compiled meanwhile."""
TINY = {"horizon": 40, "playable": 16}
MINI = {"games": only("survive"), "config": "mini", "knobs": TINY}
PEACE = {**TINY, "npc_count": 0, "spawn_immunity": 1000}
FULL = {"games": mix_of("survive", config="full"), "config": "full", "knobs": TINY}
CALM = {**FULL, "knobs": PEACE}
"""Nobody is disturbed at his trade."""


def new_policy():
    torch.manual_seed(0)
    return TorchPolicy(RecurrentPolicy(state_size=8), "new", seed=1)


def make_table(policies=("scripted", "random"), seed=3, *, games, config, knobs, thinks=True):
    """Return a table of one tiny world; the policy `new` is a network that knows nothing."""
    loaded = [new_policy() if name == "new" else load_policy(name, seed=3) for name in policies]
    options = {"size": "tiny", "config": config, "knobs": knobs, "keeps_thoughts": thinks}
    return one_world_table(games, loaded, seed=seed, **options)


def watch(body, *, prepare=None, files=None, setting=MINI, policies=("scripted", "random"), **how):
    """Run a test beside a live game: `body(address, session)`, paused unless it says otherwise."""

    async def main():
        table = make_table(policies, **setting)
        if prepare:
            prepare(table.batch)
        game = Game(table, seed=3, knobs=setting["knobs"])
        session = Session(game, **{"is_playing": False, **how})
        try:
            async with (
                asyncio.timeout(SECONDS),
                open_server(files or {}, session=session) as address,
                asyncio.TaskGroup() as tasks,
            ):
                clock = tasks.create_task(session.run())
                await body(address, session)
                clock.cancel()
        finally:
            session.close()

    asyncio.run(main())


class Listener:
    """A page: what it was told, and how it asks."""

    def __init__(self, connection):
        self.connection = connection
        self.header = self.map = self.state = self.seat = self.end = None
        self.frames, self.raw, self.errors = [], [], []

    async def hear(self):
        """Take the next message."""
        data = await self.connection.recv()
        if isinstance(data, str):
            message = json.loads(data)
            kind = message.pop("kind")
            if kind == "error":
                self.errors.append(message["text"])
            else:
                setattr(self, kind, message)
        elif data[0] == 1:
            length = struct.unpack("<I", data[4:8])[0]
            self.header = json.loads(data[8 : 8 + length])
            self.map = np.frombuffer(data[8 + length :], np.uint8)
            self.frames, self.raw, self.end = [], [], None
        else:
            assert data[:4] == b"\x02\0\0\0"
            self.raw.append(data)
            self.frames.append(self._read(data))

    def _read(self, data):
        number, place = struct.unpack("<I", data[4:8])[0], 8
        assert number == len(self.frames)
        frame = {}
        for column in self.header["columns"]:
            count = int(np.prod(column["shape"]))
            values = np.frombuffer(data, column["dtype"], count, place)
            frame[column["name"]] = values.reshape(column["shape"])
            place += values.nbytes
        (count,) = struct.unpack("<I", data[place : place + 4])
        frame["changes"] = np.frombuffer(data, np.int32, 3 * count, place + 4).reshape(-1, 3)
        assert len(data) == place + 4 + 12 * count
        return frame

    async def until(self, is_so):
        """Listen until something is so."""
        while not is_so(self):
            await self.hear()

    async def ask(self, do, **more):
        await self.connection.send(json.dumps({"do": do, **more}))

    async def take(self, agent):
        await self.ask("take", agent=agent)
        await self.until(lambda page: page.seat and page.seat["agent"] == agent)

    async def act(self, **parts):
        """Ask for parts of an action, and wait for the answer."""
        before, errors = self.seat, len(self.errors)
        await self.ask("act", **parts)
        await self.until(lambda page: page.seat is not before or len(page.errors) > errors)

    async def step(self):
        """Ask for a tick, and wait for its frame and what comes with it; return the frame."""
        number = len(self.frames)
        await self.ask("step")
        await self.until(lambda page: len(page.frames) > number)
        await self.until(
            lambda page: page.end or page.state["own"] is None or page.seat["frame"] == number
        )
        return self.frames[number]

    def row_of(self, name, agent):
        return self.frames[-1][name][agent]


@asynccontextmanager
async def listen(address, **options):
    """Open a page that has heard how things stand."""
    uri = address.replace("http", "ws") + "live"
    async with connect(uri, max_size=None, **options) as connection:
        page = Listener(connection)
        await page.until(lambda page: page.state and page.frames)
        yield page


async def fetch(address, path="/", *, host=None, method="GET"):
    """Return the status and the body of an answer, path and host sent as they are given."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host or parts.netloc}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body
