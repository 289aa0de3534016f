"""Sheets of stand-off annotation of one source: units with places and words, put on the text they fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.gather import Place, reject
from goldwire.corpora.formats.markup import Element
from goldwire.corpora.formats.sources import Stretch, plain
from goldwire.corpora.types import Argument, Event, Mention, Rejected, Relation, Span

T = TypeVar("T")
Spans = Literal["head", "extent"]
Unit = Literal["mention", "event", "argument", "relation"]


class Named(NamedTuple):
    """A mention: `head` is None where the file gives none. `joins` is the entity that it is of."""

    id: str
    type: str
    extent: Stretch
    where: str
    head: Stretch | None = None
    attributes: Mapping[str, str] = MappingProxyType({})
    joins: str | None = None


class Filled(NamedTuple):
    """A role, and the id of the mention that fills it; those of the `others` would be as right."""

    role: str
    mention: str
    others: tuple[str, ...] = ()


class Happening(NamedTuple):
    """A mention of an event; that of a whole document has no trigger. `joins` is the event that it is of."""

    id: str
    type: str
    trigger: Stretch | None
    where: str
    arguments: list[Filled]
    attributes: Mapping[str, str] = MappingProxyType({})
    joins: str | None = None


class Broken(NamedTuple):
    """A unit that is not of the form: what is wrong with it."""

    unit: Unit
    id: str | None
    where: str
    message: str


@dataclass
class Sheet:
    """All that one annotation file says. `named` is the source as it names it, `about` where that is from."""

    named: str
    about: str | None = None
    mentions: list[Named] = field(default_factory=list)
    events: list[Happening] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    fillers: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def stretches(self) -> Iterator[Stretch]:
        """Every place that the sheet gives."""
        for mention in self.mentions:
            yield mention.extent
            if mention.head is not None:
                yield mention.head
        yield from (event.trigger for event in self.events if event.trigger is not None)

    def items(self, values: Iterable[Any], type: type[T], unit: Unit, where: str) -> Iterator[T]:
        """The values that are of a type; the others are noted as broken."""
        for value in values:
            try:
                yield msgspec.convert(value, type)
            except msgspec.ValidationError as error:
                self.broken.append(Broken(unit, None, where, str(error)))

    def filler(self, type: str, stretch: Stretch, where: str, id: str | None = None) -> str:
        """The id of a mention that fills a role: one for each place and type, new where there was none."""
        known = self.fillers.get((type, stretch.start, stretch.end))
        if known is not None:
            return known
        made = Named(id or f"m{len(self.mentions) + 1}", type, stretch, where)
        self.mentions.append(made)
        return self.fillers.setdefault((type, stretch.start, stretch.end), made.id)

    def break_off(self, unit: Unit, element: Element, error: DataError, *ids: str) -> None:
        """Note a unit that cannot be read; `ids` are the attributes that may name it."""
        id = next((element.attributes[name] for name in ids if name in element.attributes), None)
        self.broken.append(Broken(unit, id, element.where, error.faults[0].message))


class Units(NamedTuple):
    """What of a sheet is in its document, and what was turned away."""

    mentions: list[Mention]
    events: list[Event]
    rejected: list[Rejected]


def put(sheet: Sheet, text: str, place: Place, spans: Spans) -> Units:
    """The units of a sheet on a document: `text` is what its offsets count in, which the document holds."""
    return _Putting(sheet, text, place, spans).units()


class _Putting:
    """Puts the units of one sheet where they belong."""

    def __init__(self, sheet: Sheet, text: str, place: Place, spans: Spans) -> None:
        self.sheet, self.text, self.place, self.by = sheet, text, place, spans
        self.rejected: list[Rejected] = []
        self.there: set[str] = set()  # ids of mentions that were put

    def units(self) -> Units:
        for item in self.sheet.broken:
            at = self.place._replace(where=item.where)
            self.rejected.append(reject(at, item.unit, "malformed", item.message, id=item.id))
        mentions = [mention for named in self.sheet.mentions for mention in self.mention(named)]
        self.there = {mention.id for mention in mentions}
        events = [event for given in self.sheet.events for event in self.event(given)]
        return Units(mentions, events, self.rejected)

    def mention(self, given: Named) -> Iterator[Mention]:
        stretch = given.head if self.by == "head" and given.head is not None else given.extent
        span = self.span(stretch, "mention", given.where, id=given.id, type=given.type)
        if span is None:
            return
        head = None
        if self.by == "extent" and given.head is not None:
            head = self.span(given.head, "head", given.where, id=given.id, type=given.type)
        yield Mention(
            id=given.id,
            type=given.type,
            spans=(span,),
            head=head,
            attributes=dict(given.attributes),
            cluster=given.joins,
        )

    def event(self, given: Happening) -> Iterator[Event]:
        before = len(self.rejected)
        span = None
        if given.trigger is not None:
            span = self.span(given.trigger, "event", given.where, id=given.id, type=given.type)
            if span is None:
                self.reject_arguments(given, self.rejected[before])
                return
        yield Event(
            id=given.id,
            type=given.type,
            trigger=() if span is None else (span,),
            arguments=tuple(map(self.argument, given.arguments)),
            attributes=dict(given.attributes),
            cluster=given.joins,
        )

    def argument(self, given: Filled) -> Argument:
        """An argument; of several mentions that would be right, by those that are there."""
        sound = [id for id in (given.mention, *given.others) if id in self.there] or [given.mention]
        return Argument(role=given.role, mention=sound[0], alternatives=tuple(sound[1:]))

    def reject_arguments(self, given: Happening, event: Rejected) -> None:
        at = self.place._replace(where=given.where)
        message = f"its event {given.id!r} was rejected: {event.message}"
        for one in given.arguments:
            more = {"type": given.type, "role": one.role, "trigger": event.spans}
            self.rejected.append(reject(at, "argument", event.kind, message, **more))

    def span(self, stretch: Stretch, unit: str, where: str, **more: Any) -> Span | None:
        """The span of a stretch in the document; None, and the reason noted, if there is none."""
        start, end, words = stretch
        at = self.place._replace(where=where)
        given = self.place.span(start, end)
        if not 0 <= start <= end <= len(self.text):
            message = f"{start} to {end} is not in the text, which has {len(self.text)} characters"
            self.rejected.append(
                reject(at, unit, "outside-text", message, [(start, end)], words=words, **more)
            )
            return None
        got = self.text[start:end]
        if words is None:
            self.sheet.lost["checks of words, which the file does not give"] += 1
        elif plain(got) != plain(words):
            message = f"the offsets give {got!r}, the file says {words!r}{composed(got, words)}"
            self.rejected.append(reject(at, unit, "words-differ", message, [given], words=words, **more))
            return None
        return given
