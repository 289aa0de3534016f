"""Sums of evidence: what a report tells of units, added up over blocks of documents.

    iter_evidence -> part_of -> add -> with_sums

Nothing of a document is held once it is counted, but for the scores of units where a system gave such, and
for the numbers of documents where examples are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora.digest import Digest
from goldwire.corpora.errors import DataError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.store import Corpus
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.comparison.same import is_of
from goldwire.eval.counting.chunks import DisorderError
from goldwire.eval.counting.columns import Floats, Ints
from goldwire.eval.errors import causes
from goldwire.eval.errors.classes import Findings
from goldwire.eval.errors.confidence import (
    Confidence,
    Detections,
    Point,
    detections,
    join,
    judge_detections,
    scores_of,
)
from goldwire.eval.errors.oracle import substitutions, sums
from goldwire.eval.errors.outcomes import KINDS
from goldwire.eval.report.evidence import UNITS, Evidence, common_units, gather, iter_evidence, right_units
from goldwire.eval.report.excerpts import iter_places
from goldwire.eval.report.matrices import make_matrix
from goldwire.eval.report.values import Costs, Curve, Errors, Report, Step, Tally, Versus
from goldwire.eval.scoring.blockwise import add_confusions
from goldwire.eval.scoring.find import confusion_of
from goldwire.eval.scoring.record import Confusion, LayerFacts, Record

POINTS = 200  # of a curve
LEVELS = 10  # of scores, in a table
# Causes that a gold argument can have: the spurious ones are the system's.
LOST = tuple(cause for cause in causes.CAUSES if "spurious" not in cause)
Named = tuple[str, str]  # a system, and `UNITS`


class Part(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What documents say of units.

    `steps` are sums for `oracle.substitutions`, by system, none where there are no arguments; `versus` is, by
    units and two systems, how many gold units the second fixed and broke, and both have right and wrong.
    `texts` and `layers` are digests: of a layer, gold's being "", and of the tokens beside it. `places` are
    the numbers of documents that examples may be taken from (see `excerpts.iter_places`).
    """

    confusions: dict[Named, Confusion]
    detections: dict[Named, Detections]
    steps: dict[str, Floats]
    versus: dict[tuple[str, str, str], Ints]
    texts: Digest
    layers: dict[str, tuple[Digest, Digest]]
    places: dict[tuple[str | None, ...], Ints] = {}


# ---------------------------------------------------------------- of some documents
def part_of(evidence: Evidence, *, places: bool = False) -> Part:
    """What the documents of evidence say, and with `places`, which of them examples may be taken from."""
    each = [
        (name, units, kind, found)
        for name, by_units in evidence.findings.items()
        for (units, found), kind in zip(by_units.items(), KINDS, strict=True)
    ]
    layers = {"": evidence.gold, **evidence.systems}
    return Part(
        confusions={
            (name, units): confusion_of(evidence.sides[name], name, kind, found)
            for name, units, kind, found in each
        },
        detections={
            (name, units): detections(found, scores_of(evidence.systems[name].items, kind))
            for name, units, kind, found in each
            if evidence.weights is None  # of drawn gold, what scores are worth would be of what was picked
        },
        steps=_steps(evidence) if any(len(layer.table.argument_event) for layer in layers.values()) else {},
        versus={
            (units, one, two): _outcomes(*(evidence.findings[name][units] for name in (one, two)))
            for units in UNITS
            for one, two in combinations(evidence.systems, 2)
        },
        texts=evidence.texts.digest,
        layers={name: (layer.digest, layer.bonds) for name, layer in layers.items()},
        places=dict(iter_places(evidence)) if places else {},
    )


def _steps(evidence: Evidence) -> dict[str, Floats]:
    found = {}
    for name, sides in evidence.sides.items():
        known = dict(zip(KINDS, evidence.findings[name].values(), strict=True))
        found[name] = sums(sides, known, evidence.weights)
    return found


def _outcomes(first: Findings, second: Findings) -> Ints:
    found = zip((first, second), common_units(first, second), strict=True)
    one, two = (right_units(side)[units] for side, units in found)
    return np.array([(two & ~one).sum(), (one & ~two).sum(), (one & two).sum(), (~one & ~two).sum()])


# ---------------------------------------------------------------- of all documents
def add(parts: Sequence[Part]) -> Part:
    """What different documents say together."""
    first = parts[0]
    return Part(
        confusions={
            name: add_confusions([part.confusions[name] for part in parts]) for name in first.confusions
        },
        detections={name: join([part.detections[name] for part in parts]) for name in first.detections},
        steps={
            name: np.sum([part.steps[name] for part in parts if part.steps], axis=0)
            for name in next((part.steps for part in parts if part.steps), {})
        },
        versus={name: np.sum([part.versus[name] for part in parts], axis=0) for name in first.versus},
        texts=sum((part.texts for part in parts), Digest()),
        layers={
            name: (
                sum((part.layers[name][0] for part in parts), Digest()),
                sum((part.layers[name][1] for part in parts), Digest()),
            )
            for name in first.layers
        },
        places=_joined([part.places for part in parts]),
    )


