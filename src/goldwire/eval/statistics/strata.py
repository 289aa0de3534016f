"""Strata of documents that were drawn: what each document, or group, weighs and the stratum that it is of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldwire.eval.counting.counts import Floats, Weights

Integers = NDArray[np.int64]
STRATUM = 5  # documents below which a stratum is drawn from together with other small ones


def drawn_as(weights: Weights | None, groups: ArrayLike | None) -> tuple[Floats, Integers] | None:
    """What each document, or group, weighs and the stratum that it is of."""
    if weights is None:
        return None
    each, strata = weights.each, weights.strata.astype(np.int64)
    if groups is None:
        return each, strata
    _, first = np.unique(np.asarray(groups), return_index=True)
    return each[first], strata[first]


def together(strata: Integers, times: Integers) -> Integers:
    """Strata as numbers from 0; those of too few documents to tell how they differ are one, the first.

    Where even these are too few together, the next is of it too.
    """
    _, home = np.unique(strata, return_inverse=True)
    size = np.bincount(home, times)
    small = size < STRATUM
    number = np.where(small, 0, np.cumsum(~small) - int(size[small].sum() < STRATUM))
    return number[home].astype(np.int64)
