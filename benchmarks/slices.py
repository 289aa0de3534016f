"""Simulation of the guard of slices: alarms among slices that are no other, and what is found of ten points.

    python benchmarks/slices.py [CORPORA]

20 slices of documents, or of units, of a corpus without any difference between them (sizes negative binomial,
a quality of its own for each document, some of them bad), and the same with one slice that loses ten points.
A corpus counts as an alarm if any slice is told apart, Holm over all 20.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import slices
from goldwire.eval.statistics.contrast import holm
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.power import ALPHA

SLICES = 20
LOSS = 0.1
Floats = NDArray[np.float64]
_FIGURES, _F = estimator(parse("entity")), FIGURES.index("f")


class Shape(NamedTuple):
    """A corpus: how many documents, gold units a document, and how documents differ."""

    name: str
    documents: int
    mean: float
    bad: float  # share of documents of which next to nothing is found
    f: float
    units: bool  # whether units are parted, and not documents
    alike: bool = False  # whether units of a slice in a document are right or wrong together
    long: bool = False  # whether documents of some slices are longer


SHAPES = (
    Shape("documents, benign", 1600, 20, 0.0, 0.8, units=False),
    Shape("documents, one in twenty bad", 2500, 20, 0.05, 0.85, units=False),
    Shape("documents, few", 100, 20, 0.05, 0.97, units=False),
    Shape("documents, some slices longer", 2500, 12, 0.05, 0.85, units=False, long=True),
    Shape("sentences", 4000, 1.5, 0.0, 0.8, units=False),
    Shape("units, one in ten documents bad", 400, 12, 0.1, 0.8, units=True),
    Shape("units, right or wrong together", 600, 20, 0.0, 0.8, units=True, alike=True),
    Shape("units of sentences", 4000, 1.5, 0.1, 0.8, units=True),
    Shape("units, few documents, F .95", 60, 30, 0.05, 0.95, units=True),
)


def draw(shape: Shape, random: np.random.Generator, loss: float = 0.0) -> Floats:
    """Counts by slice: slices x documents x 4; the first slice has a recall and precision lower by `loss`."""
    n = shape.documents
    home = random.integers(0, SLICES, n)
    mean = shape.mean * (1 + 2 * (home % 4 == 0)) if shape.long else np.full(n, shape.mean)
    sizes = random.poisson(random.gamma(2, mean / 2))
    quality = random.beta(shape.f * 12, (1 - shape.f) * 12, n)
    quality = np.where(random.random(n) < shape.bad, 0.1, quality)
    made = np.zeros((SLICES, n, 4))
    for gold, column in ((True, 3), (False, 1)):
        sizes = sizes if gold else sizes.copy()
        if shape.units:
            split = np.stack([random.multinomial(size, np.full(SLICES, 1 / SLICES)) for size in sizes]).T
        else:
            split = (np.arange(SLICES)[:, None] == home) * sizes
        made[:, :, column] = split
        if not gold:
            break
    gold = made[:, :, 3]
    right = np.broadcast_to(quality, gold.shape).copy()
    right[0] = np.maximum(right[0] - loss, 0)
    if shape.alike:
        hits = gold * (random.random(gold.shape) < right)
    else:
        hits = random.binomial(gold.astype(int), right)
    spurious = random.binomial(gold.astype(int), 1 - right)
    if shape.alike:
        spurious = (gold - hits).astype(int)
    made[:, :, 0] = made[:, :, 2] = hits
    made[:, :, 1] = hits + spurious
    return made


def judge(made: Floats, *, units: bool, seed: int) -> list[float | None]:
    """p of each slice against the rest, corrected; None where it could not show ten points."""
    whole = made.sum(axis=0)
    found = [slices.pieces(own, whole - own, _FIGURES, _F, units=units) for own in made]
    chances = holm([None if one is None else slices.p_value(one, seed=seed) for one in found])
    shown = [one is not None and slices.shows(one, slices.differ(one).error, len(made)) for one in found]
    return [p if is_shown else None for p, is_shown in zip(chances, shown, strict=True)]


class Rates(NamedTuple):
    """Of corpora: how often any slice is told apart, the lost one is, and the share that is too few."""

    shape: str
    alarms: float
    found: float | None
    too_few: float


def measure(shape: Shape, corpora: int, seed: int = 0) -> Rates:
    """The rates of one shape; `found` is of lost slices that are not too few."""
    alarms = hit = shown = few = 0
    for number in range(corpora):
        random = np.random.default_rng([seed, number])
        null = judge(draw(shape, random), units=shape.units, seed=number)
        alarms += any(p is not None and p <= ALPHA for p in null)
        few += sum(p is None for p in null)
        lost = judge(draw(shape, random, LOSS), units=shape.units, seed=number)[0]
        shown += lost is not None
        hit += lost is not None and lost <= ALPHA
    return Rates(shape.name, alarms / corpora, hit / shown if shown else None, few / corpora / SLICES)


def run(corpora: int) -> Iterator[Rates]:
    """All shapes."""
    return (measure(shape, corpora) for shape in SHAPES)


def main(corpora: int = 2000) -> None:
    """Print a line for each shape."""
    for shape in SHAPES:
        begun = time.perf_counter()
        rates = measure(shape, corpora)
        found = "–" if rates.found is None else f"{100 * rates.found:.1f} %"
        print(
            f"{shape.name:34} alarms {100 * rates.alarms:.1f} %  found {found}  "
            f"too few {100 * rates.too_few:.0f} %  ({time.perf_counter() - begun:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
