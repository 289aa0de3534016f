"""Assignment of greatest worth where the pairs are trees, as those of two ways to cut up a text are.

Each tree is gone through once from its leaves: what it is worth if its root stays free, and at best.
"""

from __future__ import annotations

import numpy as np

from goldwire.eval.counting.columns import NONE, Ints


def choose(row: Ints, column: Ints, worth: Ints) -> Ints:
    """Positions of pairs of greatest total worth, no two of one row or column; some of several such.

    No pairs may form a circle. Each worth is above 0.

    >>> choose(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([3, 2, 2])).tolist()
    [1, 2]
    """
    if not len(row):
        return np.zeros(0, np.int64)
    edges = _edges(row, column + int(row.max()) + 1, worth)
    order, parent = _outwards(edges)
    partner = _best(edges, order, parent)
    found: Ints = np.array(partner, np.int64)[row] == column + int(row.max()) + 1
    return np.flatnonzero(found)


Edges = list[list[tuple[int, int]]]  # of each node: the other node, and the worth


def _edges(one: Ints, other: Ints, worth: Ints) -> Edges:
    edges: Edges = [[] for _ in range(int(other.max()) + 1)]
    for left, right, value in zip(one.tolist(), other.tolist(), worth.tolist(), strict=True):
        edges[left].append((right, value))
        edges[right].append((left, value))
    return edges


def _outwards(edges: Edges) -> tuple[list[int], list[int]]:
    """All nodes, each behind the one it hangs on, and that one; a root hangs on itself."""
    parent, order = [NONE] * len(edges), []
    for root in range(len(edges)):
        if parent[root] != NONE:
            continue
        parent[root], ahead = root, [root]
        while ahead:
            node = ahead.pop()
            order.append(node)
            for other, _ in edges[node]:
                if parent[other] == NONE:
                    parent[other] = node
                    ahead.append(other)
    return order, parent


def _best(edges: Edges, order: list[int], parent: list[int]) -> list[int]:
    """The partner of each node, `NONE` for those that stay alone."""
    free, best, chosen = [0] * len(edges), [0] * len(edges), [NONE] * len(edges)
    for node in reversed(order):
        below = [(other, worth) for other, worth in edges[node] if parent[other] == node]
        free[node] = best[node] = sum(best[other] for other, _ in below)
        for other, worth in below:
            if (value := free[node] - best[other] + free[other] + worth) > best[node]:
                best[node], chosen[node] = value, other
    partner = [NONE] * len(edges)
    for node in order:
        if partner[node] == NONE and (other := chosen[node]) != NONE:
            partner[node], partner[other] = other, node
    return partner
