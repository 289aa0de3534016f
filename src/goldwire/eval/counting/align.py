"""Alignment of gold and system units: one to one, of greatest credit, independent of any order.

Among all one-to-one choices of pairs, the one with the greatest total credit is taken; among equals, the
one with the most characters in common; among equals, the leftmost: going through the gold units from
left to right, each has the leftmost system unit that keeps the totals, and any rather than none. That
leaves one choice. Pairs are formed only of units that can match at all, and divided into connected
components, so the cost follows the overlaps and not the square of the units. Where one document has more
than `MOST` of them, they are counted and not formed: `CrowdError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.errors import MeasureError
from goldwire.eval.counting.columns import Bools, Extents, Ints, renumbered
from goldwire.eval.counting.keys import ROOM

# Credits are compared at nine decimals, as whole numbers, so that sums of thirds cannot tie by accident.
CREDIT_UNIT = 10**9
# Pairs of one document that are formed at most: 0.6 GB, and some seconds.
MOST = 2_000_000
# Components of up to so many pairs are tried out. Of more there are 2,584 choices at most (those of a path of
# 16, a Fibonacci number), so a few are done before what solves many at once would be imported.
_TRIED, _SELDOM, _FEW = 8, 16, 20


class Pairs(msgspec.Struct, frozen=True):
    """Gold and system units, by number, that may go together (or do), with credit and common characters."""

    gold: Ints
    system: Ints
    credit: NDArray[np.float64]
    overlap: Ints

    def __len__(self) -> int:
        return len(self.gold)

    def take(self, index: Ints | Bools) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.gold[index], self.system[index], self.credit[index], self.overlap[index])


class CrowdError(MeasureError):
    """More pairs in a document than memory should be given to: `crowds` has their number, by document."""

    def __init__(self, message: str, crowds: Mapping[int, int] | None = None) -> None:
        super().__init__(message)  # and that alone, so that the error goes from process to process
        self.crowds = dict(crowds or {})


def _crowded(crowds: Mapping[int, int], name: Callable[[int], str]) -> CrowdError:
    document, pairs = next(iter(crowds.items()))
    more = f" (and {len(crowds) - 1} more)" if len(crowds) > 1 else ""
    message = (
        f"document {name(document)}{more}: {pairs:,} pairs of a gold and a system unit may go together; at "
        f"most {MOST:,} are looked at. See whether its annotations nest or repeat without end; leave the "
        "document out, or score by exact spans"
    )
    return CrowdError(message, crowds)


@contextmanager
def named(ids: Sequence[str]) -> Iterator[None]:
    """Documents have these ids in what a `CrowdError` says."""
    try:
        yield
    except CrowdError as error:
        raise _crowded(error.crowds, lambda document: repr(ids[document])) from None


def _check(*sides: tuple[Ints, Ints, Ints]) -> None:
    """See that there are not too many pairs, given the document and the range of partners of each unit."""
    sizes = [np.maximum(high - low, 0) for _, low, high in sides]
    if sum(int(size.sum()) for size in sizes) <= MOST:
        return
    documents = np.concatenate([document for document, _, _ in sides])
    pairs = np.bincount(documents, np.concatenate(sizes)).astype(np.int64)
    if len(crowded := np.flatnonzero(pairs > MOST)):
        crowds = {document: int(pairs[document]) for document in crowded.tolist()}
        raise _crowded(crowds, lambda document: f"number {document + 1} in order of id")


def equal_pairs(gold: Ints, system: Ints, document: Ints) -> tuple[Ints, Ints]:
    """All pairs of positions with equal keys, which need not be distinct nor in order.

    `document` is the number of the document of each gold key.
    """
    order = np.argsort(system, kind="stable")
    low, high = (np.searchsorted(system[order], gold, side) for side in ("left", "right"))
    _check((document, low, high))
    first, second = _ranges(low, high)
    return first, order[second]


def overlaps(
    gold: Extents, system: Extents, gold_group: Ints | None = None, system_group: Ints | None = None
) -> Pairs:
    """All pairs of one group (of one document, if none is given) that share a character; credit 1.

    `overlap` is the number of characters shared. The cost follows the number of such pairs.
    """
    groups = (
        gold.document if gold_group is None else gold_group,
        system.document if system_group is None else system_group,
    )
    (gold_start, gold_end), (system_start, system_end) = _on_one_line(gold, system, *groups)
    by_gold, by_system = np.argsort(gold_start, kind="stable"), np.argsort(system_start, kind="stable")
    gold_sorted, system_sorted = gold_start[by_gold], system_start[by_system]
    # The part that starts later (the system's, if both start together) starts inside the other.
    after = _between(system_sorted, gold_start, gold_end)
    before = _between(gold_sorted, system_start, system_end, "right")
    _check((gold.document[gold.owner], *after), (system.document[system.owner], *before))
    first, later = _ranges(*after)
    second, earlier = _ranges(*before)
    left = np.concatenate([first, by_gold[earlier]])
    right = np.concatenate([by_system[later], second])
    shared = np.minimum(gold_end[left], system_end[right]) - np.maximum(gold_start[left], system_start[right])
    if len(gold.starts) == len(gold) and len(system.starts) == len(system):  # all of one part
        return Pairs(left, right, np.ones(len(left)), shared)
    return _by_unit(gold.owner[left], system.owner[right], shared, len(system))


def _between(
    order: Ints, low: Ints, high: Ints, side: Literal["left", "right"] = "left"
) -> tuple[Ints, Ints]:
    return np.searchsorted(order, low, side).astype(np.int64), np.searchsorted(order, high).astype(np.int64)


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Every (i, k) with low[i] <= k < high[i]."""
    sizes = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(low)), sizes)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + low[owner]


