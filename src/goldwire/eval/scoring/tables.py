"""Tables of counts in a record: documents of equal counts are written once."""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np

from goldwire.eval.counting.counts import Floats, Patterns, make_counts, numbered
from goldwire.eval.scoring.lists import Numbers, NumbersOrTuple


class CountTable(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, dict=True
):
    """The counts of one system under one measure, with documents of equal counts written once.

    `patterns[documents[i]]` are the rows of `Record.documents[i]`: label index, system_hits, system,
    gold_hits, gold. In a record that names no documents, `times` says how many have each pattern.
    """

    system: str
    measure: str
    labels: tuple[str, ...]
    patterns: tuple[tuple[tuple[int, float, float, float, float], ...], ...]
    documents: NumbersOrTuple = ()
    times: tuple[int, ...] = ()

    @cached_property
    def rows(self) -> Floats:
        """The rows of all patterns, one after the other."""
        return np.array([row for pattern in self.patterns for row in pattern], np.float64).reshape(-1, 5)

    @cached_property
    def decoded(self) -> Patterns:
        """The counts, documents of equal counts together: decoded once, however many ask."""
        size = len(self.patterns)
        number = np.repeat(np.arange(size), [len(pattern) for pattern in self.patterns])
        counts = make_counts(numbered(size), self.labels, number, self.rows[:, 0], self.rows[:, 1:])
        if self.times:
            return Patterns(counts, np.array(self.times, np.int64))
        index = np.array(self.documents, np.int32)
        return Patterns(counts, np.bincount(index, minlength=size).astype(np.int64), index)


def encode_patterns(patterns: Patterns, system: str, measure: str) -> CountTable:
    """Patterns as a table, which names no documents where they are forgotten."""
    counts, index = patterns.counts, patterns.index
    numbers = np.arange(len(counts.documents))
    first, end = (np.searchsorted(counts.document, numbers, side).tolist() for side in ("left", "right"))
    rows = list(zip(counts.label.tolist(), *counts.values.T.tolist(), strict=True))
    return CountTable(
        system=system,
        measure=measure,
        labels=counts.labels,
        patterns=tuple(tuple(rows[low:high]) for low, high in zip(first, end, strict=True)),
        documents=() if index is None else Numbers(index),
        times=tuple(patterns.times.tolist()) if index is None else (),
    )
