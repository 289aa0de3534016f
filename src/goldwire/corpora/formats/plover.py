"""PLOVER's gold records (openeventdata): a sentence each, with event type, actors and inline markup.

The records have no offsets. `markup` repeats the sentence with `(SRC: …)`, `(TAR: …)`, `(LOC: …)` and
`(EVT: …)` around its parts: where it gives the sentence to the letter once the marks are taken out, the parts
have their places, and the event's trigger is all EVT parts together. Of other records the sentence is kept,
not judged, and the rest refused; records whose id was there before are refused whole.

Actors are mentions of type ACTOR and LOCATION, arguments `source`, `target` and `location`; `mode` and
`context` are attributes.

Not kept: codes, sectors and counts. Read only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.encodings import decode, normalise
from goldwire.corpora.errors import CorpusError, DataError, Fault, check_sound
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.head import Head
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Meta, Rejected, Span

COVERS = "listed"
FACTS = Facts(
    about="PLOVER's gold records of openeventdata: a sentence each, with event type, actors, inline markup",
    loss="codes, sectors and counts",
    coverage="a record with places for its parts",
    example="goldwire corpus new plover --from PLOVER_GSR_CAMEO.txt --format plover --layer gold",
)
ROLES = {"SRC": "source", "TAR": "target", "LOC": "location"}
TRIGGER = "EVT"
DOCUMENTATION = "DOCUMENT"  # the event type of records that explain the file
MISFIT = "the markup is not the sentence: its parts have no certain places"
KEPT = {"id", "event", "text", "textInfo", "publication", "language", "date", "mode", "context"}


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class Part(NamedTuple):
    """A marked part of a sentence: its marks, and where it is once they are taken out."""

    marks: tuple[str, ...]
    span: Span


def recognise(head: Head) -> bool:
    """Records with an event and, somewhere, inline markup."""
    records = [record for record in head.records if isinstance(record, dict)]
    marked = any(isinstance(record.get("textInfo"), dict) for record in records)
    return marked and all(isinstance(record.get("event"), str) for record in records)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. Each record is a document; documentation records are passed over."""
    del options
    if documents is not None:
        raise CorpusError("plover files bring their sentences: make a corpus of them with `corpus new`")
    made: dict[str, Document] = {}
    layer: list[Annotations] = []
    quarantined: list[Rejected] = []
    lost: Counter[str] = Counter()
    for path in paths:
        for record in _records(path):
            document = _document(record)
            lost.update(f"field {name}" for name in record.keys() - KEPT)
            text, parts = take_apart(_markup(record))
            if document.id in made:
                quarantined.append(_again(record, document, str(path)))
                continue
            made[document.id] = document
            if text == document.text:
                layer.append(_annotations(record, document, parts))
            else:
                quarantined.append(_misfit(record, document, str(path)))
    kept = list(made.values())
    return Reading(documents=kept, annotations=layer, loss=loss.report(lost), quarantined=quarantined)


def _again(record: Mapping[str, Any], document: Document, where: str) -> Rejected:
    return Rejected(
        unit="document",
        kind="repeated-document",
        message="the id is that of an earlier record",
        where=where,
        document=document.id,
        value=record,
    )


def _misfit(record: Mapping[str, Any], document: Document, where: str) -> Rejected:
    """The event of a record in which it has no certain place; a line without it would say there is none."""
    return Rejected(
        unit="event",
        kind="quote-not-found",
        message=MISFIT,
        where=where,
        document=document.id,
        type=record["event"],
        value=record,
    )


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        records = json.loads(decode(read_bytes(path), str(path)), strict=False)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON", [Fault(str(path), "", str(error))]) from error
    if not isinstance(records, list):
        raise DataError(f"{path}: not PLOVER records", [Fault(str(path), "$", "a list of records is needed")])
    if not _is_text(records):
        told = "a string holds half a character (a lone surrogate)"
        raise DataError(f"{path}: not PLOVER records", [Fault(str(path), "$", told)])
    faults = [
        Fault(
            str(path),
            f"$[{i}]",
            "a record has the texts `id`, `event` and `text`, and perhaps `publication`, `date`, `language`",
        )
        for i, record in enumerate(records)
        if not _is_record(record)
    ]
    check_sound(path, faults)
    return [record for record in records if record["event"] != DOCUMENTATION]


def _is_record(record: Any) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("event"), str):
        return False
    documentation = record["event"] == DOCUMENTATION
    return documentation or (
        all(isinstance(record.get(name), str) for name in ("id", "text"))
        and all(isinstance(record.get(name, ""), str | None) for name in ("publication", "date", "language"))
    )


def _is_text(records: Any) -> bool:
    """Whether every string in it is one: JSON can spell half a character (a lone surrogate)."""
    try:
        json.dumps(records, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _document(record: Mapping[str, Any]) -> Document:
    text = normalise(record["text"])
    source, published, language = (record.get(name) for name in ("publication", "date", "language"))
    meta = Meta(source=source, published=published, language=language)
    return Document(id=record["id"], text=text, sha256=hash_text(text), meta=meta)


def _markup(record: Mapping[str, Any]) -> str:
    info = record.get("textInfo")
    markup = info.get("markup") if isinstance(info, dict) else None
    return markup if isinstance(markup, str) else ""


def take_apart(markup: str) -> tuple[str, list[Part]]:
    """The sentence in a markup, and its marked parts; parentheses of the sentence itself stay.

    >>> take_apart("The (SRC: rebels (RUF)) (EVT: left).")[0]
    'The rebels (RUF) left.'
    """
    text: list[str] = []
    parts: list[Part] = []
    open_: list[tuple[tuple[str, ...], int] | None] = []  # None for a parenthesis of the sentence
    place = 0
    while place < len(markup):
        marks, size = _marks(markup, place)
        char = markup[place]
        if marks:
            open_.append((marks, len(text)))
            place += size
            continue
        place += 1
        if char == "(":
            open_.append(None)
        elif char == ")" and open_ and (mark := open_.pop()) is not None:
            parts.append(Part(mark[0], Span(mark[1], len(text))))
            continue
        text.append(char)
    return "".join(text), parts


def _marks(markup: str, place: int) -> tuple[tuple[str, ...], int]:
    """The marks that open at a place, and the length of what opens them."""
    if markup[place] != "(":
        return (), 0
    head, colon, rest = markup[place + 1 : place + 20].partition(":")
    marks = tuple(head.split("/"))
    if not colon or not all(mark in ROLES or mark == TRIGGER for mark in marks):
        return (), 0
    return marks, len(head) + 2 + (len(rest) - len(rest.lstrip()))


def _annotations(record: Mapping[str, Any], document: Document, parts: Sequence[Part]) -> Annotations:
    actors = sorted({part for part in parts if part.marks != (TRIGGER,)}, key=lambda part: part.span)
    mentions = [
        Mention(id=f"m{i}", type="LOCATION" if part.marks == ("LOC",) else "ACTOR", spans=(part.span,))
        for i, part in enumerate(actors, start=1)
    ]
    arguments = tuple(
        Argument(role=ROLES[mark], mention=mention.id)
        for part, mention in zip(actors, mentions, strict=True)
        for mark in part.marks
        if mark in ROLES
    )
    trigger = tuple(sorted(part.span for part in parts if TRIGGER in part.marks))
    attributes = dict(_attributes(record))
    event = Event(id="e1", type=record["event"], trigger=trigger, arguments=arguments, attributes=attributes)
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions),
        events=(event,) if trigger else (),
    )


def _attributes(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("mode", "context"):
        value = record.get(name)
        if isinstance(value, str) and value:
            yield name, value
