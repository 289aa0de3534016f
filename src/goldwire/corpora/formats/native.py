"""Goldwire's own JSON lines: a layer as on disk, or predictions in the simple form (`corpora.predictions`).

Nothing of a layer is lost, read or written; of items as systems write them, fields that nobody knows are not
kept. An item that does not fit the text is rejected, alone. A line that cannot be read, says `error` or is of
another text is a failure on its document, which counts as empty. A document without a line is not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import predictions
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Facts, Reading
from goldwire.corpora.formats.head import Head
from goldwire.corpora.labels import LEFT_OUT, LabelMap
from goldwire.corpora.lens import Lens
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.predictions import Line
from goldwire.corpora.store import encode_layer
from goldwire.corpora.types import Annotations, Document, Rejected

COVERS = "listed"
FACTS = Facts(
    about="Goldwire's own JSON lines: a layer as on disk, or the simple form that any system can write",
    loss="nothing",
    coverage="a line for the document",
    example="goldwire corpus import work predictions.jsonl --layer system/x",
    texts=False,
)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


def recognise(head: Head) -> bool:
    """JSON lines that name a document and units of it."""
    return bool(head.records) and all(map(_is_line, head.records))


def _is_line(record: Any) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("document"), str):
        return False
    kinds = {"mentions", "events", "relations", "sha256", "error"}
    return not kinds.isdisjoint(record) and "entities" not in record  # MAVEN-Arg, whose `document` is a text


def read(
    paths: Sequence[Path],
    options: Options,
    documents: Sequence[Document] | None = None,
    ontology: Ontology | None = None,
    labels: LabelMap = LabelMap(),  # noqa: B008 - frozen
) -> Reading:
    """See `Format.read`. `CorpusError` without documents: the files hold no texts.

    `ontology` says which mention an argument given by its spans means, `labels` what types are called there.
    Raises `DataError` if not one line of
    a file is in the form: then it is another format.
    """
    del options
    if documents is None:
        raise CorpusError("these files hold no texts: make a corpus of the texts, then import them into it")
    reader = _Reader({document.id: document for document in documents}, ontology, labels)
    for path in paths:
        for line in predictions.read_lines(path):
            reader.read(line)
    return Reading(
        annotations=[*reader.annotations.values()],
        loss={**reader.lost, **({LEFT_OUT: reader.dropped} if reader.dropped else {})},
        quarantined=reader.quarantined,
        notes=reader.notes(),
    )


def values(paths: Sequence[Path]) -> Iterator[Any]:
    """The lines of files as JSON, whatever they are."""
    return (line.value for path in paths for line in predictions.read_lines(path))


class _Reader:
    """Puts lines, one after the other, where they belong."""

    def __init__(
        self, documents: Mapping[str, Document], ontology: Ontology | None, labels: LabelMap
    ) -> None:
        self.documents, self.ontology, self.labels = documents, ontology, labels
        self.annotations: dict[str, Annotations] = {}
        self.quarantined: list[Rejected] = []
        self.repaired = self.dropped = 0
        self.lost: Counter[str] = Counter()

    def read(self, line: Line) -> None:
        document = self.documents.get(line.document or "")
        if document is None:
            named = line.document is not None
            message = f"the corpus has no document {line.document!r}" if named else "no `document` is named"
            self.reject(line, "unknown-document" if named else "no-document", message)
        elif document.id in self.annotations:
            self.reject(line, "repeated-document", f"{document.id!r} has an earlier line, which is kept")
        else:
            self.annotations[document.id] = self.take(line, document)

    def take(self, line: Line, document: Document) -> Annotations:
        """The annotations of a line; of one that fails its document, none and the reason."""
        prediction = line.prediction
        if prediction is None:
            self.reject(line, "malformed", line.reason)
            return predictions.failed(document, line.reason)
        if (why := predictions.failure(prediction, document)) is not None:
            self.reject(line, why.kind, why.reason)
            return predictions.failed(document, why.reason, prediction.provenance)
        before = tuple(Lens(self.labels).rejected(prediction.rejected))
        prediction = msgspec.structs.replace(prediction, rejected=before)
        found = predictions.read(prediction, document, self.ontology, self.labels, where=line.where)
        self.repaired += found.repaired
        self.dropped += sum(found.dropped.values())
        self.lost.update(found.lost)
        return found.annotations

    def reject(self, line: Line, kind: str, message: str) -> None:
        found = Rejected(
            unit="document",
            kind=kind,
            message=message,
            where=line.where,
            document=line.document,
            value=line.value,
        )
        self.quarantined.append(found)

    def notes(self) -> list[str]:
        if not self.repaired:
            return []
        return [f"{self.repaired} item(s) had offsets in UTF-16 units or bytes: counted anew"]


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: the layer as it is in a corpus."""
    del options
    write_atomic(path, encode_layer(layer[document.id] for document in documents))
    return {}
