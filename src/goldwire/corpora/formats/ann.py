"""The lines of brat's `.ann` files, taken apart and put together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.types import Span, Spans

_T = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")


class Text(NamedTuple):
    """A T line: spans as the file counts them, and the surface it gives."""

    type: str
    spans: Spans
    surface: str
    line: str


class Link(NamedTuple):
    """An E or R line: the type, the trigger of an E, and ids by role."""

    type: str
    trigger: str
    ends: list[tuple[str, str]]
    line: str


class Value(NamedTuple):
    """An A or M line."""

    name: str
    target: str
    value: str
    line: str


@dataclass
class Lines:
    """The lines of a file by kind; `other` counts those that are not kept."""

    texts: dict[str, Text] = field(default_factory=dict)
    events: dict[str, Link] = field(default_factory=dict)
    relations: dict[str, Link] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    same: list[list[str]] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The lines as a file holds them."""
        return "".join(f"{line}\n" for line in self._iter())

    def _iter(self) -> Iterator[str]:
        for id, text in self.texts.items():
            places = ";".join(f"{span.start} {span.end}" for span in text.spans)
            yield f"{id}\t{text.type} {places}\t{text.surface}"
        for id, event in self.events.items():
            yield f"{id}\t{event.type}:{event.trigger}{''.join(f' {role}:{end}' for role, end in event.ends)}"
        for id, relation in self.relations.items():
            yield f"{id}\t{relation.type} {' '.join(f'{role}:{end}' for role, end in relation.ends)}"
        for number, value in enumerate(self.values, start=1):
            yield f"A{number}\t{value.name} {value.target} {value.value}"
        yield from (f"*\tEquiv {' '.join(ids)}" for ids in self.same)


def parse(text: str, where: str) -> Lines:
    """The lines of a file; `DataError` with every line that is none."""
    lines, faults = Lines(), []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            _take(lines, line, f"{where}:{number}")
        except ValueError as error:
            faults.append(Fault(f"{where}:{number}", "", f"{error}: {line[:60]!r}"))
    if faults:
        raise DataError(f"{where}: {len(faults)} faulty line(s)", faults)
    return lines


def _take(lines: Lines, line: str, where: str) -> None:
    id, tab, rest = line.partition("\t")
    kind = id[:1]
    if kind == "#":
        lines.other["notes"] += 1
    elif kind == "N":
        lines.other["normalisations"] += 1
    elif not tab or kind not in _KINDS:
        raise ValueError("a line begins with T, E, R, A, M, N, # or * and a tab")
    elif id in lines.texts or id in lines.events or id in lines.relations:
        raise ValueError(f"{id} is the id of an earlier line too")
    else:
        _KINDS[kind](lines, id, rest, where)


def _take_text(lines: Lines, id: str, rest: str, where: str) -> None:
    head, _, covered = rest.partition("\t")
    match = _T.fullmatch(head)
    if match is None:
        raise ValueError("a T line is an id, a type with offsets, and the text, with tabs between")
    pairs = (place.split(" ") for place in match[2].split(";"))
    lines.texts[id] = Text(match[1], tuple(Span(int(a), int(b)) for a, b in pairs), covered, where)


def _take_event(lines: Lines, id: str, rest: str, where: str) -> None:
    (type, trigger), *ends = _ends(rest.split())
    lines.events[id] = Link(type, trigger, ends, where)


def _take_relation(lines: Lines, id: str, rest: str, where: str) -> None:
    type, *ends = rest.split() or [""]
    lines.relations[id] = Link(type, "", _ends(ends), where)


def _take_value(lines: Lines, id: str, rest: str, where: str) -> None:
    del id
    name, target, *value = rest.split(" ", 2) if " " in rest else (rest, "")
    if not name or not target:
        raise ValueError("an A line names an attribute and what has it")
    lines.values.append(Value(name, target.strip(), value[0].strip() if value else "true", where))


def _take_same(lines: Lines, id: str, rest: str, where: str) -> None:
    del id, where
    ids = rest.split()[1:]
    if not ids:
        raise ValueError("an Equiv line names the ids that are one")
    lines.same.append(ids)


def _ends(parts: Iterable[str]) -> list[tuple[str, str]]:
    found = [(role, id) for role, colon, id in (part.rpartition(":") for part in parts)]
    if not found or not all(role and id for role, id in found):
        raise ValueError("an E or R line has a type and ROLE:ID pairs")
    return found


_KINDS: Mapping[str, Callable[[Lines, str, str, str], None]] = {
    "T": _take_text,
    "E": _take_event,
    "R": _take_relation,
    "A": _take_value,
    "M": _take_value,
    "*": _take_same,
}
