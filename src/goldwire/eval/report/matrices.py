"""Confusion matrices from their cells, with as many rows and columns as can be looked at."""

from __future__ import annotations

import numpy as np

from goldwire.eval.errors.classes import Cell
from goldwire.eval.report.values import SHADES, Entry, Matrix

# A matrix has a row and a column for this many labels; the rarer ones share one, called OTHER.
LABELS = 40
OTHER, MISSED, SPURIOUS = "(other labels)", "missed", "spurious"


def make_matrix(key: str, system: str, units: str, cells: tuple[Cell, ...]) -> Matrix:
    """A confusion matrix from its cells, the most frequent labels first."""
    places = Places(cells)
    numbers = np.zeros((places.size, places.size), np.int64)
    for gold, found, count in cells:
        numbers[places.number(gold), places.number(found)] += count
    return Matrix(
        key=key,
        system=system,
        units=units,
        rows=(*places.names, SPURIOUS),
        columns=(*places.names, MISSED),
        cells=tuple(_line(row, counts, places) for row, counts in enumerate(numbers.tolist())),
        counts=cells,
    )


class Places:
    """Rows and columns of a matrix: labels by frequency, the rarer ones together, and last those of None."""

    def __init__(self, cells: tuple[Cell, ...]) -> None:
        weight: dict[str, int] = {}
        for gold, found, count in cells:
            for label in {gold, found} - {None}:
                weight[str(label)] = weight.get(str(label), 0) + count
        ranked = sorted(weight, key=lambda label: (-weight[label], label))
        self.own = ranked if len(ranked) <= LABELS else ranked[: LABELS - 1]
        self.names = self.own if len(ranked) <= LABELS else [*self.own, OTHER]
        self.size = len(self.names) + 1
        self._numbers = {label: number for number, label in enumerate(self.own)}

    def number(self, label: str | None) -> int:
        """The row or column of a label."""
        return self.size - 1 if label is None else self._numbers.get(label, len(self.own))


def _line(row: int, counts: list[int], places: Places) -> tuple[Entry, ...]:
    whole = sum(counts)
    return tuple(
        Entry(
            count=count,
            share=count / whole if whole else None,
            # The root lifts small shares: a confusion of one in ten should be seen.
            shade=round(SHADES * (count / whole) ** 0.5) if whole else 0,
            right=row == column and row < len(places.own),
        )
        for column, count in enumerate(counts)
    )
