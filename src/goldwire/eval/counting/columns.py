"""Layers as columns: one numpy array a field, no Python object a mention.

A `Table` holds one layer's annotations of a list of documents. Strings (types, roles, values) are codes
of a `Codes` that all tables of a scoring share, so that layers compare by number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Excluded, Span, Spans
from goldwire.corpora.values import code

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
NONE = -1  # the code of what is not there
NOWHERE = 2**40  # where events without a trigger stand: beyond every text, and beyond what was rejected
_NOWHERE = (Span(NOWHERE, NOWHERE + 1),)


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


def make_table(
    items: Sequence[Annotations],
    numbers: Ints,
    codes: Codes,
    attributes: Iterable[str] = (),
    ontology: Ontology | None = None,
    *,
    symmetric: Collection[str] = (),
    scores: bool = False,
) -> Table:
    """The columns of annotations; `numbers` are those of their documents, `attributes` those wanted.

    `symmetric` are the types of relations that are the same either way; with `scores`, units have theirs.
    """
    mentions, mention_document = _flat(items, "mentions", numbers)
    events, event_document = _flat(items, "events", numbers)
    relations, relation_document = _flat(items, "relations", numbers)
    event_type = _coded(events, "type", codes)
    arguments, argument_event = _flat(events, "arguments", np.arange(len(events)))
    place = _Places(mentions, mention_document)
    wanted, score = tuple(attributes), partial(_scores, wanted=scores)
    return Table(
        mentions=make_extents(mention_document, list(map(attrgetter("spans"), mentions))),
        mention_type=_coded(mentions, "type", codes),
        mention_head=_heads(mentions),
        mention_cluster=_clusters(mentions, codes),
        mention_score=score(mentions),
        mention_attributes=_attributes(mentions, "mention", wanted, codes, ontology),
        events=make_extents(event_document, [event.trigger or _NOWHERE for event in events]),
        event_type=event_type,
        event_score=score(events),
        event_attributes=_attributes(events, "event", wanted, codes, ontology),
        argument_event=argument_event,
        argument_role=_coded(arguments, "role", codes),
        argument_score=score(arguments),
        argument_mention=place.of(event_document[argument_event], arguments, "mention"),
        relation_type=_coded(relations, "type", codes),
        relation_score=score(relations),
        relation_source=place.of(relation_document, relations, "source"),
        relation_target=place.of(relation_document, relations, "target"),
        relation_symmetric=_are_in(relations, symmetric),
    )


def make_extents(document: Ints, spans: Sequence[Spans]) -> Extents:
    """Extents from the spans of units, brought to canonical form (see `Extents`)."""
    sizes = _ints(map(len, spans), len(spans))
    whole = spans
    if (sizes > 1).any():
        whole = [*map(canonical, spans)]
        sizes = _ints(map(len, whole), len(whole))
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
    counts = _ints(map(len, regions), len(regions))
    flat = list(chain.from_iterable(regions))
    return Extents(
        np.repeat(np.arange(len(regions)), counts),
        np.arange(len(flat) + 1),
        _offsets([part.start for part in flat]),
        _offsets([part.end for part in flat]),
        np.zeros(len(flat), np.int64),
    )


# ---------------------------------------------------------------- columns
_FAR = 2**53  # no text is so long


def _ints(values: Iterable[int], size: int) -> Ints:
    return np.fromiter(values, np.int64, size)


def _offsets(values: Sequence[int]) -> Ints:
    """Offsets as a column; those beyond what it holds are beyond any text too, and stay so."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array([min(value, _FAR) for value in values], np.int64)


def _flat(items: Sequence[Any], field: str, owner: Ints) -> tuple[list[Any], Ints]:
    """The members of a field of all items in one list, and the owner of each."""
    lists = list(map(attrgetter(field), items))
    if lists.count(()) == len(lists):
        return [], np.zeros(0, np.int64)
    return list(chain.from_iterable(lists)), np.repeat(owner, _ints(map(len, lists), len(lists)))


