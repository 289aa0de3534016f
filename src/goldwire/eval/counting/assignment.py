"""Assignment over sparse pairs: of greatest worth, then of greatest second worth, then the leftmost.

Gold and system units are the two sides of a graph. Each gets a partner of its own, worth nothing, so that
it may stay alone; partners go together as their units do, so that a full assignment is always there. The
graph has as many edges as there are pairs, twice, and units. An assignment of greatest worth is found
first (see `forest` and `augment`), then the edges that any such may use, and among these the leftmost.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from goldwire.eval.counting import forest
from goldwire.eval.counting.augment import augment
from goldwire.eval.counting.columns import Bools, Ints, renumbered

EXACT = 2**53  # whole numbers below are doubles, and scipy works with doubles
# A component is solved as a full matrix if that has so few cells, for each pair or in all (2 MB).
CELLS, MATRIX = 10, 250_000
CROWD = 500  # pairs; below, the overhead of a matrix is not worth it


class _Graph(msgspec.Struct, frozen=True):
    """Edges between rows and columns as many, in order of row and column; row `i` begins at `start[i]`.

    `pair` is the pair that an edge is, -1 for those of partners.
    """

    row: Ints
    column: Ints
    pair: Ints
    start: Ints

    def take(self, kept: Bools) -> _Graph:
        """Some of the edges."""
        return _graph(self.row[kept], self.column[kept], self.pair[kept], len(self.start) - 1)


def _graph(row: Ints, column: Ints, pair: Ints, size: int) -> _Graph:
    return _Graph(row, column, pair, np.searchsorted(row, np.arange(size + 1)))


def best(gold: Ints, system: Ints, worth: Ints, second: Ints, sizes: Ints) -> Ints:
    """Positions of the best pairs, ascending; "leftmost" goes by the numbers of the units.

    Gold unit after gold unit has the first system unit that keeps both totals, and any rather than none.
    The pairs come component after component, of the given sizes, each in order of gold and system.
    """
    row, column = renumbered(gold), renumbered(system)
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    graph = _doubled(row, column, rows, columns)
    for worths in _stages(worth, second, row):
        chosen = _choose(row, column, _binding(graph, worths, row, column), sizes)
        partner = _full(row[chosen], column[chosen], rows, columns)
        weights = np.where(graph.pair >= 0, worths[graph.pair], 0)
        graph = graph.take(_tight(graph, weights, partner))
    partner = _Leftmost(graph, partner).settle(rows)
    return np.flatnonzero(partner[row] == column)


def _doubled(row: Ints, column: Ints, rows: int, columns: int) -> _Graph:
    """The graph with a partner for each unit."""
    left = np.concatenate([row, np.arange(rows), rows + np.arange(columns), rows + column])
    right = np.concatenate([column, columns + np.arange(rows), np.arange(columns), columns + row])
    pair = np.full(len(left), -1)
    pair[: len(row)] = np.arange(len(row))
    size = (rows + columns, rows + columns)
    order = coo_array((np.arange(len(left)), (left, right)), size).tocsr().data  # by row, in linear time
    return _graph(left[order], right[order], pair[order], rows + columns)


def _full(row: Ints, column: Ints, rows: int, columns: int) -> Ints:
    """The column of each row of the doubled graph when these pairs are chosen."""
    partner: Ints = np.concatenate([columns + np.arange(rows), np.arange(columns)])
    partner[row], partner[rows + column] = column, columns + row
    return partner


def _stages(worth: Ints, second: Ints, row: Ints) -> list[Ints]:
    """What is made greatest, one after the other: both at once where that leaves whole numbers exact."""
    worth = worth // max(int(np.gcd.reduce(worth)), 1)
    most = np.zeros(int(row.max()) + 1, np.int64)
    np.maximum.at(most, row, second)
    above = int(most.sum()) + 1
    if int(worth.max()) * above * 4 * len(most) < EXACT:
        return [worth * above + second]
    return [worth, second]


def _binding(graph: _Graph, worths: Ints, row: Ints, column: Ints) -> Ints:
    """The worth of each pair, such that none is chosen but edges and no unit is alone that may not be.

    A unit whose edge to its own partner is gone may not: a pair with it is worth more than all the rest.
    """
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    own = graph.pair < 0
    bound = np.ones((2, max(rows, columns)), np.int64)
    bound[0, graph.row[own & (graph.row < rows)]] = 0
    bound[1, graph.column[own & (graph.column < columns)]] = 0
    kept = graph.pair[~own]
    times = bound[0, row[kept]] + bound[1, column[kept]]
    found = np.zeros(len(row), np.int64)
    found[kept] = worths[kept] + times * (int(worths.max()) * min(rows, columns) + 1)
    return found


# ---------------------------------------------------------------- one assignment
def _choose(row: Ints, column: Ints, worth: Ints, sizes: Ints) -> Ints:
    """The positions of an assignment of greatest worth: of trees, of crowds one by one, and of the rest."""
    component = np.repeat(np.arange(len(sizes)), sizes)
    rows, columns = (
        np.bincount(component[np.unique(side, return_index=True)[1]], minlength=len(sizes))
        for side in (row, column)
    )
    tree = rows + columns == sizes + 1
    crowd = ~tree & (sizes >= CROWD) & (rows * columns <= np.maximum(MATRIX, CELLS * sizes))
    ends = np.cumsum(sizes)
    index = [np.arange(ends[k] - sizes[k], ends[k]) for k in np.flatnonzero(crowd)]
    found = [(_in_matrix, at) for at in index]
    found += [(forest.choose, np.flatnonzero(tree[component]))]
    found += [(augment, np.flatnonzero(~(tree | crowd)[component]))]
    return np.concatenate([_chosen(choose, at[worth[at] > 0], row, column, worth) for choose, at in found])


def _chosen(
    choose: Callable[[Ints, Ints, Ints], Ints], at: Ints, row: Ints, column: Ints, worth: Ints
) -> Ints:
    return at[choose(row[at], column[at], worth[at])]


def _in_matrix(row: Ints, column: Ints, worth: Ints) -> Ints:
    """The same for one component that is dense."""
    rows, row = np.unique(row, return_inverse=True)
    columns, column = np.unique(column, return_inverse=True)
    matrix = np.zeros((len(rows), len(columns)))
    matrix[row, column] = worth
    partner = np.full(len(rows), -1)
    one, other = linear_sum_assignment(matrix, maximize=True)
    partner[one] = other
    return np.flatnonzero(partner[row] == column)


# ---------------------------------------------------------------- all of them
def _tight(graph: _Graph, weights: Ints, partner: Ints) -> Bools:
    """Which edges an assignment of the same weight may use: those without loss at the right prices."""
    own = np.empty(len(partner), np.int64)
    at = partner[graph.row] == graph.column
    own[graph.row[at]] = weights[at]
    owner = np.empty(len(partner), np.int64)
    owner[partner] = np.arange(len(partner))
    gain, taker = weights - own[graph.row], owner[graph.column]
    value = _values(graph.start, taker, gain)
    tight: Bools = gain + value[graph.row] == value[taker]
    return tight


def _values(start: Ints, taker: Ints, gain: Ints) -> Ints:
    """The least values such that no edge gains: longest paths (Bellman and Ford, in the order of Yen).

    Going there and back, most paths are found in one sweep, since units that go together are near.
    """
    value = np.zeros(len(start) - 1, np.int64)
    low, high = start[:-1].tolist(), start[1:].tolist()
    rows = np.repeat(np.arange(len(value)), np.diff(start))
    gaining = np.zeros(len(value), np.bool_)  # rows from which a value may still be raised
    gaining[rows[gain > 0]] = True
    ahead = bytearray(gaining)
    while any(ahead):
        for row in chain(range(len(ahead)), range(len(ahead) - 1, -1, -1)):
            if ahead[row]:
                ahead[row] = False
                edges = slice(low[row], high[row])
                to, reached = taker[edges], gain[edges] + value[row]
                raised = np.flatnonzero(reached > value[to])
                value[to[raised]] = reached[raised]
                for other in to[raised].tolist():
                    ahead[other] = True
    return value


class _Leftmost:
    """An assignment within a graph that is changed, row after row, to the first possible columns.

    A column can be had if the row that has it can be served otherwise, along a path of such rows that ends
    at the column that becomes free. All are on one cycle then: edges between strongly connected rows.
    """

    def __init__(self, graph: _Graph, partner: Ints) -> None:
        size = len(partner)
        owner = np.empty(size, np.int64)
        owner[partner] = np.arange(size)
        turns = csr_array((np.ones(len(graph.row)), owner[graph.column], graph.start), (size, size))
        _, ring = connected_components(turns, connection="strong")
        graph = graph.take(ring[graph.row] == ring[owner[graph.column]])
        self.columns, self.start = graph.column.tolist(), graph.start.tolist()
        self.partner, self.owner = partner.tolist(), owner.tolist()
        self.settled = bytearray(size)  # columns that are given away for good

    def settle(self, rows: int) -> Ints:
        """The columns of all rows, when the first so many have had their choice."""
        for row in range(rows):
            for column in self.of(row):
                if column == self.partner[row] or (not self.settled[column] and self.take(row, column)):
                    break
            self.settled[self.partner[row]] = True
        return np.array(self.partner, np.int64)

    def of(self, row: int) -> list[int]:
        """The columns that a row may have, from left to right."""
        found: list[int] = self.columns[self.start[row] : self.start[row + 1]]
        return found

    def take(self, row: int, column: int) -> bool:
        """Give `column` to `row`, serving others along a path; False if there is none."""
        goal, came = self.partner[row], {column: row}  # column -> the row that would take it
        queue = [self.owner[column]]
        for taker in queue:
            for other in self.of(taker):
                if other not in came and not self.settled[other]:
                    came[other] = taker
                    if other == goal:
                        self.flip(came, goal, row)
                        return True
                    queue.append(self.owner[other])
        return False

    def flip(self, came: dict[int, int], column: int, last: int) -> None:
        """Hand over the columns along the path that ends at `column`, back to the row that began it."""
        taker = -1
        while taker != last:
            taker = came[column]
            left = self.partner[taker]
            self.partner[taker], self.owner[column] = column, taker
            column = left
