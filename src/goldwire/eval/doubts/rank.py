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
from goldwire.eval.doubts.look import Gold, On, Unit, View
from goldwire.eval.doubts.trust import Trust, odds

EVEN = 0.5  # a share of which the odds are 1


class Voice(NamedTuple):
    """What one witness says: a source by its name, or the dictionary (no view), and how much."""

    view: View | None
    said: Unit | None
    worth: float

    @property
    def name(self) -> str:
        """Who speaks; nobody's name for the dictionary."""
        return self.view.name if self.view is not None else ""


class Case(NamedTuple):
    """Two readings of a place, what is said of them, and how much more against gold's than for it."""

    gold: Unit | None
    other: Unit | None
    voices: tuple[Voice, ...]
    doubt: float

    @property
    def unit(self) -> Unit:
        """Gold's unit, else the one that it has not; one of the two is there."""
        return next(one for one in (self.gold, self.other) if one is not None)


class Court:
    """Gold, its sources and its dictionary, and what they say of readings."""

    def __init__(self, gold: Gold, views: Sequence[View], groups: Sequence[int]) -> None:
        self.gold, self.views = gold, views
        self.trust = {view.name: Trust(view, groups) for view in views}
        self.dictionary = Dictionary(gold, groups)
        self.sizes: dict[str, int] = defaultdict(int)
        for view in views:
            self.sizes[view.family] += 1
        self.extra = {view.name: _Extra(view.extra) for view in views}

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
        if place is None or place.document not in view.documents or not _has_event(view, place):
            return
        if gold is None:
            said = self.extra[view.name].at(place)
        elif gold in view.says:
            said = view.says[gold]
        else:
            return
        yield Voice(view, said, self._worth(view, said, gold, other))

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
        taken: dict[Place, set[int]] = defaultdict(set)
        kept = []
        for case in cases:
            if case.other is not None and taken[_place(case.other)].isdisjoint(characters(case.other)):
                taken[_place(case.other)].update(characters(case.other))
                kept.append(case)
        return kept


Place = tuple[str, int, On | None]


def _has_event(view: View, unit: Unit) -> bool:
    """Whether a source has the event of an argument as gold has it; of other units nothing is asked."""
    if unit.unit != "argument" or unit.on is None:
        return True
    event = Unit("trigger", unit.document, unit.on.spans, unit.on.type)
    return view.says.get(event) == event


def _place(unit: Unit) -> Place:
    """Within what units may stand in each other's way."""
    return unit.unit, unit.document, unit.on


def characters(unit: Unit) -> Iterator[int]:
    """The code points that a unit covers."""
    return chain.from_iterable(range(span.start, span.end) for span in unit.spans)


class _Extra:
    """What a source has and gold has not, to be found by place."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = frozenset(units)
        self.covered: dict[Place, dict[int, Unit]] = defaultdict(dict)
        for unit in units:
            for character in characters(unit):
                self.covered[_place(unit)].setdefault(character, unit)

    def at(self, unit: Unit) -> Unit | None:
        """The unit itself, else the first that shares a character with it."""
        if unit in self.units:
            return unit
        covered = self.covered.get(_place(unit), {})
        return next((covered[one] for one in characters(unit) if one in covered), None)


def order(case: Case) -> tuple[object, ...]:
    """What equal doubts are put in order by: place, then what is read there."""
    both = [(one.document, one.spans, one.unit, one.name, one.label) for one in case[:2] if one is not None]
    return (both[0], len(both), both)


def undoubted(court: Court, doubted: Sequence[Case]) -> tuple[list[Unit], list[Unit]]:
    """The units of gold that are in none of some cases, and those that only sources have and that are in
    none."""
    told = {case.unit for case in doubted}
    gold = [unit for unit in court.gold.units if unit not in told]
    missing = [case.other for case in court.missing() if case.other is not None and case.other not in told]
    return gold, missing


def rank(court: Court) -> list[Case]:
    """All cases, the greatest doubt first."""
    cases = [*court.of_gold(), *court.missing()]
    return sorted(cases, key=lambda case: (-case.doubt, order(case)))
