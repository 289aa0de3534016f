"""Why there is no connection is told at once, with what to do; what cannot heal is not tried again."""

import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from goldwire.annotate.sync import api, response
from goldwire.annotate.sync.client import Client
from goldwire.corpora.errors import ServerError

TOKEN = "0123456789abcdef0123456789abcdef01234567"


class Answer(BaseHTTPRequestHandler):
    status, headers_sent, body = 200, (), b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        for name, value in self.headers_sent:
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None, **answer: object) -> Iterator[int]:
    """A server that gives one answer to everything; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Given", (Answer,), answer))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def refusal(url: str, patience: float = 60.0) -> str:
    """What is told of an address, which has to come within five seconds."""
    began = time.monotonic()
    there = Client(url, TOKEN, patience=patience)
    with pytest.raises(ServerError) as caught:
        api.projects(there, "p")
    there.close()
    assert time.monotonic() - began < 5
    return str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a server that signed for itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key -out cert"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


def test_nobody_listening_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert f"nobody listens at 127.0.0.1:{port}: start the server" in refusal(f"http://127.0.0.1:{port}")


def test_a_name_that_is_no_hosts_is_told() -> None:
    assert "no host is called 'labels.invalid'" in refusal("http://labels.invalid", patience=2)


@pytest.mark.slow
def test_tls_to_a_plain_port_and_plain_words_to_a_port_of_tls(certificate: ssl.SSLContext) -> None:
    with serving() as port:
        assert "there is no TLS at that port: write http://" in refusal(f"https://127.0.0.1:{port}")
    with serving(certificate) as port:
        said = refusal(f"http://127.0.0.1:{port}", patience=1)
    assert "https" in said or "broke the connection off" in said  # as the server's library has it


def test_a_certificate_that_nobody_vouches_for_is_told_with_the_remedy(certificate: ssl.SSLContext) -> None:
    with serving(certificate) as port:
        said = refusal(f"https://127.0.0.1:{port}")
    assert "certificate is not trusted (self-signed certificate)" in said
    assert "SSL_CERT_FILE" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://sso.example.org/login?next=/api", "page to sign in (https://sso.example.org/login"),
        ("https://127.0.0.1/api/projects/", "the server is at https://127.0.0.1: write that address"),
        ("http://other.example.org/", "the server is at http://other.example.org/"),
    ],
)
def test_where_it_sends_elsewhere_is_told(location: str, told: str) -> None:
    with serving(status=302, headers_sent=(("Location", location),)) as port:
        assert told in refusal(f"http://127.0.0.1:{port}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            200,
            b"<!doctype html><title>Log in &amp; go</title>",
            "a web page ('Log in & go'): it wants people to sign in",
        ),
        (200, b"<html><title>Wiki</title>", "a web page ('Wiki') in place of data: check the path"),
        (404, b"<!DOCTYPE html><title>Not Found</title>", "404: a web page ('Not Found') in place of data"),
    ],
)
def test_a_page_for_people_is_told_as_one(status: int, body: bytes, told: str) -> None:
    with serving(status=status, body=body) as port:
        assert told in refusal(f"http://127.0.0.1:{port}")


def test_an_answer_larger_than_any_may_be_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response, "MOST", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    with serving(body=bomb, headers_sent=(("Content-Encoding", "gzip"),)) as port:
        assert "answered with more than 1 MB" in refusal(f"http://127.0.0.1:{port}", patience=0.1)


def test_an_answer_that_trickles_for_ever_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "LONGEST", 0.0)
    with serving(body=b"{}") as port:
        assert "was not done answering" in refusal(f"http://127.0.0.1:{port}", patience=0.1)


def test_a_list_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGES", 3)
    body = b'{"next": "x", "results": [{"id": 1, "title": "a", "created_at": "", "label_config": ""}]}'
    with serving(body=body) as port:
        assert "entries in one list" in refusal(f"http://127.0.0.1:{port}")


def test_what_does_not_go_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(body=b'{"next": null, "results": []}') as port:
        for host in ("127.0.0.1", "localhost", "127.1"):
            there = Client(f"http://{host}:{port}", TOKEN, patience=1)
            assert api.projects(there, "p") == []
            there.close()


def test_the_token_is_not_in_what_a_server_repeats(tmp_path: Path) -> None:
    with serving(
        status=403, body=f'{{"detail": "{TOKEN[:20]} and {TOKEN[-12:]} are no token"}}'.encode()
    ) as port:
        assert "403: *** and *** are no token" in refusal(f"http://127.0.0.1:{port}")
