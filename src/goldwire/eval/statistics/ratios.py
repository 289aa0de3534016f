"""Ratios of sums that figures are made of: what intervals and power must know beyond their values.

A row has the counts of a document for each label, in four columns (see `counts.COLUMNS`), or the values of a
document (see `figures.rows`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.counting.counts import COLUMNS, GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS
from goldwire.eval.statistics.resample import Floats, Integers, Statistic


class Ratio(NamedTuple):
    """A figure as a mean over labels of ratios of sums: `num` and `den` of each document and label.

    A unit that is right adds `unit` to `num`; `den` falls by `falls` where one is lost, and the labels count
    by `weights`, which sum to 1. `row` gives the columns of a document of such sizes (labels) of which such
    shares are right. Labels of one number of `unseen` are of one unseen document, not of one each. `chance`
    is, by document and label, what a unit is of those that the document's value is the mean of.
    """

    num: Floats
    den: Floats
    unit: float
    falls: float
    weights: Floats
    row: Callable[[Floats, Floats], Floats]
    unseen: Integers
    chance: Floats | float = 1.0


class Estimator(NamedTuple):
    """How figures are estimated from rows: their values from sums of rows, and what ratios they are."""

    values: Statistic
    ratios: Callable[[Floats], list[Ratio]]

    def only(self, number: int) -> Estimator:
        """That of one of the figures."""
        return Estimator(
            lambda sums: self.values(sums)[..., number : number + 1],
            lambda rows: self.ratios(rows)[number : number + 1],
        )


Weigh = Callable[[Floats], Floats]  # sums of counts (labels x 4) -> what each label counts, in any unit


def divide(part: Floats, whole: Floats) -> Floats:
    """The ratio; 0 where the whole is 0."""
    found: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return found


# ---------------------------------------------------------------- of counts
def of_counts(rows: Floats, weigh: Weigh, beta: float) -> list[Ratio]:
    """Precision, recall and F of rows (documents x 4 columns a label), labels counting as `weigh` says."""
    table = rows.reshape(len(rows), rows.shape[1] // len(COLUMNS), len(COLUMNS))
    weights = weigh(table.sum(axis=0))
    weights = divide(weights, np.full_like(weights, weights.sum()))
    precision, recall = (_of_columns(table, *pair, weights) for pair in _PAIRS)
    return [precision, recall, recall if math.isinf(beta) else _f(table, beta, weights)]


_PAIRS = ((SYSTEM_HITS, SYSTEM), (GOLD_HITS, GOLD))


def _of_columns(table: Floats, hits: int, units: int, weights: Floats) -> Ratio:
    """Precision or recall: a hit that is lost becomes an error of the same side."""

    def row(size: Floats, right: Floats) -> Floats:
        made = np.zeros((len(size), len(COLUMNS)))
        made[:, units], made[:, hits] = size, size * right
        return made

    return Ratio(table[..., hits], table[..., units], 1, 0, weights, row, np.arange(table.shape[1]))


def _f(table: Floats, beta: float, weights: Floats) -> Ratio:
    """F as (b² gold hits + system hits) / (b² gold + system): a hit that is lost is no longer given."""
    square = beta * beta
    den = square * table[..., GOLD] + table[..., SYSTEM]
    hard = np.array_equal(table[..., SYSTEM_HITS], table[..., GOLD_HITS])
    gold_share = divide(table[..., GOLD].sum(axis=0), den.sum(axis=0))

    def row(size: Floats, right: Floats) -> Floats:
        made = np.zeros((len(size), len(COLUMNS)))
        hits = right * size / (1 + square)
        # Each side has at least what was right: the two have what is left in the shares of those seen.
        made[:, GOLD] = hits + (size - (1 + square) * hits) * gold_share
        made[:, SYSTEM] = size - square * made[:, GOLD]
        if hard:  # where both sides hit alike, so does the unseen document, and F stays a ratio of counts
            made[:, SYSTEM_HITS] = made[:, GOLD_HITS] = hits
        else:
            made[:, SYSTEM_HITS], made[:, GOLD_HITS] = right * made[:, SYSTEM], right * made[:, GOLD]
        return made

    num = square * table[..., GOLD_HITS] + table[..., SYSTEM_HITS]
    return Ratio(num, den, 1 + square, 1, weights, row, np.arange(table.shape[1]))


# ---------------------------------------------------------------- of documents' values
def of_means(rows: Floats) -> list[Ratio]:
    """Means over documents: rows hold values, whether each is defined, and what one unit is of each."""
    figures = rows.shape[1] // 3

    def of(k: int) -> Ratio:
        def row(size: Floats, right: Floats) -> Floats:
            made = np.zeros((1, rows.shape[1]))
            made[0, k], made[0, figures + k] = size[0] * right[0], size[0]
            return made

        columns = (rows[:, [k]], rows[:, [figures + k]])
        return Ratio(*columns, 1, 0, np.ones(1), row, np.zeros(1, np.int64), rows[:, [2 * figures + k]])

    return [of(k) for k in range(figures)]


# ---------------------------------------------------------------- of several sides at once
def side_by_side(parts: Sequence[Ratio]) -> Ratio:
    """The mean of one figure over several tables whose rows stand side by side.

    The tables are of the same documents, and so is the unseen one.
    """
    sizes = np.cumsum([part.num.shape[1] for part in parts])[:-1]

    def row(size: Floats, right: Floats) -> Floats:
        each = zip(parts, np.split(size, sizes), np.split(right, sizes), strict=True)
        return np.vstack([part.row(own, share) for part, own, share in each])

    return Ratio(
        np.hstack([part.num for part in parts]),
        np.hstack([part.den for part in parts]),
        parts[0].unit,
        parts[0].falls,
        np.hstack([part.weights for part in parts]) / len(parts),
        row,
        np.hstack([part.unseen for part in parts]),
    )
