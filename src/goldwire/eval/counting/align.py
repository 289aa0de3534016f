"""Which gold unit goes with which system unit: one to one, of greatest credit, independent of any order.

Among all one-to-one choices of pairs, the one with the greatest total credit is taken; among equals, the
one with the most characters in common; among equals, the leftmost: going through the gold units from
left to right, each has the leftmost system unit that keeps the totals, and any rather than none. That
leaves one choice. Pairs are formed only of units that can match at all, and divided into connected
components, so the cost follows the overlaps and not the square of the units.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counting.tables import ROOM, Bools, Extents, Ints

# Credits are compared at nine decimals, as whole numbers, so that sums of thirds cannot tie by accident.
CREDIT_UNIT = 10**9
# Components of up to this many pairs are tried out in full; 2^8 choices take some hundred microseconds.
_TRIED = 8


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


def equal_pairs(gold: Ints, system: Ints) -> tuple[Ints, Ints]:
    """All pairs of positions with equal keys; keys need not be distinct nor in order."""
    order = np.argsort(system, kind="stable")
    low, high = (np.searchsorted(system[order], gold, side) for side in ("left", "right"))
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
    first, later = _ranges(*(np.searchsorted(system_sorted, edge) for edge in (gold_start, gold_end)))
    second, earlier = _ranges(
        np.searchsorted(gold_sorted, system_start, "right"), np.searchsorted(gold_sorted, system_end)
    )
    left = np.concatenate([first, by_gold[earlier]])
    right = np.concatenate([by_system[later], second])
    shared = np.minimum(gold_end[left], system_end[right]) - np.maximum(gold_start[left], system_start[right])
    if len(gold.starts) == len(gold) and len(system.starts) == len(system):  # all of one part
        return Pairs(left, right, np.ones(len(left)), shared)
    return _by_unit(gold.owner[left], system.owner[right], shared, len(system))


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
    chosen = [np.flatnonzero(alone)]
    credit = np.rint(pairs.credit * CREDIT_UNIT).astype(np.int64)
    for component in components(pairs.gold, pairs.system, np.flatnonzero(~alone)):
        weights = credit[component], pairs.overlap[component]
        solve = _try if len(component) <= _TRIED else _optimise
        chosen.append(component[solve(pairs.gold[component], pairs.system[component], *weights)])
    kept = np.concatenate(chosen)
    return pairs.take(kept[np.argsort(pairs.gold[kept])])


def _degree(unit: Ints) -> Ints:
    """How many pairs each pair's unit is in."""
    return np.bincount(unit)[unit] if len(unit) else unit


def components(gold: Ints, system: Ints, index: Ints) -> Iterator[Ints]:
    """The pairs at `index`, divided so that no unit is in two divisions; each in order of gold, system."""
    index = index[np.lexsort((system[index], gold[index]))]
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while (up := parent.setdefault(node, node)) != node:
            parent[node] = parent[up]
            node = up
        return node

    ends = list(zip(gold[index].tolist(), (~system[index]).tolist(), strict=True))
    for one, other in ends:
        parent[root(one)] = root(other)
    found: dict[int, list[int]] = {}
    for pair, (one, _) in zip(index.tolist(), ends, strict=True):
        found.setdefault(root(one), []).append(pair)
    yield from (np.array(pairs, np.int64) for pairs in found.values())


def _try(gold: Ints, system: Ints, credit: Ints, overlap: Ints) -> Ints:
    """The best choice among a few pairs, which are in order of gold and system, by trying all."""
    pairs = list(zip(gold.tolist(), system.tolist(), credit.tolist(), overlap.tolist(), strict=True))
    best: tuple[int, int, tuple[int, ...]] = (-1, -1, ())
    # Taking a pair is tried before leaving it, so the first of equal choices is the leftmost.
    ahead: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]
    while ahead:
        at, total, common, taken = ahead.pop()
        if at == len(pairs):
            if (total, common) > best[:2]:
                best = (total, common, taken)
            continue
        ahead.append((at + 1, total, common, taken))
        one, other, worth, shared = pairs[at]
        if all(one != pairs[k][0] and other != pairs[k][1] for k in taken):
            ahead.append((at + 1, total + worth, common + shared, (*taken, at)))
    return np.array(best[2], np.int64)


