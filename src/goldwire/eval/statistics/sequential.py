"""Test of a mean against a floor that may be looked at after every value, as often as one likes.

Somebody bets, before each value, that it will be below the floor: 1 + bet · (floor - value) is what a stake
of one becomes. If the mean of what is to come is never below the floor, the stake grows by luck alone, and
the chance that it is ever twenty times as large is at most 1 in 20 (Ville 1939), whatever values between 0
and 1 are distributed like and however often one looks. Several bets of different boldness share the stake.

Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from goldwire.eval.statistics.resample import Floats

LEVEL = 0.05  # the chance that somebody whose mean is not below the floor is ever said to be
# Shares of the boldest bet that a single value cannot ruin.
BOLDNESS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])


def stakes(values: Sequence[float], floor: float) -> Floats:
    """What a stake of one has become after each value; `floor` is above 0 and below 1.

    >>> stakes([0.5, 0.5, 1.0], 0.8).round(2).tolist()
    [1.75, 3.26, 1.16]
    """
    bets = BOLDNESS / (1 - floor)
    gains = 1 + (floor - np.asarray(values, dtype=np.float64))[:, None] * bets
    grown: Floats = np.cumprod(gains, axis=0).mean(axis=1)
    return grown


def below_at(values: Sequence[float], floor: float, *, level: float = LEVEL) -> int | None:
    """After how many values the mean is certainly below the floor; None if it is not.

    Once said, it stays said: the chance of an error is over all looks.

    >>> below_at([0.3, 0.3, 0.2, 0.3, 1.0], 0.8), below_at([0.7, 0.9, 0.8], 0.8)
    (4, None)
    """
    over = np.flatnonzero(stakes(values, floor) >= 1 / level)
    return int(over[0]) + 1 if len(over) else None
