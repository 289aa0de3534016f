"""DocEE: articles with the type of their main event and its arguments, and without a trigger.

Form: the release of DocEE (Tong et al. 2022), github.com/tongmeihan1995/DocEE.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import FILLER, Gathering
from goldwire.corpora.formats.records import Records, is_list_of
from goldwire.corpora.formats.sheet import Filled, Happening, Sheet, put
from goldwire.corpora.formats.sources import Stretch
from goldwire.corpora.types import Meta

_FIELDS = 4  # title, text, type of event, arguments


class _Filler(msgspec.Struct, frozen=True):
    start: int
    end: int
    type: str
    text: str | None = None


class Docee(Records):
    """DocEE's JSON: a list of records `[title, text, event type, arguments]`; the last may be JSON as text.

    An article has one event, without a trigger: it is an event of the document. An argument is an object with
    `start`, `end`, `type` and `text`: its type is the role, and its words are a mention of the type FILLER.
    Offsets count characters of the text; whether an end is the last character or behind it is told by the
    words of the record. Documents are called by their numbers.

    Not kept: fields behind the arguments.
    """

    FACTS = Facts(
        about="DocEE's JSON: articles with the type of their event and its arguments, without triggers",
        loss="fields behind the arguments",
        coverage="a record for the text",
        example="goldwire corpus new docee --from test.json --format docee --layer gold",
    )

    def unwrap(self, records: list[Any]) -> list[Any]:
        """The records of a list, or the one that it is."""
        return [records] if records and isinstance(records[0], str) else records

    def fits(self, record: Any) -> bool:
        """A record with arguments."""
        return self.may_fit(record) and is_list_of(_given(record), _Filler) and bool(_given(record))

    def may_fit(self, record: Any) -> bool:
        """A title, a text, a type, and a list of what may be arguments."""
        return (
            isinstance(record, list)
            and len(record) >= _FIELDS
            and all(isinstance(field, str) for field in record[:3])
            and isinstance(_given(record), list)
        )

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        if not self.may_fit(record):
            raise DataError("a list of title, text, type of event and arguments is needed")
        title, text, type = record[:3]
        place = gathering.text(None, text, where, record, Meta(title=title))
        if place is None:
            return
        gathering.lost["fields behind the arguments"] += len(record) - _FIELDS
        sheet = Sheet(named=place.document.id)
        given = list(sheet.items(_given(record), _Filler, "argument", where))
        more = int(_ends_are_inclusive(given))
        filled = [
            Filled(one.type, sheet.filler(FILLER, Stretch(one.start, one.end + more, one.text), where))
            for one in given
        ]
        sheet.events.append(Happening("e1", type, None, where, filled))
        units = put(sheet, text, place, "extent")
        gathering.lost += sheet.lost
        gathering.add(place, units.mentions, units.events, rejected=units.rejected)


def _given(record: list[Any]) -> Any:
    """The arguments of a record; what they are if they are no list and no JSON."""
    try:
        return msgspec.json.decode(record[3]) if isinstance(record[3], str) else record[3]
    except BROKEN:
        return record[3]


def _ends_are_inclusive(given: Iterable[_Filler]) -> bool:
    """Whether more words are as long as they are if the end is their last character."""
    longer = [len(one.text) - (one.end - one.start) for one in given if one.text is not None]
    return longer.count(1) > longer.count(0)


docee = Docee()
