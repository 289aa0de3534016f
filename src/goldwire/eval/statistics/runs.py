"""Spread between several runs of one system, and what it leaves of a figure or of a difference.

Runs of one system (other seeds, a temperature) differ, so a test over documents alone takes a lucky run for
a better system, the surer the more documents there are. Documents and runs are crossed: every run has read
every document. A mean over runs varies with both. The variance between the figures of runs already holds what
single documents happened to do in each (documents x runs), which is in the variance over documents too: it is
taken off, so that nothing is counted twice.

Variances are in closed form, from influences: what a little more of a document would change of a figure.
Where two systems have spreads of their own, each counts with its own number of runs, as in Welch 1947.
Degrees of freedom are more cautious than those of Satterthwaite 1946: with few runs these alarm too often.
What this holds was simulated (benchmarks/runs.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from goldwire.eval.counting.counts import Weights
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.ratios import Estimator, Ratio, side_by_side
from goldwire.eval.statistics.resample import (
    FEWEST,
    LEVEL,
    Floats,
    Interval,
    Statistic,
    collect,
    summed,
)
from goldwire.eval.statistics.strata import drawn_as

_STEP = 2.0**-14  # of a document, to either side, for what one more of it would change
_BLOCK = 2**20  # numbers at once: 8 MB
NOTHING = 1e-12  # figures that are closer differ by rounding only
END = (1 + LEVEL) / 2


class Runs(NamedTuple):
    """What runs of one system say of some figures (values of a statistic).

    `values` are runs x figures, NaN where undefined. `influence` is that of each document on the mean over
    runs (documents x figures); `between` is the variance of the figure between runs, NaN for one run, of
    which `crossed` is what single documents did in each. Of so many `documents` (or groups of
    near-duplicates) some run or gold has units. `ratios` are those that the figures of the first run are of.
    """

    values: Floats
    influence: Floats
    between: Floats
    crossed: Floats
    documents: int
    ratios: Sequence[Ratio] = ()

    @property
    def number(self) -> int:
        """How many runs there are."""
        return len(self.values)

    @property
    def mean(self) -> Floats:
        """The mean over runs; NaN where one of them is undefined."""
        found: Floats = self.values.mean(axis=0)
        return found


class Spread(NamedTuple):
    """How far apart runs of one system are, known from so many `runs`.

    `between` and `crossed` are variances as in `Runs`; of a system that gives the same each time both are 0,
    and `runs` is None: that is known without any.
    """

    between: float
    crossed: float
    runs: int | None

    @property
    def own(self) -> float:
        """The variance of runs that is not that of documents in each."""
        return max(0.0, self.between - self.crossed)


FIXED = Spread(0.0, 0.0, None)


# ---------------------------------------------------------------- from counts
def look(
    tables: Iterable[ArrayLike],
    estimator: Estimator,
    groups: ArrayLike | None = None,
    weights: Weights | None = None,
) -> Runs:
    """What runs say, from the rows of each (documents x columns, the same documents and columns).

    The documents of one of the `groups` (near-duplicates) are one. Of drawn documents, whose rows are
    weighted by `weights`, strata are not looked at: the variance is no less than within them.
    """
    values, of_each, informative, ratios = [], list[Floats](), None, list[Ratio]()
    for table in tables:
        rows = summed(np.asarray(table, np.float64), groups)
        ratios = ratios or _ratios(estimator, rows, groups, weights)
        values.append(estimator.values(rows.sum(axis=0)))
        of_each.append(influences(rows, estimator.values))
        there = rows.any(axis=1)
        informative = there if informative is None else informative | there
    documents = 0 if informative is None else int(informative.sum())
    return _together(np.array(values), of_each, documents)._replace(ratios=ratios)


def _ratios(
    estimator: Estimator, rows: Floats, groups: ArrayLike | None, weights: Weights | None
) -> list[Ratio]:
    """The ratios of one run; what near-duplicates have in common is lost as one, and as it weighs."""
    copies = 1.0 if groups is None else len(np.asarray(groups)) / max(len(rows), 1)
    drawn = drawn_as(weights, groups)
    unit = copies if drawn is None else copies * drawn[0][:, None]
    return [one._replace(chance=one.chance * unit) for one in estimator.ratios(rows)]


def influences(rows: Floats, statistic: Statistic) -> Floats:
    """What a little more of each document changes of figures; 0 where undefined.

    By central differences, which are exact for ratios of sums but a part in 10^8.
    """
    total, size = rows.sum(axis=0), max(1, _BLOCK // max(rows.shape[1], 1))
    parts = (rows[start : start + size] * _STEP for start in range(0, max(len(rows), 1), size))
    found = [(statistic(total + part) - statistic(total - part)) / (2 * _STEP) for part in parts]
    return np.nan_to_num(np.concatenate(found))


def _together(values: Floats, of_each: list[Floats], documents: int) -> Runs:
    number, many = len(values), documents / (documents - 1) if documents >= FEWEST else math.nan
    mean: Floats = np.mean(of_each, axis=0)
    if number < FEWEST:
        nothing = np.full(mean.shape[1], math.nan)
        return Runs(values, mean, nothing, nothing, documents)
    apart = sum((((one - mean) ** 2).sum(axis=0) for one in of_each), np.zeros(mean.shape[1]))
    return Runs(values, mean, values.var(axis=0, ddof=1), many * apart / (number - 1), documents)


def spread_of(runs: Runs, figure: int) -> Spread | None:
    """How far apart the runs are; None of one run, or of a figure that is undefined in one of them."""
    between, crossed = float(runs.between[figure]), float(runs.crossed[figure])
    if math.isnan(between):
        return None
    return Spread(between, 0.0 if math.isnan(crossed) else crossed, runs.number)


# ---------------------------------------------------------------- one system
def over_documents(
    tables: Sequence[ArrayLike],
    estimator: Estimator,
    groups: ArrayLike | None = None,
    weights: Weights | None = None,
    **drawn: Any,
) -> list[Interval]:
    """The 95 % interval of each figure's mean over runs, for other documents and the same runs.

    `drawn` says how (see `intervals.estimate`). A document unlike those seen is one for all runs.
    """
    number = len(tables)

    def values(sums: Floats) -> Floats:
        found: Floats = np.mean([estimator.values(part) for part in np.split(sums, number, axis=-1)], axis=0)
        return found

    def ratios(rows: Floats) -> list[Ratio]:
        each = [estimator.ratios(part) for part in np.split(rows, number, axis=-1)]
        return [side_by_side(of_one) for of_one in zip(*each, strict=True)]

    sample = collect(np.hstack([np.asarray(table) for table in tables]), groups, weights=weights)
    return estimate(sample, Estimator(values, ratios), **drawn)


def interval(runs: Runs, figure: int, ends: Interval) -> Interval:
    """The 95 % interval of the mean over runs, for other runs and other documents.

    It is that for other documents, `ends` (see `over_documents`), made longer by the spread between runs.
    """
    mean, low, high, *_ = ends
    if mean is None or low is None or high is None or runs.documents < FEWEST:
        return ends
    return ends._replace(
        low=max(0.0, mean - _longer(mean - low, runs, figure)),
        high=min(1.0, mean + _longer(high - mean, runs, figure)),
    )


def of_documents(influence: Floats, documents: int) -> float:
    """The variance of a figure over documents, from the influence of each on it."""
    return float((influence**2).sum()) * documents / (documents - 1)


def _longer(side: float, runs: Runs, figure: int) -> float:
    """A side of an interval over documents as that of one over documents and runs."""
    spread = spread_of(runs, figure)
    if spread is None or spread.between < NOTHING**2:
        return side
    documents = of_documents(runs.influence[:, figure], runs.documents)
    error = make_error(documents, runs.documents, [(spread, runs.number)])
    over_documents = side / student(END, runs.documents - 1)
    return error.quantile(END) * math.sqrt(over_documents**2 + error.runs)


# ---------------------------------------------------------------- the error of a mean or a difference
class Error(NamedTuple):
    """A standard error, its parts as variances, and the degrees of freedom that it rests on.

    `documents` is the variance that more documents would make smaller, `runs` that which more runs would;
    `crossed`, a part of the first, is that which either would.
    """

    documents: float
    runs: float
    crossed: float
    freedom: float

    @property
    def size(self) -> float:
        """The standard error."""
        return math.sqrt(self.documents + self.runs)

    def quantile(self, tail: float) -> float:
        """The quantile of Student's t."""
        return student(tail, self.freedom)


