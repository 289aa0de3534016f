"""MAVEN and MAVEN-Arg: JSON lines of documents with events, each with all of its mentions.

Forms: the READMEs of MAVEN (Wang et al. 2020) and MAVEN-Arg (Wang et al. 2024), THU-KEG.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import FILLER, Gathering, Place, reject
from goldwire.corpora.formats.records import Records, fields, id_of, is_list_of, items_of, listed, text_of
from goldwire.corpora.formats.sheet import Broken, Filled, Happening, Named, Sheet, put
from goldwire.corpora.formats.sources import Stretch, plain
from goldwire.corpora.types import Event, Meta, Rejected, Span

_NOT_EVENTS = "negative triggers"


class _Trigger(msgspec.Struct, frozen=True):
    offset: tuple[int, int]
    trigger_word: str | None = None
    sent_id: int = 0
    id: str | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    mention: list[Any]
    id: str | None = None
    argument: dict[str, list[Any]] = {}


class _Mention(msgspec.Struct, frozen=True):
    offset: tuple[int, int]
    mention: str | None = None
    id: str | None = None


class _Entity(msgspec.Struct, frozen=True):
    id: str
    type: str
    mention: list[Any]


class _Filler(msgspec.Struct, frozen=True):
    entity_id: str | None = None
    content: str | None = None
    offset: tuple[int, int] | None = None


def _meta(line: Mapping[str, Any]) -> Meta:
    title = line.get("title")
    return Meta(title=title if isinstance(title, str) else None)


# ---------------------------------------------------------------- MAVEN


class Maven(Records):
    """MAVEN's JSON lines: `content` with the tokens of each sentence, `events` with their mentions.

    Offsets count the tokens of a sentence from 0, an end is behind the last one. Each mention of an event is
    an event here, in the cluster of its event; its words are compared with its tokens. A text is made of the
    tokens, a sentence a line; read into a corpus, it belongs to the text with the same visible characters.

    Not kept: negative triggers, which are no events, numbers of types, and the white space of sentences. The
    test set, which gives candidates for triggers and no events, is refused.
    """

    FACTS = Facts(
        about="MAVEN's JSON lines: sentences of tokens, with events and their mentions",
        loss="negative triggers, white space of sentences",
        coverage="a line for the document",
        example="goldwire corpus new maven --from valid.jsonl --format maven --layer gold",
    )

    def fits(self, record: Any) -> bool:
        """Sentences with tokens, and events with lists of mentions."""
        if not isinstance(record, dict) or not isinstance(record.get("content"), list):
            return False
        content = record["content"]
        tokens = bool(content) and all(isinstance(one, dict) and "tokens" in one for one in content)
        return tokens and isinstance(record.get("events"), list)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "content", "events")
        sentences = [fields(one, "tokens")["tokens"] for one in listed(line, "content")]
        if not sentences or not all(is_list_of(one, str) for one in sentences):
            raise DataError("`tokens` of `content` are no lists of words")
        place = gathering.tokens(id_of(line.get("id")), sentences, where, record, _meta(line))
        if place is None:
            return
        gathering.lost[_NOT_EVENTS] += len(listed(line, "negative_triggers"))
        rejected: list[Rejected] = []
        events = list(_Tokens(sentences, place, rejected).events(listed(line, "events")))
        gathering.add(place, events=events, rejected=rejected)


class _Tokens:
    """Reads the events of a document of tokens."""

    def __init__(self, sentences: list[list[str]], place: Place, rejected: list[Rejected]) -> None:
        self.sentences, self.place, self.rejected = sentences, place, rejected
        self.firsts = [0, *accumulate(map(len, sentences))]
        self.number = 0

    def events(self, values: list[Any]) -> Iterator[Event]:
        for item in items_of(values, _Event, "event", self.place, self.rejected):
            for trigger in items_of(item.mention, _Trigger, "event", self.place, self.rejected):
                self.number += 1
                id = trigger.id or f"e{self.number}"
                span = self.span(trigger, {"id": id, "type": item.type, "words": trigger.trigger_word})
                if span is not None:
                    yield Event(id=id, type=item.type, trigger=(span,), cluster=item.id)

    def span(self, trigger: _Trigger, more: dict[str, Any]) -> Span | None:
        """The span of a trigger; None, and the reason noted, if that is not where its words are."""
        start, end = trigger.offset
        inside = 0 <= trigger.sent_id < len(self.sentences)
        words = self.sentences[trigger.sent_id] if inside else []
        if not 0 <= start < end <= len(words):
            message = f"tokens {start} to {end} are not in sentence {trigger.sent_id} of {len(words)} tokens"
            self.rejected.append(reject(self.place, "event", "outside-text", message, **more))
            return None
        got, said = " ".join(words[start:end]), trigger.trigger_word
        if said is not None and plain(got) != plain(said):
            message = f"the tokens are {got!r}, the file says {said!r}{composed(got, said)}"
            self.rejected.append(reject(self.place, "event", "words-differ", message, **more))
            return None
        first = self.firsts[trigger.sent_id]
        return self.place.tokens(first + start, first + end)


# ---------------------------------------------------------------- MAVEN-Arg


class MavenArg(Records):
    """MAVEN-Arg's JSON lines: a text under `document`, `entities`, and `events` with their arguments.

    Offsets count characters, an end is behind the last one; words are compared with the text. Each mention of
    an event is an event here, in the cluster of its event, with all of its arguments, as its scorer has it.
    An argument that names an entity is filled by the first mention of it, and the others would be as right
    (its `alternatives`); one with words and a place is a mention of the type FILLER.

    Not kept: negative triggers, which are no events, and numbers of types.
    """

    FACTS = Facts(
        about="MAVEN-Arg's JSON lines: texts with entities, and events with arguments",
        loss="negative triggers",
        coverage="a line for the document",
        example="goldwire corpus new maven-arg --from valid.jsonl --format maven-arg --layer gold",
    )

    def fits(self, record: Any) -> bool:
        """A text with entities and events."""
        if not isinstance(record, dict) or not isinstance(record.get("document"), str):
            return False
        return isinstance(record.get("events"), list) and isinstance(record.get("entities"), list)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "document", "events")
        text = text_of(line, "document")
        place = gathering.text(id_of(line.get("id")), text, where, record, _meta(line))
        if place is None:
            return
        gathering.lost[_NOT_EVENTS] += len(listed(line, "negative_triggers"))
        sheet = Sheet(named=place.document.id)
        entities = dict(_entities(listed(line, "entities"), where, sheet))
        for item in sheet.items(listed(line, "events"), _Event, "event", where):
            arguments = list(_arguments(item, entities, where, sheet))
            for trigger in sheet.items(item.mention, _Trigger, "event", where):
                stretch = Stretch(*trigger.offset, trigger.trigger_word)
                id = trigger.id or f"e{len(sheet.events) + 1}"
                sheet.events.append(Happening(id, item.type, stretch, where, arguments, joins=item.id))
        units = put(sheet, text, place, "extent")
        gathering.lost += sheet.lost
        gathering.add(place, units.mentions, units.events, rejected=units.rejected)


def _entities(values: list[Any], where: str, sheet: Sheet) -> Iterator[tuple[str, list[str]]]:
    """Entities with the ids of their mentions."""
    for entity in sheet.items(values, _Entity, "mention", where):
        ids = []
        for item in sheet.items(entity.mention, _Mention, "mention", where):
            ids.append(item.id or f"m{len(sheet.mentions) + 1}")
            stretch = Stretch(*item.offset, item.mention)
            sheet.mentions.append(Named(ids[-1], entity.type, stretch, where, joins=entity.id))
        yield entity.id, ids


def _arguments(
    event: _Event, entities: Mapping[str, list[str]], where: str, sheet: Sheet
) -> Iterator[Filled]:
    for role, values in event.argument.items():
        for item in sheet.items(values, _Filler, "argument", where):
            if item.entity_id is not None:
                first, *others = entities.get(item.entity_id) or [item.entity_id]
                yield Filled(role, first, tuple(others))
            elif item.offset is not None:
                yield Filled(role, sheet.filler(FILLER, Stretch(*item.offset, item.content), where))
            else:
                message = f"a filler of {role} has neither entity_id nor offset"
                sheet.broken.append(Broken("argument", None, where, message))


maven, maven_arg = Maven(), MavenArg()
