"""Two systems on the same documents: how far apart, how sure, and how many documents would settle it.

What is compared is the aggregate (F1 of all counts), not the mean of documents' own values. Rows of both
systems are paired by document. A sample of pairs has the columns of the first system, then the second's.

Sources: approximate randomisation, Noreen 1989 and Yeh 2000; paired bootstrap, Efron and Tibshirani 1993,
chapter 16; Holm 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldwire.eval.counting.counts import Weights
from goldwire.eval.statistics import power
from goldwire.eval.statistics.intervals import UNSEEN, Method, estimate_difference
from goldwire.eval.statistics.power import ALPHA, Lost
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import (
    FEWEST,
    LEVEL,
    TRIALS,
    Floats,
    Integers,
    Interval,
    Sample,
    Statistic,
    blocks,
    bootstrap,
    collect,
    generator,
    subtract,
)
from goldwire.eval.statistics.unseen import influences

SWAPS = 10_000  # trials of randomisation: p-values down to .0001, so that Holm has room for many pairs
_BINOMIAL_COST = 8  # of one binomial, in coins: measured, 40 to 60 ns against 6 with what is done to them
_AT_HAND = 2**16  # numbers of half a megabyte
_TIE = 1e-12  # differences closer than this differ by rounding only


class Difference(NamedTuple):
    """Second system minus first, on one value.

    `interval` is of the difference. `p` is of approximate randomisation, `p_bootstrap` of the paired
    bootstrap, both two-sided; None where the difference is undefined. The test decides whether there is a
    difference, the interval says how large it may be: 0 may be inside where the test sees one, since the
    interval allows for documents unlike those seen.

    `detectable` is the smallest true loss of the better system, which has more to lose, that these documents
    would show at 80 % power in a two-sided test at 5 %, if it is spread over hits, `whole` if it is of all
    hits of some documents; None where nothing would be shown. `needed` documents would show the difference
    found; None if none would. Of grouped documents (near-duplicates) all are about groups.
    """

    interval: Interval
    p: float | None
    p_bootstrap: float | None
    detectable: float | None
    whole: float | None
    needed: int | None


def pair(
    first: ArrayLike,
    second: ArrayLike,
    groups: ArrayLike | None = None,
    weights: Weights | None = None,
) -> Sample:
    """The sample of pairs of two systems' rows (documents x columns each, the same documents)."""
    return collect(np.hstack([np.asarray(first), np.asarray(second)]), groups, weights=weights)


def differences(
    pairs: Sample,
    estimator: Estimator,
    *,
    method: Method = UNSEEN,
    level: float = LEVEL,
    trials: int = TRIALS,
    swaps: int = SWAPS,
    seed: int = 0,
) -> list[Difference]:
    """What can be said of each figure, from `trials` resamples and `swaps` random swaps."""
    change = subtract(estimator.values)
    drawn = bootstrap(pairs, change, trials=trials, seed=seed)
    swapped = randomise(pairs, estimator.values, trials=swaps, seed=seed)
    found = estimate_difference(pairs, estimator, method=method, level=level, trials=trials, seed=seed)
    world = _World(pairs, estimator)
    return [_difference(interval, drawn[:, k], swapped[:, k], world, k) for k, interval in enumerate(found)]


class _World:
    """What pairs tell of the variance of their difference, and of a loss in the second."""

    def __init__(self, pairs: Sample, estimator: Estimator) -> None:
        first, second = (pairs._replace(rows=half) for half in np.hsplit(pairs.rows, 2))
        self.pairs, self.times = pairs, pairs.times.astype(np.float64)
        self.ratios = [estimator.ratios(side.rows) for side in (first, second)]
        self.first, self.second = (influences(side, estimator.values) for side in (first, second))

    def variance(self, k: int) -> float | None:
        """The variance of the difference; None where fewer than two documents say anything."""
        documents = self.pairs.informative
        if documents < FEWEST:
            return None
        return float(self.times @ (self.second - self.first)[:, k] ** 2) * documents / (documents - 1)

    def loss(self, k: int, lost: Lost, *, of_first: bool = False) -> power.LostHits:
        """The loss of hits of the second system in one figure, or of the first."""
        found, other = (self.ratios[0], self.second) if of_first else (self.ratios[1], self.first)
        ratio = found[k]._replace(chance=found[k].chance * self.pairs.unit)
        return power.LostHits(other[:, k], ratio, self.times, lost)


def _difference(interval: Interval, drawn: Floats, swapped: Floats, world: _World, k: int) -> Difference:
    value, variance, pairs = interval.value, world.variance(k), world.pairs
    if value is None:
        return Difference(interval, None, None, None, None, None)
    return Difference(
        interval,
        two_sided(value, swapped),
        two_sided(value, drawn - value),
        None if variance is None else power.detectable(world.loss(k, "spread", of_first=value < 0)),
        None if variance is None else power.detectable(world.loss(k, "whole", of_first=value < 0)),
        None if variance is None else power.needed(variance, value, pairs.documents, pairs.informative),
    )


