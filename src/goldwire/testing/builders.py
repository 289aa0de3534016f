"""Builders of documents, annotations and corpora from few words, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
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

GAP = "…"  # parts the words of a discontinuous unit
Where = str | tuple[int, int] | Sequence[Span | tuple[int, int]]  # words, offsets, or several of these
MentionForm = Mention | tuple[Any, ...]
EventForm = Event | tuple[Any, ...]
Ends = Mapping[str, int | str] | Iterable[tuple[str, int | str]]
Units = Iterable[MentionForm]


def document(text: str, id: str = "d", **fields: Any) -> Document:
    """A document of a text, its hash computed; `fields` are those of `Document` (meta, excluded, group)."""
    return make_document(id, text, **fields)


def spans(where: Where, text: str = "", nth: int = 1) -> Spans:
    """The spans, in code points, that words or offsets name.

    Words are looked for in `text`: the `nth` place where they stand, counted from 1; parts of a discontinuous
    unit are parted by `…`, each looked for behind the one before. Offsets are one pair or several.
    `ValueError` if words are not there so often.

    >>> spans("north", "north of the north", nth=2)
    (Span(start=13, end=18),)
    >>> spans("Ann…Lee", "Ann and Tom Lee")
    (Span(start=0, end=3), Span(start=12, end=15))
    >>> spans((3, 5)), spans([(0, 2), (3, 5)])
    ((Span(start=3, end=5),), (Span(start=0, end=2), Span(start=3, end=5)))
    """
    if isinstance(where, str):
        return tuple(_iter_found(where.split(GAP), text, nth))
    pairs = [where] if isinstance(where[0], int) else where
    return tuple(Span(*pair) for pair in pairs)  # type: ignore[misc]  # an int is dealt with above


def _iter_found(parts: Sequence[str], text: str, nth: int) -> Iterable[Span]:
    start = -1
    for number, part in enumerate(parts):
        for _ in range(1 if number else nth):
            start = text.find(part, start + 1)
            if start < 0 or not part:
                raise ValueError(
                    f"{part!r} does not stand in {text!r}" + (f" {nth} times" if nth > 1 else "")
                )
        yield Span(start, start + len(part))
        start += len(part) - 1


def mention(where: Where, type: str, *, on: Document | str = "", id: str = "m", **fields: Any) -> Mention:
    """A mention at words of a document (or of a text), or at offsets; `fields` are those of `Mention`."""
    return Mention(id=id, type=type, spans=spans(where, on if isinstance(on, str) else on.text), **fields)


def annotate(
    document: Document,
    *mentions: MentionForm,
    events: Iterable[EventForm] = (),
    relations: Iterable[Relation | tuple[str, int | str, int | str]] = (),
    status: str | None = None,
    **fields: Any,
) -> Annotations:
    """Annotations of a document, bound to its text; nothing of them is checked.

    A mention is `(start, end, type)` or `(where, type)`; an event `(where, type)` or `(where, type, ends)`,
    where `ends` are its roles with a mention each, as a mapping or as pairs; a relation
    `(type, source, target)`. Mentions are called m0, m1, …, events e0, e1, … and relations r0, r1, …;
    a mention is named by its number or its id. Finished units are taken as they are. `status` is that of the
    provenance; `fields` are those of `Annotations`.
    """
    if status is not None:
        fields["provenance"] = msgspec.structs.replace(fields.get("provenance", Provenance()), status=status)
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(_mention(number, form, document.text) for number, form in enumerate(mentions)),
        events=tuple(_event(number, form, document.text) for number, form in enumerate(events)),
        relations=tuple(_relation(number, form) for number, form in enumerate(relations)),
        **fields,
    )


def _mention(number: int, form: MentionForm, text: str) -> Mention:
    if isinstance(form, Mention):
        return form
    *where, type = form
    return Mention(id=f"m{number}", type=type, spans=spans(where[0] if len(where) == 1 else (*where,), text))


def _event(number: int, form: EventForm, text: str) -> Event:
    if isinstance(form, Event):
        return form
    where, type, *ends = form
    return Event(id=f"e{number}", type=type, trigger=spans(where, text), arguments=_arguments(*ends))


def _arguments(ends: Ends = ()) -> tuple[Argument, ...]:
    pairs = ends.items() if isinstance(ends, Mapping) else ends
    return tuple(Argument(role=role, mention=_id(mention)) for role, mention in pairs)


def _relation(number: int, form: Relation | tuple[str, int | str, int | str]) -> Relation:
    if isinstance(form, Relation):
        return form
    type, source, target = form
    return Relation(id=f"r{number}", type=type, source=_id(source), target=_id(target))


def _id(mention: int | str) -> str:
    return mention if isinstance(mention, str) else f"m{mention}"


def layer(
    documents: Iterable[Document], units: Mapping[str, Units] | Iterable[Units], **fields: Any
) -> list[Annotations]:
    """A layer: the mentions of each document in turn, or by id those of the documents that have a line.

    Mentions and `fields` are as in `annotate`. `ValueError` if the numbers of documents and lines differ,
    `KeyError` if an id is none of theirs.
    """
    if isinstance(units, Mapping):
        by_id = {document.id: document for document in documents}
        return [annotate(by_id[id], *found, **fields) for id, found in units.items()]
    return [annotate(one, *found, **fields) for one, found in zip(documents, units, strict=True)]


def corpus(
    path: Path,
    documents: Iterable[Document],
    layers: Mapping[str, Iterable[Annotations] | Mapping[str, Units]] | None = None,
    **manifest: Any,
) -> Corpus:
    """A corpus directory with layers by name: as lines, or as the mentions of documents by id (see `layer`).

    `manifest` are fields of `Manifest` (ontology, splits, version); the name is that of the folder if not
    given. Errors are those of `create_corpus`.
    """
    items = list(documents)
    lines = {
        name: layer(items, found) if isinstance(found, Mapping) else found
        for name, found in (layers or {}).items()
    }
    return create_corpus(path, Manifest(**{"name": path.name, **manifest}), items, layers=lines)
