"""Part what fits text and ontology from what does not; the latter goes out with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from goldwire.corpora.errors import Fault
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document, Event, Mention, Relation, Spans
from goldwire.corpora.validate import annotation_faults, excluded_reason
from goldwire.eval.extractors.simple import Reject

_PLACE = re.compile(
    r"\$\.(?P<kind>mentions|events|relations)"
    r"(?:\[(?P<index>\d+)\](?:\.arguments\[(?P<argument>\d+)\]|\.attributes\.(?P<attribute>.+))?)?",
    re.DOTALL,
)
T = TypeVar("T", Mention, Event, Relation)


class Sifted(msgspec.Struct, frozen=True, kw_only=True):
    """Sound annotations, rejected items, and how many units lay in excluded regions."""

    annotations: Annotations
    rejects: tuple[Reject, ...] = ()
    excluded: int = 0


def sift(annotations: Annotations, document: Document, ontology: Ontology | None = None) -> Sifted:
    """Part sound annotations from faulty ones; nothing is repaired.

    Units that touch an excluded region are no units: they are counted, not quarantined. An argument whose
    mention goes, goes with it.
    """
    inside, excluded = leave_excluded(annotations, document)
    rejects: list[Reject] = []
    while faults := annotation_faults(inside, document, ontology):
        rejects.extend(_rejects(inside, faults))
        inside = _without(inside, faults)
    return Sifted(annotations=inside, rejects=tuple(rejects), excluded=excluded)


def leave_excluded(annotations: Annotations, document: Document) -> tuple[Annotations, int]:
    """The annotations that touch no excluded region, and how many mentions and events did."""
    if not document.excluded:
        return annotations, 0
    mentions = tuple(m for m in annotations.mentions if not _touches(m.spans, document))
    events = tuple(e for e in annotations.events if not _touches(e.trigger, document))
    gone = {m.id for m in annotations.mentions} - {m.id for m in mentions}
    kept = msgspec.structs.replace(
        annotations,
        mentions=mentions,
        events=tuple(
            msgspec.structs.replace(e, arguments=tuple(a for a in e.arguments if a.mention not in gone))
            for e in events
        ),
        relations=tuple(r for r in annotations.relations if not {r.source, r.target} & gone),
    )
    return kept, len(annotations.mentions) - len(mentions) + len(annotations.events) - len(events)


def _touches(spans: Spans, document: Document) -> bool:
    return any(excluded_reason(span, document) is not None for span in spans)


def _rejects(annotations: Annotations, faults: Iterable[Fault]) -> Iterator[Reject]:
    for fault in faults:
        yield Reject(
            document=annotations.document,
            path=fault.path,
            reason=fault.message,
            value=_value(annotations, fault.path),
        )


def _value(annotations: Annotations, path: str) -> Any:
    place = _PLACE.match(path)
    if place is None or place["index"] is None:
        return None
    item = getattr(annotations, place["kind"])[int(place["index"])]
    if place["argument"] is not None:
        item = item.arguments[int(place["argument"])]
    return msgspec.to_builtins(item)


def _without(annotations: Annotations, faults: Iterable[Fault]) -> Annotations:
    """The annotations less what the faults are about, each removed at its deepest place."""
    gone: set[tuple[str, int]] = set()
    arguments: set[tuple[int, int]] = set()
    attributes: set[tuple[str, int, str]] = set()
    doubled: set[str] = set()
    for fault in faults:
        place = _PLACE.match(fault.path)
        if place is None:  # a fault of the document as a whole leaves nothing
            return Annotations(document=annotations.document, sha256=annotations.sha256)
        if place["index"] is None:
            doubled.add(place["kind"])
        elif place["argument"] is not None:
            arguments.add((int(place["index"]), int(place["argument"])))
        elif place["attribute"] is not None:
            attributes.add((place["kind"], int(place["index"]), place["attribute"]))
        else:
            gone.add((place["kind"], int(place["index"])))

    def kept(kind: str, items: tuple[T, ...]) -> Iterator[T]:
        seen: set[str] = set()
        for i, item in enumerate(items):
            if (kind, i) in gone or (kind in doubled and item.id in seen):
                continue
            seen.add(item.id)
            yield _trimmed(item, {name for k, j, name in attributes if (k, j) == (kind, i)})

    events = [
        msgspec.structs.replace(
            event, arguments=tuple(a for j, a in enumerate(event.arguments) if (i, j) not in arguments)
        )
        for i, event in enumerate(annotations.events)
    ]
    return msgspec.structs.replace(
        annotations,
        mentions=tuple(kept("mentions", annotations.mentions)),
        events=tuple(kept("events", tuple(events))),
        relations=tuple(kept("relations", annotations.relations)),
    )


def _trimmed(item: T, names: set[str]) -> T:
    if not names or isinstance(item, Relation):
        return item
    rest = {name: value for name, value in item.attributes.items() if name not in names}
    return msgspec.structs.replace(item, attributes=rest)
