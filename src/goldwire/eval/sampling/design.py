"""Designs: the probability with which each unit is drawn, and draws that have exactly these probabilities.

Draws are of a fixed size. With probabilities that differ they are systematic in random order (Madow 1949,
Hartley and Rao 1962): units lie on a line, each as long as its probability, in an order by chance, and those
are drawn on which points lie that are one apart from each other, from a start by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CERTAIN = 1 - 1e-9  # from here on a probability is 1 but for rounding
LEAST = 2  # drawn of a stratum where the number allows: of one alone nothing can be said of how it varies
HALVINGS = 200  # more than the digits of a number that a root is found by


class Drawn(NamedTuple):
    """The probability of each unit, which units were drawn, and which of these were not by their value."""

    probability: Floats
    units: Ints
    by_chance: frozenset[int] = frozenset()


def proportional(sizes: Floats, number: int, chance: float) -> Floats:
    """The probability of each of some units when `number` are drawn.

    The share `chance` of the draw is alike for all, the rest in proportion to their sizes; units that would
    come more than once are drawn for certain. Sizes that are all 0 are alike.

    >>> proportional(np.array([1.0, 1.0, 2.0]), 2, 0.0).tolist()
    [0.5, 0.5, 1.0]
    """
    many, total = len(sizes), sizes.sum()
    if number >= many:
        return np.ones(many)
    share = np.full(many, 1 / many)
    if total > 0:
        share = chance * share + (1 - chance) * sizes / total
    largest = np.argsort(-share, kind="stable")
    down = share[largest]
    rest = np.cumsum(down[::-1])[::-1]
    left = number - np.arange(many)
    certain = int(np.argmax(left * down <= rest * (1 + 1e-12)))
    found = np.ones(many)
    found[largest[certain:]] = np.minimum(left[certain] * down[certain:] / rest[certain], 1.0)
    return found


def systematic(probability: Floats, random: np.random.Generator) -> Ints:
    """Units drawn with these probabilities, in order; as many as these sum to."""
    certain = np.flatnonzero(probability >= CERTAIN)
    order = random.permutation(np.flatnonzero(probability < CERTAIN))
    if not len(order):
        return certain
    ends = np.cumsum(probability[order])
    number = round(float(ends[-1]))
    points = (random.random() + np.arange(number)) * ends[-1] / max(number, 1)
    places = np.minimum(np.searchsorted(ends, points, side="right"), len(order) - 1)
    return np.sort(np.concatenate([certain, order[places]]))


def by_size(sizes: Floats, number: int, chance: float, random: np.random.Generator) -> Drawn:
    """A draw in proportion to sizes."""
    probability = proportional(sizes, number, chance)
    return Drawn(probability, systematic(probability, random))


def by_value(values: Floats, number: int, chance: float, random: np.random.Generator) -> Drawn:
    """The units of the greatest values, and the share `chance` of the draw from all others alike.

    What is drawn by its value came for certain; of those that tie for the last places some are drawn by
    chance.
    """
    picked = _greatest(values, number - reserved(number, len(values), chance), random)
    return with_chance(picked, number, random)


def _greatest(values: Floats, number: int, random: np.random.Generator) -> Drawn:
    if number <= 0:
        return Drawn(np.zeros(len(values)), np.array([], np.int64))
    last = np.partition(values, len(values) - number)[len(values) - number]
    above, tied = np.flatnonzero(values > last), np.flatnonzero(values == last)
    places = number - len(above)
    probability = (values > last).astype(np.float64)
    probability[tied] = places / len(tied)
    return Drawn(probability, np.concatenate([above, random.choice(tied, places, replace=False)]))


def certain(units: Ints, many: int) -> Drawn:
    """Some of so many units, picked without any chance."""
    probability = np.zeros(many)
    probability[units] = 1.0
    return Drawn(probability, units)


def reserved(number: int, many: int, chance: float) -> int:
    """How many of a draw are left to chance: one at least, or a unit could have no probability."""
    return 0 if number >= many else min(number, max(1, round(chance * number)))


def with_chance(picked: Drawn, number: int, random: np.random.Generator) -> Drawn:
    """Some units that were picked, filled up to `number` from all others alike."""
    others = np.setdiff1d(np.arange(len(picked.probability)), picked.units)
    places = number - len(picked.units)
    if not places:
        return picked
    more = random.choice(others, places, replace=False)
    probability = picked.probability + (1 - picked.probability) * places / len(others)
    return Drawn(probability, np.concatenate([picked.units, more]), frozenset(more.tolist()))


def fewest(number: int, strata: int) -> int:
    """How many each of some strata gives at least, if it has as many."""
    return LEAST if number >= LEAST * strata else 1


def allocate(number: int, sizes: Sequence[int], shares: Sequence[float]) -> list[int]:
    """How many are drawn of each stratum, in proportion to its share; `number` in all.

    Each gives one at least, `LEAST` where the number allows, and at most what it has.

    >>> allocate(10, [60, 30, 10], [60, 30, 10]), allocate(10, [3, 50, 50], [100, 1, 1])
    ([5, 3, 2], [3, 4, 3])
    """
    top = np.array(sizes, np.int64)
    least = np.minimum(top, fewest(number, len(top)))
    if number >= top.sum():
        return [*sizes]
    wanted = np.maximum(np.array(shares, np.float64), 1e-9 * max(sum(shares), 1e-9))
    exact = np.clip(_level(number, least, top, wanted) * wanted, least, top)
    found = np.floor(exact + 1e-9).astype(np.int64)
    by_rest = sorted(range(len(top)), key=lambda i: (found[i] - exact[i], i))
    for i in [i for i in by_rest if found[i] < top[i]][: number - int(found.sum())]:
        found[i] += 1
    return [int(one) for one in found]


def _level(number: int, least: Ints, top: Ints, wanted: Floats) -> float:
    """The factor of all shares at which they sum to a number, each within its limits."""
    low, high = 0.0, float((top / wanted).max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if np.clip(middle * wanted, least, top).sum() < number:
            low = middle
        else:
            high = middle
    return high
