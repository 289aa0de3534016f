"""Address and token of a server: from a file, the environment, the keyring, or the local server's own.

A token is never an argument of a command: others on the machine can read those.
"""

from __future__ import annotations

import os
from pathlib import Path

from goldwire.annotate.local import private, server
from goldwire.annotate.local.server import Server
from goldwire.corpora import address, extras
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import ServerError

URL, TOKEN = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"  # variables of the environment
NEEDS_SDK = "talking to Label Studio needs its SDK"
SERVICE = "goldwire"  # under which the keyring has tokens, by address of the server


def find(
    url: str | None = None, token_file: Path | None = None, data_dir: Path | None = None
) -> tuple[str, str]:
    """The address of a server and a token for it.

    The server is the one named, the one in LABEL_STUDIO_URL, or the local one if it runs. The token is looked
    for in the file, then, for the local server, in its data directory, then in LABEL_STUDIO_API_KEY, then in
    the keyring. Raises `ServerError` if there is none, and before that if the SDK is not installed.
    """
    if not extras.is_there("label_studio_sdk"):  # said first: without it neither server nor token would help
        raise ServerError(extras.missing(NEEDS_SDK, "labelstudio"))
    local = server.status(data_dir)
    found = url or os.environ.get(URL) or (local.url if local else None)
    if found is None:
        raise ServerError(
            f"no server: start one with `goldwire annotate serve`, or name yours with --url or in {URL}"
        )
    found = found.rstrip("/")
    address.split(found, ServerError)
    token = _from_file(token_file) or _of_local(found, local) or os.environ.get(TOKEN) or _from_keyring(found)
    if not token:
        raise ServerError(
            f"no token for {found}: put one into the variable {TOKEN}, into a file named by --token-file, or "
            f"into the keyring (`keyring set {SERVICE} {found}`). It is made at "
            f"{found}/user/account/personal-access-token"
        )
    return found, token.strip()


def _from_file(path: Path | None) -> str | None:
    if path is None:
        return None
    private.check(path)
    try:
        token = read_bytes(path, ServerError).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ServerError(f"{path}: no token can be read there ({error.__class__.__name__})") from None
    if not token:
        raise ServerError(f"{path}: the file is empty; it should hold the token and nothing else")
    return token


def _of_local(url: str, local: Server | None) -> str | None:
    return server.token(local.data_dir) if local is not None and local.url == url else None


def _from_keyring(url: str) -> str | None:
    if not extras.is_there("keyring"):
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, url)
    except KeyringError:
        return None
