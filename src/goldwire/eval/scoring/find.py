"""Scoring of blocks of documents, one after the other or by several processes at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import combinations
from operator import attrgetter, itemgetter

import msgspec

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.forked import iter_forked
from goldwire.eval.counting import attributes, counters
from goldwire.eval.counting.chunks import Block, Place, read_block
from goldwire.eval.counting.columns import NONE
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import condense, forget
from goldwire.eval.counting.cut import scores
from goldwire.eval.counting.extension import UncountedError
from goldwire.eval.counting.reading import Layer
from goldwire.eval.counting.slices import NOTHING, AskedSlices
from goldwire.eval.counting.texts import Row
from goldwire.eval.errors import classes, outcomes, semeval
from goldwire.eval.errors.classes import Findings
from goldwire.eval.measures.measure import Measure
from goldwire.eval.scoring import references, slices
from goldwire.eval.scoring.blockwise import SUMMED, Measured, ScoredBlock, ScoredLayer, ScoredSystem
from goldwire.eval.scoring.lists import Strings
from goldwire.eval.scoring.plan import Options, Plan
from goldwire.eval.scoring.record import TEXT_DIGITS, Confusion


def score_block(block: Block, plan: Plan) -> ScoredBlock:
    """The documents of a block, scored; without their names where the plan forgets which is which."""
    golds, systems = block.layers[: plan.golds], block.layers[plan.golds :]
    sides = [sides_of(golds, system, block, plan.options, plan.asked) for system in systems]
    texts, stream = block.texts, plan.options.stream
    groups = _groups(texts.rows)
    return ScoredBlock(
        plan=plan.digest,
        size=len(texts.ids),
        ids=Strings() if stream else Strings.of(texts.ids),
        groups=Strings() if stream else Strings.of(groups),
        hashes=Strings() if stream else Strings.of([*map(_FIRST_DIGITS, texts.hashes)]),
        texts=texts.digest,
        cover=block.cover,
        layers=tuple(_layer(layer, plan.options) for layer in block.layers),
        systems=tuple(
            _system(side, (", ".join(plan.names[: plan.golds]), name), plan)
            for name, side in zip(plan.systems, sides, strict=True)
        ),
        pairs=tuple(
            _pair(GoldAndSystem(*two, texts, block.codes), names, plan)
            for two, names in zip(
                combinations(golds, 2), combinations(plan.names[: plan.golds], 2), strict=True
            )
        ),
        values=slices.values(texts.rows, plan.options.slices, plan.basis),
        grouped=bool(groups),
    )


Sides = GoldAndSystem | references.Against
_FIRST_DIGITS = itemgetter(slice(TEXT_DIGITS))


def sides_of(
    golds: Sequence[Layer],
    system: Layer,
    block: Block,
    options: Options,
    asked: AskedSlices = NOTHING,
) -> Sides:
    """A system against gold, or against several references; `asked` are the slices of units."""
    each = tuple(GoldAndSystem(gold, system, block.texts, block.codes, asked) for gold in golds)
    return each[0] if options.references is None else references.Against(each, options.references)


def _pair(sides: GoldAndSystem, names: tuple[str, str], plan: Plan) -> ScoredSystem:
    """How far two references agree."""
    lenient = msgspec.structs.replace(plan.options, duplicates="set", classes=False)
    found = tuple(_measured(sides, names, measure, lenient) for measure in plan.counted)
    return ScoredSystem(measures=found, confusions=())


def _groups(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(row.group or row.id for row in rows) if any(map(attrgetter("group"), rows)) else ()


def _layer(layer: Layer, options: Options) -> ScoredLayer:
    return ScoredLayer(
        digest=layer.digest,
        bonds=layer.bonds,
        **{name: getattr(layer, name) for name in SUMMED},
        clustered=bool((layer.table.mention_cluster != NONE).any()),
        scored=bool(len(scores(layer.table))),
        alternatives=layer.alternatives,
        rejections=forget(layer.rejections) if options.stream else layer.rejections,
        tags=layer.tags,
        seen=attributes.of_table(layer.table),
    )


def _system(sides: Sides, names: tuple[str, str], plan: Plan) -> ScoredSystem:
    """What is found of a system; `names` are those of gold and the system, for errors.

    Of several references there is nothing to say of units one by one: what one misses is right by another.
    """
    if isinstance(sides, references.Against):
        measured = (_measured(sides, names, measure, plan.options) for measure in plan.counted)
        return ScoredSystem(measures=tuple(measured), confusions=())
    found = outcomes.find(sides, {measure.units for measure in plan.counted})
    kept = {} if plan.options.stream else {kind: outcomes.by_document(one) for kind, one in found.items()}
    return ScoredSystem(
        measures=tuple(_measured(sides, names, measure, plan.options) for measure in plan.counted),
        confusions=tuple(confusion_of(sides, names[1], kind, one) for kind, one in found.items()),
        outcomes=kept,
    )


def confusion_of(sides: GoldAndSystem, name: str, kind: str, found: Findings) -> Confusion:
    """What became of the units of a kind of a system, in numbers."""
    return Confusion(
        system=name,
        units=kind,
        cells=classes.confusion(found, sides.codes),
        classes=classes.tally(found),
        left_out={sides.texts.ids[number]: pairs for number, pairs in sorted(found.left_out.items())},
        causes=outcomes.count_causes(found) if kind == "argument" else {},
    )


def _measured(sides: Sides, names: tuple[str, str], measure: Measure, options: Options) -> Measured:
    try:
        outcome = counted(sides, measure)
    except UncountedError as error:
        told = f"{names[1]}: {error.what}, and nothing was scored; mend its package, or leave the measure out"
        raise DataError(told, error.faults) from error
    collapsed = outcome.gold_collapsed, outcome.system_collapsed
    if options.duplicates == "refuse" and any(collapsed):
        faults = [
            Fault(name, "", f"{times} unit(s) repeat another one under {measure}")
            for name, times in zip(names, collapsed, strict=True)
            if times
        ]
        raise DataError("duplicates, which the policy refuses; nothing was scored", faults)
    counts = condense(outcome.counts)
    return Measured(
        measure=str(measure),
        counts=forget(counts) if options.stream else counts,
        gold_collapsed=outcome.gold_collapsed,
        system_collapsed=outcome.system_collapsed,
        classes=_classes(sides, measure) if options.classes else None,
        tokens=outcome.tokens,
        slices={name: condense(counts) for name, counts in outcome.slices.items()},
    )


def counted(sides: Sides, measure: Measure) -> counters.Outcome:
    """The counts of a system under a measure."""
    if isinstance(sides, references.Against):
        return references.count(measure, sides)
    return counters.count(measure, sides)


def _classes(sides: Sides, measure: Measure) -> dict[str, int] | None:
    if isinstance(sides, references.Against) or not semeval.applies(measure):
        return None
    return semeval.count(measure, sides)


# ---------------------------------------------------------------- many
def iter_scored(places: Sequence[Place], plan: Plan, workers: int = 1) -> Iterator[ScoredBlock]:
    """The blocks of all places in their order, scored by up to so many forked processes (see `forked`).

    Where processes cannot be forked there is one. Raises as `read_block`.
    """
    processes = min(workers, len(places))
    if processes > 1 and hasattr(os, "fork"):
        return iter_forked(lambda number: _score(places[number], plan), len(places), processes)
    return (_score(place, plan) for place in places)


def _score(place: Place, plan: Plan) -> ScoredBlock:
    return score_block(read_block(place, plan.wanted, plan.options.scope), plan)
