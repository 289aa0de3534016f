"""Projects of a corpus on a server: the backend is registered with each, and what people finish is theirs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from goldwire.annotate.backend.connect import TITLE, Registration, backends, connect
from goldwire.annotate.backend.credentials import Credentials
from goldwire.annotate.sync import api, group
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.pull import Request, pull
from goldwire.corpora.errors import ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, open_corpus

Connection = Callable[[], AbstractContextManager[Client]]


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A project that asks the backend from now on, and the backend's number there.

    `shown` is whose predictions its stream shows: where they are of others, the stream does not ask. `before`
    is an older backend of others, which is asked on opening in place of this one.
    """

    project: int
    title: str
    page: str
    backend: int
    shown: str
    stream: bool
    before: str | None


class Projects:
    """The projects that a title or number means; each request of them has a connection of its own."""

    def __init__(self, corpus: Corpus, ontology: Ontology, title: str, connection: Connection) -> None:
        self._corpus, self._ontology, self._title, self._connection = corpus, ontology, title, connection

    def register(self, url: str, credentials: Credentials) -> list[Registered]:
        """Register the backend at an address with each project. Raises `ServerError`."""
        with self._connection() as client:
            return [_register(client, project, url, credentials) for project in self._projects(client)]

    def _projects(self, client: Client) -> list[Project]:
        found = [*group.find(client, self._corpus, self._title).projects.values()]
        return found or [_foreign(client, self._title)]

    def pull(self) -> None:
        """Bring what people have finished into the layers of the corpus, as `annotate pull` does."""
        corpus = open_corpus(self._corpus.path)
        with self._connection() as client:
            found = group.find(client, corpus, self._title)
            request = Request.of(found.settings, found.projects)
            pull(client, corpus, self._ontology, request)


def _register(client: Client, project: Project, url: str, credentials: Credentials) -> Registered:
    made = connect(client, Registration(project=project.id, url=url), credentials)
    first = backends(client, project.id)[0]
    shown = api.project(client, project.id).model_version or ""
    return Registered(
        project=project.id,
        title=project.title,
        page=f"{client.url}/projects/{project.id}/data",
        backend=made.id,
        shown=shown,
        stream=shown == TITLE,
        before=None if first.id == made.id else first.title,
    )


def _foreign(client: Client, title: str) -> Project:
    """The one project of a title or number that Goldwire has not made."""
    known = api.find_project(client, int(title)) if title.isdecimal() else None
    found = [known] if known is not None else api.projects(client, title)
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(project.id) for project in found)
        raise ServerError(f"{client.url}: {len(found)} projects are called {title!r}; name one by id: {ids}")
    raise ServerError(
        f"{client.url}: no project is called {title!r}; make one with `goldwire annotate push`, or name "
        "another with --project"
    )
