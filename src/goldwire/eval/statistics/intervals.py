"""Intervals of figures: of those of a measure, of each label's, and of the difference of two systems."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from msgspec.structs import replace

from goldwire.eval.counting.counts import COLUMNS, Counts, Patterns
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.statistics import resample, unseen
from goldwire.eval.statistics.figures import FIGURES, Groups, estimator, keep_frequent, rows
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import LEVEL, TRIALS, Interval, Resampled, Sample, collect, subtract
from goldwire.eval.statistics.unseen import Remark

Method = Literal["unseen"] | Resampled
UNSEEN: Method = "unseen"  # the kind that is used if nothing is said
METHODS: tuple[Method, ...] = ("unseen", "expanded", "percentile", "bca")


def estimate(
    sample: Sample,
    estimator: Estimator,
    *,
    method: Method = UNSEEN,
    level: float = LEVEL,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Interval]:
    """The interval of each figure: with a document unlike those seen (`unseen`), or of resamples alone.

    An `unseen` one has ends wherever the figure is defined, of 0 right and of all right too.
    """
    if method != "unseen":
        return resample.intervals(
            sample, estimator.values, method=method, level=level, trials=trials, seed=seed
        )
    values = estimator.values(sample.total())
    if not sample.documents:
        return [Interval(None, None, None)] * len(values)
    found = unseen.ends(sample, estimator, tails=_tails(level), trials=trials, seed=seed)
    told = unseen.remarks(sample, estimator.values, found)
    return [
        _interval(value, ends.low, ends.high, remark)
        for value, ends, remark in zip(values.tolist(), found, told, strict=True)
    ]


def estimate_difference(
    pairs: Sample,
    estimator: Estimator,
    *,
    method: Method = UNSEEN,
    level: float = LEVEL,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Interval]:
    """The interval of each figure's difference, the second system's of `pairs` less the first's."""
    change = subtract(estimator.values)
    if method != "unseen":
        return resample.intervals(pairs, change, method=method, level=level, trials=trials, seed=seed)
    values = change(pairs.total())
    if not pairs.documents:
        return [Interval(None, None, None)] * len(values)
    found = unseen.difference_ends(pairs, estimator, tails=_tails(level), trials=trials, seed=seed)
    return [_interval(value, *ends) for value, ends in zip(values.tolist(), found, strict=True)]


def _interval(value: float, low: float, high: float, remark: Remark | None = None) -> Interval:
    return Interval(None, None, None) if math.isnan(value) else Interval(value, low, high, remark=remark)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def figure_intervals(
    counts: Counts | Patterns,
    measure: Measure,
    *,
    groups: Groups = None,
    method: Method = UNSEEN,
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
        sample = collect(rows(counts, measure), groups, weights=counts.weights)
    found = estimate(sample, estimator(measure), method=method, trials=trials, seed=seed)
    return dict(zip(FIGURES, found, strict=True))


def label_intervals(
    counts: Counts,
    measure: Measure,
    *,
    groups: Groups = None,
    method: Method = UNSEEN,
    trials: int = TRIALS,
    seed: int = 0,
) -> dict[str, dict[str, Interval]]:
    """The 95 % intervals of each label's precision, recall and F."""
    found, of_one = {}, estimator(replace(_ONE, beta=measure.beta))
    for index, label in enumerate(counts.labels):
        table = np.zeros((len(counts.documents), len(COLUMNS)))
        chosen = counts.label == index
        table[counts.document[chosen]] = counts.values[chosen]
        sample = collect(table, groups, weights=counts.weights)
        ends = estimate(sample, of_one, method=method, trials=trials, seed=seed)
        found[label] = dict(zip(FIGURES, ends, strict=True))
    return found


_ONE = parse("entity")  # one label's counts are all in one pot, as those of a micro average are
