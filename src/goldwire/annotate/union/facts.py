"""Facts that a line of annotations states, each under the key that adjudication has for it.

So lines of different people are compared unit by unit, whatever ids they use: a mention, event, argument,
relation, link or one of several values is there, an attribute of one value has it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

import msgspec

from goldwire.annotate.adjudicate import Adjudicated, name
from goldwire.annotate.adjudicate.decisions import Say, Unit
from goldwire.annotate.adjudicate.views import View
from goldwire.corpora.offsets import surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Event, Mention, Spans
from goldwire.corpora.values import code, each

Key = tuple[Unit, str]
Items = Mapping[str, Mention | Event]
Layers = Mapping[str, Mapping[str, Annotations]]


class Fact(msgspec.Struct, frozen=True):
    """What is said of one key: that it is there, or a value; the units that it is of; its words and places.

    `default` is what the absence of a value means.
    """

    says: Say
    of: tuple[str, ...]
    words: str
    where: Spans = ()
    default: str | None = None


Facts = dict[Key, Fact]


def stated(line: Annotations, text: str, ontology: Ontology, absent: Collection[str] = ()) -> Facts:
    """All that a line says; of clusters each pair that is joined, in text order.

    `absent` are events that were there once (`view_of`).
    """
    view = view_of(line, ontology, absent)
    units: dict[str, Mention | Event] = {**view.mentions, **view.events}
    words = {key: words_of(key, item, text) for key, item in units.items()}
    where = {key: place(item) for key, item in units.items()}
    found: Facts = {("mention", key): Fact(True, (), words[key], where[key]) for key in view.mentions}
    found |= {("event", key): Fact(True, (), words[key], where[key]) for key in view.events}

    def join(unit: Unit, key: str, told: str, *ends: str) -> None:
        found[unit, key] = Fact(True, ends, told, (*where[ends[0]], *where[ends[1]]))

    for on, items in _items(view):
        found |= dict(_attributes(on, items, words, ontology))
        for one, other in joined(items):
            join("cluster", f"{one} = {other}", f"{words[one]} = {words[other]}", one, other)
    for event, role, filler in view.arguments:
        told = f"{role} of {words[event]}: {words[filler]}"
        join("argument", f"{event} {role} {filler}", told, event, filler)
    for one, type, other in view.relations:
        told = f"{type}: {words[one]} to {words[other]}"
        join("relation", f"{one} {type} {other}", told, one, other)
    return found


def view_of(line: Annotations, ontology: Ontology | None, absent: Collection[str] = ()) -> View:
    """A line by what it says. Of events that are the same but for what hangs on them, the second is #2.

    So it is too where the first is among those `absent`, which were there when they got their names.
    """
    events, husks, times = list[Event](), set[str](), Counter[str]()
    for event in line.events:
        called = name(event.type, event.trigger)
        while (key := numbered(called, times[called] + 1)) in absent:
            events.append(Event(id=f"absent {key}", type=event.type, trigger=event.trigger))
            husks.add(key)
            times[called] += 1
        events.append(event)
        times[called] += 1
    whole = msgspec.structs.replace(line, events=tuple(events)) if husks else line
    view = View(whole, frozenset() if ontology is None else ontology.symmetric)
    for key in husks:
        del view.events[key]
    return view


def numbered(called: str, number: int) -> str:
    """The name of the first, second, … event of one type on one trigger.

    >>> numbered("Attack [[2, 8]]", 1), numbered("Attack [[2, 8]]", 2)
    ('Attack [[2, 8]]', 'Attack [[2, 8]] #2')
    """
    return called if number == 1 else f"{called} #{number}"


def absent(found: Adjudicated, document: str) -> set[str]:
    """The events of a document that are not in its line, though somebody has them."""
    return {
        item.key
        for item in found.disagreements
        if item.document == document and item.unit == "event" and not item.decision
    }


def _items(view: View) -> Iterator[tuple[str, Items]]:
    yield "mention", view.mentions
    yield "event", view.events


def _attributes(
    on: str, items: Items, words: Mapping[str, str], ontology: Ontology
) -> Iterator[tuple[Key, Fact]]:
    for key, item in items.items():
        for attribute, value in item.attributes.items():
            path, told = f"{on} {key} {attribute}", f"{attribute} of {words[key]}"
            if attribute in ontology.several:
                yield from (
                    (("attribute", f"{path}={one}"), Fact(True, (key,), f"{one}: {told}", place(item)))
                    for one in each(value)
                )
            else:
                rule = ontology.attributes.get(attribute)
                default = None if rule is None else rule.default
                yield ("attribute", path), Fact(code(value), (key,), told, place(item), default)


def words_of(key: str, item: Mention | Event, text: str) -> str:
    """What shows a unit to people, as adjudication has it."""
    where = place(item)
    return f"{item.type} “{surface(text, where, ' … ')}”" if where else key


def place(item: Mention | Event) -> Spans:
    """Where a mention or the trigger of an event is."""
    return item.spans if isinstance(item, Mention) else item.trigger


def in_order(items: Items) -> list[str]:
    """The names of mentions or events in text order, as adjudication has them."""
    return sorted(items, key=lambda key: (place(items[key]), key))


def joined(items: Items) -> Iterator[tuple[str, str]]:
    """The pairs that clusters join, by name, each in text order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key in in_order(items):
        cluster = items[key].cluster
        if cluster is not None:
            groups[cluster].append(key)
    for group in groups.values():
        yield from combinations(group, 2)


# ---------------------------------------------------------------- what somebody says who was shown a line


def shown(line: Annotations) -> Annotations:
    """What a task shows of a line, events in the order of the ids that they were given."""
    events = sorted(
        (event for event in line.events if event.trigger), key=lambda event: (len(event.id), event.id)
    )
    return msgspec.structs.replace(line, events=tuple(events))


def answered(line: Annotations, shown: Annotations, text: str, ontology: Ontology) -> Facts:
    """What somebody says who was shown a line.

    Of two events that are the same but for what hangs on them, each keeps the name that it was shown by,
    also where the other is gone: their regions tell them apart.
    """
    ids = {event.id for event in shown.events}
    left = {event.id: event for event in line.events}
    known, gone = list[Event](), set[str]()
    for key, event in View(shown).events.items():
        same = [id for id, e in left.items() if _alike(e, event) and (id == event.id or id not in ids)]
        if same:
            known.append(left.pop(event.id if event.id in same else same[0]))
        else:
            gone.add(key)
    whole = msgspec.structs.replace(line, events=(*known, *left.values()))
    return stated(whole, text, ontology, gone)


def _alike(one: Event, other: Event) -> bool:
    return (one.type, one.trigger) == (other.type, other.trigger)
