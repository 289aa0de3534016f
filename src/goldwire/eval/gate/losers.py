"""Losers: the types of units whose figure fell, those with most new errors first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from goldwire.eval.counting.counts import Counts, Floats
from goldwire.eval.measures.measure import Measure
from goldwire.eval.statistics.figures import Score, score_row

LOSERS = 3  # types that are named as having lost most


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A type and its figure before and now; None is undefined."""

    label: str
    before: float | None
    now: float | None


def losers(before: Sequence[Counts], now: Sequence[Counts], measure: Measure) -> tuple[Change, ...]:
    """The types whose F fell, those with most new errors first; one that now has only errors fell too.

    Of several runs on a side it is the F of all their units together.
    """
    old, new = (_by_label(side) for side in (before, now))
    nothing = np.zeros(4)
    changes = []
    for label in sorted(old.keys() | new.keys()):
        rows_ = old.get(label, nothing), new.get(label, nothing)
        scores: list[Score] = [score_row(row, measure.beta) for row in rows_]
        lost = _errors(rows_[1]) - _errors(rows_[0])
        if label and _fell(scores[0].f, scores[1].f):
            changes.append((lost, Change(label=label, before=scores[0].f, now=scores[1].f)))
    changes.sort(key=lambda item: (-item[0], item[1].label))
    return tuple(change for _, change in changes[:LOSERS])


def _fell(before: float | None, now: float | None) -> bool:
    """Whether a figure is less than it was; undefined was no error, so that 0 after it is a loss."""
    return now is not None and now < (before if before is not None else 1.0)


def _by_label(side: Sequence[Counts]) -> dict[str, Floats]:
    """The counts of each label, in the mean of runs."""
    found: dict[str, Floats] = {}
    for counts in side:
        for label, row in zip(counts.labels, counts.by_label(), strict=True):
            found[label] = found.get(label, np.zeros(len(row))) + row / len(side)
    return found


def _errors(row: Floats) -> float:
    """Units missed and units spurious."""
    system_hits, system, gold_hits, gold = row.tolist()
    return float(system - system_hits + gold - gold_hits)
