"""Bayesian bootstrap with a document unlike those seen: intervals that hold where few documents are bad.

Whatever looks at the sample alone is too sure where a kind of document is rare: of 20 documents of which one
in 20 is bad, 36 % of samples hold no bad one. So each document weighs a draw of Gamma(1), as in the Bayesian
bootstrap (Rubin 1981), and half a document joins that nobody has seen (Gamma(1/2), one a label), as bad, or
as good, as a document may be in a corpus of such a mean: `SPREADS` times the largest standard deviation that
values between 0 and 1 with this mean can have. With a whole document, wholly wrong, it would be the bound of
Gaffke (2005), which is Clopper and Pearson's for documents that are all right or all wrong. And since few bad
documents that were seen may be more than few in truth, the low end is also that with the worst of them once
more, and the high end that with the best: fully where half is right, and the less the less there is to lose,
or to gain. What the constants do was simulated (docs/evidence/statistics.md).

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
    Integers,
    Sample,
    Statistic,
    blocks,
    generator,
    subtract,
)

SPREADS = 6  # of the unseen document from the mean; 2.5 leave intervals near F 1 narrower, and too narrow
AGAIN = 1.5  # of a document: the mean weight of the worst one, or the best, once more
HALF = 0.5  # of a document: the mean weight of the unseen one
APART = 0.5  # of the spread of their disagreement, for each of two systems
EVEN = 5  # documents up to which the unseen one is of mean size; with more it grows to their root mean square
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
class Unseen(NamedTuple):
    """The unseen document, by label: the share of it that is right, and how many halves of it join."""

    right: Floats
    halves: Floats | float = 1.0


def imagine(ratio: Ratio, times: Floats) -> tuple[Unseen, Unseen]:
    """The unseen document at the low end, and at the high one."""
    num, den = times @ ratio.num, times @ ratio.den
    value, worse, better = divide(num, den), _unlike(den - num, ratio, times), _unlike(num, ratio, times)
    return (
        worse._replace(right=np.maximum(value - worse.right, 0)),
        better._replace(right=np.minimum(value + better.right, 1)),
    )


def _unlike(rest: Floats, ratio: Ratio, times: Floats) -> Unseen:
    """By what share the unseen document differs from the mean, of which `rest` is wrong (or right).

    As if one more unit had been wrong: all right in the sample is not certainly right. Where less than a unit
    was wrong a whole document joins in place of a half, and at least a unit of it is wrong: for units that
    are right or wrong each for itself that is the bound of Clopper and Pearson.
    """
    share = divide(rest + ratio.unit, times @ ratio.den + ratio.unit)
    none = np.maximum(1 - rest / ratio.unit, 0)
    least = none * divide(np.full_like(rest, ratio.unit), sizes(ratio, times))
    return Unseen(np.maximum(SPREADS * np.sqrt(share * (1 - share)), least), 1 + none)


def sizes(ratio: Ratio, times: Floats) -> Floats:
    """The size of the unseen document, by label: the mean of documents that have it, or with many its root
    mean square; a unit where a label counts, as 0, that none has: for precision, one that is never given.
    """
    having = times @ (ratio.den > 0)
    mean, square = divide(times @ ratio.den, having), np.sqrt(divide(times @ ratio.den**2, having))
    informative = max(float(times @ ratio.den.any(axis=1)), 1.0)
    grown = mean + (square - mean) * max(0.0, 1 - EVEN / informative)
    return np.where((having == 0) & (ratio.weights > 0), ratio.unit, grown)


# ---------------------------------------------------------------- intervals
def ends(
    sample: Sample, estimator: Estimator, *, tails: tuple[float, float], trials: int, seed: int
) -> list[Ends]:
    """The ends of the interval of each figure, all from the same draws."""
    drawn, times = weigh(sample, trials, seed), sample.times.astype(np.float64)
    ratios, extra = estimator.ratios(sample.rows), _Extra(trials, seed)
    effects, plain = influences(sample, estimator.values), estimator.values(drawn)
    values = estimator.values(sample.total())

    def end(k: int, sums: Floats, tail: float) -> float:
        return float(np.quantile(estimator.values(sums)[:, k], tail))

    def of(k: int, ratio: Ratio) -> Ends:
        low, high = (drawn + extra.document(ratio, times, one) for one in imagine(ratio, times))
        worst, best = sample.rows[effects[:, k].argmin()], sample.rows[effects[:, k].argmax()]
        worse, better = (
            drawn + AGAIN * min(2 * share, 1) * extra.again * row
            for share, row in ((values[k], worst), (1 - values[k], best))
        )
        return Ends(
            min(end(k, low, tails[0]), end(k, worse, tails[0])),
            max(end(k, high, tails[1]), end(k, better, tails[1])),
            *np.quantile(plain[:, k], tails).tolist(),
        )

    return [of(k, ratio) for k, ratio in enumerate(ratios)]


class _Extra:
    """Weights of what joins the documents seen: one unseen, and one of them again."""

    def __init__(self, trials: int, seed: int) -> None:
        self.trials, self.random = trials, np.random.Generator(np.random.PCG64([seed, 1]))
        self.again = _on_grid(self.random.standard_exponential((trials, 1)), _WEIGHTS)
        self.halves: Floats = np.empty((2, trials, 0))

    def document(self, ratio: Ratio, times: Floats, unseen: Unseen) -> Floats:
        """The columns that the unseen document adds in each trial."""
        missing = int(ratio.unseen.max(initial=0)) + 1 - self.halves.shape[-1]
        if missing > 0:
            more = self.random.standard_gamma(HALF, (missing, self.trials, 2)).T
            self.halves = np.concatenate([self.halves, _on_grid(more, _WEIGHTS)], axis=-1)
        one, other = self.halves[..., ratio.unseen]
        row = ratio.row(sizes(ratio, times), unseen.right)
        added: Floats = (one + (unseen.halves - 1) * other)[..., None] * row
        return added.reshape(self.trials, -1)


def weigh(sample: Sample, trials: int, seed: int) -> Floats:
    """Sums of rows, each document weighing a draw of Gamma(1): trials x columns.

    Documents of one row weigh together: their sum is Gamma of their number.
    """
    rows = np.round(sample.rows * _COUNTS) / _COUNTS
    if sample.strata is not None:
        return _in_strata(rows, sample, sample.strata, trials, seed)
    if trials * sample.documents <= KEPT:
        return _drawn(sample.documents, trials, seed) @ np.repeat(rows, sample.times, axis=0)
    random, many, steps = generator(seed), blocks(trials, len(sample.times)), _steps(rows, sample)
    drawn = (random.standard_gamma(sample.times, (size, len(sample.times))) for size in many)
    return np.concatenate([_on_grid(weights, steps) @ rows for weights in drawn])


def _in_strata(rows: Floats, sample: Sample, strata: Integers, trials: int, seed: int) -> Floats:
    """The same of documents drawn from strata, which weigh as much together in each trial as they do.

    With shape (n - 2) / n in place of 1, the sum of a stratum of n varies as s² / n says, s² being unbiased.
    """
    random, many = generator(seed), blocks(trials, len(sample.times))
    of = (strata[:, None] == np.arange(strata.max() + 1)).astype(np.float64)
    size = sample.times @ of
    shapes = sample.times * ((size - 2) / size)[strata]
    found, steps = [], _steps(rows, sample)
    for number in many:
        weights = _on_grid(random.standard_gamma(shapes, (number, len(sample.times))), _WEIGHTS)
        weights *= (size / (weights @ of))[:, strata]
        found.append(_on_grid(weights, steps) @ rows)
    return np.concatenate(found)


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
                extra.document(one, times, Unseen(np.clip(_value(one, times) + side * gap, 0, 1)))
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
