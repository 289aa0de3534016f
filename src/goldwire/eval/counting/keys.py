"""Keys: several columns as one number a row, equal where rows are equal and in the order of the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
ROOM = 2**62  # keys are smaller than this


def row_keys(columns: Sequence[Ints]) -> Ints:
    """A key for each row of a table, given by its columns.

    >>> row_keys([np.array([7, 7, 5]), np.array([1, 2, 9])]).tolist()
    [18, 19, 8]
    """
    return _keys([columns])[0]


def shared_keys(gold: Sequence[Ints], system: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Keys of the rows of two tables, which are equal across them too."""
    first, second = _keys([gold, system])
    return first, second


def ranks(column: NDArray[Any]) -> Ints:
    """Numbers from 0 in the order of the values of any column."""
    found: Ints = np.unique(column, return_inverse=True)[1].astype(np.int64)
    return found


def list_keys(values: Ints, sizes: Ints) -> Ints:
    """A key for each list; the lists stand one behind the other and have so many values, from 1 up.

    Equal where the lists are equal, 0 where there is nothing in them; their order says nothing.
    """
    last, most = np.cumsum(sizes), int(sizes.max(initial=0))
    base = int(values.max(initial=0)) + 1
    if most * math.log(base) >= math.log(ROOM):  # mostly few values occur: numbered, they are narrower
        values = ranks(values) + 1
        base = int(values.max(initial=0)) + 1
    if most * math.log(base) < math.log(ROOM):  # the values are the digits of a number
        digit = last.repeat(sizes) - 1 - np.arange(len(values))
        # Sums over all lists may overflow, and go on from the other end: their differences hold.
        sums = np.concatenate([[0], np.cumsum(values * (base ** np.arange(most))[digit])])
        found: Ints = sums[last] - sums[last - sizes]
        return found
    found = np.zeros(len(sizes), np.int64)
    for place in range(most):  # renumbered at every step, above all that came before
        longer = np.flatnonzero(sizes > place)
        steps = row_keys([found[longer], values[(last - sizes)[longer] + place]])
        found[longer] = found.max() + 1 + ranks(steps)
    return found


def _keys(tables: Sequence[Sequence[Ints]]) -> list[Ints]:
    """The keys of the rows of several tables of as many columns."""
    folded: list[Ints] = [np.zeros(len(columns[0]), np.int64) for columns in tables]
    width = 1
    for columns in zip(*tables, strict=True):
        given: Sequence[Ints] = columns
        low = min((int(column.min()) for column in given if len(column)), default=0)
        high = max((int(column.max()) for column in given if len(column)), default=0)
        # The wider one first: mostly it is a column of which few rows differ, and then that is enough.
        while width * (high - low + 1) >= ROOM:
            if high - low >= width:
                given, many = _renumbered(given)
                low, high = 0, many - 1
            else:
                folded, width = _renumbered(folded)
        for number, column in zip(folded, given, strict=True):
            np.multiply(number, high - low + 1, out=number)
            np.add(number, column - low, out=number)
        width *= high - low + 1
    return folded


def _renumbered(columns: Sequence[Ints]) -> tuple[list[Ints], int]:
    """Numbers from 0 in the order of the values of all columns, and how many there are."""
    joined = np.concatenate(columns)
    # Most rows of some columns have the least value: they need no sorting.
    rest = np.flatnonzero(joined != joined.min(initial=ROOM))
    values, places = np.unique(joined[rest], return_inverse=True)
    found = np.zeros(len(joined), np.int64)
    found[rest] = places + 1
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(found, ends), len(values) + 1
