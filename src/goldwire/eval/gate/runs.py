"""Runs on both sides of a gate: which layers stand for a system, and what is known of their spread.

A baseline keeps the counts of each run, so a build of one run can be judged by how far apart runs are. Where
neither side has several runs, and nothing says that the system gives the same each time, that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goldwire.eval.comparison.contender import contenders
from goldwire.eval.counting.counts import Counts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.several import look
from goldwire.eval.statistics import crossed, runs
from goldwire.eval.statistics.crossed import Loss
from goldwire.eval.statistics.figures import FIGURES, Groups
from goldwire.eval.statistics.runs import Spread
from goldwire.eval.systems.facts import reported
from goldwire.eval.systems.runs import ENOUGH, is_run


def systems(record: Record) -> list[str]:
    """The systems of a record, one with runs once."""
    return [system.name for system in contenders({"": record})]


def layers(record: Record, system: str) -> tuple[str, ...]:
    """The record's names for what stands for a system: its runs, itself, or the one run that is there."""
    found = next((one for one in contenders({"": record}) if one.name == system), None)
    if found is not None:
        return found.layers
    return tuple(name for name in systems(record) if is_run(name, system))


def is_fixed(record: Record, system: str) -> bool:
    """Whether a system gives the same each time, as far as the record knows."""
    return all(reported(one.facts).fixed for one in record.systems if one.name in layers(record, system))


def unknown(old: Record, record: Record) -> Iterator[str]:
    """What must be said of systems of whose spread between runs nothing is known."""
    alone = [
        name
        for name in systems(old)
        if len(layers(old, name)) == len(layers(record, name)) == 1
        and not (is_fixed(old, name) or is_fixed(record, name))
    ]
    if alone:
        yield (
            f"{', '.join(alone)}: one run on either side, and how far apart runs are is not known, so a loss "
            f"may be a less lucky run, and a lucky one may hide it. A baseline of {ENOUGH} runs tells (`eval "
            f"run --runs {ENOUGH}`); what gives the same each time needs none (`deterministic = true`)."
        )


def judge(
    before: Sequence[Counts],
    now: Sequence[Counts],
    measure: Measure,
    figure: str,
    margin: float,
    *,
    alpha: float,
    groups: Groups = None,
) -> tuple[Loss, Spread] | None:
    """A verdict on a margin over documents and runs, and the larger spread; None where no runs are known."""
    if max(len(before), len(now)) == 1:
        return None
    labels = sorted({label for one in (*before, *now) for label in one.labels})
    first, second = (look(side, measure, groups, labels) for side in (before, now))
    if first is None or second is None:
        return None
    k = FIGURES.index(figure)
    known = [runs.spread_of(first, k), runs.spread_of(second, k)]
    one, two = known[0] or known[1], known[1] or known[0]
    if one is None or two is None:
        return None
    return crossed.loss(first, second, k, (one, two), margin, alpha=alpha), max(one, two)
