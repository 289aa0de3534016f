"""Ontologies: entity types, event types with their roles, attributes. Read from TOML, checked.

[groups]                     PARTY = ["PER", "ORG"]            names for sets of entity types
[entities.PER]               title, definition, example, colour, key, parent
[events.Attack]              title, definition, example, colour, key, parent, roles, mappings
[events.Attack.roles]        attacker = { fillers = ["PARTY"], definition = "…" }
[relations.NAME]             title, definition, parent, source and target fillers, symmetric
[attributes.realis]          on = "event" or "mention", events (all if absent), default, values
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path as File
from typing import Literal

import msgspec

from goldwire import configs
from goldwire.corpora import toml
from goldwire.corpora.conform import NOTHING, Misfit, Path, conform
from goldwire.corpora.errors import DataError, Fault, OntologyError, among

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
    """A choice made for each event or mention; `default` is what an absent value means.

    Of a `multiple` one several values may be chosen together.
    """

    on: Literal["event", "mention"]
    values: dict[str, Value]
    definition: str = ""
    default: str | None = None
    events: tuple[str, ...] = ()
    multiple: bool = False


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

    @property
    def several(self) -> frozenset[str]:
        """The attributes that may hold several values."""
        return frozenset(name for name, attribute in self.attributes.items() if attribute.multiple)

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
        if self.several:
            rules.append({"several": sorted(self.several)})
        return hashlib.sha256(msgspec.json.encode(rules, order="sorted")).hexdigest()[:12]


# A command asks its corpus for the ontology again and again; kept are those of the last few texts.
@lru_cache(maxsize=4)
def decode(text: str, where: str = "ontology") -> Ontology:
    """An ontology from TOML text; raises `DataError` with everything that is wrong in it."""
    ontology, faults = examine(text, where)
    if ontology is None or faults:
        raise DataError(f"{where}: {len(faults)} fault(s) in the ontology", told(faults, where))
    return ontology


def skeleton(name: str) -> str:
    """The TOML text of a small ontology of that name, explained, for people to change."""
    if not name.strip() or not name.isprintable():
        raise OntologyError(f"{name!r} is no name for an ontology: visible characters are")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return configs.read("skeletons", "ontology").replace("NAME", quoted)


def examine(text: str, where: str = "ontology") -> tuple[Ontology | None, list[Misfit]]:
    """What can be read of an ontology, and everything that is wrong in it; None if nothing can be read.

    Where something has another form than it should, it is not held against others that it contradicts them.
    """
    raw, misfits = conform(toml.decode_plain(text, "an ontology", where), Ontology)
    if raw is NOTHING:
        return None, misfits
    ontology = msgspec.convert(raw, Ontology)
    return ontology, [*misfits, *(fault for fault in check(ontology) if not concerns(fault, misfits))]


def concerns(fault: Misfit, misfits: Iterable[Misfit]) -> bool:
    """Whether a fault is at a place within which, or within whose surroundings, something does not fit."""
    shared = (list(zip(fault.path, other.path, strict=False)) for other in misfits if other.path)
    return any(all(one == other for one, other in pair) for pair in shared)


def told(faults: Iterable[Misfit], where: str) -> list[Fault]:
    """Faults with their places in words."""
    return [Fault(where, place(fault.path), fault.message) for fault in faults]


_WORDS = {
    "groups": "group",
    "entities": "entity type",
    "events": "event",
    "relations": "relation",
    "attributes": "attribute",
    "roles": "role",
    "values": "value",
    "mappings": "mapping",
}


def place(path: Path) -> str:
    """Where something stands in an ontology, in words.

    >>> place(("events", "Acquire", "roles", "buyer", "fillers"))
    'event Acquire, role buyer, fillers'
    """
    words, names = [], iter(path)
    for name in names:
        word, one = _WORDS.get(name), next(names, None) if name in _WORDS else None
        words.append(name if word is None or one is None else f"{word} {one or repr(one)}")
    return ", ".join(words)


def ships(name: str) -> bool:
    """Whether an ontology of this name ships with Goldwire; a file of the name is not looked at then."""
    return name in configs.names("ontologies")


def read(source: str | File) -> Ontology:
    """The ontology of a name that ships with Goldwire, or of a TOML file."""
    return decode(*find(source))


def find(source: str | File) -> tuple[str, str]:
    """The text of an ontology that ships, or of a TOML file, and what to call it."""
    return toml.find("ontologies", "ontology", source, OntologyError)


def check(ontology: Ontology) -> list[Misfit]:
    """Everything in an ontology that contradicts something else in it; [] if it is sound."""
    return [
        *_name_faults(ontology),
        *_filler_faults(ontology),
        *_attribute_faults(ontology),
        *_parent_faults(ontology),
        *_double_keys(ontology),
    ]


def _name_faults(ontology: Ontology) -> list[Misfit]:
    """Names that cannot be told apart from others or cannot be typed."""
    paths: list[Path] = [(kind, name) for kind in KINDS for name in getattr(ontology, kind)]
    paths += [
        ("events", name, "roles", role) for name, event in ontology.events.items() for role in event.roles
    ]
    return [
        Misfit(path, f"{path[-1]!r} is no name: visible characters, no space around them")
        for path in paths
        if not path[-1] or path[-1] != path[-1].strip() or not path[-1].isprintable()
    ] + [
        Misfit(("groups", name), "is both a group and an entity type: call one of them otherwise")
        for name in sorted(ontology.groups.keys() & ontology.entities.keys())
    ]


def _filler_faults(ontology: Ontology) -> list[Misfit]:
    places: list[tuple[Path, tuple[str, ...]]] = []
    for name, event in ontology.events.items():
        places += [(("events", name, "roles", role), r.fillers) for role, r in event.roles.items()]
    for name, relation in ontology.relations.items():
        places.append((("relations", name), relation.source + relation.target))
    known = {**ontology.entities, **ontology.groups}
    return [
        Misfit(("groups", name), f"{member!r} is not an entity type{among(member, ontology.entities)}")
        for name, members in ontology.groups.items()
        for member in members
        if member not in ontology.entities
    ] + [
        Misfit(path, f"{filler!r} is neither an entity type nor a group{among(filler, known)}")
        for path, fillers in places
        for filler in fillers
        if filler not in ontology.entities and filler not in ontology.groups
    ]


def _attribute_faults(ontology: Ontology) -> list[Misfit]:
    faults = []
    for name, attribute in ontology.attributes.items():
        path = ("attributes", name)
        if attribute.default is not None and attribute.default not in attribute.values:
            values = ", ".join(attribute.values) or "none"
            told = f"default {attribute.default!r} is not among the values ({values})"
            faults.append(Misfit(path, told))
        faults += [
            Misfit(path, f"{event!r} is not an event type{among(event, ontology.events)}")
            for event in attribute.events
            if event not in ontology.events
        ]
    return faults


def _parent_faults(ontology: Ontology) -> list[Misfit]:
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
                told = f"parent {type.parent!r} is none of {kind}{among(type.parent, known)}"
                faults.append(Misfit((kind, name), told))
            elif _is_circular(name, known):
                faults.append(Misfit((kind, name), "stands above itself: its parents form a circle"))
    return faults


def _is_circular(name: str, known: Mapping[str, Parented]) -> bool:
    above, seen = known[name].parent, set[str]()
    while above is not None and above in known and above not in seen:
        if above == name:
            return True
        seen.add(above)
        above = known[above].parent
    return False


def _double_keys(ontology: Ontology) -> list[Misfit]:
    seen: dict[str, str] = {}
    faults = []
    for path, label in labels(ontology).items():
        name = path[-1]
        if label.key is not None and seen.setdefault(label.key, name) != name:
            told = (
                f"key {label.key!r} is already that of {seen[label.key]}: give one of them another, or none"
            )
            faults.append(Misfit(path, told))
    return faults + [
        Misfit(("entities", name), "is both an entity type and an event type: call one of them otherwise")
        for name in sorted(ontology.entities.keys() & ontology.events.keys())
    ]


def labels(ontology: Ontology) -> dict[Path, EntityType | EventType]:
    """Entity types and event types by place: what is a label, with a colour and a key, for annotators."""
    return {
        **{("entities", name): entity for name, entity in ontology.entities.items()},
        **{("events", name): event for name, event in ontology.events.items()},
    }
