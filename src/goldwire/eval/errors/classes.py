"""Classes of errors: one for every mention, trigger and argument of gold and of a system.

Units of equal key are `correct`. The rest are aligned one to one where they overlap, those of one place
before those of one type: `type` (place right, type wrong), `boundary` (type right, place wrong),
`boundary+type`. A system unit that is left over is a `duplicate` if it overlaps a gold unit of its type
that another system unit has taken, else `spurious`; a gold unit left over is `missed`. Every unit is in
one class, and in one cell of the confusion matrix. For arguments the type is the role: see `causes`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec
import numpy as np

from goldwire.corpora.types import Span, Spans
from goldwire.eval.counting import align
from goldwire.eval.counting.align import Pairs
from goldwire.eval.counting.columns import NONE, Bools, Codes, Extents, Ints
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.keys import row_keys, shared_keys
from goldwire.eval.counting.units import Units, place
from goldwire.eval.measures.measure import Measure, parse

CLASSES = ("correct", "boundary", "type", "boundary+type", "duplicate", "spurious", "missed")
CORRECT, BOUNDARY, TYPE, BOUNDARY_TYPE, DUPLICATE, SPURIOUS, MISSED = range(len(CLASSES))
# What two overlapping units share decides which go together; two that share less never outweigh one pair
# that shares more.
_CREDIT = {(True, True): 6.0, (True, False): 4.0, (False, True): 3.0, (False, False): 2.0}


class Side(msgspec.Struct, frozen=True):
    """The units of one layer: where they stand, what they are called, and their rows in the table."""

    extents: Extents
    label: Ints
    row: Ints


class Findings(msgspec.Struct, frozen=True):
    """A row for each unit, or for each pair of units that go together.

    `gold_unit` and `system_unit` number the units of the sides, `NONE` where there is none; `kind` numbers
    `CLASSES`; `cause` numbers `blame.CAUSES`, `NONE` for units that have no cause. `left_out` has, by
    number, the documents whose units are not compared, and how many pairs there are too many (see `align`).
    """

    gold: Side
    system: Side
    gold_unit: Ints
    system_unit: Ints
    kind: Ints
    cause: Ints
    left_out: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def document(self) -> Ints:
        """The number of the document of each row."""
        documents = np.append(self.gold.extents.document, NONE)[self.gold_unit]
        other = np.append(self.system.extents.document, NONE)[self.system_unit]
        return np.where(self.gold_unit == NONE, other, documents)

    @property
    def paired(self) -> Bools:
        """Which rows are pairs."""
        both: Bools = (self.gold_unit != NONE) & (self.system_unit != NONE)
        return both


# ---------------------------------------------------------------- mentions and triggers
def mentions(sides: GoldAndSystem) -> Findings:
    """What became of the entity mentions; the label is their type."""
    return uncrowded(_compared, *mention_units(sides))


def mention_units(sides: GoldAndSystem) -> tuple[Units, Units]:
    """The entity mentions of both sides, from left to right."""
    return _in_order(sides, _MENTION)


def triggers(sides: GoldAndSystem) -> Findings:
    """What became of the event triggers; the label is the event type."""
    return uncrowded(_compared, *trigger_units(sides))


def trigger_units(sides: GoldAndSystem) -> tuple[Units, Units]:
    """The event triggers of both sides, from left to right."""
    return _in_order(sides, _TRIGGER)


_MENTION, _TRIGGER = parse("entity"), parse("TC")


def _in_order(sides: GoldAndSystem, measure: Measure) -> tuple[Units, Units]:
    case = sides.case(measure)
    return in_order(case.gold, sides.codes), in_order(case.system, sides.codes)


def uncrowded(
    compare: Callable[[Units, Units], Findings],
    gold: Units,
    system: Units,
    left_out: Mapping[int, int] | None = None,
) -> Findings:
    """What units are found to be, those of crowded documents and of those `left_out` before not compared."""
    without = dict(left_out or {})
    try:
        found = compare(*(outside(units, without) for units in (gold, system)))
    except align.CrowdError as error:
        return uncrowded(compare, gold, system, {**without, **error.crowds})
    return msgspec.structs.replace(found, left_out=without)


def outside(units: Units, documents: Collection[int]) -> Units:
    """The units that stand in none of some documents."""
    if not documents:
        return units
    return units.take(np.flatnonzero(~np.isin(units.extents.document, [*documents])))


def _compared(ours: Units, theirs: Units) -> Findings:
    match = go_together(ours, theirs, (ours.extents.document, theirs.extents.document))
    kind = kinds(~match.same_place, ~match.same_label)
    return complete(ours, theirs, match, kind, (ours.extents.document, theirs.extents.document))


# ---------------------------------------------------------------- the steps
class Match(msgspec.Struct, frozen=True):
    """Units that go together, and whether they have one place and one label."""

    gold: Ints
    system: Ints
    same_place: Bools
    same_label: Bools


def in_order(units: Units, codes: Codes, *further: Ints) -> Units:
    """Units from left to right, those of one place by the name of their label: independent of any order.

    What is alike in both is by `further` columns, the first of which decides first.
    """
    at = row_keys(places(units.extents))
    if (at[:-1] < at[1:]).all():
        return units
    return units.take(np.lexsort((*reversed(further), by_name(units.label, codes), at)))


def by_name(labels: Ints, codes: Codes) -> Ints:
    """The places of labels in the order of their names, which codes are not in."""
    names = list(codes.names())
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=lambda code: str(names[code]))] = np.arange(len(names))
    return rank[labels]


def go_together(gold: Units, system: Units, groups: tuple[Ints, Ints]) -> Match:
    """Units of equal key, then the best one-to-one choice of those that overlap within a group."""
    _, first, second = np.intersect1d(gold.key, system.key, assume_unique=True, return_indices=True)
    free = _others(len(gold), first), _others(len(system), second)
    near = _near(gold, system, groups, free)
    at = shared_keys(places(gold.extents), places(system.extents))

    def shared(left: Ints, right: Ints) -> tuple[Bools, Bools]:
        return at[0][left] == at[1][right], gold.label[left] == system.label[right]

    same_place, same_label = shared(near.gold, near.system)
    credit = np.zeros(len(near))
    for (in_place, in_label), worth in _CREDIT.items():
        credit[(same_place == in_place) & (same_label == in_label)] = worth
    chosen = align.assign(Pairs(near.gold, near.system, credit, near.overlap))
    left, right = np.concatenate([first, chosen.gold]), np.concatenate([second, chosen.system])
    return Match(left, right, *shared(left, right))


def _others(size: int, taken: Ints) -> Ints:
    """The numbers below `size` that are not taken, in order."""
    free = np.ones(size, np.bool_)
    free[taken] = False
    return np.flatnonzero(free)


def _near(gold: Units, system: Units, groups: tuple[Ints, Ints], among: tuple[Ints, Ints]) -> Pairs:
    """The pairs of units that overlap within a group, among some of either side."""
    ours = among[0][np.isin(groups[0][among[0]], groups[1][among[1]])]  # most are alone with their side
    theirs = among[1][np.isin(groups[1][among[1]], groups[0][ours])]
    extents = gold.extents.take(ours), system.extents.take(theirs)
    found = align.overlaps(*extents, groups[0][ours], groups[1][theirs])
    return Pairs(ours[found.gold], theirs[found.system], found.credit, found.overlap)


def places(extents: Extents) -> list[Ints]:
    """The columns that say where units are; equal for equal sets of characters."""
    return [extents.document, *place(extents)]


def kinds(boundary: Bools, type: Bools) -> Ints:
    """The class of pairs by what is wrong with them."""
    return np.where(boundary, np.where(type, BOUNDARY_TYPE, BOUNDARY), np.where(type, TYPE, CORRECT))


def complete(gold: Units, system: Units, match: Match, kind: Ints, groups: tuple[Ints, Ints]) -> Findings:
    """Findings from the pairs, with the units that are left over on either side; no causes yet."""
    missed, extra = _others(len(gold), match.gold), _others(len(system), match.system)
    again = _repeating(gold, system, match, groups, extra)
    nothing = np.full(max(len(missed), len(extra)), NONE)
    kind = np.concatenate([kind, np.full(len(missed), MISSED), np.where(again, DUPLICATE, SPURIOUS)])
    return Findings(
        gold=Side(gold.extents, gold.label, gold.row),
        system=Side(system.extents, system.label, system.row),
        gold_unit=np.concatenate([match.gold, missed, nothing[: len(extra)]]),
        system_unit=np.concatenate([match.system, nothing[: len(missed)], extra]),
        kind=kind,
        cause=np.full(len(kind), NONE),
    )


def _repeating(gold: Units, system: Units, match: Match, groups: tuple[Ints, Ints], extra: Ints) -> Bools:
    """Which of the extra system units overlap a gold unit of their label that is taken."""
    near = _near(gold, system, groups, (np.sort(match.gold), extra))
    hit = gold.label[near.gold] == system.label[near.system]
    return np.isin(extra, near.system[hit])


# ---------------------------------------------------------------- what findings say
def tally(findings: Findings) -> dict[str, int]:
    """How many units, or pairs of units, are in each class."""
    return dict(zip(CLASSES, np.bincount(findings.kind, minlength=len(CLASSES)).tolist(), strict=True))


Cell = tuple[str | None, str | None, int]


def confusion(findings: Findings, codes: Codes) -> tuple[Cell, ...]:
    """The cells of the confusion matrix that are not empty: gold label, system label, number.

    None on the gold side is spurious (duplicates too), on the system side missed.
    """
    gold, system = label_codes(findings)
    names = (None, *codes.names())  # in front, since the code NONE is one below the others
    numbers = np.bincount((gold - NONE) * len(names) + system - NONE)
    cells = [(divmod(cell, len(names)), int(numbers[cell])) for cell in np.flatnonzero(numbers).tolist()]
    found = [(names[one], names[other], number) for (one, other), number in cells]
    return tuple(sorted(found, key=lambda cell: [(name is None, name or "") for name in cell[:2]]))


def label_codes(findings: Findings) -> tuple[Ints, Ints]:
    """The codes of the gold and the system label of each row, `NONE` where a side has no unit."""
    return (
        np.append(findings.gold.label, NONE)[findings.gold_unit],
        np.append(findings.system.label, NONE)[findings.system_unit],
    )


def spans(extents: Extents, unit: int) -> Spans:
    """Where a unit stands."""
    parts = slice(extents.offset[unit], extents.offset[unit + 1])
    ends = zip(extents.starts[parts].tolist(), extents.ends[parts].tolist(), strict=True)
    return tuple(Span(*pair) for pair in ends)
