"""Ranks among numbers that are read block by block: their values, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_DIGITS = (48, 32, 16, 0)  # of the 64 bits of a number, sixteen at a time, the highest first
_VALUES = 2**16


def find(blocks: Callable[[], Iterator[Floats]], ranks: Sequence[int]) -> list[float]:
    """The values of ranks (from 1) among all numbers of the blocks, which are none below zero.

    Numbers from zero up are in the order of their bits. So each pass over the blocks finds sixteen bits more
    of each value: those under which, with the bits that are known, its rank falls.

    >>> find(lambda: iter([np.array([0.3, 0.1]), np.array([0.2])]), [1, 2, 3])
    [0.1, 0.2, 0.3]
    """
    known, left = [0] * len(ranks), list(ranks)
    for shift in _DIGITS:
        for place, counts in enumerate(_count(blocks, known, shift)):
            up_to = np.cumsum(counts)
            digit = int(np.searchsorted(up_to, left[place]))
            left[place] -= int(up_to[digit - 1]) if digit else 0
            known[place] = known[place] * _VALUES + digit
    return [float(np.array(bits, dtype=np.uint64).view(np.float64)) for bits in known]


def _count(
    blocks: Callable[[], Iterator[Floats]], known: Sequence[int], shift: int
) -> list[npt.NDArray[Any]]:
    """For each value, how many numbers with the bits that are known of it have which next sixteen."""
    counts: list[npt.NDArray[Any]] = [np.zeros(_VALUES, dtype=np.int64) for _ in known]
    for block in blocks():
        bits = block.view(np.uint64) >> np.uint64(shift)
        for place, above in enumerate(known):
            same = bits if shift == _DIGITS[0] else bits[bits >> np.uint64(16) == above]
            counts[place] += np.bincount((same & np.uint64(_VALUES - 1)).astype(np.int64), minlength=_VALUES)
    return counts
