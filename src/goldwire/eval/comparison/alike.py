"""Kinds of documents: counts of slices where documents of equal counts are alike, and need no telling apart.

A hundred thousand sentences are of some thousand kinds: slices are parted, summed and resampled by these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from goldwire.eval.comparison.contender import Contender
from goldwire.eval.counting.columns import Bools, Ints
from goldwire.eval.counting.counts import Counts, Patterns, numbered
from goldwire.eval.counting.slices import decode
from goldwire.eval.measures.measure import Measure, form_of
from goldwire.eval.measures.slices import parse_slice
from goldwire.eval.scoring.record import Record, Slicing
from goldwire.eval.scoring.tables import CountTable
from goldwire.eval.statistics.resample import Floats


class Kinds(NamedTuple):
    """The counts of a slice and of the rest, by kinds of documents that have the same on either side.

    `rows` are those of the kinds in the slice and in the rest, `kind` is that of each document. It
    is all that micro averages of one run look at where no document weighs more and none are near-duplicates.
    """

    inside: Patterns
    outside: Patterns
    rows: tuple[Floats, Floats]
    kind: Ints


def is_plain(system: Contender, measure: Measure) -> bool:
    """Whether documents of equal counts are alike (see `Kinds`)."""
    record = system.record
    several = system.runs or record.groups is not None or record.weights is not None
    return measure.average == "micro" and not several


def find_kinds(record: Record, slicing: Slicing, system: str, measure: Measure) -> dict[str, Kinds]:
    """The counts of each slice and of its rest, by value, as `slices.sides`; by kinds of documents."""
    if str(measure.counted) in slicing.unparted:
        return {}
    if parse_slice(slicing.slice).of_units:
        table = table_of(slicing, system, measure)
        return {} if table is None else _kinds_of_units(slicing, table.decoded)
    return _kinds_of_documents(slicing, record.patterns(system, measure))


def _kinds_of_units(slicing: Slicing, whole: Patterns) -> dict[str, Kinds]:
    counts, found = whole.counts, {}
    homes = np.array([slicing.values.index(decode(label)[0]) for label in counts.labels], np.int64)
    home = homes[counts.label] if len(homes) else counts.label
    for place, value in enumerate(slicing.values):
        both = [Patterns(masked(counts, rows), whole.times) for rows in (home == place, home != place)]
        rows = both[0].counts.by_document(), both[1].counts.by_document()
        found[value] = Kinds(both[0], both[1], rows, np.asarray(whole.index, np.int64))
    return found


def _kinds_of_documents(slicing: Slicing, whole: Patterns) -> dict[str, Kinds]:
    """Each kind of document twice: in the slice and in the rest."""
    index, homes = np.asarray(whole.index, np.int64), np.array(slicing.documents, np.int64)
    rows, found = whole.counts.by_document(), {}
    inside, outside = np.vstack([rows, np.zeros_like(rows)]), np.vstack([np.zeros_like(rows), rows])
    for place, value in enumerate(slicing.values):
        own = homes == place
        times = np.bincount(index[own], minlength=len(rows))
        found[value] = Kinds(
            _occurring(whole.counts, times),
            _occurring(whole.counts, whole.times - times),
            (inside, outside),
            index + len(rows) * ~own,
        )
    return found


def _occurring(counts: Counts, times: Ints) -> Patterns:
    """The patterns that documents have."""
    there = times > 0
    kept, number = there[counts.document], np.cumsum(there, dtype=np.int32) - 1
    columns = (number[counts.document[kept]], counts.label[kept], counts.values[kept])
    return Patterns(Counts(numbered(int(there.sum())), counts.labels, *columns), times[there])


def table_of(slicing: Slicing, system: str, measure: Measure) -> CountTable | None:
    """The counts of a slice of units."""
    key = system, form_of(measure, counted=True)
    return next((one for one in slicing.counts if (one.system, one.measure) == key), None)


def masked(counts: Counts, kept: Bools) -> Counts:
    """Some of the rows, with all labels."""
    columns = (counts.document[kept], counts.label[kept], counts.values[kept])
    return Counts(counts.documents, counts.labels, *columns, counts.weights)
