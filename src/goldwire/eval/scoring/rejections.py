"""Rate of rejection: how much of what a system gave was turned away, with its interval."""

from __future__ import annotations

import numpy as np

from goldwire.eval.counting.counts import SYSTEM, SYSTEM_HITS, Patterns
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.drawing import drawing
from goldwire.eval.scoring.record import (
    CountTable,
    Interval,
    LayerFacts,
    Record,
)
from goldwire.eval.statistics.intervals import figure_intervals
from goldwire.eval.systems.facts import reported

# The rate is the precision of the table, summed over documents: any measure of that average will do.
_SUMS = parse("entity")


def rejection_rate(record: Record, system: str) -> tuple[int, int, Interval | None] | None:
    """How many units of a system were rejected, of how many given, and the 95 % interval of their ratio.

    Documents are drawn anew as for the record's other intervals; where it has none, None is in its place.
    None at all where the record does not tell how many units were given.
    """
    table = next((table for table in record.rejections if table.system == system), None)
    if table is None:
        return None
    counts = table.decoded
    whole = counts.whole().total()
    return round(float(whole[SYSTEM_HITS])), round(float(whole[SYSTEM])), _interval(record, table, counts)


def _interval(record: Record, table: CountTable, patterns: Patterns) -> Interval | None:
    drawn = drawing(record)
    if drawn is None:
        return None
    grouped = record.groups is not None and not table.times
    found = figure_intervals(
        patterns.expand(record.documents) if grouped else patterns,
        _SUMS,
        groups=np.asarray(record.groups) if grouped else None,
        **drawn._asdict(),
    )["precision"]
    return Interval(low=found.low, high=found.high, remark=found.remark)


def rejections(layer: LayerFacts) -> int:
    """How many units of a layer were rejected, as far as its record tells (format 1: only those of runs)."""
    facts = reported(layer.facts)
    before = (*facts.quarantined.values(), *facts.unmapped.values()) if facts.rejected is None else ()
    return sum(layer.rejected.values()) or sum(before)
