"""A local Label Studio: started with one call, found again by the next, stopped with another.

    server = start()          # installs on first use, makes the owner's account and token
    token(server.data_dir)    # what the API wants
    stop(server.data_dir)

One server for each data directory. Whether it runs is told by a lock that the server itself holds, so a
server or a caller killed at any moment leaves nothing that must be cleaned up. In the data directory, besides
Label Studio's own files: `account.json` (the owner's address and password), `token`, `server.json` (process
id, port, version), `server.log` and the logs of the three starts before. Only the user who started it can
read them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import msgspec

from goldwire.annotate.local import private, session
from goldwire.annotate.local.boot import ACCOUNT, STATE, TOKEN
from goldwire.annotate.local.environment import (
    BOOT,
    TAIL,
    install,
    interpreter,
    locked,
    make_database,
    recipe,
    settings,
)
from goldwire.annotate.waiting import Progress, telling
from goldwire.corpora.errors import ServerError

PORT = 8080  # Label Studio's own default; another is taken when it is in use
OWNER = "owner@localhost"
LOG = "server.log"
LOGS_KEPT = 3  # of earlier starts
START_TIMEOUT = 180.0  # seconds: 9 were measured, 44 with migrations
STOP_TIMEOUT = 15.0  # seconds to finish what it is doing before it is killed

_LOCK = "server.lock"  # held by the server as long as it lives
_STARTING = "start.lock"  # held by who starts it
_PAUSE = 0.2  # seconds between two looks
_TRIES = 3
_PORT_LOST = "port is already in use"  # how Django says it
_BOOT_TIMEOUT = 10.0  # seconds until a new server has noted its process id


class Server(msgspec.Struct, frozen=True):
    """A server that runs; `ready` when it answers."""

    url: str
    data_dir: Path
    pid: int
    version: str
    ready: bool


class Account(msgspec.Struct, frozen=True):
    """How a person signs in."""

    email: str
    password: str

    def __repr__(self) -> str:
        return f"Account({self.email!r}, password hidden)"


class _PortLostError(ServerError):
    """Another program took the port before the server listened there."""


class _State(msgspec.Struct, frozen=True):
    pid: int
    port: int
    version: str


def default_data_dir() -> Path:
    """Where projects and annotations are kept unless another folder is named: the user's data folder."""
    import platformdirs

    return platformdirs.user_data_path("goldwire") / "labelstudio"


def start(
    data_dir: Path | None = None,
    *,
    port: int | None = None,
    timeout: float = START_TIMEOUT,
    progress: Progress = lambda _: None,
) -> Server:
    """The running server of a data directory, started if need be, when it answers.

    Installs Label Studio on first use. Listens on loopback only, at `port`; without one at 8080, or at a free
    port if that is taken. `timeout` is in seconds and does not count the installation.
    Raises `ServerError` with the end of the log if it does not come up, and if `port` is taken.
    """
    folder = _prepare(data_dir)
    with locked(folder / _STARTING):
        running = status(folder)
        if running is None:
            _ensure_account(folder)
            environment = install(progress=progress)
            with telling(progress) as tell:
                return _start(environment, folder, port, timeout, tell)
        if port is not None and running.url != _url(port):
            raise ServerError(
                f"{folder}: its server runs at {running.url}; stop it first to move it to {port}"
            )
        with telling(progress, f"waiting for Label Studio at {running.url}") as tell:
            return _await_ready(running, time.monotonic() + timeout, tell)


def stop(data_dir: Path | None = None) -> bool:
    """Stop the server of a data directory; false if none runs. One that does not end by itself is killed."""
    server = status(data_dir)
    if server is None:
        return False
    for kill, patience in ((signal.SIGTERM, STOP_TIMEOUT), (signal.SIGKILL, STOP_TIMEOUT)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, kill)
        if _wait_until_gone(server.data_dir, patience):
            return True
    raise ServerError(f"{server.data_dir}: process {server.pid} could not be stopped")


def status(data_dir: Path | None = None) -> Server | None:
    """The server of a data directory, or None if none runs."""
    folder = _folder(data_dir)
    state = _running_state(folder)
    if state is None:
        return None
    url = _url(state.port)
    ready = session.is_healthy(url, timeout=2.0)
    return Server(url=url, data_dir=folder, pid=state.pid, version=state.version, ready=ready)


def token(data_dir: Path | None = None) -> str:
    """The owner's personal access token, for the API. Raises `ServerError` if there is none yet."""
    return _read_secret(_folder(data_dir) / TOKEN).strip()


def account(data_dir: Path | None = None) -> Account:
    """The owner's address and password, for the browser. Raises `ServerError` if there is none yet."""
    return msgspec.json.decode(_read_secret(_folder(data_dir) / ACCOUNT), type=Account)


