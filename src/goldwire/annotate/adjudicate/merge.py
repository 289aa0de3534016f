"""Several annotators' layers into one: what all agree on is taken, the rest listed for somebody to decide.

Units are compared by what they say, never by their ids: a mention by type and spans, an event by type and
trigger (one without a trigger by type and arguments), an argument by event, role and mention, an attribute by
its value (by each where it may have several), a cluster by which mentions it joins. Only those count who
could have said it: a layer without the event has no say on its arguments.

Decisions are a file of `Disagreement` lines with `decision` filled in: true or false for a unit, the value
for an attribute. What hangs on an undecided mention or event comes up once that is decided. Heads and
alternatives are taken where they are the same; scores are not. A vote decides what no person did, and what
one person alone annotated can be taken as it is; the line of a document says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from goldwire.annotate.adjudicate.decisions import Disagreement, decision_faults, key_of
from goldwire.annotate.adjudicate.judge import Judge
from goldwire.annotate.adjudicate.views import View
from goldwire.annotate.adjudicate.votes import is_by_vote
from goldwire.corpora.errors import DataError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document

Layers = Mapping[str, Mapping[str, Annotations]]


class Adjudicated(msgspec.Struct, frozen=True, kw_only=True):
    """The new layer; everything on which annotators differ, decided or not; and counts by unit.

    `alone` are documents that one person annotated and that are not in the layer, `single` those that are all
    the same. `voted` counts disagreements that a vote decided, `unvoted` documents on which there was none,
    because fewer than three annotated them. `stale` are decisions on what nobody differs on any more.
    """

    annotations: tuple[Annotations, ...]
    disagreements: tuple[Disagreement, ...]
    agreed: dict[str, int]
    alone: tuple[str, ...]
    stale: tuple[Disagreement, ...]
    single: tuple[str, ...] = ()
    voted: int = 0
    unvoted: int = 0

    @property
    def open(self) -> int:
        """How many disagreements nobody has decided yet."""
        return sum(item.decision is None for item in self.disagreements)


def adjudicate(
    layers: Layers,
    documents: Iterable[Document],
    decisions: Iterable[Disagreement] = (),
    ontology: Ontology | None = None,
    *,
    majority: int | None = None,
    accept_single: bool = False,
) -> Adjudicated:
    """Merge the layers of annotators, by name, on the documents that at least two of them did.

    A line of the result has the status `adjudicated` when nothing is left to decide there, else `draft`.
    With `majority`, what nobody decided is taken if so many say it or more, in documents that at least three
    did. With `accept_single`, documents that one did are taken as they are.
    Raises `DataError` for decisions of another kind than their unit, or that break a rule of the ontology.
    """
    given = {key_of(item): item for item in decisions if not is_by_vote(item)}
    faults = [fault for item in given.values() for fault in decision_faults(item)]
    if faults:
        raise DataError(f"{len(faults)} decision(s) that cannot be followed", faults)
    judges, alone = [], []
    for document, views in iter_views(layers, documents, ontology):
        if len(views) > 1 or accept_single:
            judges.append(Judge(document, views, given, ontology, majority))
        else:
            alone.append(document.id)
    found = [item for judge in judges for item in judge.found]
    used = {key_of(item) for item in found}
    differing = [judge for judge in judges if judge.found]
    return Adjudicated(
        annotations=tuple(judge.merged() for judge in judges),
        disagreements=tuple(found),
        agreed=dict(sum((judge.agreed for judge in judges), Counter[str]())),
        alone=tuple(alone),
        stale=tuple(item for key, item in given.items() if key not in used and item.decision is not None),
        single=tuple(judge.document.id for judge in judges if len(judge.views) == 1),
        voted=sum(judge.voted for judge in judges),
        unvoted=sum(judge.least is None for judge in differing) if majority is not None else 0,
    )


def iter_views(
    layers: Layers, documents: Iterable[Document], ontology: Ontology | None
) -> Iterator[tuple[Document, dict[str, View]]]:
    """The documents that anybody annotated, with everybody's view of each."""
    symmetric = frozenset() if ontology is None else ontology.symmetric
    for document in documents:
        views = {
            name: View(layer[document.id], symmetric)
            for name, layer in layers.items()
            if document.id in layer
        }
        if views:
            yield document, views
