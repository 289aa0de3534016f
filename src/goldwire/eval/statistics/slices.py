"""A slice against the rest: is its figure another one, and could these documents show it.

Each document, or group of near-duplicates, has a piece in the slice and a piece in the rest, one of which may
be empty. A piece counts by its residual, num - f den, f being that of all together: the two figures differ by
the sum of residuals in the slice by its size, less the same of the rest. That is divided by its error, which
takes the pieces of a document together, and held against what comes when the pieces are dealt out at random
to a slice of as many pieces and the rest: with the error in it the test is one of the figures, even where
documents of the slice are longer than others (Janssen 1997; Chung and Romano 2013, "Exact and asymptotically
robust permutation tests"). Where units are parted and not documents, that alone takes ten units, all right,
for a sign: so the number of right units must be unlike that of units drawn at random (hypergeometric), too.
Units of a slice in a document may stand or fall together, as mentions of one name do: what that makes of the
variance (the design effect: Kish 1965, "Survey Sampling") is taken from all slices of a system together: the
error of one slice follows its luck.

Figures of several labels are tested by the residuals of their labels, each weighed as in the figure.

Of several runs of one system the pieces are means over runs, dealt out as those of one are. That says nothing
of other runs, so p is no less than that of a t-test of the mean difference over documents and runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.statistics import crossed
from goldwire.eval.statistics import runs as spreads
from goldwire.eval.statistics.contrast import two_sided
from goldwire.eval.statistics.power import ALPHA, POWER
from goldwire.eval.statistics.ratios import Estimator, divide
from goldwire.eval.statistics.resample import FEWEST, NORMAL, Floats, Integers, blocks, generator, student

FIRST, DEALS = 1_000, 10_000  # deals; no more than the first where these say that it is chance
CHANCE = 0.1  # above, no correction makes a sign of it
PLAIN = 0.25  # p of the normal distribution above which nothing is dealt
SHOWN = 0.1  # the difference that a slice must be able to show: ten points
MANY = 2_000  # pieces above which drawing with putting back is the same, to the eye,
LARGE = 200  # and the normal distribution stands for the deals, where so many are in the smaller part


class Units(NamedTuple):
    """The error of the difference where units were parted.

    `dealt` had those of the slice been drawn from all without putting back; `own` had each stood or fallen
    alone, at the figure of its side; `off` the same with the slice ten points off the figure of all.
    """

    dealt: float
    own: float
    off: float

    def times(self, factor: float) -> Units:
        """The same of units each of which weighs so much more."""
        return Units(self.dealt * factor, self.own * factor, self.off * factor)


class OverRuns(NamedTuple):
    """The mean difference of several runs, with its error over so many documents and over runs."""

    difference: float
    error: spreads.Error
    documents: int


class Pieces(NamedTuple):
    """The pieces of documents, or groups, in a slice and in the rest.

    `num`, `den` and `own` are scaled, so that all `den` sum to 1: `residual` is from the figure of all
    together, `own` from that of its side. The first half are those in the slice. `times` says of how many
    documents each is the piece on its side, and `kind` which one each document has; None where each has its
    own. `units` is None where documents were parted; `runs` is None of one run, and where all runs differ
    alike.
    """

    residual: Floats
    own: Floats
    size: Floats
    times: Integers
    units: Units | None
    kind: Integers | None = None
    runs: OverRuns | None = None

    @property
    def half(self) -> int:
        """How many kinds of documents there are."""
        return len(self.size) // 2

    @property
    def inside(self) -> int:
        """How many pieces in the slice are not empty."""
        return int(self.times[self.size[: self.half] > 0].sum())

    @property
    def outside(self) -> int:
        """How many in the rest."""
        return int(self.times[self.size[self.half :] > 0].sum())

    @property
    def share(self) -> float:
        """The size of the slice; that of all is 1."""
        return float(self.times @ self.size[: self.half])

    def each(self) -> Integers:
        """The number of each piece that is not empty, once for each document: those in the slice first."""
        kind = np.arange(self.half) if self.kind is None else self.kind
        found = np.concatenate([kind, self.half + kind])
        chosen: Integers = found[self.size[found] > 0]
        return chosen

    def spread(self, weights: Floats) -> Pieces:
        """The same of units that weigh as their documents do: the error of drawing them is so much larger."""
        if self.units is None:
            return self
        return self._replace(units=self.units.times(math.sqrt(float((weights**2).mean()))))

    def parts(self, residual: Floats) -> tuple[Floats, Floats]:
        """What each document adds to the difference, in the slice and in the rest."""
        inside, outside = (float(self.times @ side) for side in np.split(self.size, 2))
        return residual[: self.half] / inside, residual[self.half :] / outside


def pieces(
    inside: Floats,
    outside: Floats,
    estimator: Estimator,
    figure: int,
    *,
    units: bool,
    kind: Integers | None = None,
) -> Pieces | None:
    """The pieces of one figure, from the rows of the same documents in a slice and in the rest.

    None where a side has no unit, or fewer than two documents of it say anything. `units` says that units
    were parted, and not documents. With a `kind` rows are those of kinds of documents, and it has that of
    each document; so only for figures whose labels weigh the same however many documents there are.
    """
    ratio = estimator.ratios(np.vstack([inside, outside]))[figure]
    half = len(inside)
    times = np.ones(half, np.int64) if kind is None else np.bincount(kind, minlength=half)
    num, den = np.split(ratio.num, 2), np.split(ratio.den, 2)
    within, without = (_Sums(times @ num[side], times @ den[side]) for side in (0, 1))
    whole = _Sums(within.num + without.num, within.den + without.den)
    scale = ratio.weights * divide(np.ones_like(whole.den), whole.den)
    value = np.repeat([divide(*within), divide(*without)], half, axis=0)
    found = Pieces(
        residual=(ratio.num - divide(*whole) * ratio.den) @ scale,
        own=(ratio.num - value * ratio.den) @ scale,
        size=ratio.den @ scale,
        times=times,
        units=_of_units(within, without, ratio.unit, scale) if units else None,
        kind=kind,
    )
    return found if min(found.inside, found.outside) >= FEWEST else None


def of_runs(
    tables: Sequence[tuple[Floats, Floats]], estimator: Estimator, figure: int, *, units: bool
) -> Pieces | None:
    """The pieces of a figure in the mean over runs, from the rows of each in a slice and in the rest.

    None where one of the runs has none. The units of runs are the same ones, so what units drawn at random
    would make of the difference is no smaller in a mean over runs than in one.
    """
    each = [pieces(*sides, estimator, figure, units=units) for sides in tables]
    found = [one for one in each if one is not None]
    if len(found) < len(each):
        return None
    return Pieces(
        residual=np.mean([one.residual for one in found], axis=0),
        own=np.mean([one.own for one in found], axis=0),
        size=np.mean([one.size for one in found], axis=0),
        times=found[0].times,
        units=_mean([one.units for one in found if one.units is not None]) if units else None,
        runs=_over_runs(tables, estimator, figure) if len(tables) >= FEWEST else None,
    )


def _mean(units: Sequence[Units]) -> Units:
    return Units(*(math.fsum(errors) / len(units) for errors in zip(*units, strict=True)))


def _over_runs(tables: Sequence[tuple[Floats, Floats]], estimator: Estimator, figure: int) -> OverRuns | None:
    """The mean difference of runs and its error; None where all differ alike."""

    def differences(sums: Floats) -> Floats:
        inside, outside = (estimator.values(side) for side in np.split(sums, 2, axis=-1))
        return inside - outside

    looked = spreads.look(map(np.hstack, tables), Estimator(differences, lambda _: []))
    spread = spreads.spread_of(looked, figure)
    if spread is None or spread.between < spreads.NOTHING**2:
        return None
    documents = spreads.of_documents(looked.influence[:, figure], looked.documents)
    error = spreads.make_error(documents, looked.documents, [(spread, looked.number)])
    return OverRuns(float(looked.mean[figure]), error, looked.documents)


class _Sums(NamedTuple):
    """The sums of a ratio, by label."""

    num: Floats
    den: Floats


def _of_units(inside: _Sums, outside: _Sums, unit: float, scale: Floats) -> Units:
    num, den = inside.num + outside.num, inside.den + outside.den
    value, sizes = divide(num, den), (float(inside.den @ scale), float(outside.den @ scale))
    spread = _of_unit(value, unit)

    def error(within: Floats, without: Floats) -> float:
        """The error with the spread of a unit on each side."""
        parts = zip((inside, outside), (within, without), sizes, strict=True)
        return math.sqrt(math.fsum(float(side.den * each @ scale**2) / size**2 for side, each, size in parts))

    if not all(sizes):
        return Units(0.0, 0.0, 0.0)
    many, mine = (_number(*sums, unit) for sums in ((num, den), inside))
    variance = divide(den * spread, many) * mine * divide(np.maximum(many - mine, 0), np.maximum(many - 1, 1))
    return Units(
        dealt=math.sqrt(float(variance @ scale**2)) * _both(*sizes),
        own=error(*(_of_unit(divide(*side), unit) for side in (inside, outside))),
        off=max(error(_of_unit(value + by, unit), spread) for by in (-SHOWN, SHOWN)),
    )


def _number(num: Floats, den: Floats, unit: float) -> Floats:
    """How many units there are, right and wrong: one that is right adds `unit` to both."""
    found: Floats = num / unit + np.maximum(den - num, 0)
    return found


def _of_unit(value: Floats, unit: float) -> Floats:
    """The variance that units add, by what they add to the denominator, where a figure is such.

    The residual of a unit that is right is what it adds to the numerator, less the figure times what it adds
    to the denominator; that of a wrong one is the figure, lost.
    """
    right = np.clip(value, 0, 1)
    found: Floats = right * unit * (1 - right) ** 2 + (1 - right) * right**2
    return found


def _both(inside: float, outside: float) -> float:
    """By how much a residual that goes from the rest to the slice changes the difference."""
    return 1 / inside + 1 / outside


def with_design(found: Sequence[Pieces | None]) -> list[Pieces | None]:
    """The pieces of all slices of one system, with the design effect in the errors of their units.

    It is that of all slices together, and for what a slice could show its own if that is larger. As variances
    are compared at the figures that slices have, one that is better does not have less of it for that.
    """
    own = [_design(one) for one in found if one is not None and one.units is not None]
    alone = math.fsum(units for _, units in own)
    of_all = math.fsum(seen for seen, _ in own) / alone if alone else 1.0
    return [one if one is None else _widened(one, max(of_all, 1.0)) for one in found]


def _design(found: Pieces) -> tuple[float, float]:
    """The variance of what a slice has over its share, as it is, and had each unit stood or fallen alone."""
    many = (found.share * (1 - found.share)) ** 2
    return many * _seen(found) ** 2, many * (found.units.own if found.units else 0.0) ** 2


def _widened(found: Pieces, design: float) -> Pieces:
    if found.units is None:
        return found
    own = (_seen(found) / found.units.own) ** 2 if found.units.own else 1.0
    dealt, off = found.units.dealt * math.sqrt(design), found.units.off * math.sqrt(max(design, own))
    return found._replace(units=found.units._replace(dealt=dealt, off=off))


def difference(found: Pieces) -> float:
    """The figure of the slice less that of the rest."""
    return float(found.times @ np.subtract(*found.parts(found.residual)))


def _error(found: Pieces) -> float:
    """The error of a difference that a slice can show or not.

    Of units it is that of a slice ten points off, whatever it has: a few that are all right are not certainly
    right, and those that had luck would pass. Of documents it is that of the difference seen, or that of so
    many pieces of all, if that is larger.
    """
    of_runs = 0.0 if found.runs is None else found.runs.error.size
    if found.units is not None:
        return max(found.units.off, of_runs)
    return max(_seen(found), _dealt_error(found), of_runs)


def _seen(found: Pieces) -> float:
    """The error of the difference, from what the documents of each side add to its own figure."""
    inside, outside = found.parts(found.own)
    documents = int(found.times[(inside != 0) | (outside != 0)].sum())
    return math.sqrt(float(found.times @ (inside - outside) ** 2) * documents / max(documents - 1, 1))


def _dealt_error(found: Pieces) -> float:
    """The error, had the pieces of the slice been drawn from all without putting back."""
    taken, rest = found.inside, found.outside
    many, sides = taken + rest, np.split(found.own, 2)
    mean, square = 1 / many, math.fsum(float(found.times @ side**2) for side in sides) / many
    return math.sqrt(square * taken * rest / (many - 1)) * _both(taken * mean, rest * mean)


def p_value(found: Pieces, *, seed: int = 0) -> float:
    """How unlike chance the difference is: p, two-sided."""
    over_documents = _of_pieces(found, seed)
    if found.runs is None:
        return over_documents
    return max(over_documents, crossed.two_sided(*found.runs))


def _of_pieces(found: Pieces, seed: int) -> float:
    """What p is of these runs, over documents."""
    seen = difference(found)
    error = math.sqrt(float(found.times @ np.subtract(*found.parts(found.residual)) ** 2))
    if not error:
        return 1.0
    p = _of_deals(found, seen / error, seed)
    if found.units is None:
        return p
    return max(p, _normal(seen / found.units.dealt)) if found.units.dealt else 1.0


def _normal(z: float) -> float:
    return 2 * NORMAL.cdf(-abs(z))


def _of_deals(found: Pieces, value: float, seed: int) -> float:
    """Where the difference by its error stands among those with the pieces dealt out at random."""
    fewer = min(found.inside, found.outside)
    plain = _normal(value)
    if plain > PLAIN or (found.inside + found.outside > MANY and fewer > LARGE):
        return plain
    for deals in (FIRST, DEALS):
        p = two_sided(value, _deal(found, fewer, deals, seed))
        if p > CHANCE:
            break
    return p


def _deal(found: Pieces, fewer: int, deals: int, seed: int) -> Floats:
    """The difference by its error with pieces dealt out at random, so often."""
    chosen = found.each()
    residual = found.residual[chosen]
    columns = [residual, found.size[chosen], residual**2]
    random, total = generator(seed), [column.sum() for column in columns]
    parts = []
    for many in blocks(deals, len(chosen)):
        order = _draw(random, len(chosen), fewer, many)
        drawn = [column[order].sum(axis=1) for column in columns]
        parts.append(_by_error(drawn, [whole - part for whole, part in zip(total, drawn, strict=True)]))
    return np.concatenate(parts)


def _draw(random: np.random.Generator, size: int, fewer: int, many: int) -> Integers:
    """The numbers of the pieces in the smaller part: many x fewer."""
    if size > MANY:
        return random.integers(0, size, (many, fewer))
    order: Integers = np.argpartition(random.random((many, size), np.float32), fewer - 1, axis=1)[:, :fewer]
    return order


def _by_error(inside: Sequence[Floats], outside: Sequence[Floats]) -> Floats:
    """From sums of residuals, of sizes and of squared residuals on either side."""
    difference = inside[0] / inside[1] - outside[0] / outside[1]
    error = np.sqrt(inside[2] / inside[1] ** 2 + outside[2] / outside[1] ** 2)
    found: Floats = divide(difference, error)
    return found


def shows(found: Pieces, tests: int) -> bool:
    """Whether ten points would be found in four cases of five, at 5 % over so many tests.

    The test's own error has the difference in it, as residuals are from the figure of all together.
    """
    documents, error = min(found.inside, found.outside), _error(found)
    if found.runs is not None:  # few runs leave as little known as few documents do
        documents = min(documents, math.floor(found.runs.error.freedom) + 1)
    inside, outside = (float(found.times @ side**2) for side in found.parts(found.size))
    own = SHOWN**2 * ((1 - found.share) ** 2 * inside + found.share**2 * outside)
    critical = student(1 - ALPHA / 2 / max(tests, 1), documents)
    return critical * math.sqrt(error**2 + own) + student(POWER, documents) * error <= SHOWN
