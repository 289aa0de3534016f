"""Trust in sources: how often they agree with gold where they say something, and how often they miss it.

Estimated without the document in question and its near-duplicates, so that no unit is its own witness: a
rate is of all other groups of documents. A rate of few units is drawn towards that of all units of the
source, as if `PRIOR` more had been seen there.

Where a source gives scores, a label's units are parted at a threshold of its own: the mean score of those
that agree with gold (the class-wise threshold of confident learning: Northcutt, Jiang and Chuang 2021,
"Confident Learning: Estimating Uncertainty in Dataset Labels", 3.1). What it says with more is weighed by
how often it is right with more.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

from goldwire.eval.doubts.look import Unit, View

PRIOR = 5.0  # units; a label seen as often is believed as much as the source is as a whole
Cell = tuple[Hashable, ...]


class Rates:
    """Shares of successes by cell, without those of one group of documents."""

    def __init__(self, seen: Iterable[tuple[Cell, int, bool]]) -> None:
        self.all: Counter[Cell] = Counter()
        self.hits: Counter[Cell] = Counter()
        self.own_all: Counter[tuple[Cell, int]] = Counter()
        self.own_hits: Counter[tuple[Cell, int]] = Counter()
        for cell, group, hit in seen:
            self.all[cell] += 1
            self.own_all[cell, group] += 1
            if hit:
                self.hits[cell] += 1
                self.own_hits[cell, group] += 1

    def number(self, cell: Cell, group: int) -> int:
        """How many were seen in other groups."""
        return self.all[cell] - self.own_all[cell, group]

    def share(self, cell: Cell, wider: Cell, group: int) -> float:
        """The share of successes in other groups, drawn towards that of a wider cell; never 0 or 1."""
        whole = (self.hits[wider] - self.own_hits[wider, group] + 1) / (self.number(wider, group) + 2)
        hits = self.hits[cell] - self.own_hits[cell, group]
        return (hits + PRIOR * whole) / (self.number(cell, group) + PRIOR)


class Trust:
    """What one source's words are worth; `groups` are those of the documents, by number."""

    def __init__(self, view: View, groups: Sequence[int]) -> None:
        self.view, self.groups = view, groups
        self.sums: defaultdict[Cell, list[float]] = defaultdict(lambda: [0.0, 0.0])  # of scores, and how many
        for gold, said in view.says.items():
            if said == gold and said in view.scores:
                for cell in (_of(gold), (*_of(gold), groups[gold.document])):
                    self.sums[cell][0] += view.scores[said]
                    self.sums[cell][1] += 1
        self.right = Rates(self._words())
        self.missed = Rates(self._silences())

    def _words(self) -> Iterable[tuple[Cell, int, bool]]:
        pairs = [*self.view.says.items(), *((None, one) for one in self.view.extra)]
        for gold, said in pairs:
            if said is not None:
                group = self.groups[said.document]
                for cell in (_of(said), (*_of(said), self.is_sure(said)), (said.unit,)):
                    yield cell, group, said == gold

    def _silences(self) -> Iterable[tuple[Cell, int, bool]]:
        for gold, said in self.view.says.items():
            for cell in (_of(gold), (gold.unit,)):
                yield cell, self.groups[gold.document], said is None

    def threshold(self, said: Unit) -> float | None:
        """The mean score of this label where gold agrees, in other groups; None where there is no score."""
        total, number = self.sums[_of(said)]
        own, there = self.sums[(*_of(said), self.groups[said.document])]
        return (total - own) / (number - there) if number > there else None

    def is_sure(self, said: Unit) -> bool | None:
        """Whether the source's score is at least the threshold; None where either is not there."""
        score, threshold = self.view.scores.get(said), self.threshold(said)
        return None if score is None or threshold is None else score >= threshold

    def precision(self, said: Unit) -> float:
        """How often gold agrees elsewhere, where the source says this label (as surely)."""
        group, sure = self.groups[said.document], self.is_sure(said)
        if sure is None:
            return self.right.share(_of(said), (said.unit,), group)
        return self.right.share((*_of(said), sure), _of(said), group)

    def silence(self, of: Unit) -> float:
        """How often the source has nothing elsewhere, where gold has this label."""
        return self.missed.share(_of(of), (of.unit,), self.groups[of.document])


def _of(unit: Unit) -> Cell:
    return (unit.unit, unit.name, unit.label)


def odds(share: float) -> float:
    """The natural logarithm of the odds.

    >>> odds(0.5), round(odds(0.9), 3)
    (0.0, 2.197)
    """
    return math.log(share / (1 - share))
