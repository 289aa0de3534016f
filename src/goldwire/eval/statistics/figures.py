"""Figures of a measure: precision, recall and F from counts, and their averages.

One function goes from sums of rows to figures, `statistic`: of the sums at hand it gives what is reported,
of sums that were drawn what intervals and tests rest on. Undefined is NaN in an array and None in a `Score`,
never 0.0. Precision without a system unit and recall without a gold unit are undefined; F is undefined only
where both are, and 0 where just one is, as the count form of F1, 2 tp / (gold + system), has it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from goldwire.eval.counting.counts import COLUMNS, GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS, Counts, Patterns
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.vocabulary import BOTH_SIDED, MEANS, Average
from goldwire.eval.statistics import ratios
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import Floats, Statistic

FIGURES = ("precision", "recall", "f")
_TABLE = 2  # dimensions of labels x columns
BY_DOCUMENT = ("documents", BOTH_SIDED)  # the averages that are means over documents
Groups = NDArray[Any] | Sequence[int] | None


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Precision, recall and F, and the sums that they come from where there are such."""

    precision: float | None = None
    recall: float | None = None
    f: float | None = None
    system_hits: float | None = None
    system: float | None = None
    gold_hits: float | None = None
    gold: float | None = None


# ---------------------------------------------------------------- precision, recall and F
def prf(values: Floats, beta: float = 1.0) -> Floats:
    """Precision, recall and F (…, 3) of rows of counts (…, 4; see `counts.COLUMNS`); NaN is undefined.

    `beta` above 1 favours recall; infinite, F is recall. Where one side has no units and the other right
    ones, F is undefined.

    >>> prf(np.array([[1.0, 2.0, 1.0, 4.0], [0.0, 0.0, 0.0, 3.0]])).round(3).tolist()
    [[0.5, 0.25, 0.333], [nan, 0.0, 0.0]]
    """
    hits, system, gold_hits, gold = (values[..., k] for k in (SYSTEM_HITS, SYSTEM, GOLD_HITS, GOLD))
    square = beta * beta
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = hits / system, gold_hits / gold
        if math.isinf(beta):
            return np.stack([precision, recall, recall], axis=-1)
        # From counts where both sides hit alike: one rounding instead of four.
        counted = (1 + square) * gold_hits / (square * gold + system)
    f = np.where(hits == gold_hits, counted, harmonic(precision, recall, beta))
    # Units of one side alone may be right, by those of another slice or reference: that is no F of 0.
    lacking = ((system == 0) & ((gold == 0) | (gold_hits > 0))) | ((gold == 0) & (hits > 0))
    return np.stack([precision, recall, np.where(lacking, np.nan, f)], axis=-1)


def harmonic(precision: Floats, recall: Floats, beta: float = 1.0) -> Floats:
    """The weighted harmonic mean; 0 where either is 0 or undefined. `beta` must be finite.

    >>> harmonic(np.array([0.5, np.nan, 0.0]), np.array([1.0, 0.5, 0.0])).round(3).tolist()
    [0.667, 0.0, 0.0]
    """
    square = beta * beta
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = np.nan_to_num((1 + square) * precision * recall / (square * precision + recall))
    return mean


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


# ---------------------------------------------------------------- averages
def rows(counts: Counts, measure: Measure, labels: Sequence[str] | None = None) -> Floats:
    """One row a document, in the order of `counts.documents`, for the average that the measure names.

    `labels` are those that averages over labels see, so that two systems' rows have equal columns;
    without it, the labels of `counts`. It must hold all of those. Rows of weighted counts are weighted.
    """
    weights = 1.0 if counts.weights is None else counts.weights.each[:, None]
    if measure.average == "micro":
        return counts.by_document() * weights
    if measure.average in BY_DOCUMENT:
        scores = by_rows(counts.by_document(), measure.beta, both=measure.average == BOTH_SIDED)
        defined = ~np.isnan(scores) * weights
        return np.hstack([np.nan_to_num(scores) * weights, defined, _chances(counts, measure)])
    counts = keep_frequent(counts, measure.minimum)
    names = list(counts.labels if labels is None else labels)
    place = np.array([names.index(label) for label in counts.labels], dtype=np.int64)
    table = np.zeros((len(counts.documents), len(names), len(COLUMNS)))
    table[counts.document, place[counts.label]] = counts.values
    return table.reshape(len(table), len(names) * len(COLUMNS))


def _chances(counts: Counts, measure: Measure) -> Floats:
    """What one unit is of a document's precision, recall and F; 0 where there is none."""
    values = counts.by_document()
    system, gold = values[:, SYSTEM], values[:, GOLD]
    wholes = np.stack([system, gold, gold if math.isinf(measure.beta) else measure.beta**2 * gold + system])
    return np.divide(1, wholes, out=np.zeros_like(wholes), where=wholes > 0).T


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
    """From sums of a measure's `rows` to its precision, recall and F.

    - micro: all units of all documents and labels in one pot.
    - macro: the mean over labels, each counting alike: those of gold, or all that occur on either side.
      A label that gold has and the system never gives has no precision; here it counts as 0 (as its F does,
      and as in seqeval), since leaving it out would reward silence.
    - weighted: the same, each label counting by its number of gold units.
    - documents: the mean over documents; where a figure is undefined, the document is left out of its mean.
      Of those of HIPE's scorer, F is the mean over documents in which both sides have a unit.
    """
    if measure.average == "micro":
        return lambda sums: prf(sums, measure.beta)
    if measure.average in BY_DOCUMENT:
        return _mean_of_documents
    return lambda sums: _mean_of_labels(sums, measure)


