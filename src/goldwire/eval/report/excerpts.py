"""Examples for the page: places in the text behind each cell and each difference, as JSON values.

    example   {d: number of the document, p: where it is, i: id, t: text around it, g: spans of gold or null,
               gl: its label, s: spans of the system, sl: its label, k: spans of the trigger}
Spans are pairs of offsets into `t`. Of many, an even draw over all documents is shown.

A page of very many documents has some of them alone: those of examples, and an even draw of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from goldwire.corpora.types import Spans
from goldwire.eval.counting.columns import NONE, Bools, Ints, Table
from goldwire.eval.counting.rejected import BEYOND
from goldwire.eval.counting.texts import TextRow
from goldwire.eval.errors.classes import Findings, Side, label_codes, spans
from goldwire.eval.report.evidence import Evidence, common_units, right_units
from goldwire.eval.report.matrices import Places
from goldwire.eval.report.values import Matrix, Report, Versus

EXAMPLES = 20  # shown of one cell, at most
CONTEXT = 70  # code points on either side
LISTED = 50_000  # documents in a page, at most: more than a browser goes through with ease
Json = dict[str, Any]


def make_examples(report: Report, evidence: Evidence) -> dict[str, Any]:
    """The examples of every matrix and every pair of systems, by the name of their block."""
    found: dict[str, Any] = {}
    for matrix in report.matrices:
        found[f"cells-{matrix.key}"] = dict(_cells(matrix, evidence))
    for pair in report.versus:
        found[f"versus-{pair.key}"] = dict(_differences(pair, evidence))
    return found


def _cells(matrix: Matrix, evidence: Evidence) -> Iterator[tuple[str, Json]]:
    """The cells of a matrix that are not empty, by `row.column`; not all that was rejected can be shown."""
    findings = evidence.findings[matrix.system][matrix.units]
    places, names = Places(matrix.counts), (*evidence.codes.names(), None)
    # Codes are of all strings, values of attributes too; those that are no label here stand nowhere.
    numbers = np.array([places.number(name) for name in names], np.int64)
    gold, system = (numbers[codes] for codes in label_codes(findings))
    cell = gold * places.size + system
    documents, drawn = findings.document, _drawn(findings)
    order = np.lexsort((documents, cell))
    for number, rows in _groups(cell[order], order):
        row, column = divmod(number, places.size)
        yield (
            f"{row}.{column}",
            {
                "title": f"gold {matrix.rows[row]}, system {matrix.columns[column]}",
                "total": matrix.cells[row][column].count,
                "examples": [
                    _example(evidence, matrix.system, matrix.units, int(k), int(documents[k]))
                    for k in even(rows[drawn[rows]])
                ],
            },
        )


def _drawn(findings: Findings) -> Bools:
    """Which rows can be shown: what was rejected need not stand in the text."""
    drawn: Bools = np.append(findings.system.extents.start < BEYOND, True)[findings.system_unit]
    return drawn


def _groups(keys: Ints, values: Ints) -> Iterator[tuple[int, Ints]]:
    """Values that have one key, for keys in order."""
    names, starts = np.unique(keys, return_index=True)
    if len(names):  # nothing is split into one part too
        yield from zip(names.tolist(), np.split(values, starts[1:]), strict=True)


def even(rows: Ints, most: int = EXAMPLES) -> Ints:
    """As many of the rows as are shown, evenly spaced.

    >>> even(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _differences(pair: Versus, evidence: Evidence) -> Iterator[tuple[str, list[Json]]]:
    """What the second system fixed and broke, and what both have wrong, as gold units."""
    systems = pair.first, pair.second
    both = [evidence.findings[name][pair.units] for name in systems]
    for name, side, rows in _differing(*both):
        documents = both[side].document
        yield (
            name,
            [
                _example(evidence, systems[side], pair.units, int(row), int(documents[row]))
                for row in even(rows)
            ],
        )


def _differing(one: Findings, two: Findings) -> Iterator[tuple[str, int, Ints]]:
    """Gold units by what two systems make of them, as rows of one of the two, given by its number."""
    units = common_units(one, two)
    first, second = right_units(one)[units[0]], right_units(two)[units[1]]
    for name, chosen in {
        "fixed": second & ~first,
        "broken": first & ~second,
        "wrong": ~first & ~second,
    }.items():
        # The system that has it wrong says what it found instead.
        side, other = (1, two) if name == "broken" else (0, one)
        row_of = np.full(len(other.gold.label), NONE)
        there = other.gold_unit != NONE
        row_of[other.gold_unit[there]] = np.flatnonzero(there)
        yield name, side, row_of[units[side][chosen]]


# ---------------------------------------------------------------- of very many documents
def iter_places(evidence: Evidence) -> Iterator[tuple[tuple[str | None, ...], Ints]]:
    """The numbers of the documents behind each cell and each difference, in order."""
    names = (*evidence.names, None)  # last, where the code NONE is
    for system, by_units in evidence.findings.items():
        for units, findings in by_units.items():
            rows = np.flatnonzero(_drawn(findings))
            gold, found = (codes[rows] % len(names) for codes in label_codes(findings))
            documents, cell = evidence.numbers[findings.document[rows]], gold * len(names) + found
            order = np.lexsort((documents, cell))
            for number, own in _groups(cell[order], documents[order]):
                one, other = divmod(number, len(names))
                yield (system, units, names[one], names[other]), own
    for first, second in combinations(evidence.findings, 2):
        for units, findings in evidence.findings[first].items():
            both = findings, evidence.findings[second][units]
            for name, side, rows in _differing(*both):
                yield (first, second, units, name), evidence.numbers[np.sort(both[side].document[rows])]


def choose(places: Iterable[Ints], documents: int) -> Ints:
    """The numbers of documents for a page, of so many: those of examples, and others at even distances."""
    wanted = np.concatenate([np.zeros(0, np.int64), *map(even, sorted(places, key=len))])
    _, first = np.unique(wanted, return_index=True)
    shown = wanted[np.sort(first)[:LISTED]]  # those of what is rare before all others
    others = np.setdiff1d(np.arange(documents), shown)
    return np.union1d(shown, even(others, LISTED - len(shown)))


# ---------------------------------------------------------------- one example
def _example(evidence: Evidence, system: str, units: str, row: int, number: int) -> Json:
    """One row of findings as it stands in the text of document `number`."""
    findings = evidence.findings[system][units]
    text = evidence.texts.rows[number]
    sides = [
        (findings.gold, int(findings.gold_unit[row]), evidence.gold.table),
        (findings.system, int(findings.system_unit[row]), evidence.systems[system].table),
    ]
    gold, found = (None if unit == NONE else spans(side.extents, unit) for side, unit, _ in sides)
    trigger = next((_trigger(*side) for side in sides if side[1] != NONE), ()) if units == "arguments" else ()
    names = evidence.names
    labels = [None if unit == NONE else names[side.label[unit]] for side, unit, _ in sides]
    start, snippet = quote(text.text if isinstance(text, TextRow) else "", [gold or (), found or (), trigger])
    return {
        "d": number,
        "p": (gold or found or trigger)[0].start,
        "i": text.id,
        "t": snippet,
        "g": _moved(gold, start),
        "gl": labels[0],
        "s": _moved(found, start),
        "sl": labels[1],
        "k": _moved(trigger, start),
    }


def _trigger(side: Side, unit: int, table: Table) -> Spans:
    """The trigger of an argument; () where its event has none in the text."""
    trigger = spans(table.events, int(table.argument_event[side.row[unit]]))
    return trigger if trigger[0].start < BEYOND else ()


def quote(text: str, marks: list[Spans]) -> tuple[int, str]:
    """The text around all marks, cut at words, and where it begins."""
    places = [span for spans in marks for span in spans]
    first, last = min(span.start for span in places), max(span.end for span in places)
    start, end = max(0, first - CONTEXT), min(len(text), last + CONTEXT)
    if start and (gap := text.find(" ", start, first)) >= 0:
        start = gap + 1
    if end < len(text) and (gap := text.rfind(" ", last, end)) >= 0:
        end = gap
    return start, text[start:end]


def _moved(spans: Spans | None, start: int) -> list[list[int]] | None:
    return None if not spans else [[span.start - start, span.end - start] for span in spans]
