"""Means over several runs of one system, in the form of the result of one.

Sums (hits, units) are means too, and no whole numbers any more; what is undefined in a run is undefined here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from goldwire.eval.scoring.record import Interval, Result
from goldwire.eval.scoring.runs import RunsResult
from goldwire.eval.statistics.figures import Score

_SUMS = ("system_hits", "system", "gold_hits", "gold")
_FIGURES = ("precision", "recall", "f")
_NONE = Score(system_hits=0.0, system=0.0, gold_hits=0.0, gold=0.0)  # of a label that a run does not have


def mean_result(system: str, found: RunsResult, runs: Sequence[Result]) -> Result:
    """What a measure says of a system with runs, from what it says of each."""
    averages, labels = ([getattr(run, what) for run in runs] for what in ("averages", "labels"))
    return Result(
        system=system,
        measure=found.measure,
        signature=found.signature,
        value=found.figures["f"].mean,
        averages=_mean_scores(averages, Score()),
        labels=_mean_scores(labels, _NONE),
        intervals={
            figure: Interval(low=one.low, high=one.high, remark=one.remark)
            for figure, one in found.figures.items()
            if runs[0].intervals
        },
        classes=_mean_classes([run.classes for run in runs]),
        gold_collapsed=max(run.gold_collapsed for run in runs),
    )


def _mean_scores(runs: Sequence[Mapping[str, Score]], absent: Score) -> dict[str, Score]:
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: mean_score([run.get(name, absent) for run in runs]) for name in names}


def mean_score(scores: Sequence[Score]) -> Score:
    """The mean of each figure and sum; None where one of them has none.

    >>> found = mean_score([Score(f=0.5, gold=3.0), Score(f=0.25, gold=3.0)])
    >>> found.f, found.gold, found.precision
    (0.375, 3.0, None)
    """
    return Score(**{what: _mean([getattr(score, what) for score in scores]) for what in (*_FIGURES, *_SUMS)})


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if len(known) == len(values) else None


def _mean_classes(runs: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Units of each class in the mean of runs, to whole ones."""
    return {name: round(sum(run.get(name, 0) for run in runs) / len(runs)) for name in runs[0]}