def make_error(documents: float, many: int, sides: Iterable[tuple[Spread, float]]) -> Error:
    """The error, given its variance over so many documents and the spread and number of runs of each side.

    A side that counts with a weight has its number of runs divided by the square of that.

    Sides that share a spread share its degrees of freedom too, so they are summed up first.
    """
    shares: dict[Spread, float] = {}
    for spread, number in sides:
        shares[spread] = shares.get(spread, 0.0) + 1 / number
    runs = max(0.0, sum((one.between - one.crossed) * share for one, share in shares.items()))
    crossed = sum(one.crossed * share for one, share in shares.items())
    freedom = _freedom(documents + runs, many, shares)
    return Error(documents, runs, min(crossed, documents), freedom)


def _freedom(variance: float, many: int, shares: dict[Spread, float]) -> float:
    """Degrees of freedom: those of documents and of runs, each by its share of the variance.

    Few runs may be close together by chance. Satterthwaite's squares of shares take that for knowledge, and
    alarm in 8 to 13 % of equal pairs where three runs or two tell the spread of both systems. That of two
    runs counts threefold, that of three a quarter more. And where two runs stand against many, the two count
    for no less than if both systems had the same spread: else 6 to 12 % of equal pairs are told apart.
    """
    varying = [(one, share) for one, share in shares.items() if one.runs and one.between > NOTHING**2]
    if not varying:
        return float(many - 1)
    each = [(one.runs or 0) - 1 for one, _ in varying]
    found, alike = [one.between * share for one, share in varying], [share for _, share in varying]
    whole, of_runs = sum(found), min(_satterthwaite(found, each), _satterthwaite(alike, each))
    caution = 1 + 2 / of_runs**3
    share = caution * whole / (caution * whole + max(0.0, variance - whole))
    return 1 / ((1 - share) / (many - 1) + share / of_runs)


def _satterthwaite(parts: Sequence[float], freedom: Sequence[int]) -> float:
    """The degrees of freedom of a sum of variances that have these (Satterthwaite 1946)."""
    return sum(parts) ** 2 / sum(part**2 / own for part, own in zip(parts, freedom, strict=True))


def student(tail: float, freedom: float) -> float:
    """The quantile of Student's t of any degrees of freedom, whole or not.

    >>> round(student(0.975, 4.5), 3)
    2.659
    """
    from scipy.special import stdtrit  # only where there are runs

    return float(stdtrit(freedom, tail))


def below(value: float, freedom: float) -> float:
    """The chance of a value of Student's t below this one."""
    from scipy.special import stdtr

    return float(stdtr(freedom, value))
