"""RAMS: JSON lines of five sentences around one trigger, with links to what fills its roles.

Form: the README of RAMS 1.0 (Ebner et al. 2020, Johns Hopkins University).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import FILLER, Gathering, Place, reject
from goldwire.corpora.formats.records import Records, fields, id_of, is_list_of, items_of, listed
from goldwire.corpora.types import Argument, Event, Mention, Meta, Rejected, Span

_ROLE = re.compile(r"evt\d+arg\d+(.+)", re.DOTALL)
_KNOWN = {
    *("sentences", "doc_key", "evt_triggers", "gold_evt_links", "ent_spans"),
    *("language_id", "source_url", "split", "rel_triggers", "gold_rel_links"),
}


class _Labelled(msgspec.Struct, frozen=True, array_like=True):
    """First and last token, and labels with scores."""

    start: int
    end: int
    labels: list[tuple[str, float]]


class _Link(msgspec.Struct, frozen=True, array_like=True):
    trigger: tuple[int, int]
    filler: tuple[int, int]
    role: str


class Rams(Records):
    """RAMS's JSON lines: `sentences` of tokens, `evt_triggers`, `ent_spans`, and `gold_evt_links` between.

    Tokens count from 0 through the record, an end is the last token. A record is a document, called by
    `doc_key`. Its text is the tokens, a sentence a line; read into a corpus, it belongs to the text that has
    the same visible characters. Roles are those behind `evt089arg02`; fillers have no types in the files, and
    are of the type FILLER here. Files give no words for their spans, so there is nothing to check them by.

    Not kept: types of a trigger besides the first, links of relations, and other fields.
    """

    FACTS = Facts(
        about="RAMS's JSON lines: five sentences of tokens, a trigger, and links to its arguments",
        loss="second types of a trigger, links of relations, other fields",
        coverage="a line for the document",
        example="goldwire corpus new rams --from test.jsonlines --format rams --layer gold",
    )

    def fits(self, record: Any) -> bool:
        """Sentences of tokens, triggers and links."""
        if not isinstance(record, dict) or not is_list_of(record.get("sentences"), list[str]):
            return False
        return isinstance(record.get("evt_triggers"), list) and isinstance(record.get("gold_evt_links"), list)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "sentences", "evt_triggers", "gold_evt_links")
        if not line["sentences"] or not is_list_of(line["sentences"], list[str]):
            raise DataError("`sentences` are no lists of words")
        language, url = (value if isinstance(value := line.get(name), str) else None for name in _META)
        meta = Meta(language=language, url=url)
        place = gathering.tokens(id_of(line.get("doc_key")), line["sentences"], where, record, meta)
        if place is None:
            return
        gathering.lost["other fields"] += len(line.keys() - _KNOWN)
        gathering.lost["links of relations"] += len(listed(line, "gold_rel_links"))
        reader = _Reader(place, gathering.lost)
        reader.read(listed(line, "evt_triggers"), listed(line, "ent_spans"), listed(line, "gold_evt_links"))
        gathering.add(place, reader.mentions.values(), reader.events, rejected=reader.rejected)


_META = ("language_id", "source_url")


class _Reader:
    """Reads the units of one record; `mentions` by first and last token."""

    def __init__(self, place: Place, lost: Counter[str]) -> None:
        self.place, self.lost = place, lost
        self.rejected: list[Rejected] = []
        self.mentions: dict[tuple[int, int], Mention] = {}
        self.events: list[Event] = []

    def read(self, triggers: list[Any], spans: list[Any], links: list[Any]) -> None:
        for item in items_of(spans, _Labelled, "mention", self.place, self.rejected):
            self.mention((item.start, item.end))
        arguments: dict[tuple[int, int], list[Argument]] = defaultdict(list)
        for link in items_of(links, _Link, "argument", self.place, self.rejected):
            found = _ROLE.fullmatch(link.role)
            role = found[1] if found is not None else link.role
            arguments[link.trigger].append(Argument(role=role, mention=self.mention(link.filler)))
        self.events += self.happenings(triggers, arguments)
        for place, left in arguments.items():
            self.reject_unattached(place, left)

    def happenings(
        self, triggers: list[Any], arguments: dict[tuple[int, int], list[Argument]]
    ) -> Iterator[Event]:
        """Events, each with the links of its trigger, which are taken out of the `arguments`."""
        items = items_of(triggers, _Labelled, "event", self.place, self.rejected)
        for number, item in enumerate(items, start=1):
            id, span = f"e{number}", self.span(item.start, item.end)
            if not item.labels:
                message = "a trigger without a type"
                self.rejected.append(reject(self.place, "event", "unlabelled", message, [span], id=id))
                continue
            self.lost["second types of a trigger"] += len(item.labels) - 1
            filled = tuple(arguments.pop((item.start, item.end), ()))
            yield Event(id=id, type=item.labels[0][0], trigger=(span,), arguments=filled)

    def reject_unattached(self, trigger: tuple[int, int], arguments: list[Argument]) -> None:
        message = f"there is no trigger at tokens {trigger[0]} to {trigger[1]}"
        spans = {mention.id: mention.spans for mention in self.mentions.values()}
        for argument in arguments:
            at = spans[argument.mention]
            found = reject(self.place, "argument", "no-mention", message, at, role=argument.role)
            self.rejected.append(found)

    def mention(self, place: tuple[int, int]) -> str:
        """The id of the mention at some tokens."""
        if place not in self.mentions:
            id, span = f"m{len(self.mentions) + 1}", self.span(*place)
            self.mentions[place] = Mention(id=id, type=FILLER, spans=(span,))
        return self.mentions[place].id

    def span(self, first: int, last: int) -> Span:
        return self.place.tokens(first, last + 1)


rams = Rams()