def randomise(pairs: Sample, statistic: Statistic, *, trials: int = SWAPS, seed: int = 0) -> Floats:
    """Differences had the two systems' outputs been swapped at random, document by document.

    Of the documents with one row, how many are swapped is binomial: trials x values. Where few documents
    share a row, a coin for each is the faster of two ways to draw from the same.
    """
    random, change = generator(seed), subtract(statistic)
    width = pairs.rows.shape[1] // 2
    shift = pairs.rows[:, width:] - pairs.rows[:, :width]
    differ = shift.any(axis=1)
    shift, times, total = shift[differ], pairs.times[differ], pairs.total()
    if len(times) * _BINOMIAL_COST > times.sum():
        shift, times = np.repeat(shift, times, axis=0), np.ones(int(times.sum()), np.int64)
    moved = (_moved(_swaps(random, times, size), shift) for size in blocks(trials, len(times)))
    return np.concatenate([change(total + np.hstack([by, -by])) for by in moved])


def _moved(draws: NDArray[Any], shift: Floats) -> Floats:
    """By how much sums change with each draw: a few draws at a time, which the processor keeps at hand."""
    step = max(1, _AT_HAND // max(len(shift), 1))
    parts = (draws[start : start + step] for start in range(0, len(draws), step))
    return np.concatenate([part.astype(np.float64) @ shift for part in parts])


def _swaps(random: np.random.Generator, times: Integers, size: int) -> NDArray[Any]:
    """How many of the documents with each row are swapped, each with a chance of one half: size x rows."""
    if (times > 1).any():
        return random.binomial(times, 0.5, (size, len(times)))
    coins = size * len(times)
    bits = np.unpackbits(np.frombuffer(random.bytes((coins + 7) // 8), np.uint8), count=coins)
    return bits.reshape(size, -1)


def two_sided(value: float, null: Floats) -> float:
    """The share of differences under the null that are as large as `value`, itself counted among them."""
    return _share(np.abs(null) >= abs(value) - _TIE, null)


def one_sided(value: float, null: Floats) -> float:
    """The share of differences under the null that are as low as `value`, itself counted among them."""
    return _share(null <= value + _TIE, null)


def _share(extreme: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], null: Floats) -> float:
    # Undefined trials are no evidence against the null: they count as extreme.
    return (1 + int(np.count_nonzero(extreme | np.isnan(null)))) / (1 + len(null))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values of a family of tests made comparable with one level; None stays None and is no test.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    order = sorted((p, k) for k, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, k) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[k] = highest
    return adjusted


# ---------------------------------------------------------------- non-inferiority
Decision = Literal["pass", "fail", "warn"]


class Loss(NamedTuple):
    """Whether the second system lost more than a margin.

    `low` and `high` are one-sided bounds of the difference, each at level 1 - alpha; `p` is one-sided, of
    approximate randomisation. `power` is the chance that a true loss of exactly the margin fails, and
    `needed` documents would raise it to 80 %; both None if that cannot be said (margin 0).
    """

    verdict: Decision
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    margin: float
    power: float | None
    needed: int | None


def loss(
    pairs: Sample,
    estimator: Estimator,
    margin: float,
    *,
    alpha: float = ALPHA,
    method: Method = UNSEEN,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Loss]:
    """A verdict on each figure, higher being better.

    - `pass`: a loss above the margin is ruled out (`low` is not below -margin).
    - `fail`: the test says that the loss is real, and it may be above the margin.
    - `warn`: it may be noise: neither is shown.

    An equal system fails with probability at most alpha. Undefined is `warn`.
    """
    swapped = randomise(pairs, estimator.values, trials=trials, seed=seed)
    found = estimate_difference(
        pairs, estimator, method=method, level=1 - 2 * alpha, trials=trials, seed=seed
    )
    outcomes = [_loss(bounds, swapped[:, k], margin, alpha) for k, bounds in enumerate(found)]
    if pairs.informative < FEWEST:
        return outcomes
    world = _World(pairs, estimator)

    def planned(k: int, outcome: Loss) -> Loss:
        if outcome.difference is None:
            return outcome
        lost, seen = world.loss(k, "spread"), max(-outcome.difference, 0.0)
        chance, count = power.plan(lost, margin, pairs.documents, alpha=alpha, seen=seen)
        return outcome._replace(power=chance, needed=count)

    return [planned(k, outcome) for k, outcome in enumerate(outcomes)]


def _loss(bounds: Interval, swapped: Floats, margin: float, alpha: float) -> Loss:
    value, low, high = bounds[:3]
    p = None if value is None else one_sided(value, swapped)
    verdict: Decision = "warn"
    # Outputs that count alike in every document need no interval.
    if value is not None and ((low is not None and low >= -margin - _TIE) or not swapped.any()):
        verdict = "pass"
    elif value is not None and value < 0 and p is not None and p <= alpha:
        verdict = "fail"
    return Loss(verdict, value, low, high, p, margin, None, None)
