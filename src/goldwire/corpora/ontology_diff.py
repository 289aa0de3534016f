"""Differences of one ontology from another, as far as labels are concerned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Literal

import msgspec

from goldwire.corpora.ontology import KINDS, Ontology

ALIKE = 0.75  # of 1: names and definitions more alike than this may be a renaming; people decide


class Change(msgspec.Struct, frozen=True, order=True):
    """One difference. `path` names a label, such as `events.Attack.roles.attacker`.

    `renamed?` is a guess: one label went, one came, and their names or definitions are alike.
    """

    path: str
    kind: Literal["added", "removed", "changed", "renamed?"]
    message: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.path}{': ' if self.message else ''}{self.message}"


def diff(old: Ontology, new: Ontology) -> list[Change]:
    """Every label that came, went or follows other rules now, in order of path. Titles, colours, keys,
    definitions and examples are not compared."""
    return sorted(_changes(_rules(old), _rules(new)))


def _rules(ontology: Ontology) -> dict[str, tuple[object, str]]:
    """What decides validity, or which labels are equal, with its definition, by path."""
    rules: dict[str, tuple[object, str]] = {}
    for kind in KINDS:
        for name, item in getattr(ontology, kind).items():
            rules[f"{kind}.{name}"] = (_rule(item, ontology), getattr(item, "definition", ""))
            for part in ("roles", "values"):
                for inner, value in getattr(item, part, {}).items():
                    rules[f"{kind}.{name}.{part}.{inner}"] = (_rule(value, ontology), value.definition)
    return rules


def _rule(item: object, ontology: Ontology) -> object:
    """The rule in a part of an ontology, in a form to compare and to show."""
    if isinstance(item, tuple):
        return sorted(item)
    rule: dict[str, object] = {}
    for field in ("fillers", "source", "target"):
        if (names := getattr(item, field, None)) is not None:
            rule[field] = sorted(ontology.expand(names)) or "any"
    for field in ("on", "default"):
        if hasattr(item, field):
            rule[field] = getattr(item, field)
    rule |= {field: True for field in ("symmetric", "multiple") if getattr(item, field, False)}
    if (events := getattr(item, "events", None)) is not None:
        rule["events"] = sorted(events) or "all"
    return rule


_Rules = Mapping[str, tuple[object, str]]


def _changes(old: _Rules, new: _Rules) -> Iterator[Change]:
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    renamed = _renamed({path: old[path] for path in gone}, {path: new[path] for path in come})
    for path, other in renamed.items():
        yield Change(path, "renamed?", f"perhaps to {other}")
    yield from (Change(path, "removed") for path in gone - renamed.keys())
    yield from (Change(path, "added") for path in come - set(renamed.values()))
    for path in old.keys() & new.keys():
        before, after = old[path][0], new[path][0]
        if before != after:
            yield Change(path, "changed", f"{_shown(before)} -> {_shown(after)}")


def _renamed(gone: _Rules, come: _Rules) -> dict[str, str]:
    """For each label that went the most alike that came, each used once, the most alike pairs first."""
    pairs = [
        (_alike(path, gone[path][1], other, come[other][1]), path, other)
        for path in gone
        for other in come
        if path.rpartition(".")[0] == other.rpartition(".")[0]
    ]
    found: dict[str, str] = {}
    for alike, path, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if alike > ALIKE and path not in found and other not in found.values():
            found[path] = other
    return found


def _alike(path: str, definition: str, other: str, other_definition: str) -> float:
    names = SequenceMatcher(None, path.rpartition(".")[2].lower(), other.rpartition(".")[2].lower()).ratio()
    if not definition or not other_definition:
        return names
    return max(names, SequenceMatcher(None, definition, other_definition).ratio())


def _shown(rule: object) -> str:
    if isinstance(rule, dict):
        return "; ".join(f"{name} {_shown(value)}" for name, value in rule.items())
    return ", ".join(rule) if isinstance(rule, list) else str(rule)
