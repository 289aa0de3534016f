"""Thresholds of confidence: which units of a system are too unsure to be counted, given or chosen.

A threshold that is chosen is that of greatest F by the first measure that is asked for, on other documents:
the documents go into folds, near-duplicates together, and those of a fold have the threshold that is best on
the rest; or all have the one that is best on documents that are named and not scored. One for all measures,
since a system gives one output. What gold says of a document so never decides on its own threshold.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import json

from goldwire.corpora.errors import DataError, Fault, MeasureError, among
from goldwire.corpora.types import Annotations
from goldwire.eval.counting import reading, requirements
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.columns import Bools, Floats
from goldwire.eval.counting.counts import Counts
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.cut import Cut
from goldwire.eval.counting.cut import scores as all_scores
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.measures.measure import Measure, name
from goldwire.eval.scoring import find
from goldwire.eval.scoring.parts import BEST, Threshold
from goldwire.eval.scoring.plan import At, Best, Chosen, Plan, PlannedLayer
from goldwire.eval.statistics import figures
from goldwire.eval.statistics.folds import folds
from goldwire.eval.systems.runs import is_run

FOLDS = 5
MOST = 100  # thresholds tried: all scores that occur, or so many of them, evenly by rank
KINDS = ("mentions", "events", "arguments", "relations")
_DIGITS = 12  # of F by which thresholds are compared


def settle(
    plan: Plan,
    lines: Callable[[int], Iterable[Annotations]],
    block: Callable[[Wanted, Scope], Block],
) -> Plan:
    """The plan with its thresholds; `lines` are those of a layer by number, `block` has what is in a scope.

    Raises `MeasureError` if one is of no system or cannot be chosen, `DataError` if units have no scores.
    """
    if not plan.options.at:
        return plan
    asked = _asked(plan)
    known = {number: _check(plan.names[number], lines(number)) for number in asked}
    grounds: dict[Best, Grounds] = {}
    chosen = dict[int, Chosen]()
    for number, at in asked.items():
        if not isinstance(at, Best):
            _check_range(plan.names[number], at, known[number])
            called, cut = repr(float(at)).removesuffix(".0"), Cut((float(at),))
        else:
            if at not in grounds:
                grounds[at] = _grounds(plan, at, block)
            called, cut = _choose(plan, grounds[at], number)
        highest = max(known[number].ends, default=None)
        chosen[number] = Chosen(name=called, cut=cut, without=known[number].without, highest=highest)
    return msgspec.structs.replace(plan, at=tuple(chosen.get(n) for n in range(len(plan.layers))))


def _asked(plan: Plan) -> dict[int, At]:
    """What is asked for by the number of a system's layer; a system's own goes before that of all."""
    found, given, known = dict[int, At](), plan.options.at, {""}
    for number in range(plan.golds, len(plan.layers)):
        own = [name for name in given if _is_of(name, plan.layers[number])]
        known.update(own)
        if own or "" in given:
            found[number] = given[max(own, key=len) if own else ""]  # that of a run before that of all runs
    if unknown := sorted(given.keys() - known):
        raise MeasureError(f"--at {unknown[0]}=…: no such system is scored{among(unknown[0], plan.systems)}")
    return found


def _is_of(name: str, layer: PlannedLayer) -> bool:
    """Whether a name is that of a system, of its layer, or of the system that it is a run of."""
    return name in (layer.name, layer.source) or is_run(layer.name, name)


# ---------------------------------------------------------------- which units have scores
class Known(NamedTuple):
    """The least and greatest score of a system, if it has one, and the kinds of its units that have none."""

    ends: tuple[float, ...]
    without: tuple[str, ...]


def _check(system: str, lines: Iterable[Annotations]) -> Known:
    """What is known of a system's scores; `DataError` where only some units of a kind have one."""
    scored, bare = Counter[str](), Counter[str]()
    faults, ends = list[Fault](), tuple[float, ...]()
    for line in lines:
        for kind, scores in _scores(line):
            odd = [score for score in scores if score is not None and not math.isfinite(score)]
            faults += [Fault(line.document, kind, f"a score is {score}; expected a number") for score in odd]
            known = [score for score in scores if score is not None]
            ends = (min((*ends, *known)), max((*ends, *known))) if known else ends
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
            f"{system}: no unit has a score, so that it has no threshold; name the systems that have some "
            "(--at NAME=…)"
        )
    return Known(ends, tuple(kind for kind in KINDS if bare[kind]))


