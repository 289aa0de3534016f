"""CASIE: JSON files of news on computer security, with hoppers of events.

Form: the annotation files of CASIE (Satyapanich et al. 2020), github.com/Ebiquity/CASIE.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering
from goldwire.corpora.formats.records import Placed, Records, fields, listed, text_of
from goldwire.corpora.formats.sheet import Filled, Happening, Sheet, put
from goldwire.corpora.formats.sources import Stretch
from goldwire.corpora.types import Meta

_KNOWN = {"cyberevent", "sourcefile", "info", "content"}


class _Stretch(msgspec.Struct, frozen=True):
    startOffset: int  # noqa: N815 - as in the files
    endOffset: int  # noqa: N815
    text: str | None = None

    def stretch(self) -> Stretch:
        return Stretch(self.startOffset, self.endOffset, self.text)


class _Role(msgspec.Struct, frozen=True):
    type: str


class _Filler(_Stretch, frozen=True, kw_only=True):
    role: _Role
    type: str
    index: str | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    nugget: _Stretch
    subtype: str | None = None
    realis: str | None = None
    argument: list[Any] = []
    index: str | None = None


class Casie(Records):
    """CASIE's JSON, a file for each article: `content`, and `cyberevent` with hoppers of events.

    Offsets count characters of `content`, an end is behind the last one; what does not have its words there
    is rejected (in the release, some contents have lost their beginning). An event is of `type:subtype`, its
    nugget is the trigger, and its realis an attribute; events of one hopper are in one cluster. Arguments are
    mentions of their types, one for each place and type. A document is called by `sourcefile`, or its file.

    Not kept: references to knowledge bases, `info` besides the title, the date and the link, other fields.
    """

    FACTS = Facts(
        about="CASIE's JSON: articles on computer security with hoppers of events",
        loss="references to knowledge bases, other fields",
        coverage="a file for the document, also one without an event",
        example="goldwire corpus new casie --from annotation/ --format casie --layer gold",
    )

    def records(self, path: Path) -> Placed:
        """See `Records.records`; a record that does not name its source is called by its file."""
        return [
            (where, {"sourcefile": path.name, **record} if isinstance(record, dict) else record)
            for where, record in super().records(path)
        ]

    def fits(self, record: Any) -> bool:
        """A content, and hoppers."""
        if not isinstance(record, dict) or not isinstance(record.get("content"), str):
            return False
        events = record.get("cyberevent")
        return isinstance(events, dict) and isinstance(events.get("hopper"), list)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "content", "cyberevent")
        text = text_of(line, "content")
        source = line.get("sourcefile")
        id = Path(source).stem if isinstance(source, str) else None
        place = gathering.text(id or None, text, where, record, _meta(line.get("info")))
        if place is None:
            return
        sheet = Sheet(named=place.document.id)
        for number, value in enumerate(listed(fields(line["cyberevent"], "hopper"), "hopper"), start=1):
            _hopper(listed(fields(value), "events"), f"h{number}", where, sheet)
        units = put(sheet, text, place, "extent")
        gathering.lost += sheet.lost
        gathering.lost["other fields"] += len(line.keys() - _KNOWN)
        gathering.add(place, units.mentions, units.events, rejected=units.rejected)


def _meta(info: Any) -> Meta:
    known = info if isinstance(info, dict) else {}
    title, link, date = (known.get(name) for name in ("title", "link", "date"))
    return Meta(
        title=title if isinstance(title, str) else None,
        url=link if isinstance(link, str) else None,
        published=date.replace("_", "-") if isinstance(date, str) else None,
    )


def _hopper(values: list[Any], name: str, where: str, sheet: Sheet) -> None:
    for item in sheet.items(values, _Event, "event", where):
        arguments = []
        for value in item.argument:
            sheet.lost["references to knowledge bases"] += isinstance(value, dict) and _REFERENCE in value
        for one in sheet.items(item.argument, _Filler, "argument", where):
            filler = sheet.filler(one.type, one.stretch(), where, one.index)
            arguments.append(Filled(one.role.type, filler))
        sheet.events.append(
            Happening(
                id=item.index or f"e{len(sheet.events) + 1}",
                type=":".join(filter(None, (item.type, item.subtype))),
                trigger=item.nugget.stretch(),
                where=where,
                arguments=arguments,
                attributes={"realis": item.realis} if item.realis else {},
                joins=name,
            )
        )


_REFERENCE = "external_reference"
casie = Casie()
