"""Regions and arrows back into annotations: the `graph` layout, and projects that others made.

A region of an entity control is a mention, one of a trigger control an event. An arrow with a role joins an
event with a mention, whichever way it was drawn; `same` joins mentions, or events, into clusters, however
many arrows it takes; `continued` joins regions of one label into one mention or trigger. A region with
several labels is a mention for each, and an arrow to it goes to each that the role takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from goldwire.annotate.exchange import clusters
from goldwire.annotate.exchange.controls import Controls
from goldwire.annotate.exchange.parts import End, Ends, Item, ItemKind, Key, free
from goldwire.annotate.exchange.regions import item_id
from goldwire.annotate.exchange.results import Arrow, Choice, Region, Sorted, in_order, place
from goldwire.corpora import valid
from goldwire.corpora.forms import SCORES
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import IN_PLACE, raw_spans
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Rejected,
    Relation,
    Span,
    Spans,
)
from goldwire.corpora.valid import sound
from goldwire.corpora.values import each, held


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """Annotations, what was rejected and why, what a layer cannot hold and what was repaired, by kind."""

    annotations: Annotations
    rejected: tuple[Rejected, ...] = ()
    lost: dict[str, int] = {}
    repaired: dict[str, int] = {}


def decode(
    found: Sorted,
    document: Document,
    controls: Controls,
    ontology: Ontology | None = None,
    *,
    scores: bool = False,
) -> Decoded:
    """The annotations that sorted results amount to, checked against text and ontology.

    `scores` takes over confidences: those of a system, not those left on what a person confirmed.
    """
    graph = _Graph(found, controls, ontology, scores=scores)
    annotations, unsound = sound(graph.build(document), document, ontology)
    for item in unsound:
        graph.drop(item)
    return Decoded(
        annotations=annotations,
        rejected=in_order(found.rejected),
        lost=dict(found.lost),
        repaired=dict(found.repaired),
    )


class _Graph:
    """Turns regions, choices and arrows into annotations and notes where each part came from."""

    def __init__(self, found: Sorted, controls: Controls, ontology: Ontology | None, *, scores: bool) -> None:
        self.found = found
        self.controls = controls
        self.ontology = ontology
        self.scores = scores
        self.items: dict[ItemKind, dict[str, Item]] = {"mentions": {}, "events": {}}
        self.places: dict[tuple[str, Spans], Item] = {}
        self.of_region: dict[tuple[ItemKind, str], list[Item]] = defaultdict(list)
        self.arguments: dict[str, list[Argument]] = defaultdict(list)
        self.relations: list[Relation] = []
        self.same: list[tuple[Arrow, Key, Key]] = []
        # The result behind each part, by the part's path (see `corpora.valid`).
        self.origins: dict[str, int] = {}
        self.choices: dict[str, list[int]] = defaultdict(list)  # what describes a unit, by its path
        self.gone = {item.id: item for item in found.rejected if item.unit in ("mention", "event")}
        self.regions = {region.id: region for region in found.regions}

    def build(self, document: Document) -> Annotations:
        """All that was found, sound or not."""
        for group in self._groups():
            self._add_items(group)
        for choice in self.found.choices:
            self._add_choice(choice)
        for arrow in self.found.arrows:
            if arrow.label != self.controls.continued:
                self._add_arrow(arrow)
        for arrow in self.found.unlisted:
            known = ", ".join(self.controls.arrows) or "none"
            message = f"no arrow is called {arrow.label!r}; there are: {known}"
            if {arrow.source, arrow.target} <= self.regions.keys():
                self._reject_arrow(arrow, "unknown-role", message)
            else:
                self._reject_dangling(arrow)
        names = {**self._clusters("mentions"), **self._clusters("events")}
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(self._mention(item, names) for item in self.items["mentions"].values()),
            events=tuple(self._event(item, names) for item in self.items["events"].values()),
            relations=tuple(self.relations),
        )

    # ------------------------------------------------------------ regions to mentions and events

    def _kind(self, region: Region) -> ItemKind:
        return "mentions" if region.control in self.controls.entities else "events"

    def _groups(self) -> Iterable[tuple[Region, ...]]:
        """Regions, those together that `continued` joins, in order of their first."""
        by_id: dict[str, list[Region]] = defaultdict(list)
        for region in self.found.regions:
            by_id[region.id].append(region)
        parts = clusters.Union[int]()
        for arrow in self.found.arrows:
            if arrow.label == self.controls.continued:
                self._join_parts(arrow, by_id, parts)
        groups: dict[int, list[Region]] = defaultdict(list)
        for region in self.found.regions:
            groups[parts.find(region.index)].append(region)
        return [tuple(sorted(group, key=lambda region: region.span)) for group in groups.values()]

    def _join_parts(self, arrow: Arrow, by_id: dict[str, list[Region]], parts: clusters.Union[int]) -> None:
        sources, targets = by_id.get(arrow.source, []), by_id.get(arrow.target, [])
        pairs = [
            (one, other)
            for one in sources
            for other in targets
            if (one.control, one.labels) == (other.control, other.labels) and one.index != other.index
        ]
        if not sources or not targets:
            self._reject_dangling(arrow)
        elif not pairs:
            message = "`continued` joins parts of one and the same label"
            self.found.reject("cluster", "parts-differ", message, arrow.index)
        for one, other in pairs:
            parts.join(one.index, other.index)

    def _add_items(self, group: tuple[Region, ...]) -> None:
        kind = self._kind(group[0])
        items = self.items[kind]
        for label in group[0].labels:
            item = Item(self._free_id(group, label, items), label, group)
            twin = self.places.setdefault((label, item.spans), item) if kind == "mentions" else item
            for region in group:
                self.of_region[kind, region.id].append(twin)
            if twin is item:
                items[item.id] = item
                self.origins[valid.place(kind, item.id)] = group[0].index
                continue
            for region in group:  # people mark the same words twice by mistake
                message = f"the same words are marked as {label} already ({twin.of[0].id})"
                self.found.reject("mention", "duplicate", message, region.index, id=region.id, type=label)

    def _free_id(self, group: tuple[Region, ...], label: str, items: dict[str, Item]) -> str:
        id = item_id(group[0].id) or group[0].id
        if id in items and label != group[0].labels[0]:
            id = f"{id}:{label}"
        return free(id, items)

    # ------------------------------------------------------------ choices to attributes

    def _add_choice(self, choice: Choice) -> None:
        items = self._described(choice)
        if not items:
            message = f"there is no region {choice.region!r} to describe"
            self.found.reject("attribute", "no-mention", message, choice.index)
        for kind, item in items:
            before = each(item.attributes.get(choice.attribute))
            if before and (choice.value in before or not choice.several):
                why = "duplicate" if choice.value in before else "contradiction"
                had = ", ".join(before)
                message = f"{choice.attribute} of {choice.region} is {had} already, not {choice.value}"
                self.found.reject("attribute", why, message, choice.index)
            else:
                item.attributes[choice.attribute] = held((*before, choice.value)) or choice.value
                path = valid.place(kind, item.id, f".attributes.{choice.attribute}")
                self.origins[path] = choice.index
                self.choices[valid.place(kind, item.id)].append(choice.index)

    def _described(self, choice: Choice) -> list[tuple[ItemKind, Item]]:
        """The items of a region that an attribute is meant for; all if it is meant for none of them."""
        kinds: tuple[ItemKind, ...] = ("mentions", "events")
        items = [(kind, item) for kind in kinds for item in self.of_region.get((kind, choice.region), [])]
        if self.ontology is None:
            return items
        meant = [
            (kind, item)
            for kind, item in items
            if choice.attribute
            in self.ontology.attributes_of("mention" if kind == "mentions" else "event", item.type)
        ]
        return meant or items

    # ------------------------------------------------------------ arrows

    def _add_arrow(self, arrow: Arrow) -> None:
        ends = [
            {kind: self.of_region.get((kind, end), []) for kind in self.items}
            for end in (arrow.source, arrow.target)
        ]
        source, target = ends
        if not any(source.values()) or not any(target.values()):
            self._reject_dangling(arrow)
        elif arrow.label in self.controls.same:
            self._add_same(arrow, source, target)
        elif source["events"] and target["mentions"]:
            self._add_arguments(arrow, source["events"], target["mentions"])
        elif source["mentions"] and target["events"]:
            self.found.repaired["arrow drawn from mention to trigger"] += 1
            self._add_arguments(arrow, target["events"], source["mentions"])
        elif source["mentions"] and target["mentions"] and self._is_relation(arrow.label):
            self._add_relation(arrow, source["mentions"][0], target["mentions"][0])
            if arrow.both_ways:
                self._add_relation(arrow, target["mentions"][0], source["mentions"][0])
        else:
            message = f"{arrow.label} joins a trigger with a mention; this arrow joins two of a kind"
            is_relation = bool(source["mentions"] and target["mentions"])
            self._reject_arrow(arrow, "unknown-type" if is_relation else "no-mention", message)

    def _is_relation(self, label: str) -> bool:
        return self.ontology is None or label in self.ontology.relations

    def _reject_dangling(self, arrow: Arrow) -> None:
        """An arrow with an end that is not there: what it says goes the way of the event or mention there."""
        ends = [self.gone.get(end) for end in (arrow.source, arrow.target) if end not in self.regions]
        event = next((end for end in ends if end is not None and end.unit == "event"), None)
        by_type = bool(ends) and all(end is not None and end.kind == "unknown-type" for end in ends)
        kind = "filler-not-allowed" if by_type else "no-mention"
        if event is not None and (by_type or event.kind not in IN_PLACE):
            kind = event.kind
        message = f"the arrow from {arrow.source} to {arrow.target} has an end that is not there"
        self._reject_arrow(arrow, kind, message)

    def _reject_arrow(self, arrow: Arrow, kind: str, message: str) -> None:
        """An arrow as what it says: an argument, a relation, or coreference."""
        if arrow.label in (*self.controls.same, self.controls.continued):
            self.found.reject("cluster", kind, message, arrow.index)
            return
        source, target = self._end(arrow.source), self._end(arrow.target)
        if target.is_event and not source.is_event:
            source, target = target, source
        if source.is_event or not target.is_known:
            more = {"type": source.type, "role": arrow.label, "spans": target.spans, "trigger": source.spans}
            self.found.reject("argument", kind, message, arrow.index, **more)
            return
        kind = "unknown-type" if kind == "unknown-role" else kind
        self.found.reject("relation", kind, message, arrow.index, type=arrow.label, spans=source.spans)

    def _end(self, id: str) -> End:
        """What is at an end of an arrow, taken over or not."""
        if (region := self.regions.get(id)) is not None:
            items = [item for kind in self.items for item in self.of_region.get((kind, id), [])]
            spans = items[0].spans if items else (region.span,)
            return End(True, self._kind(region) == "events", region.labels[0], raw_spans(spans))
        if (gone := self.gone.get(id)) is not None:
            return End(True, gone.unit == "event", gone.type, gone.spans)
        return End(False, False, None, ())

    def _add_same(self, arrow: Arrow, source: Ends, target: Ends) -> None:
        pairs = [
            ((kind, one.id), (kind, other.id))
            for kind in self.items
            for one in source[kind]
            for other in target[kind]
            if one.id != other.id
        ]
        if not pairs:
            message = f"{arrow.label} joins two mentions or two triggers, each other than itself"
            self.found.reject("cluster", "not-coreferent", message, arrow.index)
        self.same += [(arrow, one, other) for one, other in pairs]

    def _add_arguments(self, arrow: Arrow, events: list[Item], mentions: list[Item]) -> None:
        for event in self._takers(arrow.label, events):
            for mention in self._fillers(event.type, arrow.label, mentions):
                path = valid.place_of_argument(event.id, arrow.label, mention.id)
                if path in self.origins:
                    message = f"{mention.id} is {arrow.label} of {event.id} already"
                    self._reject_arrow(arrow, "duplicate", message)
                    continue
                self.origins[path] = arrow.index
                argument = Argument(role=arrow.label, mention=mention.id, score=self._score(arrow.meta))
                self.arguments[event.id].append(argument)

    def _takers(self, role: str, events: list[Item]) -> list[Item]:
        """Those of a trigger's events that have the role; all if none has it, for the validator to say so."""
        known = self.ontology.events if self.ontology else {}
        return [e for e in events if e.type in known and role in known[e.type].roles] or events

    def _fillers(self, event: str, role: str, mentions: list[Item]) -> list[Item]:
        """Those of a region's mentions that the role takes; all if it takes none."""
        if self.ontology is None or role not in getattr(self.ontology.events.get(event), "roles", {}):
            return mentions
        allowed = self.ontology.fillers(event, role)
        return [mention for mention in mentions if mention.type in allowed] or mentions

    def _add_relation(self, arrow: Arrow, source: Item, target: Item) -> None:
        given = arrow.meta.get("id")
        wanted = given if isinstance(given, str) else f"{source.id}-{arrow.label}-{target.id}"
        id = free(wanted, {relation.id for relation in self.relations})
        self.origins[valid.place("relations", id)] = arrow.index
        score = self._score(arrow.meta)
        relation = Relation(id=id, type=arrow.label, source=source.id, target=target.id, score=score)
        self.relations.append(relation)

    def _score(self, meta: dict[str, Any]) -> float | None:
        score = meta.get("score")
        return self._rated(float(score)) if self.scores and isinstance(score, int | float) else None

    def _rated(self, score: float | None) -> float | None:
        if score is None or 0 <= score <= 1:
            return score
        self.found.lost[SCORES] += 1
        return None

    # ------------------------------------------------------------ annotations

    def _clusters(self, kind: ItemKind) -> dict[Key, str]:
        items: list[Key] = [(kind, id) for id in self.items[kind]]
        had = {key: name for key in items if (name := self._had_cluster(key))}
        return clusters.name(items, [(one, other) for _, one, other in self.same], had)

    def _had_cluster(self, key: Key) -> str | None:
        item = self.items[key[0]][key[1]]
        names = [region.meta.get("cluster") for region in item.of]
        return next((name for name in names if isinstance(name, str) and name), None)

    def _mention(self, item: Item, names: dict[Key, str]) -> Mention:
        return Mention(
            id=item.id,
            type=item.type,
            spans=item.spans,
            head=self._head(item),
            attributes=item.attributes,
            cluster=names.get(("mentions", item.id)),
            score=self._score_of(item),
        )

    def _event(self, item: Item, names: dict[Key, str]) -> Event:
        return Event(
            id=item.id,
            type=item.type,
            trigger=item.spans,
            arguments=tuple(self.arguments[item.id]),
            attributes=item.attributes,
            cluster=names.get(("events", item.id)),
            score=self._score_of(item),
        )

    def _score_of(self, item: Item) -> float | None:
        found = (region.score for region in item.of if region.score is not None)
        return self._rated(next(found, None)) if self.scores else None

    def _head(self, item: Item) -> Span | None:
        """The head it came with, if somebody has not moved the mention off it since."""
        for region in item.of:
            match region.meta.get("head"):
                case [int(start), int(end)]:
                    if any(span.start <= start < end <= span.end for span in item.spans):
                        return Span(start, end)
                    self.found.lost["head of a mention that was moved"] += 1
        return None

    # ------------------------------------------------------------ what was not sound

    def drop(self, item: Rejected) -> None:
        """Note a part that was taken out, by its result, and with a mention or event what described it."""
        self._note(item)
        if item.unit not in ("mention", "event"):
            return
        for index in self.choices.get(item.path, ()):
            message = f"{item.id}, to which it belongs, was rejected"
            self.found.reject("attribute", "no-mention", message, index)
        kind: ItemKind = "mentions" if item.unit == "mention" else "events"
        for arrow, *ends in self.same:
            if (kind, item.id) in ends:
                self._reject_dangling(arrow)

    def _note(self, item: Rejected) -> None:
        index = self.origins.get(item.path)
        given = {} if index is None else {"path": place(index), "value": self.found.given[index]}
        self.found.rejected.append(msgspec.structs.replace(item, where="", **given))
