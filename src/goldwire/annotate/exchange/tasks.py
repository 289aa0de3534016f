"""Documents as Label Studio tasks, with a layer as predictions.

A task's data says whose it is: `goldwire_id` (the document's id; in frames that and the event's),
`document`, `sha256` of the text. The text goes in as it is, so offsets mean the same on both sides.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange import regions
from goldwire.annotate.exchange.results import MARK
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.errors import Fault
from goldwire.corpora.formats.loss import alternatives, with_triggers
from goldwire.corpora.offsets import surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import NOTHING_SHOWN, PREFILL, Annotations, Document, Event
from goldwire.corpora.valid import sound

Task = dict[str, Any]
KEY = "goldwire_id"  # in the data of a task: whose it is
NO_TITLE = "(no headline)"
MARKS = "goldwire"  # the model version of predictions that only mark excluded regions


class Encoded(msgspec.Struct, frozen=True):
    """Tasks, what they cannot hold of the layer, counted by kind, and what of it was not sound.

    `unshown` names the events that no task shows, by their documents, types and arguments.
    """

    tasks: tuple[Task, ...]
    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    unshown: tuple[str, ...] = ()


def version(layer: str, annotations: Iterable[Annotations]) -> str:
    """The model version of a layer's predictions: its name and 12 hexadecimal digits of its SHA-256."""
    lines = encode_lines(sorted(annotations, key=lambda item: item.document))
    return f"{layer}@{hashlib.sha256(lines).hexdigest()[:12]}"


def of_corpus(corpus: Corpus, ontology: Ontology, layer: str | None) -> tuple[Encoded, str | None]:
    """Tasks of all documents, a layer as predictions, and its version; lines of other texts are faulted."""
    if layer is None:
        return encode(corpus.documents(), ontology), None
    lines, stale = fitting(corpus, layer)
    named = version(layer, lines.values())
    encoded = encode(corpus.documents(), ontology, prefill=lines, version=named)
    return msgspec.structs.replace(encoded, faults=(*encoded.faults, *stale)), named


def fitting(corpus: Corpus, layer: str) -> tuple[dict[str, Annotations], list[Fault]]:
    """The lines of a layer that are of the corpus's texts, and what is said of those of other texts.

    Raises `CorpusError` if there is no such layer.
    """
    if not corpus.layer_path(layer).is_file():
        return corpus.layer(layer), []  # which raises
    fit, stale = corpus.fitting(layer)
    return fit, [stale_fault(line.document) for line in stale]


def stale_fault(document: str) -> Fault:
    """What is said of a line that is of another text than its document."""
    return Fault(document, "$.sha256", "the layer was made for another text: nothing of it is drawn in")


def encode(
    documents: Iterable[Document],
    ontology: Ontology,
    *,
    prefill: dict[str, Annotations] | None = None,
    version: str | None = None,
) -> Encoded:
    """Tasks of the `graph` layout, one for each document, with the annotations of `prefill` as predictions.

    `version` names the predictions; those of a document that `prefill` does not hold have none.
    """
    tasks: list[Task] = []
    lost: Counter[str] = Counter()
    faults: list[Fault] = []
    unshown: list[str] = []
    for document in documents:
        task: Task = {"data": data(document)}
        given = (prefill or {}).get(document.id)
        marks = excluded_regions(document)
        if given is not None:
            kept, dropped = sound(given, document, ontology)
            faults += [Fault(document.id, item.path, item.message) for item in dropped]
            lost += _losses(given, kept)
            shown = with_triggers(kept, lost)
            away = (event for event in kept.events if not event.trigger)
            unshown += [f"{document.id}: {described(event, kept, document.text)}" for event in away]
            results = [*regions.encode(shown, document.text), *marks]
            task["predictions"] = [prediction(version or MARKS, results)]
        elif marks:
            task["predictions"] = [prediction(MARKS, marks)]
        tasks.append(task)
    return Encoded(tuple(tasks), dict(lost), tuple(faults), tuple(unshown))


