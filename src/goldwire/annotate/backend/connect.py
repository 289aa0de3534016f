"""Registration of the backend at a server: one for each project, however often it is asked for.

Label Studio asks the oldest backend of a project when a task is opened, and no other (source, 1.23.2). So a
project has one of ours, for whatever system was connected last.

Label Studio calls the backend while it is registered, so it must be running. A registration that fails leaves
nothing behind, though the server itself may: where only ML_BLOCK_LOCAL_IP is set, it answers 403 and keeps a
backend without webhook.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from goldwire.annotate.backend.credentials import Credentials
from goldwire.annotate.sync.client import Client, RefusedError, UncertainError
from goldwire.corpora.address import is_loopback
from goldwire.corpora.errors import ServerError

TITLE = "goldwire suggestions"  # of the backend; not that of predictions that are pushed
HOOK = "/webhook"  # behind the address of a backend, where Label Studio registers its webhooks
_FORBIDDEN = 403
# Seen: everything that Label Studio refuses by itself but this machine's own addresses (1.23.2).
SETTINGS = "USE_DEFAULT_BANNED_SUBNETS=false and USER_ADDITIONAL_BANNED_SUBNETS=10.0.0.0/8,172.16.0.0/12,…"


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """A backend as the server tells it; `state` is CO when it is connected."""

    id: int
    url: str
    title: str
    state: str
    error_message: str | None = None


class Webhook(msgspec.Struct, frozen=True):
    """Where the server tells what people do."""

    id: int
    url: str


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be registered: a backend at an address, for a project."""

    project: int
    url: str

    def fields(self, credentials: Credentials) -> dict[str, Any]:
        """The body of the request."""
        return {
            "project": self.project,
            "title": TITLE,
            "url": self.url,
            "auth_method": "BASIC_AUTH",
            "basic_auth_user": credentials.user,
            "basic_auth_pass": credentials.password,
            "is_interactive": False,
        }


def connect(client: Client, wanted: Registration, credentials: Credentials) -> Backend:
    """Register, or bring what is registered up to date; what is there twice goes.

    Raises `ServerError`, with what to set where the server refuses the address; then nothing is left behind
    that was not there before.
    """
    before = {backend.id for backend in _ours(client, wanted)}
    try:
        made = None if before else _make(client, wanted, credentials)
        first, *others = _ours(client, wanted)  # others too, if somebody does the same at the same time
        for other in others:
            _delete(client, f"api/ml/{other.id}")
        if made is None or first.id != made.id:
            client.write("PATCH", f"api/ml/{first.id}", wanted.fields(credentials))
        _set_hook(client, wanted, credentials, [backend.url for backend in (first, *others)])
    except ServerError as error:
        _withdraw(client, wanted, before)
        raise _explained(error, wanted, client) from error
    return first


def _ours(client: Client, wanted: Registration) -> list[Backend]:
    """Our backends of the project, the oldest first."""
    return [item for item in backends(client, wanted.project) if item.title == TITLE]


def backends(client: Client, project: int) -> list[Backend]:
    """All backends of a project, the oldest first: it is the one that is asked on opening."""
    found = client.read_as(list[Backend], "api/ml/", {"project": project})
    return sorted(found, key=lambda item: item.id)


def _make(client: Client, wanted: Registration, credentials: Credentials) -> Backend:
    try:
        return client.write_once(Backend, "api/ml/", msgspec.json.encode(wanted.fields(credentials)))
    except UncertainError:
        if made := _ours(client, wanted):
            return made[0]
        raise


def _set_hook(client: Client, wanted: Registration, credentials: Credentials, before: list[str]) -> None:
    """Have webhooks come by the secret path, one and no more; those to where it was before go."""
    secret = f"{wanted.url}{HOOK}/{credentials.hook}"
    hooks = _hooks(client, wanted.project, [wanted.url, *before])
    for hook in hooks[1:]:
        _delete(client, f"api/webhooks/{hook.id}/")
    if not hooks:
        body = {"project": wanted.project, "url": secret, "send_payload": True, "send_for_all_actions": True}
        client.write_once(Webhook, "api/webhooks/", msgspec.json.encode(body))
    else:  # whether it has the path already is hidden by the client
        client.write("PATCH", f"api/webhooks/{hooks[0].id}/", {"url": secret})


def _hooks(client: Client, project: int, urls: list[str]) -> list[Webhook]:
    """The webhooks of a project that come to one of these addresses, by whatever path behind it."""
    found = client.read_as(list[Webhook], "api/webhooks/", {"project": project})
    places = {f"{url.rstrip('/')}{HOOK}" for url in urls}
    mine = (hook for hook in found if _without_secret(hook.url) in places)
    return sorted(mine, key=lambda hook: hook.id)


def _without_secret(url: str) -> str:
    before, found, _ = url.rpartition(f"{HOOK}/")
    return f"{before}{HOOK}" if found else url


def _withdraw(client: Client, wanted: Registration, keep: set[int]) -> None:
    """Take away what this attempt, or the server in refusing it, has made."""
    for backend in _ours(client, wanted):
        if backend.id not in keep:
            _delete(client, f"api/ml/{backend.id}")
    if not keep:
        for hook in _hooks(client, wanted.project, [wanted.url]):
            _delete(client, f"api/webhooks/{hook.id}/")


def _delete(client: Client, path: str) -> None:
    client.write("DELETE", path)


def _explained(error: ServerError, wanted: Registration, client: Client) -> ServerError:
    """The error, with what to do about the refusal of an address."""
    host = urlsplit(wanted.url).hostname or ""
    refused = isinstance(error, RefusedError) and error.status == _FORBIDDEN
    if not refused or "network address" not in str(error):
        return error
    kind = "of this machine" if is_loopback(host) else "of a private network"
    return ServerError(
        f"{client.url} takes no backend at an address {kind} ({wanted.url}); nothing was registered. One "
        "that `goldwire annotate serve` starts takes those of this machine: if it is yours, stop it with "
        f"`goldwire annotate serve --stop` and start it again. Any other needs {SETTINGS} in its environment "
        "(docs/suggestions.md has all of it); ML_BLOCK_LOCAL_IP=false alone does not do"
    )
