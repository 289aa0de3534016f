"""Addresses of servers: taken apart once, before anything is sent there."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from goldwire.corpora.errors import GoldwireError


def split(url: str, error: type[GoldwireError]) -> SplitResult:
    """The parts of an http or https address; `error`, with what is wrong, if it is none.

    >>> split("http://[::1]:8080/x", GoldwireError).port
    8080
    """
    example = "write it as https://labels.example.org or http://127.0.0.1:8080"
    if any(char.isspace() or not char.isprintable() for char in url):
        raise error(f"{url!r} is no address: it has white space or control characters in it; {example}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as cause:
        raise error(f"{url!r} is no address ({cause}); {example}") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise error(f"{url!r} is no address of a server; {example}")
    return parts