def _on_one_line(
    gold: Extents, system: Extents, gold_group: Ints, system_group: Ints
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Starts and ends of all parts on one axis, on which groups lie one after the other."""
    longest = max((int(side.ends.max()) for side in (gold, system) if len(side.ends)), default=0)
    groups = np.concatenate([gold_group, system_group])
    if int(groups.max(initial=0)) * (longest + 1) >= ROOM:
        groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    base = groups * (longest + 1)
    bases = base[: len(gold_group)][gold.owner], base[len(gold_group) :][system.owner]
    return (
        (gold.starts + bases[0], gold.ends + bases[0]),
        (system.starts + bases[1], system.ends + bases[1]),
    )


def _by_unit(gold: Ints, system: Ints, shared: Ints, width: int) -> Pairs:
    """Pairs of parts as pairs of units."""
    cells, place = np.unique(gold * max(width, 1) + system, return_inverse=True)
    overlap = np.bincount(place.reshape(-1), shared, len(cells)).astype(np.int64)
    return Pairs(cells // max(width, 1), cells % max(width, 1), np.ones(len(cells)), overlap)


# ---------------------------------------------------------------- assignment
def assign(pairs: Pairs) -> Pairs:
    """The best one-to-one choice of pairs (see above), in order of gold.

    Units are numbered from left to right on either side; that is what "leftmost" goes by.
    """
    alone = (_degree(pairs.gold) == 1) & (_degree(pairs.system) == 1)
    kept = np.concatenate([np.flatnonzero(alone), *_chosen(pairs, np.flatnonzero(~alone))])
    return pairs.take(kept[np.argsort(pairs.gold[kept])])


def _chosen(pairs: Pairs, index: Ints) -> Iterator[Ints]:
    """The best of the pairs at `index`: small components are tried out, the others solved together."""
    if not len(index):
        return
    credit = np.rint(pairs.credit * CREDIT_UNIT).astype(np.int64)
    columns = pairs.gold, pairs.system, credit, pairs.overlap
    index, sizes = components(pairs.gold, pairs.system, index)
    most = _SELDOM if np.count_nonzero(sizes > _TRIED) <= _FEW else _TRIED
    small = np.repeat(sizes <= most, sizes)
    few, many = index[small], index[~small]
    at = np.concatenate([[0], np.cumsum(sizes[sizes <= most])]).tolist()
    cells = list(zip(*(column[few].tolist() for column in columns), strict=True))
    tried = [low + one for low, high in pairwise(at) for one in _try(cells[low:high])]
    yield few[np.array(tried, np.int64)]
    if len(many):
        from goldwire.eval.counting import assignment  # brings scipy, and most scorings never come here

        yield many[
            assignment.best(
                pairs.gold[many], pairs.system[many], credit[many], pairs.overlap[many], sizes[sizes > most]
            )
        ]


def _degree(unit: Ints) -> Ints:
    """How many pairs each pair's unit is in."""
    return np.bincount(unit)[unit] if len(unit) else unit


def components(gold: Ints, system: Ints, index: Ints) -> tuple[Ints, Ints]:
    """The pairs at `index`, component after component, each in order of gold and system; and their sizes.

    No unit is in two components.
    """
    root = _roots(*(renumbered(side[index]) for side in (gold, system)))
    order = np.lexsort((system[index], gold[index], root))
    return index[order], np.unique(root, return_counts=True)[1]


def _roots(gold: Ints, system: Ints) -> Ints:
    """A number for each pair, equal for those of one component."""
    root = np.arange(int(gold.max()) + 1)  # of each gold unit: one of its component, the least in the end
    while True:
        least = np.full(int(system.max()) + 1, len(root))
        np.minimum.at(least, system, root[gold])
        lower = root.copy()
        np.minimum.at(lower, root[gold], least[system])
        while (lower[lower] != lower).any():
            lower = lower[lower]
        if (lower == root).all():
            return root[gold]
        root = lower


def _try(pairs: Sequence[tuple[int, int, int, int]]) -> tuple[int, ...]:
    """The best choice among a few pairs, which are in order of gold and system, by trying all."""
    best: tuple[int, int, tuple[int, ...]] = (-1, -1, ())
    rest = _rest(pairs)
    # Taking a pair is tried before leaving it, so the first of equal choices is the leftmost.
    ahead: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]
    while ahead:
        at, total, common, taken = ahead.pop()
        if (total + rest[at][0], common + rest[at][1]) <= best[:2]:
            continue
        if at == len(pairs):
            best = (total, common, taken)
            continue
        ahead.append((at + 1, total, common, taken))
        one, other, worth, shared = pairs[at]
        if all(one != pairs[k][0] and other != pairs[k][1] for k in taken):
            ahead.append((at + 1, total + worth, common + shared, (*taken, at)))
    return best[2]


def _rest(pairs: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """The credit and the overlap of all pairs from each on: more than can be had of them."""
    sums = [(0, 0)]
    for _, _, worth, shared in reversed(pairs):
        sums.append((sums[-1][0] + worth, sums[-1][1] + shared))
    return sums[::-1]
