"""Rejected units: the rate at which output of a system was turned away, its interval, and how they count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from goldwire.eval.counting.counts import SYSTEM, SYSTEM_HITS, Patterns
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import amount, interval, points
from goldwire.eval.measures.vocabulary import Units
from goldwire.eval.scoring.drawing import drawing
from goldwire.eval.scoring.record import Interval, LayerFacts, Record
from goldwire.eval.scoring.tables import CountTable
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


# ---------------------------------------------------------------- in words
# What measures do not see of units that were turned away: these have no place among tokens or matched units.
_BLIND: frozenset[Units] = frozenset({"token", "attribute", "document", "extension"})


def tell(record: Record, system: str) -> str:
    """How much of a system was rejected, of what kinds, and how that counts; empty if nothing was."""
    layer = next(layer for layer in record.systems if layer.name == system)
    number = sum(layer.rejected.values())
    if not number:
        return _not_kept(layer)
    spurious = record.policies.get("rejected", "left-out") == "spurious"
    verb = "they count as spurious" if spurious else "they are left out"
    if number == 1:
        verb = verb.replace("they count", "it counts").replace("they are", "it is")
    blind = [name(m) for m in map(parse, record.measures) if m.units in _BLIND]
    but = f", but not in {', '.join(blind)}" if spurious and blind else ""
    return f"{_rate(record, system, number)}: {kinds(layer.rejected)}; {verb}{but}"


def _not_kept(layer: LayerFacts) -> str:
    """What a run turned away before layers had a place for it: whatever the policy, it is in no figure."""
    number = rejections(layer)
    if not number:
        return ""
    units, them = amount(number, "unit"), "it" if number == 1 else "them"
    return (
        f"{units} rejected when it was run, in no figure; `goldwire eval run` keeps {them} now: run it again"
    )


def _rate(record: Record, system: str, number: int) -> str:
    found = rejection_rate(record, system)
    if found is None or not found[1]:
        return f"{amount(number, 'unit')} rejected"
    rejected, given, ends = found
    between = "" if ends is None or ends.low is None else f", {interval(ends.low, ends.high)}"
    return f"{rejected:,} of {amount(given, 'unit')} rejected ({points(rejected / given)}{between})"


def kinds(rejected: Mapping[str, int]) -> str:
    """The kinds, those with most units first."""
    ordered = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {kind}" for kind, number in ordered if number)
