"""Label maps: the view of a layer in other terms, its types, roles and values renamed, merged or left out.

TOML, all tables optional; the same map serves where a system is run, a file imported or exported, and layers
are scored (see `corpora.views`).

    [mentions]                      PERSON = "PER"      # "" leaves a label out on purpose
                                    "person-*" = "PER"  # * stands for anything; the longest that fits decides
    [events]                        "Conflict.Attack" = "Attack"
    [roles]                         "Conflict.Attack.Place" = "place"    # or "Place" for every event
    [relations]                     "org-aff" = "member"
    [attributes.realis]             ASSERTED = "actual"
    [hierarchy]                     level = 1           # types go up to their topmost parent in the ontology
                                    separator = "-"     # or names are cut instead: person-artist is person

A label that the map does not name stands for itself. Where labels have to be the ontology's, a unit whose
label has no counterpart there is rejected; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import DataError, ExtractorError, Fault
from goldwire.corpora.ontology import Ontology, Parented

_BARE = re.compile(r"[A-Za-z0-9_-]+")
LEFT_OUT = "units left out by the label view"  # what a loss calls them
REST = "*"  # the pattern of everything that is not named otherwise
Unit = Literal["mentions", "events", "roles", "relations", "attributes"]
Typed = Literal["mentions", "events", "relations"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Hierarchy(_Struct, frozen=True):
    """How far up types go: to `level`, of which 1 is the topmost.

    What stands above a type is its parent in the ontology; with a `separator`, the name up to its last one.
    """

    level: Annotated[int, msgspec.Meta(ge=1)] = 1
    separator: str = ""


class LabelMap(_Struct, frozen=True):
    """What each label is called instead; "" for what is left out on purpose. Types then go up a hierarchy."""

    mentions: dict[str, str] = {}
    events: dict[str, str] = {}
    roles: dict[str, str] = {}
    relations: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}
    hierarchy: Hierarchy | None = None

    def mention(self, label: str, ontology: Ontology | None) -> str | None:
        """The entity type of a label; "" if left out on purpose, None if the ontology has no counterpart."""
        return self._known("mentions", label, ontology)

    def event(self, label: str, ontology: Ontology | None) -> str | None:
        """The event type of a label, like `mention`."""
        return self._known("events", label, ontology)

    def relation(self, label: str, ontology: Ontology | None) -> str | None:
        """The relation type of a label, like `mention`."""
        return self._known("relations", label, ontology)

    def _known(self, kind: Typed, label: str, ontology: Ontology | None) -> str | None:
        target = self.target(kind, label, ontology)
        if ontology is None or named(getattr(self, kind), label) is not None:
            return target
        return target if target in types(ontology, kind) else None

    def target(self, kind: Typed, label: str, ontology: Ontology | None) -> str:
        """What a type is called; "" if left out. Of the ontology only parents are asked for."""
        target = named(getattr(self, kind), label)
        target = label if target is None else target
        if not target or self.hierarchy is None:
            return target
        return _raised(target, kind, self.hierarchy, ontology)

    def role(self, event: str, label: str, to: str, ontology: Ontology | None) -> str | None:
        """The role, in events of the ontology's type `to`, that the system calls `label` in its `event`."""
        target = named(self.roles, f"{event}.{label}", label)
        known = ontology is None or label in ontology.events[to].roles
        return label if target is None and known else target

    def value(self, attribute: str, label: str, ontology: Ontology | None) -> str | None:
        """The value of an attribute, like `mention`; None too for an attribute the ontology does not have."""
        target = named(self.attributes.get(attribute, {}), label)
        held = None if ontology is None else ontology.attributes.get(attribute)
        known = ontology is None or (held is not None and label in held.values)
        return label if target is None and known else target


def named(table: Mapping[str, str], *keys: str) -> str | None:
    """What a table says of the first of some keys that it has, or that a pattern fits; None if of none."""
    for key in keys:
        if key in table:
            return table[key]
    fitting = [pattern for pattern in table if any(fits(pattern, key) for key in keys)]
    return table[max(fitting, key=len)] if fitting else None


def fits(pattern: str, label: str) -> bool:
    """Whether a key of a map is meant for a label: `*` stands for anything.

    >>> fits("person-*", "person-artist"), fits("PER", "PERSON")
    (True, False)
    """
    return _compiled(pattern).fullmatch(label) is not None if REST in pattern else pattern == label


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split(REST))), re.DOTALL)


