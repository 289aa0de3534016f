"""The lines of event-nugget files, taken apart; what is wrong is told with line and reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from goldwire.corpora.errors import Fault, check_sound

BEGIN, END = "#BeginOfDocument", "#EndOfDocument"
FIELDS = ("system", "document", "mention id", "place", "text", "type", "realis")
COREFERENCE, LINKS = "Coreference", ("After", "Subevent")


class Nugget(NamedTuple):
    """A line of an event; `place` are token ids or offsets as they stand there."""

    id: str
    place: str
    text: str
    type: str
    realis: str
    where: str


@dataclass
class Section:
    """What a file says of one document: events, and the cluster of each that has one."""

    document: str
    where: str
    nuggets: dict[str, Nugget] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)


def parse(text: str, where: str) -> list[Section]:
    """The documents of a file; `DataError` with every line that breaks a rule of the format."""
    reader = _Reader(where)
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            reader.take(line.rstrip(), f"{where}:{number}")
    reader.close(f"{where}:{number}")
    if not reader.sections and not reader.faults:
        reader.faults.append(Fault(where, "", f"holds no document: no line is {BEGIN}"))
    check_sound(where, reader.faults)
    return reader.sections


class _Reader:
    """Gathers lines to documents."""

    def __init__(self, where: str) -> None:
        self.file = where
        self.sections: list[Section] = []
        self.faults: list[Fault] = []
        self.section: Section | None = None

    def fault(self, where: str, message: str) -> None:
        self.faults.append(Fault(where, "", message))

    def take(self, line: str, where: str) -> None:
        if line.startswith(BEGIN):
            self.close(where)
            self.open(line[len(BEGIN) :].strip(), where)
        elif line.startswith(END):
            if self.section is None:
                self.fault(where, f"{END} without {BEGIN}")
            self.section = None
        elif line.startswith("#"):
            return
        elif self.section is None:
            self.fault(where, f"stands before any {BEGIN} line: {line[:40]!r}")
        elif line.startswith("@"):
            self.link(line, where, self.section)
        else:
            self.nugget(line, where, self.section)

    def close(self, where: str) -> None:
        if self.section is not None:
            self.fault(where, f"the document that begins at {self.section.where} has no {END} line")
        self.section = None

    def open(self, id: str, where: str) -> None:
        if not id:
            self.fault(where, f"{BEGIN} names no document")
        elif any(section.document == id for section in self.sections):
            self.fault(where, f"document {id!r} was there before")
        self.section = Section(id, where)
        self.sections.append(self.section)

    def nugget(self, line: str, where: str, section: Section) -> None:
        cells = line.split("\t")
        if len(cells) < len(FIELDS):
            self.fault(where, f"{len(cells)} field(s), where {len(FIELDS)} are needed: {', '.join(FIELDS)}")
            return
        _, document, id, place, text, type, realis = cells[: len(FIELDS)]
        if section.document and document != section.document:
            self.fault(where, f"is of document {document!r}, inside {section.document!r}")
        if id in section.nuggets:
            self.fault(where, f"mention id {id!r} is that of {section.nuggets[id].where} too")
            return
        section.nuggets[id] = Nugget(id, place, text, type, realis, where)
        section.lost["further columns"] += len(cells) > len(FIELDS)

    def link(self, line: str, where: str, section: Section) -> None:
        kind, _, rest = line[1:].partition("\t")
        name, _, ids = rest.partition("\t")
        members = [id.strip() for id in ids.split(",")]
        for id in members:
            if id not in section.nuggets:
                self.fault(where, f"{name} holds {id!r}, which is no mention before this line")
        if kind in LINKS:
            section.lost["links of events"] += 1
        elif kind != COREFERENCE:
            self.fault(where, f"@{kind} is no link: known are @{COREFERENCE}, @{', @'.join(LINKS)}")
        else:
            self.cluster(name, members, where, section)

    def cluster(self, name: str, members: list[str], where: str, section: Section) -> None:
        if name in section.named:
            self.fault(where, f"cluster {name!r} was there before: give all its mentions in one line")
        section.named.add(name)
        places: dict[frozenset[str], str] = {}
        for id in members:
            before = section.clusters.setdefault(id, name)
            if before != name:
                self.fault(where, f"{id!r} is in cluster {before!r} too: join the two")
            if (nugget := section.nuggets.get(id)) is None:
                continue
            twin = places.setdefault(frozenset(nugget.place.split(",")), id)
            if twin != id:
                self.fault(where, f"{twin!r} and {id!r} of cluster {name!r} have the same place")
