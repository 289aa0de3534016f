"""Confidence: precision-recall curves, average precision, the best threshold and calibration.

A detection is a system unit with its score and whether it is correct. Correctness comes from one
alignment of the whole output; raising the threshold drops detections and aligns nothing anew. Units
without a score are no detections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.columns import NONE
from goldwire.eval.errors.classes import CORRECT, Findings
from goldwire.eval.statistics.figures import harmonic

BINS = 10  # of equal width, as in Naeini et al. 2015, who define the expected calibration error
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Point(msgspec.Struct, frozen=True):
    """Precision, recall and F when only detections with at least this score are kept."""

    threshold: float
    precision: float
    recall: float
    f: float


class Bin(msgspec.Struct, frozen=True):
    """Detections with scores from `low` up to `high`: how sure the system was, and how often right."""

    low: float
    high: float
    detections: int
    score: float
    precision: float


class Confidence(msgspec.Struct, frozen=True, kw_only=True):
    """What scores are worth. Undefined is None.

    `average_precision` is the area under the curve as a sum of steps, without interpolation; gold units
    that no detection found keep it below 1. `best` is the point of the greatest F, the higher threshold
    of equals. `calibration_error` is the expected one, and `brier` the mean squared gap; both need
    scores within 0 and 1, and are None otherwise.
    """

    detections: int
    gold: int
    average_precision: float | None
    best: Point | None
    curve: tuple[Point, ...]
    calibration_error: float | None
    brier: float | None
    bins: tuple[Bin, ...]


def judge(scores: ArrayLike, correct: ArrayLike, gold: int, *, beta: float = 1.0) -> Confidence:
    """All that is said of detections; `gold` is the number of gold units, found or not.

    >>> found = judge([0.9, 0.8, 0.3], [True, False, True], gold=2)
    >>> round(found.average_precision, 3), found.best.threshold, round(found.calibration_error, 3)
    (0.833, 0.3, 0.533)
    """
    found, right = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=np.bool_)
    _check(found, right, gold)
    points = curve(found, right, gold, beta=beta)
    calibrated = bool(len(found)) and float(found.min()) >= 0 and float(found.max()) <= 1
    bins = calibration(found, right) if calibrated else ()
    return Confidence(
        detections=len(found),
        gold=gold,
        average_precision=average_precision(found, right, gold),
        best=max(points, key=lambda point: (point.f, point.threshold), default=None),
        curve=points,
        calibration_error=expected_error(bins),
        brier=_brier(found, right) if calibrated else None,
        bins=bins,
    )


class Detections(msgspec.Struct, frozen=True, eq=False):
    """The units of a system that have a score: scores, which are right, and which go with one of gold.

    They are in the order of findings; `gold` is the number of gold units, found or not.
    """

    scores: Floats
    right: Bools
    paired: Bools
    gold: int

    def __len__(self) -> int:
        return len(self.scores)


def detections(findings: Findings, scores: Sequence[float | None]) -> Detections:
    """The units of a system that have a score; `scores` are by row of its table, see `scores_of`."""
    by_row = np.array(scores, np.float64)  # None is NaN, which no score is
    rows = np.flatnonzero(findings.system_unit != NONE)
    own = by_row[findings.system.row[findings.system_unit[rows]]]
    rows, own = rows[~np.isnan(own)], own[~np.isnan(own)]
    gold = int(np.count_nonzero(findings.gold_unit != NONE))
    return Detections(own, findings.kind[rows] == CORRECT, findings.paired[rows], gold)


def join(parts: Sequence[Detections]) -> Detections:
    """The detections in different documents, in the order of findings: right ones, other pairs, the rest."""
    if len(parts) == 1:
        return parts[0]
    scores, right, paired = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("scores", "right", "paired")
    )
    order = np.lexsort((~paired, ~right))
    return Detections(scores[order], right[order], paired[order], sum(part.gold for part in parts))


def judge_detections(found: Detections) -> Confidence | None:
    """What the scores of a system's units are worth; None if no unit has one."""
    return judge(found.scores, found.right, found.gold) if len(found) else None


def scores_of(items: Iterable[Annotations], kind: str) -> list[float | None]:
    """The scores of all units of a kind (entity, event, argument), in the order of table rows."""
    if kind == "entity":
        return [mention.score for item in items for mention in item.mentions]
    events = [event for item in items for event in item.events]
    if kind == "event":
        return [event.score for event in events]
    return [argument.score for event in events for argument in event.arguments]


def _check(scores: Floats, correct: Bools, gold: int) -> None:
    if len(scores) != len(correct):
        raise MeasureError(
            f"{len(scores)} scores, but {len(correct)} judgements; expected one of each a unit"
        )
    if not np.isfinite(scores).all():
        raise MeasureError("a score is not a finite number; expected one for each detection")
    if int(correct.sum()) > gold:
        raise MeasureError(
            f"{int(correct.sum())} correct detections of {gold} gold units; expected at most one each"
        )


def curve(scores: Floats, correct: Bools, gold: int, *, beta: float = 1.0) -> tuple[Point, ...]:
    """A point for each distinct score, from the lowest threshold up; empty without detections or gold."""
    if not len(scores) or not gold:
        return ()
    if not correct.any():
        return tuple(Point(float(score), 0.0, 0.0, 0.0) for score in np.unique(scores))
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(correct, scores)
    recall = recall * (correct.sum() / gold)  # scikit-learn knows only of the gold units that were found
    f = recall if math.isinf(beta) else harmonic(precision, recall, beta)
    columns = (column.tolist() for column in (thresholds, precision, recall, f))
    return tuple(Point(*row) for row in zip(*columns, strict=False))


def average_precision(scores: Floats, correct: Bools, gold: int) -> float | None:
    """The mean of precision over recall; None without gold units, 0 if nothing was found."""
    if not gold:
        return None
    if not correct.any():
        return 0.0
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(correct, scores) * correct.sum() / gold)


def calibration(scores: Floats, correct: Bools, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of equal width over 0 to 1; those without detections are left out. A score of 1 is in the last."""
    place = np.minimum((scores * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            low=index / bins,
            high=(index + 1) / bins,
            detections=int(inside.sum()),
            score=float(scores[inside].mean()),
            precision=float(correct[inside].mean()),
        )
        for index in np.unique(place).tolist()
        for inside in [place == index]
    )


def expected_error(bins: Sequence[Bin]) -> float | None:
    """The expected calibration error: gaps between score and precision, weighted by detections."""
    total = sum(part.detections for part in bins)
    gaps = sum(part.detections * abs(part.score - part.precision) for part in bins)
    return gaps / total if total else None


def _brier(scores: Floats, correct: Bools) -> float:
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(correct, scores, pos_label=True))
