"""Differences of two systems over documents and runs, in closed form: what they are, show and need.

The error of a difference has a part for each of its sources (see `statistics.runs`). Power has the variance
in it that a real loss brings (see `statistics.power`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from goldwire.eval.statistics import power
from goldwire.eval.statistics.contrast import Decision
from goldwire.eval.statistics.power import ALPHA, FEW, MOST, POWER, Lost
from goldwire.eval.statistics.ratios import divide
from goldwire.eval.statistics.resample import FEWEST
from goldwire.eval.statistics.runs import END, NOTHING, Error, Runs, Spread, below, make_error, of_documents


class Difference(NamedTuple):
    """Second system less first, in the mean over runs; `low` and `high` end its 95 % interval.

    `p` is two-sided, of a t-test with `freedom` degrees over documents and runs. `detectable` is the smallest
    true loss of the second, spread over hits, that is shown at 80 % power, `whole` that of all hits of some
    documents. `needed` documents, with as many runs, would show the difference found, or `needed_runs` runs
    of each system on these documents; None if none would.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    freedom: float | None
    detectable: float | None
    whole: float | None
    needed: int | None
    needed_runs: int | None


UNDEFINED = Difference(None, None, None, None, None, None, None, None, None)


def compare(first: Runs, second: Runs, figure: int, spreads: tuple[Spread, Spread]) -> Difference:
    """What can be said of a difference; `spreads` are those that are known of the runs of each."""
    value, error = difference(first, second, figure, spreads)
    if value is None:
        return UNDEFINED
    if error is None:
        return UNDEFINED._replace(value=value)
    half = error.quantile(END) * error.size
    ends = error.quantile(1 - ALPHA / 2) + error.quantile(POWER)
    return Difference(
        value,
        value - half,
        value + half,
        two_sided(value, error, first.documents),
        error.freedom,
        _detectable(_loss_of_hits(first, second, figure, "spread"), error),
        _detectable(_loss_of_hits(first, second, figure, "whole"), error),
        needed(error, abs(value) / ends, first.documents),
        needed_runs(error, abs(value) / ends, min(first.number, second.number)),
    )


def difference(
    first: Runs, second: Runs, figure: int, spreads: tuple[Spread, Spread]
) -> tuple[float | None, Error | None]:
    """The difference and its error; None where they are undefined."""
    value = float(second.mean[figure] - first.mean[figure])
    many = max(first.documents, second.documents)
    if math.isnan(value):
        return None, None
    if many < FEWEST:
        return value, None
    documents = of_documents(second.influence[:, figure] - first.influence[:, figure], many)
    sides = zip(spreads, (first.number, second.number), strict=True)
    return value, make_error(documents, many, sides)


def _detectable(world: power.LostHits | None, error: Error) -> float | None:
    """The smallest loss that the test shows at 80 % power; None if none is, or it cannot be said."""
    if world is None or error.size < NOTHING:
        return None

    def is_shown(share: float) -> bool:
        lossy = error._replace(documents=world.variance(share))
        ends = lossy.quantile(1 - ALPHA / 2) + lossy.quantile(POWER)
        return world.amount(share) >= ends * lossy.size

    share = power.least(is_shown)
    return None if share is None else world.amount(share)


def _loss_of_hits(first: Runs, second: Runs, figure: int, lost: Lost) -> power.LostHits | None:
    """A loss of hits in the second, beside what is between the two now; None where figures are no ratios.

    Which hits are lost is taken to be the same in all runs: where each loses others, a little less is seen.
    """
    if not second.ratios:
        return None
    ratio = second.ratios[figure]
    here = (ratio.num - divide(ratio.num.sum(axis=0), ratio.den.sum(axis=0)) * ratio.den) @ (
        ratio.weights * divide(np.ones(ratio.den.shape[1]), ratio.den.sum(axis=0))
    )
    beside = here - (second.influence - first.influence)[:, figure]
    return power.LostHits(beside, ratio, np.ones(len(beside)), lost)


def two_sided(value: float, error: Error, documents: int) -> float:
    """The chance of a difference as large, either way, between equal systems."""
    if abs(value) < NOTHING:
        return 1.0
    return min(1.0, 2 * _one_sided(-abs(value), error, documents))


def _one_sided(value: float, error: Error, documents: int) -> float:
    """The chance of a difference as low between equal systems.

    Where nothing varies, it is that of as many coins that all fall alike.
    """
    if error.size > NOTHING:
        return below(value / error.size, error.freedom)
    return 0.5**documents if value < 0 else 1.0


def needed(error: Error, wanted: float, documents: int) -> int | None:
    """How many documents, with as many runs, have an error of the `wanted` size; None if none have."""
    room = wanted**2 - error.runs
    if room <= 0 or documents * error.documents / room > MOST:
        return None
    return max(FEW + 1, math.ceil(documents * error.documents / room))


def needed_runs(error: Error, wanted: float, runs: int) -> int | None:
    """How many runs of each system, on these documents, have an error of that size; None if none have."""
    room = wanted**2 - (error.documents - error.crossed)
    varying = (error.runs + error.crossed) * runs
    if room <= 0 or not varying or varying / room > MOST:
        return None
    return max(FEWEST, math.ceil(varying / room))


# ---------------------------------------------------------------- non-inferiority
class Loss(NamedTuple):
    """Whether the second system lost more than a margin; see `contrast.Loss`.

    `needed_runs` of each would raise the power to 80 %, or so many documents, `needed`, with as many runs.
    """

    verdict: Decision
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    power: float | None
    needed: int | None
    needed_runs: int | None


def loss(
    first: Runs,
    second: Runs,
    figure: int,
    spreads: tuple[Spread, Spread],
    margin: float,
    *,
    alpha: float = ALPHA,
) -> Loss:
    """A verdict on one figure: as `contrast.loss` has it, with the spread of runs in the error."""
    value, error = difference(first, second, figure, spreads)
    if value is None or error is None:
        return Loss("warn", value, None, None, None, None, None, None)
    t = error.quantile(1 - alpha)
    low, high = value - t * error.size, value + t * error.size
    p = _one_sided(value, error, first.documents)
    verdict: Decision = "warn"
    if low >= -margin - NOTHING:
        verdict = "pass"
    elif high < 0 and p <= alpha:
        verdict = "fail"
    return Loss(verdict, value, low, high, p, *_plan((first, second), figure, error, margin, alpha))


def _plan(
    pair: tuple[Runs, Runs], figure: int, error: Error, margin: float, alpha: float
) -> tuple[float | None, int | None, int | None]:
    """The power against a true loss of the margin, and the documents or runs that make it 80 %."""
    first, second = pair
    world = _loss_of_hits(first, second, figure, "spread")
    share = None if world is None else power.least(lambda share: world.amount(share) >= margin)
    if world is None or share is None or error.size <= 0:
        return None, None, None
    lossy = error._replace(documents=world.variance(share))
    t = lossy.quantile(1 - alpha)
    wanted = margin / (t + lossy.quantile(POWER))
    return (
        below(min(margin / lossy.size - t, t), lossy.freedom),
        needed(lossy, wanted, first.documents),
        needed_runs(lossy, wanted, min(first.number, second.number)),
    )
