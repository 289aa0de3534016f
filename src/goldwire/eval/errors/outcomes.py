"""Outcomes of all units of gold and a system, by kind, block by block: these add up, and can be kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counting.columns import NONE, Ints
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.units import Units
from goldwire.eval.errors import causes, classes
from goldwire.eval.errors.classes import Findings, Side, outside

KINDS = ("entity", "event", "argument")
_UNITS: Mapping[str, Callable[[GoldAndSystem], tuple[Units, Units]]] = {
    "entity": classes.mention_units,
    "event": classes.trigger_units,
    "argument": causes.argument_units,
}
# Rows that are kept with a record: about a megabyte of it, where one unit in five is wrong.
MOST = 1_000_000
Small = NDArray[np.int32]
Tiny = NDArray[np.int8]  # a class or a cause: there are few


class Outcomes(msgspec.Struct, frozen=True, eq=False):
    """What became of the units of one kind: a row for each unit of gold and each other one of a system.

    `document` numbers the documents, `gold` and `system` the units of either side within theirs, from left to
    right; `NONE` where there is none. `kind` and `cause` are as in `Findings`. Rows are in order of document,
    there of gold unit, then of system unit. Documents that are `left_out`, by number, have none.
    """

    document: Small
    gold: Small
    system: Small
    kind: Tiny
    cause: Tiny
    left_out: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.kind)


def find(
    sides: GoldAndSystem,
    kinds: Collection[str] = KINDS,
    kept: Mapping[str, Outcomes] = MappingProxyType({}),
) -> dict[str, Findings]:
    """What became of the units of two layers, by kind, in the order of `KINDS`; of those `kinds` alone.

    What was `kept` of the same layers is not found again.
    """
    found = {kind: restore(kept[kind], *_UNITS[kind](sides)) for kind in KINDS if kind in kept}
    if "entity" in kinds and "entity" not in kept:
        found["entity"] = classes.mentions(sides)
    if "event" not in kept and ("event" in kinds or ("argument" in kinds and "argument" not in kept)):
        found["event"] = classes.triggers(sides)
    if "argument" in kinds and "argument" not in kept:
        found["argument"] = causes.arguments(sides, causes.pair_events(sides, found["event"]))
    return {kind: found[kind] for kind in KINDS if kind in kinds}


def count_causes(findings: Findings) -> dict[str, tuple[int, int]]:
    """For each cause, how many gold and how many system arguments; all causes are named, in order."""
    sides = (findings.gold_unit != NONE, findings.system_unit != NONE)
    wrong = findings.cause != NONE
    gold, system = (np.bincount(findings.cause[wrong & side], minlength=len(causes.CAUSES)) for side in sides)
    return dict(zip(causes.CAUSES, zip(gold.tolist(), system.tolist(), strict=True), strict=True))


# ---------------------------------------------------------------- kept, added and restored
def by_document(findings: Findings) -> Outcomes:
    """Findings as rows by document, which need no numbers of units in other documents."""
    document = findings.document
    gold = _within(findings.gold_unit, findings.gold.extents.document)
    system = _within(findings.system_unit, findings.system.extents.document)
    order = np.lexsort((system, gold, gold == NONE, document))
    columns = (document, gold, system, findings.kind, findings.cause)
    return make([column[order] for column in columns], findings.left_out)


def make(columns: Sequence[NDArray[np.integer]], left_out: Mapping[int, int]) -> Outcomes:
    """Outcomes from their columns, in the order of the fields."""
    document, gold, system = (column.astype(np.int32, copy=False) for column in columns[:3])
    kind, cause = (column.astype(np.int8, copy=False) for column in columns[3:])
    return Outcomes(document, gold, system, kind, cause, dict(sorted(left_out.items())))


def _within(unit: Ints, document: Ints) -> Ints:
    """The numbers of units within their documents, `NONE` where there is none; units are in order."""
    first = np.searchsorted(document, document)
    return np.where(unit == NONE, NONE, unit - np.append(first, 0)[unit])


def add(parts: Sequence[Outcomes], numbers: Sequence[Small]) -> Outcomes:
    """The outcomes in different documents as one; `numbers` are the new ones of each part's documents."""
    document = np.concatenate([number[part.document] for part, number in zip(parts, numbers, strict=True)])
    rest = ("gold", "system", "kind", "cause")
    columns = [document, *(np.concatenate([getattr(part, name) for part in parts]) for name in rest)]
    if (document[1:] < document[:-1]).any():
        order = np.argsort(document, kind="stable")
        columns = [column[order] for column in columns]
    left_out = {
        int(number[document]): pairs
        for part, number in zip(parts, numbers, strict=True)
        for document, pairs in part.left_out.items()
    }
    return make(columns, left_out)


def part(kept: Outcomes, numbers: Ints) -> Outcomes:
    """The outcomes in some documents, given by their `numbers` in order; they are numbered from 0."""
    ends = (int(numbers[0]), int(numbers[-1]) + 1) if len(numbers) else (0, 0)
    near = slice(*np.searchsorted(kept.document, ends).tolist())
    document = np.searchsorted(numbers, kept.document[near])
    rows = np.flatnonzero(numbers[document] == kept.document[near])
    rest = [getattr(kept, name)[near][rows] for name in ("gold", "system", "kind", "cause")]
    place = {number: place for place, number in enumerate(numbers.tolist())} if kept.left_out else {}
    left_out = {place[number]: pairs for number, pairs in kept.left_out.items() if number in place}
    return make([document[rows], *rest], left_out)


class OtherUnitsError(Exception):
    """Outcomes are not of these units."""


def restore(kept: Outcomes, ours: Units, theirs: Units) -> Findings:
    """Findings as they were found, from what was kept and from the units of both sides, from left to right.

    Raises `OtherUnitsError` if the units are others.
    """
    gold, system = (outside(units, kept.left_out) for units in (ours, theirs))
    gold_unit = _numbered(kept.gold, kept.document, gold)
    system_unit = _numbered(kept.system, kept.document, system)
    order = _as_found(gold_unit, system_unit, gold, system)
    return Findings(
        gold=Side(gold.extents, gold.label, gold.row),
        system=Side(system.extents, system.label, system.row),
        gold_unit=gold_unit[order],
        system_unit=system_unit[order],
        kind=kept.kind[order].astype(np.int64),
        cause=kept.cause[order].astype(np.int64),
        left_out=kept.left_out,
    )


def _numbered(within: Small, document: Small, units: Units) -> Ints:
    """The numbers of units, from those within their documents."""
    there = within != NONE
    sizes, known = np.bincount(document[there]), np.bincount(units.extents.document)
    if not np.array_equal(sizes, known):
        raise OtherUnitsError
    first = np.cumsum(known) - known
    number = np.full(len(within), NONE)
    number[there] = within[there] + first[document[there]]
    return number


def _as_found(gold: Ints, system: Ints, ours: Units, theirs: Units) -> Ints:
    """The order of `classes.complete`: units of equal key, other pairs, missed, what only the system has.

    Rows are in order of gold units already, and where there are none, in that of system units.
    """
    paired = (gold != NONE) & (system != NONE)
    both = np.flatnonzero(paired)
    key = ours.key[gold[both]]
    equal = key == theirs.key[system[both]]
    by_key = np.argsort(key[equal], kind="stable")
    missed, extra = np.flatnonzero((gold != NONE) & ~paired), np.flatnonzero(gold == NONE)
    return np.concatenate([both[equal][by_key], both[~equal], missed, extra])
