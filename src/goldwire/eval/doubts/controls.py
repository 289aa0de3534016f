"""Controls: units that are not in doubt, drawn at random to be decided among the doubts, unmarked.

Doubts say where gold may be wrong, not how often it is. Of each of two kinds of unit, those of gold and
those that only sources have, every one that is no doubt has the same probability to be drawn, which is
kept.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

import msgspec

from goldwire.eval.doubts.look import Unit
from goldwire.eval.doubts.rank import Case, Court, undoubted
from goldwire.eval.doubts.readings import Doubt
from goldwire.eval.doubts.words import Writer

GOLD, MISSING = "gold", "missing"


def draw(court: Court, doubted: Sequence[Case], number: int, seed: int) -> tuple[list[Doubt], dict[str, int]]:
    """So many controls, parted as the units are, and how many units there were of either kind."""
    chance, found = random.Random(seed), list[Doubt]()
    strata = dict(zip((GOLD, MISSING), undoubted(court, doubted), strict=True))
    whole = sum(map(len, strata.values()))
    writer = Writer(court)
    for kind, units in strata.items():
        size = min(len(units), math.ceil(number * len(units) / whole)) if whole else 0
        for unit in chance.sample(units, size):
            case = _case(court, unit) if kind == GOLD else court.judge(None, unit)
            found.append(msgspec.structs.replace(writer.tell(case), control=size / len(units)))
    return found, {kind: len(units) for kind, units in strata.items()}


def _case(court: Court, unit: Unit) -> Case:
    """A unit of gold against the reading that speaks most against it, or against no unit."""
    return max(
        (court.judge(unit, other) for other in court.others(unit) or [None]), key=lambda one: one.doubt
    )


def mixed(doubts: Sequence[Doubt], controls: Sequence[Doubt], seed: int) -> Iterator[Doubt]:
    """Doubts in their order, with controls at random places among them."""
    chance = random.Random(seed)
    left, rest = list(doubts)[::-1], list(controls)
    chance.shuffle(rest)
    while left or rest:
        yield left.pop() if chance.random() * (len(left) + len(rest)) < len(left) else rest.pop()
