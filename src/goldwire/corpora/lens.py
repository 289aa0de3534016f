"""Lens: annotations through the plain label map of a view (see `corpora.views`).

A unit whose label is left out is no unit, and what hangs on it goes with it: arguments and relations of a
mention, arguments of an event. So is a rejected unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from goldwire.corpora import exclude
from goldwire.corpora.labels import LabelMap, Typed
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Event, Held, Mention, Rejected, Relation
from goldwire.corpora.values import each, held

U = TypeVar("U", Mention, Event, Relation)


class Lens(msgspec.Struct, frozen=True):
    """Annotations through a plain map.

    Where they are `scored`, defaults of the `ontology` are made explicit before types and values are renamed,
    for then they could not be found; and a value that is left out is None: no value, not the default.
    """

    labels: LabelMap
    scored: bool = False
    ontology: Ontology | None = None

    def see(self, item: Annotations) -> tuple[Annotations, int]:
        """The annotations as they are seen, and how many units are left out (see `size`)."""
        left = exclude.only(item, lambda m: self._stays("mentions", m), lambda e: self._stays("events", e))
        seen = msgspec.structs.replace(
            left,
            mentions=tuple(self._unit("mentions", mention) for mention in left.mentions),
            events=tuple(self._event(event) for event in left.events),
            relations=tuple(
                self._unit("relations", r) for r in left.relations if self._stays("relations", r)
            ),
            rejected=tuple(self.rejected(item.rejected)),
        )
        return seen, size(item) - size(seen)

    def _type(self, kind: Typed, label: str) -> str:
        table: dict[str, str] = getattr(self.labels, kind)
        return table.get(label, label)

    def _stays(self, kind: Typed, unit: Mention | Event | Relation) -> bool:
        return self._type(kind, unit.type) != ""

    def _unit(self, kind: Typed, unit: U) -> U:
        type = self._type(kind, unit.type)
        if not isinstance(unit, Relation) and (self.labels.attributes or (self.scored and type != unit.type)):
            return msgspec.structs.replace(unit, type=type, attributes=self._attributes(unit))
        return unit if type == unit.type else msgspec.structs.replace(unit, type=type)

    def _event(self, event: Event) -> Event:
        if self.labels.roles and event.arguments:
            found = ((argument, self._role(event.type, argument.role)) for argument in event.arguments)
            kept = tuple(msgspec.structs.replace(argument, role=role) for argument, role in found if role)
            event = msgspec.structs.replace(event, arguments=kept)
        return self._unit("events", event)

    def _role(self, event: str | None, role: str | None) -> str | None:
        return self.labels.roles.get(f"{event}.{role}", role)

    def _attributes(self, unit: Mention | Event) -> dict[str, Held]:
        """The values of a unit by their new names."""
        tables = self.labels.attributes
        given = {**self._defaults(unit), **unit.attributes}
        found: dict[str, Any] = {
            name: held(filter(None, (tables.get(name, {}).get(one, one) for one in each(value))))
            for name, value in given.items()
        }
        return {name: value for name, value in found.items() if value or self.scored}  # None: as `put_back`

    def _defaults(self, unit: Mention | Event) -> dict[str, str]:
        """What absent values mean to a unit of its type in the ontology."""
        if not self.scored or self.ontology is None:
            return {}
        kind: tuple[Any, ...] = ("event", unit.type) if isinstance(unit, Event) else ("mention",)
        known = self.ontology.attributes_of(*kind)
        return {name: rule.default for name, rule in known.items() if rule.default is not None}

    def rejected(self, units: Iterable[Rejected]) -> Iterator[Rejected]:
        """Rejected units by the label that they are seen under, without those whose label is left out."""
        for one in units:
            kind = _REJECTED.get(one.unit)
            type = one.type if kind is None or one.type is None else self._type(kind, one.type)
            role = self._role(one.type, one.role) if one.unit == "argument" else one.role
            if type != "" and role != "":
                yield msgspec.structs.replace(one, type=type, role=role)


_REJECTED: dict[str, Typed] = {
    "mention": "mentions",
    "event": "events",
    "argument": "events",
    "relation": "relations",
}


def size(item: Annotations) -> int:
    """How many mentions, events, arguments and relations a line has, and how many things rejected."""
    arguments = sum(len(event.arguments) for event in item.events)
    return len(item.mentions) + len(item.events) + arguments + len(item.relations) + len(item.rejected)
