"""What goes wrong on the way to a server is told apart: refused, not sent, or nobody knows."""

import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from goldwire.annotate.sync import api
from goldwire.annotate.sync.client import Client, RefusedError, UncertainError
from goldwire.corpora import secrets
from goldwire.corpora.errors import GoldwireError, ServerError

TOKEN = "0123456789abcdef0123456789abcdef01234567"  # of the form that Label Studio calls legacy
DROP = "drop"  # close the connection without an answer
HANG = "hang"  # keep it open


class Reply(NamedTuple):
    status: int = 200
    body: object = {}
    headers: Mapping[str, str] = MappingProxyType({})


class Scripted(ThreadingHTTPServer):
    """A server that gives the replies of a list, one after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply | str] = [Reply()]
        self.asked: list[tuple[str, str, bytes]] = []
        self.tokens: set[str | None] = set()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, body))
        self.server.tokens.add(self.headers.get("Authorization"))
        reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        if reply == HANG:
            self.server.released.wait(20)
        if not isinstance(reply, Reply):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        data = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the standard library

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with Scripted() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def connect(scripted: Scripted) -> Iterator[Callable[..., Client]]:
    made = []

    def make(**options: Any) -> Client:
        made.append(Client(scripted.url, TOKEN, **{"patience": 0.5, "timeout": 0.4, **options}))
        return made[-1]

    yield make
    for client in made:
        client.close()


Connect = Callable[..., Client]
TROUBLE = [DROP, HANG, Reply(502, "<html>Bad Gateway</html>"), Reply(429, {"detail": "slow down"})]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_may_be_asked_again_is_asked_until_there_is_an_answer(
    scripted: Scripted, connect: Connect, trouble: Any
) -> None:
    scripted.replies = [trouble, Reply(body={"tasks": []})]
    assert connect(patience=5).read_as(dict[str, Any], "api/tasks/") == {"tasks": []}
    assert len(scripted.asked) == 2


def test_what_ends_in_the_same_state_is_sent_again(scripted: Scripted, connect: Connect) -> None:
    scripted.replies = [DROP, Reply(500), Reply()]
    api.update_task(connect(patience=5), 7, {"text": "T"})
    assert [(method, path) for method, path, _ in scripted.asked] == [("PATCH", "/api/tasks/7/")] * 3
    assert json.loads(scripted.asked[-1][2]) == {"data": {"text": "T"}}


@pytest.mark.parametrize(
    ("trouble", "pending"), [(DROP, False), (HANG, True), (Reply(502), False), (Reply(504), False)]
)
def test_what_would_double_is_sent_once_and_its_lost_answer_told(
    scripted: Scripted, connect: Connect, trouble: Any, pending: bool
) -> None:
    scripted.replies = [trouble, Reply(201, {"task_ids": [1]})]
    with pytest.raises(UncertainError) as caught:
        api.import_tasks(connect(), 3, [b"{}"])
    assert caught.value.pending is pending
    assert len(scripted.asked) == 1


def test_what_certainly_did_not_arrive_is_sent_again_even_if_it_would_double(
    scripted: Scripted, connect: Connect
) -> None:
    scripted.replies = [Reply(429), Reply(201, {"task_ids": [5]})]
    assert api.import_tasks(connect(patience=5), 3, [b"{}"]).task_ids == [5]
    assert len(scripted.asked) == 2


def test_server_that_asks_to_be_left_alone_is(scripted: Scripted, connect: Connect) -> None:
    scripted.replies = [Reply(429, headers={"Retry-After": "1"}), Reply(body={"id": 1, "email": "a@b"})]
    begun = time.monotonic()
    assert api.whoami(connect(patience=5)) == "a@b"
    assert time.monotonic() - begun >= 1.0


def test_server_that_does_not_come_back_is_given_up(connect: Connect, scripted: Scripted) -> None:
    scripted.replies = [Reply(502)]
    with pytest.raises(ServerError, match=r"502.*given up after 0\.5 seconds"):
        connect().read("api/tasks/")


def test_server_that_is_not_there_is_told_by_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = Client(url, TOKEN, patience=0.2)
    with pytest.raises(ServerError, match=f"{url}: nobody listens at .*: start the server"):
        client.write_once(dict[str, Any], "api/projects/", b"{}")
    client.close()


def test_refusal_is_final_and_tells_the_servers_reason(scripted: Scripted, connect: Connect) -> None:
    reason = {"detail": "Validation error", "validation_errors": {"title": ["too short"]}}
    scripted.replies = [Reply(400, reason)]
    with pytest.raises(RefusedError, match=r"400: Validation error .*title.*too short") as caught:
        api.create_project(connect(), title="p")
    assert caught.value.status == 400
    assert len(scripted.asked) == 1


def test_deleting_what_is_gone_is_done(scripted: Scripted, connect: Connect) -> None:
    scripted.replies = [DROP, Reply(404, {"detail": "Not found."})]
    api.delete_task(connect(patience=5), 7)


def test_redirect_is_not_followed_but_told(scripted: Scripted, connect: Connect) -> None:
    scripted.replies = [Reply(301, headers={"Location": "https://labels.example.org/"})]
    with pytest.raises(RefusedError, match=r"the server is at https://labels\.example"):
        connect().read("api/projects/")


@pytest.mark.parametrize("body", ["<!doctype html><title>Hotel WiFi</title>", {"unexpected": 1}, "[", ""])
def test_answer_of_something_else_is_no_crash(scripted: Scripted, connect: Connect, body: Any) -> None:
    scripted.replies = [Reply(body=body)]
    with pytest.raises(ServerError, match="is it a Label Studio"):
        api.totals(connect(), 1)


@pytest.mark.parametrize(
    "url", ["labels.example.org", "ftp://h", "http://", "http://me:secret@h", "http://h/?t=secret"]
)
def test_address_that_is_none_or_holds_a_secret_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ServerError, match="an address such as") as caught:
        Client(url, TOKEN)
    assert "secret" not in str(caught.value)


def test_download_is_in_the_file_whole_or_tried_again(
    scripted: Scripted, connect: Connect, tmp_path: Path
) -> None:
    scripted.replies = [Reply(502), DROP, Reply(body="x" * 300_000)]
    connect(patience=5).download("api/projects/1/exports/2/download", {}, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "x" * 300_000


def test_download_cut_off_in_the_middle_is_tried_again(
    scripted: Scripted, connect: Connect, tmp_path: Path
) -> None:
    scripted.replies = [
        Reply(body="half", headers={"Content-Length": "8", "Connection": "close"}),
        Reply(body="whole"),
    ]
    connect(patience=5).download("x", {}, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "whole"


@pytest.mark.parametrize(
    "trouble", [DROP, Reply(401, {"detail": f"Invalid token {TOKEN}."}), Reply(500, TOKEN), Reply(400, TOKEN)]
)
def test_token_is_in_no_message_no_log_and_no_traceback(
    scripted: Scripted, connect: Connect, caplog: pytest.LogCaptureFixture, trouble: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    scripted.replies = [trouble]
    client = connect(watch=lines.append)
    with pytest.raises(GoldwireError) as caught:
        api.import_tasks(client, 1, [b"{}"])
    assert scripted.tokens == {f"Token {TOKEN}"}  # it did go where it belongs
    error: BaseException | None = caught.value
    told = [*lines, caplog.text, repr(client)]
    while error is not None:
        told += [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    assert lines
    assert not [text for text in told if TOKEN in text]


def test_anything_that_looks_like_a_personal_access_token_is_hidden(connect: Connect) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
    connect()
    assert secrets.hide(f"got {jwt} and {TOKEN}") == "got *** and ***"
