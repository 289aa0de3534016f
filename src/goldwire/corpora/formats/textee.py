"""Tokens with entities, events and relations: JSON lines of TextEE, OneIE and WikiEvents, which are one form.

Forms: the READMEs of TextEE (Huang et al. 2024), OneIE (Lin et al. 2020) and WikiEvents (Li et al. 2021).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.records import Records, fields, id_of, is_list_of, items_of, listed
from goldwire.corpora.formats.sources import plain
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.types import Argument, Event, Mention, Rejected, Relation, Span

_IDS = ("wnd_id", "sent_id", "doc_id")  # the narrowest names the record
_KNOWN = {*_IDS, "tokens", "text", "sentence", "entity_mentions", "event_mentions", "relation_mentions"}
_FINER = {"entity_subtype", "mention_type"}


class _Place(msgspec.Struct, frozen=True):
    start: int
    end: int
    text: str | None = None


class _Entity(_Place, frozen=True, kw_only=True):
    id: str
    entity_type: str


class _Filler(msgspec.Struct, frozen=True):
    entity_id: str
    role: str


class _Happening(msgspec.Struct, frozen=True):
    event_type: str
    trigger: _Place
    arguments: list[Any] = []
    id: str | None = None


class _Link(msgspec.Struct, frozen=True):
    relation_type: str
    arguments: list[_Filler]
    id: str | None = None


class TextEE(Records):
    """TextEE's JSON lines, and those of OneIE and WikiEvents: `tokens`, `entity_mentions`, `event_mentions`.

    Tokens count from 0, and an end is behind the last token; a mention or trigger whose `text` is not that of
    its tokens, white space aside, is rejected. A record is a document, called by `wnd_id`,
    `sent_id` or `doc_id`, whichever comes first. Its text is the tokens with single spaces between them; read
    into a corpus, it belongs to the text that has the same visible characters. An argument names an entity by
    its id, a relation has two.

    Not kept: the white space of `text`, subtypes and levels of entities, pieces and other fields.
    """

    FACTS = Facts(
        about="TextEE's JSON lines, and OneIE's and WikiEvents': tokens with entities, events and relations",
        loss="white space of texts, subtypes and levels of entities, other fields",
        coverage="a record for the text",
        example="goldwire corpus new ace --from test.json --format textee --layer gold",
    )

    def fits(self, record: Any) -> bool:
        """Tokens and events."""
        if not isinstance(record, dict) or not is_list_of(record.get("tokens"), str):
            return False
        return isinstance(record.get("event_mentions"), list) and not record.keys().isdisjoint(_IDS)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "tokens", "event_mentions")
        if not line["tokens"] or not is_list_of(line["tokens"], str):
            raise DataError("`tokens` is no list of words")
        id = next((found for name in _IDS if (found := id_of(line.get(name)))), None)
        place = gathering.tokens(id, [line["tokens"]], where, record)
        if place is not None:
            _count(line, gathering.lost)
            reader = _Reader(line, place)
            gathering.add(
                place, reader.mentions(), list(reader.events()), list(reader.relations()),
                rejected=reader.rejected,
            )  # fmt: skip


def _count(line: Mapping[str, Any], lost: Counter[str]) -> None:
    """Count what is not kept of a record."""
    lost["other fields"] += len(line.keys() - _KNOWN)
    text = line.get("text", line.get("sentence"))
    lost["white space of texts"] += isinstance(text, str) and text != " ".join(line["tokens"])
    entities = (item for item in listed(line, "entity_mentions") if isinstance(item, dict))
    lost["subtypes and levels of entities"] += sum(len(_FINER & item.keys()) for item in entities)


class _Reader:
    """Reads the units of one record."""

    def __init__(self, line: Mapping[str, Any], place: Place) -> None:
        self.line, self.place = line, place
        self.rejected: list[Rejected] = []

    def span(self, item: _Place) -> Span:
        return self.place.tokens(item.start, item.end)

    def agrees(self, item: _Place, unit: str, id: str, type: str) -> bool:
        """Whether the words of an item are those of its tokens; if not, it is rejected."""
        span = self.span(item)
        if item.text is None or span.start < 0:  # what is outside is told later
            return True
        got = " ".join(self.line["tokens"][item.start : item.end])
        if plain(got) == plain(item.text):
            return True
        message = f"the tokens are {got!r}, the file says {item.text!r}{composed(got, item.text)}"
        more = {"id": id, "type": type, "words": item.text}
        self.rejected.append(reject(self.place, unit, "words-differ", message, [span], **more))
        return False

    def mentions(self) -> list[Mention]:
        items = items_of(listed(self.line, "entity_mentions"), _Entity, "mention", self.place, self.rejected)
        return [
            Mention(id=item.id, type=item.entity_type, spans=(self.span(item),))
            for item in items
            if self.agrees(item, "mention", item.id, item.entity_type)
        ]

    def events(self) -> Iterator[Event]:
        items = items_of(listed(self.line, "event_mentions"), _Happening, "event", self.place, self.rejected)
        for number, item in enumerate(items, start=1):
            id = item.id or f"e{number}"
            fillers = list(items_of(item.arguments, _Filler, "argument", self.place, self.rejected))
            if not self.agrees(item.trigger, "event", id, item.event_type):
                self.reject_arguments(item, fillers)
                continue
            yield Event(
                id=id,
                type=item.event_type,
                trigger=(self.span(item.trigger),),
                arguments=tuple(Argument(role=one.role, mention=one.entity_id) for one in fillers),
            )

    def reject_arguments(self, event: _Happening, fillers: list[_Filler]) -> None:
        """The arguments of the event that was rejected last, for its reason."""
        why, trigger = self.rejected[-1], raw_spans([self.span(event.trigger)])
        message = f"its event was rejected: {why.message}"
        for one in fillers:
            more = {"type": event.event_type, "role": one.role, "trigger": trigger}
            self.rejected.append(reject(self.place, "argument", why.kind, message, **more))

    def relations(self) -> Iterator[Relation]:
        items = items_of(listed(self.line, "relation_mentions"), _Link, "relation", self.place, self.rejected)
        for number, item in enumerate(items, start=1):
            id = item.id or f"r{number}"
            if len(item.arguments) != 2:  # noqa: PLR2004 - from one to another
                message = f"it has {len(item.arguments)} arguments, and a relation two"
                self.rejected.append(reject(self.place, "relation", "malformed", message, id=id))
                continue
            source, target = (one.entity_id for one in item.arguments)
            yield Relation(id=id, type=item.relation_type, source=source, target=target)


textee = TextEE()
