"""The backend as a whole: a port, a system that is open, a registration, a training; all ended together."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import msgspec

from goldwire.annotate.backend import app, credentials, running, training
from goldwire.annotate.backend.credentials import Credentials
from goldwire.annotate.backend.predictions import Suggester, Tell
from goldwire.annotate.backend.projects import Projects, Registered
from goldwire.annotate.backend.running import Running
from goldwire.annotate.backend.training import Trainer
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.eval.systems.config import System
from goldwire.eval.systems.plan import make_plan
from goldwire.eval.systems.service import Service


def _untrained() -> str:
    return "START_TRAINING: nothing is trained; name a system with --train"


def _nothing() -> None:
    """There is no server to pull from: what is finished is what the corpus has."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A backend that answers: where, as what, how to sign on, and the projects that ask it."""

    url: str
    version: str
    user: str
    password_in: str
    registered: list[Registered]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be served: a system, one to be trained, and where to listen."""

    system: System
    train: System | None = None
    host: str = "127.0.0.1"
    port: int | None = None


def serve(
    corpus: Corpus,
    ontology: Ontology,
    order: Order,
    tell: Tell,
    *,
    ready: Callable[[Facts], None],
    projects: Projects | None = None,
) -> None:
    """Serve until a signal.

    It is registered with `projects`, and a training begins with a pull from them. `ready` is called once all
    that is done, in a thread of its own; what goes wrong until then ends the backend, and is raised here.
    """
    if order.train is not None:
        training.check(order.train)
    signed = credentials.obtain(corpus)
    with ExitStack() as stack:
        opened = stack.enter_context(running.listen(order.host, order.port))
        service = stack.enter_context(Service(corpus, make_plan(corpus, order.system), tell))
        suggester = Suggester(corpus, ontology, service, tell)

        def close() -> None:
            suggester.service.close()  # the one that serves by then

        def announce() -> None:
            url = running.address(opened)
            ready(_facts(corpus, signed, url, service.version, projects))

        stack.callback(close)
        train = _untrained
        if order.train is not None:
            pull = _nothing if projects is None else projects.pull
            train = stack.enter_context(Trainer(corpus, suggester, order.train, pull=pull, tell=tell)).start
        _run(app.make(suggester, signed, train, tell), opened, announce, close)


def _facts(corpus: Corpus, signed: Credentials, url: str, version: str, projects: Projects | None) -> Facts:
    """What is to be said of a backend that answers, when it is registered."""
    return Facts(
        url=url,
        version=version,
        user=signed.user,
        password_in=str(credentials.path(corpus)),
        registered=[] if projects is None else projects.register(url, signed),
    )


def _run(made: Any, opened: socket.socket, ready: Callable[[], None], close: Callable[[], None]) -> None:
    """Serve until a signal, or until `ready` fails, whose error is raised then."""
    failed: list[Exception] = []

    def announce() -> None:
        try:
            ready()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the backend and is raised there
            failed.append(error)
            server.end()

    first, last = threading.Thread(target=announce, daemon=True), threading.Thread(target=close)
    server = Running(made, opened, ready=first.start, ending=last.start)
    with running.calm():
        server.run()
    if failed:
        raise failed[0]
