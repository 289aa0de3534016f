"""Assignment of greatest worth by shortest augmenting paths, for sparse pairs (Jonker and Volgenant 1987).

Row after row joins; where the column it wants is taken, rows make way along the path that costs least.
Paths are short where units that go together are near, as spans in a text are, and then the cost is that
of the pairs. All numbers are whole, so that nothing is rounded.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from goldwire.eval.counting.columns import NONE, Ints


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
        self.mate = [NONE] * len(self.edges)
        self.owner, self.price = [NONE] * size, [0] * size
        self.profit = [0] * len(self.edges)  # what a row has of its column, or of none

    def join(self, row: int) -> None:
        """Give a row its place."""
        self.profit[row] = max(0, *(value - self.price[column] for column, value in self.edges[row]))
        path = _Path(self, row)
        for taker, before in path.reached.items():
            self.profit[taker] -= path.loss - before
            if taker != row:
                self.price[self.mate[taker]] += path.loss - before
        self.hand_over(path)

    def hand_over(self, path: _Path) -> None:
        """Give each column on a path to the row that wants it, from the end back to the row that joins."""
        column = path.column
        if path.alone != NONE:
            column, self.mate[path.alone] = self.mate[path.alone], NONE
        while column != NONE:
            taker = path.came[column]
            left, self.mate[taker], self.owner[column] = self.mate[taker], column, taker
            column = left


class _Path:
    """The cheapest way for a row to join: it ends at a free `column`, or a row that stays `alone` from now.

    `loss` is what is lost along it; `reached` has the rows that are reached at less, each with its own loss,
    and `came` the row that wants each column.
    """

    def __init__(self, paths: _Paths, row: int) -> None:
        self.paths = paths
        self.column, self.alone, self.loss = NONE, row, paths.profit[row]
        self.reached, self.came = {row: 0}, dict[int, int]()
        self.least = dict[int, int]()  # the loss at which each column can be had
        self.ahead: list[tuple[int, int]] = []  # columns that are taken, by that loss
        self.want(row, 0)
        while self.ahead and self.ahead[0][0] < self.loss:
            loss, column = heappop(self.ahead)
            if loss == self.least[column]:  # it was not had for less in the meantime
                self.free(column, loss)

    def free(self, column: int, loss: int) -> None:
        """Let the owner of a column stay alone or want another."""
        owner = self.paths.owner[column]
        self.reached[owner] = loss
        if loss + self.paths.profit[owner] < self.loss:
            self.column, self.alone, self.loss = NONE, owner, loss + self.paths.profit[owner]
        self.want(owner, loss)

    def want(self, row: int, loss: int) -> None:
        """Look at the columns of a row; what loses more than the best end so far is left."""
        price, least = self.paths.price, self.least
        base = loss + self.paths.profit[row]
        for column, value in self.paths.edges[row]:
            after = base - value + price[column]
            if after < self.loss and after < least.get(column, self.loss):
                least[column], self.came[column] = after, row
                if self.paths.owner[column] == NONE:
                    self.column, self.alone, self.loss = column, NONE, after
                else:
                    heappush(self.ahead, (after, column))
