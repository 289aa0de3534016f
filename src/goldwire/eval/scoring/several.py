"""Several runs of one system in a record: their mean, the spread between them, and an interval for both.

In counts and results each run stays a system of its own; what is said of all of them is worked out there.
The interval is that of the mean over runs, for other runs and other documents. A figure that is undefined in
one run is undefined in the mean. Without counts by document (`--stream`) there is no interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from goldwire.corpora.errors import CorpusError
from goldwire.eval.counting.counts import COLUMNS, Counts, Weights
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.scoring.drawing import drawing
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.runs import RunsFigure, RunsResult, SystemRuns
from goldwire.eval.statistics import runs as spreads
from goldwire.eval.statistics.figures import FIGURES, Groups, Score, estimator, is_defined, rows
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.ratios import Estimator
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
    ends = _ends(record, runs, measure) if found[0].intervals else {}
    return RunsResult(
        measure=form,
        signature=signature(found[0].signature, len(runs)),
        figures={
            figure: _figure([getattr(score, figure) for score in scores], ends.get(figure))
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


def _ends(record: Record, runs: Sequence[str], measure: Measure) -> dict[str, Interval]:
    """The interval of each figure's mean; none without counts by document."""
    drawn = drawing(record)
    if drawn is None or not record.documents:
        return {}
    counts = [record.get_counts(run, measure) for run in runs]
    return mean_intervals(counts, measure, record.groups, **drawn._asdict())


def mean_intervals(
    counts: Sequence[Counts], measure: Measure, groups: Groups = None, **drawn: Any
) -> dict[str, Interval]:
    """The 95 % interval of each figure's mean over runs, from their counts on the same documents."""
    labels = sorted({label for one in counts for label in one.labels})
    tables = [rows(one, measure, labels) for one in counts]
    return _intervals(tables, estimator(measure), groups, counts[0].weights, **drawn)


def _intervals(
    tables: Sequence[Floats], of_run: Estimator, groups: Groups, weights: Weights | None, **drawn: Any
) -> dict[str, Interval]:
    """The interval of each figure's mean over runs, from the rows of each."""
    looked = spreads.look(tables, of_run, groups, weights)
    found = spreads.over_documents(tables, of_run, groups, weights, **drawn)
    return {figure: spreads.interval(looked, k, found[k]) for k, figure in enumerate(FIGURES)}


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
    tables = (rows(one, measure, seen) for one in counts)
    return spreads.look(tables, estimator(measure), groups, counts[0].weights)


def _figure(values: Sequence[float | None], ends: Interval | None) -> RunsFigure:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return RunsFigure(mean=None)
    return RunsFigure(
        mean=math.fsum(known) / len(known),
        deviation=statistics.stdev(known) if len(known) > 1 else None,
        low=None if ends is None else ends.low,
        high=None if ends is None else ends.high,
        remark=None if ends is None else ends.remark,
    )


# ---------------------------------------------------------------- labels
def label_intervals(
    counts: Sequence[Counts], measure: Measure, *, groups: Groups = None, method: Method = UNSEEN
) -> dict[str, dict[str, Interval]]:
    """The 95 % intervals of each label's precision, recall and F, in the mean of runs."""
    of_one = estimator(replace(_ONE, beta=measure.beta))
    labels = dict.fromkeys(label for one in counts for label in one.labels)
    weights = counts[0].weights
    return {
        label: _intervals([_rows_of(label, one) for one in counts], of_one, groups, weights, method=method)
        for label in labels
    }


_ONE = parse("entity")  # one label's counts are all in one pot, as those of a micro average are


def _rows_of(label: str, counts: Counts) -> Floats:
    table = np.zeros((len(counts.documents), len(COLUMNS)))
    if label in counts.labels:
        chosen = counts.label == counts.labels.index(label)
        table[counts.document[chosen]] = counts.values[chosen]
    return table
