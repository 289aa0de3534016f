"""Coefficients of agreement beyond chance, as statistics of sums over documents, with their intervals.

Each document is a row of numbers that add up, so that documents can be resampled without looking at a layer
again. A coefficient that is undefined is None, and says why.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import msgspec
import numpy as np

from goldwire.eval.statistics import resample
from goldwire.eval.statistics.resample import TRIALS, Floats, Statistic

if TYPE_CHECKING:
    from goldwire.eval.comparison.unitizing import Continuum, Lengths

Named = Literal["kappa", "alpha", "alpha-u", "alpha-u-binary", "gamma"]
Unit = Literal["token", "mention", "trigger", "event"]
U = TypeVar("U")
Values = Mapping[str, int]  # how often each value was given to one unit
NOTHING = "nothing to compare"
FEWEST = 5  # documents: of fewer, resamples are too much alike to say how others would be
ONE_VALUE = "all have one value"


class Coefficient(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One coefficient: `name`, `of` which units, over `layers`, with its 95 % interval by documents.

    `label` is the type or attribute that it is about, "" for all. `count` says what it rests on: of kappa the
    tokens, of alpha the values of units that two or more gave one, of `alpha-u` the characters, each as often
    as a layer has it, of gamma the units of all layers. `documents` are those with any of this. There is no
    interval of fewer than five, nor where no resample differs, as in perfect agreement. `why` is said where
    `value` is None.
    """

    name: Named
    of: Unit
    layers: tuple[str, ...]
    value: float | None
    low: float | None
    high: float | None
    count: int
    documents: int
    label: str = ""
    why: str = ""


class Terms(NamedTuple):
    """How coefficients and their intervals are made.

    `align` finds disorders and `measure` lengths (see `disorder` and `unitizing`) of cases in their order, in
    place of this process.
    """

    seed: int = 0
    trials: int = TRIALS
    align: Callable[[Iterable[Sequence[Floats]]], Iterator[float]] | None = None
    measure: Callable[[Iterable[Continuum]], Iterator[Lengths]] | None = None


class About(NamedTuple):
    """What a coefficient is called, and what it is about."""

    name: Named
    of: Unit
    layers: Sequence[str]
    label: str = ""


class Rows(NamedTuple):
    """What documents have, a row each, and how a value comes of their sums; `counts` is of each document."""

    table: Floats
    statistic: Statistic
    counts: Sequence[int]


def estimate(about: About, rows: Rows, terms: Terms, why: str = ONE_VALUE) -> Coefficient:
    """A coefficient with its interval; `why` is said if nothing but one value makes it undefined."""
    [found] = resample.intervals(
        resample.collect(rows.table), rows.statistic, seed=terms.seed, trials=terms.trials
    )
    count, documents = sum(rows.counts), sum(number > 0 for number in rows.counts)
    told = documents >= FEWEST and found.low != found.high
    return Coefficient(
        name=about.name,
        of=about.of,
        layers=tuple(about.layers),
        value=found.value,
        low=found.low if told else None,
        high=found.high if told else None,
        count=count,
        documents=documents,
        label=about.label,
        why="" if found.value is not None else why if count else NOTHING,
    )


def ratio(part: Floats, whole: Floats) -> Floats:
    """The ratio, NaN where the whole is 0."""
    found: Floats = np.divide(part, whole, out=np.full_like(whole, math.nan), where=whole > 0)
    return found


# ---------------------------------------------------------------- kappa
def kappa_rows(pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Rows:
    """Cohen's kappa of two people's tags, a pair of equally long sequences for each document.

    Undefined without items, or if both give one and the same tag to all. Source: Cohen 1960, "A Coefficient
    of Agreement for Nominal Scales".
    """
    sides = [(Counter(one), Counter(other), _same(one, other)) for one, other in pairs]
    tags = sorted({tag for one, other, _ in sides for tag in (*one, *other)})
    table = [[same, *(one[tag] for tag in tags), *(other[tag] for tag in tags)] for one, other, same in sides]
    return Rows(
        np.array(table, dtype=np.float64).reshape(len(sides), 1 + 2 * len(tags)),
        _kappa,
        [one.total() for one, _, _ in sides],
    )


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(first == second for first, second in zip(one, other, strict=True))


def _kappa(sums: Floats) -> Floats:
    first, second = np.split(sums[..., 1:], 2, axis=-1)
    items = first.sum(axis=-1)
    chance = ratio((first * second).sum(axis=-1), items)
    return ratio(sums[..., 0] - chance, items - chance)[..., None]


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Cohen's kappa; None for no items, or if both sides give one and the same tag to all.

    >>> kappa(["PER", "PER", "O", "O"], ["PER", "O", "O", "O"])
    0.5
    """
    rows = kappa_rows([(one, other)])
    value = float(rows.statistic(rows.table.sum(axis=0))[0])
    return None if math.isnan(value) else value


# ---------------------------------------------------------------- alpha
def alpha_rows(documents: Sequence[Sequence[Values]]) -> Rows:
    """Krippendorff's alpha for nominal values: how often each unit of each document was given each value.

    Units with fewer than two values say nothing. Undefined if all values are the same. Source: Krippendorff
    2011, "Computing Krippendorff's Alpha-Reliability".
    """
    paired = [[unit for unit in units if sum(unit.values()) > 1] for units in documents]
    totals = [_total(units) for units in paired]
    values = sorted({value for total in totals for value in total})
    table = [
        [sum(map(_disagreement, units)), *(total[value] for value in values)]
        for units, total in zip(paired, totals, strict=True)
    ]
    return Rows(
        np.array(table, dtype=np.float64).reshape(len(table), 1 + len(values)),
        _alpha,
        [total.total() for total in totals],
    )


def _total(units: Iterable[Values]) -> Counter[str]:
    total: Counter[str] = Counter()
    for unit in units:
        total.update(unit)
    return total


def _disagreement(unit: Values) -> float:
    """Ordered pairs of different values within a unit, each weighted 1 / (values - 1)."""
    size = sum(unit.values())
    return (size**2 - sum(number**2 for number in unit.values())) / (size - 1)


def _alpha(sums: Floats) -> Floats:
    values = sums[..., 1:]
    size = values.sum(axis=-1)
    expected = size**2 - (values**2).sum(axis=-1)
    return 1 - ratio((size - 1) * sums[..., 0], expected)[..., None]


def alpha(units: Sequence[Values]) -> float | None:
    """Krippendorff's alpha of the units of one document (see `alpha_rows`).

    >>> round(alpha([{"a": 2}, {"a": 1, "b": 1}, {"b": 2}]), 12)
    0.444444444444
    """
    rows = alpha_rows([units])
    value = float(rows.statistic(rows.table.sum(axis=0))[0])
    return None if math.isnan(value) else value


def tally(sides: Iterable[Mapping[U, str]]) -> list[Counter[str]]:
    """How often each unit was given each value, from what each person gave the units."""
    found: dict[U, Counter[str]] = {}
    for side in sides:
        for unit, value in side.items():
            found.setdefault(unit, Counter())[value] += 1
    return list(found.values())
