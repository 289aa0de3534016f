"""Doubts on a server: a project of their own, pushed as any is, and the answers back into the file of doubts.

What is pushed and pulled goes through the plan, the journal and the mirror of any project: each task is
there once, what somebody has worked on stays, and whatever was interrupted is done by the next run.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from goldwire.annotate.exchange import doubts as tasks
from goldwire.annotate.interface import doubtconfig
from goldwire.annotate.sync import people, pull
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.journal import open_journal
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.orders import Order, Ready
from goldwire.annotate.sync.pull import Request
from goldwire.annotate.sync.reassign import Shared
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.eval.doubts.readings import Doubts


class Rechecked(NamedTuple):
    """The doubts with what people decided.

    On those that `differ` two people say other things, and `unread` answers have no choice: nothing is
    decided there. `foreign` tasks of the project are of doubts that the file does not have.
    """

    doubts: Doubts
    differ: list[str]
    unread: list[str]
    foreign: int

    @property
    def decided(self) -> int:
        """How many doubts and controls have a decision."""
        return sum(one.decision is not None for one in self.doubts.doubts)


def check(group: Group, *, doubts: bool) -> None:
    """Raise `CorpusError` if a project is one of documents and doubts are meant, or the other way round."""
    if group.known and group.settings.doubts != doubts:
        what = "doubts" if group.settings.doubts else "documents"
        way = "say --doubts FILE" if group.settings.doubts else "leave --doubts out, or name another project"
        raise CorpusError(f"project {group.settings.title!r} is one of {what}: {way}")


def orders(
    corpus: Corpus, ontology: Ontology, found: Doubts, group: Group, *, adopt: bool, overwrite: bool
) -> Shared:
    """What is to be in the one project of the doubts."""
    settings = msgspec.structs.replace(group.settings, doubts=True)
    documents = {one.id: one for one in corpus.documents()}
    ready = Ready(
        tasks=tuple(tasks.encode(found.doubts, documents, ontology)),
        config=doubtconfig.build(),
        instruction=doubtconfig.INSTRUCTION,
    )
    made = Order(
        title=settings.title,
        group=settings.group,
        documents=tuple(documents.values()),
        remember=settings,
        before=group.settings if group.known else None,
        found=group.projects.get(settings.title),
        adopt=adopt,
        overwrite=overwrite,
        ready=ready,
    )
    return Shared(orders=(made,))


def decisions(
    client: Client, corpus: Corpus, found: Doubts, request: Request, *, progress: Progress = lambda _: None
) -> Rechecked:
    """The doubts with what people have submitted on the server until now."""
    documents = {one.id: one for one in corpus.documents()}
    [(path, known)] = pull.folders_of(corpus, request.group, request.projects).items()
    with open_journal(path) as journal:
        _, there = pull.fetch(client, journal, request, progress, known)
    names = people.names(client, corpus, there, request.naming, request.names)
    answers = tasks.decode(there.values(), found.doubts, names, documents)
    return Rechecked(
        Doubts(found.head, tuple(answers.doubts)), answers.differ, answers.unread, answers.foreign
    )
