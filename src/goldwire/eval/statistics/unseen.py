"""Bayesian bootstrap with a document unlike those seen: intervals that hold where few documents are bad.

Whatever looks at the sample alone is too sure where a kind of document is rare: of 20 documents of which one
in 20 is bad, 36 % of samples hold no bad one. So each document weighs a draw of Gamma(1), as in the Bayesian
bootstrap (Rubin 1981), and half a document joins that nobody has seen (Gamma(1/2), one a label), as bad, or
as good, as a document may be in a corpus of such a mean: `SPREADS` times the largest standard deviation that
values between 0 and 1 with this mean can have. With a whole document, wholly wrong, it would be the bound of
Gaffke (2005), which is Clopper and Pearson's for documents that are all right or all wrong. And since few bad
documents that were seen may be more than few in truth, the low end is also that with the worst of them once
more. What the constants do was simulated (docs/evidence/statistics.md).

A row has the counts of a document for each label, in four columns (see `counts.COLUMNS`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.counting.counts import COLUMNS, GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS
from goldwire.eval.statistics.resample import Floats, Sample, Statistic, blocks, generator, subtract

SPREADS = 2.5  # of the unseen document from the mean
AGAIN = 1.5  # of a document: the mean weight of the worst one, once more
HALF = 0.5  # of a document: the mean weight of the unseen one
APART = 0.5  # of the spread of their disagreement, for each of two systems
EVEN = (
    20  # documents up to which the unseen one is of mean size; with more it grows to their root mean square
)
_WEIGHTS = 2.0**14  # parts of a document: sums of weighted counts are exact in any order,
_COUNTS = 2.0**16  # and parts of a unit of soft counts: together with totals up to 2**23
_STEP = 2.0**-10  # of a document, for what one more of it would change


class Part(NamedTuple):
    """A figure as a ratio of sums: `num` and `den` of each document and label, `unit` what one unit adds.

    `row` gives the four columns of a document of such sizes (labels) of which such shares are right. `silent`
    are labels that count as 0 where their `den` is 0: gold ones that a system never gave, for precision.
    """

    num: Floats
    den: Floats
    unit: float
    row: Callable[[Floats, Floats], Floats]
    silent: Floats | float = 0.0


class Ends(NamedTuple):
    """The ends of an interval, and of that which allows for no document but those seen."""

    low: float
    high: float
    plain_low: float
    plain_high: float


# ---------------------------------------------------------------- figures as ratios
def parts_of_counts(rows: Floats, beta: float) -> list[Part]:
    """Precision, recall and F of rows (documents x 4 columns a label)."""
    table = rows.reshape(len(rows), -1, len(COLUMNS))
    silent = (table[..., GOLD].any(axis=0) & ~table[..., SYSTEM].any(axis=0)).astype(np.float64)
    precision = Part(table[..., SYSTEM_HITS], table[..., SYSTEM], 1, _of_columns(SYSTEM_HITS, SYSTEM), silent)
    recall = Part(table[..., GOLD_HITS], table[..., GOLD], 1, _of_columns(GOLD_HITS, GOLD))
    return [precision, recall, recall if math.isinf(beta) else _f_part(table, beta)]


def _of_columns(hits: int, units: int) -> Callable[[Floats, Floats], Floats]:
    def row(size: Floats, right: Floats) -> Floats:
        made = np.zeros((len(size), len(COLUMNS)))
        made[:, units], made[:, hits] = size, size * right
        return made

    return row


def _f_part(table: Floats, beta: float) -> Part:
    """F as (b² gold hits + system hits) / (b² gold + system)."""
    square = beta * beta
    total = table.sum(axis=0)
    den = square * table[..., GOLD] + table[..., SYSTEM]
    hard = np.array_equal(table[..., SYSTEM_HITS], table[..., GOLD_HITS])
    gold_share = _ratio(total[:, GOLD], den.sum(axis=0))

    def row(size: Floats, right: Floats) -> Floats:
        made = np.zeros((len(size), len(COLUMNS)))
        made[:, GOLD] = size * gold_share
        made[:, SYSTEM] = size - square * made[:, GOLD]
        if hard:  # where both sides hit alike, so does the unseen document, and F stays a ratio of counts
            made[:, SYSTEM_HITS] = made[:, GOLD_HITS] = right * size / (1 + square)
        else:
            made[:, SYSTEM_HITS], made[:, GOLD_HITS] = right * made[:, SYSTEM], right * made[:, GOLD]
        return made

    num = square * table[..., GOLD_HITS] + table[..., SYSTEM_HITS]
    return Part(num, den, 1 + square, row)


def parts_of_means(rows: Floats) -> list[Part]:
    """Means over documents: rows hold values, then whether each is defined."""
    width = rows.shape[1] // 2

    def of(k: int) -> Part:
        def row(size: Floats, right: Floats) -> Floats:
            made = np.zeros((1, 2 * width))
            made[0, k], made[0, width + k] = size[0] * right[0], size[0]
            return made

        return Part(rows[:, [k]], rows[:, [width + k]], 1, row)

    return [of(k) for k in range(width)]


# ---------------------------------------------------------------- the unseen document
class Unseen(NamedTuple):
    """The unseen document at one end, by label: the share of it that is right, and how many halves of it join."""

    right: Floats
    halves: Floats


def sizes(part: Part, times: Floats) -> Floats:
    """The size of the unseen document, by label: the mean of documents that have it, or with many its root
    mean square; a unit of labels that no document has and yet count.
    """
    having = np.maximum(times @ (part.den > 0), 1)
    mean, square = times @ part.den / having, np.sqrt(times @ part.den**2 / having)
    informative = max(float(times @ part.den.any(axis=1)), 1.0)
    grown: Floats = mean + (square - mean) * max(0.0, 1 - EVEN / informative) + part.silent * part.unit
    return grown


def imagine(part: Part, times: Floats) -> tuple[Unseen, Unseen]:
    """The unseen document at the low end, and at the high one."""
    num, den = times @ part.num, times @ part.den
    worse = _differ(den - num, den, part, times)
    better = _differ(num, den, part, times)
    value = _ratio(num, den)
    return (
        Unseen(np.maximum(value - worse.right, 0), worse.halves),
        Unseen(np.minimum(value + better.right, 1), better.halves),
    )


def _differ(rest: Floats, den: Floats, part: Part, times: Floats) -> Unseen:
    """By how much the unseen document differs from the mean, of which `rest` is wrong (or right).

    As if one more unit had been wrong: all right in the sample is not certainly right. Where less than a unit
    was wrong a whole document joins in place of half of one, and at least a unit of it is wrong: of units
    that are right or wrong each for itself this is the bound of Clopper and Pearson.
    """
    share = np.minimum((rest + part.unit) / (den + part.unit), 1)
    none = np.maximum(1 - rest / part.unit, 0)
    least = none * _ratio(np.full_like(den, part.unit), sizes(part, times))
    return Unseen(np.maximum(SPREADS * np.sqrt(share * (1 - share)), least), 1 + none)


def _ratio(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return found


# ---------------------------------------------------------------- intervals
def ends(
    sample: Sample,
    statistic: Statistic,
    parts: Sequence[Part],
    *,
    tails: tuple[float, float],
    trials: int,
    seed: int,
) -> list[Ends]:
    """The ends of the interval of each value of the statistic, whose ratios are `parts`; of one draw."""
    drawn = weigh(sample, trials, seed)
    plain = statistic(drawn)
    times = sample.times.astype(np.float64)
    labels = parts[0].num.shape[1]
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    halves = random.standard_gamma(HALF, (2, trials, labels))
    again = random.standard_exponential((trials, 1))
    worst = worst_rows(sample, statistic)

    def quantile(sums: Floats, k: int, tail: float) -> float:
        with np.errstate(over="ignore"):  # of a figure that the unseen document is not meant for
            return float(np.quantile(statistic(sums)[:, k], tail))

    def with_unseen(part: Part, unseen: Unseen) -> Floats:
        row = part.row(sizes(part, times), unseen.right)
        weight = halves[0] + (unseen.halves - 1) * halves[1]
        added = (weight[:, : len(row), None] * row).reshape(trials, -1)
        return drawn + added

    found = []
    for k, part in enumerate(parts):
        low, high = imagine(part, times)
        more = drawn + AGAIN * again * sample.rows[worst[k]]
        found.append(
            Ends(
                min(quantile(with_unseen(part, low), k, tails[0]), quantile(more, k, tails[0])),
                quantile(with_unseen(part, high), k, tails[1]),
                *np.quantile(plain[:, k], tails).tolist(),
            )
        )
    return found


def weigh(sample: Sample, trials: int, seed: int) -> Floats:
    """Sums of rows, each document weighing a draw of Gamma(1): trials x columns.

    Documents of one row weigh together: their sum is Gamma of their number.
    """
    rows = np.round(sample.rows * _COUNTS) / _COUNTS
    random, many = generator(seed), blocks(trials, len(sample.times))
    return np.concatenate([_weights(random, sample, size) @ rows for size in many])


def _weights(random: np.random.Generator, sample: Sample, size: int) -> Floats:
    shape = (size, len(sample.times))
    alone = (sample.times == 1).all()
    drawn = random.standard_exponential(shape) if alone else random.standard_gamma(sample.times, shape)
    found: Floats = np.round(drawn * _WEIGHTS) / _WEIGHTS
    return found


def influences(sample: Sample, statistic: Statistic) -> Floats:
    """What a little more of each distinct row would change of each value: rows x values, to nine digits."""
    total = sample.total()
    change = (statistic(total + _STEP * sample.rows) - statistic(total)) / _STEP
    change = np.nan_to_num(change)
    scale = np.maximum(np.abs(change).max(axis=0, initial=0), np.finfo(float).tiny)
    rounded: Floats = np.round(change / scale, 9) * scale
    return rounded


def worst_rows(sample: Sample, statistic: Statistic) -> list[int]:
    """The row, for each value, of which one more document would lower it most."""
    return influences(sample, statistic).argmin(axis=0).tolist()  # type: ignore[no-any-return]


# ---------------------------------------------------------------- differences
def difference_ends(
    pairs: Sample,
    statistic: Statistic,
    parts: tuple[Sequence[Part], Sequence[Part]],
    *,
    tails: tuple[float, float],
    trials: int,
    seed: int,
) -> list[tuple[float, float]]:
    """The ends of the interval of each difference, second system less first, on the same documents.

    The unseen document is one on which the two disagree more than on those seen: by `APART` times the
    standard deviation that their disagreement has. `parts` are those of each half of the rows.
    """
    change = subtract(statistic)
    drawn, times = weigh(pairs, trials, seed), pairs.times.astype(np.float64)
    labels = parts[0][0].num.shape[1]
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    unseen, again = random.standard_gamma(HALF, (trials, labels)), random.standard_exponential((trials, 1))
    effects = influences(pairs, change)

    def end(k: int, sign: int, tail: float) -> float:
        both = parts[0][k], parts[1][k]
        gap = _gap(*both, times)
        rows = [
            one.row(sizes(one, times), np.clip(_value(one, times) + side * gap, 0, 1))
            for one, side in zip(both, (-sign, sign), strict=True)
        ]
        added = [(unseen[:, : len(row), None] * row).reshape(trials, -1) for row in rows]
        worst = pairs.rows[int((sign * effects[:, k]).argmax())]
        unlike, more = change(drawn + np.hstack(added))[:, k], change(drawn + again * worst)[:, k]
        either = [float(np.quantile(unlike, tail)), float(np.quantile(more, tail))]
        return min(either) if sign < 0 else max(either)

    return [(end(k, -1, tails[0]), end(k, 1, tails[1])) for k in range(len(parts[0]))]


def _value(part: Part, times: Floats) -> Floats:
    return _ratio(times @ part.num, times @ part.den)


def _gap(first: Part, second: Part, times: Floats) -> Floats:
    """How far apart two systems may be on the unseen document, by label, each from its mean."""
    right = np.abs(first.num - second.num) / first.unit
    wrong = np.abs((first.den - first.num) - (second.den - second.num))
    units = times @ (first.den + second.den) / 2
    found: Floats = np.minimum(APART * np.sqrt((times @ (right + wrong) + 1) / (units + 2)), 1)
    return found


# ---------------------------------------------------------------- what to say beside an interval
def remarks(sample: Sample, statistic: Statistic, found: Sequence[Ends]) -> Iterator[str | None]:
    """What rests on too little, for each value: see `UNLIKE` and `ALONE`; None if neither is true."""
    squares = influences(sample, statistic) ** 2
    for k, one in enumerate(found):
        weight = sample.times @ squares[:, k]
        if one.plain_high - one.plain_low < (one.high - one.low) / 2:
            yield UNLIKE
        elif weight and squares[:, k].max() > weight / 2:
            yield ALONE
        else:
            yield None


UNLIKE = "most of this interval allows for documents unlike those seen"
ALONE = "rests on one document: it makes more than half of the spread"
