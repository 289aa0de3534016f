"""Two simulated systems on the same documents: equal ones, or one that loses hits.

They share part of their decisions, as systems do. The true loss is worked out from half a million documents.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from worlds import BLOCK, MACRO, MANY, MICRO, RARE, F, Shape, Table, draw_ease, draw_sizes, to_rows

from goldwire.eval.statistics import contrast
from goldwire.eval.statistics.contrast import ALPHA
from goldwire.eval.statistics.intervals import Method, estimate_difference
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import Sample

COPIED = 0.6  # of a system's decisions, the share it has in common with others
SWAPS = 1000
Lost = Literal["spread", "whole"]
Figure = Literal["micro", "macro"]
ESTIMATOR: dict[Figure, Estimator] = {"micro": MICRO.only(F), "macro": MACRO.only(F)}
TYPES = {"micro": ((1.0,), (1.0,)), "macro": RARE}


class Change(NamedTuple):
    """What the second system does otherwise: it loses hits, each or all of a document, and some noise."""

    lost: Lost = "spread"
    share: float = 0.0
    noise: float = 1.0  # the share of spurious units that stay


def traded(level: float) -> Change:
    """A tenth of the hits for as much noise as leaves F as it was: F = 2 r / (r + s + 1), and s was 1 - r."""
    return Change("spread", 0.1, (0.8 - 0.9 * level) / (1 - level))


# ---------------------------------------------------------------- drawing
def draw_systems(
    random: np.random.Generator, shape: Shape, documents: int, changes: tuple[Change, ...], figure: Figure
) -> list[Table]:
    """The rows of a first system, and of others that are changed."""
    units = draw_sizes(random, shape, documents)
    recall, spurious = draw_ease(random, shape, units)
    shares, ease = TYPES[figure]
    gold = random.multinomial(units, shares)
    chance, rate = recall[:, None] * np.array(ease), spurious[:, None] * gold
    common = random.binomial(gold, COPIED)
    hits, noise = random.binomial(common, chance), random.poisson(COPIED * rate)
    tables = []
    for change in (Change(), *changes):
        own = hits + random.binomial(gold - common, chance)
        extra = noise + random.poisson((1 - COPIED) * rate)
        kept = _lose(random, own, change), random.binomial(extra, change.noise)
        tables.append(to_rows(*kept, gold).reshape(documents, -1))
    return tables


def _lose(random: np.random.Generator, hits: Any, change: Change) -> Any:
    if change.lost == "spread":
        return random.binomial(hits, 1 - change.share)
    return hits * (random.random((len(hits), 1)) >= change.share)


# ---------------------------------------------------------------- truth
@cache
def total(shape: Shape, figure: Figure) -> Table:
    """Counts of the first system over all documents that could be drawn."""
    random = np.random.default_rng(21)
    drawn = (draw_systems(random, shape, BLOCK, (), figure)[0].sum(axis=0) for _ in range(MANY // BLOCK))
    found: Table = np.sum(list(drawn), axis=0)
    return found


def true_loss(shape: Shape, figure: Figure, share: float) -> float:
    """By how much the true figure falls with such a share of hits."""
    table = total(shape, figure).reshape(-1, 4)
    hits = table[:, :1] * share
    lost = table - hits * [1, 1, 1, 0]  # a hit that is lost is not given any more
    before, after = (float(ESTIMATOR[figure].values(each.reshape(-1))[0]) for each in (table, lost))
    return before - after


def share_for(shape: Shape, figure: Figure, loss: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if true_loss(shape, figure, middle) < loss else (low, middle)
    return high


# ---------------------------------------------------------------- one pair
class Trial(NamedTuple):
    """Pairs of systems that are all drawn alike."""

    shape: Shape
    documents: int
    change: Change = Change()
    figure: Figure = "micro"


def draw_pairs(trial: Trial, corpus: int) -> Sample:
    random = np.random.default_rng([6, trial.documents, corpus])
    tables = draw_systems(random, trial.shape, trial.documents, (trial.change,), trial.figure)
    return contrast.pair(*tables)


def is_different(pairs: Sample, figures: Estimator, corpus: int) -> bool:
    value = float(contrast.subtract(figures.values)(pairs.total())[0])
    swapped = contrast.randomise(pairs, figures.values, trials=SWAPS, seed=corpus)
    return not math.isnan(value) and contrast.two_sided(value, swapped[:, 0]) <= ALPHA


def try_difference(trial: Trial, truth: float, corpus: int, seed: int) -> dict[str, float]:
    """Whether the intervals of the difference miss the truth, how wide they are, and what the test says."""
    pairs, figures = draw_pairs(trial, corpus), ESTIMATOR[trial.figure]
    found: dict[str, float] = {"alarm": is_different(pairs, figures, corpus)}
    kinds: dict[str, Method] = {"": "unseen", "old ": "expanded"}
    for name, method in kinds.items():
        [ends] = estimate_difference(pairs, figures, method=method, seed=seed)
        known = ends.low is not None and ends.high is not None
        found[f"{name}low"] = known and truth < ends.low
        found[f"{name}high"] = known and truth > ends.high
        found[f"{name}width"] = ends.high - ends.low if known else math.nan
    half = pairs.rows.shape[1] // 2
    found["differ"] = float(pairs.times[(pairs.rows[:, :half] != pairs.rows[:, half:]).any(axis=1)].sum())
    return found


def try_test(trial: Trial, corpus: int, _: int) -> dict[str, float]:
    """Whether the test shows the loss."""
    return {"found": is_different(draw_pairs(trial, corpus), ESTIMATOR[trial.figure], corpus)}


def try_statement(trial: Trial, corpus: int, seed: int) -> dict[str, float]:
    """What a pair of equal systems is said to show."""
    pairs, figures = draw_pairs(trial, 10**6 + corpus), ESTIMATOR[trial.figure]
    [found] = contrast.differences(pairs, figures, method="expanded", trials=20, swaps=20, seed=seed)
    return {"spread": _or_nan(found.detectable), "whole": _or_nan(found.whole)}


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def try_gate(trial: Trial, margin: float, corpus: int, seed: int) -> dict[str, float]:
    """The verdict on the second system, and the power that was stated."""
    [found] = contrast.loss(draw_pairs(trial, corpus), ESTIMATOR[trial.figure], margin, seed=seed)
    return {
        **{name: found.verdict == name for name in ("fail", "warn", "pass")},
        "power": _or_nan(found.power),
    }


def try_family(trial: Trial, corpus: int, _: int) -> dict[str, float]:
    """Whether any pair of four equal systems is called different, without and with Holm."""
    random = np.random.default_rng([7, trial.documents, corpus])
    tables = draw_systems(random, trial.shape, trial.documents, (Change(),) * 3, "micro")
    values = []
    for one in range(4):
        for two in range(one + 1, 4):
            pairs, figures = contrast.pair(tables[one], tables[two]), ESTIMATOR["micro"]
            swapped = contrast.randomise(pairs, figures.values, trials=SWAPS, seed=corpus)
            value = contrast.subtract(figures.values)(pairs.total())[0]
            values.append(contrast.two_sided(float(value), swapped[:, 0]))
    adjusted = [p for p in contrast.holm(values) if p is not None]
    return {"alone": min(values) <= ALPHA, "holm": min(adjusted) <= ALPHA}
