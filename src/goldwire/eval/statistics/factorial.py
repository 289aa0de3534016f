"""Effects in a table of systems (prompts by models): weighted sums of figures, over documents and runs.

The main effect of a level is the mean over the other factor's levels, a difference of two such means is a
contrast, and so is an interaction (a difference of differences). Documents are the same in all cells, so a
contrast's variance over documents is that of the weighted influences; each cell's runs are its own, so their
variances add up with the squares of the weights (see `statistics.runs`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.statistics.crossed import two_sided
from goldwire.eval.statistics.resample import FEWEST
from goldwire.eval.statistics.runs import END, FIXED, Runs, Spread, make_error, of_documents, spread_of


class Part(NamedTuple):
    """A cell of the table in an effect: what its runs say, how far apart they are, and its weight."""

    runs: Runs
    spread: Spread
    weight: float


class Effect(NamedTuple):
    """A weighted sum of figures with its 95 % interval; `p` of its being 0, two-sided, by a t-test.

    None where a figure is undefined, or there are too few documents to tell.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    freedom: float | None = None


def effect(parts: Sequence[Part], figure: int) -> Effect:
    """The effect that some cells make up."""
    value = sum(part.weight * float(part.runs.mean[figure]) for part in parts)
    many = max(part.runs.documents for part in parts)
    if math.isnan(value):
        return Effect(None)
    if many < FEWEST:
        return Effect(value)
    influence = np.sum([part.weight * part.runs.influence[:, figure] for part in parts], axis=0)
    sides = [(part.spread, part.runs.number / part.weight**2) for part in parts]
    error = make_error(of_documents(influence, many), many, sides)
    half = error.quantile(END) * error.size
    return Effect(value, value - half, value + half, two_sided(value, error, many), error.freedom)


def known_spreads(cells: Sequence[Runs], figure: int) -> list[Spread]:
    """How far apart the runs of each cell are; of one without several runs as those of the others together.

    Where no cell has several, runs count as if they were all alike: documents alone are tested.
    """
    own = [spread_of(cell, figure) for cell in cells]
    told = [spread for spread in own if spread is not None]
    if not told:
        return [FIXED] * len(cells)
    freedom = sum((spread.runs or 1) - 1 for spread in told)
    shares = [((spread.runs or 1) - 1) / freedom for spread in told]
    pooled = Spread(
        sum(share * spread.between for share, spread in zip(shares, told, strict=True)),
        sum(share * spread.crossed for share, spread in zip(shares, told, strict=True)),
        freedom + 1,
    )
    return [pooled if spread is None else spread for spread in own]
