"""What may be annotated: entity types, event types with their roles, attributes. Read from TOML, checked.

[groups]                     PARTY = ["PER", "ORG"]            names for sets of entity types
[entities.PER]               title, definition, example, colour, key, parent
[events.Attack]              title, definition, example, colour, key, parent, roles, mappings
[events.Attack.roles]        attacker = { fillers = ["PARTY"], definition = "…" }
[relations.NAME]             title, definition, parent, source and target fillers, symmetric
[attributes.realis]          on = "event" or "mention", events (all if absent), default, values
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from goldwire import configs
from goldwire.corpora import toml
from goldwire.corpora.errors import DataError, Fault, OntologyError, nearest

KINDS = ("groups", "entities", "events", "relations", "attributes")


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Parented(_Struct, frozen=True):
    """What every type may have: one of its kind that stands above it, for coarser views."""

    parent: str | None = None


class EntityType(Parented, frozen=True):
    """A type of mention; `example` is a sentence with mentions of the type in [brackets]."""

    title: str = ""
    definition: str = ""
    example: str = ""
    colour: str | None = None
    key: str | None = None


class Role(_Struct, frozen=True):
    """A part in an event; `fillers` are the entity types or groups that may play it."""

    fillers: tuple[str, ...]
    definition: str = ""


class EventType(Parented, frozen=True):
    """A type of event; `example` marks the {trigger} and every [argument|role]."""

    title: str = ""
    definition: str = ""
    example: str = ""
    colour: str | None = None
    key: str | None = None
    roles: dict[str, Role] = {}
    mappings: dict[str, str] = {}


class RelationType(Parented, frozen=True):
    """A link between mentions; empty `source` or `target` allow every entity type.

    It goes from source to target, unless it is `symmetric`: then it is the same either way (spouse, sibling).
    """

    title: str = ""
    definition: str = ""
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    symmetric: bool = False


class Value(_Struct, frozen=True):
    """One value of an attribute."""

    definition: str = ""
    example: str = ""


class Attribute(_Struct, frozen=True):
    """A choice made for each event or mention; `default` is what an absent value means."""

    on: Literal["event", "mention"]
    values: dict[str, Value]
    definition: str = ""
    default: str | None = None
    events: tuple[str, ...] = ()


class Ontology(_Struct, frozen=True):
    """Everything that may be annotated, with definitions for people and rules for programs."""

    name: str
    version: str
    title: str = ""
    description: str = ""
    language: str = "en"
    policy: str = ""
    groups: dict[str, tuple[str, ...]] = {}
    entities: dict[str, EntityType] = {}
    events: dict[str, EventType] = {}
    relations: dict[str, RelationType] = {}
    attributes: dict[str, Attribute] = {}

    def fillers(self, event: str, role: str) -> frozenset[str]:
        """The entity types that may play a role, groups resolved; `KeyError` if there is no such role."""
        return self.expand(self.events[event].roles[role].fillers)

    def expand(self, names: tuple[str, ...]) -> frozenset[str]:
        """Entity types, with groups replaced by their members."""
        return frozenset(entity for name in names for entity in self.groups.get(name, (name,)))

    def attributes_of(self, on: Literal["event", "mention"], type: str | None = None) -> dict[str, Attribute]:
        """The attributes of events or mentions; with an event `type`, those that apply to it."""
        return {
            name: attribute
            for name, attribute in self.attributes.items()
            if attribute.on == on and (type is None or not attribute.events or type in attribute.events)
        }

    @property
    def symmetric(self) -> frozenset[str]:
        """The relation types that are the same either way."""
        return frozenset(name for name, relation in self.relations.items() if relation.symmetric)

    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of what decides whether labels are valid or equal.

        Titles, definitions, examples, colours, keys, parents, mappings and the order of things do not count.
        """
        rules: list[object] = [
            sorted(self.entities),
            {
                name: {role: sorted(self.fillers(name, role)) for role in e.roles}
                for name, e in self.events.items()
            },
            {
                name: (sorted(self.expand(r.source)), sorted(self.expand(r.target)))
                for name, r in self.relations.items()
            },
            {
                name: (a.on, sorted(a.values), a.default, sorted(a.events))
                for name, a in self.attributes.items()
            },
        ]
        if self.symmetric:
            rules.append(sorted(self.symmetric))
        return hashlib.sha256(msgspec.json.encode(rules, order="sorted")).hexdigest()[:12]


