"""Finds or makes the project on a server that belongs to a corpus, once, whatever is killed when."""

from __future__ import annotations

import secrets
import time
from typing import Any

from goldwire.annotate.interface.labelconfig import ROLE, Layout
from goldwire.annotate.sync import api, remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client, UncertainError
from goldwire.annotate.sync.journal import Adopted, Creating, Journal, Linked
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus

QUIET = 5.0  # seconds until a request whose answer was lost is believed never to be carried out
POLL = 0.3  # seconds between two looks
SETTLE = 0.5  # seconds after which what others made at the same time is seen by all
MARK = "goldwire "  # what the description of a project begins with that Goldwire has made


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
        return api.find_project(client, int(title))
    found = api.projects(client, title)
    if len(found) > 1:
        ids = ", ".join(str(item.id) for item in found)
        raise ServerError(f"{client.url}: {len(found)} projects are called {title!r}; name one by id: {ids}")
    return found[0] if found else None


def _known(client: Client, journal: Journal, link: Linked) -> Project:
    project = api.find_project(client, link.project)
    if project is None or project.created_at != link.created_at:
        state = "not on that server any more" if project is None else "another one now"
        raise ServerError(
            f"{client.url}: project {link.project} ({link.title}) is {state}. Choose another name for a new "
            f"project, or move {journal.folder} out of the way to begin anew"
        )
    return project


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


def is_ours(journal: Journal, corpus: Corpus, project: Project) -> bool:
    """Whether a project may be written to: Goldwire made it for this corpus, or somebody has said so."""
    said = remembered.read(project.label_config)
    if said is not None and said.corpus == corpus.manifest.name:
        return True
    if any(isinstance(note, Adopted) and note.project == project.id for note in journal.notes):
        return True
    return said is None and (project.description or "").startswith(MARK)


def create(
    client: Client, journal: Journal, title: str, fields: dict[str, Any], *, quiet: float = QUIET
) -> Project:
    """Make the project, once: where the answer is lost, look whether it is there before trying again.

    Where somebody else makes it at the same time, one of all stays, the same for everybody.
    """
    begun = Creating(title=title, mark=f"{MARK}{secrets.token_hex(8)}")
    journal.add(begun)
    while True:
        try:
            api.create_project(client, title=title, description=begun.mark, **fields)
            deadline = time.monotonic() + quiet
        except UncertainError as error:
            deadline = time.monotonic() + (client.timeout if error.pending else quiet)
        found = _look(client, begun, deadline)
        if found is not None and found.description == begun.mark:
            time.sleep(SETTLE)  # on a busy server two may each see their own alone at first
            found = _look(client, begun, time.monotonic()) or found
        if found is not None:
            return found


def _look(client: Client, begun: Creating, deadline: float) -> Project | None:
    """The project that was begun, or the one of the same title and corpus that somebody else has made.

    It is one with tasks in it, or else the oldest. Ours that are not it go while they are empty: a busy
    server repeats a request by itself, and makes two of one.
    """
    while True:
        there = api.projects(client, begun.title)
        ours = [project for project in there if project.description == begun.mark]
        if ours:
            rivals = [project for project in there if _same_corpus(project, ours[0])]
            stays = min([*ours, *rivals], key=lambda project: (not project.task_number, project.id))
            for copy in ours:
                if copy.id != stays.id and not copy.task_number:
                    api.delete_project(client, copy.id)
            return stays
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL)


def _same_corpus(project: Project, other: Project) -> bool:
    said, known = remembered.read(project.label_config), remembered.read(other.label_config)
    return said is not None and known is not None and said.corpus == known.corpus
