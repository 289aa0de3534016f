"""Documents of the page, marked by gold and every system, as JSON values.

Types and roles are numbers into lists that stand once in the block `index`; spans are flat lists of offsets
in code points; outcomes are numbers into `diagnose.CLASSES`.

    document  {i: id, h: title, a: [[what, value]…], t: text, b: [[start, end]…], x: [[start, end, reason]…],
               l: [layer…]}                       blocks of text, excluded regions, layers (gold first)
    layer     {m: [[type, outcome, spans]…], e: [[type, outcome, trigger, [[role, outcome, spans]…],
               [attribute…]]…]}                   what a system missed is there too, with that outcome
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, cast

import numpy as np

from goldwire.corpora.types import Meta
from goldwire.corpora.values import parts
from goldwire.eval.counting.columns import NONE, Codes, Extents, Ints, Table
from goldwire.eval.counting.rejected import BEYOND
from goldwire.eval.counting.texts import TextRow
from goldwire.eval.errors.classes import CORRECT, MISSED, Findings, Side
from goldwire.eval.report.evidence import Evidence
from goldwire.eval.report.segments import cut

Json = dict[str, Any]
Flat = list[int]
Key = tuple[int, int, tuple[int, ...]]  # a trigger: document, event type, place


@dataclass(frozen=True)
class Index:
    """Numbers for types and roles, shared by all blocks."""

    types: Codes
    roles: Codes


def make_documents(evidence: Evidence, index: Index) -> list[Json]:
    """All documents, in order of id, each with every layer."""
    layers = [draw_gold(evidence, index), *(draw_system(evidence, name, index) for name in evidence.systems)]
    return [
        document(evidence.meta[row.id], row, [layer[number] for layer in layers])
        for number, row in enumerate(evidence.texts.rows)
        if isinstance(row, TextRow)
    ]


def document(meta: Meta, row: TextRow, layers: Sequence[Json]) -> Json:
    """One document; blocks are cut so that no mark of any layer is."""
    facts = {"source": meta.source, "published": meta.published, "language": meta.language, "url": meta.url}
    marks = [mark[2] for layer in layers for mark in (*layer["m"], *layer["e"])]
    return {
        "i": row.id,
        "h": meta.title or "",
        "a": [["id", row.id], *([what, value] for what, value in facts.items() if value)],
        "t": row.text,
        "b": cut(row.text, ((mark[0], mark[-1]) for mark in marks), row.excluded),
        "x": [[region.start, region.end, region.reason] for region in row.excluded],
        "l": layers,
    }


# ---------------------------------------------------------------- layers
def draw_gold(evidence: Evidence, index: Index) -> list[Json]:
    """Gold as it is: a value for each document, by its number."""
    findings, sheet = next(iter(evidence.findings.values())), _Sheet(evidence, index)
    mentions, triggers, arguments = (_all(found.gold) for found in findings.values())
    table = evidence.gold.table
    sheet.add_mentions(mentions)
    events = sheet.add_events(triggers, table)
    sheet.add_arguments(arguments, table, events)
    return sheet.documents


def draw_system(evidence: Evidence, name: str, index: Index) -> list[Json]:
    """What a system found, and what it missed: a value for each document, by its number."""
    mentions, triggers, arguments = evidence.findings[name].values()
    sheet, gold, table = _Sheet(evidence, index), evidence.gold.table, evidence.systems[name].table
    sheet.add_mentions(_found(mentions))
    sheet.add_mentions(_missed(mentions))
    events = sheet.add_events(_found(triggers), table)
    lost = sheet.add_events(_missed(triggers), gold)
    sheet.add_arguments(_found(arguments), table, events)
    sheet.add_arguments(_missed(arguments), gold, lost | _partners(triggers, events))
    return sheet.documents


class _Drawn(NamedTuple):
    """Units that are drawn, and the outcome of each."""

    units: Side
    outcomes: list[int]


def _take(side: Side, units: Ints) -> Side:
    return Side(side.extents.take(units), side.label[units], side.row[units])


def _all(side: Side) -> _Drawn:
    return _Drawn(side, [CORRECT] * len(side.label))


def _found(findings: Findings) -> _Drawn:
    """The system units that stand in the text: of those rejected, not all do."""
    rows = np.flatnonzero(findings.system_unit != NONE)
    rows = rows[findings.system.extents.start[findings.system_unit[rows]] < BEYOND]
    return _Drawn(_take(findings.system, findings.system_unit[rows]), findings.kind[rows].tolist())


def _missed(findings: Findings) -> _Drawn:
    """The gold units that nothing went with."""
    units = findings.gold_unit[findings.kind == MISSED]
    return _Drawn(_take(findings.gold, units), [MISSED] * len(units))


def _partners(triggers: Findings, events: Mapping[Key, list[Any]]) -> dict[Key, list[Any]]:
    """The drawn event of the system that goes with each gold trigger."""
    rows = triggers.paired
    gold = _take(triggers.gold, triggers.gold_unit[rows])
    system = _take(triggers.system, triggers.system_unit[rows])
    keys = zip(_keys(gold.extents, gold.label), _keys(system.extents, system.label), strict=True)
    return {one: events[other] for one, other in keys}


class _Sheet:
    """One layer while it is drawn, by document."""

    def __init__(self, evidence: Evidence, index: Index) -> None:
        self.evidence, self.index = evidence, index
        self.names = evidence.codes.names()
        self.documents: list[Json] = [{"m": [], "e": []} for _ in evidence.texts.rows]

    def add_mentions(self, drawn: _Drawn) -> None:
        types, places = self._numbers(self.index.types, drawn.units.label), flat(drawn.units.extents)
        documents = drawn.units.extents.document.tolist()
        for document, *mark in zip(documents, types, drawn.outcomes, places, strict=True):
            self.documents[document]["m"].append(mark)

    def add_events(self, drawn: _Drawn, table: Table) -> dict[Key, list[Any]]:
        """The events as drawn, by their triggers, so that arguments can be put to them."""
        keys, types = (
            _keys(drawn.units.extents, drawn.units.label),
            self._numbers(self.index.types, drawn.units.label),
        )
        attributes = self._attributes(table, drawn.units.row)
        events = {}
        for key, type, outcome, told in zip(keys, types, drawn.outcomes, attributes, strict=True):
            events[key] = [type, outcome, [*key[2]], [], told]
            self.documents[key[0]]["e"].append(events[key])
        return events

    def add_arguments(self, drawn: _Drawn, table: Table, events: Mapping[Key, list[Any]]) -> None:
        owner = table.argument_event[drawn.units.row]
        keys = _keys(table.events.take(owner), table.event_type[owner])
        roles, places = self._numbers(self.index.roles, drawn.units.label), flat(drawn.units.extents)
        for key, *argument in zip(keys, roles, drawn.outcomes, places, strict=True):
            if key in events:  # an argument that was rejected may have an event that is not drawn
                events[key][3].append(argument)

    def _numbers(self, known: Codes, labels: Ints) -> list[int]:
        """The numbers that the page has for labels."""
        own = labels.tolist()
        numbers = {label: known[self.names[label]] for label in dict.fromkeys(own)}
        return [numbers[label] for label in own]

    def _attributes(self, table: Table, rows: Ints) -> list[list[str]]:
        """The values of events that are not the ontology's defaults."""
        told: list[list[str]] = [[] for _ in rows]
        ontology = self.evidence.ontology
        for name, column in ({} if ontology is None else table.event_attributes).items():
            codes = column[rows].tolist()
            texts = {code: self._value(name, code) for code in set(codes)}
            for values, text in zip(told, map(texts.__getitem__, codes), strict=True):
                if text:
                    values.append(text)
        return told

    def _value(self, name: str, code: int) -> str:
        """An attribute and its value; "" where there is none, or the default."""
        ontology = self.evidence.ontology
        if code == NONE or ontology is None or self.names[code] == ontology.attributes[name].default:
            return ""
        return f"{name} {', '.join(parts(self.names[code]))}"


def flat(extents: Extents) -> list[Flat]:
    """The spans of units, each a flat list of offsets."""
    ends = np.stack([extents.starts, extents.ends], axis=1)
    if len(ends) == len(extents):  # all of one part
        return cast(list[Flat], ends.tolist())
    offsets = ends.ravel().tolist()
    return [offsets[2 * low : 2 * high] for low, high in pairwise(extents.offset.tolist())]


def _keys(extents: Extents, label: Ints) -> list[Key]:
    places = map(tuple, flat(extents))
    return list(zip(extents.document.tolist(), label.tolist(), places, strict=True))
