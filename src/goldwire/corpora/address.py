"""Addresses of servers: taken apart once, before anything is sent there."""

from __future__ import annotations

import ipaddress
import socket
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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, in whatever spelling: no proxy has any business with it.

    >>> [is_loopback(host) for host in ("localhost", "127.1", "2130706433", "0x7f000001", "::1", "0.0.0.0")]
    [True, True, True, True, True, True]
    >>> is_loopback("127.example.org"), is_loopback("::ffff:127.0.0.1"), is_loopback("10.0.0.1")
    (False, True, False)
    """
    name = host.strip("[]").rstrip(".").lower().partition("%")[0]
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        found = ipaddress.ip_address(name)
    except ValueError:
        try:
            found = ipaddress.ip_address(socket.inet_aton(name))  # as libc reads 127.1 and 0x7f000001
        except OSError:
            return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_loopback or mapped.is_unspecified)
