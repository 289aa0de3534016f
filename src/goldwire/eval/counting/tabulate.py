"""Tabulates annotations: a row for each unit, in columns that refer to each other by number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

import numpy as np

from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Span
from goldwire.corpora.values import code
from goldwire.eval.counting.columns import (
    NONE,
    NOWHERE,
    Bools,
    Codes,
    Floats,
    Ints,
    Table,
    ints,
    make_extents,
)

_NOWHERE = (Span(NOWHERE, NOWHERE + 1),)


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


def _flat(items: Sequence[Any], field: str, owner: Ints) -> tuple[list[Any], Ints]:
    """The members of a field of all items in one list, and the owner of each."""
    lists = list(map(attrgetter(field), items))
    if lists.count(()) == len(lists):
        return [], np.zeros(0, np.int64)
    return list(chain.from_iterable(lists)), np.repeat(owner, ints(map(len, lists), len(lists)))


def _coded(items: Sequence[Any], field: str, codes: Codes) -> Ints:
    return ints(map(codes.__getitem__, map(attrgetter(field), items)), len(items))


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
    column = ints(map(codes.__getitem__, values), len(values))
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
        return ints(map(self.rows.__getitem__, names), len(items))
