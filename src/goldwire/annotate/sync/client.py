"""The one way to Label Studio's API: what was refused, what was done, and what nobody knows.

Label Studio knows no duplicates: a request sent again because its answer was lost makes everything twice. So
the SDK's retries are off, and each request is one of three kinds:

    read          may be asked again until there is an answer
    write         ends in the same state however often it is carried out, so it may be sent again too
    write_once    is sent once: `UncertainError` if the answer is lost, and the caller asks what is there

The SDK gives address, headers and the exchange of tokens. Its models are not used: they drop what they do not
know, and what is pulled is kept as it came. Nothing that leaves this module holds a token.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from goldwire.annotate.local.access import NEEDS_SDK
from goldwire.annotate.sync import response
from goldwire.annotate.waiting import telling
from goldwire.corpora import address, connection, extras, secrets
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import ServerError

if TYPE_CHECKING:
    import httpx

TIMEOUT = 60.0  # seconds without a byte until an answer counts as lost
PATIENCE = 60.0  # seconds of failures in a row, such as a server that starts anew, until it is given up
SLOWEST = 5.0  # seconds between two attempts, at most; the first come sooner
BUSY = 30.0  # seconds that a server may ask to be left alone, at most

_OK, _UNAUTHORISED, _ABSENT, _BUSY, _BROKEN = 200, 401, 404, 429, 500
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?")

T = TypeVar("T")
Params = Mapping[str, Any]
Watch = Callable[[str], None]


class RefusedError(ServerError):
    """The server said no, and will again; nothing was done. `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UncertainError(ServerError):
    """A request was sent and its answer lost: perhaps it was carried out, perhaps not, perhaps it will be.

    `pending` says that the server may still be at it: nobody closed the connection, only time ran out.
    """

    def __init__(self, message: str, *, pending: bool) -> None:
        super().__init__(message)
        self.pending = pending


class _Failure(msgspec.Struct, frozen=True):
    """Why there is no answer; `wait` is how long the server asked to be left alone, in seconds.

    `lasting` says that asking again would not help.
    """

    message: str
    sent: bool
    pending: bool = False
    refused: int | None = None
    wait: float = 0.0
    lasting: bool = False


class Client:
    """A connection to one server as one person.

    `watch` gets a line for each request, without secrets; `tell` one whenever an answer is long in coming.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        watch: Watch = lambda _: None,
        tell: Watch = lambda _: None,
    ) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.patience = patience
        self._watch = watch
        self._tell = tell
        self.repeated = 0  # requests that were sent again: what came of the first nobody knows
        self.answered = False  # whether there is a server at all
        self._token = token.strip()
        secrets.register(self._token)
        self._http = _connect(self.url, timeout)
        self._sdk = self._sign_on()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # ------------------------------------------------------------ requests

    def read(self, path: str, params: Params | None = None) -> bytes:
        """The body of an answer, asked for until it comes."""
        return secrets.hide_bytes(self._until_done("GET", path, params, None).content)

    def read_as(self, type: type[T], path: str, params: Params | None = None) -> T:
        """The body of an answer as a value; `ServerError` if it is no JSON of this form."""
        return self._decode(self.read(path, params), type, path)

    def read_at(self, type: type[T], path: str, params: Params | None = None) -> tuple[T, str | None]:
        """The body of an answer as a value, and the server's own time, as HTTP writes it."""
        answer = self._until_done("GET", path, params, None)
        return self._decode(secrets.hide_bytes(answer.content), type, path), answer.headers.get("date")

    def write(self, method: str, path: str, body: Any = None) -> None:
        """Bring about a state that stays the same when it is asked for twice."""
        self._until_done(method, path, None, None if body is None else msgspec.json.encode(body))

    def write_once(self, type: type[T], path: str, body: bytes, params: Params | None = None) -> T:
        """Post what would be there twice if it were posted twice. Raises `UncertainError`.

        Sent again only when it is certain that the server did not get it.
        """
        deadline = time.monotonic() + self.patience
        for pause in _pauses():
            answer, failure = self._try("POST", path, params, body)
            if answer is not None:
                return self._decode(secrets.hide_bytes(answer.content), type, path)
            assert failure is not None  # noqa: S101 - for the type checker
            self._give_up_if_refused(failure)
            if failure.sent:
                raise UncertainError(failure.message, pending=failure.pending)
            self._wait(pause, failure, deadline)
        raise AssertionError

    def download(self, path: str, params: Params, to: Path) -> None:
        """Put the body of an answer into a file, in memory that does not grow with it."""
        deadline = time.monotonic() + self.patience
        for pause in _pauses():
            failure = self._try_download(path, params, to)
            if failure is None:
                return
            self._give_up_if_refused(failure)
            self._wait(pause, failure, deadline)

    # ------------------------------------------------------------ one attempt and many

    def _until_done(
        self, method: str, path: str, params: Params | None, body: bytes | None
    ) -> httpx.Response:
        deadline = time.monotonic() + self.patience
        for pause in _pauses():
            answer, failure = self._try(method, path, params, body)
            if answer is not None:
                return answer
            assert failure is not None  # noqa: S101 - for the type checker
            if method == "DELETE" and failure.refused == _ABSENT:
                return response.empty()
            self._give_up_if_refused(failure)
            self._wait(pause, failure, deadline)
        raise AssertionError

    def _try(
        self, method: str, path: str, params: Params | None, body: bytes | None
    ) -> tuple[httpx.Response | None, _Failure | None]:
        with self._attempt(method, path) as attempt:
            with self._sdk.stream(
                path,
                method=method,
                params=dict(params or {}),
                content=body,
                headers={"Content-Type": "application/json"} if body is not None else None,
                request_options={"max_retries": 0},
            ) as answer:
                whole = response.read(answer)
            attempt.answer = whole
        return attempt.outcome()

    def _try_download(self, path: str, params: Params, to: Path) -> _Failure | None:
        request = self._sdk.stream(path, method="GET", params=dict(params))
        with self._attempt("GET", path) as attempt, request as answer:
            if answer.status_code >= response.REDIRECT:
                attempt.answer = response.read(answer)
            else:
                with to.open("wb") as file:
                    file.writelines(response.iter_limited(answer, response.MOST_IN_A_FILE))
                secrets.hide_file(to)
                attempt.answer = response.unpacked(answer, b"")
        return attempt.outcome()[1]

    @contextmanager
    def _attempt(self, method: str, path: str) -> Iterator[_Attempt]:
        """Turns whatever goes wrong in a request into a `_Failure`; SDK and HTTP errors end here."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        attempt = _Attempt(self, f"{method} {path}")
        begun = time.monotonic()
        try:
            with telling(self._tell, secrets.hide(f"waiting for an answer to {attempt.about}")):
                yield attempt
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            attempt.broke(f"cannot be reached ({_name(error)})", sent=False, error=error)
        except httpx.RemoteProtocolError as error:
            attempt.broke(f"broke the connection off ({_name(error)})", error=error)
        except httpx.TimeoutException as error:
            attempt.broke(f"did not answer in {self.timeout:g} seconds ({_name(error)})", pending=True)
        except httpx.HTTPError as error:
            attempt.broke(f"broke the connection off ({_name(error)})")
        except ApiError as error:  # the exchange of the token failed, before the request itself
            attempt.refuse_token(error.status_code or _BROKEN, error.body)
        except response.TooMuchError as error:
            attempt.failure = _Failure(f"{self.url} {error}", sent=True, lasting=True)
        except ValueError:
            attempt.broke("answered the exchange of the token with something else", sent=False)
        self._watch(secrets.hide(f"{attempt.about}: {attempt.told} ({time.monotonic() - begun:.2f} s)"))

    def _give_up_if_refused(self, failure: _Failure) -> None:
        if failure.refused is not None:
            raise RefusedError(failure.message, failure.refused)
        if failure.lasting:
            raise ServerError(failure.message)

    def _wait(self, pause: float, failure: _Failure, deadline: float) -> None:
        pause = max(pause, min(failure.wait, BUSY))
        if time.monotonic() + pause > deadline:
            raise ServerError(f"{failure.message}; given up after {self.patience:g} seconds, try again later")
        self.repeated += 1
        time.sleep(pause)

    # ------------------------------------------------------------ tokens

    def _sign_on(self) -> Any:
        """The SDK's own connection: it knows the address, signs requests, and renews what expires."""
        # Only the connection: the whole of the SDK takes a second and 80 MB more.
        extras.load("label_studio_sdk.core.client_wrapper", "labelstudio", NEEDS_SDK, ServerError)
        from label_studio_sdk.core.api_error import ApiError
        from label_studio_sdk.core.client_wrapper import SyncClientWrapper

        if not self._token:
            raise ServerError(f"{self.url}: the token is empty")
        said = ""
        try:
            # With a slash at the end the SDK finds the exchange of tokens behind a path as well.
            wrapper = SyncClientWrapper(
                base_url=f"{self.url}/", api_key=self._token, httpx_client=self._http, timeout=self.timeout
            )
        except ApiError as error:
            said = secrets.hide(response.complaint(error.body))
        if said:
            raise ServerError(f"{self.url}: the personal access token cannot be used. {said}")
        return wrapper.httpx_client

    def unauthorised(self, said: str, *, exchanged: bool = True) -> str:
        """What a 401 means, and which token is needed. `said` are the server's own words."""
        use = f"use a personal access token, made at {self.url}/user/account/personal-access-token"
        if not _JWT.fullmatch(self._token):
            if "legacy" in said:
                return f"it takes no legacy tokens any more: {use}"
            return f"it does not know this legacy token: copy it anew, or {use}"
        if exchanged:
            return (
                "personal access tokens are switched off there: use the legacy token of the account page, or "
                "let the organisation's owner switch them on"
            )
        return f"this personal access token is revoked, expired, or another server's: {use}"

    def _decode(self, body: bytes, type: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(body, type=type)
        except BROKEN as error:
            why, start = str(error), secrets.hide(body[:60].decode("utf-8", "replace"))
        page = connection.page(body)
        told = page or f"{start!r}…, {why}"
        raise ServerError(f"{self.url}: {path} answered {told}; is it a Label Studio?")


class _Attempt:
    """One request: its answer, or why there is none."""

    def __init__(self, client: Client, about: str) -> None:
        self.client = client
        self.about = about
        self.answer: httpx.Response | None = None
        self.failure: _Failure | None = None

    @property
    def told(self) -> str:
        return str(self.answer.status_code) if self.answer is not None else "no answer"

    def broke(
        self, what: str, *, sent: bool = True, pending: bool = False, error: Exception | None = None
    ) -> None:
        """Note what went wrong; where its cause is known, what to do, and whether it will go wrong again.

        A server that was there a moment ago may be starting anew; one that was not is not waited for.
        """
        found = connection.cause(error, self.client.url) if error is not None else None
        told = f"{self.client.url}: {found.message}" if found else f"{self.client.url} {what}"
        lasting = found is not None and (found.lasting or not self.client.answered)
        self.failure = _Failure(told, sent, pending, lasting=lasting)

    def refuse_token(self, status: int, body: Any) -> None:
        if status == _UNAUTHORISED:
            why = self.client.unauthorised(response.complaint(body), exchanged=False)
            self.failure = _Failure(f"{self.client.url}: {why}", sent=False, refused=status)
        else:
            self.broke(f"did not exchange the token (status {status})", sent=False)

    def outcome(self) -> tuple[httpx.Response | None, _Failure | None]:
        answer = self.answer
        if answer is None:
            return None, self.failure
        self.client.answered = True
        status = answer.status_code
        if _OK <= status < response.REDIRECT:
            return answer, None
        detail = secrets.hide(response.told(answer))
        if status == _UNAUTHORISED:
            detail = self.client.unauthorised(detail)
        message = f"{self.client.url}: {self.about} was answered {status}: {detail}"
        wait = response.seconds(answer.headers.get("retry-after"))
        if status == _BUSY:
            return None, _Failure(message, sent=False, wait=wait)
        if status >= _BROKEN:
            return None, _Failure(message, sent=True, wait=wait)
        return None, _Failure(message, sent=False, refused=status)


def _connect(url: str, timeout: float) -> httpx.Client:
    extras.load("httpx", "labelstudio", "talking to Label Studio needs httpx", ServerError)
    import httpx

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ServerError(f"{parts.hostname or 'the address'}: an address such as https://labels.example.org")
    # A proxy of the environment has no business with this machine's own server.
    transport = httpx.HTTPTransport() if address.is_loopback(parts.hostname) else None
    return httpx.Client(timeout=timeout, transport=transport, event_hooks={"request": [_keep_secret]})


def _keep_secret(request: httpx.Request) -> None:
    """Hide what a request signs on with, which may have been exchanged for the token."""
    _, _, secret = request.headers.get("authorization", "").partition(" ")
    secrets.register(secret)


def _pauses() -> Iterator[float]:
    pause = 0.1
    while True:
        yield pause
        pause = min(2 * pause, SLOWEST)


def _name(error: Exception) -> str:
    return type(error).__name__
