"""Addresses of the backend: who may ask, how much, and which answer each has. On Starlette.

Nothing of a request gets into the log but numbers of tasks, counts and seconds: not even the address, which
for webhooks is secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from goldwire.annotate.backend import protocol
from goldwire.annotate.backend.credentials import Credentials
from goldwire.annotate.backend.predictions import Suggester, Tell
from goldwire.annotate.backend.protocol import TRAIN, Asked, Hook
from goldwire.corpora.errors import GoldwireError

# Bytes of a body. Label Studio sends all chosen tasks in one request: 10,000 articles of 5 kB are 50 MB.
LONGEST = 128 << 20
_BAD, _UNAUTHORISED, _ABSENT, _TOO_LONG, _BROKEN = 400, 401, 404, 413, 500

Handler = Callable[[Request], Awaitable[Response]]
Train = Callable[[], str]


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(why)


class _Handlers:
    """What is done at each address."""

    def __init__(
        self, suggester: Suggester, credentials: Credentials, train: Train, tell: Tell, longest: int
    ) -> None:
        self._suggester, self._credentials = suggester, credentials
        self._train, self._tell, self._longest = train, tell, longest

    async def health(self, request: Request) -> Response:
        self._check_signed(request)
        return JSONResponse({"status": "UP", "model_class": self._suggester.service.plan.system.name})

    async def setup(self, request: Request) -> Response:
        self._check_signed(request)
        await _body(request, self._longest)  # with a token in it, which goes no further
        return JSONResponse({"model_version": self._suggester.service.version})

    async def versions(self, request: Request) -> Response:
        self._check_signed(request)
        return JSONResponse({"versions": [self._suggester.service.version]})

    async def predict(self, request: Request) -> Response:
        self._check_signed(request)
        asked = protocol.decode(await _body(request, self._longest), Asked)
        answer = protocol.encode(await self._suggester.answer(asked))
        return Response(answer, media_type="application/json")

    async def signed_hook(self, request: Request) -> Response:
        self._check_signed(request)
        return await self._hook(request, {TRAIN: self._train})

    async def secret_hook(self, request: Request) -> Response:
        if not _equal(request.path_params["hook"], self._credentials.hook):
            raise _RefusedError(_ABSENT, "there is nothing there")
        return await self._hook(request, {})

    async def _hook(self, request: Request, does: Mapping[str, Train]) -> Response:
        hook = protocol.decode(await _body(request, self._longest), Hook)
        self._tell(f"webhook: {does.get(hook.action, hook.told)()}")
        return JSONResponse({"status": "ok"})

    def _check_signed(self, request: Request) -> None:
        if not _equal(request.headers.get("authorization", ""), self._credentials.basic):
            raise _RefusedError(_UNAUTHORISED, "user or password is wrong")


def make(
    suggester: Suggester, credentials: Credentials, train: Train, tell: Tell, *, longest: int = LONGEST
) -> Starlette:
    """The application; `train` begins a training and says so, or why not."""
    does = _Handlers(suggester, credentials, train, tell, longest)
    routes = (
        ("/health", does.health, "GET"),
        ("/setup", does.setup, "POST"),
        ("/versions", does.versions, "GET"),
        ("/predict", does.predict, "POST"),
        ("/webhook", does.signed_hook, "POST"),
        ("/webhook/{hook}", does.secret_hook, "POST"),
    )
    return Starlette(
        routes=[Route(path, _told(path, handler, tell), methods=[method]) for path, handler, method in routes]
    )


def _equal(given: str, secret: str) -> bool:
    """Whether a secret was given, found in a time that says nothing of it."""
    return secrets.compare_digest(given.encode(), secret.encode())


def _told(path: str, handler: Handler, tell: Tell) -> Handler:
    """A handler whose refusals and faults are told, without a word of what was asked."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except _RefusedError as error:
            status, why = error.status, error.why
        except ClientDisconnect:
            status, why = _BAD, "the request broke off"
        except GoldwireError as error:
            status, why = _BAD, str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its words may be the request's
            status, why = _BROKEN, f"a fault in Goldwire ({type(error).__name__})"
        tell(f"{path.partition('{')[0].strip('/')}: refused, {status}: {why}")
        headers = {"WWW-Authenticate": 'Basic realm="goldwire"'} if status == _UNAUTHORISED else None
        return JSONResponse({"error": why}, status, headers)

    return call


async def _body(request: Request, longest: int) -> bytes:
    """The body of a request, up to a length."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > longest:
        raise _too_long(longest)
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > longest:
            raise _too_long(longest)
        parts.append(part)
    return b"".join(parts)


def _too_long(longest: int) -> _RefusedError:
    return _RefusedError(_TOO_LONG, f"the body has more than {longest >> 20} MB; choose fewer tasks at once")
