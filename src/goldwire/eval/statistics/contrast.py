"""Two systems on the same documents: how far apart, how sure, and how many documents would settle it.

What is compared is the aggregate (F1 of all counts), not the mean of documents' own values. Rows of both
systems are paired by document. A sample of pairs has the columns of the first system, then the second's.

Sources: approximate randomisation, Noreen 1989 and Yeh 2000; paired bootstrap, Efron and Tibshirani 1993,
chapter 16; Holm 1979.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldwire.eval.statistics.resample import (
    FEWEST,
    LEVEL,
    NORMAL,
    TRIALS,
    Floats,
    Integers,
    Interval,
    Method,
    Sample,
    Statistic,
    blocks,
    bootstrap,
    collect,
    generator,
    student,
    subtract,
    summarise,
)

SWAPS = 10_000  # trials of randomisation: p-values down to .0001, so that Holm has room for many pairs
POWER = 0.8  # the custom of planning, Cohen 1988
ALPHA = 0.05
# On so few documents 95 % intervals are too narrow: of 2,000 simulated ones 93.5 % held the truth on 10
# documents, 89 % on 5 and 53 % on 2 (docs/intervals.md; for more docs/evidence/statistics.md). They are a
# first look and no evidence (docs/size.md), so every plan asks for more.
FEW = 10
MOST = 10**9  # documents that a plan asks for: beyond, it is no plan
_BINOMIAL_COST = 8  # of one binomial, in coins: measured, 40 to 60 ns against 6 with what is done to them
_AT_HAND = 2**16  # numbers of half a megabyte
_TIE = 1e-12  # differences closer than this differ by rounding only


class Difference(NamedTuple):
    """Second system minus first, on one value.

    `interval` is of the difference. `p` is of approximate randomisation, `p_bootstrap` of the paired
    bootstrap, both two-sided; None where the difference is undefined. `error` is the standard error and
    `detectable` the smallest true difference that these documents would show at 80 % power in a
    two-sided test at 5 %; None where they do not vary, and so do not tell. `needed` documents would show the
    difference found; None if none would. Of grouped documents (near-duplicates) both are about groups.
    """

    interval: Interval
    p: float | None
    p_bootstrap: float | None
    error: float | None
    detectable: float | None
    needed: int | None


def pair(first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None) -> Sample:
    """The sample of pairs of two systems' rows (documents x columns each, the same documents)."""
    return collect(np.hstack([np.asarray(first), np.asarray(second)]), groups)


def differences(
    pairs: Sample,
    statistic: Statistic,
    *,
    method: Method = "expanded",
    level: float = LEVEL,
    trials: int = TRIALS,
    swaps: int = SWAPS,
    seed: int = 0,
) -> list[Difference]:
    """What can be said of each value of the statistic, from `trials` resamples and `swaps` random swaps."""
    change = subtract(statistic)
    drawn = bootstrap(pairs, change, trials=trials, seed=seed)
    swapped = randomise(pairs, statistic, trials=swaps, seed=seed)
    found = summarise(pairs, change, drawn, method=method, level=level)
    return [_difference(interval, drawn[:, k], swapped[:, k], pairs) for k, interval in enumerate(found)]


def _difference(interval: Interval, drawn: Floats, swapped: Floats, pairs: Sample) -> Difference:
    value = interval.value
    if value is None:
        return Difference(interval, None, None, None, None, None)
    error = standard_error(drawn, pairs.informative)
    return Difference(
        interval,
        two_sided(value, swapped),
        two_sided(value, drawn - value),
        error,
        None if error is None or error < _TIE else detectable(error, pairs.informative),
        None if error is None else needed(error, value, pairs.documents),
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


# ---------------------------------------------------------------- power
def standard_error(drawn: Floats, documents: int) -> float | None:
    """The standard error, from resampled values of so many documents; None if fewer than two are defined.

    Resamples vary as if the documents at hand were all there are, a little too little.
    """
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < FEWEST or documents < FEWEST:
        return None
    return float(np.std(defined, ddof=1)) * math.sqrt(documents / (documents - 1))


def detectable(error: float, documents: int, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """The smallest true difference that a two-sided test on so many documents shows with the power.

    >>> round(detectable(0.01, 1000), 4), round(detectable(0.01, 10), 4)
    (0.028, 0.0315)
    """
    return (student(1 - alpha / 2, documents) + student(power, documents)) * error


def needed(error: float, difference: float, documents: int) -> int | None:
    """How many documents like these would show the difference with 80 % power; None if no corpus would.

    `error` is that of the `documents` at hand; the normal approximation is that of many documents. Never so
    `FEW` that what they show would be no evidence.

    >>> needed(0.01, 0.014, 100), needed(0.01, 0.5, 100)
    (401, 11)
    """
    return _scale(documents, (NORMAL.inv_cdf(1 - ALPHA / 2) + NORMAL.inv_cdf(POWER)) * error, abs(difference))


def _scale(documents: int, detected: float, wanted: float) -> int | None:
    """As many documents as turn the smallest difference detected into the one wanted."""
    if detected > wanted * math.sqrt(MOST / documents):
        return None
    return max(FEW + 1, math.ceil(documents * (detected / wanted) ** 2)) if wanted else None


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
    statistic: Statistic,
    margin: float,
    *,
    alpha: float = ALPHA,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Loss]:
    """A verdict on each value of the statistic, higher being better.

    - `pass`: a loss above the margin is ruled out (`low` is not below -margin).
    - `fail`: the loss is real (the test and the bound both say so) and may be above the margin.
    - `warn`: it may be noise: neither is shown.

    An equal system fails with probability at most alpha. Undefined is `warn`.
    """
    change = subtract(statistic)
    drawn = bootstrap(pairs, change, trials=trials, seed=seed)
    swapped = randomise(pairs, statistic, trials=trials, seed=seed)
    found = summarise(pairs, change, drawn, level=1 - 2 * alpha)
    outcomes = (_loss(bounds, swapped[:, k], margin, alpha) for k, bounds in enumerate(found))
    plans = (_plan(drawn[:, k], margin, alpha, pairs) for k in range(len(found)))
    return [
        outcome._replace(power=power, needed=count)
        for outcome, (power, count) in zip(outcomes, plans, strict=True)
    ]


def _loss(bounds: Interval, swapped: Floats, margin: float, alpha: float) -> Loss:
    value, low, high, _ = bounds
    p = None if value is None else one_sided(value, swapped)
    verdict: Decision = "warn"
    # Outputs that count alike in every document need no interval.
    if value is not None and ((low is not None and low >= -margin - _TIE) or not swapped.any()):
        verdict = "pass"
    elif high is not None and high < 0 and p is not None and p <= alpha:
        verdict = "fail"
    return Loss(verdict, value, low, high, p, margin, None, None)


def _plan(drawn: Floats, margin: float, alpha: float, pairs: Sample) -> tuple[float | None, int | None]:
    """The power against a true loss of the margin, and the documents that make it 80 %.

    A loss fails when the difference is below -t errors, and below -margin + t errors so that it is not
    shown to be within the margin; at a true difference of -margin the second happens at most 1 - alpha of
    the time.
    """
    error = standard_error(drawn, pairs.informative)
    if not margin or not error:
        return None, None
    t = student(1 - alpha, pairs.informative)
    power = NORMAL.cdf(min(margin / error - t, t))
    z = NORMAL.inv_cdf(1 - alpha) + NORMAL.inv_cdf(POWER)
    return power, _scale(pairs.documents, z * error, margin)
