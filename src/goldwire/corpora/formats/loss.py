"""Losses: what a layer holds that a format cannot, counted by kind, the same names for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from goldwire.corpora.types import Annotations, Event, Mention


def count(layer: Iterable[Annotations]) -> Counter[str]:
    """Everything in a layer besides the types and spans of its mentions and triggers, by kind.

    A format takes out of it what it holds, and what is left is its loss.
    """
    found: Counter[str] = Counter()
    for item in layer:
        units: list[Mention | Event] = [*item.mentions, *item.events]
        found["events"] += len(item.events)
        found["arguments"] += sum(len(event.arguments) for event in item.events)
        found["alternatives"] += alternatives(item).total()
        found["relations"] += len(item.relations)
        found["attributes"] += sum(len(unit.attributes) for unit in units)
        found["cluster links"] += sum(unit.cluster is not None for unit in units)
        found["heads"] += sum(mention.head is not None for mention in item.mentions)
        found["scores"] += sum(unit.score is not None for unit in units)
        found["scores"] += sum(a.score is not None for event in item.events for a in event.arguments)
        found["scores"] += sum(relation.score is not None for relation in item.relations)
        found["rejected units"] += len(item.rejected)
        found["provenance"] += item.provenance != type(item.provenance)()
    return found


def alternatives(annotations: Annotations) -> Counter[str]:
    """How many types of events have alternatives, and how many fillers."""
    found: Counter[str] = Counter()
    for event in annotations.events:
        found["types"] += bool(event.alternatives)
        found["fillers"] += sum(bool(argument.alternatives) for argument in event.arguments)
    return found


def with_triggers(annotations: Annotations, lost: Counter[str]) -> Annotations:
    """The annotations without events that have no trigger, for what can show an event in the text alone.

    How many they are, and their arguments, is added to `lost`.
    """
    without = [event for event in annotations.events if not event.trigger]
    if not without:
        return annotations
    lost["events without a trigger"] += len(without)
    lost["arguments of lost events"] += sum(len(event.arguments) for event in without)
    kept = tuple(event for event in annotations.events if event.trigger)
    return msgspec.structs.replace(annotations, events=kept)


def report(found: Counter[str], held: Iterable[str] = ()) -> dict[str, int]:
    """The kinds that are not `held` and occur, sorted by name."""
    kept = set(held)
    return {kind: times for kind, times in sorted(found.items()) if times and kind not in kept}
