"""Resolution of a model's answers: quotes become spans, ids become mentions; what cannot be is rejected.

Several answers may be of one document: a second one that goes on where the first was cut off, and those
of its pieces. The same mention twice is one, and so is an event where two pieces overlap: its arguments are
those of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from goldwire.corpora.ontology import Ontology
from goldwire.corpora.quotes import Finder
from goldwire.corpora.rejected import NOT_FOUND, raw_spans
from goldwire.corpora.types import Argument, Document, Event, Held, Mention, Rejected, Span, Spans
from goldwire.corpora.values import held
from goldwire.eval.systems.adapters.answer import Answer

_Unit = Literal["mention", "event", "argument"]
_AMBIGUOUS = ""  # in place of a mention's id, where an answer gives one id to two


class _Quote(msgspec.Struct):
    type: str
    quote: str
    id: str | int = ""
    occurrence: int | None = None


class _Filler(msgspec.Struct):
    role: str
    mention: str | int


class _Event(msgspec.Struct):
    type: str
    trigger: str
    occurrence: int | None = None
    arguments: list[Any] = []


class Resolver:
    """Collects what answers say of one document, counts what that took and keeps what it rejects."""

    def __init__(self, document: Document, ontology: Ontology, examples: Finder | None = None) -> None:
        self._ontology, self._document, self._examples = ontology, document.id, examples
        self.rejected: list[Rejected] = []
        self.counts: Counter[str] = Counter(unresolved=0, malformed=0)
        self._mentions: dict[tuple[str, Spans], Mention] = {}
        self.events: list[Event] = []
        self._given: set[Any] = set()  # events of earlier answers
        self._places: dict[Any, tuple[int, int]] = {}  # of events, by place and number there: index, piece
        self._answers = self._pieces = 0
        self.begin(document)

    @property
    def mentions(self) -> list[Mention]:
        """The mentions so far, in the order of the answers."""
        return list(self._mentions.values())

    def begin(self, piece: Document, start: int = 0) -> None:
        """What follows is said of a piece of the document, which starts there; its ids are its own."""
        self._finder, self._start = Finder(piece), start
        self._ids: dict[str, str] = {}
        self._done: set[bytes] = (
            set()
        )  # events, and mentions that were rejected, as earlier answers wrote them
        self._here: Counter[Any] = Counter()
        self._pieces += 1

    def add(self, answer: Answer) -> None:
        """Take the items of an answer; its ids go before those of the answer that it continues."""
        self._path = f"$[{self._answers}]" if self._answers else "$"
        self._answers += 1
        self._ids = self._ids | self._add_mentions(self._new(answer.mentions))
        self._add_events(self._new(answer.events))
        self._done.update(map(_written, answer.events))

    def _new(self, items: Sequence[Any]) -> list[tuple[int, Any]]:
        """The items that are not done, by their place in the answer."""
        return [(i, item) for i, item in enumerate(items) if _written(item) not in self._done]

    def _add_mentions(self, items: Sequence[tuple[int, Any]]) -> dict[str, str]:
        """Take mentions; ids of the answer and what they stand for."""
        ids: dict[str, str] = {}
        turned: list[Any] = []
        for i, item in items:
            quote = self._read(item, _Quote)
            spans = self._spans(quote.quote, quote.occurrence) if isinstance(quote, _Quote) else None
            if not isinstance(quote, _Quote) or not spans:
                self._reject("mention", quote, item, f"{self._path}.mentions[{i}]", words="quote")
                turned.append(item)
                continue
            id = self._mention(quote.type, spans, item).id
            if (called := str(quote.id)) != "":
                ids[called] = id if ids.get(called, id) == id else _AMBIGUOUS
        self._done.update(map(_written, turned))
        return ids

    def _mention(self, type: str, spans: Spans, item: dict[str, Any]) -> Mention:
        """The mention of a type at a place: the first of those that say so."""
        attributes = self._attributes(item, "mention", None)
        made = Mention(id=f"m{len(self._mentions) + 1}", type=type, spans=spans, attributes=attributes)
        return self._mentions.setdefault((type, spans), made)

    def _add_events(self, items: Sequence[tuple[int, Any]]) -> None:
        """Take events; one that an earlier answer gave is no other."""
        given = set()
        for i, item in items:
            path = f"{self._path}.events[{i}]"
            event = self._read(item, _Event)
            spans = self._spans(event.trigger, event.occurrence) if isinstance(event, _Event) else None
            if not isinstance(event, _Event) or not spans:
                self._reject("event", event, item, path, words="trigger")
                self._reject_arguments(event, item, path)
                continue
            made = Event(
                id=f"e{len(self.events) + 1}",
                type=event.type,
                trigger=spans,
                arguments=tuple(dict.fromkeys(self._arguments(event, spans, path))),
                attributes=self._attributes(item, "event", event.type),
            )
            given.add(_key(made))
            self._place(made)
        self._given |= given

    def _place(self, event: Event) -> None:
        """Put an event to the others, or into the one that an overlapping piece gave for its place."""
        place = (event.type, event.trigger)
        self._here[place] += 1
        at, piece = self._places.get((*place, self._here[place]), (-1, self._pieces))
        if piece < self._pieces:
            self.events[at] = self._joined(self.events[at], event)
        elif _key(event) not in self._given:
            self._places[(*place, self._here[place])] = (len(self.events), self._pieces)
            self.events.append(event)

    def _joined(self, first: Event, second: Event) -> Event:
        """One event from what two pieces say of it."""
        arguments = tuple(dict.fromkeys((*first.arguments, *second.arguments)))
        if len(arguments) > max(len(first.arguments), len(second.arguments)):
            self.counts["events_across_chunks"] += 1
        return msgspec.structs.replace(first, arguments=arguments)

    def _arguments(self, event: _Event, trigger: Spans, path: str) -> Iterator[Argument]:
        """The arguments whose mentions are there; each of the others costs itself alone."""
        for i, item in enumerate(event.arguments):
            at = f"{path}.arguments[{i}]"
            filler = self._read(item, _Filler)
            if not isinstance(filler, _Filler):
                self._reject("argument", filler, item, at, type=event.type, trigger=raw_spans(trigger))
                continue
            mention = self._ids.get(str(filler.mention))
            if mention:
                yield Argument(role=filler.role, mention=mention)
                continue
            self.counts["unresolved"] += 1
            self.rejected.append(self._unfilled(event, filler, trigger, at, doubled=mention == _AMBIGUOUS))

    def _unfilled(
        self, event: _Event, filler: _Filler, trigger: Spans, path: str, *, doubled: bool
    ) -> Rejected:
        why = "is the id of several in the answer" if doubled else "is not in the answer, or was rejected"
        return Rejected(
            unit="argument",
            kind="ambiguous" if doubled else "no-mention",
            message=f"mention {filler.mention!r} {why}",
            where=self._document,
            document=self._document,
            type=event.type,
            role=filler.role,
            trigger=raw_spans(trigger),
            path=path,
        )

    def _read(self, item: Any, type: type[Any]) -> Any:
        """An item, or what is wrong with its form."""
        try:
            return msgspec.convert(item, type)
        except msgspec.ValidationError as error:
            self.counts["malformed"] += 1
            return str(error)

    def _reject(
        self, unit: _Unit, wrong: Any, item: Any, path: str, *, words: str | None = None, **more: Any
    ) -> None:
        """Note an item whose form is `wrong` (a text), or whose quote, in the field `words`, is not there.

        Its id is the answer's own, and may be what a mention is called here: it stays in `value` alone.
        """
        malformed = isinstance(wrong, str)
        fields = item if isinstance(item, dict) else {}
        read = {"type": fields.get("type"), "role": fields.get("role")}
        given = {name: value for name, value in read.items() if isinstance(value, str)} | more
        quoted = fields.get(words) if words else None
        message = wrong if malformed else self._missing(quoted, fields.get("occurrence"))
        found = Rejected(
            unit=unit,
            kind="malformed" if malformed else NOT_FOUND,
            message=message,
            where=self._document,
            document=self._document,
            path=path,
            value=item,
            words=quoted if isinstance(quoted, str) else None,
            **given,
        )
        self.rejected.append(found)

    def _missing(self, quoted: Any, occurrence: Any) -> str:
        """Why the words of an item have no place."""
        if isinstance(quoted, str) and self._is_example(quoted):
            self.counts["prompt_examples"] += 1
            return "the quoted words are of an example in the prompt, and not in the text"
        if isinstance(quoted, str) and (times := len(self._finder.places(quoted))):
            return f"the quoted words are in the text {times} times, and the answer names place {occurrence}"
        return "the quoted words are not in the text"

    def _is_example(self, quote: str) -> bool:
        """Whether words stand in an example of the prompt and nowhere in the text."""
        if self._examples is None or self._finder.places(quote):
            return False
        return bool(self._examples.places(quote))

    def _reject_arguments(self, wrong: Any, event: Any, path: str) -> None:
        """The arguments of a rejected event."""
        fields = event if isinstance(event, dict) else {}
        arguments, type = fields.get("arguments"), fields.get("type")
        of = {"type": type} if isinstance(type, str) else {}
        for i, item in enumerate(arguments if isinstance(arguments, list) else []):
            self._reject("argument", wrong, item, f"{path}.arguments[{i}]", **of)

    def _spans(self, quote: str, occurrence: int | None) -> Spans | None:
        """Where a quote stands; what stands at one place alone is meant, whichever place the answer names."""
        places = self._finder.places(quote)
        located = self._finder.locate(quote, 1 if occurrence is None else occurrence)
        if located is None and len(places) == 1:
            located = places[0]
            self.counts["found_at_only_place"] += 1
        if located is None:
            self.counts["unresolved"] += 1
            return None
        if located.how != "exact":
            self.counts[f"found_by_{located.how}"] += 1
        return (Span(located.span.start + self._start, located.span.end + self._start),)

    def _attributes(
        self, item: dict[str, Any], on: Literal["event", "mention"], type: str | None
    ) -> dict[str, Held]:
        """The attributes that apply to the type: the form asks for all of them of every event."""
        names = self._ontology.attributes_of(on, type)
        found = {name: held(_texts(item.get(name))) for name in names}
        return {name: value for name, value in found.items() if value is not None}


def _key(event: Event) -> Any:
    """What makes an event the same as another: all but its id."""
    return event.type, event.trigger, event.arguments, tuple(sorted(event.attributes.items()))


def _written(item: Any) -> bytes:
    """An item as it was written, whatever id it was given."""
    fields = {name: value for name, value in item.items() if name != "id"} if isinstance(item, dict) else item
    return msgspec.json.encode(fields, order="sorted")


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