def _joined(parts: Sequence[Mapping[Any, Ints]]) -> dict[Any, Ints]:
    """Numbers of documents of all parts, which come in order, by what they are of."""
    found: dict[Any, list[Ints]] = {}
    for part in parts:
        for name, numbers in part.items():
            found.setdefault(name, []).append(numbers)
    return {name: np.concatenate(numbers) for name, numbers in found.items()}


@no_collection()
def add_up(corpus: Corpus, records: Mapping[str, Record], *, places: bool = False) -> Part:
    """What all documents of records say, read block by block, or at once where files cannot be cut.

    Raises `JudgementError` if texts or layers changed since, `DataError` with all faults.
    """
    try:
        parts = [part_of(evidence, places=places) for evidence in iter_evidence(corpus, records)]
    except (DisorderError, DataError):
        return part_of(gather(corpus, records), places=places)
    whole = add(parts)
    if all(_is_of(record, whole, records) for record in records.values()):
        return whole
    return part_of(gather(corpus, records), places=places)  # which says what changed, or compares otherwise


def _is_of(record: Record, whole: Part, records: Mapping[str, Record]) -> bool:
    """Whether the layers that were added up are those that a record was made from."""
    made = (one.first for one in contenders(records) if one.record is record)
    layers: list[tuple[LayerFacts, str]] = [(record.gold, ""), *((one.facts, one.name) for one in made)]
    return is_of(record, whole.texts, [(facts, *whole.layers[name]) for facts, name in layers])


# ---------------------------------------------------------------- in a report
def with_evidence(report: Report, evidence: Evidence) -> Report:
    """The report with what evidence of all documents says."""
    return with_sums(report, part_of(evidence))


@no_collection()
def with_sums(report: Report, whole: Part) -> Report:
    """The report with what the layers say, for units that occur at all."""
    found = [
        (system, units, confusion)
        for wanted in UNITS
        for (system, units), confusion in whole.confusions.items()
        if units == wanted and any(confusion.classes.values())
    ]
    arguments = [(system, confusion) for system, units, confusion in found if units == "arguments"]
    return msgspec.structs.replace(
        report,
        matrices=tuple(
            make_matrix(f"x{number}", system, units, confusion.cells)
            for number, (system, units, confusion) in enumerate(found)
        ),
        errors=tuple(
            Errors(system=system, units=units, tallies=_tallies(confusion.classes))
            for system, units, confusion in found
        ),
        causes=tuple(
            Errors(system=system, units="arguments", tallies=_tallies(_causes(confusion)))
            for system, confusion in arguments
        ),
        costs=tuple(_costs(whole)) if arguments else (),
        curves=tuple(_curves(whole)),
        versus=tuple(_versus(whole)),
    )


def _tallies(counts: Mapping[str, int]) -> tuple[Tally, ...]:
    whole = sum(counts.values())
    return tuple(
        Tally(name=name, count=count, share=count / whole if whole else None)
        for name, count in counts.items()
    )


def _causes(confusion: Confusion) -> dict[str, int]:
    """Gold arguments that are not right, by cause; the other causes are the system's."""
    return {cause: gold for cause, (gold, _) in confusion.causes.items() if cause in LOST}


def _costs(whole: Part) -> Iterator[Costs]:
    """What the arguments would score if one kind of error upstream were put right."""
    for name, steps in whole.steps.items():
        yield Costs(
            system=name,
            steps=tuple(
                Step(name=step.name, value=step.value, gain=step.gain) for step in substitutions(steps)
            ),
        )


def _curves(whole: Part) -> Iterator[Curve]:
    """What scores are worth, of systems that give some."""
    for (system, units), found in whole.detections.items():
        judged = judge_detections(found)
        if judged is not None:
            yield make_curve(system, units, judged)


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


def _versus(whole: Part) -> Iterator[Versus]:
    number = 0
    for (units, first, second), outcomes in whole.versus.items():
        fixed, broken, both_right, both_wrong = outcomes.tolist()
        if any(outcomes):
            yield Versus(
                key=f"v{number}",
                first=first,
                second=second,
                units=units,
                fixed=fixed,
                broken=broken,
                both_right=both_right,
                both_wrong=both_wrong,
            )
            number += 1
