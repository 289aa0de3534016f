"""Findings about one system, block by block, and what is said of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats.tags import Policy
from goldwire.corpora.views import Asked
from goldwire.eval.counting import counters
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import Patterns, condense, empty, forget, join_patterns
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.extension import UncountedError
from goldwire.eval.errors import classes, outcomes, semeval
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.signature import signature
from goldwire.eval.scoring.record import Confusion, Interval, Result
from goldwire.eval.statistics import figures, intervals
from goldwire.eval.statistics.resample import TRIALS, Method

METHOD: Method = "expanded"  # the kind of interval: see `resample.intervals`


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller may choose; each shows in the signature where it decides the number.

    `duplicates`: units that repeat another are collapsed as `set`, or `refuse`d. `trials`: resamples for
    the intervals, 0 for none. `seed`: of the resampling. `suite`: where the measures are from. `classes`:
    whether results tell how many units are COR, INC, PAR, MIS and SPU. `stream`: the record does not name
    its documents, so that memory does not grow with them, and nothing can be compared by document.

    `scope`: which documents are scored, and what becomes of those that gold does not judge; `asked` says in
    words which ones were asked for. `rejected`: units of a system that were turned away count as `spurious`,
    or are `left-out`. `tags`: the policy by which the tags are read that layers came with, whatever they were
    imported by (see `corpora.formats.tags`). `views`: what layers are seen through. `inside`: a layer in
    whose spans units count.
    """

    duplicates: Literal["set", "refuse"] = "set"
    trials: int = TRIALS
    seed: int = 0
    suite: str | None = None
    classes: bool = False
    stream: bool = False
    scope: Scope = Scope()
    asked: str | None = None
    rejected: Literal["spurious", "left-out"] = "spurious"
    tags: Policy | None = None
    views: Asked = Asked()
    inside: str | None = None


# ---------------------------------------------------------------- what is found
class Found(msgspec.Struct, frozen=True):
    """What was found under one measure; all of it adds up over blocks of documents.

    `tokens` says which were counted, of a measure of tokens (see `tally.Outcome`).
    """

    counts: Patterns
    gold_collapsed: int = 0
    system_collapsed: int = 0
    classes: Mapping[str, int] | None = None
    tokens: frozenset[str] = frozenset()


class Finding(msgspec.Struct, frozen=True):
    """What was found of one system in some documents: by measure, and what became of its units by kind."""

    measures: Mapping[Measure, Found]
    confusions: Mapping[str, Confusion]


def find(
    sides: GoldAndSystem, names: tuple[str, str], measures: Sequence[Measure], options: Options
) -> Finding:
    """What is found in one block; `names` are those of gold and the system, for errors."""
    kinds = {measure.units for measure in measures}
    return Finding(
        measures={measure: _find(sides, names, measure, options) for measure in measures},
        confusions={
            kind: Confusion(
                system=names[1],
                units=kind,
                cells=classes.confusion(found, sides.codes),
                classes=classes.tally(found),
                left_out={sides.texts.ids[number]: pairs for number, pairs in found.left_out.items()},
                causes=outcomes.count_causes(found) if kind == "argument" else {},
            )
            for kind, found in outcomes.find(sides, kinds).items()
        },
    )


def _find(sides: GoldAndSystem, names: tuple[str, str], measure: Measure, options: Options) -> Found:
    try:
        outcome = counters.count(measure, sides)
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
    return Found(
        forget(condense(outcome.counts)) if options.stream else condense(outcome.counts),
        *collapsed,
        semeval.count(measure, sides) if options.classes and semeval.applies(measure) else None,
        outcome.tokens,
    )


def add(findings: Sequence[Finding]) -> Finding:
    """What was found in blocks of documents, given in their order, together."""
    if len(findings) == 1:
        return findings[0]
    measures, kinds = findings[0].measures, findings[0].confusions
    return Finding(
        {measure: _add([finding.measures[measure] for finding in findings]) for measure in measures},
        {kind: _add_confusions([finding.confusions[kind] for finding in findings]) for kind in kinds},
    )


def _add(parts: Sequence[Found]) -> Found:
    return Found(
        join_patterns([part.counts for part in parts]),
        sum(part.gold_collapsed for part in parts),
        sum(part.system_collapsed for part in parts),
        None if parts[0].classes is None else _sum([part.classes or {} for part in parts]),
        frozenset().union(*(part.tokens for part in parts)),
    )


def without(finding: Finding, measures: Iterable[Measure]) -> Finding:
    """The finding with nothing counted under some measures: they are undefined."""
    emptied = {measure: _emptied(finding.measures[measure]) for measure in measures}
    return Finding({**finding.measures, **emptied}, finding.confusions) if emptied else finding


def _emptied(found: Found) -> Found:
    return Found(empty(found.counts))


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(count[name] for count in counts) for name in counts[0]}


def _add_confusions(parts: Sequence[Confusion]) -> Confusion:
    cells: Counter[tuple[str | None, str | None]] = Counter()
    for part in parts:
        for gold, system, number in part.cells:
            cells[gold, system] += number
    order = sorted(cells, key=lambda cell: [(name is None, name or "") for name in cell])
    causes = [part.causes for part in parts]
    return msgspec.structs.replace(
        parts[0],
        cells=tuple((*cell, cells[cell]) for cell in order),
        classes=_sum([part.classes for part in parts]),
        left_out={id: pairs for part in parts for id, pairs in part.left_out.items()},
        causes={
            name: (sum(found[name][0] for found in causes), sum(found[name][1] for found in causes))
            for name in causes[0]
        },
    )


# ---------------------------------------------------------------- what is said of it
class Terms(msgspec.Struct, frozen=True):
    """What every result of a record is made with: policies and data for its signature, documents, groups."""

    options: Options
    policies: Mapping[str, str]
    data: Mapping[str, str]
    documents: tuple[str, ...]
    groups: tuple[int, ...] | None

    def of(self, own: Mapping[str, str]) -> Terms:
        """The terms of one system, which has policies of its own."""
        return msgspec.structs.replace(self, policies={**self.policies, **own}) if own else self


def result(system: str, found: Found, measure: Measure, terms: Terms) -> Result:
    """What a measure says of a system; nothing but the sums where gold has no such unit."""
    averages = figures.averages(found.counts, measure)
    labels = figures.by_label(found.counts.whole(), measure.beta)
    if not figures.is_defined(found.counts.counts):
        averages = {name: figures.undefined(score) for name, score in averages.items()}
        labels = {name: figures.undefined(score) for name, score in labels.items()}
    return Result(
        system=system,
        measure=str(measure),
        signature=signature(measure, terms.policies, terms.data, "+".join(sorted(found.tokens))),
        value=averages[measure.average].f,
        averages={str(name): score for name, score in averages.items()},
        labels=labels,
        intervals=_intervals(found.counts, measure, terms),
        classes=dict(found.classes or {}),
        gold_collapsed=found.gold_collapsed,
        system_collapsed=found.system_collapsed,
    )


def _intervals(patterns: Patterns, measure: Measure, terms: Terms) -> dict[str, Interval]:
    """The intervals of a measure's figures; none where counts of documents do not add up."""
    if not (terms.options.trials and counters.is_additive(measure) and figures.is_defined(patterns.counts)):
        return {}
    found = intervals.figure_intervals(
        patterns if terms.groups is None else patterns.expand(terms.documents),
        measure,
        groups=terms.groups,
        method=METHOD,
        trials=terms.options.trials,
        seed=terms.options.seed,
    )
    return {figure: Interval(low=ends.low, high=ends.high) for figure, ends in found.items()}
