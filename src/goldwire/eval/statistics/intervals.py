"""Intervals of figures: of those of a measure, and of each label's."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from goldwire.eval.counting.counts import COLUMNS, Counts, Patterns
from goldwire.eval.measures.measure import Measure
from goldwire.eval.statistics.figures import FIGURES, Groups, keep_frequent, prf, rows, statistic
from goldwire.eval.statistics.resample import TRIALS, Interval, Method, collect, intervals


def figure_intervals(
    counts: Counts | Patterns,
    measure: Measure,
    *,
    groups: Groups = None,
    method: Method = "expanded",
    trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, Interval]:
    """The 95 % intervals of precision, recall and F by the measure's average, documents resampled.

    `groups` has a label for each document; those of one group (near duplicates) are drawn together.
    """
    if isinstance(counts, Patterns):
        frequent = keep_frequent(counts.counts, measure.minimum, counts.times)
        sample = collect(rows(frequent, replace(measure, minimum=0)), times=counts.times)
    else:
        sample = collect(rows(counts, measure), groups)
    found = intervals(sample, statistic(measure), method=method, trials=trials, seed=seed)
    return dict(zip(FIGURES, found, strict=True))


def label_intervals(
    counts: Counts,
    measure: Measure,
    *,
    groups: Groups = None,
    method: Method = "expanded",
    trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, dict[str, Interval]]:
    """The 95 % intervals of each label's precision, recall and F."""
    found = {}
    for index, label in enumerate(counts.labels):
        table = np.zeros((len(counts.documents), len(COLUMNS)))
        chosen = counts.label == index
        table[counts.document[chosen]] = counts.values[chosen]
        sample = collect(table, groups)
        drawn = intervals(
            sample, lambda sums: prf(sums, measure.beta), method=method, trials=trials, seed=seed
        )
        found[label] = dict(zip(FIGURES, drawn, strict=True))
    return found
