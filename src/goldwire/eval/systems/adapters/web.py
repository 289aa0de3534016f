"""`http(s)://URL`: a service that is posted a document and answers in the simple form.

The request is the same JSON object that `cmd:` writes. Busy and broken servers (429, 5xx, lost connections)
are tried again; what they say of their limits is obeyed by all workers together (see `pace`). A key comes
from an environment variable named by an option, goes into the `Authorization` header and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec

from goldwire.corpora import address, connection, predictions, secrets
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.predictions import Prediction
from goldwire.corpora.types import Document
from goldwire.eval.systems.adapters.pace import LONGEST_WAIT, Pace, renewal, retry_after
from goldwire.eval.systems.extractor import ABSENT, REFUSED, Context, DocumentError, options
from goldwire.eval.systems.program import LONGEST, too_long

if TYPE_CHECKING:
    import httpx

TRIES = 4
FIRST_WAIT = 0.5  # seconds before the second try; doubled after each
READ_LIMIT = 240.0  # seconds without a byte
WHOLE_LIMIT = 900.0  # seconds for all of an answer, however it trickles
CONNECT_LIMIT = 10.0  # seconds; all tries end before the time of a document does
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_MAYBE_DONE = frozenset({408, 502, 504})  # what stands before a server gave up waiting: it may have answered
_REFUSED = frozenset({400, 401, 403, 404})  # this request, or each: the run sees which
REFUSED_SHOWN = 200  # characters of an error's body that are shown
_HEARD = 20_000  # bytes of an error's body that are looked at


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`key` is the name of an environment variable; raise `version` when the service gives something else."""

    key: str | None = None
    version: str = ""
    wait: float = FIRST_WAIT
    tries: int = TRIES


class _Again(msgspec.Struct, frozen=True):
    """Why there is no answer yet, the seconds that the server asks to wait, and whether there is a server.

    One that was `lost` may have been made, and charged.
    """

    reason: str
    wait: float | None = None
    cause: str | None = None
    lost: bool = False


class Trial(Protocol):
    """Is told of each time that something is posted, and of each that cannot have been charged."""

    def begin(self) -> None:
        """It is about to be posted; an exception keeps it from that."""

    def free(self) -> None:
        """It was not taken."""


class _Untold:
    """Nobody is told."""

    def begin(self) -> None:
        """Nothing."""

    def free(self) -> None:
        """Nothing."""


class RefusalError(DocumentError):
    """The server takes no such request: its status, and what it said."""

    def __init__(self, message: str, status: int, said: str, *, cause: str | None) -> None:
        self.status, self.said = status, said
        super().__init__(message, cause=cause)


