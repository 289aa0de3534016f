"""COR, INC, PAR, MIS and SPU: what becomes of mentions and triggers under SemEval-2013's schemes.

A gold and a system unit that share a character may go together; they are aligned one to one, for the
greatest total credit (see `align`). A pair is correct (COR), of half credit (PAR), or incorrect (INC);
gold units without a partner are missing (MIS), system units without one spurious (SPU).
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counting import align
from goldwire.eval.counting.align import Pairs
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.keys import shared_keys
from goldwire.eval.counting.match import HALF
from goldwire.eval.counting.units import Units
from goldwire.eval.errors.classes import in_order, places
from goldwire.eval.measures.measure import Measure


def applies(measure: Measure) -> bool:
    """Whether the classes are defined: spans of mentions or triggers, matched whole, in part or partly."""
    return (
        measure.units in ("entity", "event")
        and measure.match in ("exact", "overlap", "partial")
        and {*measure.key} <= {"span", "trigger", "type"}
    )


def count(measure: Measure, sides: GoldAndSystem) -> dict[str, int]:
    """How many units are in each class; units of one span and several types are several."""
    gold, system, pairs = overlapping(measure, sides)
    found = align.assign(
        Pairs(pairs.gold, pairs.system, _credit(measure, gold, system, pairs), pairs.overlap)
    )
    correct, partial = int((found.credit == 1).sum()), int((found.credit == HALF).sum())
    return {
        "COR": correct,
        "INC": len(found) - correct - partial,
        "PAR": partial,
        "MIS": len(gold) - len(found),
        "SPU": len(system) - len(found),
    }


def overlapping(measure: Measure, sides: GoldAndSystem) -> tuple[Units, Units, Pairs]:
    """Typed units of both sides from left to right, and all pairs that share a character."""
    case = sides.case(msgspec.structs.replace(measure, key=(measure.key[0], "type")))
    gold, system = (in_order(side, sides.codes) for side in (case.gold, case.system))
    with align.named(sides.texts.ids):
        return gold, system, align.overlaps(gold.extents, system.extents)


def _credit(measure: Measure, gold: Units, system: Units, pairs: Pairs) -> NDArray[np.float64]:
    same_type = gold.label[pairs.gold] == system.label[pairs.system]
    same_place = _equal_places(gold, system, pairs)
    if measure.match == "exact":
        credit = same_place.astype(np.float64)
    else:
        credit = np.where(same_place, 1.0, HALF if measure.match == "partial" else 1.0)
    return credit * same_type if "type" in measure.key else credit


def _equal_places(gold: Units, system: Units, pairs: Pairs) -> NDArray[np.bool_]:
    ours, theirs = shared_keys(places(gold.extents), places(system.extents))
    return np.equal(ours[pairs.gold], theirs[pairs.system])
