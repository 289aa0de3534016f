"""Estimates from decisions: how much of gold is wrong or missing, and F of each system corrected for it.

Units are in strata: the doubts that were asked about, and the two kinds of units that controls were drawn
from. What was decided in a stratum stands for all of it, with 1/p (Horvitz and Thompson 1952): where each
has been decided, it is a count. What is unclear says nothing.

An interval is of the number of errors in the strata together: of what was not decided in a stratum of N, of
which n were decided and x wrong, the number wrong is beta-binomial, with Jeffreys' prior (x + 1/2, n - x +
1/2; Brown, Cai and DasGupta 2001 on its coverage). A stratum of which nothing was decided has no estimate,
and so has the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.types import Spans
from goldwire.eval.doubts.controls import GOLD, MISSING
from goldwire.eval.doubts.readings import Doubt, Head, Reading
from goldwire.eval.statistics.resample import LEVEL, generator

DRAWN = 20_000  # numbers of errors that are drawn for an interval
PRIOR = 0.5  # Jeffreys'
LEAST = 5  # errors among controls, of fewer of which a corrected F has no interval
Floats = NDArray[np.float64]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Estimate(_Struct, frozen=True, kw_only=True):
    """A number with the ends of its 95 % interval; None where it cannot be estimated."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Corrected(_Struct, frozen=True, kw_only=True):
    """F of a system over one kind of unit by gold as it is, and by what people say is there."""

    system: str
    unit: str
    f: float | None
    corrected: Estimate


class Estimates(_Struct, frozen=True, kw_only=True):
    """What decisions say of gold.

    `doubts` and `controls` were asked about; of these so many are decided, and `unclear` or not decided at
    all. Of the decided so many are errors. `wrong` is how many units of gold are wrong, `rate` their share
    of its `units`; `missing` how many units are missing of those that a source has: what nobody found is
    not in it.
    """

    units: int
    doubts: int
    doubts_decided: int
    doubts_wrong: int
    controls: int
    controls_decided: int
    controls_wrong: int
    unclear: int
    wrong: Estimate
    rate: Estimate
    missing: Estimate
    systems: tuple[Corrected, ...] = ()


class Stratum(NamedTuple):
    """So many units, how many of them were decided, and in how many of these gold errs."""

    size: int
    decided: int
    wrong: int

    @property
    def weight(self) -> float:
        """What each decided unit stands for."""
        return self.size / self.decided if self.decided else 0.0

    @property
    def is_known(self) -> bool:
        """Whether something is known of it."""
        return bool(self.decided or not self.size)


class Asked(NamedTuple):
    """A stratum with the decisions themselves."""

    size: int
    decided: Sequence[Doubt]

    @property
    def numbers(self) -> Stratum:
        """How many there are of each."""
        return Stratum(self.size, len(self.decided), sum(one.is_error is True for one in self.decided))


def estimate(head: Head, doubts: Sequence[Doubt], *, seed: int = 0) -> Estimates:
    """What the decisions say of gold and of systems."""
    asked, controls = _parted(doubts)
    units = sum(head.units.values())
    wrong, missing = (_errors(head, doubts, missing=kind, seed=seed) for kind in (False, True))
    return Estimates(
        units=units,
        doubts=len(asked),
        doubts_decided=len(_decided(asked)),
        doubts_wrong=sum(one.is_error is True for one in asked),
        controls=len(controls),
        controls_decided=len(_decided(controls)),
        controls_wrong=sum(one.is_error is True for one in controls),
        unclear=sum(one.decision == "unclear" for one in doubts),
        wrong=wrong,
        rate=_scaled(wrong, units),
        missing=missing,
        systems=tuple(
            _corrected(head, doubts, (system, unit), seed)
            for unit, bases in head.base.items()
            for system in bases
        ),
    )


def _parted(doubts: Sequence[Doubt]) -> tuple[list[Doubt], list[Doubt]]:
    """Doubts and controls."""
    return [one for one in doubts if one.control is None], [one for one in doubts if one.control is not None]


def _decided(doubts: Iterable[Doubt]) -> list[Doubt]:
    return [one for one in doubts if one.is_error is not None]


def _errs(doubt: Doubt) -> bool:
    return doubt.is_error is True


def _strata(head: Head, doubts: Sequence[Doubt], *, missing: bool) -> list[Asked]:
    """The strata of units of gold, or of units that it has not."""
    kind = [one for one in doubts if (one.gold is None) is missing]
    asked, controls = _parted(kind)
    size = head.frame.get(MISSING if missing else GOLD, 0)
    return [Asked(len(asked), _decided(asked)), Asked(size, _decided(controls))]


