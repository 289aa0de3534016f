"""Gold tasks: documents whose gold is known, mixed unmarked into what every person is to do.

Which documents these are is remembered with the other settings, as hashes, so that every clone knows; what
annotators see of a task is the same as of any other. What comes back is marked in its provenance
(`details`, "gold_task": the layer that has the gold), and whoever makes gold leaves it out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from goldwire.annotate.exchange.importer import Imported, Reading
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.goldtasks import MARK
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.counting.counts import COLUMNS
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.score import Options, score
from goldwire.eval.statistics.figures import FIGURES, estimator, prf
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.resample import Floats, collect
from goldwire.eval.statistics.sequential import below_at

FLOOR = 0.9
MEASURES = ("entity", "TC")  # mentions and triggers, each by type and spans, in one pot
_DIGITS = 12
_F = FIGURES.index("f")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One person on the gold tasks: so many done `of` those there are, and F on them with its 95 % interval.

    `below` says after how many of those with a figure F was below the floor for certain, at an error of 5 %
    over all looks; None if it is not.
    """

    person: str
    done: int
    of: int
    value: float | None
    low: float | None
    high: float | None
    floor: float
    below: int | None


# ---------------------------------------------------------------- which documents
def settle(corpus: Corpus, known: Settings, settings: Settings, *, asked: bool = False) -> Settings:
    """The settings with the gold tasks chosen: those `known` stay, more come as there are more documents.

    Chosen by chance, always the same, from the half of the gold documents with more units. Raises
    `CorpusError` where they could not be mixed in or would be recognised, and, if they are `asked` for, where
    there is too little gold.
    """
    if not settings.gold_tasks:
        return settings
    layer = settings.gold_from or "gold"
    _check(known, settings, layer)
    if asked and layer not in corpus.layers():
        known_layers = ", ".join(corpus.layers()) or "none"
        raise CorpusError(
            f"--gold-tasks are of layer {layer!r}, and there is none; name one with --from: {known_layers}"
        )
    documents = [document.id for document in corpus.documents()]
    there = ids(documents, settings.group, settings.gold_ids)
    more = max(0, _wanted(len(documents), settings) - len(there))
    new = [id for id in _candidates(corpus, settings, layer) if id not in there] if more else []
    if asked and len(new) < more:
        shown = "" if settings.prefill is None else f" and are in {settings.prefill!r}"
        raise CorpusError(
            f"--gold-tasks {settings.gold_tasks:g} wants {amount(more, 'more document')}, and layer "
            f"{layer!r} has {len(new)} that are done, have units{shown}; lower --gold-tasks, or add to it"
        )
    if not new[:more]:
        return settings
    chosen = (*settings.gold_ids, *(mark(settings.group, id) for id in new[:more]))
    revision = settings.revision + 1
    return msgspec.structs.replace(settings, gold_ids=chosen, gold_from=layer, revision=revision)


def _check(known: Settings, settings: Settings, layer: str) -> None:
    """Raise `CorpusError` for what does not go together."""
    if known.gold_ids and known.gold_from != layer:
        raise CorpusError(
            f"the gold tasks of {settings.group!r} are of layer {known.gold_from!r}, and people work on "
            f"them: --from stays as it is; push to another --project for {layer!r}"
        )
    if not settings.assign:
        raise CorpusError("--gold-tasks are for every person of --assign: name the people with --assign")
    if settings.layout != "graph":
        raise CorpusError(f"--gold-tasks are for the layout graph, and the project's is {settings.layout}")
    if settings.pick is not None:
        raise CorpusError(
            f"--gold-tasks would come behind all documents of the draw {settings.pick!r}, where they are "
            "recognised: use --gold-tasks without --pick (`--pick none` gives all documents again)"
        )
    if settings.prefill == layer:
        raise CorpusError(
            f"--gold-tasks from {layer!r}, which is also the prefill: people would be shown the answers; "
            f"prefill another layer, or none"
        )


def _wanted(documents: int, settings: Settings) -> int:
    """How many a person is to have, so that they are the wanted share of all that the person has."""
    share = settings.gold_tasks or 0.0
    each = documents * (1 + (settings.overlap or 0.0)) / len(settings.assign)
    return min(documents, max(1, round(share * each)))


