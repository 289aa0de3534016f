"""Power of the paired test, in closed form from counts: what it shows, and how many documents it needs.

A system that loses hits brings variance of its own: that of which hits are lost, that between documents of
how much there is to lose, and the loss itself in what the randomisation test compares with. So the error of
the pair at hand, which may be two equal systems, says too little: what it showed "at 80 % power" was found in
1 to 73 % of simulated cases (docs/evidence/statistics.md). Here the loss is put in.

Of a loss in whole documents the test sees less its size than how many documents are lost, since it compares
with what swaps of documents would give: six of them that are all worse have a p of 2 / 64, whatever the
others say. So its p-value is by saddlepoint (Robinson 1982, "Saddlepoint Approximations for Permutation Tests
and Confidence Intervals"), in which the normal's would be off by far.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from goldwire.eval.statistics.ratios import Ratio, divide
from goldwire.eval.statistics.resample import NORMAL, Floats, student

ALPHA = 0.05
POWER = 0.8  # the custom of planning, Cohen 1988
# On so few documents hardly any difference can be shown, and what is found rests on single ones: they are a
# first look and no evidence (docs/size.md), so every plan asks for more.
FEW = 10
MOST = 10**9  # documents that a plan asks for: beyond, it is no plan
_ALL = 0.95  # of hits, or of documents: who loses more is found without a test
_STEPS = 40  # of bisection: to a millionth of a millionth
_CLOSE = 1e-6  # of a solution of Newton's: p-values do not show the rest
Lost = Literal["spread", "whole"]


class LostHits:
    """What it does to a pair of systems if the second loses a share of its hits.

    `first` are the influences of documents on the first system's figure, `second` the ratio that the other's
    is, `times` how many documents have each row. `spread`: each hit is lost with the same chance. `whole`:
    documents lose all their hits.
    """

    def __init__(self, first: Floats, second: Ratio, times: Floats, lost: Lost = "spread") -> None:
        self.first, self.second, self.times, self.lost = first, second, times, lost
        self.num, self.den = times @ second.num, times @ second.den
        self.documents = max(int(times @ (second.den.any(axis=1) | (first != 0))), 2)

    def amount(self, share: float) -> float:
        """By how much the figure falls."""
        return float((self._figure(0) - self._figure(share)) @ self.second.weights)

    def variance(self, share: float) -> float:
        """The variance of the difference of the two systems on so many documents, each hit lost by chance."""
        second, figure, scale = self.second, self._figure(share), self._scale(share)
        hits = second.num / second.unit
        influence = (second.num * (1 - share) - figure * (second.den - second.falls * share * hits)) @ scale
        between = self.times @ (influence - self.first) ** 2
        a_hit = ((second.unit - second.falls * figure) * scale) ** 2
        chance = (self.times @ (hits * second.chance)) * share * (1 - share) @ a_hit
        return float(between + chance) * self.documents / (self.documents - 1)

    def apart(self) -> Floats:
        """What each document adds to the difference before anything is lost."""
        found: Floats = (self.second.num - self._figure(0) * self.second.den) @ self._scale(0) - self.first
        return found

    def by_document(self, share: float) -> Floats:
        """What each document takes from the figure if all its hits are lost, and those of such a share."""
        second = self.second
        a_hit = (second.unit - second.falls * self._figure(0)) * self._scale(share)
        found: Floats = second.num / second.unit @ a_hit
        return found

    def _figure(self, share: float) -> Floats:
        """The figure of each label."""
        return divide(self.num * (1 - share), self._den(share))

    def _den(self, share: float) -> Floats:
        den: Floats = self.den - self.second.falls * share * self.num / self.second.unit
        return den

    def _scale(self, share: float) -> Floats:
        """What one in a document's numerator adds to the figure, by label."""
        return self.second.weights * divide(np.ones_like(self.den), self._den(share))


