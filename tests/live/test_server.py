"""A local Label Studio is started, found again and stopped, whatever is killed when."""

import contextlib
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from label_studio_sdk import LabelStudio
from label_studio_sdk.types import WhoAmIUser

from goldwire.annotate.local import server, session
from goldwire.annotate.local.server import Server
from goldwire.corpora.errors import ServerError

pytestmark = pytest.mark.live

PASSWORD = "correct horse battery"


@pytest.fixture
def folder(installed: Path, tmp_path: Path) -> Iterator[Path]:
    """A data directory whose server is stopped afterwards."""
    yield tmp_path / "data"
    server.stop(tmp_path / "data")


@pytest.fixture(scope="module")
def stopped(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that had a server once, for tests that start it again."""
    folder = tmp_path_factory.mktemp("stopped")
    server.start(folder)
    server.stop(folder)
    yield folder
    server.stop(folder)


def processes(folder: Path) -> list[int]:
    """Ids of the processes that serve this data directory, from the system's own list."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if str(folder).encode() in words and any(word.endswith(b"boot.py") for word in words):
                found.append(int(process.name))
    return found


@contextlib.contextmanager
def client(of: Server, token: str | None = None) -> Iterator[LabelStudio]:
    with httpx.Client(timeout=30) as connection:
        yield LabelStudio(
            base_url=of.url, api_key=token or server.token(of.data_dir), httpx_client=connection
        )


def person(of: Server, token: str | None = None) -> WhoAmIUser:
    """Whom the server takes the bearer of this token for; of the owner's, without one."""
    with client(of, token) as api:
        return api.users.whoami()


def test_owners_token_opens_the_api(labelstudio: Server) -> None:
    assert person(labelstudio).email == server.OWNER


def test_owner_signs_in_with_the_password(labelstudio: Server) -> None:
    owner = server.account(labelstudio.data_dir)
    assert session.sign_in(labelstudio.url, owner.email, owner.password).cookies


def test_version_is_the_pinned_one(labelstudio: Server) -> None:
    release = session.call(session.open_session(labelstudio.url), "GET", "api/version")
    assert f'"{labelstudio.version}"' in release.body
    assert labelstudio.version == "1.23.2"


def test_second_start_finds_the_first(labelstudio: Server) -> None:
    assert server.start(labelstudio.data_dir) == labelstudio
    assert server.status(labelstudio.data_dir) == labelstudio
    assert processes(labelstudio.data_dir) == [labelstudio.pid]


def test_running_server_is_not_moved_to_another_port(labelstudio: Server) -> None:
    with pytest.raises(ServerError, match=f"runs at {labelstudio.url}; stop it first"):
        server.start(labelstudio.data_dir, port=1)


def test_taken_port_that_was_asked_for_is_an_error(labelstudio: Server, tmp_path: Path) -> None:
    taken = urlsplit(labelstudio.url).port
    with pytest.raises(ServerError, match=f"port {taken} is taken"):
        server.start(tmp_path, port=taken)


def test_listens_on_loopback_only(labelstudio: Server) -> None:
    port = urlsplit(labelstudio.url).port or 0
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [fields[1] for fields in sockets if fields[3] == "0A" and fields[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]


def test_nobody_signs_up_without_an_invitation(labelstudio: Server) -> None:
    with pytest.raises(ServerError, match="invitation is not valid"):
        session.join(f"{labelstudio.url}/user/signup/", "eve@example.org", PASSWORD)
    with pytest.raises(ServerError, match=r"could not sign in .*don't match"):
        session.sign_in(labelstudio.url, "eve@example.org", PASSWORD)


def test_invited_annotator_joins_the_owners_organisation(labelstudio: Server) -> None:
    joined = session.join(server.invite(labelstudio), "bea@example.org", PASSWORD)
    bea = person(labelstudio, session.make_token(joined))
    owner = person(labelstudio)
    assert bea.email == "bea@example.org"
    assert bea.active_organization == owner.active_organization is not None


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        ("owner@localhost", PASSWORD, "User with this email already exists"),
        ("fay@example.org", "short", "password 8.128 characters"),
    ],
)
def test_refused_account_names_the_reason(
    labelstudio: Server, email: str, password: str, reason: str
) -> None:
    with pytest.raises(ServerError, match=reason) as caught:
        session.join(server.invite(labelstudio), email, password)
    assert password not in str(caught.value)


def test_lost_or_revoked_token_is_made_anew(labelstudio: Server) -> None:
    old = server.token(labelstudio.data_dir)
    (labelstudio.data_dir / "token").unlink()
    server.start(labelstudio.data_dir)
    new = server.token(labelstudio.data_dir)
    assert new != old
    assert not session.accepts(labelstudio.url, old)

    owner = server.account(labelstudio.data_dir)
    signed_in = session.sign_in(labelstudio.url, owner.email, owner.password)
    assert session.call(signed_in, "POST", "api/token/blacklist/", {"refresh": new}).status == 204
    server.start(labelstudio.data_dir)
    assert server.token(labelstudio.data_dir) != new
    assert person(labelstudio).email == server.OWNER


