"""Integrity of a corpus: ids and names that are safe as files, texts that are hashed, layers that are bound.

Looked at when a corpus is read and before it is written. Whether annotations fit their texts and the ontology
is another matter (see `validate`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from goldwire.corpora.errors import CorpusError, Fault
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Annotations, Document

NAME_BYTES = 200  # with an ending and a temporary one, under the 255 bytes that file systems allow
_NAME = re.compile(r"[^\W_][\w.\-]*")
_ID = re.compile(r"[^\s./\\][^/\\]*")


class Bound(msgspec.Struct):
    """What binds a line of a layer to a text; reading no more is several times faster."""

    document: str
    sha256: str


def check_id(id: str) -> None:
    """Raise `CorpusError` unless a document id is safe as a file name as well."""
    if not (_ID.fullmatch(id) and id.isprintable() and id == id.strip() and _is_short(id)):
        raise CorpusError(
            f"{id!r} is no document id: visible characters without `/` and `\\`, no `.` in front, "
            f"no space around them, {NAME_BYTES} bytes at most"
        )


def check_layer(name: str) -> None:
    """Raise `CorpusError` unless a layer name is made of safe file names divided by `/`."""
    if not all(_NAME.fullmatch(part) and _is_short(part) for part in name.split("/")):
        raise CorpusError(
            f"{name!r} is no layer name: letters, digits, `.`, `-` and `_`, a letter or digit first, "
            f"{NAME_BYTES} bytes at most, parts divided by `/`"
        )


def _is_short(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) <= NAME_BYTES


def document_faults(documents: Iterable[Document]) -> Iterator[Fault]:
    """Faults of documents: unsafe or repeated ids, a text that is not what its hash says, bad regions."""
    seen: set[str] = set()
    for document in documents:
        where = document.id
        try:
            check_id(document.id)
        except CorpusError as error:
            yield Fault(where, "$.id", str(error))
        if document.id in seen:
            yield Fault(where, "$.id", "is the id of an earlier document too")
        seen.add(document.id)
        if not document.text.strip():
            yield Fault(where, "$.text", "is empty")
        if hash_text(document.text) != document.sha256:
            yield Fault(where, "$.sha256", "is not the hash of the text: one of the two was changed")
        for i, region in enumerate(document.excluded):
            if not region.start < region.end <= len(document.text):
                yield Fault(where, f"$.excluded[{i}]", f"[{region.start}, {region.end}] is not in the text")


def layer_faults(annotations: Iterable[Annotations | Bound], hashes: dict[str, str]) -> list[Fault]:
    """Faults of a layer against the texts of its corpus, given as SHA-256 by document id."""
    faults, seen = [], set()
    for item in annotations:
        if item.document in seen:
            faults.append(Fault(item.document, "$.document", "occurs twice in the layer"))
        seen.add(item.document)
        if item.document not in hashes:
            faults.append(Fault(item.document, "$.document", "is not a document of the corpus"))
        elif hashes[item.document] != item.sha256:
            faults.append(Fault(item.document, "$.sha256", "the layer was made for another text"))
    return faults
