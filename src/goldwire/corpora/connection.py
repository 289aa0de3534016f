"""Tells why a server cannot be reached or answers with something else, and what to do."""

from __future__ import annotations

import html
import re
import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

_SIGN_IN = re.compile(r"log[ -]?in|sign[ -]?in|sso|saml|oauth|auth(?:orize|enticate)?\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,80})", re.IGNORECASE)
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
_ALERT = "\\x15\\x03"  # the first bytes of a TLS alert, as the error of an HTTP client shows them


class Cause(NamedTuple):
    """Why there is no connection; `lasting` if the same request cannot fare better later."""

    message: str
    lasting: bool


def cause(error: BaseException, url: str) -> Cause | None:
    """What is behind an error of an HTTP client, if it is one that can be named."""
    parts = urlsplit(url)
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            told = (
                f"its certificate is not trusted ({each.verify_message}): if your organisation signs its own"
            )
            return Cause(f"{told}, name the file of its authority in SSL_CERT_FILE", lasting=True)
        if isinstance(each, ssl.SSLError) and any(name in str(each) for name in _NO_TLS):
            return Cause("there is no TLS at that port: write http:// in place of https://", lasting=True)
        if isinstance(each, socket.gaierror):
            told = f"no host is called {parts.hostname!r}: check the address, or the network"
            return Cause(told, lasting=each.errno != socket.EAI_AGAIN)
        if isinstance(each, ConnectionRefusedError):
            told = f"nobody listens at {parts.netloc}: start the server, or check address and port"
            return Cause(told, lasting=False)
        if parts.scheme == "http" and _ALERT in str(each):
            return Cause("that port wants TLS: write https:// in place of http://", lasting=True)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def redirected(location: str | None, url: str) -> str:
    """What to do about an answer that sends elsewhere."""
    if location is None:
        return "it sends elsewhere and does not say where"
    there, here = urlsplit(location), urlsplit(url)
    location = there._replace(query="", fragment="").geturl()  # where a gateway puts tickets of its own
    if there.scheme == "https" and here.scheme == "http" and there.hostname == here.hostname:
        return f"the server is at https://{there.netloc}: write that address"
    if _SIGN_IN.search(location):
        return (
            f"it sends to a page to sign in ({location}): a gateway stands before it, or the address is not "
            "that of the server itself"
        )
    return f"the server is at {location}: if that is the same one, write its address"


def page(body: bytes) -> str | None:
    """What to do about an answer that is a page for people, with its title; None for other answers."""
    if not re.match(rb"\s*<(?:!doctype\s+html|html|head|body)\b", body[:1000], re.IGNORECASE):
        return None
    found = _TITLE.search(body[:10_000])
    title = html.unescape(found[1].decode("utf-8", "replace")).strip() if found else ""
    named = f"a web page ({title!r})" if title else "a web page"
    if _SIGN_IN.search(title):
        return (
            f"{named}: it wants people to sign in, so a gateway stands before it; let programs through there"
        )
    return f"{named} in place of data: check the path of the address"
