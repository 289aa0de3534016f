"""Layers of a corpus as polars frames, built by columns; empty ones have the same columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from goldwire.corpora import splits
from goldwire.corpora.errors import InputValueError, among
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Event, Mention, Spans
from goldwire.corpora.values import each

_TEXT, _WHOLE, _REAL = pl.String(), pl.Int64(), pl.Float64()
_SPANS = pl.List(pl.Struct({"start": _WHOLE, "end": _WHOLE}))
_ATTRIBUTES = pl.List(pl.Struct({"name": _TEXT, "value": _TEXT}))
_PLACE = {"start": _WHOLE, "end": _WHOLE, "text": _TEXT, "spans": _SPANS}
Schema = dict[str, pl.DataType]

MENTIONS: Schema = {
    **dict.fromkeys(("layer", "document", "id", "type"), _TEXT),
    **_PLACE,
    "cluster": _TEXT,
    "score": _REAL,
    "attributes": _ATTRIBUTES,
}
EVENTS: Schema = {**MENTIONS, "arguments": _WHOLE}
ARGUMENTS: Schema = {
    **dict.fromkeys(("layer", "document", "event", "event_type", "role", "mention", "type"), _TEXT),
    **_PLACE,
    "score": _REAL,
}
DOCUMENTS: Schema = {
    "document": _TEXT,
    "characters": _WHOLE,
    **dict.fromkeys(("title", "source", "published", "url", "language", "group", "split", "text"), _TEXT),
}
Row = tuple[Any, ...]


def frame(corpus: Corpus, units: str, layers: Sequence[str] | None) -> pl.DataFrame:
    """Units of layers as a frame; `InputValueError` if there are none of that name.

    `start` and `end` are those of the whole unit, from its first part to its last, null for an event without
    a trigger; `text` are the words of its parts.
    """
    if units == "documents":
        if layers is not None:
            raise InputValueError("layers: documents are of no layer")
        return _make(_documents(corpus), DOCUMENTS)
    if units not in _UNITS:
        raise InputValueError(f"no frame of {units!r}{among(units, [*_UNITS, 'documents'])}")
    schema, rows = _UNITS[units]
    texts = {document.id: document.text for document in corpus.documents()}
    names = corpus.layers() if layers is None else layers
    found = (
        (name, line.document, *row)
        for name in names
        for line in corpus.layer(name).values()
        for row in rows(line, texts[line.document])
    )
    return _make(found, schema)


def _make(rows: Iterable[Row], schema: Schema) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype)
            for (name, dtype), values in zip(schema.items(), columns, strict=True)
        ]
    )


def _mentions(line: Annotations, text: str) -> Iterator[Row]:
    for mention in line.mentions:
        yield (mention.id, mention.type, *_place(mention.spans, text), *_more(mention))


def _events(line: Annotations, text: str) -> Iterator[Row]:
    for event in line.events:
        yield (event.id, event.type, *_place(event.trigger, text), *_more(event), len(event.arguments))


def _arguments(line: Annotations, text: str) -> Iterator[Row]:
    mentions = {mention.id: mention for mention in line.mentions}
    for event in line.events:
        for argument in event.arguments:
            filler = mentions[argument.mention]
            named = (event.id, event.type, argument.role, argument.mention, filler.type)
            yield (*named, *_place(filler.spans, text), argument.score)


_UNITS = {
    "mentions": (MENTIONS, _mentions),
    "events": (EVENTS, _events),
    "arguments": (ARGUMENTS, _arguments),
}


def _place(spans: Spans, text: str) -> Row:
    if not spans:
        return None, None, None, []
    ends = [{"start": span.start, "end": span.end} for span in spans]
    return spans[0].start, spans[-1].end, surface(text, spans), ends


def _more(unit: Mention | Event) -> Row:
    values = [
        {"name": name, "value": value} for name, held in unit.attributes.items() for value in each(held)
    ]
    return unit.cluster, unit.score, values


def _documents(corpus: Corpus) -> Iterator[Row]:
    documents, shares = corpus.documents(), corpus.manifest.splits
    parts: Mapping[str, str] = {} if shares is None else splits.assign(documents, shares)
    for document in documents:
        meta = document.meta
        about = (meta.title, meta.source, meta.published, meta.url, meta.language)
        yield (document.id, len(document.text), *about, document.group, parts.get(document.id), document.text)
