"""The web server of the viewer: the built page, a replay to show, and a live game's messages.

It serves a table of files that is made at the start, and nothing else. A page of another origin
gets nothing: its connections are refused by `Origin`, and a name that somebody has pointed at this
machine by `Host`.
"""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from metammo.live.messages import AskError, read_message, text_message
from metammo.replay.page import check_viewer

if TYPE_CHECKING:
    # With it come simulator and policies, which whoever shows a replay can do without.
    from metammo.live.session import Page, Session

LIVE = "/live"
"""Where a live game is spoken of."""
PAGE_LIMIT = 64
"""Most pages that may watch at once."""
MESSAGE_LIMIT = 1 << 16
"""Most bytes of a message that is looked at; a connection that sends more is closed."""
CLOSE_SECONDS = 2.0
"""How long a page that is told good-bye may take to answer."""
DOWNLOAD_SECONDS = 60.0
"""How long a file may take to be fetched."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
ANYTHING = "application/octet-stream"


class ServerError(ValueError):
    """The server cannot be started as it was asked for."""


@dataclass(frozen=True)
class WebFile:
    """What is sent for an address."""

    kind: str
    """Content type."""
    content: bytes
    """All of it."""


def viewer_files() -> dict[str, WebFile]:
    """Return the built viewer's files by address.

    Raises:
        ReplayError: the viewer is not built.
    """
    folder = check_viewer("index.html").parent
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            address = "/" + path.relative_to(folder).as_posix()
            files[address] = WebFile(TYPES.get(path.suffix, ANYTHING), path.read_bytes())
    files["/"] = files["/index.html"]
    return files


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name.strip("[]")).is_loopback


class LiveServer:
    """Answers requests for files, and speaks of a live game with those who may hear it."""

    def __init__(self, files: Mapping[str, WebFile], host: str, session: "Session | None") -> None:
        self.files, self.host, self.session = files, host, session
        self.port = 0
        self._pages = 0

    def _knows_host(self, given: str | None) -> bool:
        """Return whether a request was made for this server by a name that is its own.

        Addresses cannot be pointed elsewhere as names can; of names only its own will do.
        """
        try:
            parts = urlsplit(f"//{given}")
            name, port = parts.hostname, parts.port
        except ValueError:
            return False
        if name is None or parts.username is not None or (port or 80) != self.port:
            return False
        if _is_loopback(self.host) or self.host == "localhost":
            return name == "localhost" or _is_loopback(name)
        own = {"localhost", self.host.lower(), socket.gethostname().lower()}
        return name in own or _is_address(name)

    def respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the answer to a request; None lets a connection be opened."""
        headers = request.headers
        hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
        if len(hosts) != 1 or not self._knows_host(hosts[0]):
            return _plain(HTTPStatus.FORBIDDEN, "this server is known by another name")
        if getattr(request, "method", "GET") != "GET":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "files are read only")
        path = request.path.partition("?")[0]
        if path == LIVE and self.session is not None:
            # Programs send no origin, browsers always do.
            if origins not in ([], [f"http://{hosts[0]}"]):
                return _plain(HTTPStatus.FORBIDDEN, "pages of other origins are refused")
            if self._pages >= PAGE_LIMIT:
                return _plain(HTTPStatus.SERVICE_UNAVAILABLE, f"{PAGE_LIMIT} pages watch already")
            return None
        if path not in self.files:
            return _plain(HTTPStatus.NOT_FOUND, "there is no such file")
        connection.close_timeout = DOWNLOAD_SECONDS
        file = self.files[path]
        return _response(HTTPStatus.OK, file.kind, file.content)

    async def talk(self, connection: ServerConnection) -> None:
        """Speak with a page until one of the two goes away."""
        assert self.session is not None
        page = self.session.join()
        self._pages += 1
        sender = asyncio.create_task(_send_news(connection, page))
        try:
            async for data in connection:
                try:
                    await self.session.do(page, read_message(data))
                except AskError as error:
                    await connection.send(text_message("error", text=str(error)))
        except ConnectionClosed:
            pass
        finally:
            self._pages -= 1
            sender.cancel()
            await self.session.part(page)


async def _send_news(connection: ServerConnection, page: "Page") -> None:
    """Send a page what it lacks, as fast as it takes it."""
    try:
        while True:
            page.news.clear()
            while (message := page.next_message()) is not None:
                await connection.send(message)
            await page.news.wait()
    except ConnectionClosed:
        return


def _response(status: HTTPStatus, kind: str, content: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Connection": "close",
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": "frame-ancestors 'none'",
        }
    )
    return Response(status.value, status.phrase, headers, content)


def _plain(status: HTTPStatus, text: str) -> Response:
    return _response(status, "text/plain; charset=utf-8", f"{text}\n".encode())


@asynccontextmanager
async def open_server(
    files: Mapping[str, WebFile],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    session: "Session | None" = None,
) -> AsyncIterator[str]:
    """Serve files, and a live game where there is one; gives the address.

    Args:
        files: by address, as `viewer_files`.
        host: name or address to listen at.
        port: 0: any that is free.
        session: the live game.

    Raises:
        ServerError: the port is taken, or there is no such host here.
    """
    if not 0 <= port < 1 << 16:
        raise ServerError(f"a port lies in 0..65535, got {port}")
    own = LiveServer(files, host, session)
    try:
        server = await serve(
            own.talk,
            # By name it would listen at two addresses, and at two ports where it may choose.
            "127.0.0.1" if host == "localhost" else host,
            port,
            process_request=own.respond,
            max_size=MESSAGE_LIMIT,
            compression=None,
            close_timeout=CLOSE_SECONDS,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} of {host} is taken; give another --port, or none for a free one"
            ) from error
        raise ServerError(f"cannot listen at {host}, port {port}: {error.strerror}") from error
    async with server:
        own.port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://{_shown(host)}:{own.port}/"


def _shown(host: str) -> str:
    """Return a host as an address names it; who listens everywhere listens here, too."""
    if host in ("", "0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
