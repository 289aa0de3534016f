"""Goldwire's own JSON lines: a layer as it is on disk, or predictions in the simple form.

In the simple form a line needs `document` and what was found. Ids may be left out. `text`, where given, is
the surface that the offsets must give. An argument names a mention by its id, or gives its `spans` (and
`type`): the mention with those spans is meant, and where there is none and a type is given, one is made.

Nothing is lost, read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import msgspec

from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Quarantined, Reading
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import encode_layer, write_atomic
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Provenance,
    Relation,
    Span,
    Spans,
)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Mention(_Struct, frozen=True):
    type: str
    spans: Spans
    id: str | None = None
    head: Span | None = None
    attributes: dict[str, str] = {}
    cluster: str | None = None
    score: float | None = None
    text: str | None = None


class _Argument(_Struct, frozen=True):
    role: str
    mention: str | None = None
    spans: Spans = ()
    type: str | None = None
    score: float | None = None
    text: str | None = None


class _Event(_Struct, frozen=True):
    type: str
    trigger: Spans
    id: str | None = None
    arguments: tuple[_Argument, ...] = ()
    attributes: dict[str, str] = {}
    cluster: str | None = None
    score: float | None = None
    text: str | None = None


class Line(_Struct, frozen=True):
    """One document of a file."""

    document: str
    sha256: str | None = None
    mentions: tuple[_Mention, ...] = ()
    events: tuple[_Event, ...] = ()
    relations: tuple[Relation, ...] = ()
    provenance: Provenance = Provenance()


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. `CorpusError` without documents: the files hold no texts."""
    del options
    if documents is None:
        raise CorpusError("these files hold no texts: make a corpus of the texts, then import them into it")
    known = {document.id: document for document in documents}
    annotations: list[Annotations] = []
    quarantined: list[Quarantined] = []
    for path in paths:
        for line in read_lines(path, Line):
            document = known.get(line.document)
            if document is None or line.sha256 not in (None, document.sha256):
                quarantined.append(_unfit(line, document, path))
                continue
            reader = _Reader(document, str(path))
            annotations.append(reader.annotations(line))
            quarantined += reader.quarantined
    return Reading(annotations=annotations, quarantined=quarantined)


def _unfit(line: Line, document: Document | None, path: Path) -> Quarantined:
    missing = "the corpus has no document of this id"
    reason = missing if document is None else "made for another text: the hashes differ"
    return Quarantined(
        where=str(path), document=line.document, reason=reason, value=msgspec.to_builtins(line)
    )


class _Reader:
    """Makes annotations of a line, and keeps what does not fit the text."""

    def __init__(self, document: Document, where: str) -> None:
        self.document, self.where = document, where
        self.quarantined: list[Quarantined] = []
        self.mentions: list[Mention] = []

    def annotations(self, line: Line) -> Annotations:
        """The annotations that a line makes."""
        ids = _fresh("m", (mention.id for mention in line.mentions))
        self.mentions = [
            Mention(
                id=mention.id or next(ids), type=mention.type, spans=mention.spans, head=mention.head,
                attributes=mention.attributes, cluster=mention.cluster, score=mention.score,
            )
            for mention in line.mentions
            if self.fits(mention.spans, mention.text, mention)
        ]  # fmt: skip
        event_ids = _fresh("e", (event.id for event in line.events))
        events = tuple(
            Event(
                id=event.id or next(event_ids), type=event.type, trigger=event.trigger,
                arguments=tuple(self.arguments(event, ids)), attributes=event.attributes,
                cluster=event.cluster, score=event.score,
            )
            for event in line.events
            if self.fits(event.trigger, event.text, event)
        )  # fmt: skip
        return Annotations(
            document=self.document.id,
            sha256=self.document.sha256,
            mentions=tuple(self.mentions),
            events=events,
            relations=line.relations,
            provenance=line.provenance,
        )

    def arguments(self, event: _Event, ids: Iterator[str]) -> Iterator[Argument]:
        """The arguments whose mention is certain."""
        for argument in event.arguments:
            mention = argument.mention
            if mention is None and self.fits(argument.spans, argument.text, argument):
                mention = self.mention_at(argument, ids)
            if mention is not None:
                yield Argument(role=argument.role, mention=mention, score=argument.score)

    def mention_at(self, argument: _Argument, ids: Iterator[str]) -> str | None:
        """The id of the mention with the spans of an argument, made where its type is given."""
        same = [m for m in self.mentions if m.spans == argument.spans and argument.type in (None, m.type)]
        if same:
            return same[0].id
        if argument.type is None or not argument.spans:
            self.quarantine("no mention has these spans: list one, or give the argument a type", argument)
            return None
        self.mentions.append(Mention(id=next(ids), type=argument.type, spans=argument.spans))
        return self.mentions[-1].id

    def fits(self, spans: Spans, text: str | None, item: _Struct) -> bool:
        """Whether the offsets give the surface that came along; what does not fit is kept."""
        if text is None or surface(self.document.text, spans) == text:
            return True
        got = surface(self.document.text, spans)
        self.quarantine(f"the offsets give {got!r}, the file says {text!r}", item)
        return False

    def quarantine(self, reason: str, item: _Struct) -> None:
        """Keep what cannot be taken."""
        value = msgspec.to_builtins(item)
        found = Quarantined(where=self.where, document=self.document.id, reason=reason, value=value)
        self.quarantined.append(found)


def _fresh(prefix: str, used: Iterable[str | None]) -> Iterator[str]:
    taken = set(used)
    return (id for i in count(1) if (id := f"{prefix}{i}") not in taken)


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: the layer as it is in a corpus, for the documents given."""
    del options
    wanted = [layer[document.id] for document in documents if document.id in layer]
    write_atomic(path, encode_layer(wanted))
    return {}
