"""Counts of what a corpus holds: documents and tokens, and for each layer its units by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec

from goldwire.corpora import coverage, splits
from goldwire.corpora.coverage import Covered
from goldwire.corpora.offsets import tokens
from goldwire.corpora.rejected import by_kind
from goldwire.corpora.store import Corpus, Manifest
from goldwire.corpora.types import Annotations, Document, Event, Mention, Spans
from goldwire.corpora.values import each


class TextStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Documents and their sizes; tokens and code points count excluded regions too."""

    documents: int
    tokens: int
    code_points: int
    excluded: dict[str, int]
    excluded_code_points: int
    groups: int
    splits: dict[str, int]


class LayerStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one layer. `documents` are those it holds, `annotated` those with any unit.

    `attributes` count the values that are written; an absent value means the ontology's default.
    `nested` are mentions whose extent lies within that of another with other bounds; `same_span` share
    their spans with another mention; `discontinuous` have two spans or more. `rejected` counts, by kind, what
    was given and is no annotation, `failed` documents on which the system failed.
    """

    documents: int
    annotated: int
    mentions: dict[str, int]
    events: dict[str, int]
    arguments: dict[str, int]
    arguments_by_event: dict[str, dict[str, int]]
    relations: dict[str, int]
    attributes: dict[str, dict[str, int]]
    clusters: int
    singletons: int
    nested: int
    same_span: int
    discontinuous: int
    discontinuous_triggers: int
    status: dict[str, int]
    seconds: float | None
    rejected: dict[str, int] = {}
    failed: int = 0


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """What `goldwire corpus stats` tells: of the texts, and of each layer which of them it covers."""

    texts: TextStatistics
    covered: dict[str, Covered]
    layers: dict[str, LayerStatistics]


def describe(corpus: Corpus) -> Statistics:
    """The statistics of a corpus and of all its layers."""
    documents = corpus.documents()
    lines = {name: corpus.layer(name).values() for name in corpus.layers()}
    return Statistics(
        texts=describe_texts(documents, corpus.manifest),
        covered={name: coverage.describe(layer, len(documents)) for name, layer in lines.items()},
        layers={name: describe_layer(layer) for name, layer in lines.items()},
    )


def describe_texts(documents: list[Document], manifest: Manifest) -> TextStatistics:
    """Counts over texts."""
    regions = [region for document in documents for region in document.excluded]
    parts = splits.assign(documents, manifest.splits) if manifest.splits else {}
    return TextStatistics(
        documents=len(documents),
        tokens=sum(len(tokens(document.text)) for document in documents),
        code_points=sum(len(document.text) for document in documents),
        excluded=count(region.reason for region in regions),
        excluded_code_points=sum(region.end - region.start for region in regions),
        groups=len({document.group for document in documents if document.group is not None}),
        splits=count(parts.values()),
    )


def describe_layer(annotations: Iterable[Annotations]) -> LayerStatistics:
    """Counts over the annotations of one layer."""
    items = list(annotations)
    mentions = [mention for item in items for mention in item.mentions]
    events = [event for item in items for event in item.events]
    units: list[Mention | Event] = [*mentions, *events]
    clusters = [size for item in items for size in _cluster_sizes(item)]
    times = [item.provenance.seconds for item in items if item.provenance.seconds is not None]
    return LayerStatistics(
        documents=len(items),
        annotated=sum(bool(item.mentions or item.events or item.relations) for item in items),
        mentions=count(mention.type for mention in mentions),
        events=count(event.type for event in events),
        arguments=count(argument.role for event in events for argument in event.arguments),
        arguments_by_event=_tally((event.type, a.role) for event in events for a in event.arguments),
        relations=count(relation.type for item in items for relation in item.relations),
        attributes=_tally(
            (name, one) for unit in units for name, value in unit.attributes.items() for one in each(value)
        ),
        clusters=len(clusters),
        singletons=sum(size == 1 for size in clusters),
        nested=sum(_nested(item.mentions) for item in items),
        same_span=sum(_same_span(item.mentions) for item in items),
        discontinuous=sum(len(mention.spans) > 1 for mention in mentions),
        discontinuous_triggers=sum(len(event.trigger) > 1 for event in events),
        status=count(item.provenance.status or "none" for item in items),
        seconds=sum(times) if times else None,
        rejected=by_kind(found for item in items for found in item.rejected),
        failed=sum("failed" in item.provenance.details for item in items),
    )


def count(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, the most frequent first, then by name."""
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _tally(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    grouped: dict[str, list[str]] = {}
    for key, value in pairs:
        grouped.setdefault(key, []).append(value)
    return {key: count(grouped[key]) for key in sorted(grouped)}


def _cluster_sizes(annotations: Annotations) -> Iterable[int]:
    # Entities and events may use the same names for clusters without meaning the same thing.
    named: Mapping[tuple[str, str], int] = Counter(
        chain(
            (("mention", mention.cluster) for mention in annotations.mentions if mention.cluster),
            (("event", event.cluster) for event in annotations.events if event.cluster),
        )
    )
    return named.values()


def _extent(spans: Spans) -> tuple[int, int]:
    return spans[0].start, spans[-1].end


def _nested(mentions: Iterable[Mention]) -> int:
    """Mentions within another: sorted by start, longest first, each is tested against the reach so far."""
    extents = sorted((s, -e) for s, e in (_extent(m.spans) for m in mentions if m.spans))
    found, reach, last = 0, -1, None
    for start, end in extents:
        if last is not None and (start, end) == last[0]:
            found += last[1]
            continue
        inside = -end <= reach
        found += inside
        last, reach = ((start, end), inside), max(reach, -end)
    return found


def _same_span(mentions: Iterable[Mention]) -> int:
    return sum(times for times in Counter(mention.spans for mention in mentions).values() if times > 1)
