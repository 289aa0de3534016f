"""Items of the simple form, decoded one by one: units, or what is wrong with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeVar

import msgspec

from goldwire.corpora import forms
from goldwire.corpora import labels as maps
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.places import Placer
from goldwire.corpora.rejected import raw_spans, raw_value
from goldwire.corpora.types import (
    Argument,
    Document,
    Event,
    Held,
    Mention,
    Rejected,
    Relation,
    Spans,
)
from goldwire.corpora.validate import Flaw
from goldwire.corpora.values import each, held

I = TypeVar("I", Mention, Event)


class _Holder(NamedTuple):
    """The event of an argument: its type as the map has it, as it was given, and its trigger."""

    type: str | None
    given: str | None
    trigger: Any


class Reader:
    """Reads the items of one document and keeps what it had to leave out.

    `rejected` are faulty items. A label without a counterpart is counted in `unmapped` and stays as it is;
    `dropped` counts those that the map leaves out on purpose, and what hangs on such a mention, which goes
    with it: `left` are their ids.
    """

    def __init__(self, document: Document, ontology: Ontology | None, labels: LabelMap, where: str) -> None:
        self.document, self.ontology, self.labels, self.where = document, ontology, labels, where
        self.made: list[Mention] = []
        self._standing: dict[Spans, list[Mention]] = {}  # those made, by where they stand
        self.places: dict[str, Any] = {}  # spans of mentions by the id they came with, sound or not
        self.left: set[str] = set()
        self.rejected: list[Rejected] = []
        self.unmapped: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()  # what sound items say besides, that is not kept
        self._fresh: Iterator[str] = iter(())  # ids for mentions that came without
        self.placer = Placer(document)

    def read(
        self,
        mentions: Sequence[msgspec.Raw],
        events: Sequence[msgspec.Raw],
        relations: Sequence[msgspec.Raw],
    ) -> tuple[tuple[Mention, ...], tuple[Event, ...], tuple[Relation, ...]]:
        """The units; arguments given by spans may add mentions."""
        found = [self._mention(raw, f"$.mentions[{i}]") for i, raw in enumerate(mentions)]
        listed = [mention for mention in found if mention]
        self._fresh = _fresh_ids(listed, "m")
        self.made = _with_ids(listed, self._fresh)
        self.left -= {mention.id for mention in self.made}
        for mention in self.made:
            self._standing.setdefault(mention.spans, []).append(mention)
        some = [event for i, raw in enumerate(events) if (event := self._event(raw, f"$.events[{i}]"))]
        kept = _with_ids(some, _fresh_ids(some, "e"))
        links = [self._relation(raw, f"$.relations[{i}]") for i, raw in enumerate(relations)]
        return tuple(self.made), tuple(kept), tuple(link for link in links if link)

    # ------------------------------------------------------------ labels

    def _mapped(self, unit: maps.Unit, label: str, target: str | None, within: str = "") -> str | None:
        """The counterpart of a label, itself where there is none; None where the map leaves it out."""
        if target is None:
            self.unmapped[f"{unit}:{within}{label}"] += 1
            return label
        if not target:
            self.dropped[f"{unit}:{within}{label}"] += 1
        return target or None

    def _mention_type(self, label: str) -> str | None:
        return self._mapped("mentions", label, self.labels.mention(label, self.ontology))

    def _event_type(self, label: str) -> str | None:
        return self._mapped("events", label, self.labels.event(label, self.ontology))

    def _relation_type(self, label: str) -> str | None:
        return self._mapped("relations", label, self.labels.relation(label, self.ontology))

    def _role(self, source: str, label: str, type: str) -> str | None:
        if self.ontology is not None and type not in self.ontology.events:
            return label
        found = self.labels.role(source, label, type, self.ontology)
        return self._mapped("roles", label, found, f"{source}.")

    def _attributes(self, values: dict[str, Held]) -> dict[str, Held]:
        if not values:
            return values
        found = {name: held(filter(None, self._values(name, value))) for name, value in values.items()}
        return {name: value for name, value in found.items() if value}

    def _values(self, name: str, value: Held) -> Iterator[str | None]:
        for one in each(value):
            target = self.labels.value(name, one, self.ontology)
            yield self._mapped("attributes", one, target, f"{name}.")

    # ------------------------------------------------------------ units

    def _mention(self, raw: msgspec.Raw, path: str) -> Mention | None:
        item, flaw = forms.decode(raw, forms.Mention, "spans", self.lost)
        if item is None:
            self._reject_mention(raw, flaw, path)
            return None
        type = self._mention_type(item.type)
        if type is None:
            self.left |= {item.id} if item.id else set()
            return None
        spans = self.placer.mention(item.spans, item.text, item.occurrence)
        if item.id:
            self.places.setdefault(item.id, item.spans if isinstance(spans, Flaw) else spans)
        if isinstance(spans, Flaw):
            self._reject(raw, spans, path, unit="mention", type=type)
            return None
        return Mention(
            id=item.id or "",
            type=type,
            spans=spans,
            head=item.head,
            attributes=self._attributes(item.attributes),
            cluster=item.cluster,
            score=item.score,
        )

    def _event(self, raw: msgspec.Raw, path: str) -> Event | None:
        item, flaw = forms.decode(raw, forms.Event, "trigger", self.lost)
        trigger = flaw if item is None else self.placer.trigger(item.trigger, item.text, item.occurrence)
        if item is None or isinstance(trigger, Flaw):
            self._reject_event(raw, trigger if isinstance(trigger, Flaw) else flaw, path)
            return None
        type = self._event_type(item.type)
        if type is None:
            return None
        holder = _Holder(type, item.type, trigger)
        return Event(
            id=item.id or "",
            type=type,
            alternatives=tuple(filter(None, map(self._event_type, item.alternatives))),
            trigger=trigger,
            arguments=tuple(self._arguments(item.arguments, holder, path)),
            attributes=self._attributes(item.attributes),
            cluster=item.cluster,
            score=item.score,
        )

    def _relation(self, raw: msgspec.Raw, path: str) -> Relation | None:
        item, flaw = forms.decode(raw, Relation, "spans", self.lost)
        if item is None:
            self._reject_relation(raw, flaw, path)
            return None
        type = self._relation_type(item.type)
        if type is None:
            return None
        if not self.left.isdisjoint((item.source, item.target)):
            self.dropped[f"relations:{item.type}"] += 1
            return None
        return item if type == item.type else msgspec.structs.replace(item, type=type)

    def _arguments(self, items: Sequence[msgspec.Raw], event: _Holder, path: str) -> Iterator[Argument]:
        for i, raw in enumerate(items):
            found = self._argument(raw, event, f"{path}.arguments[{i}]")
            if found is not None:
                yield found

    def _argument(self, raw: msgspec.Raw, event: _Holder, path: str) -> Argument | None:
        item, flaw = forms.decode(raw, forms.Argument, "spans", self.lost)
        if item is None:
            self._reject_argument(raw, flaw, event, path)
            return None
        role = self._role(event.given or "", item.role, event.type or "")
        mention = None if role is None else self._filler(item, event.type or "", role)
        if isinstance(mention, Flaw):
            self._reject_argument(raw, mention, event, path, role)
            return None
        if not role or not mention:
            return None
        others = tuple(id for id in item.alternatives if id not in self.left)
        return Argument(role=role, mention=mention, alternatives=others, score=item.score)

    def _filler(self, item: forms.Argument, event: str, role: str) -> str | Flaw | None:
        """The id of the mention that an argument names; one is made where its spans and type are certain.

        None if the label map leaves the mention out.
        """
        if item.mention is not None:
            if item.mention not in self.left:
                return item.mention
            self.dropped[f"arguments:{event}.{role}"] += 1
            return None
        type = item.type and self._mention_type(item.type)
        if item.type and not type:
            return None
        allowed = self._allowed(event, role)
        spans = self._argued(item, type, allowed)
        if isinstance(spans, Flaw):
            return spans
        message = "no mention has these spans: list one, or give the argument a `type`"
        return self._mention_at(spans, type, allowed) or Flaw("", "no-mention", message)

    def _argued(self, item: forms.Argument, type: str | None, allowed: frozenset[str]) -> Spans | Flaw:
        """Where the filler of an argument stands; given by words alone, at the first mention of these words.

        A mention that the role takes goes first; where there is none, it is the first place of the words.
        """
        if item.spans or item.text is None or item.occurrence is not None:
            return self.placer.argument(item.spans, item.text, item.occurrence)
        places = self.placer.places(item.text)
        same = [m for spans in places for m in self._standing.get(spans, ()) if type in (None, m.type)]
        if same:
            return min(same, key=lambda mention: mention.type not in allowed).spans
        return self.placer.argument(None, item.text, 1)

    def _mention_at(self, spans: Spans, type: str | None, allowed: frozenset[str]) -> str | None:
        same = [m for m in self._standing.get(spans, ()) if type in (None, m.type)]
        if same:
            return min(same, key=lambda mention: mention.type not in allowed).id
        type = type or (next(iter(allowed)) if len(allowed) == 1 else None)
        if type is None:
            return None
        made = Mention(id=next(self._fresh), type=type, spans=spans)
        self.made.append(made)
        self._standing.setdefault(spans, []).append(made)
        return made.id

    def _allowed(self, event: str, role: str) -> frozenset[str]:
        if self.ontology is None or event not in self.ontology.events:
            return frozenset()
        if role not in self.ontology.events[event].roles:
            return frozenset()
        return self.ontology.fillers(event, role)

    # ------------------------------------------------------------ what does not fit

    def _reject(self, raw: msgspec.Raw, flaw: Flaw, path: str, **given: Any) -> None:
        """Note an item; `given` goes before what can be read of it."""
        fields = _fields(raw)
        read: dict[str, Any] = {
            "id": _text(fields, "id"),
            "type": _text(fields, "type"),
            "spans": raw_spans(fields.get("trigger" if given["unit"] == "event" else "spans")),
            "words": _text(fields, "text"),
        }
        read |= {"kind": flaw.kind, "message": flaw.message, "path": path, "value": raw_value(raw)}
        self.rejected.append(Rejected(where=self.where, document=self.document.id, **{**read, **given}))

    def _reject_mention(self, raw: msgspec.Raw, flaw: Flaw, path: str) -> None:
        """A mention that cannot be decoded, unless its label is one that the map leaves out."""
        fields = _fields(raw)
        id, label = _text(fields, "id"), _text(fields, "type")
        type = None if label is None else self._mention_type(label)
        if type is None and label is not None:
            self.left |= {id} if id else set()
            return
        if id:
            self.places.setdefault(id, fields.get("spans"))
        self._reject(raw, flaw, path, unit="mention", type=type)

    def _reject_event(self, raw: msgspec.Raw, flaw: Flaw, path: str) -> None:
        """An event and each of its arguments, unless its label is one that the map leaves out."""
        fields = _fields(raw)
        label = _text(fields, "type")
        type = None if label is None else self._event_type(label)
        if type is None and label is not None:
            return
        self._reject(raw, flaw, path, unit="event", type=type)
        holder = _Holder(type, label, fields.get("trigger"))
        why = Flaw("", flaw.kind, f"its event was rejected: {flaw.message}")
        arguments = fields.get("arguments")
        for i, value in enumerate(arguments if isinstance(arguments, list) else []):
            argument = msgspec.Raw(msgspec.json.encode(value))
            self._reject_argument(argument, why, holder, f"{path}.arguments[{i}]")

    def _reject_argument(
        self, raw: msgspec.Raw, flaw: Flaw, event: _Holder, path: str, role: str | None = None
    ) -> None:
        """An argument, unless the map leaves its role out; `role` is the counterpart, if known."""
        fields = _fields(raw)
        given = _text(fields, "role")
        if role is None and given is not None and event.type is not None:
            role = self._role(event.given or event.type, given, event.type)
            if role is None:
                return
        mention = _text(fields, "mention")
        if mention is not None and mention in self.left:
            return
        self._reject(
            raw,
            flaw,
            path,
            unit="argument",
            id=None,
            type=event.type,
            role=role or given,
            spans=raw_spans(fields.get("spans") or self.places.get(mention or "")),
            trigger=raw_spans(event.trigger),
        )

    def _reject_relation(self, raw: msgspec.Raw, flaw: Flaw, path: str) -> None:
        fields = _fields(raw)
        label = _text(fields, "type")
        type = None if label is None else self._relation_type(label)
        if type is not None or label is None:
            spans = raw_spans(self.places.get(_text(fields, "source") or ""))
            self._reject(raw, flaw, path, unit="relation", type=type, spans=spans)


def _with_ids(items: list[I], fresh: Iterator[str]) -> list[I]:
    return [item if item.id else msgspec.structs.replace(item, id=next(fresh)) for item in items]


def _fresh_ids(items: Iterable[Mention | Event], prefix: str) -> Iterator[str]:
    """Ids that none of the items has."""
    used = {item.id for item in items}
    return (id for i in count(1) if (id := f"{prefix}{i}") not in used)


def _fields(raw: msgspec.Raw) -> dict[str, Any]:
    value = raw_value(raw)
    return value if isinstance(value, dict) else {}


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
