"""One-to-one assignment of greatest total weight, at a cost that follows the pairs given, not the square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def assign(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Positions of the pairs in the best one-to-one assignment, ascending.

    Pair `k` joins row `rows[k]` and column `columns[k]` at `weights[k]` > 0; each pair occurs once, and
    pairs not given cannot be joined. Of several best assignments one is returned: only the total is
    determined.

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([3.0, 2.0, 2.0]))
    array([1, 2])
    """
    if len(weights) == 0:
        return np.empty(0, dtype=np.int64)
    rows, row = np.unique(rows, return_inverse=True)
    columns, column = np.unique(columns, return_inverse=True)
    own = np.arange(len(rows))
    # Each row also gets a column of its own that is worth nothing, so that a full matching always exists.
    # Costs are kept above zero because a sparse matrix drops zeros.
    ceiling = float(weights.max()) + 1.0
    cost = np.concatenate([ceiling - weights, np.full(len(rows), ceiling)])
    at = np.concatenate([row, own]), np.concatenate([column, len(columns) + own])
    shape = len(rows), len(columns) + len(rows)
    chosen_rows, chosen_columns = min_weight_full_bipartite_matching(csr_array((cost, at), shape=shape))
    chosen = chosen_rows.astype(np.int64) * shape[1] + chosen_columns
    return np.flatnonzero(np.isin(row.astype(np.int64) * shape[1] + column, chosen))
