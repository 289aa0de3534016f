"""Thresholds of confidence: which units of a system are too unsure to be counted, given or chosen.

A threshold that is chosen is that of greatest F by the first measure that is asked for, on other documents:
the documents go into folds, near-duplicates together, and those of a fold have the threshold that is best on
the rest. One for all measures, since a system gives one output. What gold says of a document so never decides
on that document's own threshold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora.errors import DataError, Fault, MeasureError, among
from goldwire.corpora.types import Annotations
from goldwire.eval.counting import counters, reading
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.columns import Bools, Floats, Ints
from goldwire.eval.counting.counts import Counts, make_counts
from goldwire.eval.counting.cut import Cut
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.measures.measure import Measure, name
from goldwire.eval.scoring import find
from goldwire.eval.scoring.plan import BEST, At, Chosen, Plan
from goldwire.eval.statistics import figures
from goldwire.eval.statistics.folds import folds
from goldwire.eval.systems.runs import grouped, owners

FOLDS = 5
MOST = 100  # thresholds tried: all scores that occur, or so many of them, evenly by rank
KINDS = ("mentions", "events", "arguments", "relations")
_DIGITS = 12  # of F by which thresholds are compared


def settle(
    plan: Plan, lines: Callable[[int], Iterable[Annotations]], block: Callable[[Wanted], Block]
) -> Plan:
    """The plan with its thresholds; `lines` are those of a layer by number, `block` has all that is scored.

    Raises `MeasureError` if one is of no system or cannot be chosen, `DataError` if units have no scores.
    """
    if not plan.options.at:
        return plan
    asked = _asked(plan)
    without = {number: _check(plan.names[number], lines(number)) for number in asked}
    chosen = {number: _given(at, without[number]) for number, at in asked.items() if at != BEST}
    if best := [number for number, at in asked.items() if at == BEST]:
        _check_choice(plan)
        whole = block(msgspec.structs.replace(plan.wanted, scores=True))
        chosen |= {number: _choose(plan, whole, number, without[number]) for number in best}
    return msgspec.structs.replace(plan, at=tuple(chosen.get(n) for n in range(len(plan.layers))))


def _asked(plan: Plan) -> dict[int, At]:
    """What is asked for by the number of a system's layer; a system's own goes before that of all."""
    found, given = dict[int, At](), dict(plan.options.at)
    theirs = plan.layers[plan.golds :]
    systems = owners(grouped({layer.name: layer.facts for layer in theirs}))
    called = [(layer.name, layer.source, systems.get(layer.name, layer.name)) for layer in theirs]
    for number, names in enumerate(called, start=plan.golds):
        own = [given[name] for name in names if name in given]
        if own or "" in given:
            found[number] = own[0] if own else given[""]
    known = set(chain.from_iterable(called))
    if unknown := sorted(given.keys() - known - {""}):
        raise MeasureError(f"--at {unknown[0]}=…: no such system is scored{among(unknown[0], plan.systems)}")
    return found


def _given(at: At, without: tuple[str, ...]) -> Chosen:
    value = float(at)
    return Chosen(name=f"{value:g}", cut=Cut((value,)), without=without)


# ---------------------------------------------------------------- which units have scores
def _check(system: str, lines: Iterable[Annotations]) -> tuple[str, ...]:
    """The kinds of units that have no scores, where others have; `DataError` where a kind has only some."""
    scored, bare = Counter[str](), Counter[str]()
    faults = []
    for line in lines:
        for kind, scores in _scores(line):
            odd = [score for score in scores if score is not None and not math.isfinite(score)]
            faults += [Fault(line.document, kind, f"a score is {score}; expected a number") for score in odd]
            bare[kind] += scores.count(None)
            scored[kind] += len(scores) - scores.count(None)
    faults += [
        Fault(system, kind, f"{bare[kind]:,} of {bare[kind] + scored[kind]:,} have no score")
        for kind in KINDS
        if bare[kind] and scored[kind]
    ]
    if faults:
        told = "some units have no score, of which a threshold cannot say whether they count"
        raise DataError(f"{system}: {told}; give all of a kind one, or leave --at out", faults)
    if bare.total() and not scored.total():
        raise MeasureError(
            f"{system}: no unit has a score, so that it has no threshold; leave it out of --at"
        )
    return tuple(kind for kind in KINDS if bare[kind])


def _scores(line: Annotations) -> Iterator[tuple[str, list[float | None]]]:
    arguments = chain.from_iterable(event.arguments for event in line.events)
    units: tuple[Iterable[Any], ...] = (line.mentions, line.events, arguments, line.relations)
    for kind, ones in zip(KINDS, units, strict=True):
        yield kind, [one.score for one in ones]


# ---------------------------------------------------------------- chosen
def _check_choice(plan: Plan) -> None:
    measure = plan.measures[0]
    if plan.options.stream:
        raise MeasureError("--at best: a threshold by fold is of documents, which --stream does not keep")
    if not counters.is_additive(measure):
        raise MeasureError(
            f"--at best: chosen by the first measure, but documents of {name(measure)} do not add up"
        )


def _choose(plan: Plan, block: Block, number: int, without: tuple[str, ...]) -> Chosen:
    """The threshold of each fold: the one of greatest F on the documents of all others."""
    ids, measure = block.texts.ids, plan.measures[0]
    fold, many = _folds(plan, block)
    tried = candidates(block.layers[number])
    counts = (_counts(plan, block, number, at) for at in tried.tolist())
    scores = np.array([_figures(found, measure, fold, many) for found in counts])
    values = tuple(_best(tried, scores[:, k]) for k in range(many)) if len(tried) else (0.0,) * many
    called = f"{BEST}-{many}fold-seed-{plan.options.seed}({measure})"
    return Chosen(name=called, cut=Cut(values, dict(zip(ids, fold.tolist(), strict=True))), without=without)


def _folds(plan: Plan, block: Block) -> tuple[Ints, int]:
    """The fold of each document, and how many there are."""
    groups = [row.group or row.id for row in block.texts.rows]
    many = min(FOLDS, len(set(groups)))
    if many < 2:  # noqa: PLR2004 - one to choose on, one to score
        raise MeasureError(
            "--at best is chosen on other documents, and there are none: score two or more (near-duplicates "
            "are one)"
        )
    return np.array(folds(groups, many, plan.options.seed), np.int64), many


def candidates(layer: Layer) -> Floats:
    """The thresholds that are tried for a system, from the lowest up."""
    table = layer.table
    columns = (table.mention_score, table.event_score, table.argument_score, table.relation_score)
    found: Floats = np.unique(np.concatenate(columns))
    found = found[~np.isnan(found)]
    if len(found) <= MOST:
        return found
    kept: Floats = found[np.linspace(0, len(found) - 1, MOST).round().astype(np.int64)]
    return kept


def _counts(plan: Plan, block: Block, number: int, at: float) -> Counts:
    """The counts of a system under the first measure, at a threshold."""
    system = reading.cut_layer(block.layers[number], Cut((at,)), block.texts.ids)
    sides = find.sides_of(block.layers[: plan.golds], system, block, plan.options)
    return find.counted(sides, plan.measures[0].counted).counts


def _figures(counts: Counts, measure: Measure, fold: Ints, many: int) -> list[float]:
    """F on all documents but those of each fold."""
    return [_figure(_only(counts, fold[counts.document] != k), measure) for k in range(many)]


def _figure(counts: Counts, measure: Measure) -> float:
    found = figures.headline(counts, measure).f if figures.is_defined(counts) else None
    if found is None:
        raise MeasureError(
            f"--at best: in all documents but those of one fold, gold has no unit of {name(measure)}, by "
            "which a threshold could be chosen; name another measure first, or a threshold"
        )
    return found


def _only(counts: Counts, kept: Bools) -> Counts:
    return make_counts(
        counts.documents, counts.labels, counts.document[kept], counts.label[kept], counts.values[kept]
    )


def _best(tried: Floats, scores: Floats) -> float:
    """The threshold of greatest F, the highest of equals."""
    best = max(zip(scores.round(_DIGITS).tolist(), tried.tolist(), strict=True))
    return float(best[1])


# ---------------------------------------------------------------- asked for in words
def parse(given: Sequence[str]) -> dict[str, At]:
    """Thresholds by system, "" for all, as `--at` has them: 0.5, NAME=0.5, best, NAME=best."""
    found = dict[str, At]()
    for text in given:
        system, _, value = text.rpartition("=")
        at = _value(text, value)
        if system in found:
            whose = f"--at {system}=" if system else "--at for all systems"
            raise MeasureError(f"{whose} was given twice: {found[system]}, {value}; give it once")
        found[system] = at
    return found


def check(given: Mapping[str, object]) -> dict[str, At]:
    """Thresholds that were given as values; `MeasureError` if one is none."""
    return {
        system: _value(f"{system}={value}" if system else str(value), str(value))
        for system, value in given.items()
    }


def _value(text: str, value: str) -> At:
    if value == BEST:
        return BEST
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise MeasureError(f"--at {text}: expected a number or best, or NAME= with one of these")
    return number
