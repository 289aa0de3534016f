"""Evidence from the layers for every unit: error classes, confusion, causes, fixed and broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Meta
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.comparison.same import check_corpus
from goldwire.eval.counting.columns import Bools, Codes
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import Weights
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.counting.texts import Texts
from goldwire.eval.errors import causes, classes, outcomes
from goldwire.eval.errors.classes import CORRECT, Findings
from goldwire.eval.errors.confidence import Confidence, Point, iter_confidence
from goldwire.eval.errors.oracle import substitute
from goldwire.eval.errors.outcomes import OtherUnitsError
from goldwire.eval.report.values import (
    SHADES,
    Costs,
    Curve,
    Entry,
    Errors,
    Matrix,
    Report,
    Step,
    Tally,
    Versus,
)
from goldwire.eval.scoring.kept import of_system
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import read_scored

UNITS = ("entities", "triggers", "arguments")  # as `outcomes.KINDS`, in the words of a reader
# A matrix has a row and a column for this many labels; the rarer ones share one, called OTHER.
LABELS = 40
POINTS = 200  # of a curve
LEVELS = 10  # of scores, in a table
OTHER, MISSED, SPURIOUS = "(other labels)", "missed", "spurious"
# Causes that a gold argument can have: the spurious ones are the system's.
LOST = tuple(cause for cause in causes.CAUSES if "spurious" not in cause)


@dataclass(frozen=True)
class Evidence:
    """The layers behind a report, and what became of their units: by system, then by `UNITS`."""

    texts: Texts
    meta: dict[str, Meta]
    codes: Codes
    ontology: Ontology | None
    gold: Layer
    systems: dict[str, Layer]
    sides: dict[str, GoldAndSystem]
    findings: dict[str, dict[str, Findings]]
    weights: Weights | None = None

    @cached_property
    def names(self) -> tuple[Any, ...]:
        """What each code stands for."""
        return self.codes.names()


@no_collection()
def gather(corpus: Corpus, records: Mapping[str, Record]) -> Evidence:
    """Read and compare the layers that records were made from.

    Raises `JudgementError` if texts or layers changed since.
    """
    first, ontology = next(iter(records.values())), corpus.ontology()
    names = () if ontology is None else tuple(sorted(ontology.attributes))
    need = Wanted(attributes=names, ontology=ontology, items=True, texts=True)
    contending = [system.first for system in contenders(records)]
    block = read_scored(corpus, first, [system.facts for system in contending], need)
    texts, codes, gold = block.texts, block.codes, block.layers[0]
    systems = dict(zip([system.name for system in contending], block.layers[1:], strict=True))
    for record in records.values():  # whose fingerprints may be of different kinds
        made = ((one.facts, systems[one.name]) for one in contending if one.record is record)
        check_corpus(corpus, texts, record, [(record.gold, gold), *made])
    sides = {name: GoldAndSystem(gold, one, texts, codes) for name, one in systems.items()}
    return Evidence(
        texts=texts,
        meta={document.id: document.meta for document in corpus.documents()},
        codes=codes,
        ontology=ontology,
        gold=gold,
        systems=systems,
        sides=sides,
        findings={one.name: _findings(one, sides[one.name]) for one in contending},
        weights=first.scaled,
    )


def _findings(contender: Contender, sides: GoldAndSystem) -> dict[str, Findings]:
    """What became of the units of a system: as its record has it, else found from the layers."""
    kept = of_system(contender.record, contender.system)
    try:
        found = outcomes.find(sides, kept=kept)
    except OtherUnitsError:  # of a record that somebody wrote by other means: its layers are the same
        found = outcomes.find(sides)
    return dict(zip(UNITS, found.values(), strict=True))


@no_collection()
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
            make_matrix(f"x{number}", system, units, classes.confusion(findings, evidence.codes))
            for number, (system, units, findings) in enumerate(found)
        ),
        errors=tuple(
            Errors(system=system, units=units, tallies=_tallies(classes.tally(findings)))
            for system, units, findings in found
        ),
        causes=tuple(
            Errors(system=system, units=units, tallies=_tallies(_causes(findings)))
            for system, units, findings in found
            if units == "arguments"
        ),
        costs=tuple(_costs(evidence)) if any(units == "arguments" for _, units, _ in found) else (),
        curves=tuple(_curves(evidence)),
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
    """Gold arguments that are not right, by cause; the other causes are the system's."""
    return {cause: gold for cause, (gold, _) in outcomes.count_causes(findings).items() if cause in LOST}


def _costs(evidence: Evidence) -> Iterator[Costs]:
    """What the arguments would score if one kind of error upstream were put right."""
    for name, sides in evidence.sides.items():
        known = dict(zip(outcomes.KINDS, evidence.findings[name].values(), strict=True))
        steps = substitute(sides, known, evidence.weights)
        yield Costs(
            system=name,
            steps=tuple(Step(name=step.name, value=step.value, gain=step.gain) for step in steps),
        )


def _curves(evidence: Evidence) -> Iterator[Curve]:
    """What scores are worth; of drawn gold nothing is said, for that would be of what was picked."""
    if evidence.weights is not None:
        return
    for name, layer in evidence.systems.items():
        by_kind = dict(zip(outcomes.KINDS, evidence.findings[name].values(), strict=True))
        for kind, found in iter_confidence(by_kind, layer.items):
            yield make_curve(name, UNITS[outcomes.KINDS.index(kind)], found)


def make_curve(system: str, units: str, found: Confidence) -> Curve:
    """What scores are worth, with no more points than a drawing shows."""
    points = found.curve[:: max(1, len(found.curve) // POINTS)]
    return Curve(
        system=system,
        units=units,
        levels=tuple((p.threshold, p.precision, p.recall, p.f) for p in _levels(found)),
        points=tuple((point.recall, point.precision) for point in points),
        average_precision=found.average_precision,
        threshold=None if found.best is None else found.best.threshold,
        best=None if found.best is None else found.best.f,
        bins=tuple((part.score, part.precision, part.detections) for part in found.bins),
        calibration_error=found.calibration_error,
    )


def _levels(found: Confidence) -> list[Point]:
    """Points of the curve at even distances, the best one among them; all where they are few."""
    points = found.curve
    step = (len(points) - 1) / (LEVELS - 1)
    some = {points[round(step * number)] for number in range(LEVELS)} if step > 1 else set(points)
    if found.best is not None:
        some.add(found.best)
    return sorted(some, key=lambda point: point.threshold)


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