def _errors(head: Head, doubts: Sequence[Doubt], *, missing: bool, seed: int) -> Estimate:
    """Without controls nothing is known of what was not in doubt."""
    if not head.frame:
        return Estimate(value=None)
    return errors([one.numbers for one in _strata(head, doubts, missing=missing)], seed)


def errors(strata: Sequence[Stratum], seed: int = 0) -> Estimate:
    """How many of the units of some strata are errors.

    >>> errors([Stratum(200, 200, 120), Stratum(0, 0, 0)])
    Estimate(value=120.0, low=120.0, high=120.0)
    """
    if not all(one.is_known for one in strata):
        return Estimate(value=None)
    value = sum(one.wrong * one.weight for one in strata)
    random = generator(seed)
    drawn = sum((_numbers(one, random) for one in strata), np.zeros(DRAWN))
    low, high = _ends(drawn)
    return Estimate(value=value, low=low, high=high)


def _numbers(stratum: Stratum, random: np.random.Generator) -> Floats:
    """Numbers of errors that the stratum may have."""
    decided, wrong, rest = stratum.decided, stratum.wrong, stratum.size - stratum.decided
    if rest <= 0:
        return np.full(DRAWN, float(wrong))
    share = random.beta(wrong + PRIOR, decided - wrong + PRIOR, DRAWN)
    return wrong + random.binomial(rest, share).astype(np.float64)


def _ends(drawn: Floats) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _scaled(found: Estimate, whole: int) -> Estimate:
    """The number as a share."""
    if found.value is None or found.low is None or found.high is None or not whole:
        return Estimate(value=None)
    return Estimate(value=found.value / whole, low=found.low / whole, high=found.high / whole)


# ---------------------------------------------------------------- F of systems
def _corrected(head: Head, doubts: Sequence[Doubt], of: tuple[str, str], seed: int) -> Corrected:
    """F of a system over a kind of unit by gold, and with what decisions change in its right and gold's
    units."""
    (system, unit), base = of, head.base[of[1]][of[0]]
    strata = [*_strata(head, doubts, missing=False), *_strata(head, doubts, missing=True)]
    before = _f(base.right, base.system, base.gold)
    if not head.frame or not all(one.numbers.is_known for one in strata):
        return Corrected(system=system, unit=unit, f=before, corrected=Estimate(value=None))

    def f(weights: Sequence[Floats]) -> float | None:
        change = sum(
            (
                weight @ _changes(one.decided, system, unit)
                for weight, one in zip(weights, strata, strict=True)
            ),
            np.zeros(2),
        )
        return _f(base.right + change[0], base.system, base.gold + change[1])

    value = f([np.full(len(one.decided), one.numbers.weight) for one in strata])
    low, high = _interval(strata, f, seed) if value is not None else (None, None)
    return Corrected(system=system, unit=unit, f=before, corrected=Estimate(value=value, low=low, high=high))


def _f(right: float, system: float, gold: float) -> float | None:
    return float(2 * right / (system + gold)) if system + gold else None


def _changes(decided: Sequence[Doubt], system: str, unit: str) -> Floats:
    """What each decision changes: in the right units of a system, and in the units that there are."""
    return np.array([_change(one, system) if one.unit == unit else (0, 0) for one in decided]).reshape(-1, 2)


def _change(doubt: Doubt, system: str) -> tuple[int, int]:
    if not doubt.is_error:
        return 0, 0
    said = _place(doubt.says.get(system))
    gold, truth = _place(doubt.gold), _place(doubt.truth)
    there = doubt.truth is not None or (doubt.decision == "neither" and doubt.gold is not None)
    before = said is not None and said == gold
    now = said is not None and doubt.is_known and said == truth
    return now - before, there - (gold is not None)


def _place(reading: Reading | None) -> tuple[str, Spans] | None:
    return None if reading is None else (reading.label, reading.spans)


def _interval(
    strata: Sequence[Asked], f: Callable[[Sequence[Floats]], float | None], seed: int
) -> tuple[float | None, float | None]:
    """The ends of the interval of a corrected F, by the Bayesian bootstrap (Rubin 1981) within strata.

    Strata of which all is decided stay as they are. None where hardly any control was wrong, however many
    doubts were: what was not in doubt is by far the most.
    """
    controls = [one for asked in strata for one in asked.decided if one.control is not None]
    if any(one.size > len(one.decided) for one in strata) and sum(map(_errs, controls)) < LEAST:
        return None, None
    random, found = generator(seed), []
    for _ in range(1000):
        weights = [
            random.dirichlet(np.ones(len(one.decided))) * one.size
            if one.size > len(one.decided)
            else np.ones(len(one.decided))
            for one in strata
        ]
        found.append(f(weights))
    return _ends(np.array([one for one in found if one is not None]))
