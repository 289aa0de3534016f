"""Several runs of one system in a record: their mean, the spread between them, and an interval for both.

In counts and results each run stays a system of its own; what is said of all of them is worked out there.
The interval is that of the mean over runs, for other runs and other documents. A figure that is undefined in
one run is undefined in the mean. Without counts by document (`--stream`) there is no interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from goldwire.corpora.errors import CorpusError
from goldwire.eval.counting.counters import is_additive
from goldwire.eval.counting.counts import COLUMNS, Counts
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.scoring.record import Record, Result, RunsFigure, RunsResult, SystemRuns, size
from goldwire.eval.statistics import intervals
from goldwire.eval.statistics import runs as spreads
from goldwire.eval.statistics.figures import FIGURES, Groups, Score, estimator, is_defined, rows
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import Floats, Interval
from goldwire.eval.statistics.runs import Runs
from goldwire.eval.systems import runs as named


def with_runs(record: Record) -> Record:
    """The record with what is to be said of systems with runs; as it is where there are none.

    Raises `CorpusError` where its systems cannot stand side by side (see `systems.runs.check`).
    """
    groups = named.check({system.name: system.facts for system in record.systems})
    made = tuple(
        SystemRuns(
            system=name, runs=runs, results=tuple(_result(record, runs, form) for form in record.measures)
        )
        for name, runs in groups.items()
    )
    return replace(record, runs=made) if made or record.runs else record


def _result(record: Record, runs: Sequence[str], form: str) -> RunsResult:
    measure, found = parse(form), [record.result(run, form) for run in runs]
    seen = {result.signature for result in found}
    if len(seen) > 1:
        raise CorpusError(
            f"{', '.join(runs)} were not scored alike, so they are not runs of one system: "
            f"{' / '.join(sorted(seen))}"
        )
    scores = [result.averages.get(measure.average, Score(f=result.value)) for result in found]
    looked = _look(record, runs, measure) if found[0].intervals else None
    return RunsResult(
        measure=form,
        signature=signature(found[0].signature, len(runs)),
        figures={
            figure: _figure([getattr(score, figure) for score in scores], figure, found, looked)
            for figure in FIGURES
        },
    )


def signature(of_run: str, number: int) -> str:
    """The signature of a figure over so many runs, from that of one.

    >>> signature("entity|avg:micro|goldwire:0.1.0", 5)
    'entity|runs:5|avg:micro|goldwire:0.1.0'
    """
    measure, _, rest = of_run.partition("|")
    return f"{measure}|runs:{number}|{rest}"


def _look(record: Record, runs: Sequence[str], measure: Measure) -> Runs | None:
    """What the runs say, by the documents' counts; None where there are none."""
    if not record.documents or not size(record):
        return None
    return look([record.get_counts(run, measure) for run in runs], measure, record.groups)


def look(
    counts: Sequence[Counts], measure: Measure, groups: Groups = None, labels: Sequence[str] | None = None
) -> Runs | None:
    """What runs say of precision, recall and F, from their counts on the same documents.

    `labels` are those that averages see, all of the runs' own without it. None where documents' counts do not
    add up, and where gold has no unit.
    """
    if not is_additive(measure) or not is_defined(counts[0]):
        return None
    seen = sorted({label for one in counts for label in one.labels}) if labels is None else labels
    return spreads.look((rows(one, measure, seen) for one in counts), estimator(measure), groups)


def _figure(
    values: Sequence[float | None], figure: str, results: Sequence[Result], looked: Runs | None
) -> RunsFigure:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return RunsFigure(mean=None)
    ends = None
    if looked is not None:
        ends = spreads.interval(looked, FIGURES.index(figure), _intervals(values, figure, results))
    return RunsFigure(
        mean=math.fsum(known) / len(known),
        deviation=statistics.stdev(known) if len(known) > 1 else None,
        low=None if ends is None else ends.low,
        high=None if ends is None else ends.high,
        remark=None if ends is None else ends.remark,
    )


def _intervals(values: Sequence[float | None], figure: str, results: Sequence[Result]) -> Iterator[Interval]:
    for value, result in zip(values, results, strict=True):
        ends = result.intervals.get(figure)
        yield _NONE if ends is None else Interval(value, ends.low, ends.high, remark=ends.remark)


# ---------------------------------------------------------------- labels
def label_intervals(
    counts: Sequence[Counts], measure: Measure, *, groups: Groups = None, method: Method = UNSEEN
) -> dict[str, dict[str, Interval]]:
    """The 95 % intervals of each label's precision, recall and F, in the mean of runs."""
    each = [intervals.label_intervals(one, measure, groups=groups, method=method) for one in counts]
    labels = dict.fromkeys(label for found in each for label in found)
    return {label: _of_label(label, counts, each, measure, groups) for label in labels}


def _of_label(
    label: str,
    counts: Sequence[Counts],
    each: Sequence[dict[str, dict[str, Interval]]],
    measure: Measure,
    groups: Groups,
) -> dict[str, Interval]:
    tables = (_rows_of(label, one) for one in counts)
    looked = spreads.look(tables, estimator(replace(_ONE, beta=measure.beta)), groups)
    return {
        figure: spreads.interval(looked, k, [found.get(label, {}).get(figure, _NONE) for found in each])
        for k, figure in enumerate(FIGURES)
    }


_NONE = Interval(None, None, None)
_ONE = parse("entity")  # one label's counts are all in one pot, as those of a micro average are


def _rows_of(label: str, counts: Counts) -> Floats:
    table = np.zeros((len(counts.documents), len(COLUMNS)))
    if label in counts.labels:
        chosen = counts.label == counts.labels.index(label)
        table[counts.document[chosen]] = counts.values[chosen]
    return table