def _optimise(gold: Ints, system: Ints, credit: Ints, overlap: Ints) -> Ints:
    """The best choice among many pairs: two assignments, each among the optima of the one before.

    Every unit may also stay alone, with a partner of its own that is worth nothing.
    """
    rows, row = np.unique(gold, return_inverse=True)
    columns, column = np.unique(system, return_inverse=True)
    size = len(rows) + len(columns)
    allowed: Bools = np.zeros((size, size), np.bool_)
    allowed[row, column] = True
    allowed[np.arange(len(rows)), len(columns) + np.arange(len(rows))] = True
    allowed[len(rows) + np.arange(len(columns)), np.arange(len(columns))] = True
    allowed[len(rows) :, len(columns) :] = True
    for worth in (credit, overlap):
        weights = np.zeros((size, size), np.int64)
        weights[row, column] = worth
        allowed, partner = _optima(weights, allowed)
    partner = _leftmost(allowed, partner, len(rows))
    return np.flatnonzero(partner[row] == column)


def _optima(weights: Ints, allowed: Bools) -> tuple[Bools, Ints]:
    """The cells that an optimal full assignment may use, and one such assignment."""
    from scipy.optimize import linear_sum_assignment  # slow to import, and most scorings never come here

    forbidden = -(int(weights.sum()) + 1)
    rows, partner = linear_sum_assignment(np.where(allowed, weights, forbidden), maximize=True)
    own = weights[rows, partner]
    # Potentials of the columns by longest paths: `value[c] - value[partner[r]] >= weights[r, c] - own[r]`.
    gain = np.where(allowed, weights - own[:, None], forbidden)
    value = np.zeros(len(rows), np.int64)
    while True:
        raised = np.maximum(value, (gain + value[partner][:, None]).max(axis=0))
        if (raised == value).all():
            break
        value = raised
    tight = allowed & (gain + value[partner][:, None] == value[None, :])
    return tight, partner


def _leftmost(allowed: Bools, partner: Ints, rows: int) -> Ints:
    """The full assignment within `allowed` in which row after row has its first possible column."""
    partner = partner.copy()
    free = np.ones(len(partner), np.bool_)  # rows whose column is not settled yet
    for row in range(rows):
        for column in np.flatnonzero(allowed[row]).tolist():
            if column == partner[row] or _exchange(allowed, partner, free, row, column):
                break
        free[row] = False
    return partner


def _exchange(allowed: Bools, partner: Ints, free: Bools, row: int, column: int) -> bool:
    """Give `column` to `row`, moving other free rows along an alternating path; False if there is none."""
    owner = np.empty(len(partner), np.int64)
    owner[partner] = np.arange(len(partner))
    start, goal = int(owner[column]), int(partner[row])
    if not free[start]:
        return False
    came: dict[int, int] = {column: row}  # column -> the row that would take it
    queue = [start]
    seen = np.zeros(len(partner), np.bool_)
    seen[[column, *partner[~free]]] = True
    for taker in queue:
        for other in np.flatnonzero(allowed[taker] & ~seen).tolist():
            seen[other] = True
            came[other] = taker
            if other == goal:
                _flip(partner, came, goal, row)
                return True
            queue.append(int(owner[other]))
    return False


def _flip(partner: Ints, came: dict[int, int], column: int, last: int) -> None:
    """Hand the columns along the path that ends at `column`, back to the row that began it."""
    while True:
        taker = came[column]
        left = int(partner[taker])
        partner[taker] = column
        if taker == last:
            return
        column = left
