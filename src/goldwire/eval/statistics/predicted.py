"""Figures from few documents with gold and many that a judge looked at: prediction-powered inference.

What the judge says of all documents is corrected by what it gets wrong where there is gold: the figure by
gold, and `weight` times the difference of what the judge says of the other documents and of those. The weight
is that which leaves the least variance, between 0 and 1: a judge that knows nothing counts nothing.
Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered inference"; the weight:
Angelopoulos, Duchi and Zrnic 2023, "PPI++".

The variance is in closed form, from influences: what a little more of a document changes of a figure. The
interval has the shape of that of gold alone, which allows for documents unlike those seen (see `unseen`), and
is shorter as the standard error is. What it holds was simulated (benchmarks/judge.py).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import FEWEST, Floats, Interval, collect, summed
from goldwire.eval.statistics.runs import influences


class Tables(NamedTuple):
    """Rows of counts (documents x columns): by `gold`, by the judge on the same documents, and on others."""

    gold: Floats
    judged: Floats
    others: Floats
    groups: ArrayLike | None = None
    groups_of_others: ArrayLike | None = None


class Corrected(NamedTuple):
    """A figure by gold alone, by the judge alone on all documents, and by the judge corrected.

    `worth` is how many documents gold alone would take for so small a standard error; None where it is not
    defined.
    """

    gold: Interval
    judged: float | None
    corrected: Interval
    weight: float
    worth: int | None


def correct(tables: Tables, estimator: Estimator, *, seed: int = 0) -> list[Corrected]:
    """Each figure of an estimator, corrected; undefined where gold has nothing to correct by."""
    gold, judged = (summed(rows, tables.groups) for rows in (tables.gold, tables.judged))
    others = summed(tables.others, tables.groups_of_others)
    ends = estimate(collect(tables.gold, tables.groups), estimator, seed=seed)
    alone = estimator.values(judged.sum(axis=0) + others.sum(axis=0))
    there, elsewhere = (estimator.values(rows.sum(axis=0)) for rows in (judged, others))
    variances = _variances(*(influences(rows, estimator.values) for rows in (gold, judged, others)))
    return [
        _corrected(ends[k], float(alone[k]), float(elsewhere[k] - there[k]), variances[k], len(gold))
        for k in range(len(ends))
    ]


class _Variance(NamedTuple):
    """The variance of a figure by gold and by the judge; `both` is their covariance on gold's documents."""

    gold: float
    judged: float
    both: float
    others: float

    @property
    def weight(self) -> float:
        """The weight of the judge that leaves the least variance."""
        noise = self.judged + self.others
        return min(max(self.both / noise, 0.0), 1.0) if noise > 0 else 0.0

    @property
    def left(self) -> float:
        """The variance of the corrected figure."""
        weight = self.weight
        return max(0.0, self.gold - 2 * weight * self.both + weight**2 * (self.judged + self.others))


def _variances(gold: Floats, judged: Floats, others: Floats) -> list[_Variance]:
    """Those of each figure, from the influences of documents."""
    many, rest = (len(part) / max(len(part) - 1, 1) for part in (gold, others))
    sums = (
        many * (gold**2).sum(axis=0),
        many * (judged**2).sum(axis=0),
        many * (gold * judged).sum(axis=0),
        rest * (others**2).sum(axis=0),
    )
    return [_Variance(*map(float, each)) for each in zip(*sums, strict=True)]


def _corrected(ends: Interval, alone: float, gap: float, variance: _Variance, documents: int) -> Corrected:
    judged = None if math.isnan(alone) else alone
    value, low, high, *_ = ends
    if value is None or low is None or high is None or math.isnan(gap) or documents < FEWEST:
        return Corrected(ends, judged, Interval(None, None, None), 0.0, None)
    share = math.sqrt(variance.left / variance.gold) if variance.gold > 0 else 1.0
    found = value + variance.weight * gap
    corrected = Interval(
        min(max(found, 0.0), 1.0),
        max(found - (value - low) * share, 0.0),
        min(found + (high - value) * share, 1.0),
        remark=ends.remark,
    )
    worth = round(documents / share**2) if share > 0 else None
    return Corrected(ends, judged, corrected, variance.weight, worth)
