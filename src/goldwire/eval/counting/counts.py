"""Counts as sums: per document and label, four numbers that add up over documents and corpora.

Everything later (averages, intervals, tests, merging) is made from `Counts`; nothing is scored again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Self

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from goldwire.eval.counting.keys import list_keys, ranks, row_keys

SmallInts = NDArray[np.int32]
Indices = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]

# The columns of `Counts.values`. Precision is system_hits / system, recall is gold_hits / gold.
# For matched units both hits are the true positives; for MUC, B3, CEAF and their like they are the two
# numerators. A unit that spans labels (a plain key without type) has the label "".
SYSTEM_HITS, SYSTEM, GOLD_HITS, GOLD = range(4)
COLUMNS = ("system_hits", "system", "gold_hits", "gold")
# Values are put on a grid so fine that it does not show and so coarse that sums of up to two million units
# are exact, in whatever order they are made.
GRID = 2.0**32
_FEW = 2**14  # patterns, of which the names are kept
_WEIGHTS = 2.0**24  # parts of one that weights are in, so that weighted sums are as exact


class Weights(msgspec.Struct, frozen=True, eq=False):
    """What each document of `Counts` weighs, and the number of the stratum that it was drawn from.

    Documents weigh 1 on average over all that were scored, so that weighted sums are of the size of what was
    annotated.
    """

    each: Floats
    strata: SmallInts

    @classmethod
    def of(cls, weights: Sequence[float], strata: Sequence[int]) -> Self:
        """Weights in any unit, made 1 on average."""
        each = np.asarray(weights, np.float64)
        scaled = np.rint(each * (len(each) / max(each.sum(), np.finfo(float).tiny)) * _WEIGHTS) / _WEIGHTS
        return cls(np.maximum(scaled, 1 / _WEIGHTS), np.asarray(strata, np.int32))

    def take(self, places: NDArray[Any]) -> Self:
        """Those of some documents, by place; the scale stays."""
        return type(self)(self.each[places], self.strata[places])


class Counts(msgspec.Struct, frozen=True, eq=False):
    """The counts of one system under one measure.

    `documents`: the ids of ALL documents of the gold side, sorted, those without units included.
    `labels`: the labels that occur on either side, sorted. Row k says that document
    `documents[document[k]]` has, under label `labels[label[k]]`, the four `values[k]` (see `COLUMNS`).
    Canonical: rows are in order of (document, label), each pair at most once, none all zero.
    Make one with `make_counts`, which sees to that.

    Of documents drawn with unequal probability the values are weighted already (see `weigh`), so that sums
    are; `weights` say how, None where all documents count alike.
    """

    documents: Sequence[str]
    labels: tuple[str, ...]
    document: SmallInts
    label: SmallInts
    values: Floats
    weights: Weights | None = None

    def __add__(self, other: Counts) -> Counts:
        """The counts of both together, before they are weighted; documents of the same id are added up."""
        if self.weights is not None or other.weights is not None:
            raise TypeError("weighted counts are not added up: add first, and weigh then")
        documents = tuple(sorted({*self.documents, *other.documents}))
        labels = tuple(sorted({*self.labels, *other.labels}))
        parts = [
            (positions(documents, part.documents)[part.document], positions(labels, part.labels)[part.label])
            for part in (self, other)
        ]
        return make_counts(
            documents,
            labels,
            np.concatenate([document for document, _ in parts]),
            np.concatenate([label for _, label in parts]),
            np.concatenate([self.values, other.values]),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return (
            self.documents == other.documents
            and self.labels == other.labels
            and np.array_equal(self.document, other.document)
            and np.array_equal(self.label, other.label)
            and np.array_equal(self.values, other.values)
            and _are_same(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def total(self) -> Floats:
        """The four numbers over everything."""
        everything: Floats = self.values.sum(axis=0)
        return everything

    def by_label(self) -> Floats:
        """Labels x 4, summed over documents."""
        return _sums(self.label, self.values, len(self.labels))

    def by_document(self) -> Floats:
        """Documents x 4, summed over labels, as they were counted: not weighted."""
        sums = _sums(self.document, self.values, len(self.documents))
        if self.weights is None:
            return sums
        counted: Floats = np.rint(sums / self.weights.each[:, None] * GRID) / GRID
        return counted

    def select(self, documents: tuple[str, ...]) -> Counts:
        """The counts of some of the documents; ids that are not here are passed over."""
        kept = tuple(sorted(set(documents) & set(self.documents)))
        index = positions(self.documents, kept)
        place = np.full(len(self.documents), -1, np.int32)
        place[index] = np.arange(len(kept), dtype=np.int32)
        rows = place[self.document] >= 0
        found = make_counts(
            kept, self.labels, place[self.document[rows]], self.label[rows], self.values[rows]
        )
        return replace(found, weights=None if self.weights is None else self.weights.take(index))

    def only(self, kept: NDArray[np.bool_]) -> Counts:
        """Some of the rows, on the same documents, which weigh what they did."""
        columns = (self.document[kept], self.label[kept], self.values[kept])
        return replace(make_counts(self.documents, self.labels, *columns), weights=self.weights)


def _are_same(first: Weights | None, second: Weights | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first.each, second.each) and np.array_equal(first.strata, second.strata)


def make_counts(
    documents: Sequence[str], labels: tuple[str, ...], document: Any, label: Any, values: Any
) -> Counts:
    """Counts in canonical form from rows in any order, added up where they meet; unused labels go.

    >>> make_counts(("a", "b"), ("PER",), [1, 1], [0, 0], [[1, 1, 1, 1], [0, 1, 0, 0]]).values.tolist()
    [[1.0, 2.0, 1.0, 1.0]]
    """
    document, label = np.asarray(document, np.int64), np.asarray(label, np.int64)
    values = np.rint(np.asarray(values, np.float64).reshape(-1, len(COLUMNS)) * GRID) / GRID
    cells, place = np.unique(document * max(len(labels), 1) + label, return_inverse=True)
    sums = _sums(place, values, len(cells))
    kept = sums.any(axis=1)
    cells, sums = cells[kept], sums[kept]
    used, label = np.unique(cells % max(len(labels), 1), return_inverse=True)
    order = np.argsort([labels[i] for i in used], kind="stable")
    rank = np.empty(len(used), np.int32)
    rank[order] = np.arange(len(used), dtype=np.int32)
    document = (cells // max(len(labels), 1)).astype(np.int32)
    label = rank[label] if len(used) else label.astype(np.int32)
    rows = np.lexsort((label, document))
    names = tuple(labels[used[i]] for i in order)
    return Counts(documents, names, document[rows], label[rows], sums[rows])


def join(parts: Sequence[Counts]) -> Counts:
    """The counts of different documents, given in order of document, as one."""
    if len(parts) == 1:
        return parts[0]
    labels = tuple(sorted({label for part in parts for label in part.labels}))
    starts = np.cumsum([0, *(len(part.documents) for part in parts)])
    return Counts(
        documents=tuple(chain.from_iterable(part.documents for part in parts)),
        labels=labels,
        document=np.concatenate([part.document + start for part, start in zip(parts, starts, strict=False)]),
        label=np.concatenate([positions(labels, part.labels)[part.label] for part in parts]),
        values=np.concatenate([part.values for part in parts]),
    )


def weigh(counts: Counts, weights: Weights) -> Counts:
    """The rows of each document times what it weighs: Horvitz and Thompson's sums (1952).

    >>> one = make_counts(("a", "b"), ("",), [0, 1], [0, 0], [[1, 1, 1, 1], [0, 1, 0, 1]])
    >>> weigh(one, Weights.of([3, 1], [0, 0])).total().tolist()
    [1.5, 2.0, 1.5, 2.0]
    """
    values = counts.values * weights.each[counts.document][:, None]
    return replace(counts, values=np.rint(values * GRID) / GRID, weights=weights)


class Patterns(msgspec.Struct, frozen=True, eq=False):
    """Counts in which documents of equal rows are put together.

    Each document of `counts` stands for `times` documents, all of different rows. `index` has the pattern of
    every document, in their order; None where it is forgotten which document is which.
    """

    counts: Counts
    times: NDArray[np.int64]
    index: Indices | None = None

    def whole(self) -> Counts:
        """The counts of all documents together, as far as sums over documents go."""
        values = self.counts.values * self.times[self.counts.document][:, None]
        return replace(self.counts, values=values)

    def expand(self, documents: Sequence[str]) -> Counts:
        """The counts of each document; only where the `index` is known."""
        if self.index is None:
            raise TypeError("it is forgotten which document is which")
        size = np.bincount(self.counts.document, minlength=len(self.counts.documents))
        first, sizes = (np.cumsum(size) - size)[self.index], size[self.index]
        document = np.repeat(np.arange(len(documents)), sizes)
        row = first[document] + np.arange(len(document)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        counts = self.counts
        return Counts(
            documents, counts.labels, document.astype(np.int32), counts.label[row], counts.values[row]
        )


def condense(counts: Counts, times: NDArray[np.int64] | None = None) -> Patterns:
    """Documents of equal rows put together; `times` says how many each document stands for already."""
    kinds, kind = np.unique(_document_keys(counts), return_inverse=True)
    many = np.bincount(kind, times, len(kinds)).astype(np.int64)
    example = np.empty(len(kinds), np.int64)  # any document of each pattern
    example[kind] = np.arange(len(kind))
    place = np.full(len(kind), -1, np.int64)
    place[example] = np.arange(len(example))
    rows = np.flatnonzero(place[counts.document] >= 0)
    rows = rows[np.argsort(place[counts.document[rows]], kind="stable")]
    kept = Counts(
        documents=numbered(len(example)),
        labels=counts.labels,
        document=place[counts.document[rows]].astype(np.int32),
        label=counts.label[rows],
        values=counts.values[rows],
    )
    return Patterns(kept, many, _narrow(kind, len(kinds)))


def _narrow(numbers: NDArray[np.int64], end: int) -> Indices:
    """Numbers below an end in as few bytes as they need: there are as many as documents."""
    if end - 1 <= np.iinfo(np.int8).max:
        return numbers.astype(np.int8)
    return numbers.astype(np.int16 if end - 1 <= np.iinfo(np.int16).max else np.int32)


def forget(patterns: Patterns) -> Patterns:
    """The same without which document is which."""
    return replace(patterns, index=None)


def empty(patterns: Patterns) -> Patterns:
    """Counts of nothing on the same documents."""
    size = int(patterns.times.sum())
    index = None if patterns.index is None else np.zeros(size, np.int8)
    return Patterns(no_counts(numbered(1)), np.array([size], np.int64), index)


def join_patterns(parts: Sequence[Patterns]) -> Patterns:
    """The patterns of different documents, given in order of document, as one."""
    if len(parts) == 1:
        return parts[0]
    whole = join([part.counts for part in parts])
    renamed = replace(whole, documents=numbered(len(whole.documents)))
    joined = condense(renamed, np.concatenate([part.times for part in parts]))
    known = [part.index for part in parts if part.index is not None]
    if joined.index is None or len(known) < len(parts):
        return forget(joined)
    starts = np.cumsum([0, *(len(part.times) for part in parts[:-1])])
    index = [joined.index[start + own.astype(np.int64)] for start, own in zip(starts, known, strict=True)]
    return replace(joined, index=np.concatenate(index))


def numbered(size: int) -> tuple[str, ...]:
    """Names for so many patterns, in their order."""
    return _first_names()[:size] if size <= _FEW else tuple(map(str, range(10**9, 10**9 + size)))


@cache
def _first_names() -> tuple[str, ...]:
    """Made once: to make them anew for each table takes as long as to join tables."""
    return tuple(map(str, range(10**9, 10**9 + _FEW)))


def _document_keys(counts: Counts) -> NDArray[np.int64]:
    """A key for each document, equal where its rows are."""
    rows = row_keys([counts.label.astype(np.int64), *map(_whole, counts.values.T)]) + 1
    return list_keys(rows, np.bincount(counts.document, minlength=len(counts.documents)))


def _whole(column: Floats) -> NDArray[np.int64]:
    """Whole numbers that are equal where the values are."""
    whole = column.astype(np.int64)
    return whole if (whole == column).all() else ranks(column)


def no_counts(documents: tuple[str, ...] = ()) -> Counts:
    """Counts of nothing, on these documents."""
    return make_counts(tuple(sorted(documents)), (), [], [], [])


def positions(whole: Sequence[str], part: Sequence[str]) -> SmallInts:
    """Where each member of `part` stands in `whole`; `KeyError` if it does not."""
    if whole == part:
        return np.arange(len(part), dtype=np.int32)
    place = {item: i for i, item in enumerate(whole)}
    return np.array([place[item] for item in part], np.int32)


def _sums(place: NDArray[Any], values: Floats, size: int) -> Floats:
    """Rows of `values` added up by `place`; size x 4."""
    columns = [np.bincount(place, values[:, column], size) for column in range(values.shape[1])]
    return np.stack(columns, axis=1).astype(np.float64)