class Caller:
    """Posts JSON to one address, again and again where that may help."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        tries: int = TRIES,
        wait: float = FIRST_WAIT,
        pace: Pace | None = None,
    ) -> None:
        import httpx

        self.url = checked(url)
        self.shown = urlsplit(url)._replace(query="", fragment="").geturl()
        key = secret(key)
        self._tries, self._wait, self._pace = tries, wait, pace or Pace()
        headers = {"Content-Type": "application/json"}
        if key:
            secrets.register(key)
            headers["Authorization"] = f"Bearer {key}"
        timeout = httpx.Timeout(READ_LIMIT, connect=CONNECT_LIMIT)
        loopback = address.is_loopback(address.split(url, ExtractorError).hostname or "")
        self._client = httpx.Client(
            headers=headers,
            timeout=timeout,
            follow_redirects=False,
            transport=httpx.HTTPTransport() if loopback else None,  # no proxy of the environment
        )

    def post(self, body: bytes, trial: Trial | None = None) -> bytes:
        """The body of the answer; a `trial` is told of each time that it is asked for.

        Raises `DocumentError` when tries run out, `RefusalError` when this request is refused, and
        `ExtractorError` when all would be, whatever they say (another method, another address).
        """
        reason, cause = "", None
        for attempt in range(self._tries):
            found = self._tried(body, trial or _Untold())
            if isinstance(found, bytes):
                return secrets.hide_bytes(found)
            reason, cause = found.reason, found.cause
            wait = self._wait * 2**attempt if found.wait is None else found.wait
            if wait > LONGEST_WAIT:
                raise DocumentError(f"{reason}; the server wants {wait:.0f} s of waiting")
            if attempt < self._tries - 1:
                time.sleep(wait)
        raise DocumentError(f"{reason} ({self._tries} tries)", cause=cause)

    def _tried(self, body: bytes, trial: Trial) -> bytes | _Again:
        self._pace.wait()
        trial.begin()
        try:
            found = self._attempt(body)
        except (RefusalError, ExtractorError):
            trial.free()
            raise
        if isinstance(found, _Again) and not found.lost:
            trial.free()
        return found

    def _attempt(self, body: bytes) -> bytes | _Again:
        import httpx

        try:
            with self._client.stream("POST", self.url, content=body) as reply:
                content = _read(reply)
        except httpx.DecodingError as error:
            return _Again(f"the answer cannot be unpacked ({secrets.hide(str(error))})", lost=True)
        except httpx.TransportError as error:
            nobody = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            found = connection.cause(error, self.url)
            if found is not None and found.lasting:
                raise ExtractorError(f"{self.shown}: {found.message}") from None
            why = found.message if found else f"{type(error).__name__}: {secrets.hide(str(error))}"
            return _Again(f"no answer ({why})", cause=ABSENT if nobody else None, lost=not nobody)
        renewed = renewal(reply.headers, len(body))
        self._pace.hold(renewed or 0.0)
        if reply.status_code == httpx.codes.OK:
            return content
        said = f"the server answered {reply.status_code} {self._excerpt(content)}".rstrip()
        if reply.status_code in _BUSY:
            lost = reply.status_code in _MAYBE_DONE
            wait = retry_after(reply.headers)
            self._pace.hold(wait or 0.0)
            return _Again(said, renewed if wait is None else wait, lost=lost)
        if reply.is_redirect:
            told = connection.redirected(reply.headers.get("location"), self.url)
            raise ExtractorError(f"the server answered {reply.status_code}: {secrets.hide(told)}")
        if reply.status_code == httpx.codes.METHOD_NOT_ALLOWED:
            raise ExtractorError(said)
        refused = reply.status_code in _REFUSED
        cause = refusal(reply.status_code, content) if refused else None
        raise RefusalError(said, reply.status_code, content[:_HEARD].decode("utf-8", "replace"), cause=cause)

    def _excerpt(self, content: bytes) -> str:
        if page := connection.page(content):
            return f"with {page}"
        text = re.sub(r"\s+", " ", content[: 4 * REFUSED_SHOWN].decode("utf-8", "replace"))
        return secrets.hide(text)[:REFUSED_SHOWN]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._pace.close()


def _read(reply: httpx.Response) -> bytes:
    """The body of an answer, unpacked; `DocumentError` if it is longer than any may be."""
    content, deadline = bytearray(), time.monotonic() + WHOLE_LIMIT
    for part in reply.iter_bytes():
        content += part
        if len(content) > LONGEST:
            raise DocumentError(too_long())
        if time.monotonic() > deadline:
            raise DocumentError(f"the server was not done answering after {WHOLE_LIMIT:.0f} s")
    return bytes(content)


def checked(url: str) -> str:
    """The address, unless it holds a user or password: those would end up in records."""
    parts = address.split(url, ExtractorError)
    if parts.username is not None or parts.password is not None:
        raise ExtractorError(
            f"{parts.hostname}: no user or password in an address; "
            "put the key into an environment variable and name that in the option `key`"
        )
    return url


def secret(name: str | None) -> str | None:
    """The value of an environment variable; `ExtractorError` if it is named and not set."""
    if name is None:
        return None
    value = os.environ.get(name, "").strip()
    if not value:
        raise ExtractorError(f"the environment variable {name} is not set; it should hold the key")
    if not (value.isascii() and value.isprintable()):
        raise ExtractorError(f"the key in {name} has characters that no header can hold; copy it again")
    return value


def refusal(status: int, content: bytes) -> str:
    """What tells refusals apart: the status and the body, of which the member `error` where there is one.

    Beside it stand the numbers that some servers give to requests, which differ each time.

    >>> refusal(401, b'{"error": "no key", "id": 1}') == refusal(401, b'{"error": "no key", "id": 2}')
    True
    """
    try:
        body = msgspec.json.decode(content)
    except BROKEN:
        body = None
    said = msgspec.json.encode(body["error"]) if isinstance(body, dict) and "error" in body else content
    return f"{REFUSED} {status} {hashlib.sha256(said).hexdigest()[:12]}"


class WebExtractor:
    """Asks a service."""

    provides = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})

    def __init__(self, caller: Caller, version: str = "") -> None:
        self.name, self.version = caller.shown, version
        self._caller = caller

    def extract(self, documents: Sequence[Document]) -> Iterator[Prediction]:
        """The service's answer to each document."""
        for document in documents:
            reply = self._caller.post(predictions.request(document))
            try:
                yield predictions.decode(reply, document.id)
            except DataError as error:
                raise DocumentError(f"garbled reply: {error.faults[0].message}") from error

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()


def load(target: str, context: Context) -> WebExtractor:
    """The extractor of an address; nothing is asked yet."""
    chosen = options(context, Options)
    caller = Caller(target, chosen.key, tries=chosen.tries, wait=chosen.wait, pace=Pace(context.scratch))
    return WebExtractor(caller, chosen.version)


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the corpus does not matter
    """The address. What stands behind it may change unseen: raise the option `version`, or run `--fresh`."""
    return [checked(target)]
