"""The grid of simulated corpora on which intervals are tried: cells, and what intervals do in each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import worlds
from worlds import FIGURE, Quality, Shape, Size

from goldwire.eval.statistics.intervals import Method, estimate
from goldwire.eval.statistics.resample import Interval, collect

SIZES = (10, 20, 50, 200)  # documents in a corpus
ERRORS = 3  # standard errors that a cell may be off by chance
TOGETHER = 50  # corpora that share the random weights of their intervals, for time's sake
NEAR, OFTEN = 20, 5  # cells nearest to their border, and how many times as many corpora they get


class Cell(NamedTuple):
    """A figure on corpora of so many documents of a shape."""

    figure: str
    shape: Shape
    documents: int


def cells() -> Iterator[Cell]:
    """The grid."""
    ordinary: tuple[Quality, ...] = ("independent", "clustered", "1 in 20 bad")
    hard: tuple[Quality, ...] = ("1 in 10 bad", "1 in 25 missed", "1 in 20 flooded", "long worse")
    sizes: tuple[Size, ...] = ("varied", "heavy", "equal")
    for quality in (*ordinary, *hard):
        some = sizes if quality in ordinary else sizes[:2]
        shapes = [Shape(quality, size, level) for size in some for level in (0.8, 0.985)]
        yield from (Cell("micro", shape, n) for shape in shapes for n in SIZES)
    for quality in ordinary:
        levels = [Shape(quality, "varied", level) for level in (0.5, 0.95, 0.995)]
        yield from (Cell("micro", shape, n) for shape in levels for n in SIZES)
        rare = [Shape(quality, "equal", level, units) for level in (0.8, 0.985) for units in (0.2, 1, 20)]
        yield from (Cell("micro", shape, n) for shape in rare for n in (20, 200))
        yield from (Cell("micro", Shape(quality, "heavy", 0.985), n) for n in (100, 500))
        yield from (Cell("micro", Shape(quality, "varied", level), 500) for level in (0.8, 0.985))
    yield from (Cell("micro", Shape("1 in 20 good", "heavy", 0.05), n) for n in (*SIZES, 500))
    yield from (Cell("micro", Shape("very clustered", "varied", f), n) for f in (0.5, 0.985) for n in SIZES)
    for figure in list(FIGURE)[1:]:
        yield from (Cell(figure, shape, n) for shape in _FEW for n in SIZES)


_FEW = (
    Shape(),
    Shape("1 in 10 bad", "heavy"),
    Shape("1 in 20 bad", "varied", 0.985),
    Shape("independent", "equal", 0.985, 0.5),
)


def is_known(cell: Cell, name: str) -> bool:
    """Whether the page says that such a cell is not held, and why."""
    quality, size, level, _ = cell.shape
    flooded = quality == "1 in 20 flooded" and name != "recall"
    long = (quality, size) == ("long worse", "heavy")
    uneven = (quality, size, name) == ("1 in 25 missed", "heavy", "recall")
    return flooded or long or uneven or (quality == "1 in 20 bad" and level > 0.99)


def draw_interval(cell: Cell, truth: Sequence[float], part: range) -> np.ndarray[Any, Any]:
    """Sums over corpora, of each value of the figure: see `Tally`."""
    return np.sum([_interval(cell, truth, corpus) for corpus in part], axis=0)


def _interval(cell: Cell, truth: Sequence[float], corpus: int) -> list[list[float]]:
    draw, figures, _ = FIGURE[cell.figure]
    sample = collect(draw(np.random.default_rng([5, cell.documents, corpus]), cell.shape, cell.documents))
    kinds: tuple[Method, ...] = ("unseen", "expanded")
    now, old = (estimate(sample, figures, method=kind, seed=corpus // TOGETHER) for kind in kinds)
    return [
        [1, *missed(one, true), one.remark == "unlike", one.remark == "alone", *missed(other, true)]
        for one, other, true in zip(now, old, truth, strict=True)
    ]


def missed(ends: Interval, truth: float) -> tuple[bool, bool, float]:
    """Whether the truth is below or above, and the width; without ends it claims nothing, and holds."""
    if ends.low is None or ends.high is None:
        return False, False, 0.0
    return truth < ends.low, truth > ends.high, ends.high - ends.low


class Tally(NamedTuple):
    """What intervals of one value did in a cell, as shares of corpora, and mean widths."""

    cell: Cell
    name: str
    corpora: int
    low: float
    high: float
    width: float
    unlike: float
    alone: float
    old_low: float
    old_high: float
    old_width: float

    @property
    def held(self) -> float:
        return 1 - self.low - self.high

    @property
    def old_held(self) -> float:
        return 1 - self.old_low - self.old_high

    @property
    def short(self) -> float:
        """By how much it holds less than is promised."""
        return (0.92 if self.cell.documents < 20 else 0.94) - self.held

    @property
    def fails(self) -> bool:
        return self.short > error(self.held, self.corpora)

    def __str__(self) -> str:
        known = " (the page says why)" if is_known(self.cell, self.name) else ""
        where = f"{self.cell.figure} {self.name}: {self.cell.shape}: {self.cell.documents} documents"
        return f"{where}: {points(self.held)}{known}"


def tally(cell: Cell, sums: np.ndarray[Any, Any]) -> list[Tally]:
    names = FIGURE[cell.figure][2]
    return [
        Tally(cell, name, int(row[0]), *(row[1:] / row[0]).tolist())
        for name, row in zip(names, sums, strict=True)
    ]


def draw_cells(chosen: Sequence[Cell], corpora: int, pool: ProcessPoolExecutor) -> list[Tally]:
    kinds = list(dict.fromkeys((cell.figure, cell.shape) for cell in chosen))
    truths = dict(zip(kinds, pool.map(worlds.truth, *zip(*kinds, strict=True)), strict=True))
    parts = list(split(corpora))
    tasks = [(cell, truths[cell.figure, cell.shape], part) for cell in chosen for part in parts]
    found = list(pool.map(draw_interval, *zip(*tasks, strict=True)))
    sums = [np.sum(found[k : k + len(parts)], axis=0) for k in range(0, len(found), len(parts))]
    return [one for cell, total in zip(chosen, sums, strict=True) for one in tally(cell, total)]


def split(corpora: int) -> Iterator[range]:
    for begun in range(0, corpora, 5 * TOGETHER):
        yield range(begun, min(begun + 5 * TOGETHER, corpora))


def refined(found: Sequence[Tally], corpora: int, pool: ProcessPoolExecutor) -> list[Tally]:
    """The cells nearest their border, drawn more often."""
    near = sorted((one for one in found if not is_known(one.cell, one.name)), key=lambda one: abs(one.short))
    chosen = list(dict.fromkeys(one.cell for one in near))[:NEAR]
    again = {(one.cell, one.name): one for one in draw_cells(chosen, OFTEN * corpora, pool)}
    return [again.get((one.cell, one.name), one) for one in found]


def points(share: float) -> str:
    return f"{100 * share:.1f}"


def error(rate: float, corpora: int) -> float:
    """By how much a rate may be off by chance; that of 0 and of 1 as if a few had been otherwise (Agresti and
    Coull 1998).
    """
    adjusted = (rate * corpora + 2) / (corpora + 4)
    return ERRORS * math.sqrt(adjusted * (1 - adjusted) / (corpora + 4))