def decode(text: str, where: str = "ontology") -> Ontology:
    """An ontology from TOML text; raises `DataError` with every contradiction in it."""
    ontology = toml.decode(text, Ontology, "an ontology", where)
    faults = check(ontology, where)
    if faults:
        raise DataError(f"{where}: {len(faults)} contradiction(s)", faults)
    return ontology


def ships(name: str) -> bool:
    """Whether an ontology of this name ships with Goldwire; a file of the name is not looked at then."""
    return name in configs.names("ontologies")


def read(source: str | Path) -> Ontology:
    """The ontology of a name that ships with Goldwire, or of a TOML file."""
    return decode(*toml.find("ontologies", "ontology", source, OntologyError))


def check(ontology: Ontology, where: str = "ontology") -> list[Fault]:
    """Everything in an ontology that contradicts something else in it; [] if it is sound."""
    return [
        *_name_faults(ontology, where),
        *_filler_faults(ontology, where),
        *_attribute_faults(ontology, where),
        *_parent_faults(ontology, where),
        *_double_keys(ontology, where),
    ]


def _name_faults(ontology: Ontology, where: str) -> list[Fault]:
    """Names that cannot be told apart from others or cannot be typed."""
    names = [(kind, name) for kind in KINDS for name in getattr(ontology, kind)]
    names += [
        (f"events.{name}.roles", role) for name, event in ontology.events.items() for role in event.roles
    ]
    return [
        Fault(where, f"{kind}.{name}", f"{name!r} is no name: visible characters, no space around them")
        for kind, name in names
        if not name or name != name.strip() or not name.isprintable()
    ] + [
        Fault(where, f"groups.{name}", "is both a group and an entity type")
        for name in sorted(ontology.groups.keys() & ontology.entities.keys())
    ]


def _filler_faults(ontology: Ontology, where: str) -> list[Fault]:
    places: list[tuple[str, tuple[str, ...]]] = []
    for name, event in ontology.events.items():
        places += [(f"events.{name}.roles.{role}", r.fillers) for role, r in event.roles.items()]
    for name, relation in ontology.relations.items():
        places.append((f"relations.{name}", relation.source + relation.target))
    return [
        Fault(where, f"groups.{name}", f"{member!r} is not an entity type")
        for name, members in ontology.groups.items()
        for member in members
        if member not in ontology.entities
    ] + [
        Fault(where, path, f"{filler!r} is neither an entity type nor a group")
        for path, fillers in places
        for filler in fillers
        if filler not in ontology.entities and filler not in ontology.groups
    ]


def _attribute_faults(ontology: Ontology, where: str) -> list[Fault]:
    faults = []
    for name, attribute in ontology.attributes.items():
        path = f"attributes.{name}"
        if attribute.default is not None and attribute.default not in attribute.values:
            faults.append(Fault(where, path, f"default {attribute.default!r} is not among the values"))
        faults += [
            Fault(where, path, f"{event!r} is not an event type")
            for event in attribute.events
            if event not in ontology.events
        ]
    return faults


def _parent_faults(ontology: Ontology, where: str) -> list[Fault]:
    """Parents that are no types of the kind, or that a type has above itself more than once."""
    kinds: dict[str, Mapping[str, Parented]] = {
        "entities": ontology.entities,
        "events": ontology.events,
        "relations": ontology.relations,
    }
    faults = []
    for kind, known in kinds.items():
        for name, type in known.items():
            if type.parent is not None and type.parent not in known:
                told = f"parent {type.parent!r} is none of {kind}{nearest(type.parent, known)}"
                faults.append(Fault(where, f"{kind}.{name}", told))
            elif _is_circular(name, known):
                faults.append(
                    Fault(where, f"{kind}.{name}", "stands above itself: its parents form a circle")
                )
    return faults


def _is_circular(name: str, known: Mapping[str, Parented]) -> bool:
    above, seen = known[name].parent, set[str]()
    while above is not None and above in known and above not in seen:
        if above == name:
            return True
        seen.add(above)
        above = known[above].parent
    return False


def _double_keys(ontology: Ontology, where: str) -> list[Fault]:
    seen: dict[str, str] = {}
    faults = []
    labels: list[tuple[str, EntityType | EventType]] = [*ontology.entities.items(), *ontology.events.items()]
    for name, label in labels:
        if label.key is not None and seen.setdefault(label.key, name) != name:
            faults.append(Fault(where, name, f"key {label.key!r} is already that of {seen[label.key]}"))
    return faults + [
        Fault(where, name, "is both an entity type and an event type")
        for name in sorted(ontology.entities.keys() & ontology.events.keys())
    ]
