"""Rejected units put back so that they count against their system: by what is sound of them.

What is rejected for its label alone stands where it stands, under the label that it was given. What is
rejected for its place stands beyond every text, where nothing of gold can be, and so matches nothing. Equal
units have equal places: they are a set, like all units. What is put back has ids of its own, no attributes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.offsets import surface
from goldwire.corpora.rejected import IN_PLACE, TEXT_CORRECTED
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Event,
    Excluded,
    Mention,
    RawSpans,
    Rejected,
    Relation,
    Span,
    Spans,
)
from goldwire.eval.counting.columns import Codes, Ints
from goldwire.eval.counting.counts import (
    COLUMNS,
    SYSTEM,
    SYSTEM_HITS,
    Counts,
    Patterns,
    condense,
    make_counts,
    numbered,
)

BEYOND = 2**31  # no text has so many code points
UNKNOWN = "?"  # the type of what came without one that could be read
UNITS = ("mention", "event", "argument", "relation")  # attributes, heads and documents are no units
_BACK = "\0rejected"
_HOLDER = "\0holder"
U = TypeVar("U", Mention, Event, Relation)


def is_triggerless(unit: Rejected) -> bool:
    """Whether a rejected event has no trigger: nothing is wrong with where it stands, which is nowhere."""
    return unit.unit == "event" and unit.kind in IN_PLACE and not unit.spans


def is_holder(id: str) -> bool:
    """Whether a mention or event is there only to hold a rejected argument or relation: it is no unit."""
    return id.startswith(_HOLDER)


def countable(item: Annotations, regions: Sequence[Excluded]) -> list[Rejected]:
    """The rejected units of a line, those that touch an excluded region left out."""
    units = [one for one in item.rejected if one.unit in UNITS]
    if not regions:
        return units
    return [
        one
        for one in units
        if one.kind == TEXT_CORRECTED or exclude.reason(sound_spans(one.spans), regions) is None
    ]


def words_at(text: str, spans: Spans) -> str:
    """The surface of a unit; of what stands beyond the text its place, so that it equals no other."""
    return surface(text, spans) if spans[0].start < BEYOND else f"\0{spans[0].start}"


def put_back(item: Annotations, units: Sequence[Rejected], attributes: Iterable[str] = ()) -> Annotations:
    """The annotations with rejected units among them, which have no value of any of the `attributes`."""
    return _Back(item, dict.fromkeys(attributes)).put(units)


def taken(item: Annotations) -> Annotations:
    """The annotations without what `put_back` put there."""
    events = (
        msgspec.structs.replace(event, arguments=tuple(a for a in event.arguments if not is_back(a.mention)))
        for event in _own(item.events)
    )
    return msgspec.structs.replace(
        item, mentions=_own(item.mentions), events=tuple(events), relations=_own(item.relations)
    )


def _own(items: tuple[U, ...]) -> tuple[U, ...]:
    return tuple(item for item in items if not is_back(item.id))


def is_back(id: str) -> bool:
    """Whether `put_back` put a unit there."""
    return id.startswith((_BACK, _HOLDER))


# ---------------------------------------------------------------- how much it is
def tabulate(ids: tuple[str, ...], given: Ints, found: Sequence[tuple[int, str]]) -> Patterns:
    """What was rejected, by kind, and under "" all that was `given` of each document (see `record.REJECTED`).

    `found` has a document's number and the kind for each unit.
    """
    if not found:
        return _nothing(given)
    kinds = Codes({"": 0})
    number = np.array([number for number, _ in found], np.int64)
    kind = np.array([kinds[kind] for _, kind in found], np.int64)
    values = np.zeros((len(ids) + len(found), len(COLUMNS)))
    values[: len(ids), SYSTEM], values[len(ids) :, SYSTEM_HITS] = given, 1
    document = np.concatenate([np.arange(len(ids)), number])
    label = np.concatenate([np.zeros(len(ids), np.int64), kind])
    return condense(make_counts(ids, kinds.names(), document, label, values))


def _nothing(given: Ints) -> Patterns:
    """The table of documents in which nothing was rejected, made in no time: nearly all are such."""
    many = np.bincount(given)
    numbers = np.flatnonzero(many)
    times, index = many[numbers], (np.cumsum(many > 0) - 1)[given]
    values = np.zeros((len(numbers), len(COLUMNS)))
    values[:, SYSTEM] = numbers
    document, some = np.arange(len(numbers), dtype=np.int32), numbers > 0
    label = np.zeros(int(some.sum()), np.int32)
    return Patterns(Counts(numbered(len(numbers)), ("",), document[some], label, values[some]), times, index)


# ---------------------------------------------------------------- one line
class _Back:
    """One line, and what is put back into it."""

    def __init__(self, item: Annotations, attributes: dict[str, Any]) -> None:
        self.item, self.attributes = item, attributes  # None for each: a value that equals no other
        self.places: dict[Any, int] = {}
        self.mentions, self.events, self.relations = (
            list(item.mentions),
            list(item.events),
            list(item.relations),
        )
        self.fillers = {mention.spans: mention.id for mention in reversed(item.mentions)}
        self.homes = {(event.type, _raw(event.trigger)): place for place, event in enumerate(item.events)}
        self.arguments: dict[int, list[Argument]] = defaultdict(
            list
        )  # more ones, by the place of their event

    def put(self, units: Sequence[Rejected]) -> Annotations:
        for unit in units:
            if unit.unit == "mention":
                self.mention(_BACK, unit.type or UNKNOWN, self.place(unit))
            elif unit.unit == "event":
                trigger = () if is_triggerless(unit) else self.place(unit)
                self.event(_BACK, unit.type or UNKNOWN, unit.spans, trigger)
            elif unit.unit == "relation":
                self.relation(unit)
        for unit in units:  # when all that they may belong to is there
            if unit.unit == "argument":
                self.argument(unit)
        for place, more in self.arguments.items():
            event = self.events[place]
            self.events[place] = msgspec.structs.replace(event, arguments=(*event.arguments, *more))
        return msgspec.structs.replace(
            self.item,
            mentions=tuple(self.mentions),
            events=tuple(self.events),
            relations=tuple(self.relations),
        )

    def place(self, unit: Rejected) -> Spans:
        """Where a unit stands: where it says, if that is sound, else beyond the text."""
        spans = sound_spans(unit.spans)
        if unit.kind in IN_PLACE and spans and len(spans) == len(unit.spans):
            return spans
        return self.beyond((unit.spans, unit.words) if unit.spans or unit.words else unit.path)

    def beyond(self, key: Any) -> Spans:
        """A place of its own for whatever has this key."""
        start = BEYOND + 2 * self.places.setdefault(key, len(self.places))
        return (Span(start, start + 1),)

    def mention(self, prefix: str, type: str, spans: Spans) -> str:
        made = Mention(id=f"{prefix}{len(self.mentions)}", type=type, spans=spans, attributes=self.attributes)
        self.mentions.append(made)
        return self.fillers.setdefault(spans, made.id)

    def event(self, prefix: str, type: str, given: RawSpans, trigger: Spans) -> int:
        place = len(self.events)
        made = Event(id=f"{prefix}{place}", type=type, trigger=trigger, attributes=self.attributes)
        self.events.append(made)
        return self.homes.setdefault((type, given), place)

    def relation(self, unit: Rejected) -> None:
        end = self.filler(self.beyond((unit.type, unit.spans, unit.words, unit.path)))
        id = f"{_BACK}{len(self.relations)}"
        self.relations.append(Relation(id=id, type=unit.type or UNKNOWN, source=end, target=end))

    def argument(self, unit: Rejected) -> None:
        type = unit.type or UNKNOWN
        home = self.homes.get((type, unit.trigger))
        if home is None:
            home = self.event(_HOLDER, type, unit.trigger, self.beyond(("trigger", type, unit.trigger)))
        made = Argument(role=unit.role or UNKNOWN, mention=self.filler(self.place(unit)))
        self.arguments[home].append(made)

    def filler(self, spans: Spans) -> str:
        """The id of a mention at a place; one that is no unit is made where there is none."""
        return self.fillers.get(spans) or self.mention(_HOLDER, UNKNOWN, spans)


def sound_spans(given: RawSpans) -> Spans:
    """Those of the spans that are some."""
    return tuple(Span(start, end) for start, end in given if 0 <= start < end <= BEYOND)


def _raw(spans: Spans) -> RawSpans:
    return tuple((span.start, span.end) for span in spans)
