"""The figures of a measure as statistics of summed rows: what `resample` and `contrast` need.

Each average comes as a table of rows, one a document, and a function from sums of rows to precision,
recall and F. The numbers are those of `metrics`, NaN standing for None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from goldwire.eval.counting.counts import COLUMNS, GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS, Counts, Patterns
from goldwire.eval.measures.measure import BOTH_SIDED, MEANS, Measure
from goldwire.eval.statistics.resample import TRIALS, Floats, Interval, Method, Statistic, collect, intervals

FIGURES = ("precision", "recall", "f")
BY_DOCUMENT = ("documents", BOTH_SIDED)  # the averages that are means over documents
Groups = NDArray[Any] | Sequence[int] | None


def rows(counts: Counts, measure: Measure, labels: Sequence[str] | None = None) -> Floats:
    """One row a document, in the order of `counts.documents`, for the average that the measure names.

    `labels` are those that averages over labels see, so that two systems' rows have equal columns;
    without it, the labels of `counts`. It must hold all of those.
    """
    if measure.average == "micro":
        return counts.by_document()
    if measure.average in BY_DOCUMENT:
        scores = by_rows(counts.by_document(), measure.beta, both=measure.average == BOTH_SIDED)
        return np.hstack([np.nan_to_num(scores), ~np.isnan(scores)])
    counts = keep_frequent(counts, measure.minimum)
    names = list(counts.labels if labels is None else labels)
    place = np.array([names.index(label) for label in counts.labels], dtype=np.int64)
    table = np.zeros((len(counts.documents), len(names), len(COLUMNS)))
    table[counts.document, place[counts.label]] = counts.values
    return table.reshape(len(table), len(names) * len(COLUMNS))


def keep_frequent(counts: Counts, minimum: int, times: NDArray[np.int64] | None = None) -> Counts:
    """The counts of the labels that gold has at least so often; each document may stand for several."""
    if not minimum:
        return counts
    gold = counts.values[:, GOLD] * (1 if times is None else times[counts.document])
    often = np.bincount(counts.label, gold, len(counts.labels)) >= minimum
    kept = often[counts.label]
    rest = {name: getattr(counts, name)[kept] for name in ("document", "label", "values")}
    return replace(counts, **rest)


def statistic(measure: Measure) -> Statistic:
    """From sums of a measure's `rows` to its precision, recall and F."""
    if measure.average == "micro":
        return lambda sums: prf(sums, measure.beta)
    if measure.average in BY_DOCUMENT:
        return _mean_of_documents
    return lambda sums: _mean_of_labels(sums, measure)


def prf(values: Floats, beta: float = 1.0) -> Floats:
    """Precision, recall and F (…, 3) of rows of counts (…, 4); see `metrics.score_row`.

    >>> prf(np.array([[1.0, 2.0, 1.0, 4.0], [0.0, 0.0, 0.0, 3.0]])).round(3).tolist()
    [[0.5, 0.25, 0.333], [nan, 0.0, 0.0]]
    """
    hits, system, gold_hits, gold = (values[..., k] for k in (SYSTEM_HITS, SYSTEM, GOLD_HITS, GOLD))
    square = beta * beta
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = hits / system, gold_hits / gold
        if math.isinf(beta):
            return np.stack([precision, recall, recall], axis=-1)
        harmonic = (1 + square) * precision * recall / (square * precision + recall)
        counted = (1 + square) * gold_hits / (square * gold + system)
    f = np.where(hits == gold_hits, counted, np.nan_to_num(harmonic))
    f = np.where((system == 0) & (gold == 0), np.nan, f)
    return np.stack([precision, recall, f], axis=-1)


def by_rows(values: Floats, beta: float = 1.0, *, both: bool = False) -> Floats:
    """`prf`; with `both`, F only of rows in which both sides have a unit."""
    scores = prf(values, beta)
    if both:
        scores[(values[..., SYSTEM] == 0) | (values[..., GOLD] == 0), FIGURES.index("f")] = np.nan
    return scores


def by_document(counts: Counts, measure: Measure) -> Floats:
    """Precision, recall and F of each document, over all labels; NaN is undefined.

    Of a mean over parts, such as CoNLL, it is the mean over the parts of the document.
    """
    if measure.match in MEANS:
        return statistic(measure)(rows(counts, measure))
    return prf(counts.by_document(), measure.beta)


def _mean_of_documents(sums: Floats) -> Floats:
    total, defined = sums[..., : len(FIGURES)], sums[..., len(FIGURES) :]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = total / defined
    return mean


def _mean_of_labels(sums: Floats, measure: Measure) -> Floats:
    """The mean over the labels that occur in these sums; what a label lacks counts as 0."""
    table = sums.reshape(*sums.shape[:-1], sums.shape[-1] // len(COLUMNS), len(COLUMNS))
    gold, system = table[..., GOLD], table[..., SYSTEM]
    weights = gold.copy()
    if measure.average == "macro":
        weights = ((gold > 0) | ((system > 0) & (measure.labels == "all"))).astype(np.float64)
    scores = np.nan_to_num(prf(table, measure.beta))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = (scores * weights[..., None]).sum(axis=-2) / weights.sum(axis=-1)[..., None]
    return mean


# ---------------------------------------------------------------- intervals
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
