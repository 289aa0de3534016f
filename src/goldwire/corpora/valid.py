"""Sound parts of annotations: what the rules of `corpora.validate` fault is taken out, named, never repaired.

One pass: mentions, then what names them. What goes with a unit is told with it: a rejected event brings a
`Rejected` of its kind for each of its arguments, a rejected mention one for each argument and relation that
names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal, TypeVar

import msgspec

from goldwire.corpora import validate
from goldwire.corpora.errors import DataError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import IN_PLACE, raw_spans
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Held,
    Mention,
    RawSpans,
    Rejected,
    Relation,
    Spans,
)
from goldwire.corpora.validate import Flaw
from goldwire.corpora.values import each, held

UnitKind = Literal["mentions", "events", "relations"]
_UNITS: dict[type, tuple[UnitKind, Literal["mention", "event", "relation"]]] = {
    Mention: ("mentions", "mention"),
    Event: ("events", "event"),
    Relation: ("relations", "relation"),
}
Unit = Mention | Event | Relation
Labelled = TypeVar("Labelled", Mention, Event)


def place(kind: UnitKind, id: str, part: str = "") -> str:
    """The JSON path of a unit, or of a part of it; by its id, since places move when others go.

    >>> place("events", "e1", ".attributes.realis")
    '$.events[?@.id=="e1"].attributes.realis'
    """
    return f"$.{kind}[?@.id=={json.dumps(id, ensure_ascii=False)}]{part}"


def place_of_argument(event: str, role: str, mention: str) -> str:
    """The JSON path of an argument by the ids of event and mention."""
    role, mention = (json.dumps(name, ensure_ascii=False) for name in (role, mention))
    return place("events", event, f".arguments[?@.role=={role} && @.mention=={mention}]")


def sound(
    annotations: Annotations, document: Document, ontology: Ontology | None = None
) -> tuple[Annotations, list[Rejected]]:
    """The annotations without what does not fit text and ontology, and what that was.

    Mentions that `annotations.rejected` names by id are known as rejected: what names them goes too.
    Raises `DataError` if the annotations are of another document or text: then nothing can be told apart.
    """
    if faults := validate.binding_faults(annotations, document):
        raise DataError(f"annotations of {annotations.document!r} cannot be sorted out", faults)
    if validate.is_plain(annotations, document, ontology):
        return annotations, []
    sifter = _Sifter(document, ontology, annotations.rejected)
    mentions = tuple(sifter.mentions(annotations.mentions))
    events = tuple(sifter.events(annotations.events))
    relations = tuple(sifter.relations(annotations.relations))
    if not sifter.rejected:
        return annotations, []
    kept = msgspec.structs.replace(annotations, mentions=mentions, events=events, relations=relations)
    return kept, sifter.rejected


class _Sifter:
    """Goes through the units of one document; `places` and `types` are of the mentions that stay."""

    def __init__(self, document: Document, ontology: Ontology | None, before: Iterable[Rejected]) -> None:
        self.document, self.ontology = document, ontology
        self.rejected: list[Rejected] = []
        self.types: dict[str, str] = {}
        self.places: dict[str, Spans] = {}
        self.gone = {item.id: item for item in before if item.unit == "mention" and item.id is not None}
        self.given: dict[tuple[type, str], Unit] = {}  # the first of each kind and id, whatever became of it

    # ------------------------------------------------------------ units

    def mentions(self, items: Iterable[Mention]) -> Iterator[Mention]:
        for mention in items:
            if (flaw := self.flaw(mention, validate.span_flaws(mention.spans, self.document))) is not None:
                self.gone.setdefault(mention.id, self.reject(mention, flaw))
                continue
            self.types[mention.id] = mention.type
            self.places[mention.id] = mention.spans
            if mention.head is not None and (head := next(validate.head_flaws(mention), None)) is not None:
                self.reject_part(mention, "head", head, mention.head)
                mention = msgspec.structs.replace(mention, head=None)  # noqa: PLW2901
            yield self.with_sound_attributes(mention)

    def flaw(self, unit: Mention | Event, of_place: validate.Flaws) -> Flaw | None:
        """The first thing that costs a mention or event; its place comes before its type."""
        flaws = of_place
        if self.ontology is not None:
            flaws = chain(flaws, validate.type_flaws(unit, self.ontology))
        again = self.again(unit)
        return next(flaws, again)

    def again(self, unit: Unit) -> Flaw | None:
        """An id that an earlier unit has: the same once more, or another one."""
        earlier = self.given.setdefault((type(unit), unit.id), unit)
        known = isinstance(unit, Mention) and unit.id in self.gone
        if earlier is unit and not known:
            return None
        kind = "duplicate" if earlier is not unit and earlier == unit else "repeated-id"
        return Flaw("", kind, f"id {unit.id!r} is that of an earlier one")

    def events(self, items: Iterable[Event]) -> Iterator[Event]:
        for event in items:
            if (flaw := self.flaw(event, validate.trigger_flaws(event, self.document))) is not None:
                self.reject_event(event, flaw)
                continue
            arguments = tuple(self.arguments(event))
            if len(arguments) < len(event.arguments):
                event = msgspec.structs.replace(event, arguments=arguments)  # noqa: PLW2901
            yield self.with_sound_attributes(event)

    def arguments(self, event: Event) -> Iterator[Argument]:
        for argument in event.arguments:
            flaw = self.argument_flaw(event.type, argument)
            if flaw is None:
                yield argument
            else:
                self.reject_argument(event, argument, flaw.kind, flaw.message)

    def argument_flaw(self, event: str, argument: Argument) -> Flaw | None:
        found = (self.filler_flaw(event, argument.role, id) for _, id in validate.named(argument))
        return next(filter(None, found), None)

    def filler_flaw(self, event: str, role: str, mention: str) -> Flaw | None:
        absent = self.absent(mention)
        if absent is not None and absent.kind not in IN_PLACE:
            return absent
        if self.ontology is None:
            return absent
        return next(validate.role_flaws(event, role, self.types.get(mention), self.ontology), absent)

    def absent(self, id: str) -> Flaw | None:
        """What is wrong with naming a mention: it is not there, or was rejected."""
        if id in self.types:
            return None
        gone = self.gone.get(id)
        if gone is None:
            return Flaw("", *validate.missing(id))
        kind = {"unknown-type": "filler-not-allowed", "excluded": "excluded"}.get(gone.kind, "no-mention")
        return Flaw("", kind, f"mention {id!r} was rejected: {gone.message}")

    def relations(self, items: Iterable[Relation]) -> Iterator[Relation]:
        for relation in items:
            flaw = self.relation_flaw(relation)
            if flaw is None:
                yield relation
            else:
                self.reject(relation, flaw)

    def relation_flaw(self, relation: Relation) -> Flaw | None:
        again = self.again(relation)
        ends = [self.absent(end) for end in (relation.source, relation.target)]
        absent = min(filter(None, ends), key=lambda flaw: flaw.kind in IN_PLACE, default=None)
        if absent is not None and absent.kind not in IN_PLACE:
            return absent
        if again is not None or self.ontology is None:
            return again or absent
        types = self.types.get(relation.source), self.types.get(relation.target)
        return next(validate.relation_flaws(relation.type, types, self.ontology), absent)

    def with_sound_attributes(self, unit: Labelled) -> Labelled:
        flaws = [] if self.ontology is None else list(validate.value_flaws(unit, self.ontology))
        if not flaws:
            return unit
        attributes = dict[str, Held | None](unit.attributes)
        for name, wrong, flaw in flaws:
            self.reject_part(unit, "attribute", flaw, {name: wrong})
            left = [one for one in each(attributes[name]) if one not in each(wrong)]
            attributes[name] = held(left)
        kept = {name: value for name, value in attributes.items() if value is not None}
        return msgspec.structs.replace(unit, attributes=kept)

    # ------------------------------------------------------------ what is rejected

    def reject(self, item: Unit, flaw: Flaw) -> Rejected:
        kind, unit = _UNITS[type(item)]
        found = Rejected(
            unit=unit,
            kind=flaw.kind,
            message=flaw.message,
            where=self.document.id,
            document=self.document.id,
            id=item.id,
            type=item.type,
            spans=self.spans_of(item),
            path=place(kind, item.id),
            value=msgspec.to_builtins(item),
        )
        self.rejected.append(found)
        return found

    def spans_of(self, item: Unit) -> RawSpans:
        if isinstance(item, Relation):
            return self.place_of(item.source)
        return raw_spans(item.spans if isinstance(item, Mention) else item.trigger)

    def place_of(self, mention: str) -> RawSpans:
        """Where a mention is, or is said to be if it was rejected."""
        if mention in self.places:
            return raw_spans(self.places[mention])
        return self.gone[mention].spans if mention in self.gone else ()

    def reject_event(self, event: Event, flaw: Flaw) -> None:
        """An event and its arguments, of its kind, unless that says that they stand where they do not."""
        self.reject(event, flaw)
        for argument in event.arguments:
            absent = self.absent(argument.mention)
            if flaw.kind in IN_PLACE and absent is not None and absent.kind not in IN_PLACE:
                self.reject_argument(event, argument, absent.kind, absent.message)
            else:
                message = f"its event {event.id!r} was rejected: {flaw.message}"
                self.reject_argument(event, argument, flaw.kind, message)

    def reject_argument(self, event: Event, argument: Argument, kind: str, message: str) -> None:
        self.rejected.append(
            Rejected(
                unit="argument",
                kind=kind,
                message=message,
                where=self.document.id,
                document=self.document.id,
                type=event.type,
                role=argument.role,
                spans=self.place_of(argument.mention),
                trigger=raw_spans(event.trigger),
                path=place_of_argument(event.id, argument.role, argument.mention),
                value=msgspec.to_builtins(argument),
            )
        )

    def reject_part(
        self, item: Mention | Event, unit: Literal["head", "attribute"], flaw: Flaw, value: Any
    ) -> None:
        kind, _ = _UNITS[type(item)]
        self.rejected.append(
            Rejected(
                unit=unit,
                kind=flaw.kind,
                message=flaw.message,
                where=self.document.id,
                document=self.document.id,
                type=item.type,
                spans=self.spans_of(item),
                path=place(kind, item.id, flaw.path),
                value=msgspec.to_builtins(value),
            )
        )