def _check_range(system: str, at: float, known: Known) -> None:
    """Raise `MeasureError` if a threshold is no probability, where all scores are some."""
    if not 0 <= at <= 1 and known.ends and known.ends[0] >= 0 and known.ends[1] <= 1:
        low, high = known.ends
        raise MeasureError(
            f"--at {at:g}: the scores of {system} lie from 0 to 1 ({low:g} to {high:g}); expected a "
            "threshold from 0 to 1"
        )


def _scores(line: Annotations) -> Iterator[tuple[str, list[float | None]]]:
    arguments = chain.from_iterable(event.arguments for event in line.events)
    units: tuple[Iterable[Any], ...] = (line.mentions, line.events, arguments, line.relations)
    for kind, ones in zip(KINDS, units, strict=True):
        yield kind, [one.score for one in ones]


# ---------------------------------------------------------------- chosen
class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What thresholds are chosen on: for each fold, which documents of a block; `name` says how in words.

    `fold` has the fold of every document that is scored, nothing where there is one threshold for all.
    """

    block: Block
    parts: tuple[Bools, ...]
    fold: dict[str, int]
    name: str


def _grounds(plan: Plan, at: Best, block: Callable[[Wanted, Scope], Block]) -> Grounds:
    measure, scope = plan.measures[0], plan.options.scope
    if plan.options.stream:
        raise MeasureError("--at best is chosen by document, and --stream keeps none")
    if not requirements.is_additive(measure):
        raise MeasureError(
            f"--at best is chosen by the first measure, but documents of {name(measure)} do not add up; name "
            "another one first"
        )
    need = msgspec.structs.replace(plan.wanted, scores=True)
    if at.asked is None:
        return _by_folds(plan, block(need, scope))
    if scope.documents is None or scope.documents & at.documents:
        both = (
            "all documents" if scope.documents is None else f"{len(scope.documents & at.documents):,} of them"
        )
        raise MeasureError(
            f"--at best:{at.asked} is chosen on documents that are not scored, and {both} are; say which "
            "ones to score with --documents"
        )
    whole = msgspec.structs.replace(scope, documents=scope.documents | at.documents)
    return _on_others(at, block(need, whole))


def _by_folds(plan: Plan, block: Block) -> Grounds:
    """Every fold has the documents of the others; near-duplicates are in one."""
    groups = [row.group or row.id for row in block.texts.rows]
    many = min(FOLDS, len(set(groups)))
    if many < 2:  # noqa: PLR2004 - one to choose on, one to score
        raise MeasureError(
            "--at best is chosen on other documents, and there are none: score two or more (near-duplicates "
            "are one)"
        )
    fold = np.array(folds(groups, many, plan.options.seed), np.int64)
    return Grounds(
        block=block,
        parts=tuple(fold != part for part in range(many)),
        fold=dict(zip(block.texts.ids, fold.tolist(), strict=True)),
        name=f"{BEST}-{many}fold-seed-{plan.options.seed}",
    )


def _on_others(at: Best, block: Block) -> Grounds:
    """All documents that were named, but for near-duplicates of scored ones."""
    rows = block.texts.rows
    scored = {row.group or row.id for row in rows if row.id not in at.documents}
    part = np.array([row.id in at.documents and (row.group or row.id) not in scored for row in rows])
    if not part.any():
        raise MeasureError(
            f"--at best:{at.asked}: gold judges none of these documents, or they are near-duplicates of "
            "scored ones"
        )
    digest = hashlib.sha256(json.encode(sorted(at.documents))).hexdigest()[:8]
    return Grounds(block=block, parts=(part,), fold={}, name=f"{BEST}-on-{at.asked}#{digest}")


def _choose(plan: Plan, grounds: Grounds, number: int) -> tuple[str, Cut]:
    """The threshold of each fold: the one of greatest F on the documents that it is chosen on."""
    measure = plan.measures[0]
    tried = candidates(grounds.block.layers[number])
    counts = (_counts(plan, grounds.block, number, at) for at in tried.tolist())
    scores = [[_figure(_only(found, part), measure) for part in grounds.parts] for found in counts]
    of_parts = np.array(scores).T
    values = tuple(_best(tried, column) for column in of_parts) if scores else (0.0,) * len(grounds.parts)
    return f"{grounds.name}({measure})", Cut(values, grounds.fold)


def candidates(layer: Layer) -> Floats:
    """The thresholds that are tried for a system, from the lowest up."""
    found: Floats = np.unique(all_scores(layer.table))
    if len(found) <= MOST:
        return found
    kept: Floats = found[np.linspace(0, len(found) - 1, MOST).round().astype(np.int64)]
    return kept


def _counts(plan: Plan, block: Block, number: int, at: float) -> Counts:
    """The counts of a system under the first measure, at a threshold."""
    system = reading.cut_layer(block.layers[number], Cut((at,)), block.texts.ids)
    sides = find.sides_of(block.layers[: plan.golds], system, block, plan.options)
    return find.counted(sides, plan.measures[0].counted).counts


def _figure(counts: Counts, measure: Measure) -> float:
    found = figures.headline(counts, measure).f if figures.is_defined(counts) else None
    if found is None:
        raise MeasureError(
            f"--at best: gold has no unit of {name(measure)} in the documents that a threshold is chosen on; "
            "name another measure first, or a threshold"
        )
    return found


def _only(counts: Counts, part: Bools) -> Counts:
    """The counts of a part of the documents."""
    return counts.only(part[counts.document])


def _best(tried: Floats, scores: Floats) -> float:
    """The threshold of greatest F, the highest of equals."""
    best = max(zip(scores.round(_DIGITS).tolist(), tried.tolist(), strict=True))
    return float(best[1])


# ---------------------------------------------------------------- in a record
def recorded(at: Chosen | None, documents: Sequence[str], below: int, *, gold: bool) -> Threshold | None:
    """A threshold as a record has it, given what it left out of the documents and whether gold has scores."""
    if at is None:
        return None
    nothing = at.highest is not None and min(at.cut.values) > at.highest
    return Threshold(
        name=at.name,
        values=at.cut.values,
        folds=tuple(at.cut.fold[id] for id in documents) if at.cut.fold else (),
        without=at.without,
        below=below,
        highest=at.highest if nothing else None,
        gold=gold,
    )


# ---------------------------------------------------------------- asked for in words
Select = Callable[[str], frozenset[str]]  # the documents that a word of the command line stands for


def parse(given: Sequence[str], select: Select) -> dict[str, At]:
    """Thresholds by system, "" for all, as `--at` has them: 0.5, NAME=0.5, best, best:split:dev."""
    found = dict[str, At]()
    for text in given:
        system, _, value = text.rpartition("=")
        if system in found:
            whose = f"--at {system}=" if system else "--at for all systems"
            raise MeasureError(f"{whose} was given more than once; give it once")
        found[system] = _value(text, value, select)
    return found


def check(given: object, select: Select) -> dict[str, At]:
    """Thresholds that were given as a value for all systems, or by system; `MeasureError` if one is none."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        given = {"": given}
    return {name: _value(f"{name}={at}" if name else str(at), str(at), select) for name, at in given.items()}


def nowhere(text: str) -> frozenset[str]:
    """No documents: where there is no corpus, none have a split."""
    raise MeasureError(f"at: {BEST}:{text} is of a corpus; expected a number or best")


def _value(text: str, value: str, select: Select) -> At:
    word, _, documents = value.partition(":")
    if word == BEST:
        return Best(documents, select(documents)) if documents else Best()
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise MeasureError(
            f"--at {text}: expected a number, best or best:split:NAME (or another selection of documents), "
            "and NAME= before it for one system"
        )
    return number
