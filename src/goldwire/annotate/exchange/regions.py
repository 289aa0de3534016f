"""Annotations as Label Studio regions and arrows: what each mention, event, argument and cluster becomes.

    mention, event      a region with its label for each span; the parts joined by `continued`
    attribute           a choice of the first region
    argument, relation  an arrow with the role or relation type
    cluster             `same` arrows, each mention to the one before it
    head, cluster name  kept in the region's `meta`, out of sight; scores in `score`

The ids of regions are those of mentions and events, so that what comes back can be told again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from goldwire.annotate.exchange.results import OURS
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.types import Annotations, Event, Excluded, Held, Mention, Span, Spans
from goldwire.corpora.values import each

Result = dict[str, Any]
_EVENT = "_e"  # before the id of an event that a mention has too
_HEX = "_x"  # before an id in hexadecimal
_PART = "__"  # before the number of a part
_PARTS = re.compile(rf"{_PART}\d+$")
_PLAIN = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*")


def region_id(id: str, *, event: bool = False, part: int = 0) -> str:
    """The id of the region for one part of a mention, or of an event whose id a mention has too.

    Label Studio makes style sheets of region ids and cuts them at `#`: in them are only letters, digits,
    `-` and `_`. Ids with anything else in them are written in hexadecimal.

    >>> region_id("m1"), region_id("m1", part=1), region_id("m1", event=True), region_id("é")
    ('m1', 'm1__2', '_em1', '_xc3a9')
    """
    plain = _PLAIN.fullmatch(id) and "__" not in id
    written = id if plain else _HEX + id.encode("utf-8", "surrogatepass").hex()
    return f"{_EVENT if event else ''}{written}{f'{_PART}{part + 1}' if part else ''}"


def item_id(region: str) -> str:
    """The id of the mention or event that a region stands for; the inverse of `region_id`.

    >>> item_id("_e_xc3a9__2")
    'é'
    """
    written = _PARTS.sub("", region.removeprefix(_EVENT)) or region
    if not written.startswith(_HEX):
        return written
    try:
        return bytes.fromhex(written.removeprefix(_HEX)).decode("utf-8")
    except ValueError:
        return written  # one that Label Studio made


def encode(annotations: Annotations, text: str) -> list[Result]:
    """The results that show annotations in the `graph` layout; annotations must be sound, and every
    event have a trigger.

    Regions come in the order of mentions and events, arrows after them.
    """
    mentions = {mention.id: region_id(mention.id) for mention in annotations.mentions}
    events = {event.id: region_id(event.id, event=event.id in mentions) for event in annotations.events}
    return [
        *(result for m in annotations.mentions for result in mention_regions(m, text)),
        *(
            r
            for e in annotations.events
            for r in _regions(e, events[e.id], labelconfig.TRIGGER, e.trigger, text)
        ),
        *_continued((mentions[m.id], m.spans) for m in annotations.mentions),
        *_continued((events[e.id], e.trigger) for e in annotations.events),
        *(arrow for event in annotations.events for arrow in _arguments(event, events, mentions)),
        *_relations(annotations, mentions),
        *_same((m.cluster, mentions[m.id]) for m in annotations.mentions),
        *_same((e.cluster, events[e.id]) for e in annotations.events),
    ]


def mention_regions(mention: Mention, text: str) -> list[Result]:
    """The regions of a mention, with its attributes at the first."""
    return _regions(mention, region_id(mention.id), labelconfig.ENTITY, mention.spans, text)


def region(id: str, control: str, labels: Iterable[str], span: Span | Excluded, text: str) -> Result:
    """A labelled region."""
    value = {"start": span.start, "end": span.end, "text": text[span.start : span.end], "labels": [*labels]}
    return {"id": id, "from_name": control, "to_name": labelconfig.TEXT, "type": "labels", "value": value}


def part_ids(first: str, spans: Spans) -> list[str]:
    """The region ids of all parts, from that of the first."""
    return [f"{first}{_PART}{part + 1}" if part else first for part in range(len(spans))]


def _regions(item: Mention | Event, first: str, control: str, spans: Spans, text: str) -> list[Result]:
    found = [
        region(id, control, [item.type], span, text)
        for id, span in zip(part_ids(first, spans), spans, strict=True)
    ]
    if meta := _meta(item):
        found[0]["meta"] = {OURS: meta}
    if item.score is not None:
        found[0]["score"] = item.score
    return found + [_choice(found[0], name, value) for name, value in item.attributes.items()]


def _meta(item: Mention | Event) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if item.cluster is not None:
        meta["cluster"] = item.cluster
    if isinstance(item, Mention) and item.head is not None:
        meta["head"] = [item.head.start, item.head.end]
    return meta


def _choice(of: Result, attribute: str, value: Held) -> Result:
    place = {key: of["value"][key] for key in ("start", "end", "text")}
    return {
        "id": of["id"],
        "from_name": f"{labelconfig.ATTRIBUTE}{attribute}",
        "to_name": labelconfig.TEXT,
        "type": "choices",
        "value": {**place, "choices": [*each(value)]},
    }


def arrow(source: str, target: str, label: str, **meta: Any) -> Result:
    """An arrow between two regions; `meta` is kept out of sight."""
    kept = {key: value for key, value in meta.items() if value is not None}
    return {
        "type": "relation",
        "from_id": source,
        "to_id": target,
        "direction": "right",
        "labels": [label],
        **({"meta": {OURS: kept}} if kept else {}),
    }


def _continued(items: Iterable[tuple[str, Spans]]) -> Iterator[Result]:
    for first, spans in items:
        for part in part_ids(first, spans)[1:]:
            yield arrow(first, part, labelconfig.CONTINUED)


def _arguments(event: Event, events: dict[str, str], mentions: dict[str, str]) -> Iterator[Result]:
    for argument in event.arguments:
        yield arrow(events[event.id], mentions[argument.mention], argument.role, score=argument.score)


def _relations(annotations: Annotations, mentions: dict[str, str]) -> Iterator[Result]:
    for relation in annotations.relations:
        ends = mentions[relation.source], mentions[relation.target]
        yield arrow(*ends, relation.type, id=relation.id, score=relation.score)


def _same(items: Iterable[tuple[str | None, str]]) -> Iterator[Result]:
    """Arrows from each region of a cluster to the one before it: short ones, where a star's would be long."""
    last: dict[str, str] = {}
    for cluster, id in items:
        if cluster is not None:
            if cluster in last:
                yield arrow(id, last[cluster], labelconfig.SAME)
            last[cluster] = id