def _candidates(corpus: Corpus, settings: Settings, layer: str) -> list[str]:
    """Documents whose gold is known and has units, in an order by chance, those with fewer units last."""
    gold = finished(corpus.fitting(layer)[0])
    shown = None if settings.prefill is None else corpus.fitting(settings.prefill)[0]
    sizes = {
        document.id: size
        for document in corpus.documents()
        if document.id in gold
        and (shown is None or document.id in shown)
        and (size := len(gold[document.id].mentions) + len(gold[document.id].events))
    }
    middle = sorted(sizes.values())[len(sizes) // 2] if sizes else 0
    return sorted(sizes, key=lambda id: (sizes[id] < middle, _chance(settings.group, id)))


def mark(group: str, id: str) -> str:
    """What stands for a document among the settings, where its id would be read."""
    return hashlib.sha256(f"{group}\ngold task\n{id}".encode()).hexdigest()[:_DIGITS]


def ids(documents: Iterable[str], group: str, marks: Collection[str]) -> frozenset[str]:
    """The documents that are gold tasks."""
    return frozenset(id for id in documents if mark(group, id) in marks) if marks else frozenset()


def mixed(documents: Sequence[Document], gold: Collection[str], name: str) -> list[Document]:
    """A person's documents with the gold tasks anywhere among the others, elsewhere for each person.

    >>> from goldwire.corpora.store import make_document
    >>> found = mixed([make_document(str(n), "a") for n in range(6)], {"0", "1"}, "anna")
    >>> [document.id for document in found if document.id not in {"0", "1"}]
    ['2', '3', '4', '5']
    """
    others = [document for document in documents if document.id not in gold]
    place = {document.id: (rank + 0.5) / len(others) for rank, document in enumerate(others)}
    place |= {document.id: _chance(name, document.id) for document in documents if document.id in gold}
    return sorted(documents, key=lambda document: place[document.id])


def _chance(name: str, id: str) -> float:
    """A number from 0 to 1 that says nothing but is always the same."""
    return int.from_bytes(hashlib.sha256(f"{name}\n{id}".encode()).digest()[:8]) / 2**64


# ---------------------------------------------------------------- what comes back
def marked(imported: Imported, gold: Collection[str], layer: str) -> Imported:
    """What came, its lines of gold tasks marked as such."""
    return msgspec.structs.replace(
        imported,
        readings=tuple(
            _marked(reading, layer) if reading.annotations.document in gold else reading
            for reading in imported.readings
        ),
    )


def _marked(reading: Reading, layer: str) -> Reading:
    line = reading.annotations
    details = {**line.provenance.details, MARK: layer}
    provenance = msgspec.structs.replace(line.provenance, details=details)
    return msgspec.structs.replace(reading, annotations=msgspec.structs.replace(line, provenance=provenance))


# ---------------------------------------------------------------- how people do
def check(
    corpus: Corpus,
    readings: Iterable[Reading],
    gold_ids: Collection[str],
    layer: str,
    people: Iterable[str],
    *,
    floor: float = FLOOR,
) -> tuple[Checked, ...]:
    """Each person on the gold tasks, also who has done none yet."""
    gold = finished(corpus.fitting(layer)[0])
    theirs: dict[str, dict[str, Annotations]] = {name: {} for name in people}
    for reading in readings:
        line = reading.annotations
        if reading.kind == "submitted" and line.document in gold_ids and line.document in gold:
            theirs.setdefault(reading.author, {})[line.document] = line
    documents = {document.id: document for document in corpus.documents() if document.id in gold_ids}
    return tuple(
        _checked(name, own, gold, documents, floor=floor, corpus=corpus)
        for name, own in sorted(theirs.items())
    )


def _checked(
    name: str,
    own: Mapping[str, Annotations],
    gold: Mapping[str, Annotations],
    documents: Mapping[str, Document],
    *,
    floor: float,
    corpus: Corpus,
) -> Checked:
    order = sorted(own, key=lambda id: (own[id].provenance.created or "", id))
    sides = [gold[id] for id in order], [own[id] for id in order]
    rows = _rows(*sides, [documents[id] for id in order], corpus)
    each = prf(rows)[:, _F]
    found = estimate(collect(rows), estimator(parse(MEASURES[0])))[_F]
    return Checked(
        person=name,
        done=len(order),
        of=len(documents),
        value=found.value,
        low=found.low,
        high=found.high,
        floor=floor,
        below=below_at(each[~np.isnan(each)].tolist(), floor),
    )


def _rows(
    gold: Sequence[Annotations], own: Sequence[Annotations], documents: Sequence[Document], corpus: Corpus
) -> Floats:
    """The counts of mentions and triggers together, a row a document, in the order given."""
    if not documents:
        return np.zeros((0, len(COLUMNS)))
    record = score(
        gold,
        {"person": own},
        documents,
        MEASURES,
        ontology=corpus.ontology(),
        options=Options(trials=0, rejected="left-out"),
    )
    sums: dict[str, Floats] = defaultdict(lambda: np.zeros(len(COLUMNS)))
    for measure in MEASURES:
        counts = record.get_counts("person", parse(measure))
        for id, row in zip(counts.documents, counts.by_document(), strict=True):
            sums[id] = sums[id] + row
    return np.array([sums[document.id] for document in documents])
