"""Mapping of old labels to a new ontology: a plan that people write, in TOML.

    [entities]                 MIL = "FORCE"; two to one name merge; "" gives a label up
    [events]                   Move = "Travel"
    [roles.Move]               traveller = "person"         by the old event type
    [relations]  [attributes]  [values.realis]              likewise
    [[splits]]                 kind = "events"  from = "Attack"  to = "Airstrike"
                               attribute = "mode"  values = ["airstrike"]     or  words = ["…"]

What a plan does not name keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from itertools import chain
from typing import Any, Literal

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import Fault, among
from goldwire.corpora.ontology import Ontology

TypeKind = Literal["entities", "events"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Split(_Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """What of a type becomes another: where an attribute has one of some values, or the words are given."""

    kind: TypeKind
    source: str
    target: str
    attribute: str | None = None
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Moves(_Struct, frozen=True):
    """What becomes of old labels: new names by old ones, `""` for those given up."""

    entities: dict[str, str] = {}
    events: dict[str, str] = {}
    roles: dict[str, dict[str, str]] = {}
    relations: dict[str, str] = {}
    attributes: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    splits: tuple[Split, ...] = ()


def decode(text: str, where: str = "plan") -> Moves:
    """A plan from TOML text; raises `DataError` for what is no plan."""
    return toml.decode(text, Moves, "a plan", where)


def check(moves: Moves, old: Ontology, new: Ontology, where: str = "plan") -> list[Fault]:
    """Names in a plan that one of the two ontologies does not have; [] if it is sound."""
    return [
        Fault(where, path, message)
        for path, message in (*_map_faults(moves, old, new), *_split_faults(moves, old, new))
    ]


def skeleton(old: Ontology, new: Ontology) -> str:
    """The TOML text of a plan for people to finish: each label that the new ontology lacks, still a comment.

    "" where there is no such label.
    """
    tables = [(kind, getattr(old, kind), getattr(new, kind)) for kind in ("entities", "events", "relations")]
    tables.append(("attributes", old.attributes, new.attributes))
    both = [
        (f"roles.{_key(name)}", e.roles, new.events[name].roles)
        for name, e in old.events.items()
        if name in new.events
    ]
    tables += both
    tables += [
        (f"values.{_key(name)}", a.values, new.attributes[name].values)
        for name, a in old.attributes.items()
        if name in new.attributes
    ]
    return "\n".join(chain.from_iterable(_table(*table) for table in tables))


def _table(title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    gone = [name for name in old if name not in new]
    if gone:
        yield f"[{title}]"
        yield from (f'# {_key(name)} = "…"  # or "" to give it up{among(name, new)}' for name in gone)


def _key(name: str) -> str:
    """A name as a key of TOML."""
    return name if _BARE.fullmatch(name) else msgspec.json.encode(name).decode()


_BARE = re.compile("[A-Za-z0-9_-]+")


def _map_faults(moves: Moves, old: Ontology, new: Ontology) -> Iterator[tuple[str, str]]:
    for kind in ("entities", "events", "relations", "attributes"):
        yield from _name_faults(kind, getattr(moves, kind), getattr(old, kind), getattr(new, kind))
    for event, roles in moves.roles.items():
        if event not in old.events:
            yield f"roles.{event}", f"the old ontology has no event type {event!r}"
            continue
        targets = {
            role for type in _targets(moves, event) if type in new.events for role in new.events[type].roles
        }
        yield from _name_faults(f"roles.{event}", roles, old.events[event].roles, targets)
    for attribute, values in moves.values.items():
        if attribute not in old.attributes:
            yield f"values.{attribute}", f"the old ontology has no attribute {attribute!r}"
            continue
        target = new.attributes.get(moves.attributes.get(attribute, attribute))
        known = target.values if target else {}
        yield from _name_faults(f"values.{attribute}", values, old.attributes[attribute].values, known)


def _targets(moves: Moves, event: str) -> set[str]:
    """All event types that an old one can become."""
    split = {split.target for split in moves.splits if split.kind == "events" and split.source == event}
    return {moves.events.get(event, event), *split}


def _name_faults(
    path: str, names: Mapping[str, str], old: Mapping[str, Any], new: Container[str]
) -> Iterator[tuple[str, str]]:
    for source, target in names.items():
        if source not in old:
            yield f"{path}.{source}", f"the old ontology has no {source!r} there"
        if target and target not in new:
            yield f"{path}.{source}", f"the new ontology has no {target!r} there"


def _split_faults(moves: Moves, old: Ontology, new: Ontology) -> Iterator[tuple[str, str]]:
    for i, split in enumerate(moves.splits):
        path = f"splits[{i}]"
        if split.source not in getattr(old, split.kind):
            yield path, f"the old ontology has no {split.source!r} among its {split.kind}"
        if split.target not in getattr(new, split.kind):
            yield path, f"the new ontology has no {split.target!r} among its {split.kind}"
        if (split.attribute is None) == (not split.words):
            yield path, "either `attribute` with `values` or `words` decides"
        elif split.attribute is not None:
            attribute = old.attributes.get(split.attribute)
            known = attribute.values if attribute else {}
            for value in split.values:
                if value not in known:
                    yield path, f"the old ontology has no {split.attribute} {value!r}"
