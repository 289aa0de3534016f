"""re3d (dstl): folders with documents.json, entities.json and relations.json, JSON lines each.

Entities become mentions, relations join the mentions that have their offsets. What does not give its `value`
in the text is refused, and so is a relation whose ends are no mentions. Titles, sources and addresses of
documents are kept. The tables of units name no document without units, but documents.json does: those that it
names are judged, others are not.

Not kept: confidences, the words of relations, counts of words and sentences. Read only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from goldwire.corpora.codec import read_lines
from goldwire.corpora.encodings import composed, normalise
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.head import Head
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.types import Annotations, Document, Mention, Meta, Rejected, Relation, Span

COVERS = "listed"
FACTS = Facts(
    about="re3d of dstl, folders with documents.json, entities.json and relations.json",
    loss="confidences, the words of relations",
    coverage="a line in documents.json",
    example="goldwire corpus new centcom --from re3d/centcom --format re3d --layer gold",
)
FILES = ("documents.json", "entities.json", "relations.json")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class _Source(msgspec.Struct, frozen=True, rename={"id": "_id", "source": "sourceName", "url": "sourceUrl"}):
    id: str
    text: str
    title: str | None = None
    source: str | None = None
    url: str | None = None


class _Entity(msgspec.Struct, frozen=True, rename={"id": "_id", "document": "documentId"}):
    id: str
    document: str
    type: str
    begin: int
    end: int
    value: str
    confidence: float | None = None


class _Link(msgspec.Struct, frozen=True, rename="camel"):
    id: str = msgspec.field(name="_id")
    document: str = msgspec.field(name="documentId")
    type: str
    source: str
    target: str
    source_begin: int
    source_end: int
    target_begin: int
    target_end: int
    confidence: float | None = None


def recognise(head: Head) -> bool:
    """A folder with the three files."""
    return set(FILES) <= set(head.names)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. Paths are folders with the three files."""
    del options
    made: dict[str, Document] = {}
    layer: list[Annotations] = []
    quarantined: list[Rejected] = []
    lost: Counter[str] = Counter()
    for folder in paths:
        sources, entities, links = _files(folder)
        here = {source.id: _document(source) for source in sources}
        made |= here
        lost["confidences"] += sum(entity.confidence is not None for entity in entities)
        lost["confidences"] += sum(link.confidence is not None for link in links)
        lost["words of relations"] += len(links)
        reader = _Reader(here, str(folder))
        layer += reader.annotations(entities, links)
        quarantined += reader.quarantined
    if documents is not None:
        _check(made, documents, paths)
    kept = list(made.values()) if documents is None else []
    return Reading(documents=kept, annotations=layer, loss=loss.report(lost), quarantined=quarantined)


def _files(folder: Path) -> tuple[list[_Source], list[_Entity], list[_Link]]:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise CorpusError(f"{folder}: not a re3d folder (no {', '.join(missing)})")
    sources, entities, links = (folder / name for name in FILES)
    return read_lines(sources, _Source), read_lines(entities, _Entity), read_lines(links, _Link)


def _document(source: _Source) -> Document:
    text = normalise(source.text)
    meta = Meta(title=source.title or None, source=source.source or None, url=source.url or None)
    return Document(id=source.id, text=text, sha256=hash_text(text), meta=meta)


def _check(made: Mapping[str, Document], documents: Iterable[Document], paths: Sequence[Path]) -> None:
    hashes = {document.id: document.sha256 for document in documents}
    faults = [
        Fault(", ".join(map(str, paths)), document.id, "is not in the corpus, or with another text")
        for document in made.values()
        if hashes.get(document.id) != document.sha256
    ]
    if faults:
        raise DataError("the texts are not those of the corpus", faults)


T = TypeVar("T", _Entity, _Link)


