"""Brings what annotators differ in to a Label Studio project, for somebody to decide there.

A document goes if something in it is open and can be shown; what is in the project stays in it. What nobody
differs in is taken as it is and needs nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from goldwire.annotate.adjudicate import Disagreement, adjudicate
from goldwire.annotate.exchange.tasks import Encoded
from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.orders import Order, Ready, Unheld
from goldwire.annotate.sync.remembered import Adjudicating, Settings
from goldwire.annotate.union import shown
from goldwire.annotate.union.facts import Layers
from goldwire.corpora.errors import ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Document

LAYER = "union"  # what the layer is called that the tasks show
INSTRUCTION = (
    "<h2>Adjudication</h2><p>Everything is marked that any annotator marked. What you leave is right; what "
    "is wrong you take out (click, Backspace). In the panel Regions choose Order by Score: what is least "
    "agreed on comes first, and Info shows who said what. Arrows in doubt are the last in the panel "
    "Relations. Where no value of an attribute is chosen, choose one. Then submit.</p>"
)


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in the project, and the open disagreements that no task can show."""

    order: Order
    hidden: tuple[Disagreement, ...]


def title_of(corpus: str) -> str:
    """The title of the project for adjudication of a corpus.

    >>> title_of("news")
    'news adjudication'
    """
    return f"{corpus} adjudication"


def settle(group: Group, wanted: Adjudicating) -> Settings:
    """The settings of the project from now on. Raises `ServerError` if it is one for something else."""
    known = group.settings
    if group.known and known.adjudicating is None:
        raise ServerError(f"project {known.group!r} is not for adjudication: name another one with --project")
    if known.adjudicating == wanted:
        return known
    return msgspec.structs.replace(known, adjudicating=wanted, revision=known.revision + group.known)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be adjudicated: layers of annotators on documents, and what is decided already."""

    layers: Layers
    documents: Sequence[Document]
    decisions: Sequence[Disagreement]
    ontology: Ontology
    language: str

    def open(self) -> dict[Open, Disagreement]:
        """What nobody has decided."""
        found = adjudicate(self.layers, self.documents, self.decisions, self.ontology)
        return {_name(item): item for item in found.disagreements if item.decision is None}


def order(
    client: Client, group: Group, settings: Settings, case: Case, *, adopt: bool, overwrite: bool
) -> Ordered:
    """What is to be in the project: documents in which something is open, and those that are there."""
    undecided, there = case.open(), _documents_in(client, group)
    asked = {item.document for item in undecided.values()} | there
    documents = [document for document in case.documents if document.id in asked]
    unions = shown.unions(case.layers, documents, case.ontology)
    hidden = {_name(item) for union in unions.values() for item in union.hidden}
    wanted = {item.document for name, item in undecided.items() if name not in hidden}
    chosen = [document for document in documents if document.id in (wanted | there) & unions.keys()]
    blind = settings.adjudicating is not None and settings.adjudicating.blind
    made = (shown.encode(unions[d.id], d, case.layers, case.ontology, blind=blind) for d in chosen)
    return Ordered(
        order=Order(
            title=settings.group,
            group=settings.group,
            documents=tuple(chosen),
            remember=settings,
            before=group.settings if group.known else None,
            found=group.projects.get(settings.group),
            ready=_ready(case, [*made], frozenset(there - wanted)),
            scores={document.id: unions[document.id].score for document in chosen},
            adopt=adopt,
            overwrite=overwrite,
        ),
        hidden=tuple(item for name, item in undecided.items() if name in hidden),
    )


Open = tuple[str, str, str]


def _name(item: Disagreement) -> Open:
    return item.document, item.unit, item.key


def _documents_in(client: Client, group: Group) -> set[str]:
    """The documents that have tasks in the project."""
    return {
        str(task.data.get("document"))
        for project in group.projects.values()
        for task in api.tasks(client, project.id, filters.everything())
    }


def _ready(case: Case, made: Sequence[Encoded], settled: frozenset[str]) -> Ready:
    lost: Counter[str] = Counter()
    for one in made:
        lost.update(one.lost)
    return Ready(
        tasks=tuple(task for one in made for task in one.tasks),
        config=labelconfig.build(case.ontology, "graph", case.language),
        instruction=f"{INSTRUCTION}{guidelines.fragment(case.ontology)}",
        layer=LAYER,
        unheld=Unheld(
            dict(+lost),
            tuple(fault for one in made for fault in one.faults),
            tuple(event for one in made for event in one.unshown),
        ),
        settled=settled,
    )
