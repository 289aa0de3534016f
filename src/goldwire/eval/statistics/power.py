"""Power of the paired test: the smallest loss that it shows, in closed form from counts.

A system that loses hits brings variance of its own: that of which hits are lost, that between documents of
how much there is to lose, and the loss itself in what the randomisation test compares with. So the error of
the pair at hand, which may be two equal systems, says too little: what it shows "at 80 % power" was found in
1 to 73 % of simulated cases. Here the loss is put in.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from goldwire.eval.statistics.resample import Floats, student

ALPHA = 0.05
POWER = 0.8  # the custom of planning, Cohen 1988
MOST = 0.95  # of hits, or of documents: who loses more is found without a test
_STEPS = 40  # of bisection: to a millionth of a millionth
Lost = Literal["spread", "whole"]


class Hits(NamedTuple):
    """Counts of F or recall (documents x labels): hits, and a denominator that falls by `falls` for each lost.

    The figure is the mean over labels of `unit` times hits by `den`.
    """

    hits: Floats
    den: Floats
    unit: float
    falls: float


def detectable(
    first: Floats,
    second: Hits,
    times: Floats,
    *,
    lost: Lost = "spread",
    alpha: float = ALPHA,
    power: float = POWER,
) -> float | None:
    """The smallest loss that the two-sided paired test shows with the power, if the second system loses hits.

    `first` are the influences of documents on the first system's figure, `times` how many documents have each
    row. `spread`: each hit is lost with the same chance. `whole`: documents lose all their hits. None if not
    even a loss of 95 % of them would be shown.
    """
    world = _World(first, second, times, lost)
    ends = student(1 - alpha / 2, world.documents), student(power, world.documents)
    if not world.is_shown(MOST, *ends):
        return None
    low, high = 0.0, MOST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if world.is_shown(middle, *ends) else (middle, high)
    return world.loss(high)


class _World:
    """What a share of hits lost does to the figure and to its variance."""

    def __init__(self, first: Floats, second: Hits, times: Floats, lost: Lost) -> None:
        self.first, self.second, self.times, self.lost = first, second, times, lost
        self.hits, self.whole = times @ second.hits, times @ second.den
        self.labels = max(int((self.whole > 0).sum()), 1)
        self.documents = max(int(times @ second.den.any(axis=1)), 2)

    def figure(self, share: float) -> Floats:
        """The figure of each label once a share of its hits is lost."""
        return _ratio(self.second.unit * self.hits * (1 - share), self._den(share))

    def _den(self, share: float) -> Floats:
        den: Floats = self.whole - self.second.falls * share * self.hits
        return den

    def loss(self, share: float) -> float:
        """By how much the mean over labels falls."""
        return float((self.figure(0) - self.figure(share)).sum()) / self.labels

    def is_shown(self, share: float, critical: float, aim: float) -> bool:
        """Whether a loss of this share is found with the power."""
        loss, variance = self.loss(share), self._variance(share)
        return loss >= critical * math.sqrt(variance + loss**2 / self.documents) + aim * math.sqrt(variance)

    def _variance(self, share: float) -> float:
        found = self._spread(share) if self.lost == "spread" else self._whole(share)
        return found * self.documents / (self.documents - 1)

    def _spread(self, share: float) -> float:
        second, figure = self.second, self.figure(share)
        inverse = _ratio(np.ones_like(self.whole), self._den(share))
        kept = second.unit * second.hits * (1 - share)
        influence = (kept - figure * (second.den - second.falls * share * second.hits)) * inverse
        between = self.times @ (influence.sum(axis=1) / self.labels - self.first) ** 2
        a_hit = ((second.unit - second.falls * figure) * inverse) ** 2
        chance = (self.times @ second.hits * share * (1 - share) * a_hit).sum() / self.labels**2
        return float(between + chance)

    def _whole(self, share: float) -> float:
        second, figure = self.second, self.figure(share)
        inverse = _ratio(np.ones_like(self.whole), self._den(share))
        kept = ((second.unit * second.hits - figure * second.den) * inverse).sum(axis=1) / self.labels
        gone = (-figure * (second.den - second.falls * second.hits) * inverse).sum(axis=1) / self.labels
        spread = self.times @ ((1 - share) * (kept - self.first) ** 2 + share * (gone - self.first) ** 2)
        return float(spread)


def _ratio(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return found