def _mean_of_documents(sums: Floats) -> Floats:
    total, defined = sums[..., : len(FIGURES)], sums[..., len(FIGURES) : 2 * len(FIGURES)]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = total / defined
    return mean


def _mean_of_labels(sums: Floats, measure: Measure) -> Floats:
    """The mean over the labels that occur in these sums; what a label lacks counts as 0."""
    table = sums.reshape(*sums.shape[:-1], sums.shape[-1] // len(COLUMNS), len(COLUMNS))
    weights = _weights(table, measure)
    weighed = np.nan_to_num(prf(table, measure.beta)) * weights[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = _sum(weighed) / _sum(weights[..., None])
    return mean


def _weights(table: Floats, measure: Measure) -> Floats:
    """What each label counts in the mean over labels; of a micro average, which has one, all of it."""
    gold, system = table[..., GOLD], table[..., SYSTEM]
    if measure.average == "micro":
        return np.ones_like(gold)
    if measure.average == "macro":
        return ((gold > 0) | ((system > 0) & (measure.labels == "all"))).astype(np.float64)
    return gold


def estimator(measure: Measure) -> Estimator:
    """How precision, recall and F are estimated from a measure's `rows`: see `statistic`."""
    if measure.average in BY_DOCUMENT:
        return Estimator(statistic(measure), ratios.of_means)
    weigh = partial(_weights, measure=measure)
    return Estimator(statistic(measure), partial(ratios.of_counts, weigh=weigh, beta=measure.beta))


def _sum(values: Floats) -> Floats:
    """Sums over labels (…, labels, columns); of the one table that is reported, exact in any order."""
    if values.ndim == _TABLE:
        return np.array([math.fsum(column) for column in values.T.tolist()])
    found: Floats = values.sum(axis=-2)
    return found


# ---------------------------------------------------------------- what is reported
def averages(counts: Counts | Patterns, measure: Measure) -> dict[Average, Score]:
    """Every average of a measure's counts.

    Those of HIPE's documents only where the measure names it. A mean over parts, such as CoNLL, has no other
    average: its parts count different things, which do not add up.
    """
    names: tuple[Average, ...] = ("macro",)
    if measure.match not in MEANS:
        names = ("micro", "macro", "weighted", "documents")
        names += (BOTH_SIDED,) if measure.average == BOTH_SIDED else ()
    return {name: headline(counts, replace(measure, average=name)) for name in names}


def headline(counts: Counts | Patterns, measure: Measure) -> Score:
    """The score by the average that the measure names."""
    if measure.average == "micro":
        return score_row(whole(counts).total(), measure.beta)
    return _score(statistic(measure)(_totals(counts, measure)))


def _totals(counts: Counts | Patterns, measure: Measure) -> Floats:
    """The sums of a measure's `rows`, to the last digit the same in any order."""
    if measure.average not in BY_DOCUMENT:
        return keep_frequent(whole(counts), measure.minimum).by_label().reshape(-1)
    if isinstance(counts, Patterns):
        table, times = rows(counts.counts, measure), counts.times
    else:
        table = rows(counts, measure)
        times = np.ones(len(table), np.int64)
    return np.array([_exact_sum(column, times) for column in table.T])


def _exact_sum(column: Floats, times: NDArray[np.int64]) -> float:
    values, place = np.unique(column, return_inverse=True)
    many = np.bincount(place, times, len(values))
    return math.fsum((values * many).tolist())


def whole(counts: Counts | Patterns) -> Counts:
    """Counts whose sums over documents are those of all of them."""
    return counts.whole() if isinstance(counts, Patterns) else counts


def by_label(counts: Counts, beta: float = 1.0) -> dict[str, Score]:
    """The score of each label, over all documents."""
    return {label: score_row(row, beta) for label, row in zip(counts.labels, counts.by_label(), strict=True)}


def score_row(row: Sequence[float] | Floats, beta: float = 1.0) -> Score:
    """The score of one row of counts (see `counts.COLUMNS`)."""
    counted = np.asarray(row, dtype=np.float64)
    sums = dict(zip(("system_hits", "system", "gold_hits", "gold"), counted.tolist(), strict=True))
    return replace(_score(prf(counted, beta)), **sums)


def _score(values: Floats) -> Score:
    return Score(
        **{
            name: None if math.isnan(value) else value
            for name, value in zip(FIGURES, values.tolist(), strict=True)
        }
    )


def is_defined(counts: Counts) -> bool:
    """Whether gold has any unit of a measure: where it has none, nothing can be said of a system."""
    return bool(counts.values[:, GOLD].any())


def undefined(score: Score) -> Score:
    """A score of which only the sums are left."""
    return replace(score, precision=None, recall=None, f=None)