def detectable(loss: LostHits, *, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The smallest loss that the two-sided paired test shows with the power.

    None if not even a loss of 95 % of the hits, or documents, would be shown.
    """
    shown = _hits_are_shown if loss.lost == "spread" else _documents_are_shown

    def is_shown(share: float) -> bool:
        return shown(loss, share, alpha, power)

    share = least(is_shown)
    return None if share is None else loss.amount(share)


def _hits_are_shown(loss: LostHits, share: float, alpha: float, power: float) -> bool:
    critical, aim = student(1 - alpha / 2, loss.documents), student(power, loss.documents)
    lost, variance = loss.amount(share), loss.variance(share)
    null = variance + lost**2 / loss.documents  # that of uncentred differences
    return lost >= critical * math.sqrt(null) + aim * math.sqrt(variance)


# ---------------------------------------------------------------- whole documents
def _documents_are_shown(loss: LostHits, share: float, alpha: float, power: float) -> bool:
    """Whether the test shows it in a case that is as bad as any but 1 - `power` of them.

    Fewer documents are lost then, or smaller ones, and the others hide it: in the likeliest proportion.
    """
    gone, apart, times = loss.by_document(share), loss.apart(), loss.times
    having = float(times @ (gone > 0))
    noise = float(times @ apart**2) * loss.documents / (loss.documents - 1)
    chance = float(times @ gone**2) * share * (1 - share)
    if not chance:
        return False
    spread = math.sqrt(noise + chance)
    aim, mean = NORMAL.inv_cdf(power), float(times @ gone) / having
    lost = having * share - aim * chance / spread / mean
    # So many must be lost that their signs alone are rare enough; they are counted, hence half of one less.
    if lost < math.ceil(math.log2(2 / alpha)) - 0.5:
        return False
    some = lost / having
    seen = some * float(times @ gone) - aim * noise / spread
    return _chance(seen, gone - apart, times * some, noise * (1 - some)) <= alpha / 2


def _chance(seen: float, parts: Floats, times: Floats, noise: float) -> float:
    """The chance that parts with random signs, and normal noise, have a sum as large as that seen."""
    if seen <= 0:
        return 1.0
    t = seen / (noise + float(times @ parts**2))
    for _ in range(_STEPS):
        sides = np.tanh(t * parts)
        slope = float(times @ (parts**2 * (1 - sides**2))) + noise
        if slope < _CLOSE * seen / t:  # hardly more could be seen
            break
        step = (seen - float(times @ (parts * sides)) - noise * t) / slope
        t += min(max(step, -t / 2), 4 * t)
        if abs(step) < _CLOSE * t:
            break
    sizes = np.abs(t * parts)
    generating = float(times @ (sizes + np.log1p(np.exp(-2 * sizes)) - math.log(2))) + noise * t * t / 2
    steep = t * math.sqrt(slope)
    return math.exp(min(generating - t * seen + steep**2 / 2, 0)) * NORMAL.cdf(-steep)


def least(is_reached: Callable[[float], bool]) -> float | None:
    """The smallest share lost that reaches it, as all larger ones do; None if 95 % do not."""
    if not is_reached(_ALL):
        return None
    low, high = 0.0, _ALL
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high


def needed(
    variance: float, difference: float, documents: int, informative: int, *, alpha: float = ALPHA / 2
) -> int | None:
    """How many documents like these would show the difference with 80 % power; None if no corpus would.

    `variance` is that of the difference on the `documents` at hand, `informative` of which say something; the
    quantiles are those of many documents, `alpha` is one-sided. Never so `FEW` that what they show would be
    no evidence.

    >>> needed(0.01**2, 0.014, 100, 100), needed(0.01**2, 0.5, 100, 100)
    (406, 11)
    """
    if not difference:
        return None
    null = variance + difference**2 / informative
    z = NORMAL.inv_cdf(1 - alpha) * math.sqrt(null) + NORMAL.inv_cdf(POWER) * math.sqrt(variance)
    if z > abs(difference) * math.sqrt(MOST / documents):
        return None
    return max(FEW + 1, math.ceil(documents * (z / difference) ** 2))


def plan(
    loss: LostHits, margin: float, documents: int, *, alpha: float, seen: float = 0.0
) -> tuple[float | None, int | None]:
    """The power of a one-sided test against a true loss of the margin, and the documents that make it 80 %.

    A loss fails when the test shows it, and when it is not shown to be within the margin, which at a true
    loss of the margin happens at most 1 - alpha of the time. Both None where no system can lose so much.
    What the pair has `seen` of a loss is in its variance already; the rest of the margin is put in.
    """
    share = least(lambda share: loss.amount(share) >= margin - seen)
    if not margin or share is None:
        return None, None
    variance = loss.variance(share)
    error, null = math.sqrt(variance), math.sqrt(variance + margin**2 / loss.documents)
    t = student(1 - alpha, loss.documents)
    power = NORMAL.cdf(min((margin - t * null) / error, t)) if error else None
    return power, needed(variance, margin, documents, loss.documents, alpha=alpha)