def test_secrets_are_in_their_own_files_only(labelstudio: Server) -> None:
    invitation = server.invite(labelstudio)
    session.join(invitation, "cem@example.org", PASSWORD)
    with pytest.raises(ServerError):
        session.join(f"{invitation}x", "dan@example.org", PASSWORD)
    deadline = time.monotonic() + 10.0  # the line is written once the answer is sent
    while "(hidden)" not in server.read_log(labelstudio.data_dir, lines=1000):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    owner = server.account(labelstudio.data_dir)
    token = server.token(labelstudio.data_dir)
    secrets = [token, token.split(".")[2], owner.password, invitation.split("token=")[1], PASSWORD]

    holders = {"token": {0, 1}, "account.json": {2}}
    for path in labelstudio.data_dir.rglob("*"):
        if path.is_file() and not path.name.startswith("label_studio.sqlite3"):  # nor its journal
            data = path.read_bytes()
            held = {number for number, secret in enumerate(secrets) if secret.encode() in data}
            assert held == holders.get(path.name, set()), path
    process = Path("/proc", str(labelstudio.pid))
    seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    seen += f"{labelstudio} {owner} {owner!r}".encode()
    assert not [number for number, secret in enumerate(secrets) if secret.encode() in seen]


def test_files_are_readable_by_their_owner_alone(labelstudio: Server) -> None:
    files = [path for path in labelstudio.data_dir.iterdir() if path.is_file()]
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: "0o600" for path in files
    }


def test_callers_environment_does_not_reach_the_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {
        "DEBUG": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "true",
        "SECRET_KEY": "x",
        "DJANGO_DB": "mysql",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    started = server.start(folder)
    environ = Path("/proc", str(started.pid), "environ").read_bytes()
    names = {entry.split(b"=")[0].decode() for entry in environ.split(b"\0") if entry}
    assert names & set(foreign) == set()
    assert b"COLLECT_ANALYTICS=false" in environ.split(b"\0")


def test_killed_server_is_started_again_with_its_data(stopped: Path) -> None:
    first = server.start(stopped)
    with client(first) as api:
        project = api.projects.create(title="kept")
    token = server.token(stopped)
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.status(stopped) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.status(stopped) is None
    assert not server.stop(stopped)

    second = server.start(stopped)
    assert second.pid != first.pid
    assert server.token(stopped) == token
    with client(second) as api:
        assert api.projects.get(id=project.id).title == "kept"


def test_stop_ends_the_server_and_says_whether_there_was_one(stopped: Path) -> None:
    running = server.start(stopped)
    assert server.stop(stopped)
    assert processes(stopped) == []
    assert not session.is_healthy(running.url)
    assert server.status(stopped) is None
    assert not server.stop(stopped)


def test_process_id_left_by_a_dead_server_is_not_believed(stopped: Path) -> None:
    server.stop(stopped)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        state = f'{{"pid":{bystander.pid},"port":8080,"version":"1.23.2"}}'
        (stopped / "server.json").write_text(state)
        assert server.status(stopped) is None
        assert not server.stop(stopped)
        assert bystander.poll() is None
        bystander.kill()


def test_two_callers_at_once_get_one_server(stopped: Path) -> None:
    server.stop(stopped)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(server.start, [stopped, stopped])
    assert first == second
    assert processes(stopped) == [first.pid]


def test_port_lost_to_another_server_meanwhile_is_given_up(
    labelstudio: Server, stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is a Label Studio too, and answers that it is well: only its owner tells them apart."""
    server.stop(stopped)
    taken = urlsplit(labelstudio.url).port or 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    ports = iter([taken, free])
    monkeypatch.setattr(server, "_choose_port", lambda _: next(ports))
    started = server.start(stopped)
    assert urlsplit(started.url).port == free
    assert person(started).email == server.OWNER
    assert "already in use" in (stopped / "server.log.1").read_text()


def test_server_that_does_not_come_up_in_time_is_stopped_and_its_log_shown(stopped: Path) -> None:
    server.stop(stopped)
    with pytest.raises(
        ServerError, match=r"does not answer at http://127.0.0.1:\d+. The whole log is .*server.log"
    ):
        server.start(stopped, timeout=0.3)
    assert processes(stopped) == []


def test_server_that_ends_while_it_starts_shows_its_log(folder: Path) -> None:
    folder.mkdir()
    (folder / "label_studio.sqlite3").write_bytes(b"this is no database, however long it is" * 100)
    with pytest.raises(ServerError, match="file is not a database"):
        server.start(folder)
    assert server.status(folder) is None
    assert processes(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(5))
def test_caller_killed_while_it_starts_leaves_nothing_to_repair(folder: Path, trial: int) -> None:
    """A fifth of a second imports what it needs, six make the server ready: killed in each fifth of that."""
    seed = random.Random(trial)
    program = (
        "import sys; from pathlib import Path; from goldwire.annotate.local import server\n"
        "server.start(Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(folder)]) as caller:
        time.sleep(0.2 + 1.3 * (trial + seed.random()))
        caller.kill()
    started = server.start(folder)
    assert processes(folder) == [started.pid]
    assert person(started).email == server.OWNER
    assert sorted(path.name for path in folder.glob(".*.tmp")) == []
