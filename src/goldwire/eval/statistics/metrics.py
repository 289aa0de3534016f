"""Precision, recall and F from counts, and their averages. Undefined is None, never 0.0.

Precision without a system unit and recall without a gold unit are undefined; F is undefined only where
both are, and 0 where just one is, as the count form of F1, 2 tp / (gold + system), has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counting.counts import GOLD, SYSTEM, Counts, Floats, Patterns
from goldwire.eval.measures.measure import BOTH_SIDED, MEANS, Average, Labels, Measure
from goldwire.eval.statistics.figures import by_rows, keep_frequent


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Precision, recall and F, and the sums that they come from where there are such."""

    precision: float | None = None
    recall: float | None = None
    f: float | None = None
    system_hits: float | None = None
    system: float | None = None
    gold_hits: float | None = None
    gold: float | None = None


def ratio(part: float, whole: float) -> float | None:
    """part / whole; None for 0 / 0.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def f_beta(precision: float | None, recall: float | None, beta: float = 1.0) -> float | None:
    """The weighted harmonic mean; None only if both are None. `beta` above 1 favours recall.

    With `beta` infinite it is recall, and undefined as recall is.

    >>> f_beta(0.5, 1.0), f_beta(None, 0.0), f_beta(None, None), f_beta(0.5, 1.0, math.inf)
    (0.6666666666666666, 0.0, None, 1.0)
    """
    if math.isinf(beta):
        return recall
    if precision is None and recall is None:
        return None
    if not precision or not recall:
        return 0.0
    square = beta * beta
    return (1 + square) * precision * recall / (square * precision + recall)


def score_row(row: Sequence[float] | Floats, beta: float = 1.0) -> Score:
    """The score of one row of counts (see `counts.COLUMNS`)."""
    system_hits, system, gold_hits, gold = (float(value) for value in row)
    precision, recall = ratio(system_hits, system), ratio(gold_hits, gold)
    return Score(
        precision=precision,
        recall=recall,
        f=_count_f(row, precision, recall, beta),
        system_hits=system_hits,
        system=system,
        gold_hits=gold_hits,
        gold=gold,
    )


def _count_f(
    row: Sequence[float] | Floats, precision: float | None, recall: float | None, beta: float
) -> float | None:
    """F from counts where both sides hit alike: one rounding instead of four."""
    system_hits, system, gold_hits, gold = (float(value) for value in row)
    if system_hits == gold_hits and system + gold and not math.isinf(beta):
        square = beta * beta
        return (1 + square) * gold_hits / (square * gold + system)
    return f_beta(precision, recall, beta)


def micro(counts: Counts, beta: float = 1.0) -> Score:
    """All units of all documents and labels in one pot."""
    return score_row(counts.total(), beta)


def by_label(counts: Counts, beta: float = 1.0) -> dict[str, Score]:
    """The score of each label, over all documents."""
    return {label: score_row(row, beta) for label, row in zip(counts.labels, counts.by_label(), strict=True)}


def macro(counts: Counts, labels: Labels = "gold", beta: float = 1.0) -> Score:
    """The mean over labels, each counting alike: those of gold, or `all` that occur on either side.

    A label that gold has and the system never gives has no precision; here it counts as 0 (as its F
    does, and as in seqeval), since leaving it out would reward silence. None if there is no label.
    """
    rows = _rows(counts, labels)
    return _mean([score_row(row, beta) for row in rows], [1.0] * len(rows))


def weighted(counts: Counts, labels: Labels = "gold", beta: float = 1.0) -> Score:
    """The mean over labels, each counting by its number of gold units."""
    rows = _rows(counts, labels)
    return _mean([score_row(row, beta) for row in rows], [float(row[GOLD]) for row in rows])


def over_documents(counts: Counts | Patterns, beta: float = 1.0, *, both: bool = False) -> Score:
    """The mean over documents; where a figure is undefined, the document is left out of its mean.

    With `both`, F is the mean over documents in which both sides have a unit, as HIPE's scorer has it.
    """
    if isinstance(counts, Patterns):
        rows, times = counts.counts.by_document(), counts.times
    else:
        rows = counts.by_document()
        times = np.ones(len(rows), np.int64)
    precision, recall, f = (_mean_of(column, times) for column in by_rows(rows, beta, both=both).T)
    return Score(precision=precision, recall=recall, f=f)


def _mean_of(column: Floats, times: NDArray[np.int64]) -> float | None:
    """The mean of what is defined, the same to the last digit on every machine."""
    defined = ~np.isnan(column)
    values, place = np.unique(column[defined], return_inverse=True)
    many = np.bincount(place, times[defined], len(values))
    return ratio(math.fsum((values * many).tolist()), float(many.sum()))


def headline(counts: Counts, measure: Measure) -> Score:
    """The score by the average that the measure names."""
    return averages(counts, measure)[measure.average]


def is_defined(counts: Counts) -> bool:
    """Whether gold has any unit of a measure: where it has none, nothing can be said of a system."""
    return bool(counts.values[:, GOLD].any())


def undefined(score: Score) -> Score:
    """A score of which only the sums are left."""
    return msgspec.structs.replace(score, precision=None, recall=None, f=None)


def averages(counts: Counts | Patterns, measure: Measure) -> dict[Average, Score]:
    """Every average of a measure's counts.

    Those of HIPE's documents only where the measure names it. A mean over parts, such as CoNLL, has no other
    average: its parts count different things, which do not add up.
    """
    whole = counts.whole() if isinstance(counts, Patterns) else counts
    frequent = keep_frequent(whole, measure.minimum)
    found: dict[Average, Score] = {"macro": macro(frequent, measure.labels, measure.beta)}
    if measure.match in MEANS:
        return found
    found = {
        "micro": micro(whole, measure.beta),
        **found,
        "weighted": weighted(frequent, measure.labels, measure.beta),
        "documents": over_documents(counts, measure.beta),
    }
    if measure.average == BOTH_SIDED:
        found[BOTH_SIDED] = over_documents(counts, measure.beta, both=True)
    return found


def _rows(counts: Counts, labels: Labels) -> list[Floats]:
    return [row for row in counts.by_label() if row[GOLD] or (labels == "all" and row[SYSTEM])]


def _mean(scores: list[Score], weights: list[float]) -> Score:
    def mean(values: Iterable[float | None]) -> float | None:
        pairs = zip(values, weights, strict=True)
        return ratio(math.fsum((value or 0.0) * weight for value, weight in pairs), math.fsum(weights))

    return Score(
        precision=mean(score.precision for score in scores),
        recall=mean(score.recall for score in scores),
        f=mean(score.f for score in scores),
    )
