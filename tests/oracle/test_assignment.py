"""Assignment of sparse pairs, held against a second way: full matrices, solved by scipy.

The matrix of a component holds a cell for each pair of units, and one more row and column for each unit, its
partner if it stays alone. Two assignments follow one another, the second among the optima of the first;
then rows have their first possible column, one after the other. This needs the square of the units, and
is how pairs were chosen before they were solved as a graph.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from goldwire.eval.counting import assignment
from goldwire.eval.counting.align import CREDIT_UNIT, Pairs, assign

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Of the random pairs: credits and overlaps that tie, that nearly tie, and that are all different.
CREDITS = [[1.0], [0.5, 1.0], [1 / 3, 2 / 3, 1.0], [2.0, 3.0, 4.0, 6.0], [0.0, 1.0], [0.7, 0.700000001]]
OVERLAPS = (2, 4, 1000)
SHARES = (0.15, 0.3, 0.6, 1.0)  # of the pairs that there could be


def component(dice: np.random.Generator) -> Pairs:
    rows, columns = dice.integers(1, 15, 2)
    cells = np.flatnonzero(dice.random(rows * columns) < dice.choice(SHARES))
    dice.shuffle(cells)
    choice = dice.integers(len(CREDITS) + 1)
    values = dice.random(5) if choice == len(CREDITS) else CREDITS[choice]
    overlap = dice.integers(dice.integers(2), dice.choice(OVERLAPS), len(cells))
    return Pairs(cells // columns, cells % columns, dice.choice(values, len(cells)), overlap)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "crowd"), [(1, assignment.CROWD), (2, 1)], ids=["along paths", "in matrices"]
)
def test_pairs_are_those_chosen_in_full_matrices(
    seed: int, crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "CROWD", crowd)
    dice = np.random.default_rng(seed)
    for number in range(5_000):
        pairs = component(dice)
        found, expected = assign(pairs), dense(pairs)
        assert found.gold.tolist() == expected.gold.tolist(), number
        assert found.system.tolist() == expected.system.tolist(), number


def test_pairs_of_many_documents_at_once_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(3)
    parts = [component(dice) for _ in range(500)]
    alone = [assign(part) for part in parts]
    together = assign(beside(parts))
    assert together.gold.tolist() == beside(alone).gold.tolist()
    assert together.system.tolist() == beside(alone).system.tolist()


def test_trees_of_pairs_are_solved_as_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two ways to cut up a text: each piece overlaps those of the other way that lie beside it.
    dice = np.random.default_rng(4)
    monkeypatch.setattr(assignment, "augment", lambda row, *_: row[:0])  # what is no tree would stay alone
    for number in range(500):
        cuts = [np.concatenate([[0], np.sort(dice.choice(200, 15, replace=False)) + 1]) for _ in range(2)]
        ends = [np.append(cut[1:], 201) for cut in cuts]
        shared = np.minimum.outer(*ends) - np.maximum.outer(*cuts)
        gold, system = np.nonzero(shared > 0)
        overlap = shared[gold, system].astype(np.int64)
        credit = np.ones(len(gold)) if number % 2 else overlap / 7
        pairs = Pairs(gold, system, credit, overlap)
        found, expected = assign(pairs), dense(pairs)
        assert found.system.tolist() == expected.system.tolist(), number


def beside(parts: list[Pairs]) -> Pairs:
    """Pairs of several sets of units, numbered on."""
    columns = [
        [getattr(part, name) + step * place for place, part in enumerate(parts)]
        for name, step in (("gold", 15), ("system", 15), ("credit", 0), ("overlap", 0))
    ]
    return Pairs(*map(np.concatenate, columns))


# ---------------------------------------------------------------- the second way
def dense(pairs: Pairs) -> Pairs:
    if not len(pairs):
        return pairs
    credit = np.rint(pairs.credit * CREDIT_UNIT).astype(np.int64)
    kept = _optimise(pairs.gold, pairs.system, credit, pairs.overlap)
    return pairs.take(kept[np.argsort(pairs.gold[kept])])


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
