"""Running the backend: one port, one loop, until it is told to end. On uvicorn."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from goldwire.corpora.errors import ServerError

PORT = 9090  # where Label Studio's own backends are by custom
GRACE = 2  # seconds for answers on their way when it is to end


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens; without a port at 9090, or a free one. `ServerError` if the port is taken."""
    try:
        return _bound(host, PORT if port is None else port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise ServerError(
                f"{host}, port {port or PORT}: cannot listen there ({error.strerror})"
            ) from error
        if port is None:
            return _bound(host, 0)
        raise ServerError(
            f"port {port} is taken, perhaps by another backend; name another, or none to let one be chosen"
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise ServerError(f"--host {host}: no address of this machine ({error.strerror})") from error
    opened = socket.socket(family)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen()
    except OSError:
        opened.close()
        raise
    return opened


def address(opened: socket.socket) -> str:
    """The address under which it is reached: one of this machine where it listens on all that there are."""
    name, port = opened.getsockname()[:2]
    if name == "0.0.0.0":  # noqa: S104 - compared, not listened on
        name = "127.0.0.1"
    name = "::1" if name == "::" else name
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class _Server(uvicorn.Server):
    """Calls `ready` as soon as requests are taken, and `ending` as soon as it is to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


class Running:
    """A server that is about to run, and can be ended from any thread.

    `ending` is called when it is to end, and lets answers on their way come soon; it may not take long.
    """

    def __init__(
        self,
        app: Any,
        opened: socket.socket,
        *,
        ready: Callable[[], None],
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",  # what goes wrong is told by the application, without the request's words
            access_log=False,
            lifespan="off",
            ws="none",
            loop="asyncio",
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        self._server, self._opened = _Server(config, ready, ending), opened

    def run(self) -> None:
        """Serve until `end`, or a signal, which comes again when all answers are given (see `calm`)."""
        with self._opened:
            self._server.run(sockets=[self._opened])

    def end(self) -> None:
        """Let it come to its end."""
        self._server.should_exit = True


@contextmanager
def calm() -> Iterator[None]:
    """Let signals that end the server end nothing else: what was started is still to be ended in peace."""
    before = {kind: signal.signal(kind, _ignore) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _ignore(_kind: int, _frame: object) -> None:
    """The server has had the signal already, and gives it back when it has ended."""
