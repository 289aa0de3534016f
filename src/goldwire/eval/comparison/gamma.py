"""Mathet's gamma: agreement on where units are and what they are called, from the best alignment of them.

Two units are unlike by position, ((difference of begins + difference of ends) / sum of lengths)², and by
type, 0 or 1, both with the same weight; a unit and none are unlike by 1. A unitary alignment has at most one
unit of each person, and is as unlike as its pairs are on average. The disorder of an alignment is the sum
over unitary alignments: observed is that of the best one, expected the mean of the best ones of samples, in
which each person's units are somebody's of that document, moved round the text by a random distance. Gamma
is 1 less observed by expected.

Of several documents the disorders are added up, each expected within its document. For one document this is
the published definition. A discontinuous unit stands from its first to its last character.

Source: Mathet, Widlöcher and Métivier 2015, "The Unified and Holistic Method Gamma (γ) for Inter-Annotator
Agreement Measure and Alignment", sections 4 and 5; samples as its authors' software draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from goldwire.eval.comparison.coefficients import About, Coefficient, Rows, Terms, Unit, estimate, ratio
from goldwire.eval.comparison.disorder import TooManyError, disorder
from goldwire.eval.comparison.unitizing import Continuum, Marked
from goldwire.eval.statistics.resample import Floats, generator

SAMPLES = 1000  # over all documents: the mean of their disorders is then known to about 1 %
FEWEST = 5  # of each document
Side = Floats  # of one person: begin, end and number of the type of each unit
WHY = "nobody marked anything"


def gamma(of: Unit, layers: Sequence[str], continua: Sequence[Continuum], terms: Terms) -> Coefficient:
    """Gamma over documents that two or more annotated; None with a reason where it would take too long."""
    several = [continuum for continuum in continua if len(continuum.marked) > 1]
    about = About("gamma", of, layers)
    try:
        return estimate(about, rows(several, seed=terms.seed), terms, WHY)
    except TooManyError as error:
        count = sum(len(units) for continuum in several for units in continuum.marked.values())
        return Coefficient(
            name="gamma",
            of=of,
            layers=tuple(layers),
            value=None,
            low=None,
            high=None,
            count=count,
            documents=len(several),
            why=str(error),
        )


def rows(continua: Sequence[Continuum], *, seed: int = 0, samples: int | None = None) -> Rows:
    """A row a document: its observed disorder and its expected one, in units."""
    types = sorted({type for one in continua for units in one.marked.values() for _, _, type in units})
    number = {type: place for place, type in enumerate(types)}
    times = samples or max(FEWEST, math.ceil(SAMPLES / max(1, len(continua))))
    random = generator(seed)
    sides = [[_side(units, number) for units in one.marked.values()] for one in continua]
    table = [_row(own, one.length, times, random) for own, one in zip(sides, continua, strict=True)]
    counts = [sum(map(len, own)) for own in sides]
    return Rows(np.array(table, dtype=np.float64).reshape(len(table), 2), _gamma, counts)


def _gamma(sums: Floats) -> Floats:
    return 1 - ratio(sums[..., 0], sums[..., 1])[..., None]


def _side(units: Sequence[Marked], number: dict[str, int]) -> Side:
    own = [(begin, end, number[type]) for begin, end, type in units]
    return np.array(sorted(own), dtype=np.float64).reshape(len(own), 3)


def _row(sides: Sequence[Side], length: int, times: int, random: np.random.Generator) -> tuple[float, float]:
    """Observed and expected disorder of a document, by the mean number of units of a person."""
    if not any(map(len, sides)):
        return 0.0, 0.0
    drawn = [mean_disorder(sample) for sample in draw(sides, length, times, random)]
    units = sum(map(len, sides)) / len(sides)
    return disorder(sides), units * float(np.mean(drawn))


def mean_disorder(sides: Sequence[Side]) -> float:
    """The disorder of the best alignment, by the mean number of units of a person."""
    return disorder(sides) * len(sides) / sum(map(len, sides))


# ---------------------------------------------------------------- samples
def draw(sides: Sequence[Side], length: int, times: int, random: np.random.Generator) -> Iterator[list[Side]]:
    """Views of the text that agree by chance alone; at least one of them has a unit."""
    apart = float(np.mean(np.concatenate([side[:, 1] - side[:, 0] for side in sides]))) / 2
    for _ in range(times):
        found = _draw(sides, length, apart, random)
        while not any(map(len, found)):
            found = _draw(sides, length, apart, random)
        yield found


def _draw(sides: Sequence[Side], length: int, apart: float, random: np.random.Generator) -> list[Side]:
    chosen = random.integers(0, len(sides), len(sides))
    pivots = _pivots(length, apart, len(sides), random)
    return [_moved(sides[of], by, length) for of, by in zip(chosen, pivots, strict=True)]


def _moved(side: Side, by: float, length: int) -> Side:
    """A person's units, moved to the right; those that begin beyond the end begin again on the left."""
    found = side.copy()
    found[:, :2] += by
    found[found[:, 0] > length, :2] -= length
    return found


def _pivots(length: int, apart: float, number: int, random: np.random.Generator) -> Iterator[float]:
    """Distances to move by, no two nearer to each other than half a unit where there is room for that."""
    free = [(0.0, float(length))]
    for _ in range(number):
        pivot = _within(free, random) if free else float(random.uniform(0, length))
        yield pivot
        free = [part for begin, end in free for part in _around(begin, end, pivot - apart, pivot + apart)]


def _within(free: Sequence[tuple[float, float]], random: np.random.Generator) -> float:
    at = float(random.uniform(0, sum(end - begin for begin, end in free)))
    for begin, end in free:
        if at <= end - begin:
            return float(math.floor(begin + at))
        at -= end - begin
    return free[-1][1]


def _around(begin: float, end: float, low: float, high: float) -> Iterator[tuple[float, float]]:
    """What is left of a stretch without another."""
    if begin < min(end, low):
        yield begin, min(end, low)
    if max(begin, high) < end:
        yield max(begin, high), end
