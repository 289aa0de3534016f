"""Layers as columns: one numpy array a field, no Python object a mention.

A `Table` holds one layer's annotations of a list of documents. Strings (types, roles, values) are codes
of a `Codes` that all tables of a scoring share, so that layers compare by number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.types import Excluded, Spans

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
NONE = -1  # the code of what is not there
NOWHERE = 2**40  # where events without a trigger stand: beyond every text, and beyond what was rejected


class Codes(dict[Any, int]):
    """Numbers for values, given out as they come: looking a new value up gives it the next number."""

    def __missing__(self, value: Any) -> int:
        self[value] = code = len(self)
        return code

    def names(self) -> tuple[Any, ...]:
        """The values, in the order of their codes."""
        return tuple(self)

    def ranks(self, *columns: Ints) -> Ints:
        """The rank of each code in some columns among them all by its value, at the place of the code.

        Which code a value has depends on what came before it; this order does not.
        """
        names, found = self.names(), np.unique(np.concatenate(columns)).tolist()
        rank = np.zeros(len(names), np.int64)
        rank[sorted(found, key=names.__getitem__)] = np.arange(len(found))
        return rank


class Extents(msgspec.Struct, frozen=True):
    """Where units stand: unit i is in `document[i]` and has the parts `offset[i]` up to `offset[i + 1]`.

    Parts are in order, do not overlap and do not touch: two units with the same characters have the
    same parts. `shape` is 0 for one part, else a code that tells discontinuous units of one hull apart.
    """

    document: Ints
    offset: Ints
    starts: Ints
    ends: Ints
    shape: Ints

    def __len__(self) -> int:
        return len(self.document)

    @property
    def start(self) -> Ints:
        """The first character of each unit."""
        return self.starts if len(self.starts) == len(self) else self.starts[self.offset[:-1]]

    @property
    def end(self) -> Ints:
        """The place after the last character of each unit."""
        return self.ends if len(self.ends) == len(self) else self.ends[self.offset[1:] - 1]

    @property
    def owner(self) -> Ints:
        """The unit that each part belongs to."""
        if len(self.starts) == len(self):
            return np.arange(len(self))
        owner: Ints = np.repeat(np.arange(len(self)), np.diff(self.offset))
        return owner

    def lengths(self) -> Ints:
        """Characters of each unit, gaps left out."""
        if len(self.starts) == len(self):
            return self.ends - self.starts
        sums = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        lengths: Ints = sums[self.offset[1:]] - sums[self.offset[:-1]]
        return lengths

    def take(self, index: Ints) -> Extents:
        """Some of the units, in the order of `index`; one may be taken more than once."""
        sizes = np.diff(self.offset)[index]
        offset = np.concatenate([[0], np.cumsum(sizes)])
        parts = np.repeat(self.offset[index] - offset[:-1], sizes) + np.arange(offset[-1])
        return Extents(self.document[index], offset, self.starts[parts], self.ends[parts], self.shape[index])


class Table(msgspec.Struct, frozen=True):
    """One layer's annotations of some documents; `documents` numbers refer to the list given.

    `argument_event`, `argument_mention`, `relation_source` and `relation_target` are rows of events and
    mentions. Attributes are by name; a value that is absent has the code of its default, or `NONE`; several
    together have a code of their own (see `values.code`). Scores that nobody gave or asked for are NaN.
    """

    mentions: Extents
    mention_type: Ints
    mention_head: Ints  # n x 2, start and end; NONE where the layer gives no head
    mention_cluster: Ints
    mention_score: Floats
    mention_attributes: dict[str, Ints]
    events: Extents
    event_type: Ints
    event_score: Floats
    event_attributes: dict[str, Ints]
    argument_event: Ints
    argument_role: Ints
    argument_score: Floats
    argument_mention: Ints
    relation_type: Ints
    relation_score: Floats
    relation_source: Ints
    relation_target: Ints
    relation_symmetric: Bools  # whether it is the same either way

    @property
    def triggered(self) -> Bools:
        """Which events have a trigger."""
        return self.events.start < NOWHERE


def make_extents(document: Ints, spans: Sequence[Spans]) -> Extents:
    """Extents from the spans of units, brought to canonical form (see `Extents`)."""
    sizes = ints(map(len, spans), len(spans))
    whole = spans
    if (sizes > 1).any():
        whole = [*map(canonical, spans)]
        sizes = ints(map(len, whole), len(whole))
    flat = list(chain.from_iterable(whole))
    shape = np.zeros(len(whole), np.int64)
    for unit in np.flatnonzero(sizes > 1).tolist():
        shape[unit] = _shape(whole[unit])
    return Extents(
        document,
        np.concatenate([[0], np.cumsum(sizes)]),
        _offsets([part.start for part in flat]),
        _offsets([part.end for part in flat]),
        shape,
    )


def _shape(spans: Spans) -> int:
    """A number for a discontinuous unit that depends on its parts alone; 56 bits, never 0."""
    parts = ",".join(f"{span.start}-{span.end}" for span in spans)
    return 1 + int.from_bytes(hashlib.blake2b(parts.encode(), digest_size=7).digest(), "big")


def canonical(spans: Spans) -> Spans:
    """Spans as a set of characters: in order, touching and overlapping ones joined."""
    if len(spans) == 1:
        return spans
    merged = [min(spans)]
    for span in sorted(spans)[1:]:
        if span.start <= merged[-1].end:
            merged[-1] = type(span)(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return tuple(merged)


# The columns whose values are rows of the table, and the units that have these rows.
ROWS_OF = {
    "argument_event": "event",
    "argument_mention": "mention",
    "relation_source": "mention",
    "relation_target": "mention",
}


def columns_of(unit: str) -> tuple[str, ...]:
    """The names of the columns with a row for each unit of a kind; they begin with what it is called.

    >>> columns_of("event")
    ('events', 'event_type', 'event_score', 'event_attributes')
    """
    return tuple(name for name in Table.__struct_fields__ if name.startswith((f"{unit}_", f"{unit}s")))


def concatenate(tables: Sequence[Table]) -> Table:
    """Tables of different documents as one, in their order."""
    if len(tables) == 1:
        return tables[0]
    first = {
        "mention": np.cumsum([0, *(len(table.mentions) for table in tables)]),
        "event": np.cumsum([0, *(len(table.events) for table in tables)]),
    }

    def joined(name: str) -> Any:
        columns = [getattr(table, name) for table in tables]
        if name in ROWS_OF:
            columns = [column + first[ROWS_OF[name]][i] for i, column in enumerate(columns)]
        return _joined(columns)

    return Table(**{name: joined(name) for name in Table.__struct_fields__})


def _joined(columns: list[Any]) -> Any:
    if isinstance(columns[0], dict):
        return {name: np.concatenate([column[name] for column in columns]) for name in columns[0]}
    if isinstance(columns[0], Extents):
        return _joined_extents(columns)
    return np.concatenate(columns)


def _joined_extents(extents: list[Extents]) -> Extents:
    parts = np.cumsum([0, *(len(one.starts) for one in extents)])
    offsets = [one.offset[:-1] + parts[i] for i, one in enumerate(extents)]
    rest = {
        name: np.concatenate([getattr(one, name) for one in extents])
        for name in Extents.__struct_fields__
        if name != "offset"
    }
    return Extents(offset=np.concatenate([*offsets, parts[-1:]]), **rest)


def renumbered(numbers: Ints) -> Ints:
    """Numbers from 0 on without gaps, in the same order."""
    there = np.bincount(numbers) > 0
    return np.asarray((np.cumsum(there) - 1)[numbers])


# ---------------------------------------------------------------- excluded regions
def excluded_extents(regions: Sequence[tuple[Excluded, ...]]) -> Extents:
    """The excluded regions of documents, as units; `regions[i]` are those of document i."""
    counts = ints(map(len, regions), len(regions))
    flat = list(chain.from_iterable(regions))
    return Extents(
        np.repeat(np.arange(len(regions)), counts),
        np.arange(len(flat) + 1),
        _offsets([part.start for part in flat]),
        _offsets([part.end for part in flat]),
        np.zeros(len(flat), np.int64),
    )


_FAR = 2**53  # no text is so long


def ints(values: Iterable[int], size: int) -> Ints:
    """A column of so many numbers."""
    return np.fromiter(values, np.int64, size)


def _offsets(values: Sequence[int]) -> Ints:
    """Offsets as a column; those beyond what it holds are beyond any text too, and stay so."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array([min(value, _FAR) for value in values], np.int64)
