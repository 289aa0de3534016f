"""Texts with spans: doccano's lines, and the pairs that spaCy was trained with before its third version.

Offsets of both count code points, ends excluded. Forms: doccano's exporter and its issues; spaCy's
documentation of `Example.from_dict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering, Place
from goldwire.corpora.formats.records import (
    Written,
    bound,
    fields,
    id_of,
    is_list_of,
    items_of,
    listed,
    text_of,
)
from goldwire.corpora.formats.words import apart, whole
from goldwire.corpora.types import (
    Annotations,
    Document,
    Mention,
    Rejected,
    Relation,
)


class _Triple(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    start: int
    end: int
    label: str


def _mentions(triples: Iterable[_Triple], place: Place) -> list[Mention]:
    """Mentions called m1, m2, …"""
    return [
        Mention(id=f"m{number}", type=item.label, spans=(place.span(item.start, item.end),))
        for number, item in enumerate(triples, start=1)
    ]


def _triple(mention: Mention) -> _Triple:
    (span,) = mention.spans
    return _Triple(span.start, span.end, mention.type)


# ---------------------------------------------------------------- doccano


class _Entity(msgspec.Struct, frozen=True):
    start_offset: int
    end_offset: int
    label: str
    id: int | str | None = None


class _Link(msgspec.Struct, frozen=True):
    from_id: int | str
    to_id: int | str
    type: str
    id: int | str | None = None


class Doccano(Written):
    """doccano's JSON lines: `text` with `label`, or with `entities` and `relations`.

    `label` (or `labels`) is a list of start, end and label. Where a project has relations, doccano writes
    `entities` with ids and `relations` from one to another. A document is called by its `id`. doccano exports
    texts that nobody confirmed as well, unless asked for confirmed ones only; each line is taken as judged.

    Not kept when read: comments, labels of whole texts, and other fields (doccano puts the metadata there).
    Not held when written: events, mentions with several parts, clusters, attributes, heads, scores.
    `entities` are written where the layer has relations, `label` where it has none.
    """

    FACTS = Facts(
        about="doccano's JSON lines, texts with labelled spans, and relations where a project has them",
        loss="events, clusters, attributes, scores; mentions in parts; read: comments, metadata",
        coverage="a line for the document, confirmed or not: export confirmed ones only",
        example="goldwire corpus new work --from admin.jsonl --format doccano --layer gold",
    )
    HELD = ("relations",)

    def fits(self, record: Any) -> bool:
        """A text with spans as lists under `label`, or entities with offsets."""
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            return False
        spans = record.get("label", record.get("labels"))
        if isinstance(spans, list) and spans:
            return is_list_of(spans, _Triple)
        return bool(record.get("entities")) and is_list_of(record["entities"], _Entity)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, or a text without labels."""
        return self.fits(record) or (isinstance(record, dict) and {"text", "id"} <= record.keys())

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "text")
        place = gathering.text(id_of(line.get("id")), text_of(line), where, record)
        if place is None:
            return
        rejected: list[Rejected] = []
        given = list(items_of(listed(line, "entities"), _Entity, "mention", place, rejected))
        spans = [item for name in ("label", "labels") for item in listed(line, name)]
        plain = [item for item in spans if not isinstance(item, str)]
        gathering.lost["labels of whole texts"] += len(spans) - len(plain)
        triples = list(items_of(plain, _Triple, "mention", place, rejected))
        entities = [_Triple(item.start_offset, item.end_offset, item.label) for item in given]
        mentions = _mentions([*triples, *entities], place)
        ids = {str(e.id): m.id for e, m in zip(given, mentions[len(triples) :], strict=True)}
        links = items_of(listed(line, "relations"), _Link, "relation", place, rejected)
        # An end that is not there keeps its own name: the relation is told later as one without a mention.
        relations = [
            Relation(id=f"r{i}", type=x.type, source=ids.get(str(x.from_id), f"entity {x.from_id}"),
                     target=ids.get(str(x.to_id), f"entity {x.to_id}"))
            for i, x in enumerate(links, start=1)
        ]  # fmt: skip
        self._lose(line, gathering.lost)
        gathering.add(place, mentions, relations=relations, rejected=rejected)

    def _lose(self, line: Mapping[str, Any], lost: Counter[str]) -> None:
        said = {name for name in line if name.lower() == "comments"}
        lost["comments"] += sum(len(listed(line, name)) for name in said)
        lost["other fields"] += len(
            line.keys() - said - {"id", "text", "label", "labels", "entities", "relations"}
        )

    def give(
        self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        """See `Written.give`. Ids of entities and relations count through the file, as doccano's do."""
        linked = any(line.relations for _, line in items)
        number = 0
        for document, line in items:
            mentions = whole(line.mentions, lost)
            record = {"id": document.id, "text": document.text}
            if not linked:
                yield {**record, "label": [_triple(mention) for mention in mentions]}
                continue
            ids = {mention.id: number + i for i, mention in enumerate(mentions)}
            number += len(mentions) + len(line.relations)
            entities = [
                {
                    "id": ids[m.id],
                    "label": m.type,
                    "start_offset": m.spans[0].start,
                    "end_offset": m.spans[0].end,
                }
                for m in mentions
            ]
            kept = enumerate(bound(line.relations, ids, lost), start=number - len(line.relations))
            relations = [
                {"id": id, "from_id": ids[x.source], "to_id": ids[x.target], "type": x.type} for id, x in kept
            ]
            yield {**record, "entities": entities, "relations": relations, "Comments": []}


# ---------------------------------------------------------------- spaCy before version 3


class SpacyTrain(Written):
    """The tuples that spaCy 2 was trained with, as JSON: a text, and its `entities` as start, end and label.

    Many tools write them, doccano's and NER annotators' among them: one list, JSON lines, or under
    `annotations` beside `classes`. Documents have no ids and are called by their numbers.

    Not kept when read: categories, links and all else beside `entities`. Not held when written: ids of
    documents, everything but mentions, mentions with several parts, and those that overlap a longer one,
    since spaCy refuses entities that overlap.
    """

    FACTS = Facts(
        about="the training data of spaCy 2 as JSON: pairs of a text and its entities",
        loss="ids of documents; all but mentions; mentions that overlap a longer one or have parts",
        coverage="a pair for the text",
        example="goldwire corpus new work --from train.json --format spacy-train --layer gold",
    )
    LINES = False

    def unwrap(self, records: list[Any]) -> list[Any]:
        """The pairs: of a list, of `annotations` (null where a text was passed over), or the one pair."""
        if len(records) == 1 and isinstance(records[0], dict):
            inner = records[0].get("annotations")
            records = inner if isinstance(inner, list) else records
        if records and isinstance(records[0], str):
            return [records]
        return [record for record in records if record is not None]

    def fits(self, record: Any) -> bool:
        """A text and an object with entities."""
        pair = isinstance(record, list) and len(record) == 2 and isinstance(record[0], str)  # noqa: PLR2004
        return pair and isinstance(record[1], dict) and is_list_of(record[1].get("entities"), _Triple)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, be something wrong with an entity."""
        return isinstance(record, list) and len(record) == 2 and isinstance(record[0], str)  # noqa: PLR2004

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        if not isinstance(record, list) or len(record) != 2 or not isinstance(record[0], str):  # noqa: PLR2004
            raise DataError("a pair of a text and an object with `entities` is needed")
        said = fields(record[1], "entities")
        place = gathering.text(None, record[0], where, record)
        if place is None:
            return
        rejected: list[Rejected] = []
        triples = items_of(listed(said, "entities"), _Triple, "mention", place, rejected)
        gathering.lost["other fields"] += len(said) - 1
        gathering.add(place, _mentions(triples, place), rejected=rejected)

    def give(
        self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]
    ) -> Iterator[tuple[str, dict[str, list[_Triple]]]]:
        """See `Written.give`."""
        lost["ids of documents"] += len(items)
        for document, line in items:
            yield document.text, {"entities": [_triple(mention) for mention in apart(line.mentions, lost)]}


doccano, spacy_train = Doccano(), SpacyTrain()
