"""What became of every unit, from the layers: error classes, confusion, causes, fixed and broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np

from goldwire.corpora.errors import JudgementError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Meta
from goldwire.eval import blame, diagnose, load
from goldwire.eval.compare import Contender, contenders
from goldwire.eval.diagnose import CORRECT, Findings
from goldwire.eval.load import Layer, Need, Texts
from goldwire.eval.record import LayerFacts, Record
from goldwire.eval.report.model import SHADES, Entry, Errors, Matrix, Report, Tally, Versus
from goldwire.eval.tables import NONE, Bools, Codes

UNITS = ("entities", "triggers", "arguments")
# A matrix has a row and a column for this many labels; the rarer ones share one, called OTHER.
LABELS = 40
OTHER, MISSED, SPURIOUS = "(other labels)", "missed", "spurious"
# Causes that a gold argument can have: the spurious ones are the system's.
LOST = tuple(cause for cause in blame.CAUSES if "spurious" not in cause)


@dataclass(frozen=True)
class Evidence:
    """The layers behind a report, and what became of their units: by system, then by `UNITS`."""

    texts: Texts
    meta: dict[str, Meta]
    codes: Codes
    ontology: Ontology | None
    gold: Layer
    systems: dict[str, Layer]
    findings: dict[str, dict[str, Findings]]


def gather(corpus: Corpus, records: Mapping[str, Record]) -> Evidence:
    """Read and compare the layers that records were made from.

    Raises `JudgementError` if texts or layers changed since.
    """
    first, ontology = next(iter(records.values())), corpus.ontology()
    names = () if ontology is None else tuple(sorted(ontology.attributes))
    need = Need(attributes=names, ontology=ontology, items=True)
    texts, codes = load.read_texts(corpus, texts=True), Codes()
    gold = load.read_layer(corpus, first.gold.layer, texts, codes, need)
    systems = {
        system.name: load.read_layer(corpus, _facts(system).layer, texts, codes, need)
        for system in contenders(records)
    }
    _check(corpus, records, gold, systems)
    return Evidence(
        texts=texts,
        meta={document.id: document.meta for document in corpus.documents()},
        codes=codes,
        ontology=ontology,
        gold=gold,
        systems=systems,
        findings={name: _find(gold, one, codes) for name, one in systems.items()},
    )


def _facts(system: Contender) -> LayerFacts:
    return next(item for item in system.record.systems if item.name == system.system)


def _check(corpus: Corpus, records: Mapping[str, Record], gold: Layer, systems: Mapping[str, Layer]) -> None:
    first = next(iter(records.values()))
    changed = [first.gold.layer] if first.gold.fingerprint != gold.fingerprint else []
    for system in contenders(records):
        facts = _facts(system)
        if facts.fingerprint != systems[system.name].fingerprint:
            changed.append(facts.layer)
    if first.corpus.fingerprint != corpus.fingerprint():
        changed.append("the texts")
    if changed:
        raise JudgementError(
            f"{corpus.path}: changed since the record was made: {', '.join(changed)}; score again"
        )


def _find(gold: Layer, system: Layer, codes: Codes) -> dict[str, Findings]:
    makers = zip(UNITS, (diagnose.mentions, diagnose.triggers, blame.arguments), strict=True)
    return {units: make(gold.table, system.table, codes) for units, make in makers}


def with_evidence(report: Report, evidence: Evidence) -> Report:
    """The report with what the layers say, for units that occur at all."""
    found = [
        (system, units, findings)
        for units in UNITS
        for system, by_units in evidence.findings.items()
        if len(findings := by_units[units])
    ]
    return msgspec.structs.replace(
        report,
        matrices=tuple(
            make_matrix(f"x{number}", system, units, diagnose.confusion(findings, evidence.codes))
            for number, (system, units, findings) in enumerate(found)
        ),
        errors=tuple(
            Errors(system=system, units=units, tallies=_tallies(diagnose.tally(findings)))
            for system, units, findings in found
        ),
        causes=tuple(
            Errors(system=system, units=units, tallies=_tallies(_causes(findings)))
            for system, units, findings in found
            if units == "arguments"
        ),
        versus=tuple(_versus(evidence)),
    )


# ---------------------------------------------------------------- classes and causes
def _tallies(counts: Mapping[str, int]) -> tuple[Tally, ...]:
    whole = sum(counts.values())
    return tuple(
        Tally(name=name, count=count, share=count / whole if whole else None)
        for name, count in counts.items()
    )


def _causes(findings: Findings) -> dict[str, int]:
    lost = findings.cause[(findings.gold_unit != NONE) & (findings.kind != CORRECT)]
    numbers = np.bincount(lost[lost != NONE], minlength=len(blame.CAUSES)).tolist()
    by_name = dict(zip(blame.CAUSES, numbers, strict=True))
    return {cause: by_name[cause] for cause in LOST}


# ---------------------------------------------------------------- confusion
def make_matrix(
    key: str, system: str, units: str, cells: tuple[tuple[str | None, str | None, int], ...]
) -> Matrix:
    """A confusion matrix from its cells, the most frequent labels first."""
    places = Places(cells)
    numbers = np.zeros((places.size, places.size), np.int64)
    for gold, found, count in cells:
        numbers[places.number(gold), places.number(found)] += count
    return Matrix(
        key=key,
        system=system,
        units=units,
        rows=(*places.names, SPURIOUS),
        columns=(*places.names, MISSED),
        cells=tuple(_line(row, counts, places) for row, counts in enumerate(numbers.tolist())),
        counts=cells,
    )


class Places:
    """Rows and columns of a matrix: labels by frequency, the rarer ones together, and last those of None."""

    def __init__(self, cells: tuple[tuple[str | None, str | None, int], ...]) -> None:
        weight: dict[str, int] = {}
        for gold, found, count in cells:
            for label in {gold, found} - {None}:
                weight[str(label)] = weight.get(str(label), 0) + count
        ranked = sorted(weight, key=lambda label: (-weight[label], label))
        self.own = ranked if len(ranked) <= LABELS else ranked[: LABELS - 1]
        self.names = self.own if len(ranked) <= LABELS else [*self.own, OTHER]
        self.size = len(self.names) + 1
        self._numbers = {label: number for number, label in enumerate(self.own)}

    def number(self, label: str | None) -> int:
        """The row or column of a label."""
        return self.size - 1 if label is None else self._numbers.get(label, len(self.own))


def _line(row: int, counts: list[int], places: Places) -> tuple[Entry, ...]:
    whole = sum(counts)
    return tuple(
        Entry(
            count=count,
            share=count / whole if whole else None,
            # The root lifts small shares: a confusion of one in ten should be seen.
            shade=round(SHADES * (count / whole) ** 0.5) if whole else 0,
            right=row == column and row < len(places.own),
        )
        for column, count in enumerate(counts)
    )


# ---------------------------------------------------------------- one system against another
def right_units(findings: Findings) -> Bools:
    """Which gold units a system has right."""
    right = np.zeros(len(findings.gold.label), np.bool_)
    right[findings.gold_unit[findings.kind == CORRECT]] = True
    return right


def _versus(evidence: Evidence) -> Iterator[Versus]:
    number = 0
    for units in UNITS:
        for first, second in combinations(evidence.systems, 2):
            one, two = (right_units(evidence.findings[name][units]) for name in (first, second))
            if len(one):
                yield Versus(
                    key=f"v{number}",
                    first=first,
                    second=second,
                    units=units,
                    fixed=int((two & ~one).sum()),
                    broken=int((one & ~two).sum()),
                    both_right=int((one & two).sum()),
                    both_wrong=int((~one & ~two).sum()),
                )
                number += 1
