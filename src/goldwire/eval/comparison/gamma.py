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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

import numpy as np

from goldwire.eval.comparison.coefficients import About, Coefficient, Rows, Terms, Unit, estimate, ratio
from goldwire.eval.comparison.disorder import TooManyError, disorder
from goldwire.eval.comparison.unitizing import Continuum, Marked
from goldwire.eval.statistics.resample import Floats, generator

SAMPLES = 1000  # at most, over all documents
BATCH = 30  # over all documents, before it is seen how many are needed
PRECISION = 0.01  # of the expected disorder, with 95 %: section 5.3
NORMAL = 1.96
FEWEST = 3  # of each document
Align = Callable[[Iterable[Sequence[Floats]]], Iterator[float]]
Side = Floats  # of one person: begin, end and number of the type of each unit
WHY = "nobody marked anything"


def gamma(of: Unit, layers: Sequence[str], continua: Sequence[Continuum], terms: Terms) -> Coefficient:
    """Gamma over documents that two or more annotated; None with a reason where it would take too long."""
    several = [continuum for continuum in continua if len(continuum.marked) > 1]
    about = About("gamma", of, layers)
    try:
        return estimate(about, rows(several, seed=terms.seed, align=terms.align), terms, WHY)
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


def rows(
    continua: Sequence[Continuum],
    *,
    seed: int = 0,
    samples: int | None = None,
    align: Align | None = None,
) -> Rows:
    """A row a document: its observed disorder and its expected one, in units; `align` is as in `Terms`."""
    align = align or partial(map, disorder)
    types = sorted({type for one in continua for units in one.marked.values() for _, _, type in units})
    number = {type: place for place, type in enumerate(types)}
    sides = [[_side(units, number) for units in one.marked.values()] for one in continua]
    counts = [sum(map(len, own)) for own in sides]
    chance = _Chance(sides, [one.length for one in continua], generator(seed), align)
    chance.draw(samples) if samples else chance.draw_enough()
    found = align(own for own, count in zip(sides, counts, strict=True) if count)
    observed = [next(found) if count else 0.0 for count in counts]
    return Rows(np.array([observed, chance.expected()]).T.reshape(len(sides), 2), _gamma, counts)


def _gamma(sums: Floats) -> Floats:
    return 1 - ratio(sums[..., 0], sums[..., 1])[..., None]


def _side(units: Sequence[Marked], number: dict[str, int]) -> Side:
    own = [(begin, end, number[type]) for begin, end, type in units]
    return np.array(sorted(own), dtype=np.float64).reshape(len(own), 3)


# ---------------------------------------------------------------- samples
class _Chance:
    """Disorders of samples of each document, in units of the document; none of one without units."""

    def __init__(
        self,
        sides: Sequence[Sequence[Side]],
        lengths: Sequence[int],
        random: np.random.Generator,
        align: Align,
    ) -> None:
        self.sides = sides
        self.lengths = lengths
        self.random = random
        self.align = align
        self.drawn: list[list[float]] = [[] for _ in sides]

    def draw(self, times: int) -> None:
        """So many samples more of each document."""
        sizes = deque[int]()
        found = self.align(self._iter_samples(times, sizes))
        for own, drawn in zip(self.sides, self.drawn, strict=True):
            if any(map(len, own)):
                units = sum(map(len, own)) / len(own)
                for one in islice(found, times):
                    drawn.append(units * (one * len(own) / sizes.popleft()))  # by the mean units of a person

    def _iter_samples(self, times: int, sizes: deque[int]) -> Iterator[Sequence[Side]]:
        """Samples of all documents, one after the other; how many units each has goes to `sizes`."""
        for own, length in zip(self.sides, self.lengths, strict=True):
            if any(map(len, own)):
                for sample in draw(own, length, times, self.random):
                    sizes.append(sum(map(len, sample)))
                    yield sample

    def draw_enough(self) -> None:
        """As many as the precision asks for, as far as there may be so many."""
        documents = max(1, sum(any(map(len, own)) for own in self.sides))
        begun = max(FEWEST, math.ceil(BATCH / documents))
        self.draw(begun)
        wanted = min(math.ceil(begun * self._wanting()), math.ceil(SAMPLES / documents))
        if wanted > begun:
            self.draw(wanted - begun)

    def _wanting(self) -> float:
        """How many times as many samples the precision asks for."""
        there = [drawn for drawn in self.drawn if drawn]
        if not there:
            return 0.0
        error = math.sqrt(sum(float(np.var(drawn, ddof=1)) / len(drawn) for drawn in there))
        return (NORMAL * error / (PRECISION * sum(map(float, map(np.mean, there))))) ** 2

    def expected(self) -> list[float]:
        """The mean disorder of the samples of each document."""
        return [float(np.mean(drawn)) if drawn else 0.0 for drawn in self.drawn]


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
