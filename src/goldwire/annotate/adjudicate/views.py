"""Views: one annotator's annotations of a document, by what they say and never by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from goldwire.corpora.types import PREFILL, Annotations, Event, Mention, Spans


def name(type: str, spans: Spans) -> str:
    """What a mention or event is called across layers.

    >>> from goldwire.corpora.types import Span
    >>> name("MIL", (Span(2, 8),))
    'MIL [[2, 8]]'
    """
    return f"{type} {[[span.start, span.end] for span in spans]}"


class View:
    """One annotator's annotations of a document, by what they say; of some relations, either way.

    `shown` is what they were shown before they began, if their line says so.
    """

    def __init__(self, annotations: Annotations, symmetric: frozenset[str] = frozenset()) -> None:
        names = {mention.id: name(mention.type, mention.spans) for mention in annotations.mentions}
        self.shown: str | None = annotations.provenance.details.get(PREFILL)
        self.mentions = {names[mention.id]: mention for mention in annotations.mentions}
        self.events: dict[str, Event] = {}
        for event in annotations.events:
            key = name(event.type, event.trigger) if event.trigger else _frame(event, names)
            self.events[_again(key, self.events)] = event
        self.arguments = {
            (key, argument.role, names[argument.mention]): tuple(names[id] for id in argument.alternatives)
            for key, event in self.events.items()
            for argument in event.arguments
        }
        self.fillers: dict[str, list[tuple[str, str]]] = {key: [] for key in self.events}
        for key, role, filler in self.arguments:
            self.fillers[key].append((role, filler))
        self.relations = set()
        for relation in annotations.relations:
            ends = names[relation.source], names[relation.target]
            first, last = sorted(ends) if relation.type in symmetric else ends
            self.relations.add((first, relation.type, last))


def _frame(event: Event, names: Mapping[str, str]) -> str:
    """What an event without a trigger is called: its type and arguments tell it from others."""
    arguments = sorted(f"{argument.role}: {names[argument.mention]}" for argument in event.arguments)
    return f"{event.type} ({'; '.join(arguments)})"


def _again(key: str, taken: Mapping[str, object]) -> str:
    """A name for the second event of one type on one trigger, and the third."""
    return next(found for n in count(1) if (found := key if n == 1 else f"{key} #{n}") not in taken)


Items = Mapping[str, Mention] | Mapping[str, Event]


def spans_of(item: Mention | Event) -> Spans:
    """Where a mention stands, or the trigger of an event; nowhere if it has none."""
    return item.spans if isinstance(item, Mention) else item.trigger
