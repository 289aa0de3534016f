"""Check of a system's output: annotations that fit text and ontology, and what was rejected."""

from __future__ import annotations

from typing import Any

import msgspec

from goldwire.corpora import predictions
from goldwire.corpora.errors import DataError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.predictions import Reading
from goldwire.corpora.rejected import in_line, is_excluded
from goldwire.corpora.types import Annotations, Document, Rejected
from goldwire.corpora.valid import sound
from goldwire.eval.systems.journal import Entry

PARTIAL = ("truncated", "broken")  # in the usage of a document of which an answer came in part
_BEYOND = 1e15  # no document costs so much in any unit; sums of larger numbers would not be exact


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One document: its annotations without provenance, and all that is to be said of them.

    `failed` is the reason why there are none. `rejected` is what `annotations.rejected` keeps, whole. `sent`
    is what the system says that it asked for, where it asks a model.
    """

    annotations: Annotations
    failed: str | None = None
    rejected: tuple[Rejected, ...] = ()
    reading: Reading | None = None
    excluded: int = 0
    usage: dict[str, float] = {}
    sent: str = ""

    @property
    def partial(self) -> str:
        """Why the system may have had more to say: one of `PARTIAL`; "" if it is all."""
        return next((name for name in PARTIAL if self.failed is None and self.usage.get(name)), "")


def check(
    document: Document, entry: Entry, *, ontology: Ontology | None = None, labels: LabelMap | None = None
) -> Checked:
    """Check what a journal holds for a document against its text and the ontology."""
    if entry.error is not None:
        return _failure(document, entry.error, usage(entry.details))
    try:
        prediction = predictions.decode(bytes(entry.output), document.id)
    except DataError as error:
        return _failure(document, f"garbled output: {'; '.join(map(str, error.faults))}", {})
    spent = usage(prediction.provenance.details)
    if (why := predictions.failure(prediction, document)) is not None:
        return _failure(document, why.reason, spent)
    reading = predictions.read(prediction, document, ontology, labels)
    annotations, unsound = sound(reading.annotations, document, ontology)
    rejected = (*reading.annotations.rejected, *unsound)
    return Checked(
        annotations=msgspec.structs.replace(annotations, rejected=in_line(rejected, document)),
        rejected=tuple(item for item in rejected if not is_excluded(item, document)),
        reading=reading,
        excluded=sum(is_excluded(item, document) and item.unit in ("mention", "event") for item in rejected),
        usage=spent,
        sent=_sent(prediction.provenance.details),
    )


def _sent(details: dict[str, Any]) -> str:
    said = details.get("sent")
    return said if isinstance(said, str) else ""


def _failure(document: Document, reason: str, spent: dict[str, float]) -> Checked:
    reason = reason or "no reason given"
    return Checked(annotations=predictions.failed(document, reason), failed=reason, usage=spent)


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
