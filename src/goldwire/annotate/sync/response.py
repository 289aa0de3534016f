"""Responses of a server: read up to a size and a time, and what one that refuses says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from goldwire.corpora import connection

if TYPE_CHECKING:
    import httpx

LONGEST = 1800.0  # seconds that one answer may take, however it trickles
MOST, MOST_IN_A_FILE = 1 << 30, 1 << 35  # bytes of an answer, unpacked: in memory 1 GB, of an export 32 GB
REDIRECT, _BAD = 300, 400
_SHOWN = 400  # characters of a server's complaint


class TooMuchError(Exception):
    """An answer is longer, or takes longer, than any may."""


def read(answer: httpx.Response) -> httpx.Response:
    """An answer with all of its body, in memory."""
    return unpacked(answer, b"".join(iter_limited(answer, MOST)))


def iter_limited(answer: httpx.Response, most: int) -> Iterator[bytes]:
    """The parts of an answer, unpacked, up to a size and a time."""
    size, deadline = 0, time.monotonic() + LONGEST
    for part in answer.iter_bytes():
        size += len(part)
        if size > most:
            raise TooMuchError(f"answered with more than {most >> 20:,} MB, which is more than is taken")
        if time.monotonic() > deadline:
            raise TooMuchError(f"was not done answering after {LONGEST / 60:.0f} minutes")
        yield part


def unpacked(answer: httpx.Response, content: bytes) -> httpx.Response:
    """An answer with a body that was read and unpacked."""
    import httpx

    kept = [
        (k, v)
        for k, v in answer.headers.items()
        if k not in ("content-encoding", "content-length", "transfer-encoding")
    ]
    return httpx.Response(answer.status_code, headers=kept, content=content, request=answer.request)


def empty() -> httpx.Response:
    """An answer that says nothing but that all is well."""
    import httpx

    return httpx.Response(204)


def seconds(header: str | None) -> float:
    """How long a server asks to be left alone."""
    return float(header) if header is not None and header.isdigit() else 0.0


def told(answer: httpx.Response) -> str:
    """Why an answer is none that was hoped for, in the server's words."""
    if REDIRECT <= answer.status_code < _BAD:
        return connection.redirected(answer.headers.get("location"), str(answer.request.url))
    try:
        return complaint(answer.json())
    except ValueError:
        page = connection.page(answer.content)
        return page or answer.reason_phrase


def complaint(body: Any) -> str:
    """What a server's complaint says, without the boxes it comes in."""
    if not isinstance(body, dict):
        return str(body)[:_SHOWN]
    more = body.get("validation_errors")
    parts = [str(body.get("detail") or ""), json.dumps(more, ensure_ascii=False) if more else ""]
    return " ".join(part for part in parts if part)[:_SHOWN] or json.dumps(body, ensure_ascii=False)[:_SHOWN]
