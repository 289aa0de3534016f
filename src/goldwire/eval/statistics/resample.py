"""Intervals from per-document counts, never by scoring again.

A document is a row of additive counts; a statistic maps summed rows to values, NaN where it is undefined.
Documents with equal rows are interchangeable, so what is resampled is how often each DISTINCT row occurs:
a multinomial, the same bootstrap exactly in distribution. Everything is seeded (PCG64) and the same on
every machine: counts are put on a grid so fine that it does not show and so coarse that sums are exact in
any order.

Sources: percentile and BCa intervals, Efron and Tibshirani 1993, chapters 13 and 14; the expanded
percentile interval, Hesterberg 2015, "What Teachers Should Know About the Bootstrap".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from statistics import NormalDist
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldwire.eval.counting.counts import Weights
from goldwire.eval.counting.keys import ranks, row_keys
from goldwire.eval.statistics.strata import drawn_as, together

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# (…, columns) -> (…, values); NaN is undefined.
Statistic = Callable[[Floats], Floats]
Resampled = Literal["expanded", "percentile", "bca"]

TRIALS = 1000  # resamples; each end of a 95 % interval then rests on the 25 beyond it
LEVEL = 0.95
NORMAL = NormalDist()
MEDIAN = 0.5
_GRID = 2.0**24  # parts of one; sums below 2**29 are exact in a double
MANY = 1000  # degrees of freedom that Student's series needs
# Student's quantiles for fewer and the tails of records, which keep their last digits: as scipy computes
# them, written by benchmarks/student.py.
QUANTILES = Path(__file__).with_name("student.json")
_BLOCK = 2**20  # numbers drawn at once: 8 MB
KEPT = 2**22  # numbers drawn that are kept for the next who asks for the same: 32 MB
FEWEST = 2  # documents that can differ
_MULTINOMIAL_COST = 32  # of one distinct row, in single draws: measured, 100 to 200 ns against 4


class Sample(NamedTuple):
    """Distinct rows of counts, and how many documents have each.

    Where documents are near-duplicates a row is that of a group, which has so many `copies` on average.
    Where documents were drawn with unequal probability rows are weighted, `weights` say by how much, and
    documents are drawn anew within the `strata`, of which each row has a number; None without.
    """

    rows: Floats
    times: Integers
    copies: float = 1.0
    weights: Floats | None = None
    strata: Integers | None = None

    @property
    def documents(self) -> int:
        """How many documents, or groups of documents, there are."""
        return int(self.times.sum())

    @property
    def informative(self) -> int:
        """How many of them have a count at all."""
        return int(self.times[self.rows.any(axis=1)].sum())

    @property
    def unit(self) -> Floats | float:
        """What a unit counts that is lost: with its copies, which are lost as one, and as its row weighs."""
        return self.copies if self.weights is None else self.copies * self.weights[:, None]

    def total(self) -> Floats:
        """The counts of all documents."""
        return np.asarray(self.times @ self.rows, dtype=np.float64)


class Interval(NamedTuple):
    """A value with the ends of its confidence interval; None is undefined.

    `undefined` of the resamples had no value (no unit was drawn); the interval rests on the others, and has
    no ends where fewer than two documents say anything. `remark` is what must be said beside it (see
    `unseen.remarks`).
    """

    value: float | None
    low: float | None
    high: float | None
    undefined: int = 0
    remark: Literal["unlike", "alone"] | None = None


# ---------------------------------------------------------------- samples
def collect(
    rows: ArrayLike,
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
    weights: Weights | None = None,
) -> Sample:
    """The sample of `rows` (documents x columns).

    With `groups`, one label a document, the documents of a group (near duplicates) are summed and from
    then on drawn together. With `times`, each row stands for so many documents. With `weights` the rows are
    weighted already; a group weighs, and is of the stratum, as its first document.

    >>> collect([[1, 2], [1, 2], [0, 3]]).times.tolist()
    [1, 2]
    """
    table = np.asarray(rows, dtype=np.float64)
    table, documents = np.round(table * _GRID) / _GRID, len(table)
    table, drawn = summed(table, groups), drawn_as(weights, groups)
    keys: Floats = table if drawn is None else np.column_stack([table, *drawn]).astype(np.float64)
    _, first, kind = np.unique(_keys(keys), return_index=True, return_inverse=True)
    many = np.bincount(kind, None if times is None else np.asarray(times), len(first))
    sample = Sample(table[first], many.astype(np.int64), documents / max(len(table), 1))
    if drawn is None:
        return sample
    each, strata = drawn[0][first], together(drawn[1][first], many)
    return sample._replace(weights=each, strata=strata if strata.any() else None)


def summed(table: Floats, groups: ArrayLike | None) -> Floats:
    """The rows of each group (near-duplicates) added up, in order of group; as they are without groups."""
    if groups is None:
        return table
    names, home = np.unique(np.asarray(groups), return_inverse=True)
    sums = [np.bincount(home, column, len(names)) for column in table.T]
    return np.stack(sums, axis=1)


def _keys(table: Floats) -> Integers:
    """A key for each row, in the order of the rows."""
    return row_keys([np.zeros(len(table), np.int64), *map(ranks, table.T)])


# ---------------------------------------------------------------- drawing
def generator(seed: int) -> np.random.Generator:
    """The one source of random numbers."""
    return np.random.Generator(np.random.PCG64(seed))


def blocks(trials: int, width: int) -> list[int]:
    """`trials` cut into parts for which `width` numbers each fit into memory."""
    size = max(1, _BLOCK // max(width, 1))
    return [min(size, trials - begun) for begun in range(0, trials, size)]


def bootstrap(sample: Sample, statistic: Statistic, *, trials: int = TRIALS, seed: int = 0) -> Floats:
    """The statistic of `trials` resamples of as many documents: trials x values."""
    if not sample.documents:
        return statistic(np.zeros((trials, sample.rows.shape[1])))
    if sample.strata is not None:
        return statistic(_in_strata(sample, sample.strata, trials, seed))
    if not _is_repetitive(sample) and trials * sample.documents <= KEPT:
        return statistic(
            _drawn(sample.documents, trials, seed) @ np.repeat(sample.rows, sample.times, axis=0)
        )
    random = generator(seed)
    sizes = blocks(trials, len(sample.times) if _is_repetitive(sample) else sample.documents)
    return np.concatenate([statistic(_draw(random, sample, size) @ sample.rows) for size in sizes])


def _in_strata(sample: Sample, strata: Integers, trials: int, seed: int) -> Floats:
    """Sums of resamples that have as many documents of each stratum as there are."""
    sums = np.zeros((trials, sample.rows.shape[1]))
    for number in range(int(strata.max()) + 1):
        own = strata == number
        part = Sample(sample.rows[own], sample.times[own])
        sums += bootstrap(part, lambda drawn: drawn, trials=trials, seed=seed + number)
    return sums


def _is_repetitive(sample: Sample) -> bool:
    """Whether so few rows are distinct that it is faster to draw how often each occurs than documents.

    Both are draws from the same multinomial.
    """
    return len(sample.times) * _MULTINOMIAL_COST <= sample.documents


def _draw(random: np.random.Generator, sample: Sample, size: int) -> Floats:
    """How often each distinct row occurs in each of `size` resamples."""
    distinct, documents = len(sample.times), sample.documents
    if _is_repetitive(sample):
        return random.multinomial(documents, sample.times / documents, size).astype(np.float64)
    return _resampled(random, np.repeat(np.arange(distinct), sample.times), distinct, size)


def _resampled(random: np.random.Generator, home: Integers, distinct: int, size: int) -> Floats:
    """How often each of the distinct rows occurs if so many documents are drawn, each with its row."""
    documents = len(home)
    places = home[random.integers(0, documents, (size, documents))] + distinct * np.arange(size)[:, None]
    return np.bincount(places.ravel(), minlength=size * distinct).reshape(size, distinct).astype(np.float64)


@lru_cache(maxsize=1)
def _drawn(documents: int, trials: int, seed: int) -> Floats:
    """How often each document occurs in each resample: the same for all systems, measures and labels."""
    random, home = generator(seed), np.arange(documents)
    return np.concatenate([_resampled(random, home, documents, size) for size in blocks(trials, documents)])


def subtract(statistic: Statistic) -> Statistic:
    """The statistic of pairs: the second system's value minus the first's."""

    def difference(sums: Floats) -> Floats:
        width = sums.shape[-1] // 2
        return statistic(sums[..., width:]) - statistic(sums[..., :width])

    return difference


# ---------------------------------------------------------------- intervals
def intervals(
    sample: Sample,
    statistic: Statistic,
    *,
    method: Resampled = "expanded",
    level: float = LEVEL,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Interval]:
    """The interval of each value of the statistic, all from the same resamples.

    `percentile` takes the quantiles of the resampled values. It is too narrow for few documents;
    `expanded` moves the quantiles outwards by as much as Student's t is wider than the normal with that
    many documents, and the square root of n / (n - 1). `bca` corrects for bias and skewness instead.

    >>> sample = collect([[1, 2], [2, 2], [1, 3], [2, 4]])
    >>> [interval] = intervals(sample, lambda sums: sums[..., :1] / sums[..., 1:])
    >>> round(interval.value, 3), interval.low < interval.value < interval.high
    (0.545, True)
    """
    drawn = bootstrap(sample, statistic, trials=trials, seed=seed)
    return summarise(sample, statistic, drawn, method=method, level=level)


def summarise(
    sample: Sample,
    statistic: Statistic,
    drawn: Floats,
    *,
    method: Resampled = "expanded",
    level: float = LEVEL,
) -> list[Interval]:
    """The intervals that resampled values (trials x values, see `bootstrap`) give."""
    values = statistic(sample.total())
    tails = [_tails(method, level, sample.informative)] * len(values)
    if method == "bca":
        without = statistic(sample.total() - sample.rows)
        tails = [
            _corrected(tails[k], _bias(value, drawn[:, k]), _acceleration(sample.times, without[:, k]))
            for k, value in enumerate(values)
        ]
    return [interval(value, drawn[:, k], tails[k]) for k, value in enumerate(values.tolist())]


def _tails(method: Resampled, level: float, informative: int) -> tuple[float, float] | None:
    """The quantiles that end the interval; None if nothing can be said."""
    if informative < FEWEST:
        return None
    low, high = (1 - level) / 2, (1 + level) / 2
    return (expand(low, informative), expand(high, informative)) if method == "expanded" else (low, high)


def interval(value: float, drawn: Floats, tails: tuple[float, float] | None) -> Interval:
    """The interval of `value` between two quantiles of the resampled values."""
    defined = drawn[~np.isnan(drawn)]
    undefined = len(drawn) - len(defined)
    if math.isnan(value):
        return Interval(None, None, None, undefined)
    if tails is None or not len(defined):
        return Interval(value, None, None, undefined)
    low, high = np.quantile(defined, tails).tolist()
    return Interval(value, low, high, undefined)


def expand(tail: float, documents: int) -> float:
    """The tail moved outwards for a small number of documents (Hesterberg 2015, section 5.3).

    >>> round(expand(0.025, 10), 4), round(expand(0.025, 1000), 4)
    (0.0086, 0.0248)
    """
    return NORMAL.cdf(math.sqrt(documents / (documents - 1)) * student(tail, documents))


def student(tail: float, documents: int) -> float:
    """The quantile of Student's t for the mean of so many documents; the normal's, if there are many.

    For many it is the series of Abramowitz and Stegun 1964, 26.7.5, right to nine decimals; for fewer it is
    from a table, or computed. All of them spare the import of scipy, a third of a short command's time.

    >>> round(student(0.975, 10), 3), round(student(0.975, 10**6), 3), round(student(0.9, 10), 3)
    (2.262, 1.96, 1.383)
    """
    freedom = documents - 1
    if freedom < MANY or tail in (0, 1):
        return _quantile(tail, freedom) if tail >= MEDIAN else -_quantile(1 - tail, freedom)
    z = NORMAL.inv_cdf(tail)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))


@cache
def _tabled() -> dict[float, list[float]]:
    """By tail, the quantiles for 1, 2, 3, … degrees of freedom."""
    return msgspec.json.decode(QUANTILES.read_bytes(), type=dict[float, list[float]])


@cache
def _quantile(tail: float, freedom: int) -> float:
    """The upper quantile of Student's t: of the table, else by Newton's method.

    It goes up from the normal's quantile, which is the smaller one, and so passes by no solution.
    """
    if tail == 1:
        return math.inf
    if (known := _tabled().get(tail)) is not None:
        return known[freedom - 1]
    t = NORMAL.inv_cdf(tail)
    while (more := t + (tail - _below(t, freedom)) / _density(t, freedom)) > t:
        t = more
    return t


def _density(t: float, freedom: int) -> float:
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    return math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom)) / math.sqrt(freedom * math.pi)


def _below(t: float, freedom: int) -> float:
    """The chance of less than t: the finite sums of Abramowitz and Stegun 1964, 26.7.3 and 26.7.4."""
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
    square = math.cos(angle) ** 2
    term = math.cos(angle) if odd else 1.0
    terms = [term] if freedom > 1 else []
    for k in range(1 + odd, freedom - 2, 2):
        term *= square * k / (k + 1)
        terms.append(term)
    inside = math.sin(angle) * math.fsum(terms)
    return (1 + (2 / math.pi * (angle + inside) if odd else inside)) / 2


def _corrected(
    tails: tuple[float, float] | None, bias: float, acceleration: float
) -> tuple[float, float] | None:
    """The quantiles of BCa in place of the given ones."""
    if tails is None:
        return None
    low, high = (bias + NORMAL.inv_cdf(tail) for tail in tails)
    return NORMAL.cdf(bias + low / (1 - acceleration * low)), NORMAL.cdf(
        bias + high / (1 - acceleration * high)
    )


def _bias(value: float, drawn: Floats) -> float:
    """z0 of BCa: where the value stands among the resampled ones, ties counting half."""
    defined = drawn[~np.isnan(drawn)]
    below = np.count_nonzero(defined < value) + np.count_nonzero(defined == value) / 2
    # At the very edge z0 would be infinite; half a resample is the least that can be told from nothing.
    return NORMAL.inv_cdf(min(max(below, 0.5), len(defined) - 0.5) / len(defined)) if len(defined) else 0.0


def _acceleration(times: Integers, without: Floats) -> float:
    """a of BCa, from the jackknife; documents whose removal leaves the value undefined say nothing."""
    kept = ~np.isnan(without)
    if not kept.any():
        return 0.0
    gaps = np.average(without[kept], weights=times[kept]) - without[kept]
    spread = float(times[kept] @ gaps**2)
    return float(times[kept] @ gaps**3) / (6 * spread**1.5) if spread else 0.0
