"""Views: what label maps and choices of labels make of the labels of layers, for every use alike.

A view is worked out once, against all labels that occur: then it says of each what it is called, with neither
pattern nor hierarchy left in it. `corpora.lens` applies it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, get_args

import msgspec

from goldwire.corpora.errors import DataError, Fault, OntologyError, nearest
from goldwire.corpora.labels import REST, LabelMap, Typed, Unit, fits, named, types
from goldwire.corpora.ontology import Ontology

TYPED: tuple[Typed, ...] = get_args(Typed)
TypedNames = frozenset[tuple[str, str]]
SHOWN = 12  # labels that a message lists
LONG = 60  # characters of a name that are read; the digest has the rest


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class View(_Struct, frozen=True):
    """What a layer is seen through: a name with a digest of what was asked for, and what it makes of labels.

    `labels` are plain, and name only what does not stand for itself.
    """

    name: str
    labels: LabelMap


# ---------------------------------------------------------------- labels that there are
class Seen(_Struct, frozen=True):
    """Labels that occur: types by kind, roles with the type of their event, values with their attribute."""

    mentions: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()
    roles: TypedNames = frozenset()
    attributes: TypedNames = frozenset()

    def __or__(self, other: Seen) -> Seen:
        return Seen(**{name: getattr(self, name) | getattr(other, name) for name in self.__struct_fields__})


def seen_in(lines: Iterable[Any]) -> Seen:
    """The labels in lines of a layer, or of the simple form, as JSON; what is malformed is passed over."""
    found: dict[str, set[Any]] = {name: set() for name in Seen.__struct_fields__}
    for line in lines:
        for kind in TYPED:
            for unit in _items(line, kind):
                found[kind].add(unit.get("type"))
                given = unit.get("attributes")
                found["attributes"].update(_values(given) if isinstance(given, dict) else ())
                found["roles"].update((unit.get("type"), a.get("role")) for a in _items(unit, "arguments"))
        for one in _items(line, "rejected"):
            if one.get("unit") == "argument":
                found["roles"].add((one.get("type"), one.get("role")))
            elif f"{one.get('unit')}s" in TYPED:
                found[f"{one['unit']}s"].add(one.get("type"))
    return Seen(**{name: frozenset(filter(_is_text, labels)) for name, labels in found.items()})


def _items(value: Any, field: str) -> Iterator[dict[str, Any]]:
    found = value.get(field) if isinstance(value, dict) else None
    return (item for item in (found if isinstance(found, list | tuple) else ()) if isinstance(item, dict))


def _values(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in attributes.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            yield name, one if isinstance(one, str) else None


def _is_text(label: Any) -> bool:
    return all(isinstance(part, str) for part in (label if isinstance(label, tuple) else (label,)))


def declared(ontology: Ontology | None) -> Seen:
    """The labels that an ontology has."""
    if ontology is None:
        return Seen()
    return Seen(
        **{kind: frozenset(types(ontology, kind)) for kind in TYPED},
        roles=frozenset((name, role) for name, event in ontology.events.items() for role in event.roles),
        attributes=frozenset((name, value) for name, a in ontology.attributes.items() for value in a.values),
    )


# ---------------------------------------------------------------- what a map makes of them
class Stage(msgspec.Struct, frozen=True):
    """What labels of layers are called after the maps so far; "" for what is left out."""

    types: dict[Typed, dict[str, str]]
    roles: dict[tuple[str, str], str]
    attributes: dict[tuple[str, str], str]

    @property
    def seen(self) -> Seen:
        """The labels that are left."""
        events = self.types["events"]
        roles = ((events.get(event, event), to) for (event, _), to in self.roles.items() if to)
        return Seen(
            **{kind: frozenset(filter(None, table.values())) for kind, table in self.types.items()},
            roles=frozenset((event, role) for event, role in roles if event),
            attributes=frozenset((name, to) for (name, _), to in self.attributes.items() if to),
        )

    def then(self, labels: LabelMap, ontology: Ontology | None) -> Stage:
        """What the labels are called after another map."""
        events = self.types["events"]
        return Stage(
            types={
                kind: {label: to and labels.target(kind, to, ontology) for label, to in table.items()}
                for kind, table in self.types.items()
            },
            roles={
                (event, role): to and _or(named(labels.roles, f"{events.get(event, event)}.{to}", to), to)
                for (event, role), to in self.roles.items()
            },
            attributes={
                (name, value): to and _or(named(labels.attributes.get(name, {}), to), to)
                for (name, value), to in self.attributes.items()
            },
        )

    def plain(self) -> LabelMap:
        """All of it as one map."""
        attributes: dict[str, dict[str, str]] = {}
        for (name, value), to in sorted(self.attributes.items()):
            if to != value:
                attributes.setdefault(name, {})[value] = to
        return LabelMap(
            mentions=_moved(self.types["mentions"]),
            events=_moved(self.types["events"]),
            relations=_moved(self.types["relations"]),
            roles={f"{event}.{role}": to for (event, role), to in sorted(self.roles.items()) if to != role},
            attributes=attributes,
        )


def stage(seen: Seen) -> Stage:
    """Labels that stand for themselves."""
    return Stage(
        types={kind: {label: label for label in getattr(seen, kind)} for kind in TYPED},
        roles={pair: pair[1] for pair in seen.roles},
        attributes={pair: pair[1] for pair in seen.attributes},
    )


def _or(target: str | None, label: str) -> str:
    return label if target is None else target


def _moved(table: Mapping[str, str]) -> dict[str, str]:
    return {label: to for label, to in sorted(table.items()) if label != to}


# ---------------------------------------------------------------- labels that there are not
def check(labels: LabelMap, seen: Seen, declared: Seen, where: str) -> None:
    """Raise `DataError` with every label of a map that neither occurs nor is declared, and those like it.

    A map that names every label that does occur may name more: it is the list of somebody's labels.
    """
    faults = [
        Fault(where, f"{path}.{key}", f"there is no such label{_known(key, known)}")
        for path, table, found, known in _tables(labels, seen, seen | declared)
        for key in table
        if not any(fits(key, label) for label in known) and not _is_whole(table, found)
    ]
    if faults:
        raise DataError(f"{where}: {len(faults)} label(s) that are nowhere", faults)


_Table = tuple[str, Mapping[str, str], AbstractSet[str], AbstractSet[str]]


def _tables(labels: LabelMap, seen: Seen, known: Seen) -> Iterator[_Table]:
    """The tables of a map with their names, and the labels of their kind in each of two sets."""
    for kind in TYPED:
        yield kind, getattr(labels, kind), getattr(seen, kind), getattr(known, kind)
    yield "roles", labels.roles, _roles(seen), _roles(known)
    for name, table in labels.attributes.items():
        yield f"attributes.{name}", table, _values_of(seen, name), _values_of(known, name)


def _roles(seen: Seen) -> set[str]:
    """Roles as a map may name them: with their event, or for every event."""
    return {name for event, role in seen.roles for name in (role, f"{event}.{role}")}


def _values_of(seen: Seen, attribute: str) -> set[str]:
    return {value for name, value in seen.attributes if name == attribute}


def _is_whole(table: Mapping[str, str], found: AbstractSet[str]) -> bool:
    """Whether a table names all labels, by other means than `*` alone."""
    keys = [key for key in table if key != REST]
    return all(any(fits(key, label) for key in keys) for label in found)


def _known(label: str, found: Iterable[str]) -> str:
    """The end of a message: labels that are like one, or those that there are."""
    labels = sorted(found)
    more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
    return nearest(label, labels) or f"; there are: {', '.join(labels[:SHOWN]) or 'none'}{more}"


# ---------------------------------------------------------------- a few labels by name
class Choice(_Struct, frozen=True):
    """Labels by name, whatever they are of: `only` these where there are such, all but those to `ignore`."""

    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.ignore)

    def parts(self) -> list[tuple[str, Any]]:
        """What it is called, and what it says."""
        options = (("only", self.only), ("ignore", self.ignore))
        return [
            (f"{option}={','.join(names)}", [option, sorted(names)]) for option, names in options if names
        ]

    def maps(self, seen: Seen) -> list[LabelMap]:
        """The choice as label maps; `OntologyError` for a name that is no label."""
        unknown = [("--only", name) for name in self.only if not _kinds(name, seen)]
        unknown += [("--ignore", name) for name in self.ignore if not _kinds(name, seen)]
        if unknown:
            everything = {name for kind in _KINDS for name in _names(kind, seen)}
            told = (
                f"{option} {name}: there is no such label{_known(name, everything)}"
                for option, name in unknown
            )
            raise OntologyError("\n".join(told))
        return [self._map(seen, self.only, rest=True), self._map(seen, self.ignore, rest=False)]

    def _map(self, seen: Seen, names: Iterable[str], *, rest: bool) -> LabelMap:
        """A map that keeps names and leaves out the rest of their kinds, or leaves out the names."""
        tables = {kind: {n: n if rest else "" for n in names if n in _names(kind, seen)} for kind in _KINDS}
        whole: dict[str, Any] = {
            kind: {REST: "", **table} if rest else table for kind, table in tables.items() if table
        }
        return LabelMap(**whole)


_KINDS: tuple[Unit, ...] = (*TYPED, "roles")


def _names(kind: Unit, seen: Seen) -> AbstractSet[str]:
    if kind == "roles":
        return {role for _, role in seen.roles}
    found: frozenset[str] = getattr(seen, kind)
    return found


def _kinds(name: str, seen: Seen) -> list[Unit]:
    return [kind for kind in _KINDS if name in _names(kind, seen)]


# ---------------------------------------------------------------- what is asked for
class Asked(_Struct, frozen=True):
    """What layers are to be seen through: maps with titles by layer, "" for all; and a choice of labels.

    A layer's own map goes first, then that of all, then the choice.
    """

    maps: dict[str, tuple[str, LabelMap]] = {}
    choice: Choice = Choice()

    def __bool__(self) -> bool:
        return bool(self.maps or self.choice)


def resolve(asked: Asked, seen: Mapping[str, Seen], ontology: Ontology | None) -> dict[str, View]:
    """The view of each layer that is to have one, by name; `seen` has the labels of all layers.

    Raises `DataError` for a label of a map that is nowhere, `OntologyError` for one of a choice.
    """
    own = declared(ontology)
    stages = {name: stage(found) for name, found in seen.items()}
    maps: dict[str, list[LabelMap]] = {name: [] for name in seen}
    parts: dict[str, list[tuple[str, Any]]] = {name: [] for name in seen}
    for name, (called, labels) in sorted(asked.maps.items(), key=lambda item: item[0] == ""):
        layers = [name] if name else list(seen)
        check(labels, _union(stages[layer].seen for layer in layers), own, f"label map {called}")
        for layer in layers:
            stages[layer] = stages[layer].then(labels, ontology)
            maps[layer].append(labels)
            parts[layer].append((called, [labels, _parents(labels, ontology)]))
    if asked.choice:
        above = asked.maps.get("", ("", LabelMap()))[1]
        known = _union([*(found.seen for found in stages.values()), stage(own).then(above, ontology).seen])
        for layer in seen:
            maps[layer] += asked.choice.maps(known)
            parts[layer] += asked.choice.parts()
    return {
        name: View(name=title(parts[name]), labels=_plain(found | own, maps[name], ontology))
        for name, found in seen.items()
        if parts[name]
    }


def _plain(seen: Seen, maps: Iterable[LabelMap], ontology: Ontology | None) -> LabelMap:
    """What maps, one after the other, make of labels."""
    whole = stage(seen)
    for labels in maps:
        whole = whole.then(labels, ontology)
    return whole.plain()


def _union(seen: Iterable[Seen]) -> Seen:
    whole = Seen()
    for found in seen:
        whole |= found
    return whole


def _parents(labels: LabelMap, ontology: Ontology | None) -> list[tuple[str, str]]:
    """What stands above types, where a map goes by that."""
    if ontology is None or labels.hierarchy is None or labels.hierarchy.separator:
        return []
    return sorted(
        (name, type.parent) for kind in TYPED for name, type in types(ontology, kind).items() if type.parent
    )


# ---------------------------------------------------------------- names
def title(parts: Sequence[tuple[str, Any]]) -> str:
    """What a view is called: the names of its parts, and a digest of all that they say.

    >>> title([("coarse", LabelMap(mentions={"CITY": "LOC"}))])
    'coarse#...'
    """
    said = msgspec.json.encode([value for _, value in parts], order="sorted")
    names = re.sub(r"[\s|#]+", "_", "+".join(name for name, _ in parts))
    if len(names) > LONG:
        names = f"{names[:LONG]}…"
    return f"{names}#{hashlib.sha256(said).hexdigest()[:8]}"
