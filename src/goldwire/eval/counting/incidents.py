"""Incidents: the types of a document's events, wherever their triggers stand and whatever they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from goldwire.corpora.rejected import MISPLACED
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.align import Pairs, assign
from goldwire.eval.counting.rejected import UNKNOWN, countable, is_back
from goldwire.eval.counting.texts import Row

Numbers = tuple[float, float, float, float]
OWN, OTHER = 2, 1  # what is preferred among as many pairs: gold's first type before its alternatives


def numbers(gold: Annotations, system: Annotations, row: Row) -> Mapping[str, Numbers]:
    """The four numbers of one document by type: as many pairs as can be, one to one.

    Alternatives are gold's alone. A rejected event is as right as others by its type if only its place is
    wrong, else it is spurious.
    """
    ours = [(event.type, *event.alternatives) for event in gold.events]
    theirs = [event.type for event in system.events if not is_back(event.id)]
    lost = list(_lost(system, row))
    pairs = _paired(ours, Counter([*theirs, *(type for type, is_right in lost if is_right)]))
    right, found = Counter(own for own, _ in pairs), Counter(type for _, type in pairs)
    given, wanted = Counter([*theirs, *(type for type, _ in lost)]), Counter(own for own, *_ in ours)
    labels = sorted({*given, *wanted})
    return {label: (found[label], given[label], right[label], wanted[label]) for label in labels}


def _lost(item: Annotations, row: Row) -> Iterator[tuple[str, bool]]:
    """The types of rejected events, where those count, and whether all but their place may be right."""
    if any(is_back(event.id) for event in item.events):
        for unit in countable(item, row.excluded):
            if unit.unit == "event":
                yield unit.type or UNKNOWN, unit.kind in MISPLACED


def _paired(gold: Sequence[tuple[str, ...]], system: Counter[str]) -> list[tuple[str, str]]:
    """Pairs of gold's first type and the system's. What has no alternatives goes first: that costs nobody."""
    left, pairs, choosy = Counter(system), [], []
    for own in gold:
        if len(own) > 1:
            choosy.append(own)
        elif left[own[0]]:
            left[own[0]] -= 1
            pairs.append((own[0], own[0]))
    others = list(left.elements())
    return pairs + [(choosy[i][0], others[j]) for i, j in _assigned(choosy, others)]


def _assigned(gold: Sequence[tuple[str, ...]], system: Sequence[str]) -> list[tuple[int, int]]:
    cells = [
        (i, j, OWN if type == own[0] else OTHER)
        for i, own in enumerate(gold)
        for j, type in enumerate(system)
        if type in own
    ]
    row, column, preferred = np.array(cells, np.int64).reshape(-1, 3).T
    chosen = assign(Pairs(row, column, np.ones(len(row)), preferred))
    return list(zip(chosen.gold.tolist(), chosen.system.tolist(), strict=True))
