"""Bayesian bootstrap with a document unlike those seen: intervals that hold where few documents are bad.

Whatever looks at the sample alone is too sure where a kind of document is rare: of 20 documents of which one
in 20 is bad, 36 % of samples hold no bad one. So each document weighs a draw of Gamma(1), as in the Bayesian
bootstrap (Rubin 1981), and half a document joins that nobody has seen (Gamma(1/2), one a label), as bad, or
as good, as a document may be in a corpus of such a mean: `SPREADS` times the largest standard deviation that
values between 0 and 1 with this mean can have. With a whole document, wholly wrong, it would be the bound of
Gaffke (2005), which is Clopper and Pearson's for documents that are all right or all wrong. And since few bad
documents that were seen may be more than few in truth, the low end is also that with the worst of them once
more. What the constants do was simulated (docs/evidence/statistics.md).

Weights are on a grid so fine that it does not show and so coarse that sums are exact in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from goldwire.eval.statistics.ratios import Estimator, Ratio, divide
from goldwire.eval.statistics.resample import (
    KEPT,
    Floats,
    Sample,
    Statistic,
    blocks,
    generator,
    subtract,
)

SPREADS = 2.5  # of the unseen document from the mean
AGAIN = 1.5  # of a document: the mean weight of the worst one, once more
HALF = 0.5  # of a document: the mean weight of the unseen one
APART = 0.5  # of the spread of their disagreement, for each of two systems
EVEN = (
    20  # documents up to which the unseen one is of mean size; with more it grows to their root mean square
)
_WEIGHTS = 2.0**14  # steps of a document's weight,
_COUNTS = 2.0**16  # and of soft counts: with both, sums up to 2**22 are exact in any order
_EXACT = 52  # bits of a double
_STEP = 2.0**-10  # of a document, for what one more of it would change


class Ends(NamedTuple):
    """The ends of an interval, and of that which allows for no document but those seen."""

    low: float
    high: float
    plain_low: float
    plain_high: float


# ---------------------------------------------------------------- the unseen document
def sizes(ratio: Ratio, times: Floats) -> Floats:
    """The size of the unseen document, by label: the mean of documents that have it, or with many its root
    mean square.
    """
    having = np.maximum(times @ (ratio.den > 0), 1)
    mean, square = times @ ratio.den / having, np.sqrt(times @ ratio.den**2 / having)
    informative = max(float(times @ ratio.den.any(axis=1)), 1.0)
    grown: Floats = mean + (square - mean) * max(0.0, 1 - EVEN / informative)
    return grown


def shares(ratio: Ratio, times: Floats) -> tuple[Floats, Floats]:
    """What share of the unseen document is right, by label: at the low end, and at the high one.

    As if one more unit had been wrong, or right: all right in the sample is not certainly right.
    """
    num, den = times @ ratio.num, times @ ratio.den
    value = divide(num, den)
    down, up = num / (den + ratio.unit), np.minimum((num + ratio.unit) / (den + ratio.unit), 1)
    low = np.clip(value - SPREADS * np.sqrt(down * (1 - down)), 0, 1)
    return low, np.clip(value + SPREADS * np.sqrt(up * (1 - up)), 0, 1)


# ---------------------------------------------------------------- intervals
def ends(
    sample: Sample, estimator: Estimator, *, tails: tuple[float, float], trials: int, seed: int
) -> list[Ends]:
    """The ends of the interval of each figure, all from the same draws."""
    drawn, times = weigh(sample, trials, seed), sample.times.astype(np.float64)
    ratios, extra = estimator.ratios(sample.rows), _Extra(trials, seed)
    worst = influences(sample, estimator.values).argmin(axis=0)
    plain = estimator.values(drawn)

    def end(k: int, sums: Floats, tail: float) -> float:
        return float(np.quantile(estimator.values(sums)[:, k], tail))

    def of(k: int, ratio: Ratio) -> Ends:
        low, high = shares(ratio, times)
        more = drawn + AGAIN * extra.again * sample.rows[worst[k]]
        return Ends(
            min(end(k, drawn + extra.document(ratio, times, low), tails[0]), end(k, more, tails[0])),
            end(k, drawn + extra.document(ratio, times, high), tails[1]),
            *np.quantile(plain[:, k], tails).tolist(),
        )

    return [of(k, ratio) for k, ratio in enumerate(ratios)]


class _Extra:
    """Weights of what joins the documents seen: one unseen, and one of them again."""

    def __init__(self, trials: int, seed: int) -> None:
        self.trials, self.random = trials, np.random.Generator(np.random.PCG64([seed, 1]))
        self.again = _on_grid(self.random.standard_exponential((trials, 1)), _WEIGHTS)
        self.unseen: Floats = np.empty((trials, 0))

    def document(self, ratio: Ratio, times: Floats, right: Floats) -> Floats:
        """The columns that the unseen document adds in each trial, such shares of it being right."""
        missing = int(ratio.unseen.max(initial=0)) + 1 - self.unseen.shape[1]
        if missing > 0:
            more = self.random.standard_gamma(HALF, (missing, self.trials)).T
            self.unseen = np.hstack([self.unseen, _on_grid(more, _WEIGHTS)])
        row = ratio.row(sizes(ratio, times), right)
        added: Floats = self.unseen[:, ratio.unseen, None] * row
        return added.reshape(self.trials, -1)


def weigh(sample: Sample, trials: int, seed: int) -> Floats:
    """Sums of rows, each document weighing a draw of Gamma(1): trials x columns.

    Documents of one row weigh together: their sum is Gamma of their number.
    """
    rows = np.round(sample.rows * _COUNTS) / _COUNTS
    if trials * sample.documents <= KEPT:
        return _drawn(sample.documents, trials, seed) @ np.repeat(rows, sample.times, axis=0)
    random, many, steps = generator(seed), blocks(trials, len(sample.times)), _steps(rows, sample)
    drawn = (random.standard_gamma(sample.times, (size, len(sample.times))) for size in many)
    return np.concatenate([_on_grid(weights, steps) @ rows for weights in drawn])


def _steps(rows: Floats, sample: Sample) -> float:
    """The steps of weights with which sums are exact: fewer where soft counts of millions of units add up."""
    fraction = 1.0 if (rows == np.round(rows)).all() else _COUNTS
    most = 2 * float(np.abs(sample.total()).max(initial=1))
    return float(2.0 ** min(math.log2(_WEIGHTS), math.floor(_EXACT - math.log2(fraction * most))))


@lru_cache(maxsize=1)
def _drawn(documents: int, trials: int, seed: int) -> Floats:
    """The weight of each document in each trial: the same for all systems, measures and labels."""
    return _on_grid(generator(seed).standard_exponential((trials, documents)), _WEIGHTS)


def _on_grid(weights: Floats, steps: float) -> Floats:
    """Weights in whole steps, none of them 0, so that whatever has units has some in each trial.

    Done where they are: they may be a hundred million.
    """
    weights *= steps
    np.rint(weights, out=weights)
    np.maximum(weights, 1, out=weights)
    weights /= steps
    return weights


def influences(sample: Sample, statistic: Statistic) -> Floats:
    """What a little more of each distinct row would change of each value: rows x values, to nine digits."""
    total = sample.total()
    change = (statistic(total + _STEP * sample.rows) - statistic(total)) / _STEP
    change = np.nan_to_num(change)
    scale = np.maximum(np.abs(change).max(axis=0, initial=0), np.finfo(float).tiny)
    rounded: Floats = np.round(change / scale, 9) * scale
    return rounded


# ---------------------------------------------------------------- differences
def difference_ends(
    pairs: Sample, estimator: Estimator, *, tails: tuple[float, float], trials: int, seed: int
) -> list[tuple[float, float]]:
    """The ends of the interval of each difference, second system less first, on the same documents.

    The unseen document is one on which the two disagree more than on those seen: by `APART` times the
    standard deviation that their disagreement has.
    """
    change = subtract(estimator.values)
    drawn, times = weigh(pairs, trials, seed), pairs.times.astype(np.float64)
    sides = [estimator.ratios(half) for half in np.hsplit(pairs.rows, 2)]
    effects, extra = influences(pairs, change), _Extra(trials, seed)

    def end(k: int, sign: int, tail: float) -> float:
        both = [side[k] for side in sides]
        gap = _gap(both[0], both[1], times)
        unlike = np.hstack(
            [
                extra.document(one, times, np.clip(_value(one, times) + side * gap, 0, 1))
                for one, side in zip(both, (-sign, sign), strict=True)
            ]
        )
        again = extra.again * pairs.rows[int((sign * effects[:, k]).argmax())]
        either = [float(np.quantile(change(drawn + more)[:, k], tail)) for more in (unlike, again)]
        return min(either) if sign < 0 else max(either)

    return [(end(k, -1, tails[0]), end(k, 1, tails[1])) for k in range(len(sides[0]))]


def _value(ratio: Ratio, times: Floats) -> Floats:
    return divide(times @ ratio.num, times @ ratio.den)


def _gap(first: Ratio, second: Ratio, times: Floats) -> Floats:
    """How far apart two systems may be on the unseen document, by label, each from its mean."""
    right = np.abs(first.num - second.num) / first.unit
    wrong = np.abs((first.den - first.num) - (second.den - second.num))
    units = times @ (first.den + second.den) / 2
    found: Floats = np.minimum(APART * np.sqrt((times @ (right + wrong) + 1) / (units + 2)), 1)
    return found


# ---------------------------------------------------------------- what is said beside an interval
Remark = Literal["unlike", "alone"]  # most of it allows for documents unlike those seen; rests on one of them


def remarks(sample: Sample, statistic: Statistic, found: Sequence[Ends]) -> Iterator[Remark | None]:
    """What an interval rests on too little for, of each value; None if nothing is to be said."""
    squares = influences(sample, statistic) ** 2
    for k, one in enumerate(found):
        weight = sample.times @ squares[:, k]
        if one.plain_high - one.plain_low < (one.high - one.low) / 2:
            yield "unlike"
        elif weight and squares[:, k].max() > weight / 2:
            yield "alone"
        else:
            yield None