class _Reader:
    """Annotations of the documents of one folder, and what was rejected: by document, or `quarantined`."""

    def __init__(self, documents: Mapping[str, Document], where: str) -> None:
        self.documents, self.where = documents, where
        self.rejected: dict[str, list[Rejected]] = {id: [] for id in documents}
        self.quarantined: list[Rejected] = []

    def annotations(self, entities: Iterable[_Entity], links: Iterable[_Link]) -> Iterator[Annotations]:
        """One for each document."""
        said, joined = self.by_document(entities, FILES[1]), self.by_document(links, FILES[2])
        for document in self.documents.values():
            mentions = tuple(self.mentions(said.get(document.id, []), document))
            ids: dict[Span, list[str]] = {}
            for mention in mentions:
                ids.setdefault(mention.spans[0], []).append(mention.id)
            relations = tuple(self.relations(joined.get(document.id, []), document, ids))
            yield Annotations(
                document=document.id,
                sha256=document.sha256,
                mentions=mentions,
                relations=relations,
                rejected=tuple(self.rejected[document.id]),
            )

    def by_document(self, items: Iterable[T], file: str) -> dict[str, list[T]]:
        found: dict[str, list[T]] = {}
        for item in items:
            if item.document in self.documents:
                found.setdefault(item.document, []).append(item)
            else:
                message = f"there is no document {item.document!r}"
                self.quarantined.append(self.refused(item, "unknown-document", message, file))
        return found

    def mentions(self, entities: Iterable[_Entity], document: Document) -> Iterator[Mention]:
        for entity in entities:
            span = Span(max(0, entity.begin), max(0, entity.end))
            if self.gives(document, span, entity.value, entity):
                yield Mention(id=entity.id, type=entity.type, spans=(span,))

    def relations(
        self, links: Iterable[_Link], document: Document, ids: Mapping[Span, list[str]]
    ) -> Iterator[Relation]:
        for link in links:
            source = self.end(link, Span(link.source_begin, link.source_end), link.source, document, ids)
            target = self.end(link, Span(link.target_begin, link.target_end), link.target, document, ids)
            if source is not None and target is not None:
                yield Relation(id=link.id, type=link.type, source=source, target=target)

    def end(
        self, link: _Link, span: Span, value: str, document: Document, ids: Mapping[Span, list[str]]
    ) -> str | None:
        """The mention at an end of a relation, where there is one and only one."""
        if not self.gives(document, span, value, link):
            return None
        same = ids.get(span, [])
        if len(same) != 1:
            message = f"{'two mentions' if same else 'no mention'} with the offsets of its end {value!r}"
            self.reject(link, document, "ambiguous" if same else "no-mention", message)
            return None
        return same[0]

    def gives(self, document: Document, span: Span, value: str, item: _Entity | _Link) -> bool:
        got = document.text[span.start : span.end]
        if got != value:
            kind = "outside-text" if span.end > len(document.text) else "words-differ"
            hint = composed(got, value, document.text)
            self.reject(item, document, kind, f"the offsets give {got!r}, the file says {value!r}{hint}")
        return got == value

    def reject(self, item: _Entity | _Link, document: Document, kind: str, message: str) -> None:
        """Note an item, once: both ends of a relation may be wrong."""
        file = FILES[1] if isinstance(item, _Entity) else FILES[2]
        found = self.refused(item, kind, message, file)
        if all(other.value != found.value for other in self.rejected[document.id][-1:]):
            self.rejected[document.id].append(found)

    def refused(self, item: _Entity | _Link, kind: str, message: str, file: str) -> Rejected:
        if isinstance(item, _Entity):
            place, words = (item.begin, item.end), item.value
        else:
            place, words = (item.source_begin, item.source_end), None
        return Rejected(
            unit="relation" if words is None else "mention",
            kind=kind,
            message=message,
            where=f"{self.where}/{file}",
            document=item.document,
            id=item.id,
            type=item.type,
            spans=raw_spans([place]),
            words=words,
            value=msgspec.to_builtins(item),
        )
