"""Simulated corpora whose truth is known: documents of varied size and difficulty, and systems on them.

A shape says how documents are; from it rows of counts are drawn (see `counts.COLUMNS`), a label after the
other. The truth of a figure is that of half a million documents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics.figures import FIGURES, estimator, prf
from goldwire.eval.statistics.ratios import Estimator, side_by_side

Table = NDArray[np.float64]
Numbers = NDArray[Any]
F = FIGURES.index("f")
MANY = 500_000  # documents that the truth is worked out from
BLOCK = 100_000

Size = Literal["equal", "varied", "heavy"]
Quality = Literal[
    "independent",
    "clustered",
    "very clustered",
    "1 in 10 bad",
    "1 in 20 bad",
    "1 in 25 missed",
    "1 in 20 flooded",
    "1 in 20 good",
    "long worse",
]
# Of documents that are not as the others: the share, their recall, and spurious units for each gold one.
ODD: dict[Quality, tuple[float, float | None, float]] = {
    "1 in 10 bad": (0.1, 0.2, 1.0),
    "1 in 20 bad": (0.05, 0.2, 0.5),
    "1 in 25 missed": (0.04, 0.0, 0.0),
    "1 in 20 flooded": (0.05, None, 4.0),
    "1 in 20 good": (0.05, 0.8, 0.3),
}
STRENGTH: dict[Quality, float] = {"clustered": 6, "very clustered": 2}  # of a beta: small, documents differ
HEAVY = 1.3  # standard deviation of the logarithm of sizes
RARE = ((0.5, 0.3, 0.15, 0.04, 0.01), (1, 0.95, 0.9, 0.8, 0.7))  # shares of types, their recall in proportion


class Shape(NamedTuple):
    """Documents of so many gold units on average; `level` is recall and precision of ordinary ones, about."""

    quality: Quality = "clustered"
    size: Size = "varied"
    level: float = 0.8
    units: float = 8

    def __str__(self) -> str:
        sizes = {"equal": "Poisson", "varied": "negative binomial", "heavy": "log-normal"}[self.size]
        level = f"{self.level:g}".lstrip("0")
        return f"{self.quality}, {sizes} {self.units:g}, F {level}"


# ---------------------------------------------------------------- documents
def draw_sizes(random: np.random.Generator, shape: Shape, documents: int) -> Numbers:
    mean = shape.units
    if shape.size == "varied":
        return random.negative_binomial(2, 2 / (2 + mean), documents)
    if shape.size == "heavy":
        mean = mean * np.exp(random.normal(-(HEAVY**2) / 2, HEAVY, documents))
    return random.poisson(mean, documents)


def draw_ease(random: np.random.Generator, shape: Shape, units: Numbers) -> tuple[Table, Table]:
    """Recall, and spurious units for each gold one, by document."""
    documents, level = len(units), shape.level
    recall = np.full(documents, level)
    if shape.quality in STRENGTH:
        strength = STRENGTH[shape.quality]
        recall = random.beta(level * strength, (1 - level) * strength, documents)
    elif shape.quality == "long worse":
        recall = np.clip(level * (1 - 0.25 * np.log1p(units / 5)), 0.05, 1)
    spurious = 1 - recall
    if shape.quality in ODD:
        share, bad, many = ODD[shape.quality]
        odd = random.random(documents) < share
        recall[odd], spurious[odd] = level if bad is None else bad, many
    return recall, spurious


def to_rows(hits: Any, spurious: Any, gold: Any) -> Table:
    return np.stack([hits, hits + spurious, hits, gold], axis=-1).astype(np.float64)


def draw_types(
    random: np.random.Generator,
    shape: Shape,
    documents: int,
    types: tuple[tuple[float, ...], tuple[float, ...]] = ((1.0,), (1.0,)),
) -> Table:
    """Counts of one system: documents x types x 4."""
    units = draw_sizes(random, shape, documents)
    recall, spurious = draw_ease(random, shape, units)
    gold = random.multinomial(units, types[0])
    hits = random.binomial(gold, recall[:, None] * np.array(types[1]))
    return to_rows(hits, random.poisson(spurious[:, None] * gold), gold)


# ---------------------------------------------------------------- figures: from shape and size to rows
Draw = Callable[[np.random.Generator, Shape, int], Table]


def plain(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    return draw_types(random, shape, documents)[:, 0]


def typed(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    return draw_types(random, shape, documents, RARE).reshape(documents, -1)


def valued(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    """Values of documents, whether each is defined, and what a unit is of each (see `figures.rows`)."""
    counts = plain(random, shape, documents)
    values, wholes = prf(counts), counts[:, [1, 3, 3]] + counts[:, [1, 3, 1]] * [0, 0, 1]
    chances = np.divide(1, wholes, out=np.zeros_like(wholes), where=wholes > 0)
    return np.hstack([np.nan_to_num(values), ~np.isnan(values), chances])


def partial_credit(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    """Half of what was missed is found in part, and counts for each side by what they share."""
    rows = plain(random, shape, documents)
    halves = random.binomial((rows[:, 3] - rows[:, 2]).astype(int), 0.5)
    for hits, share in ((0, 0.4), (2, 0.7)):
        rows[:, hits] += halves * np.clip(random.normal(share, 0.15, documents), 0, 1)
    rows[:, 1] += halves
    return rows


def arguments(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    """Arguments of events, two and a half each: those of an event that is not found are lost together."""
    events = draw_sizes(random, shape._replace(units=shape.units / 2.5), documents)
    recall, spurious = draw_ease(random, shape, events)
    owner = np.repeat(np.arange(documents), events)
    many = 1 + random.poisson(1.5, len(owner))
    found = random.binomial(many, 0.9) * (random.random(len(owner)) < recall[owner])
    gold, hits = (np.bincount(owner, part, documents) for part in (many, found))
    return to_rows(hits, random.poisson(spurious * gold), gold)


def clusters(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    """B³ of entities: one that is not resolved loses its first mention, or takes one that is not of it."""
    entities = draw_sizes(random, shape._replace(units=shape.units / 2), documents)
    recall, _ = draw_ease(random, shape, entities)
    owner = np.repeat(np.arange(documents), entities)
    size = random.geometric(0.5, len(owner)).astype(float)
    right = random.random(len(owner)) < recall[owner]
    split = ~right & (random.random(len(owner)) < 0.5)
    gold_hits = np.where(split, ((size - 1) ** 2 + 1) / size, size)
    merged = ~right & ~split
    system_hits = np.where(merged, (size**2 + 1) / (size + 1), size)
    columns = (system_hits, size + merged, gold_hits, size)
    return np.stack([np.bincount(owner, column, documents) for column in columns], axis=1)


def annotators(random: np.random.Generator, shape: Shape, documents: int) -> Table:
    """Three annotators of the same units: the rows of their three pairs side by side."""
    units = draw_sizes(random, shape, documents)
    recall, spurious = draw_ease(random, shape, units)
    owner = np.repeat(np.arange(documents), units)
    marked = random.random((3, len(owner))) < recall[owner]
    alone = random.poisson(spurious * units, (3, documents))
    own = [np.bincount(owner, one, documents) + extra for one, extra in zip(marked, alone, strict=True)]
    pairs = []
    for one, two in ((0, 1), (0, 2), (1, 2)):
        both = np.bincount(owner, marked[one] & marked[two], documents)
        pairs.append(np.stack([both, own[two], both, own[one]], axis=1))
    return np.hstack(pairs).astype(np.float64)


def of_average(average: str) -> Estimator:
    return estimator(parse(f"entity:span+type@exact,average={average}"))


MICRO, MACRO, WEIGHTED, MEANS = (of_average(name) for name in ("micro", "macro", "weighted", "documents"))
AGREEMENT = Estimator(
    lambda sums: prf(sums.reshape(*sums.shape[:-1], 3, 4))[..., F].mean(axis=-1, keepdims=True),
    lambda rows: [side_by_side([MICRO.ratios(part)[F] for part in np.split(rows, 3, axis=-1)])],
)
ALL = ("precision", "recall", "F1")
FIGURE: dict[str, tuple[Draw, Estimator, tuple[str, ...]]] = {
    "micro": (plain, MICRO, ALL),
    "macro, rare types": (typed, MACRO, ALL),
    "weighted, rare types": (typed, WEIGHTED, ALL),
    "mean of documents": (valued, MEANS, ALL),
    "partial credit": (partial_credit, MICRO, ALL),
    "arguments": (arguments, MICRO, ALL),
    "clusters, B³": (clusters, MICRO, ALL),
    "agreement of three": (annotators, AGREEMENT, ("F1",)),
}


@cache
def truth(figure: str, shape: Shape) -> tuple[float, ...]:
    """The values of a figure over all documents that could be drawn."""
    draw, figures, _ = FIGURE[figure]
    random = np.random.default_rng(20)
    total = sum(draw(random, shape, BLOCK).sum(axis=0) for _ in range(MANY // BLOCK))
    return tuple(figures.values(np.asarray(total)).tolist())
