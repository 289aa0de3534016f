"""Tokens with spans of tokens: the training data of GLiNER and of DyGIE++.

Both count tokens from 0, and an end is the last token of a span. Forms: the README of GLiNER, and DyGIE++'s
documentation of its data. What stands behind the last column that is needed, as scores of models do, is left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts, loss
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.records import Written, bound, fields, id_of, is_list_of, items_of, listed
from goldwire.corpora.formats.words import OUT_OF_WORDS, Words, whole, words
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Rejected,
    Relation,
    Span,
)


class _Entity(msgspec.Struct, frozen=True, array_like=True):
    first: int
    last: int
    label: str


def _mentions(items: Iterable[_Entity], place: Place) -> list[Mention]:
    return [
        Mention(id=f"m{number}", type=item.label, spans=(place.tokens(item.first, item.last + 1),))
        for number, item in enumerate(items, start=1)
    ]


def _in_words(mentions: Iterable[Mention], counted: Words, lost: Counter[str]) -> dict[str, tuple[int, int]]:
    """The first and the last word of mentions, by id; of others, that begin in white space, it is counted."""
    found = {}
    for mention in mentions:
        place = counted.of(mention.spans[0])
        if place is None:
            lost[OUT_OF_WORDS] += 1
        else:
            found[mention.id] = (place[0], place[1] - 1)
    return found


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and is_list_of(value, str)


class Gliner(Written):
    """GLiNER's training data: `tokenized_text`, and `ner` with first token, last token and label.

    A list of records or JSON lines. Documents have no ids and are called by their numbers; their text is the
    tokens with single spaces between them. Read into a corpus, a record belongs to the text that has the same
    visible characters.

    Not kept when read: lists of labels, relations and other fields. Not held when written: ids of documents,
    white space of the texts, everything but mentions, mentions with several parts or with white space at
    their ends. Tokens are written as Goldwire counts them, parted where a mention begins or ends.
    """

    FACTS = Facts(
        about="GLiNER's training data as JSON: tokens, and entities by their first and last token",
        loss="ids and white space of documents; all but mentions; mentions in parts",
        coverage="a record for the text",
        example="goldwire corpus export work train.json --format gliner --layer gold",
    )
    LINES = False

    def fits(self, record: Any) -> bool:
        """Tokens under `tokenized_text`, and entities under `ner`."""
        if not isinstance(record, dict) or not isinstance(record.get("tokenized_text"), list):
            return False
        return is_list_of(record.get("ner"), _Entity)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, be something wrong with an entity."""
        return isinstance(record, dict) and {"tokenized_text", "ner"} <= record.keys()

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "tokenized_text", "ner")
        if not _is_tokens(line["tokenized_text"]):
            raise DataError("`tokenized_text` is no list of words")
        place = gathering.tokens(None, [line["tokenized_text"]], where, record)
        if place is None:
            return
        rejected: list[Rejected] = []
        entities = items_of(listed(line, "ner"), _Entity, "mention", place, rejected)
        gathering.lost["other fields"] += len(line) - 2
        gathering.add(place, _mentions(entities, place), rejected=rejected)

    def give(
        self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        """See `Written.give`."""
        lost["ids and white space of documents"] += len(items)
        for document, line in items:
            mentions = whole(line.mentions, lost)
            counted = words(document, [mention.spans for mention in mentions])
            places = _in_words(mentions, counted, lost)
            yield {
                "tokenized_text": [document.text[start:end] for start, end in counted.spans],
                "ner": [[*places[m.id], m.type] for m in mentions if m.id in places],
            }


# ---------------------------------------------------------------- DyGIE++

_KINDS = ("ner", "relations", "events", "clusters")


class DygieOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`predicted`: whether `predicted_ner` and its like are read; auto: where there is nothing else."""

    predicted: Literal["auto", "yes", "no"] = "auto"


class _Link(msgspec.Struct, frozen=True, array_like=True):
    first: int
    last: int
    other_first: int
    other_last: int
    label: str


class _Pair(msgspec.Struct, frozen=True, array_like=True):
    first: int
    last: int


class Dygie(Written):
    """DyGIE++'s documents, a line each: `sentences` of tokens, `ner`, `relations`, `events` and `clusters`.

    Tokens are counted through the document. An event is its trigger, a token and a type (or first, last and
    type), and its arguments, first token, last token and role: the mention with those tokens, of those there
    are. Clusters join mentions that are in `ner` too. `predicted_ner` and its like, as models write them, are
    read where a document has no others, or as the option `predicted` says.

    Not kept when read: scores, clusters of events, clusters' parts that are no mentions, other fields. Not
    held when written: white space of the texts, attributes, heads, scores, clusters of events; mentions with
    several parts, over line breaks or with white space at their ends; triggers of several words; relations
    and arguments that leave the sentence. A sentence is a line of the text. Tokens are written as Goldwire
    counts them, parted where a unit begins or ends.
    """

    FACTS = Facts(
        about="DyGIE++'s JSON lines: sentences of tokens, with entities, relations, events and clusters",
        loss="attributes, scores; what leaves its sentence, has parts, or no trigger of one word",
        coverage="a line for the document",
        example="goldwire corpus new scierc --from train.json --format dygie --layer gold",
    )
    HELD = ("events", "arguments", "relations", "cluster links")
    Options = DygieOptions

    def fits(self, record: Any) -> bool:
        """A document key, sentences that are lists of tokens, and one of the kinds of units."""
        if not isinstance(record, dict) or not isinstance(record.get("doc_key"), str):
            return False
        kinds = {*_KINDS, *(f"predicted_{kind}" for kind in _KINDS)}
        return not kinds.isdisjoint(record) and is_list_of(record.get("sentences"), list)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, or a document without units."""
        return isinstance(record, dict) and {"doc_key", "sentences"} <= record.keys()

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "doc_key", "sentences")
        sentences = listed(line, "sentences")
        if not is_list_of(sentences, list) or not all(is_list_of(one, str) for one in sentences):
            raise DataError("`sentences` is no list of lists of words")
        place = gathering.tokens(id_of(line["doc_key"]), filter(None, sentences), where, record)
        if place is None:
            return
        reader = _DygieReader(line, place, gathering, _prefix(line, gathering.options.predicted))
        mentions = reader.mentions()
        gathering.add(
            place, mentions, tuple(reader.events()), tuple(reader.relations()), rejected=reader.rejected
        )

    def give(
        self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        """See `Written.give`."""
        lost["white space of documents"] += len(items)
        for document, line in items:
            yield _DygieWriter(document, line, lost).record()


def _prefix(line: Mapping[str, Any], predicted: str) -> str:
    """What stands before the names of the kinds that are read."""
    there = any(f"predicted_{kind}" in line for kind in _KINDS)
    given = any(kind in line for kind in _KINDS)
    return "predicted_" if predicted == "yes" or (predicted == "auto" and there and not given) else ""


class _DygieReader:
    """Reads the units of one document."""

    def __init__(self, line: Mapping[str, Any], place: Place, gathering: Gathering, prefix: str) -> None:
        self.line, self.place, self.gathering, self.prefix = line, place, gathering, prefix
        self.rejected: list[Rejected] = []
        self.by_span: dict[Span, str] = {}
        known = {"doc_key", "sentences", *(prefix + kind for kind in _KINDS)}
        gathering.lost["other fields"] += len(line.keys() - known)

    def items(self, kind: str) -> list[Any]:
        """The items of all sentences."""
        groups = listed(self.line, self.prefix + kind)
        wrong = [group for group in groups if not isinstance(group, list)]
        if wrong:
            raise DataError(f"`{self.prefix}{kind}` is no list of lists")
        return [item for group in groups for item in group]

    def mentions(self) -> list[Mention]:
        """The mentions, with the clusters that they are in."""
        entities = items_of(self.items("ner"), _Entity, "mention", self.place, self.rejected)
        found = _mentions(entities, self.place)
        self.by_span = {mention.spans[0]: mention.id for mention in reversed(found)}
        clusters = self.clusters()
        self.gathering.lost["parts of clusters that are no mentions"] += len(clusters.keys() - self.by_span)
        return [
            msgspec.structs.replace(m, cluster=clusters[m.spans[0]]) if m.spans[0] in clusters else m
            for m in found
        ]

    def clusters(self) -> dict[Span, str]:
        """The cluster of each span that is in one."""
        groups = listed(self.line, self.prefix + "clusters")
        found: dict[Span, str] = {}
        for number, group in enumerate(groups, start=1):
            parts = group if isinstance(group, list) else [group]
            for pair in items_of(parts, _Pair, "cluster", self.place, self.rejected):
                found[self.span(pair.first, pair.last)] = f"c{number}"
        return found

    def span(self, first: int, last: int) -> Span:
        return self.place.tokens(first, last + 1)

    def relations(self) -> Iterator[Relation]:
        items = items_of(self.items("relations"), _Link, "relation", self.place, self.rejected)
        for number, item in enumerate(items, start=1):
            spans = self.span(item.first, item.last), self.span(item.other_first, item.other_last)
            source, target = (self.by_span.get(span) for span in spans)
            if source is not None and target is not None:
                yield Relation(id=f"r{number}", type=item.label, source=source, target=target)
            else:
                self.reject("relation", "no entity has the tokens of one end", spans[:1], type=item.label)

    def reject(self, unit: str, message: str, spans: Iterable[Span], **more: Any) -> None:
        self.rejected.append(reject(self.place, unit, "no-mention", message, spans, **more))

    def events(self) -> Iterator[Event]:
        for number, item in enumerate(self.items("events"), start=1):
            parts = item if isinstance(item, list) else []
            trigger = _trigger(parts[0]) if parts else None
            if trigger is None:
                message = "an event begins with its trigger: a token and a type"
                self.rejected.append(reject(self.place, "event", "malformed", message, value=item))
                continue
            span = self.span(trigger.first, trigger.last)
            arguments = tuple(self.arguments(parts[1:], trigger.label, span))
            yield Event(id=f"e{number}", type=trigger.label, trigger=(span,), arguments=arguments)

    def arguments(self, parts: Sequence[Any], type: str, trigger: Span) -> Iterator[Argument]:
        for item in items_of(parts, _Entity, "argument", self.place, self.rejected):
            span = self.span(item.first, item.last)
            if span in self.by_span:
                yield Argument(role=item.label, mention=self.by_span[span])
            else:
                more = {"type": type, "role": item.label, "trigger": (tuple(trigger),)}
                self.reject("argument", "no entity has the tokens of the argument", [span], **more)


def _trigger(value: Any) -> _Entity | None:
    """A trigger of one token, or of a first and a last one; scores behind it are left out."""
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - a token and a type
        return None
    whole = [value[0], *value[:2]] if isinstance(value[1], str) else value[:3]
    try:
        return msgspec.convert(whole, _Entity)
    except msgspec.ValidationError:
        return None


class _DygieWriter:
    """Writes one document; what it cannot hold is added to `lost`."""

    def __init__(self, document: Document, line: Annotations, lost: Counter[str]) -> None:
        self.document, self.line, self.lost = document, line, lost
        self.mentions = whole(line.mentions, lost)
        units = [mention.spans for mention in self.mentions]
        self.words = words(document, [*units, *(event.trigger for event in line.events)])
        self.places = self.inside(_in_words(self.mentions, self.words, lost))
        self.shared = Counter(self.places.values())

    def inside(self, places: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Those that are in one sentence."""
        kept = {id: (a, b) for id, (a, b) in places.items() if self.words.line(a) == self.words.line(b)}
        self.lost["mentions over line breaks"] += len(places) - len(kept)
        return kept

    def record(self) -> dict[str, Any]:
        sentences = self.words.sentences(self.document.text)
        found: dict[str, list[list[Any]]] = {
            kind: [[] for _ in sentences] for kind in ("ner", "relations", "events")
        }
        for mention in self.mentions:
            if mention.id in self.places:
                first, last = self.places[mention.id]
                found["ner"][self.words.line(first)].append([first, last, mention.type])
        for line, relation in self.relations():
            found["relations"][line].append(relation)
        for line, event in self.events():
            found["events"][line].append(event)
        key = {"doc_key": self.document.id, "dataset": "goldwire"}
        return {**key, "sentences": sentences, **found, "clusters": self.clusters()}

    def relations(self) -> Iterator[tuple[int, list[Any]]]:
        for relation in bound(self.line.relations, self.places, self.lost):
            source, target = self.places[relation.source], self.places[relation.target]
            line = self.words.line(source[0])
            if line == self.words.line(target[0]):
                yield line, [*source, *target, relation.type]
            else:
                self.lost["relations over sentences"] += 1

    def events(self) -> Iterator[tuple[int, list[Any]]]:
        for event in loss.with_triggers(self.line, self.lost).events:
            place = self.words.of(event.trigger[0]) if len(event.trigger) == 1 else None
            if place is None or place[1] - place[0] > 1:
                self.lost["events with a trigger that is not one word"] += 1
                self.lost["arguments of lost events"] += len(event.arguments)
                continue
            line = self.words.line(place[0])
            yield line, [[place[0], event.type], *self.arguments(event, line)]

    def arguments(self, event: Event, line: int) -> Iterator[list[Any]]:
        for argument in event.arguments:
            place = self.places.get(argument.mention)
            if place is None:
                self.lost["arguments of lost mentions"] += 1
            elif self.words.line(place[0]) != line:
                self.lost["arguments over sentences"] += 1
            else:
                self.lost["which of two mentions in one place is an argument"] += self.shared[place] > 1
                yield [*place, argument.role]

    def clusters(self) -> list[list[list[int]]]:
        found: dict[str, list[list[int]]] = {}
        for mention in self.mentions:
            if mention.cluster is not None and mention.id in self.places:
                found.setdefault(mention.cluster, []).append([*self.places[mention.id]])
        self.lost["clusters of events"] += sum(event.cluster is not None for event in self.line.events)
        return list(found.values())


gliner, dygie = Gliner(), Dygie()
