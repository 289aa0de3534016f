"""Doubt: what is said against gold's reading of a place, less what is said for it.

Two readings of a place are held against each other: gold's, and one that somebody else has (a unit or none).
What each witness says is a natural logarithm of odds, and these are added up:

- a source that reads as the other reading: the odds of its precision for that label (`trust`), at least 0;
- one that reads as gold: the same, for gold;
- one that has nothing there: the logarithm of how often it misses units of a label, for each of the two
  readings that is a unit; what often has nothing says little by that;
- one with a third reading says nothing;
- the dictionary: the odds of the label for its words elsewhere in gold, for each of the two that is a unit,
  at most `dictionary.MOST`.

Runs of one system say the mean of what they say. A source from which gold was made does not speak for it.
Of all other readings of a unit the one that is most doubted by stands; of missing units that overlap, the
one that is most missed. Witnesses are taken as independent, which they are not: the sum is a rank, no
probability.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from statistics import fmean
from typing import NamedTuple

from goldwire.eval.doubts.dictionary import MOST, Dictionary
from goldwire.eval.doubts.look import Gold, Unit, View
from goldwire.eval.doubts.trust import Trust, odds

EVEN = 0.5  # a share of which the odds are 1


class Voice(NamedTuple):
    """What one witness says: a source by its name, or the dictionary (no view), and how much."""

    view: View | None
    said: Unit | None
    worth: float


class Case(NamedTuple):
    """Two readings of a place, what is said of them, and how much more against gold's than for it."""

    gold: Unit | None
    other: Unit | None
    voices: tuple[Voice, ...]
    doubt: float


class Court:
    """Gold, its sources and its dictionary, and what they say of readings."""

    def __init__(self, gold: Gold, views: Sequence[View], groups: Sequence[int]) -> None:
        self.gold, self.views = gold, views
        self.trust = {view.name: Trust(view, groups) for view in views}
        self.dictionary = Dictionary(gold, groups)
        self.sizes: dict[str, int] = defaultdict(int)
        for view in views:
            self.sizes[view.family] += 1
        self.extra = {view.name: _by_place(view.extra) for view in views}

    def judge(self, gold: Unit | None, other: Unit | None) -> Case:
        """What is said of two readings of one place."""
        voices = [voice for view in self.views for voice in self._of_source(view, gold, other)]
        voices += self._of_dictionary(gold, other)
        families = defaultdict(list)
        for voice in voices:
            families[voice.view.family if voice.view else None].append(voice.worth)
        return Case(gold, other, tuple(voices), sum(map(fmean, families.values())))

    def _of_source(self, view: View, gold: Unit | None, other: Unit | None) -> Iterator[Voice]:
        place = gold or other
        if place is None or place.document not in view.documents:
            return
        if gold is None:
            said = self._missing(view, place)
        elif gold in view.says:
            said = view.says[gold]
        else:
            return
        yield Voice(view, said, self._worth(view, said, gold, other))

    def _missing(self, view: View, place: Unit) -> Unit | None:
        """What a source has where gold has nothing: the unit itself, else one that overlaps it."""
        near = self.extra[view.name].get((place.unit, place.document, place.on), ())
        found = [one for one in near if one == place] or [one for one in near if overlap(one, place)]
        return found[0] if found else None

    def _worth(self, view: View, said: Unit | None, gold: Unit | None, other: Unit | None) -> float:
        trust = self.trust[view.name]
        if said == gold and (gold or other or said).document in view.remembers:  # type: ignore[union-attr]
            return 0.0
        if said is None:
            lost = (sign * math.log(trust.silence(one)) for sign, one in ((-1, gold), (1, other)) if one)
            return sum(lost)
        if said not in (gold, other):
            return 0.0
        worth = max(0.0, odds(trust.precision(said)))
        return worth if said == other else -worth

    def _of_dictionary(self, gold: Unit | None, other: Unit | None) -> Iterator[Voice]:
        worth = 0.0
        for sign, one in ((-1, gold), (1, other)):
            if one is not None and one.unit != "argument":
                worth += sign * odds(self.dictionary.share(one))
        if worth:
            yield Voice(None, None, max(-MOST, min(MOST, worth)))

    # ------------------------------------------------------------ cases
    def others(self, unit: Unit) -> list[Unit | None]:
        """The readings that somebody has of a unit of gold, other than gold's."""
        said = [view.says[unit] for view in self.views if unit in view.says]
        found: dict[Unit | None, None] = dict.fromkeys(one for one in said if one != unit)
        found |= dict.fromkeys(self.dictionary.others(unit))
        if unit.unit in ("mention", "trigger") and self.dictionary.share(unit) < EVEN:
            found[None] = None
        return [*found]

    def of_gold(self) -> Iterator[Case]:
        """The greatest case against each unit of gold of which anybody has another reading."""
        for unit in self.gold.units:
            if cases := [self.judge(unit, other) for other in self.others(unit)]:
                yield max(cases, key=lambda case: (case.doubt, order(case)))

    def missing(self) -> list[Case]:
        """The greatest cases for units that gold does not have, none of which overlaps another."""
        found = dict.fromkeys(chain.from_iterable(view.extra for view in self.views))
        found |= dict.fromkeys(self.dictionary.missing())
        cases = sorted(
            (self.judge(None, unit) for unit in found), key=lambda case: (-case.doubt, order(case))
        )
        taken: dict[tuple[object, ...], list[Unit]] = defaultdict(list)
        kept = []
        for case in cases:
            one = case.other
            if one is not None and not any(overlap(one, other) for other in taken[_place(one)]):
                taken[_place(one)].append(one)
                kept.append(case)
        return kept


def _place(unit: Unit) -> tuple[object, ...]:
    return unit.unit, unit.document, unit.on


def _by_place(units: Sequence[Unit]) -> dict[tuple[object, ...], list[Unit]]:
    found: dict[tuple[object, ...], list[Unit]] = defaultdict(list)
    for unit in units:
        found[_place(unit)].append(unit)
    return dict(found)


def overlap(one: Unit, other: Unit) -> bool:
    """Whether two units of one document share a character."""
    return any(a.start < b.end and b.start < a.end for a in one.spans for b in other.spans)


def order(case: Case) -> tuple[object, ...]:
    """What equal doubts are put in order by: place, then what is read there."""
    both = [(one.document, one.spans, one.unit, one.name, one.label) for one in case[:2] if one is not None]
    return (both[0], len(both), both)


def undoubted(court: Court, doubted: Sequence[Case]) -> tuple[list[Unit], list[Unit]]:
    """The units of gold that are in none of some cases, and those that only sources have and that are in
    none."""
    told = {case.gold or case.other for case in doubted}
    gold = [unit for unit in court.gold.units if unit not in told]
    missing = [case.other for case in court.missing() if case.other is not None and case.other not in told]
    return gold, missing


def rank(court: Court) -> list[Case]:
    """All cases, the greatest doubt first."""
    cases = [*court.of_gold(), *court.missing()]
    return sorted(cases, key=lambda case: (-case.doubt, order(case)))