def described(event: Event, annotations: Annotations, text: str) -> str:
    """An event by its type and arguments, in the words of the text; for one that no trigger names."""
    words = {mention.id: surface(text, mention.spans, " … ") for mention in annotations.mentions}
    said = "; ".join(f"{argument.role} “{words[argument.mention]}”" for argument in event.arguments)
    return f"{event.type} ({said or 'no arguments'})"


def prediction(version: str, result: Sequence[Any]) -> dict[str, Any]:
    """A prediction as it is sent: with the mean of the scores in it, by which Label Studio can order tasks.

    Without a score where one of its units has none.
    """
    parts = {item.get("to_id") for item in result if item.get("labels") == [labelconfig.CONTINUED]}
    units = (labelconfig.ENTITY, labelconfig.TRIGGER)
    scores = [r.get("score") for r in result if r.get("from_name") in units and r["id"] not in parts]
    known = [score for score in scores if score is not None]
    mean = {"score": sum(known) / len(known)} if known and len(known) == len(scores) else {}
    return {"model_version": version, "result": result, **mean}


def shown(data: Mapping[str, Any]) -> str | None:
    """The layer that a task shows to be corrected, `NOTHING_SHOWN` if none; None where the task does not say.

    >>> shown({"prefill": "system/lexicon@0a1b"}), shown({"prefill": "@"}), shown({})
    ('system/lexicon', 'none', None)
    """
    said = data.get(PREFILL)
    return (said.rpartition("@")[0] or NOTHING_SHOWN) if isinstance(said, str) else None


def shown_to_all(shown: Iterable[str | None]) -> dict[str, str]:
    """What provenance keeps of several lines on one document: what all were shown, if that is one thing.

    >>> shown_to_all(["system/lexicon", "system/lexicon"]), shown_to_all(["none", "system/lexicon"])
    ({'prefill': 'system/lexicon'}, {})
    """
    layers = {*shown}
    return {PREFILL: layer} if len(layers) == 1 and (layer := layers.pop()) is not None else {}


def data(document: Document) -> Task:
    """What a task says of its document: identity, text, headline, and what is excluded and why.

    No field is empty, since a configuration may show each; and none is called `source`, for which Label
    Studio shows the whole task as JSON.
    """
    meta = document.meta
    return {
        KEY: document.id,
        "document": document.id,
        "sha256": document.sha256,
        "title": meta.title or NO_TITLE,
        "byline": " · ".join(filter(None, (meta.source, meta.published, document.id))),
        "text": document.text,
        "excluded": [{"start": e.start, "end": e.end, "reason": e.reason} for e in document.excluded],
    }


def excluded_regions(document: Document) -> list[Task]:
    """Locked grey regions over what is excluded: seen by annotators, passed over on the way back."""
    marks = []
    for number, place in enumerate(document.excluded, start=1):
        mark = regions.region(
            f"{MARK}{number}", labelconfig.EXCLUDED, [labelconfig.EXCLUDED], place, document.text
        )
        marks.append({**mark, "readonly": True, "meta": {"text": [place.reason]}})
    return marks


def _losses(given: Annotations, kept: Annotations) -> Counter[str]:
    """What predictions do not hold of annotations: the unsound, who made them, and words marked twice."""
    lost: Counter[str] = Counter()
    for kind in ("mentions", "events", "relations"):
        lost[f"unsound {kind}"] = len(getattr(given, kind)) - len(getattr(kept, kind))
    lost["unsound arguments"] = _arguments(given) - _arguments(kept)
    lost["record of who annotated a document, and how"] = int(given.provenance != type(given.provenance)())
    lost["alternatives"] = alternatives(kept).total()
    places = Counter((mention.type, mention.spans) for mention in kept.mentions)
    lost["mention of the same type and words as another"] = sum(n - 1 for n in places.values())
    return +lost


def _arguments(annotations: Annotations) -> int:
    return sum(len(event.arguments) for event in annotations.events)
