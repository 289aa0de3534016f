"""The simple form: one JSON object per document, as any system can write it.

    {"document": "a1",
     "mentions": [{"type": "GPE", "spans": [[0, 11]], "text": "Afghanistan"}],
     "events": [{"type": "Attack", "trigger": [[25, 32]],
                 "arguments": [{"role": "target", "spans": [[0, 11]]}]}]}

A layer line is in the simple form too. What may be left out: ids, `sha256` (the text's hash), `text` (the
surface, compared where it is given), `type` of an argument given by its spans. `error` says that the
system failed on the document.

One bad item costs itself and what names it, not the document: it is kept as a `Rejected` beside the rest.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora.codec import BOM, BROKEN, line_faults, read_bytes
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.items import Reader
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document, Excluded, Meta, Provenance, Rejected

# How a line begins that was cut off later on, as a killed system leaves it.
_BEGINNING = re.compile(rb'\s*\{\s*"document"\s*:\s*("(?:[^"\\]|\\.)*")')


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Prediction(_Struct, frozen=True):
    """One line of the simple form; its items are decoded one by one, so that one fault costs one item."""

    document: str | None = None
    sha256: str | None = None
    mentions: tuple[msgspec.Raw, ...] = ()
    events: tuple[msgspec.Raw, ...] = ()
    relations: tuple[msgspec.Raw, ...] = ()
    provenance: Provenance = Provenance()
    error: str | None = None
    rejected: tuple[Rejected, ...] = ()


class Reading(_Struct, frozen=True):
    """What one document's output says.

    `annotations.rejected` are faulty items, whole: where, value and all. `dropped` counts, by unit and label,
    sound ones that the label map leaves out on purpose, `unmapped` those whose label has no counterpart:
    they stay in the annotations as they are, for `valid.sound` to reject. `repaired` counts items whose
    offsets were in another unit, `lost` what sound items say besides that is not kept, by kind.
    """

    annotations: Annotations
    unmapped: dict[str, int] = {}
    dropped: dict[str, int] = {}
    repaired: int = 0
    lost: dict[str, int] = {}


class Failure(NamedTuple):
    """Why a line says nothing of its document: a kind of `corpora.rejected.KINDS`, and the reason."""

    kind: str
    reason: str


class Line(_Struct, frozen=True):
    """A line of a file: where it is, the document it names, and what it says; or why it cannot be read."""

    where: str
    data: bytes
    document: str | None = None
    prediction: Prediction | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def value(self) -> Any:
        """The line as JSON, or as text where it is none."""
        return _decoded(self.data)

    @property
    def reason(self) -> str:
        """Why it cannot be read."""
        return f"not in the simple form: {'; '.join(map(str, self.faults))}"


class Request(_Struct, frozen=True):
    """What a program or service is told of a document."""

    document: str
    text: str
    sha256: str
    meta: Meta | None = None
    excluded: tuple[Excluded, ...] = ()


def request(document: Document) -> bytes:
    """A document as JSON on one line."""
    return msgspec.json.encode(
        Request(
            document=document.id,
            text=document.text,
            sha256=document.sha256,
            meta=document.meta if document.meta != Meta() else None,
            excluded=document.excluded,
        )
    )


def decode(data: bytes, where: str) -> Prediction:
    """A line of the simple form; `DataError` with every fault of its outer shape."""
    try:
        str(data, "utf-8")  # items stay undecoded for now, and msgspec passes over the bytes in them
        return msgspec.json.decode(data, type=Prediction)
    except BROKEN as error:
        faults = line_faults(data, Prediction, where, error)
        raise DataError(f"{where}: not in the simple form", faults) from error


def read_lines(path: Path) -> list[Line]:
    """The lines of a file, readable or not, empty ones passed over.

    `DataError` with every fault if not one of them is in the simple form: then it is another format.
    """
    data = read_bytes(path).removeprefix(BOM).split(b"\n")
    lines = [_line(line, f"{path}:{i}") for i, line in enumerate(data, start=1) if line.strip()]
    if lines and all(line.prediction is None for line in lines):
        faults = [fault for line in lines for fault in line.faults]
        raise DataError(f"{path}: not in the simple form; nothing was read", faults)
    return lines


def _line(data: bytes, where: str) -> Line:
    try:
        found = decode(data, where)
    except DataError as error:
        return Line(where=where, data=data, document=_named(data), faults=error.faults)
    return Line(where=where, data=data, document=found.document, prediction=found)


def _named(data: bytes) -> str | None:
    """The document that a line names which is not in the form, or no JSON but for its beginning."""
    value = _decoded(data)
    if not isinstance(value, dict) and (begun := _BEGINNING.match(data)) is not None:
        value = {"document": _decoded(begun[1])}
    named = value.get("document") if isinstance(value, dict) else None
    return named if isinstance(named, str) else None


def _decoded(data: bytes) -> Any:
    """A JSON value, or bytes that are none as text."""
    try:
        return msgspec.json.decode(data)
    except BROKEN:
        return data.decode("utf-8", "replace")


def failure(prediction: Prediction, document: Document) -> Failure | None:
    """Why a line counts as a failure on its document; None if it does not."""
    if prediction.error is not None:
        return Failure("failed", prediction.error)
    if prediction.sha256 not in (None, document.sha256):
        return Failure("text-changed", "made for another text (`sha256` differs)")
    return None


def failed(document: Document, reason: str, provenance: Provenance = Provenance()) -> Annotations:  # noqa: B008 - frozen
    """The line of a document on which a system failed: empty, with the reason."""
    details = {**provenance.details, "failed": reason}
    provenance = msgspec.structs.replace(provenance, details=details)
    return Annotations(document=document.id, sha256=document.sha256, provenance=provenance)


def read(
    prediction: Prediction,
    document: Document,
    ontology: Ontology | None = None,
    labels: LabelMap | None = None,
    where: str | None = None,
) -> Reading:
    """The annotations that a prediction makes of a document; items without an id get one.

    Offsets that do not give the `text` that came with them are taken as UTF-16 units or UTF-8 bytes where
    that gives it; otherwise the item is rejected. An argument given by spans joins the mention with those
    spans; without one, a mention is made if its type is given or only one type can play the role. `where` is
    where the line stood, for what is rejected.
    """
    reader = Reader(document, ontology, labels or LabelMap(), where or document.id)
    mentions, events, relations = reader.read(prediction.mentions, prediction.events, prediction.relations)
    annotations = Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=mentions,
        events=events,
        relations=relations,
        provenance=prediction.provenance,
        rejected=(*prediction.rejected, *reader.rejected),
    )
    return Reading(
        annotations=annotations,
        unmapped=dict(reader.unmapped),
        dropped=dict(reader.dropped),
        repaired=reader.placer.repaired,
        lost=dict(reader.lost),
    )
