"""Finds or makes the project on a server that belongs to a corpus, once, whatever is killed when."""

from __future__ import annotations

import secrets
import time
from typing import Any

from goldwire.annotate.interface.labelconfig import ROLE, Layout
from goldwire.annotate.sync import api
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client, RefusedError, UncertainError
from goldwire.annotate.sync.journal import Creating, Journal, Linked
from goldwire.corpora.errors import ServerError

QUIET = 5.0  # seconds until a request whose answer was lost is believed never to be carried out
POLL = 0.3  # seconds between two looks

_ABSENT = 404


def find(client: Client, journal: Journal, title: str, *, quiet: float = QUIET) -> Project | None:
    """The project that the journal knows, or else the one of this title or id; None if there is none.

    One that an earlier run began to make, without seeing the answer, is waited for.
    Raises `ServerError` if the known one is gone or another now, and if several have the title.
    """
    link = journal.link
    begun = journal.notes[-1] if journal.notes else None
    if link is not None:
        return _known(client, journal, link)
    if isinstance(begun, Creating):
        return _look(client, begun, time.monotonic() + quiet)
    if title.isdecimal():
        return _by_id(client, int(title))
    found = api.projects(client, title)
    if len(found) > 1:
        ids = ", ".join(str(item.id) for item in found)
        raise ServerError(f"{client.url}: {len(found)} projects are called {title!r}; name one by id: {ids}")
    return found[0] if found else None


def _known(client: Client, journal: Journal, link: Linked) -> Project:
    project = _by_id(client, link.project)
    if project is None or project.created_at != link.created_at:
        state = "not on that server any more" if project is None else "another one now"
        raise ServerError(
            f"{client.url}: project {link.project} ({link.title}) is {state}. Choose another name for a new "
            f"project, or move {journal.folder} out of the way to begin anew"
        )
    return project


def _by_id(client: Client, id: int) -> Project | None:
    try:
        return api.project(client, id)
    except RefusedError as error:
        if error.status != _ABSENT:
            raise
    return None


def layout_of(project: Project) -> Layout:
    """The layout that a project's configuration shows."""
    return "frames" if f'name="{ROLE}"' in project.label_config else "graph"


def link(client: Client, journal: Journal, project: Project, *, group: str, layout: str) -> None:
    """Note which project it is, unless it is noted already."""
    known = journal.link
    if known is None or known.project != project.id or known.url != client.url:
        journal.add(
            Linked(
                project=project.id,
                created_at=project.created_at,
                url=client.url,
                title=project.title,
                group=group,
                layout=layout,
            )
        )


def create(
    client: Client, journal: Journal, title: str, fields: dict[str, Any], *, quiet: float = QUIET
) -> Project:
    """Make the project, once: where the answer is lost, look whether it is there before trying again."""
    begun = Creating(title=title, mark=f"goldwire {secrets.token_hex(8)}")
    journal.add(begun)
    while True:
        try:
            return api.create_project(client, title=title, description=begun.mark, **fields)
        except UncertainError as error:
            deadline = time.monotonic() + (client.timeout if error.pending else quiet)
        found = _look(client, begun, deadline)
        if found is not None:
            return found


def _look(client: Client, begun: Creating, deadline: float) -> Project | None:
    """The project with the mark; copies of it that came of a repeated request are deleted while empty."""
    while True:
        ours = [item for item in api.projects(client, begun.title) if item.description == begun.mark]
        for copy in ours[1:]:
            if not copy.task_number:
                api.delete_project(client, copy.id)
        if ours:
            return ours[0]
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL)
