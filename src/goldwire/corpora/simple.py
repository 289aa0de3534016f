"""The simple form: one JSON object per document, as any system can write it.

    {"document": "a1",
     "mentions": [{"type": "GPE", "spans": [[0, 11]], "text": "Afghanistan"}],
     "events": [{"type": "Attack", "trigger": [[25, 32]],
                 "arguments": [{"role": "target", "spans": [[0, 11]]}]}]}

A layer line is in the simple form too. What may be left out: ids, `sha256` (the text's hash), `text` (the
surface, compared where it is given), `type` of an argument given by its spans. `error` says that the
system failed on the document.

One bad item costs itself, not the document: it is handed back as a `Reject`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, TypeVar

import msgspec

from goldwire.corpora.codec import BROKEN, line_faults
from goldwire.corpora.errors import DataError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.offsets import Converter, OffsetError, Unit, surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Mention,
    Meta,
    Provenance,
    Relation,
    Span,
    Spans,
)

T = TypeVar("T")
I = TypeVar("I", Mention, Event)
_REPAIRS: tuple[Unit, ...] = ("utf-16", "byte")


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


class Reject(_Struct, frozen=True):
    """An item that was left out: what it is (mentions, events, arguments, attributes, relations), where in
    the system's output, why, and the item itself.
    """

    document: str
    unit: str
    path: str
    reason: str
    value: Any = None


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
    arguments: tuple[msgspec.Raw, ...] = ()
    attributes: dict[str, str] = {}
    cluster: str | None = None
    score: float | None = None
    text: str | None = None


class Reading(_Struct, frozen=True):
    """What one document's output says.

    `rejects` are faulty items; `unmapped` counts, by unit and label, sound ones whose label has no
    counterpart in the ontology, `dropped` those that the label map leaves out on purpose; `repaired` counts
    items whose offsets were in another unit.
    """

    annotations: Annotations
    rejects: tuple[Reject, ...] = ()
    unmapped: dict[str, int] = {}
    dropped: dict[str, int] = {}
    repaired: int = 0


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


def read(
    prediction: Prediction,
    document: Document,
    ontology: Ontology | None = None,
    labels: LabelMap | None = None,
) -> Reading:
    """The annotations that a prediction makes of a document; items without an id get one.

    Offsets that do not give the `text` that came with them are taken as UTF-16 units or UTF-8 bytes where
    that gives it; otherwise the item is rejected. An argument given by spans joins the mention with those
    spans; without one, a mention is made if its type is given or only one type can play the role.
    """
    reader = _Reader(document, ontology, labels)
    mentions = [reader.mention(raw, path) for raw, path in _numbered(prediction.mentions, "mentions")]
    reader.mentions = list(_with_ids([mention for mention in mentions if mention], "m"))
    events = [reader.event(raw, path) for raw, path in _numbered(prediction.events, "events")]
    relations = [reader.relation(raw, path) for raw, path in _numbered(prediction.relations, "relations")]
    annotations = Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(reader.mentions),
        events=tuple(_with_ids([event for event in events if event], "e")),
        relations=tuple(relation for relation in relations if relation),
        provenance=prediction.provenance,
    )
    return Reading(
        annotations=annotations,
        rejects=tuple(reader.rejects),
        unmapped=dict(reader.unmapped),
        dropped=dict(reader.dropped),
        repaired=reader.repaired,
    )


def _numbered(items: Iterable[msgspec.Raw], name: str) -> Iterator[tuple[msgspec.Raw, str]]:
    for i, item in enumerate(items):
        yield item, f"$.{name}[{i}]"


def _with_ids(items: list[I], prefix: str) -> Iterator[I]:
    used = {item.id for item in items}
    fresh = (id for i in count(1) if (id := f"{prefix}{i}") not in used)
    for item in items:
        yield item if item.id else msgspec.structs.replace(item, id=next(fresh))


class _Reader:
    """Decodes the items of one document and keeps what it had to leave out."""

    def __init__(self, document: Document, ontology: Ontology | None, labels: LabelMap | None) -> None:
        self.document, self.ontology, self.labels = document, ontology, labels
        self.mentions: list[Mention] = []
        self.rejects: list[Reject] = []
        self.unmapped: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.repaired = 0

    def reject(self, path: str, reason: str, raw: msgspec.Raw) -> None:
        unit = "arguments" if ".arguments[" in path else path[2:].partition("[")[0]
        self.rejects.append(
            Reject(document=self.document.id, unit=unit, path=path, reason=reason, value=shown(raw))
        )

    def item(self, raw: msgspec.Raw, type: type[T], path: str) -> T | None:
        try:
            return msgspec.json.decode(raw, type=type)
        except BROKEN as error:
            faults = line_faults(bytes(raw), type, self.document.id, error)
            self.reject(
                path, "; ".join(f"{f.path.removeprefix('$') or 'item'}: {f.message}" for f in faults), raw
            )
            return None

    def mapped(self, unit: str, label: str, target: str | None) -> str | None:
        """The counterpart of a label, or None, counted, where there is none."""
        if not target:
            (self.unmapped if target is None else self.dropped)[f"{unit}:{label}"] += 1
        return target or None

    def spans(self, spans: Spans, text: str | None, path: str, raw: msgspec.Raw) -> Spans | None:
        """The spans in code points, or None where they cannot give the surface that came with them."""
        if text is None or surface(self.document.text, spans) == text:
            return spans
        for unit in _REPAIRS:
            if (repaired := _converted(spans, self.document.text, unit)) and (
                surface(self.document.text, repaired) == text
            ):
                self.repaired += 1
                return repaired
        got = surface(self.document.text, spans)
        self.reject(path, f"the offsets give {got!r}, the system says {text!r}", raw)
        return None

    def mention(self, raw: msgspec.Raw, path: str) -> Mention | None:
        item = self.item(raw, _Mention, path)
        if item is None or (spans := self.spans(item.spans, item.text, path, raw)) is None:
            return None
        type = self.mention_type(item.type)
        if not type:
            return None
        return Mention(
            id=item.id or "",
            type=type,
            spans=spans,
            head=item.head,
            attributes=self.attributes(item.attributes),
            cluster=item.cluster,
            score=item.score,
        )

    def mention_type(self, label: str) -> str | None:
        if self.labels is None:
            return label
        return self.mapped("mentions", label, self.labels.mention(label, self.ontology))

    def event(self, raw: msgspec.Raw, path: str) -> Event | None:
        item = self.item(raw, _Event, path)
        if item is None or (trigger := self.spans(item.trigger, item.text, path, raw)) is None:
            return None
        type: str | None = item.type
        if self.labels is not None:
            type = self.mapped("events", item.type, self.labels.event(item.type, self.ontology))
        if not type:
            return None
        return Event(
            id=item.id or "",
            type=type,
            trigger=trigger,
            arguments=tuple(self.arguments(item, type, path)),
            attributes=self.attributes(item.attributes),
            cluster=item.cluster,
            score=item.score,
        )

    def relation(self, raw: msgspec.Raw, path: str) -> Relation | None:
        item = self.item(raw, Relation, path)
        if item is None or self.labels is None:
            return item
        type = self.mapped("relations", item.type, self.labels.relation(item.type, self.ontology))
        return msgspec.structs.replace(item, type=type) if type else None

    def attributes(self, values: dict[str, str]) -> dict[str, str]:
        labels = self.labels
        if labels is None:
            return values
        found = {
            name: self.mapped("attributes", f"{name}.{value}", labels.value(name, value, self.ontology))
            for name, value in values.items()
        }
        return {name: value for name, value in found.items() if value}

    def arguments(self, event: _Event, type: str, path: str) -> Iterator[Argument]:
        for i, raw in enumerate(event.arguments):
            at = f"{path}.arguments[{i}]"
            item = self.item(raw, _Argument, at)
            role = item and self.role(event.type, item.role, type)
            if item and role and (mention := self.filler(item, type, role, at, raw)):
                yield Argument(role=role, mention=mention, score=item.score)

    def role(self, source: str, label: str, type: str) -> str | None:
        if self.labels is None or (self.ontology is not None and type not in self.ontology.events):
            return label
        found = self.labels.role(source, label, type, self.ontology)
        return self.mapped("roles", f"{source}.{label}", found)

    def filler(self, item: _Argument, event: str, role: str, path: str, raw: msgspec.Raw) -> str | None:
        """The id of the mention an argument names; one is made where its spans and type are certain."""
        if item.mention is not None:
            return item.mention
        if not item.spans:
            self.reject(path, "an argument needs the id of a mention, or spans", raw)
            return None
        spans = self.spans(item.spans, item.text, path, raw)
        if spans is None:
            return None
        type = item.type and self.mention_type(item.type)
        if item.type and not type:
            return None
        found = self.mention_at(spans, type, self.allowed(event, role))
        if found is None:
            self.reject(path, "no mention has these spans: list one, or give the argument a `type`", raw)
        return found

    def mention_at(self, spans: Spans, type: str | None, allowed: frozenset[str]) -> str | None:
        same = [m for m in self.mentions if m.spans == spans and type in (None, m.type)]
        if same:
            return min(same, key=lambda mention: mention.type not in allowed).id
        type = type or (next(iter(allowed)) if len(allowed) == 1 else None)
        if type is None:
            return None
        made = Mention(id="", type=type, spans=spans)
        self.mentions = list(_with_ids([*self.mentions, made], "m"))
        return self.mentions[-1].id

    def allowed(self, event: str, role: str) -> frozenset[str]:
        if self.ontology is None or event not in self.ontology.events:
            return frozenset()
        if role not in self.ontology.events[event].roles:
            return frozenset()
        return self.ontology.fillers(event, role)


def shown(raw: msgspec.Raw) -> Any:
    """An item as it came; its text where it holds a number that is out of range."""
    try:
        return msgspec.json.decode(raw)
    except BROKEN:
        return bytes(raw).decode("utf-8", "replace")


def _converted(spans: Spans, text: str, unit: Unit) -> Spans | None:
    decode: Callable[[int], int] = Converter(text, unit).decode
    try:
        return tuple(Span(decode(span.start), decode(span.end)) for span in spans)
    except OffsetError:
        return None