# ---------------------------------------------------------------- hierarchy
def types(ontology: Ontology, kind: Typed) -> Mapping[str, Parented]:
    """The types of an ontology of one kind."""
    kinds: dict[Typed, Mapping[str, Parented]] = {
        "mentions": ontology.entities,
        "events": ontology.events,
        "relations": ontology.relations,
    }
    return kinds[kind]


def _raised(label: str, kind: Typed, hierarchy: Hierarchy, ontology: Ontology | None) -> str:
    """A type as it is called at a level; one that is above it, or that nobody knows, stands for itself."""
    if hierarchy.separator:
        return hierarchy.separator.join(label.split(hierarchy.separator)[: hierarchy.level])
    known = {} if ontology is None else types(ontology, kind)
    line = [label]
    while (above := known[line[-1]].parent if line[-1] in known else None) is not None:
        line.append(above)
    return line[::-1][: hierarchy.level][-1]


def _hierarchy_faults(labels: LabelMap, ontology: Ontology | None, where: str) -> list[Fault]:
    """A hierarchy that nothing declares."""
    if labels.hierarchy is None or labels.hierarchy.separator:
        return []
    kinds: tuple[Typed, ...] = ("mentions", "events", "relations")
    if ontology is None:
        message = "without an ontology nothing says what stands above a type; give a `separator` of names"
    elif not any(type.parent for kind in kinds for type in types(ontology, kind).values()):
        message = f"no type of the ontology {ontology.name} has a `parent`; give it some, or a `separator`"
    else:
        return []
    return [Fault(where, "hierarchy", message)]


# ---------------------------------------------------------------- reading
def decode(text: str, where: str, ontology: Ontology | None = None, *, within: bool = True) -> LabelMap:
    """A label map from TOML text; `DataError` names every target that the ontology does not have.

    Not `within` the ontology, targets may be anything: nothing is kept under them.
    """
    labels = toml.decode(text, LabelMap, "a label map", where)
    outside = [] if ontology is None or not within else target_faults(labels, ontology, where)
    faults = [*outside, *_hierarchy_faults(labels, ontology, where)]
    if faults:
        what = f"{len(outside)} label(s) that the ontology does not have" if outside else "no hierarchy"
        raise DataError(f"{where}: {what}", faults)
    return labels


def read(source: str | Path, ontology: Ontology | None = None, *, within: bool = True) -> LabelMap:
    """The label map of a name that ships with Goldwire, or of a TOML file."""
    return decode(*toml.find("labels", "label map", source, ExtractorError), ontology, within=within)


def leaving_out(unmapped: Mapping[str, int]) -> Iterator[str]:
    """The lines of a label map that leave out labels, given as `unit:label` with how often they came.

    >>> print(*leaving_out({"mentions:CARDINAL": 2, "roles:Hit.by": 1}), sep="\\n")
    [mentions]
    CARDINAL = ""  # 2
    [roles]
    "Hit.by" = ""  # 1
    """
    tables: dict[str, list[str]] = {}
    for key, times in unmapped.items():
        unit, _, label = key.partition(":")
        if unit == "attributes":
            name, _, label = label.partition(".")
            unit = f"attributes.{_key(name)}"
        tables.setdefault(unit, []).append(f'{_key(label)} = ""  # {times}')
    for table, lines in tables.items():
        yield f"[{table}]"
        yield from lines


def _key(name: str) -> str:
    """A key of TOML, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else json.dumps(name)


def target_faults(labels: LabelMap, ontology: Ontology, where: str) -> list[Fault]:
    """A fault for each target that the ontology does not have."""
    roles = {role for event in ontology.events.values() for role in event.roles}
    tables: list[tuple[str, dict[str, str], Collection[str]]] = [
        ("mentions", labels.mentions, ontology.entities.keys()),
        ("events", labels.events, ontology.events.keys()),
        ("roles", labels.roles, roles),
        ("relations", labels.relations, ontology.relations.keys()),
    ]
    for name, values in labels.attributes.items():
        attribute = ontology.attributes.get(name)
        tables.append((f"attributes.{name}", values, attribute.values.keys() if attribute else ()))
    return [
        Fault(
            where,
            f"{name}.{label}",
            f"{target!r} is not in the ontology; known are {', '.join(sorted(known))}",
        )
        for name, table, known in tables
        for label, target in table.items()
        if target and target not in known
    ]
