"""Errors of a server that is not there, or is no Label Studio, are told without secrets.

What a real server answers is in the live tests.
"""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from goldwire.annotate.local import session
from goldwire.annotate.local.session import Answer
from goldwire.corpora.errors import ServerError

SECRET = "s3cret-s3cret"


class Stranger(BaseHTTPRequestHandler):
    """Answers everything with 200 and a page of its own, as a router or another program would."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    do_POST = do_GET  # noqa: N815 - the name that the base class looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_stranger_is_not_taken_for_a_healthy_server(stranger: str) -> None:
    assert not session.is_healthy(stranger)


def test_nobody_there_is_not_healthy() -> None:
    assert not session.is_healthy("http://127.0.0.1:9")  # discard: nothing listens there


def test_stranger_signs_nobody_in(stranger: str) -> None:
    with pytest.raises(ServerError, match=r"anna@example.org could not sign in \(status 200\)") as caught:
        session.sign_in(stranger, "anna@example.org", SECRET)
    assert SECRET not in str(caught.value)


def test_unreachable_server_is_named_without_the_secret() -> None:
    with pytest.raises(ServerError, match=r"http://127.0.0.1:9/: the server cannot be reached") as caught:
        session.join(f"http://127.0.0.1:9/user/signup/?token={SECRET}", "anna@example.org", SECRET)
    assert SECRET not in str(caught.value)


def test_proxy_of_the_environment_is_not_used_for_loopback(
    stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert session.call(session.open_session(stranger), "GET", "api/version").status == 200


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('<p class="error">Don&#x27;t <b>match</b></p>', "Don't match"),
        ('<ul class="field_errors"><li class="x">One.</li> <li>Two.</li></ul>', "One. Two."),
        ("<html>It works!</html>", "the server gave no reason"),
    ],
)
def test_complaint_is_the_pages_text_without_markup(page: str, said: str) -> None:
    assert session.complaint(Answer(200, page)) == said