def _coded(items: Sequence[Any], field: str, codes: Codes) -> Ints:
    return _ints(map(codes.__getitem__, map(attrgetter(field), items)), len(items))


def _scores(items: Sequence[Any], *, wanted: bool) -> Floats:
    """The scores of units, NaN where there is none."""
    if not wanted:
        return np.full(len(items), np.nan)
    return np.array([np.nan if item.score is None else item.score for item in items], np.float64)


def _are_in(items: Sequence[Any], types: Collection[str]) -> Bools:
    """Which items are of one of some types."""
    if not types:
        return np.zeros(len(items), np.bool_)
    return np.fromiter((item.type in types for item in items), np.bool_, len(items))


def _heads(mentions: Sequence[Any]) -> Ints:
    heads = np.full((len(mentions), 2), NONE, np.int64)
    given = list(map(attrgetter("head"), mentions))
    if given.count(None) < len(given):
        rows = [row for row, head in enumerate(given) if head is not None]
        heads[rows] = [(given[row].start, given[row].end) for row in rows]
    return heads


def _clusters(mentions: Sequence[Any], codes: Codes) -> Ints:
    return _or_none(list(map(attrgetter("cluster"), mentions)), codes)


def _attributes(
    items: Sequence[Any], on: str, names: Sequence[str], codes: Codes, ontology: Ontology | None
) -> dict[str, Ints]:
    """The values of attributes, by name; most names that are asked for occur on events alone."""
    if not names:
        return {}
    held = list(map(attrgetter("attributes"), items))
    occurring = set(chain.from_iterable(held))
    columns = {}
    for name in names:
        defaults = _defaults(items, name, on, ontology)
        if name in occurring or defaults is not None:
            columns[name] = _values(held, name, codes, repeat(None) if defaults is None else defaults)
        else:
            columns[name] = np.full(len(items), NONE, np.int64)
    return columns


def _defaults(
    items: Sequence[Any], name: str, on: str, ontology: Ontology | None
) -> Iterable[str | None] | None:
    """What each item has of an attribute if it says nothing; None if nothing is what all have."""
    attribute = None if ontology is None else ontology.attributes.get(name)
    if attribute is None or attribute.on != on or attribute.default is None:
        return None
    if on == "event" and attribute.events:
        return (attribute.default if item.type in attribute.events else None for item in items)
    return repeat(attribute.default)


def _values(
    held: Sequence[Mapping[str, Any]], name: str, codes: Codes, defaults: Iterable[str | None]
) -> Ints:
    values = [own.get(name, default) for own, default in zip(held, defaults, strict=False)]
    if tuple in set(map(type, values)):
        values = list(map(code, values))
    return _or_none(values, codes)


def _or_none(values: list[str | None], codes: Codes) -> Ints:
    """The codes of values, `NONE` for None."""
    if values.count(None) == len(values):
        return np.full(len(values), NONE, np.int64)
    column = _ints(map(codes.__getitem__, values), len(values))
    return np.where(column == codes[None], NONE, column)


class _Places:
    """Rows of mentions by document and id."""

    def __init__(self, mentions: Sequence[Any], document: Ints) -> None:
        self.mentions, self.document = mentions, document
        self.rows: dict[tuple[int, str], int] | None = None

    def of(self, document: Ints, items: Sequence[Any], field: str) -> Ints:
        """The rows of the mentions that `items` name in a field; `KeyError` where there is none."""
        if not items:
            return np.zeros(0, np.int64)
        if self.rows is None:  # not built for layers without arguments and relations
            keys = zip(self.document.tolist(), map(attrgetter("id"), self.mentions), strict=True)
            self.rows = {key: row for row, key in enumerate(keys)}
        names = zip(document.tolist(), map(attrgetter(field), items), strict=True)
        return _ints(map(self.rows.__getitem__, names), len(items))
