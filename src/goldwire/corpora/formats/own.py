"""Goldwire's own JSON lines: a layer as on disk, or predictions in the simple form (`corpora.simple`).

Nothing is lost, read or written. An item that does not fit the text goes to the quarantine, alone; so does a
line that says the system failed. A document without a line is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora import simple
from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Quarantined, Reading
from goldwire.corpora.simple import Prediction
from goldwire.corpora.store import encode_layer, write_atomic
from goldwire.corpora.types import Annotations, Document

COVERS = "listed"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. `CorpusError` without documents: the files hold no texts."""
    del options
    if documents is None:
        raise CorpusError("these files hold no texts: make a corpus of the texts, then import them into it")
    known = {document.id: document for document in documents}
    annotations: list[Annotations] = []
    quarantined: list[Quarantined] = []
    repaired = 0
    for path in paths:
        for line in read_lines(path, Prediction):
            document = known.get(line.document or "")
            reason = _unfit(line, document)
            if document is None or reason:
                quarantined.append(_quarantined(line, reason, path))
                continue
            found = simple.read(line, document)
            annotations.append(found.annotations)
            repaired += found.repaired
            quarantined += [
                Quarantined(
                    where=f"{path} {item.path}", document=document.id, reason=item.reason, value=item.value
                )
                for item in found.rejects
            ]
    notes = [f"{repaired} item(s) had offsets in UTF-16 units or bytes: counted anew"] if repaired else []
    return Reading(annotations=annotations, quarantined=quarantined, notes=notes)


def _unfit(line: Prediction, document: Document | None) -> str:
    """Why a line is for no document of the corpus, or no annotation of one; empty if it is."""
    if document is None:
        return "the corpus has no document of this id" if line.document else "no `document` is named"
    if line.sha256 not in (None, document.sha256):
        return "made for another text: the hashes differ"
    return f"the system failed: {line.error}" if line.error is not None else ""


def _quarantined(line: Prediction, reason: str, path: Path) -> Quarantined:
    value = simple.shown(msgspec.Raw(msgspec.json.encode(line)))
    return Quarantined(where=str(path), document=line.document, reason=reason, value=value)


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: the layer as it is in a corpus."""
    del options
    write_atomic(path, encode_layer(layer[document.id] for document in documents))
    return {}
