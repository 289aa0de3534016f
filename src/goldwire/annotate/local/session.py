"""Sessions of a signed-in person on a Label Studio server: make tokens, invite others, join.

Plain HTTP as a browser speaks it, with the standard library: these pages are no part of the SDK. Passwords
and tokens go into request bodies only, never into an error.
"""

from __future__ import annotations

import html
import json
import re
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request
from urllib.request import build_opener as build

from goldwire.corpora.address import is_loopback
from goldwire.corpora.errors import ServerError

TIMEOUT = 30.0  # seconds for one answer

_OK, _CREATED, _FOUND, _FORBIDDEN, _CONFLICT = 200, 201, 302, 403, 409
_COMPLAINT = re.compile(r'<(li|p|ul) class="(?:error|field_errors)[^"]*">(.*?)</\1>', re.DOTALL)


class Answer(NamedTuple):
    """An HTTP status and the body."""

    status: int
    body: str


class Session(NamedTuple):
    """A browser's state: where the server is, and the cookies it gave."""

    url: str
    opener: OpenerDirector
    cookies: CookieJar


class _Stay(HTTPRedirectHandler):
    """Redirects are answers to read, not to follow: they tell whether a form was accepted."""

    def redirect_request(self, *_: Any) -> None:
        return None


def open_session(url: str) -> Session:
    """A session that is signed in nowhere. Proxies of the environment are not used for loopback."""
    cookies = CookieJar()
    handlers = [HTTPCookieProcessor(cookies), _Stay()]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(ProxyHandler({}))
    return Session(url.rstrip("/") + "/", build(*handlers), cookies)


def sign_in(url: str, email: str, password: str) -> Session:
    """A session of this person. Raises `ServerError` if the server refuses."""
    session = open_session(url)
    answer = post_form(session, "user/login/", {"email": email, "password": password})
    if answer.status != _FOUND:
        raise ServerError(
            f"{session.url}: {email} could not sign in (status {answer.status}): {complaint(answer)}"
        )
    return session


def join(link: str, email: str, password: str) -> Session:
    """Make an account by an invitation link, and sign it in.

    Label Studio asks for a password of 8 characters or more. Raises `ServerError` with the server's reason.
    """
    parts = urlsplit(link)
    session = open_session(f"{parts.scheme}://{parts.netloc}")
    page = f"{parts.path}?{parts.query}"
    answer = post_form(session, page, {"email": email, "password": password})
    if answer.status == _FORBIDDEN:
        raise ServerError(f"{session.url}: the invitation is not valid, or not any more; ask for a new one")
    if answer.status != _FOUND:
        raise ServerError(
            f"{session.url}: no account for {email} (status {answer.status}): {complaint(answer)}"
        )
    return session


def invitation(session: Session) -> str:
    """The link by which others join this person's organisation. Whoever has it can join."""
    answer = call(session, "GET", "api/invite")
    return urljoin(session.url, _field(session, answer, "invite_url"))


def make_token(session: Session) -> str:
    """A new personal access token. A person has one: the one before, if any, is revoked."""
    answer = call(session, "POST", "api/token/")
    if answer.status == _CONFLICT:
        for item in json.loads(call(session, "GET", "api/token/").body):
            call(session, "POST", "api/token/blacklist/", {"refresh": item["token"]})
        answer = call(session, "POST", "api/token/")
    return _field(session, answer, "token")


def accepts(url: str, token: str) -> bool:
    """Whether the server takes this personal access token."""
    answer = call(open_session(url), "POST", "api/token/refresh/", {"refresh": token})
    return answer.status == _OK


def is_healthy(url: str, timeout: float = TIMEOUT) -> bool:
    """Whether a Label Studio answers there. An address that nobody listens at is not an error."""
    try:
        answer = _send(open_session(url), Request(urljoin(url, "/health")), timeout)  # noqa: S310
    except ServerError:
        return False
    return answer.status == _OK and '"UP"' in answer.body


def post_form(session: Session, path: str, fields: dict[str, str]) -> Answer:
    """Fill in a page's form: fetch the page for its anti-forgery cookie, then send the fields."""
    url = urljoin(session.url, path)
    _send(session, Request(url))  # noqa: S310
    fields = {**fields, "csrfmiddlewaretoken": _cookie(session, "csrftoken")}
    return _send(session, Request(url, urlencode(fields).encode(), {"Referer": url}))  # noqa: S310


def call(session: Session, method: str, path: str, body: object = None) -> Answer:
    """Call the API as the person signed in."""
    url = urljoin(session.url, path)
    headers = {
        "Content-Type": "application/json",
        "Referer": url,
        "X-CSRFToken": _cookie(session, "csrftoken"),
    }
    data = None if method == "GET" else json.dumps(body or {}).encode()
    return _send(session, Request(url, data, headers, method=method))  # noqa: S310


def complaint(answer: Answer) -> str:
    """What a page says is wrong with the form that was sent, without its markup."""
    said = [" ".join(re.sub(r"<[^>]*>", " ", text).split()) for _, text in _COMPLAINT.findall(answer.body)]
    return html.unescape("; ".join(text for text in said if text)) or "the server gave no reason"


def _field(session: Session, answer: Answer, name: str) -> str:
    if answer.status not in (_OK, _CREATED):
        raise ServerError(f"{session.url}: the server refused to give {name} (status {answer.status})")
    return str(json.loads(answer.body)[name])


def _cookie(session: Session, name: str) -> str:
    return next((cookie.value or "" for cookie in session.cookies if cookie.name == name), "")


def _send(session: Session, request: Request, timeout: float = TIMEOUT) -> Answer:
    try:
        with session.opener.open(request, timeout=timeout) as reply:
            return Answer(reply.status, reply.read().decode("utf-8", "replace"))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode("utf-8", "replace"))
    except (OSError, HTTPException) as error:
        raise ServerError(f"{session.url}: the server cannot be reached ({error})") from error
