"""What a system's output is worth: annotations that fit text and ontology, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from goldwire.corpora import exclude, simple
from goldwire.corpora.errors import DataError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sift import Dropped, sound
from goldwire.corpora.simple import Reading, Reject
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.running import facts
from goldwire.eval.running.cache import Entry

_BEYOND = 1e15  # no document costs so much in any unit; sums of larger numbers would not be exact


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One document: its annotations without provenance, and all that is to be said of them.

    `failed` is the reason why there are none.
    """

    annotations: Annotations
    failed: str | None = None
    rejects: tuple[Reject, ...] = ()
    reading: Reading | None = None
    excluded: int = 0
    usage: dict[str, float] = {}


def judge(
    document: Document, entry: Entry, *, ontology: Ontology | None = None, labels: LabelMap | None = None
) -> Verdict:
    """Check what a journal holds for a document against its text and the ontology."""
    if entry.error is not None:
        return _failure(document, entry.error, usage(entry.details))
    try:
        prediction = simple.decode(bytes(entry.output), document.id)
    except DataError as error:
        return _failure(document, f"garbled output: {'; '.join(map(str, error.faults))}", {})
    spent = usage(prediction.provenance.details)
    if prediction.error is not None:
        return _failure(document, prediction.error, spent)
    if prediction.sha256 not in (None, document.sha256):
        return _failure(document, "made for another text (`sha256` differs)", spent)
    reading = simple.read(prediction, document, ontology, labels)
    inside, left_out = exclude.leave_out(reading.annotations, document.excluded)
    annotations, dropped = sound(inside, document, ontology)
    return Verdict(
        annotations=annotations,
        rejects=(*reading.rejects, *(_reject(item, inside) for item in dropped)),
        reading=reading,
        excluded=left_out,
        usage=spent,
    )


def _reject(item: Dropped, annotations: Annotations) -> Reject:
    kind, id, *part = item.key
    found = next((one for one in getattr(annotations, kind) if one.id == id), None)
    return Reject(
        document=annotations.document,
        unit=part[0] if part[:1] in (["arguments"], ["attributes"]) else kind,
        path="/".join(item.key),
        reason=item.message,
        value=msgspec.to_builtins(found),
    )


def _failure(document: Document, reason: str, spent: dict[str, float]) -> Verdict:
    nothing = Annotations(document=document.id, sha256=document.sha256)
    return Verdict(annotations=nothing, failed=reason or "no reason given", usage=spent)


def usage(details: dict[str, Any]) -> dict[str, float]:
    """The figures under `usage` in what a system reports (tokens_in, tokens_out, cost, unresolved)."""
    reported = details.get("usage")
    if not isinstance(reported, dict):
        return {}
    return {
        name: value
        for name, value in reported.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _BEYOND
    }


def tally(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The sums of all documents, by the fields of `Facts`."""
    readings = [verdict.reading for verdict in verdicts if verdict.reading]
    units = Counter(reject.unit for verdict in verdicts for reject in verdict.rejects)
    return {
        "failed": {verdict.annotations.document: verdict.failed for verdict in verdicts if verdict.failed},
        "quarantined": dict(sorted(units.items())),
        "unmapped": facts.total(reading.unmapped for reading in readings),
        "dropped": facts.total(reading.dropped for reading in readings),
        "excluded": sum(verdict.excluded for verdict in verdicts),
        "repaired": sum(reading.repaired for reading in readings),
        "usage": facts.total(verdict.usage for verdict in verdicts),
    }
