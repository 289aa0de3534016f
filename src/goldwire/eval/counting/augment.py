"""Assignment of greatest worth by shortest augmenting paths, for sparse pairs (Jonker and Volgenant 1987).

Row after row joins; where the column it wants is taken, rows make way along the path that costs least.
Paths are short where units that go together are near, as spans in a text are, and then the cost is that
of the pairs. All numbers are whole, so that nothing is rounded.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from goldwire.eval.counting.tables import Ints

ALONE = -1


def augment(row: Ints, column: Ints, worth: Ints) -> Ints:
    """Positions of pairs of greatest total worth, no two of one row or column; some of several such.

    The pairs are in order of row within each component. Each worth is above 0.

    >>> augment(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([3, 2, 2])).tolist()
    [1, 2]
    """
    if not len(row):
        return np.zeros(0, np.int64)
    paths = _Paths(row, column, worth)
    for number in dict.fromkeys(row.tolist()):
        paths.join(number)
    mate = np.array(paths.mate, np.int64)
    return np.flatnonzero(mate[row] == column)


class _Paths:
    """Rows that have joined, with their columns, and prices that show that nothing better can be had."""

    def __init__(self, row: Ints, column: Ints, worth: Ints) -> None:
        self.edges: list[list[tuple[int, int]]] = [[] for _ in range(int(row.max()) + 1)]
        for one, other, value in zip(row.tolist(), column.tolist(), worth.tolist(), strict=True):
            self.edges[one].append((other, value))
        size = int(column.max()) + 1
        self.mate = [ALONE] * len(self.edges)
        self.owner, self.price = [ALONE] * size, [0] * size
        self.profit = [0] * len(self.edges)  # what a row has of its column, or of none

    def join(self, row: int) -> None:
        """Give a row its place."""
        self.profit[row] = max(0, *(value - self.price[column] for column, value in self.edges[row]))
        end, loss, reached, came = self.search(row)
        for taker, before in reached.items():
            self.profit[taker] -= loss - before
            if taker != row:
                self.price[self.mate[taker]] += loss - before
        self.flip(end, came, row)

    def search(self, row: int) -> tuple[tuple[int, bool], int, dict[int, int], dict[int, int]]:
        """Where the cheapest path ends, at a free column or (True) at a row that stays alone; its loss.

        And the rows that are reached at less, each with its own loss, and the row that wants each column.
        """
        reached, came, least = {row: 0}, {}, {}
        alone, worst = row, self.profit[row]  # of all rows reached, the one that loses least by staying alone
        ahead: list[tuple[int, int]] = []
        taker, loss = row, 0
        while True:
            base = loss + self.profit[taker]
            for column, value in self.edges[taker]:
                after = base - value + self.price[column]
                if after < worst and after < least.get(column, worst):
                    least[column], came[column] = after, taker
                    heappush(ahead, (after, column))
            while ahead and ahead[0][0] > least[ahead[0][1]]:
                heappop(ahead)
            if not ahead or ahead[0][0] >= worst:
                return (alone, True), worst, reached, came
            loss, column = heappop(ahead)
            if (taker := self.owner[column]) == ALONE:
                return (column, False), loss, reached, came
            if taker in reached:
                continue
            reached[taker] = loss
            if loss + self.profit[taker] < worst:
                alone, worst = taker, loss + self.profit[taker]

    def flip(self, end: tuple[int, bool], came: dict[int, int], row: int) -> None:
        """Hand over the columns along a path, from its end back to the row that joins."""
        at, is_row = end
        if is_row:
            left, self.mate[at] = self.mate[at], ALONE
            at = left
        while at != ALONE:
            taker = came[at]
            left, self.mate[taker], self.owner[at] = self.mate[taker], at, taker
            at = left
