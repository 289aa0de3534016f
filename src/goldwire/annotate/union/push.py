"""Brings what annotators differ in to a Label Studio project, for somebody to decide there.

A document goes if something in it is open and can be shown; what is in the project stays in it. What nobody
differs in is taken as it is and needs nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from goldwire.annotate.adjudicate import Disagreement, adjudicate
from goldwire.annotate.exchange.tasks import Encoded
from goldwire.annotate.sync import api
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.remembered import Adjudicating, Settings
from goldwire.annotate.union import shown
from goldwire.annotate.union.facts import Layers
from goldwire.corpora.errors import ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Document


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in the project, and of what it is made.

    `settled` documents differ in nothing that is open and do not go; `hidden` are open disagreements that no
    task can show.
    """

    order: Order
    settled: int
    hidden: tuple[Disagreement, ...]


def title_of(corpus: str) -> str:
    """The title of the project for adjudication of a corpus.

    >>> title_of("news")
    'news adjudication'
    """
    return f"{corpus} adjudication"


def settle(group: Group, wanted: Adjudicating) -> Settings:
    """The settings of the project from now on. Raises `ServerError` if it is one for annotation."""
    known = group.settings
    if group.known and known.adjudicating is None:
        raise ServerError(
            f"project {known.group!r} is for annotation: name another one for adjudication with --project"
        )
    if known.adjudicating == wanted:
        return known
    return msgspec.structs.replace(known, adjudicating=wanted, revision=known.revision + group.known)


def order(
    client: Client,
    group: Group,
    settings: Settings,
    layers: Layers,
    documents: Sequence[Document],
    decisions: Iterable[Disagreement],
    ontology: Ontology,
    *,
    adopt: bool = False,
    overwrite: bool = False,
) -> Ordered:
    """What is to be in the project, with what is decided already left out unless it is there."""
    found = adjudicate(layers, documents, decisions, ontology)
    undecided = {(i.document, i.unit, i.key): i for i in found.disagreements if i.decision is None}
    there = _documents_in(client, group)
    asked = {item.document for item in undecided.values()} | there
    chosen = [document for document in documents if document.id in asked]
    unions = shown.unions(layers, chosen, ontology)
    hidden = [i for union in unions.values() for i in union.hidden]
    hidden = [i for i in hidden if (i.document, i.unit, i.key) in undecided]
    gone = {(i.document, i.unit, i.key) for i in hidden}
    open_ = {i.document for key, i in undecided.items() if key not in gone} | there
    chosen = [document for document in chosen if document.id in open_ and document.id in unions]
    blind = settings.adjudicating is not None and settings.adjudicating.blind
    made = [shown.encode(unions[d.id], d, layers, ontology, blind=blind) for d in chosen]
    return Ordered(
        order=Order(
            title=settings.group,
            group=settings.group,
            documents=tuple(chosen),
            remember=settings,
            before=group.settings if group.known else None,
            found=group.projects.get(settings.group),
            union=_together(made),
            adopt=adopt,
            overwrite=overwrite,
        ),
        settled=len(found.annotations) - len(chosen),
        hidden=tuple(hidden),
    )


def _documents_in(client: Client, group: Group) -> set[str]:
    """The documents that have tasks in the project."""
    return {
        str(task.data.get("document"))
        for project in group.projects.values()
        for task in api.tasks(client, project.id, api.everything())
    }


def _together(made: Sequence[Encoded]) -> Encoded:
    lost: Counter[str] = Counter()
    for one in made:
        lost.update(one.lost)
    return Encoded(
        tasks=tuple(task for one in made for task in one.tasks),
        lost=dict(+lost),
        faults=tuple(fault for one in made for fault in one.faults),
        unshown=tuple(event for one in made for event in one.unshown),
    )
