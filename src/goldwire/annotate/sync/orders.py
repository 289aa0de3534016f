"""Makes the tasks of an order and the fields of its project, as they should be on the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.exchange.tasks import MARKS, Encoded
from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.annotate.interface.labelconfig import Layout
from goldwire.annotate.sync import picking, prefill, remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.picking import BY_ID, ORDERED, is_blind
from goldwire.annotate.sync.plan import Moved
from goldwire.annotate.sync.prefill import Local
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora.errors import Fault
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, Manifest
from goldwire.corpora.types import Annotations, Document

SHOWN = "model_version"  # the project's field that says which predictions people are shown
STEP = 100  # documents encoded between two words of it


class Unheld(msgspec.Struct, frozen=True):
    """What of a layer tasks cannot hold, counted by kind, what of it was not sound, and events not shown.

    `blind` is how many documents are shown nothing, and of how many that have a line of the layer; None where
    all are shown theirs.
    """

    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    unshown: tuple[str, ...] = ()
    blind: tuple[int, int] | None = None


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that were not made from documents alone, with the configuration that shows them and what it
    says.

    They show what is called `layer`, and `unheld` says what of it they do not. Where each is of one document,
    as tasks are that follow its text, `settled` has the documents in which nothing is left to do; else None.
    """

    tasks: tuple[tasks.Task, ...]
    config: str
    instruction: str
    layer: str | None = None
    unheld: Unheld = Unheld()
    settled: frozenset[str] | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in a project.

    `overlap` is the share of documents that two people are to do, None if the project's setting stays.
    `scores` has all documents of the draw that is picked, in this project or another one, with the scores by
    which they are ordered; None if none is. `blind` is the share of documents that are shown nothing.
    `remember` is what the project is to remember of its group, `before` what was remembered until now;
    `found` is the project, where it is known to be the one, and `moved` are its tasks that others are to do
    now. `adopt` lets a project be written to that was not made for this corpus, `overwrite` what somebody
    else has put there since this clone last pushed. `ready` tasks stand for those that would be made.
    """

    title: str
    group: str
    layout: Layout = "graph"
    prefill: str | None = None
    overlap: float | None = None
    blind: float = 0.0
    scores: dict[str, float] | None = None
    documents: tuple[Document, ...] = ()
    remember: Settings | None = None
    before: Settings | None = None
    found: Project | None = None
    moved: tuple[Moved, ...] = ()
    adopt: bool = False
    overwrite: bool = False
    ready: Ready | None = None


def encode(
    corpus: Corpus, ontology: Ontology, order: Order, *, progress: Progress = lambda _: None
) -> tuple[list[Local], Unheld]:
    """The tasks of an order, and what of the layer they cannot hold."""
    if order.ready is not None:
        made = prefill.locals_of(Encoded(order.ready.tasks), order.ready.layer)
        return in_order(made, order), order.ready.unheld
    if order.layout == "graph":
        local, unheld = _encode_graph(corpus, ontology, order, progress)
    else:
        encoded, _ = frames.of_corpus(corpus, order.documents, ontology, order.prefill)
        local = prefill.locals_of(encoded, order.prefill)
        unheld = Unheld(encoded.lost, encoded.faults, encoded.unshown)
    return in_order(local, order), unheld


def as_before(corpus: Corpus, order: Order, before: Settings) -> Order:
    """An order as it was by what was remembered before; `CorpusError` if the draw is not there."""
    return msgspec.structs.replace(
        order,
        prefill=before.prefill,
        layout=before.layout,
        blind=before.blind,
        scores=None if before.pick is None else picking.scores(corpus, before.pick),
    )


def in_order(local: Iterable[Local], order: Order) -> list[Local]:
    """Tasks with the scores by which people get them, where a draw is picked."""
    if order.scores is None:
        return [*local]
    return [prefill.scored(task, order.scores.get(task.data["document"])) for task in local]


def _encode_graph(
    corpus: Corpus, ontology: Ontology, order: Order, progress: Progress
) -> tuple[list[Local], Unheld]:
    """The tasks of the layout `graph`, one document after the other, so that memory holds."""
    documents = {document.id: document for document in order.documents}
    found: dict[str, tuple[Local, Encoded]] = {}
    hidden: list[bool] = []
    for document, line in _with_lines(corpus, documents, order.prefill):
        if line is not None:
            hidden.append(is_blind(document.id, order.blind))
        shown = {} if line is None or hidden[-1] else {document.id: line}
        encoded = tasks.encode([document], ontology, prefill=shown)
        [local] = prefill.locals_of(encoded, order.prefill)
        found[document.id] = local, msgspec.structs.replace(encoded, tasks=())
        if not len(found) % STEP:
            progress(f"encoded {len(found)} of {len(documents)} document(s)")
    lost: Counter[str] = Counter()
    for _, encoded in found.values():
        lost.update(encoded.lost)
    in_order = [found[id] for id in documents]
    faults = tuple(fault for _, encoded in in_order for fault in encoded.faults)
    unshown = tuple(event for _, encoded in in_order for event in encoded.unshown)
    stale = corpus.stale(order.prefill) if order.prefill is not None else ()
    faults = (*faults, *map(tasks.stale_fault, stale))
    blind = (sum(hidden), len(hidden)) if order.blind else None
    return [local for local, _ in in_order], Unheld(dict(+lost), faults, unshown, blind)


def _with_lines(
    corpus: Corpus, documents: Mapping[str, Document], layer: str | None
) -> Iterator[tuple[Document, Annotations | None]]:
    """Each document with its line of a layer, in the order of the layer; then those that it does not hold."""
    rest = dict(documents)
    for line in corpus.iter_fitting(layer) if layer is not None else ():
        document = rest.pop(line.document, None)
        if document is not None:
            yield document, line
    yield from ((document, None) for document in rest.values())


def settings(
    ontology: Ontology,
    order: Order,
    local: Iterable[Local],
    manifest: Manifest,
    project: Project | None = None,
) -> dict[str, Any]:
    """The fields of a project as they should be, and what it is to remember in its configuration.

    All predictions have one model version, because people are shown those of one version only.
    """
    told = order.remember or (project and remembered.read(project.label_config)) or _of_order(order, manifest)
    there = remembered.read(project.label_config) if project is not None else None
    told = msgspec.structs.replace(told, title=order.title, run=there.run if there is not None else "")
    ready = order.ready
    config = labelconfig.build(ontology, order.layout, manifest.language) if ready is None else ready.config
    fields: dict[str, Any] = {
        "label_config": remembered.write(config, told),
        "expert_instruction": guidelines.fragment(ontology) if ready is None else ready.instruction,
        "show_instruction": True,
    }
    if any(task.is_prefilled for task in local):
        fields[SHOWN] = MARKS
    if order.scores is not None:
        fields["sampling"] = ORDERED
    elif order.before is not None and order.before.pick is not None:
        fields["sampling"] = BY_ID
    if order.overlap is not None:
        fields["maximum_annotations"] = 2 if order.overlap > 0 else 1
        fields["overlap_cohort_percentage"] = round(100 * order.overlap) if order.overlap > 0 else 100
    return fields


def _of_order(order: Order, manifest: Manifest) -> Settings:
    return Settings(
        corpus=manifest.name,
        group=order.group,
        title=order.title,
        layout=order.layout,
        prefill=order.prefill,
        overlap=order.overlap,
    )
