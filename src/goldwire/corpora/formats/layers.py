"""Reads the layers of a CAS: which of them hold mentions, events and relations is told by their features."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from goldwire.corpora.formats import uima
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.offsets import Converter, OffsetError
from goldwire.corpora.types import Argument, Event, Mention, Rejected, Relation, Span

_LABELS = ("value", "category", "label", "type")
_OWN = {"begin", "end", "sofa", "Governor", "Dependent", "cluster"}
TAKEN = {*_OWN, *_LABELS, "self", "identifier", "arguments"}  # features that are no attributes of ours
_PASSED = ("uima.", "org.dkpro.", "de.tudarmstadt.")
_READ = {uima.ENTITY, uima.PREDICATE}


def take(view: Any, raw: uima.Raw, text: str, place: Place, gathering: Gathering) -> None:
    """Add the line of a document. `text` is that of the file, in which its offsets count."""
    _Reader(view, raw, text, place, gathering).take()


class _Reader:
    """Reads the layers of one document."""

    def __init__(self, view: Any, raw: uima.Raw, text: str, place: Place, gathering: Gathering) -> None:
        self.system, self.raw, self.place, self.gathering = view.typesystem, raw, place, gathering
        self.converter = Converter(text, "utf-16")
        self.options = gathering.options
        self.rejected: list[Rejected] = []
        self.layers: dict[str, list[Any]] = defaultdict(list)
        for item in view.select_all_fs():
            self.layers[item.type.name].append(item)
        self.ids: dict[int, str] = {}
        self.by_span: dict[Span, list[Mention]] = defaultdict(list)

    def take(self) -> None:
        kinds = {name: self.kind(items[0].type) for name, items in self.layers.items()}
        passed = sum(len(self.layers[name]) for name, kind in kinds.items() if kind == "unknown")
        self.gathering.lost["annotations of layers that are passed over"] += passed
        spans = [item for name in self.of(kinds, "mention") for item in self.layers[name]]
        mentions = [mention for item in spans for mention in self.mention(item)]
        for mention in mentions:
            self.by_span[mention.spans[0]].append(mention)
        clusters = dict(self.clusters())
        mentions = [msgspec.structs.replace(m, cluster=clusters.get(m.id, m.cluster)) for m in mentions]
        triggers = [item for name in self.of(kinds, "event") for item in self.layers[name]]
        events = [event for item in triggers for event in self.event(item)]
        links = [item for name in self.of(kinds, "relation") for item in self.layers[name]]
        relations = [relation for item in links for relation in self.relation(item)]
        self.gathering.add(self.place, mentions, events, relations, rejected=self.rejected)

    def of(self, kinds: Mapping[str, str], kind: str) -> list[str]:
        return sorted(name for name, one in kinds.items() if one == kind)

    # ------------------------------------------------------------ layers

    def kind(self, type: Any) -> str:
        """What the annotations of a type are; empty if they are linguistic or of UIMA itself."""
        names = {feature.name for feature in type.all_features}
        if not self.system.is_instance_of(type.name, uima.ANNOTATION) or type.name == uima.LINK:
            return ""
        if type.name.startswith(_PASSED) and type.name not in _READ:
            return ""
        if {"Governor", "Dependent"} <= names:
            return "relation"
        asked = self.options.events.split(",")
        return "event" if self.slots(type) or type.name.rpartition(".")[2] in asked else "mention"

    def slots(self, type: Any) -> list[str]:
        """The features that list links of role and target."""
        return [f.name for f in type.all_features if f.rangeType.name == "uima.cas.FSArray" and self.links(f)]

    def links(self, feature: Any) -> bool:
        element = feature.elementType
        name = getattr(element, "name", element)
        if not name or not self.system.contains_type(name):
            return False
        return {"role", "target"} <= {f.name for f in self.system.get_type(name).all_features}

    def label(self, item: Any) -> tuple[str | None, str]:
        """The type of an annotation, and the feature that holds it; without one it is the layer's name."""
        text = [f.name.rstrip("_") for f in item.type.all_features if f.rangeType.name == "uima.cas.String"]
        asked = [self.options.label] if self.options.label in text else [n for n in _LABELS if n in text]
        if not asked and not (own := [name for name in text if name not in TAKEN]):
            return str(item.type.name.rpartition(".")[2]), ""
        name = (asked or own)[0]
        return _value(item, name), name

    def attributes(self, item: Any, label: str) -> dict[str, str]:
        found = {}
        for feature in item.type.all_features:
            name = feature.name.rstrip("_")
            value = _value(item, name)
            if name in {*_OWN, label} or value is None:
                continue
            if self.system.is_primitive(feature.rangeType):
                found[name] = str(value).lower() if isinstance(value, bool) else str(value)
            elif name not in self.slots(item.type):
                self.gathering.lost["features with several values"] += 1
        return found

    def span(self, item: Any) -> Span | None:
        """The span of an annotation in the document; None if its offsets are in no place of the text."""
        raw = self.raw.get(item.xmiID)
        try:
            return None if raw is None else self.place.span(*map(self.converter.decode, raw))
        except OffsetError:
            return None

    def sound(self, item: Any, unit: str) -> tuple[Span, str, str] | None:
        """Span, type and feature of the type; None, and rejected, if it has no place or no type."""
        span, (type, label) = self.span(item), self.label(item)
        if span is not None and type:
            return span, type, label
        message = f"{item.type.name} {item.xmiID}: "
        message += f"no value in the feature {label!r}" if span else "its offsets are in no place of the text"
        raw = [self.raw[item.xmiID]] if item.xmiID in self.raw else []
        kind = "unlabelled" if span else "outside-text"
        id = str(item.xmiID)
        self.rejected.append(reject(self.place, unit, kind, message, raw, id=id, type=type or None))
        return None

    # ------------------------------------------------------------ units

    def mention(self, item: Any) -> Iterator[Mention]:
        if (found := self.sound(item, "mention")) is not None:
            span, type, label = found
            self.ids[item.xmiID] = f"m{item.xmiID}"
            yield Mention(
                id=f"m{item.xmiID}",
                type=type,
                spans=(span,),
                attributes=self.attributes(item, label),
                cluster=_value(item, "cluster"),
            )

    def event(self, item: Any) -> Iterator[Event]:
        if (found := self.sound(item, "event")) is not None:
            span, type, label = found
            yield Event(
                id=f"e{item.xmiID}",
                type=type,
                trigger=(span,),
                arguments=tuple(self.arguments(item, type, span)),
                attributes=self.attributes(item, label),
                cluster=_value(item, "cluster"),
            )

    def arguments(self, item: Any, type: str, trigger: Span) -> Iterator[Argument]:
        for name in self.slots(item.type):
            for link in getattr(_value(item, name), "elements", None) or ():
                role = _value(link, "role") or name
                mention = self.target(_value(link, "target"))
                if isinstance(mention, Mention):
                    yield Argument(role=role, mention=mention.id)
                    continue
                more: dict[str, Any] = {"type": type, "role": role, "trigger": (tuple(trigger),)}
                message = f"event {item.xmiID}: {_ENDS[mention]} is the target of role {role!r}"
                self.rejected.append(reject(self.place, "argument", mention, message, **more))

    def target(self, item: Any) -> Mention | str:
        """The mention that an annotation is or stands for, or why there is none."""
        if item is None or (span := self.span(item)) is None:
            return "no-mention"
        found = [m for m in self.by_span.get(span, ()) if self.ids.get(item.xmiID) == m.id]
        return found[0] if found else self.at(span, _value(item, "value"))

    def at(self, span: Span, type: str | None) -> Mention | str:
        """The mention with a span: the first of the type, else the only one."""
        there = self.by_span.get(span, [])
        same = [mention for mention in there if mention.type == type]
        if same or len(there) == 1:
            return (same or there)[0]
        return "ambiguous" if there else "no-mention"

    def relation(self, item: Any) -> Iterator[Relation]:
        ends = [self.target(_value(item, name)) for name in ("Governor", "Dependent")]
        type, _ = self.label(item)
        why = next((end for end in ends if isinstance(end, str)), None) or (None if type else "unlabelled")
        if why is not None:
            message = f"{item.type.name} {item.xmiID}: {_ENDS[why]} is at one end"
            id = f"r{item.xmiID}"
            self.rejected.append(reject(self.place, "relation", why, message, id=id, type=type or None))
            return
        source, target = (end.id for end in ends if isinstance(end, Mention))
        yield Relation(id=f"r{item.xmiID}", type=str(type), source=source, target=target)

    def clusters(self) -> Iterator[tuple[str, str]]:
        """Mentions and clusters of chains; links that meet no mention are counted."""
        for number, chain in enumerate(self.layers.get(uima.CHAIN, ()), start=1):
            link, seen = _value(chain, "first"), set()
            while link is not None and link.xmiID not in seen:
                seen.add(link.xmiID)
                span = self.span(link)
                found = "no-mention" if span is None else self.at(span, _value(link, "referenceType"))
                if isinstance(found, Mention):
                    yield found.id, f"c{number}"
                else:
                    self.gathering.lost["links of coreference that meet no mention"] += 1
                link = _value(link, "next")


_ENDS = {
    "no-mention": "no mention",
    "ambiguous": "one of several mentions",
    "unlabelled": "a relation without a label",
}


def _value(item: Any, name: str) -> Any:
    """A feature; cassis puts a line under names that Python needs itself."""
    return getattr(item, name + "_", None) if name in {"self", "type"} else getattr(item, name, None)