def invite(server: Server) -> str:
    """The link by which other annotators make an account of their own. Whoever has it can join."""
    owner = account(server.data_dir)
    return session.invitation(session.sign_in(server.url, owner.email, owner.password))


def read_log(data_dir: Path | None = None, lines: int = TAIL) -> str:
    """The last lines of the server's log."""
    try:
        text = (_folder(data_dir) / LOG).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _folder(data_dir: Path | None) -> Path:
    return (data_dir or default_data_dir()).absolute()


def _prepare(data_dir: Path | None) -> Path:
    folder = _folder(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ServerError(f"{folder}: no folder can be made there ({error.strerror})") from error
    return folder


def _ensure_account(folder: Path) -> None:
    if not (folder / ACCOUNT).exists():
        new = Account(OWNER, secrets.token_urlsafe(24))
        private.write(folder / ACCOUNT, msgspec.json.encode(new))


def _start(environment: Path, folder: Path, port: int | None, timeout: float, progress: Progress) -> Server:
    """Start until it stays: a port that was free may be taken by another before the server listens."""
    for _ in range(_TRIES):
        server = _launch(environment, folder, _choose_port(port), progress)
        try:
            return _await_ready(server, time.monotonic() + timeout, progress)
        except _PortLostError:
            continue
        except ServerError:
            stop(folder)
            raise
    raise ServerError(_failure(f"Label Studio lost its port {_TRIES} times", folder))


def _launch(environment: Path, folder: Path, port: int, progress: Progress) -> Server:
    """Start the server and return as soon as it has noted its process id."""
    progress(f"Starting Label Studio {recipe().version} at {_url(port)}")
    make_database(environment, folder)
    (folder / STATE).unlink(missing_ok=True)
    log = _rotate(folder / LOG)
    command = [str(interpreter(environment)), "-I", str(BOOT), str(folder), str(port)]
    with locked(folder / _LOCK) as lock, private.owned(log) as output:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=settings(), pass_fds=(lock,), check=False,
        )  # fmt: skip
    server = status(folder)
    if server is None:
        raise ServerError(_failure("Label Studio ended at once", folder))
    return server


def _await_ready(server: Server, deadline: float, progress: Progress) -> Server:
    """Wait until the server answers and opens to its owner: another may listen at the same port."""
    while not (server.ready and _ensure_token(server)):
        if time.monotonic() > deadline:
            said = "does not let its owner in" if server.ready else "does not answer"
            raise ServerError(_failure(f"Label Studio {said} at {server.url}", server.data_dir))
        time.sleep(_PAUSE)
        found = status(server.data_dir)
        if found is None:
            raise _ended(server)
        server = found
    progress(f"Label Studio {server.version} is ready at {server.url}")
    return server


def _ended(server: Server) -> ServerError:
    kind = _PortLostError if _PORT_LOST in read_log(server.data_dir) else ServerError
    return kind(_failure("Label Studio ended while it started", server.data_dir))


def _ensure_token(server: Server) -> bool:
    """Whether the server is ours, with a token that opens it; one that was lost or revoked is made anew."""
    path = server.data_dir / TOKEN
    try:
        if path.exists() and session.accepts(server.url, token(server.data_dir)):
            return True
        owner = account(server.data_dir)
        signed_in = session.sign_in(server.url, owner.email, owner.password)
        private.write(path, session.make_token(signed_in).encode())
    except ServerError:
        return False
    return True


def _running_state(folder: Path) -> _State | None:
    """Process id and port of the server that holds the lock; None if nobody does."""
    deadline = time.monotonic() + _BOOT_TIMEOUT
    while _is_held(folder / _LOCK):
        # A server that has just begun takes a moment to note its process id.
        with contextlib.suppress(FileNotFoundError):
            return msgspec.json.decode((folder / STATE).read_bytes(), type=_State)
        if time.monotonic() > deadline:
            raise ServerError(f"{folder}: a server runs there that does not say its process id")
        time.sleep(_PAUSE)
    return None


def _is_held(lock: Path) -> bool:
    import fcntl

    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at once do not take each other for the server.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _wait_until_gone(folder: Path, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while _is_held(folder / _LOCK):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _choose_port(wanted: int | None) -> int:
    if _is_free(wanted or PORT):
        return wanted or PORT
    if wanted is not None:
        raise ServerError(f"port {wanted} is taken; name another, or none to let one be chosen")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _rotate(log: Path) -> Path:
    """Move the logs of earlier starts along: server.log.1 is the last one."""
    for number in range(LOGS_KEPT, 0, -1):
        older = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number}"))
    return log


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ServerError(
            f"{path} does not exist: start the server first (goldwire annotate serve)"
        ) from None


def _failure(what: str, folder: Path) -> str:
    tail = "\n".join(f"  {line}" for line in read_log(folder).splitlines())
    return f"{what}. The whole log is {folder / LOG}; its end:\n{tail or '  (it is empty)'}"
