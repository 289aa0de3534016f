"""Documents for the page, with gold and every system, as JSON values.

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
from typing import Any

from goldwire.corpora.types import Meta
from goldwire.corpora.values import parts
from goldwire.eval.counting.columns import NONE, Codes, Extents, Table
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
    mentions, triggers, arguments = findings.values()
    table = evidence.gold.table
    sheet.add_mentions(mentions.gold, _all(mentions.gold))
    events = sheet.add_events(triggers.gold, table, _all(triggers.gold))
    sheet.add_arguments(arguments.gold, table, _all(arguments.gold), events)
    return sheet.documents


def draw_system(evidence: Evidence, name: str, index: Index) -> list[Json]:
    """What a system found, and what it missed: a value for each document, by its number."""
    mentions, triggers, arguments = evidence.findings[name].values()
    sheet, gold, table = _Sheet(evidence, index), evidence.gold.table, evidence.systems[name].table
    sheet.add_mentions(mentions.system, _found(mentions))
    sheet.add_mentions(mentions.gold, _missed(mentions))
    events = sheet.add_events(triggers.system, table, _found(triggers))
    lost = sheet.add_events(triggers.gold, gold, _missed(triggers))
    sheet.add_arguments(arguments.system, table, _found(arguments), events)
    sheet.add_arguments(arguments.gold, gold, _missed(arguments), lost | _partners(triggers, events))
    return sheet.documents


def _all(side: Side) -> dict[int, int]:
    return dict.fromkeys(range(len(side.label)), CORRECT)


def _found(findings: Findings) -> dict[int, int]:
    """The outcome of each system unit that stands in the text: of those rejected, not all do."""
    pairs = zip(findings.system_unit.tolist(), findings.kind.tolist(), strict=True)
    inside = (findings.system.extents.start < BEYOND).tolist()
    return {unit: kind for unit, kind in pairs if unit != NONE and inside[unit]}


def _missed(findings: Findings) -> dict[int, int]:
    """The gold units that nothing went with."""
    return dict.fromkeys(findings.gold_unit[findings.kind == MISSED].tolist(), MISSED)


def _partners(triggers: Findings, events: Mapping[Key, list[Any]]) -> dict[Key, list[Any]]:
    """The drawn event of the system that goes with each gold trigger."""
    gold, system = (
        _keys(triggers.gold.extents, triggers.gold.label),
        _keys(triggers.system.extents, triggers.system.label),
    )
    rows = triggers.paired
    pairs = zip(triggers.gold_unit[rows].tolist(), triggers.system_unit[rows].tolist(), strict=True)
    return {gold[one]: events[system[other]] for one, other in pairs}


class _Sheet:
    """One layer while it is drawn, by document."""

    def __init__(self, evidence: Evidence, index: Index) -> None:
        self.evidence, self.index = evidence, index
        self.names = evidence.codes.names()
        self.documents: list[Json] = [{"m": [], "e": []} for _ in evidence.texts.rows]

    def add_mentions(self, side: Side, outcomes: Mapping[int, int]) -> None:
        places, documents, labels = flat(side.extents), side.extents.document.tolist(), side.label.tolist()
        for unit, outcome in outcomes.items():
            mark = [self.index.types[self.names[labels[unit]]], outcome, places[unit]]
            self.documents[documents[unit]]["m"].append(mark)

    def add_events(self, side: Side, table: Table, outcomes: Mapping[int, int]) -> dict[Key, list[Any]]:
        """The events as drawn, by their triggers, so that arguments can be put to them."""
        keys, rows = _keys(side.extents, side.label), side.row.tolist()
        drawn = {}
        for unit, outcome in outcomes.items():
            document, label, place = keys[unit]
            event = [
                self.index.types[self.names[label]],
                outcome,
                [*place],
                [],
                self._attributes(table, rows[unit]),
            ]
            self.documents[document]["e"].append(event)
            drawn[keys[unit]] = event
        return drawn

    def add_arguments(
        self, side: Side, table: Table, outcomes: Mapping[int, int], events: Mapping[Key, list[Any]]
    ) -> None:
        keys = _keys(table.events, table.event_type)
        places, labels = flat(side.extents), side.label.tolist()
        owner = table.argument_event[side.row].tolist()
        for unit, outcome in outcomes.items():
            role = self.index.roles[self.names[labels[unit]]]
            event = events.get(keys[owner[unit]])
            if event is not None:  # an argument that was rejected may have an event that is not drawn
                event[3].append([role, outcome, places[unit]])

    def _attributes(self, table: Table, row: int) -> list[str]:
        """The values of an event that are not the ontology's defaults."""
        ontology = self.evidence.ontology
        if ontology is None:
            return []
        values = ((name, int(column[row])) for name, column in table.event_attributes.items())
        return [
            f"{name} {', '.join(parts(self.names[code]))}"
            for name, code in values
            if code != NONE and self.names[code] != ontology.attributes[name].default
        ]


def flat(extents: Extents) -> list[Flat]:
    """The spans of units, each a flat list of offsets."""
    ends = [
        offset for pair in zip(extents.starts.tolist(), extents.ends.tolist(), strict=True) for offset in pair
    ]
    return [ends[2 * low : 2 * high] for low, high in pairwise(extents.offset.tolist())]


def _keys(extents: Extents, label: Any) -> list[Key]:
    places = map(tuple, flat(extents))
    return list(zip(extents.document.tolist(), label.tolist(), places, strict=True))
