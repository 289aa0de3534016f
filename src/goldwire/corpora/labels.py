"""Label maps: a system's own types, roles and values in terms of the ontology. TOML, all tables optional.

    [mentions]                      PERSON = "PER"      # "" leaves a label out on purpose
    [events]                        "Conflict.Attack" = "Attack"
    [roles]                         "Conflict.Attack.Place" = "place"    # or "Place" for every event
    [relations]                     "org-aff" = "member"
    [attributes.realis]             ASSERTED = "actual"

A label that the map does not name stands for itself where the ontology has it. A unit whose label has no
counterpart is rejected; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import DataError, ExtractorError, Fault
from goldwire.corpora.ontology import Ontology

_BARE = re.compile(r"[A-Za-z0-9_-]+")
Unit = Literal["mentions", "events", "roles", "relations", "attributes"]


class LabelMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What each label of a system is called in the ontology; "" for what is left out on purpose."""

    mentions: dict[str, str] = {}
    events: dict[str, str] = {}
    roles: dict[str, str] = {}
    relations: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}

    def mention(self, label: str, ontology: Ontology | None) -> str | None:
        """The entity type of a label; "" if left out on purpose, None if there is no counterpart."""
        return _find(self.mentions, (label,), None if ontology is None else ontology.entities.keys())

    def event(self, label: str, ontology: Ontology | None) -> str | None:
        """The event type of a label, like `mention`."""
        return _find(self.events, (label,), None if ontology is None else ontology.events.keys())

    def role(self, event: str, label: str, to: str, ontology: Ontology | None) -> str | None:
        """The role, in events of the ontology's type `to`, that the system calls `label` in its `event`."""
        known = None if ontology is None else ontology.events[to].roles.keys()
        return _find(self.roles, (f"{event}.{label}", label), known)

    def relation(self, label: str, ontology: Ontology | None) -> str | None:
        """The relation type of a label, like `mention`."""
        return _find(self.relations, (label,), None if ontology is None else ontology.relations.keys())

    def value(self, attribute: str, label: str, ontology: Ontology | None) -> str | None:
        """The value of an attribute, like `mention`; None too for an attribute the ontology does not have."""
        held = None if ontology is None else ontology.attributes.get(attribute)
        known: Collection[str] | None = () if held is None else held.values.keys()
        return _find(self.attributes.get(attribute, {}), (label,), None if ontology is None else known)


def _find(table: dict[str, str], keys: tuple[str, ...], known: Collection[str] | None) -> str | None:
    for key in keys:
        if key in table:
            return table[key]
    label = keys[-1]
    return label if known is None or label in known else None


def decode(text: str, where: str, ontology: Ontology | None = None) -> LabelMap:
    """A label map from TOML text; `DataError` names every target that the ontology does not have."""
    labels = toml.decode(text, LabelMap, "a label map", where)
    faults = [] if ontology is None else target_faults(labels, ontology, where)
    if faults:
        raise DataError(f"{where}: {len(faults)} label(s) that the ontology does not have", faults)
    return labels


def read(source: str | Path, ontology: Ontology | None = None) -> LabelMap:
    """The label map of a name that ships with Goldwire, or of a TOML file."""
    return decode(*toml.find("labels", "label map", source, ExtractorError), ontology)


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
