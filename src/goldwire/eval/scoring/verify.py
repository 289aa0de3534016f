"""Verify what a record holds against itself, before anything is used or made room for.

Its types are right when it comes here; indices, lengths, signs and sizes may be those of a damaged file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from goldwire.corpora.errors import Fault, MeasureError
from goldwire.eval.counting.texts import ascend
from goldwire.eval.measures.references import NAMES, REFERENCES
from goldwire.eval.systems.facts import Facts

if TYPE_CHECKING:
    from goldwire.eval.scoring.record import Confusion, LayerFacts, Record, Result, Slicing
    from goldwire.eval.scoring.tables import CountTable

MOST = 2**53  # above, not every whole number is one in floating point; no corpus comes near
_ROUNDING = 1e-6  # of sums of credits
FIGURES = ("precision", "recall", "f")  # of a measure, over several runs
SHOWN = 3  # faults told of one table: a damaged one has as many as rows


def iter_faults(record: Record, where: str, path: str = "$") -> Iterator[Fault]:
    """Everything in a record that contradicts the rest of it; `path` is where the record stands."""
    for at, message in _iter_messages(record):
        yield Fault(where, f"{path}.{at}", message)


_Messages = Iterator[tuple[str, str]]  # a path in the record, and what is wrong there


def _iter_messages(record: Record) -> _Messages:
    yield from _documents(record)
    layers = (("gold", record.gold), *_numbered("references", record.references))
    for at, layer in (*layers, *_numbered("systems", record.systems)):
        yield from _sizes(at, _layer_sizes(layer))
        if not _is_sound(layer.rejected.values()):
            yield f"{at}.rejected", _NUMBERS
        yield from ((f"{at}.at", message) for message in _threshold(layer, len(record.documents)))
        yield from ((f"{at}.facts", message) for message in _facts(layer.facts))
    if record.coverage is not None:
        coverage = record.coverage
        names = ("corpus", "outside", "unjudged", "skipped", "drafts", "empty")
        yield from _sizes("coverage", {name: getattr(coverage, name) for name in names})
    policy = record.policies.get(REFERENCES)
    if bool(record.references) != (policy is not None) or (policy and policy not in NAMES):
        yield "references", f"the policy is {policy or 'none'}, of {len(record.golds)} gold layers"
    yield from _names(record)
    yield from _weights(record)
    for at, table in (*_numbered("counts", record.counts), *_numbered("rejections", record.rejections)):
        messages = [*_table(table, len(record.documents)), *(_hits(table) if at.startswith("counts") else ())]
        yield from ((f"{at}.{inner}", message) for inner, message in messages[:SHOWN])
    for at, slicing in _numbered("slices", record.slices):
        yield from _slicing(at, slicing, len(record.documents))
    for at, result in _numbered("results", record.results):
        yield from _result(at, result)
    yield from _runs(record)
    for at, confusion in _numbered("confusions", record.confusions):
        yield from _confusion(at, confusion)
    if record.findings:
        from goldwire.eval.scoring import kept

        yield from kept.iter_faults(record)


def _weights(record: Record) -> _Messages:
    """Whether each document has a weight and a stratum, where gold was drawn."""
    found, documents = record.weights, len(record.documents)
    if found is None:
        if record.policies.get("weights", "none") != "none":
            yield "weights", f"the policy is {record.policies['weights']}, and no document has a weight"
        return
    if not len(found.each) == len(found.strata) == documents:
        yield "weights", f"{len(found.each)} and {len(found.strata)} strata for {documents} documents"
    if not all(0 < weight < MOST for weight in found.each):
        yield "weights.each", "a document stands for itself at least in part: expected is more than 0"
    if any(not 0 <= number < len(found.names) for number in found.strata):
        yield "weights.strata", f"there are {len(found.names)} strata"


T = TypeVar("T")


def _numbered(name: str, items: Iterable[T]) -> Iterator[tuple[str, T]]:
    for i, item in enumerate(items):
        yield f"{name}[{i}]", item


_NUMBERS = f"numbers are 0 or more and less than 2^53 ({MOST:,})"


def _is_sound(numbers: Iterable[float]) -> bool:
    return all(0 <= number < MOST for number in numbers)


def _sizes(at: str, sizes: Mapping[str, float]) -> _Messages:
    for name, number in sizes.items():
        if not _is_sound([number]):
            yield f"{at}.{name}", f"got {number}; {_NUMBERS}"


def _layer_sizes(layer: LayerFacts) -> dict[str, int]:
    documents = ("documents", "missing", "failed", "allowed")
    units = ("excluded", "uncounted", "triggerless", "dropped", "outside")
    return {name: getattr(layer, name) for name in (*documents, *units)}


# The facts of a run as far as a record has them: those of an older Goldwire are fewer.
_Reported = msgspec.defstruct(
    "_Reported", [(field.name, field.type, None) for field in msgspec.structs.fields(Facts)]
)


def _facts(reported: dict[str, Any]) -> Iterator[str]:
    try:
        msgspec.convert(reported, _Reported)
    except msgspec.ValidationError as error:
        yield str(error)
    if not _is_sound(_numbers(reported)):
        yield _NUMBERS


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a value of JSON."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        yield from _numbers(part)
    if isinstance(value, int | float):
        yield value


def _threshold(layer: LayerFacts, documents: int) -> Iterator[str]:
    at = layer.at
    if at is None:
        return
    numbers = (*at.values, *([] if at.highest is None else [at.highest]))
    if not at.values or not all(map(math.isfinite, numbers)) or not _is_sound([at.below]):
        yield "is no threshold"
    if at.folds and len(at.folds) != documents:
        yield f"{len(at.folds)} folds for {documents} documents"
    if not all(0 <= fold < len(at.values) for fold in at.folds):
        yield "there is a fold without a threshold"


def _documents(record: Record) -> _Messages:
    if not ascend(record.documents) and len(set(record.documents)) < len(record.documents):
        yield "documents", "a document stands there twice"
    if record.texts and len(record.texts) != len(record.documents):
        yield "texts", f"{len(record.texts)} hashes of texts for {len(record.documents)} documents"
    groups = record.groups
    if groups is None:
        return
    if record.documents and len(groups) != len(record.documents):
        yield "groups", f"{len(groups)} groups for {len(record.documents)} documents"
    if not _is_sound(groups):
        yield "groups", _NUMBERS


def _names(record: Record) -> _Messages:
    systems = [system.name for system in record.systems]
    if len(set(systems)) < len(systems):
        yield "systems", "a system stands there twice"
    for what in ("counts", "results"):
        keys = [(item.system, item.measure) for item in getattr(record, what)]
        if len(set(keys)) < len(keys):
            yield what, "a measure of a system stands there twice"
        for name in sorted({system for system, _ in keys} - set(systems)):
            yield what, f"of a system {name!r} that the record does not have"


def _table(table: CountTable, documents: int) -> _Messages:
    labels, patterns = len(table.labels), len(table.patterns)
    if len(set(table.labels)) < labels:
        yield "labels", "a label stands there twice"
    for i, pattern in enumerate(() if _are_sound(table) else table.patterns):
        for label, *values in pattern:
            if not 0 <= label < labels:
                yield f"patterns[{i}]", f"there is no label of index {label}, of {labels}"
            if not _is_sound(values):
                yield f"patterns[{i}]", _NUMBERS
    yield from _times(table, documents)
    places = np.asarray(table.documents)
    some = len(places) and not 0 <= places.min() <= places.max() < patterns
    for index in dict.fromkeys(table.documents) if some else ():
        if not 0 <= index < patterns:
            yield "documents", f"there is no pattern of index {index}, of {patterns}"


def _slicing(at: str, slicing: Slicing, documents: int) -> _Messages:
    """Whether each document has a value that is there, and counts are by value and label."""
    from goldwire.eval.counting import slices
    from goldwire.eval.measures.slices import parse_slice

    try:
        parted = parse_slice(slicing.slice)
    except MeasureError as error:
        yield f"{at}.slice", str(error)
        return
    if len(set(slicing.values)) < len(slicing.values):
        yield f"{at}.values", "a value stands there twice"
    if not parted.of_units and len(slicing.documents) != documents:
        yield f"{at}.documents", f"{len(slicing.documents)} for {documents} documents of the record"
    if any(not 0 <= place < len(slicing.values) for place in slicing.documents):
        yield f"{at}.documents", f"there are {len(slicing.values)} values"
    for inner, table in _numbered("counts", slicing.counts):
        messages = [*_table(table, documents), *_hits(table)]
        messages += [("labels", told) for told in slices.label_faults(table.labels, slicing.values)]
        yield from ((f"{at}.{inner}.{path}", message) for path, message in messages[:SHOWN])


def _are_sound(table: CountTable) -> bool:
    """Whether all rows are, found at once: which one is not is looked for only then."""
    try:
        rows = table.rows
    except OverflowError:  # a whole number beyond all doubles
        return False
    return bool(((rows >= 0) & (rows < MOST)).all() and (rows[:, 0] < len(table.labels)).all())


def _hits(table: CountTable) -> _Messages:
    """Whether what was right is a part of what there is."""
    if _are_sound(table) and (table.rows[:, [1, 3]] <= table.rows[:, [2, 4]] + _ROUNDING).all():
        return
    for i, pattern in enumerate(table.patterns):
        for _, system_hits, system, gold_hits, gold in pattern:
            if system_hits > system + _ROUNDING or gold_hits > gold + _ROUNDING:
                yield f"patterns[{i}]", "more is right than there is"


def _times(table: CountTable, documents: int) -> _Messages:
    """Whether each document has a pattern, or each pattern a number of documents."""
    if table.times:
        if table.documents or documents:
            yield "times", "stands only in a record that does not name its documents"
        if len(table.times) != len(table.patterns):
            yield "times", f"{len(table.times)} for {len(table.patterns)} patterns"
        if not (_is_sound(table.times) and _is_sound([sum(table.times)])):
            yield "times", _NUMBERS
    elif len(table.documents) != documents:
        yield "documents", f"{len(table.documents)} for {documents} documents of the record"


def _result(at: str, result: Result) -> _Messages:
    figures = [result.value, *(bound for i in result.intervals.values() for bound in (i.low, i.high))]
    for score in (*result.averages.values(), *result.labels.values()):
        figures += [score.precision, score.recall, score.f]
        sums = (score.system_hits, score.system, score.gold_hits, score.gold)
        if not _is_sound(number for number in sums if number is not None):
            yield at, _NUMBERS
    if not all(math.isfinite(figure) for figure in figures if figure is not None):
        yield at, "a figure is not finite"
    numbers = (*result.classes.values(), result.gold_collapsed, result.system_collapsed)
    if not _is_sound(numbers):
        yield at, _NUMBERS


def _runs(record: Record) -> _Messages:
    """Whether runs are systems of the record, each of one alone, and their figures numbers."""
    names = {system.name for system in record.systems}
    there = {(result.system, result.measure) for result in record.results}
    of = [run for several in record.runs for run in several.runs]
    if len(set(of)) < len(of) or len({several.system for several in record.runs}) < len(record.runs):
        yield "runs", "a run or a system with runs stands there twice"
    for at, several in _numbered("runs", record.runs):
        if several.system in names or not several.runs or not names.issuperset(several.runs):
            yield at, "runs of a system are systems of the record, at least one, and none has its name"
        for result in several.results:
            if {*result.figures} != {*FIGURES} or {(run, result.measure) for run in several.runs} - there:
                yield at, f"has no figures of {result.measure} for each run and for all of them"
            each = [(one.mean, one.deviation, one.low, one.high) for one in result.figures.values()]
            if not all(math.isfinite(value) for values in each for value in values if value is not None):
                yield at, "a figure is not finite"


def _confusion(at: str, confusion: Confusion) -> _Messages:
    cells = [number for *_, number in confusion.cells]
    causes = [number for pair in confusion.causes.values() for number in pair]
    if not _is_sound([*cells, *confusion.classes.values(), *causes]):
        yield at, _NUMBERS
