"""Krippendorff's alpha for unitizing: whether people mark the same stretches of text and call them the same.

Each person's view of a text is a partition into pieces: units with their types, and the gaps between them.
Where units of one person overlap, the text is cut at each of their edges, and what a piece is called is the
set of the types of the units over it; without overlap this is the published definition to the letter. A
discontinuous unit is a unit for each of its spans. Lengths are in code points; excluded regions are cut out.

Documents are pieces of one long continuum: the coincidences of each are weighted by the number of those who
annotated it, less 1, and one that a single person annotated says nothing.

Source: Krippendorff, Mathet, Bouvry and Widlöcher 2016, "On the reliability of unitizing textual continua:
Further developments", equations 1 to 6, which corrects Krippendorff 1995 and 2004 for more than two people;
the same in Krippendorff 2019, "Content Analysis", section 12.6.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from goldwire.corpora.types import Excluded
from goldwire.eval.comparison.coefficients import About, Coefficient, Rows, Terms, Unit, estimate, ratio
from goldwire.eval.statistics.resample import Floats

GAP = ""
Marked = tuple[int, int, str]  # begin, end, type
Piece = tuple[int, int, str]  # begin, end, the types over it


class Continuum(NamedTuple):
    """A text of such a length, and what each of those who annotated it has marked, by name."""

    length: int
    marked: Mapping[str, Sequence[Marked]]

    def only(self, type: str) -> Continuum:
        """With the units of one type alone."""
        marked = {name: [unit for unit in units if unit[2] == type] for name, units in self.marked.items()}
        return self._replace(marked=marked)


class Lengths(NamedTuple):
    """What adds up over documents: the length of each value and its squares, and what coincides.

    `squares` are the pairs of a piece with itself, which nobody could have come to by chance: a gap has no
    structure of its own, so that each of its characters pairs with itself alone.
    """

    length: Counter[str]
    squares: Counter[str]
    same: float
    gaps: float


def unitizing(
    of: Unit, layers: Sequence[str], continua: Sequence[Continuum], terms: Terms
) -> Iterator[Coefficient]:
    """Alpha over all types, of marked against unmarked alone, and of each type alone.

    Alone, what is of another type is a gap.
    """
    several = [continuum for continuum in continua if len(continuum.marked) > 1]
    each = terms.measure or partial(map, measure)
    lengths = [*each(several)]
    yield estimate(About("alpha-u", of, layers), rows(lengths), terms)
    yield estimate(About("alpha-u-binary", of, layers), rows(lengths, binary=True), terms)
    places = defaultdict[str, list[int]](list)
    for place, continuum in enumerate(several):
        for type in _types(continuum):
            places[type].append(place)
    empty = [_empty(continuum) for continuum in several]
    of_types = each(several[place].only(type) for type in sorted(places) for place in places[type])
    for type in sorted(places):
        own = dict(zip(places[type], of_types, strict=False))
        found = [own.get(place, gap) for place, gap in enumerate(empty)]
        yield estimate(About("alpha-u", of, layers, type), rows(found), terms)


def _types(continuum: Continuum) -> set[str]:
    return {type for units in continuum.marked.values() for _, _, type in units}


def _empty(continuum: Continuum) -> Lengths:
    return measure(continuum._replace(marked=dict.fromkeys(continuum.marked, ())))


# ---------------------------------------------------------------- a document
def without(excluded: Sequence[Excluded], at: int) -> int:
    """Where a place of a text is once the excluded regions are cut out.

    >>> [without([Excluded(2, 4, "")], at) for at in (1, 3, 5)]
    [1, 2, 3]
    """
    return at - sum(max(0, min(at, region.end) - region.start) for region in excluded)


def measure(continuum: Continuum) -> Lengths:
    """The lengths and coincidences of one document; two or more have annotated it."""
    sides = [pieces(units, continuum.length) for units in continuum.marked.values()]
    length, squares = Counter[str](), Counter[str]()
    for begin, end, value in chain.from_iterable(sides):
        size = end - begin
        length[value] += size
        squares[value] += size if value == GAP else size**2
    same, gaps = _coincide(sides, continuum.length)
    return Lengths(length, squares, same, gaps)


def pieces(units: Iterable[Marked], length: int) -> list[Piece]:
    """The partition of a text: pieces between edges of units, and gaps.

    >>> pieces([(0, 4, "A"), (2, 6, "B")], 8)
    [(0, 2, 'A'), (2, 4, 'A+B'), (4, 6, 'B'), (6, 8, '')]
    """
    opened, closed = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for begin, end, type in units:
        if begin < end:
            opened[begin].append(type)
            closed[end].append(type)
    here, found = Counter[str](), list[Piece]()
    for begin, end in pairwise(sorted({0, length, *opened, *closed})):
        here = here - Counter(closed[begin]) + Counter(opened[begin])
        found.append((begin, end, "+".join(sorted(here))))
    return found


def _coincide(sides: Sequence[Sequence[Piece]], length: int) -> tuple[float, float]:
    """The length on which two people say the same, over all ordered pairs by people less 1; that of gaps."""
    changes = sorted((begin, person, value) for person, side in enumerate(sides) for begin, _, value in side)
    edges = [*dict.fromkeys(begin for begin, _, _ in changes), length]
    value = [GAP] * len(sides)
    same, gaps, at = 0, 0, 0
    for begin, end in pairwise(edges):
        while at < len(changes) and changes[at][0] == begin:
            value[changes[at][1]] = changes[at][2]
            at += 1
        times = Counter(value)
        same += (end - begin) * sum(number * (number - 1) for number in times.values())
        gaps += (end - begin) * times[GAP] * (times[GAP] - 1)
    return same / (len(sides) - 1), gaps / (len(sides) - 1)


# ---------------------------------------------------------------- all documents
def rows(lengths: Sequence[Lengths], *, binary: bool = False) -> Rows:
    """A row a document: what coincides, of gaps too, and for each value its length and its squares.

    With `binary` it matters only whether a stretch is in a unit.
    """
    values = sorted({GAP, *(value for one in lengths for value in one.length)})  # the gap is the first
    table = [
        [one.same, one.gaps, *(of[value] for of in (one.length, one.squares) for value in values)]
        for one in lengths
    ]
    marked = [one.length.total() if one.length.keys() - {GAP} else 0 for one in lengths]
    return Rows(
        np.array(table, dtype=np.float64).reshape(len(table), 2 + 2 * len(values)),
        _binary if binary else _nominal,
        marked,
    )


def _nominal(sums: Floats) -> Floats:
    """1 less observed by expected disagreement: equations 4 and 5."""
    length, squares = np.split(sums[..., 2:], 2, axis=-1)
    size, alone = length.sum(axis=-1), squares.sum(axis=-1)
    by_chance = (length**2 - squares).sum(axis=-1)
    # Expected coincidences of one value are (length² - squares) / (size - alone / size).
    observed = (size - sums[..., 0]) * (size - ratio(alone, size))
    return 1 - ratio(observed, size**2 - alone - by_chance)[..., None]


def _binary(sums: Floats) -> Floats:
    """The same of gaps against all units together: equation 6."""
    length, squares = np.split(sums[..., 2:], 2, axis=-1)
    size, gap, alone = length.sum(axis=-1), length[..., 0], squares.sum(axis=-1)
    observed = (gap - sums[..., 1]) * (size - ratio(alone, size))
    return 1 - ratio(observed, gap * (size - gap))[..., None]
