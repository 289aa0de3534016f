"""MUC-4 templates as the JSON that GTT published (xinyadu/gtt, data/muc): `docid`, `doctext`, `templates`.

A template is an event without a trigger: `incident_type` is its type, of several divided by `/` the first
with the others as alternatives, and every other field a role with a list of entities. An entity is a list of
mentions, any of which may stand for it: one argument, the other mentions its alternatives. A mention is
`[words, offset]`, or words alone: then their first place. MUC gives fillers no type: all are FILLER.

Objects stand one a line or one after the other. Where the corpus has the texts, `doctext` may be left out.
What GTT writes as its predictions is read too: one object of all documents, by number (30001 is the document
TST3-MUC4-0001), of which `pred_templates` are the templates, and `doctext`, in pieces of words, is the text
where there is no corpus. What is not where it is said to be is rejected. Read only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN, line_faults, read_bytes
from goldwire.corpora.encodings import decode, normalise
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.gather import FILLER
from goldwire.corpora.formats.head import Head
from goldwire.corpora.places import Placer
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Rejected, Span, Spans
from goldwire.corpora.validate import Flaw

COVERS = "listed"
FACTS = Facts(
    about="Templates of MUC-4 as the JSON of GTT: incidents with roles filled by entities, without triggers",
    loss="other fields than docid, doctext and templates",
    coverage="its object, also one without a template",
    example="goldwire corpus new muc --from dev.json --format muc --ontology none --layer gold",
)
TYPE = "incident_type"
_SPACE = re.compile(r"\s*")
_PAIR = 2  # words and their offset
_PREDICTED = "pred_templates"
_NUMBERED = re.compile(r"TST(\d)-MUC\d-(\d{4})")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class _Record(msgspec.Struct, frozen=True):
    docid: str
    templates: list[dict[str, Any]]
    doctext: str | None = None


def _is_predicted(value: Any) -> bool:
    """Whether a value is what GTT predicted for a document."""
    return isinstance(value, dict) and isinstance(value.get(_PREDICTED), list)


def recognise(head: Head) -> bool:
    """Objects with an id and templates that say the type of an incident, or predictions of GTT."""
    if any(map(_is_predicted, head.members.values())):
        return True
    records = [record for record in head.records if isinstance(record, dict)]
    lists = [record.get("templates") for record in records if "docid" in record]
    templates = [item for found in lists if isinstance(found, list) for item in found]
    return len(lists) == len(records) and any(isinstance(item, dict) and TYPE in item for item in templates)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. Each object is a document, judged also where it has no template."""
    del options
    known = None if documents is None else {document.id: document for document in documents}
    numbers = {number: id for id in known or () if (number := _number(id)) is not None}
    made: dict[str, Document] = {}
    layer: list[Annotations] = []
    quarantined: list[Rejected] = []
    lost: Counter[str] = Counter()
    for where, record in (pair for path in paths for pair in _records(path, numbers, lost)):
        found = _document(record, where, known)
        if isinstance(found, Document) and found.id not in made:
            made[found.id] = found
            layer.append(_Templates(found, where, lost).annotations(record.templates))
        elif isinstance(found, Document):
            quarantined.append(_turned_away(record, where, "repeated-document", "the id was there before"))
        else:
            quarantined.append(found)
    kept = [] if documents is not None else list(made.values())
    return Reading(documents=kept, annotations=layer, loss=loss.report(lost), quarantined=quarantined)


# ---------------------------------------------------------------- files
def _number(id: str) -> str | None:
    """What GTT calls a document of the test sets: 30001 for TST3-MUC4-0001."""
    found = _NUMBERED.fullmatch(id)
    return None if found is None else f"{found[1]}{found[2]}"


def _records(path: Path, numbers: Mapping[str, str], lost: Counter[str]) -> Iterator[tuple[str, _Record]]:
    """The objects of a file with their places; `DataError` with every fault where one is in another form."""
    faults: list[Fault] = []
    found: list[tuple[str, _Record]] = []
    for where, value in (pair for given in _objects(path) for pair in _told_apart(*given, numbers)):
        try:
            found.append((where, msgspec.convert(value, _Record)))
            lost.update(f"field {name}" for name in value.keys() - set(_Record.__struct_fields__))
        except msgspec.ValidationError as error:
            faults.append(Fault(where, "", str(error)))
    if faults or not found:
        faults = faults or [Fault(str(path), "", "there is no object in it")]
        raise DataError(f"{path}: no MUC templates; expected docid, doctext and templates", faults)
    yield from found


def _told_apart(where: str, value: Any, numbers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """An object, or those of the documents that it has predictions of.

    With a corpus, whose ids the `numbers` stand for, the text is that of the corpus.
    """
    if not isinstance(value, dict) or not any(map(_is_predicted, value.values())):
        yield where, value
        return
    for name, given in value.items():
        record = dict(given) if isinstance(given, dict) else {}
        if name in numbers:
            record.pop("doctext", None)
        elif isinstance(record.get("doctext"), str):
            record["doctext"] = record["doctext"].replace(" ##", "")
        record["docid"] = numbers.get(name, name)
        if _PREDICTED in record:
            record["templates"] = record.pop(_PREDICTED)
        yield f"{where} {name}", record


def _objects(path: Path) -> Iterator[tuple[str, Any]]:
    text = decode(read_bytes(path), str(path))
    decoder, line, before = json.JSONDecoder(), 1, 0
    at = _after_space(text, 0)
    while at < len(text):
        line, before = line + text.count("\n", before, at), at
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not JSON", [Fault(f"{path}:{line}", "", str(error))]) from error
        yield f"{path}:{line}", _decoded(text[at:end].encode("utf-8"), f"{path}:{line}")
        at = _after_space(text, end)


def _decoded(data: bytes, where: str) -> Any:
    """An object once more, by msgspec: half a character (a lone surrogate) is no text."""
    try:
        return msgspec.json.decode(data)
    except BROKEN as error:
        raise DataError(f"{where}: not JSON", line_faults(data, Any, where, error)) from error


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _document(record: _Record, where: str, known: Mapping[str, Document] | None) -> Document | Rejected:
    """The document of an object: of the corpus where there is one, else made from its text."""
    text = None if record.doctext is None else normalise(record.doctext)
    if known is None:
        if text is not None:
            return make_document(record.docid, text)
        return _turned_away(record, where, "no-text", "no doctext, and no corpus that has the text")
    document = known.get(record.docid)
    if document is None:
        return _turned_away(record, where, "unknown-document", "the corpus has no document of this id")
    if text not in (None, document.text):
        return _turned_away(record, where, "text-changed", "doctext is not the text of the corpus")
    return document


def _turned_away(record: _Record, where: str, kind: str, message: str) -> Rejected:
    value = msgspec.to_builtins(record)
    return Rejected(
        unit="document", kind=kind, message=message, where=where, document=record.docid, value=value
    )


# ---------------------------------------------------------------- templates
class _Templates:
    """Reads the templates of one document; `mentions` are those named so far, by place."""

    def __init__(self, document: Document, where: str, lost: Counter[str]) -> None:
        self.document, self.where, self.lost = document, where, lost
        self.placer = Placer(document)
        self.mentions: dict[Spans, Mention] = {}
        self.rejected: list[Rejected] = []

    def annotations(self, templates: Sequence[Mapping[str, Any]]) -> Annotations:
        events = [self.event(f"e{i + 1}", item, f"$.templates[{i}]") for i, item in enumerate(templates)]
        return Annotations(
            document=self.document.id,
            sha256=self.document.sha256,
            mentions=tuple(self.mentions.values()),
            events=tuple(event for event in events if event is not None),
            rejected=tuple(self.rejected),
        )

    def event(self, id: str, template: Mapping[str, Any], path: str) -> Event | None:
        given = template.get(TYPE)
        types = [part.strip() for part in given.split("/")] if isinstance(given, str) else []
        if not all(types) or not types:
            self.reject("event", Flaw("", "malformed", f"{TYPE} is {given!r}, no type"), path, template)
            return None
        return Event(
            id=id,
            type=types[0],
            alternatives=tuple(types[1:]),
            arguments=tuple(dict.fromkeys(self.arguments(types[0], template, path))),
        )

    def arguments(self, type: str, template: Mapping[str, Any], path: str) -> Iterator[Argument]:
        for role, entities in template.items():
            if role == TYPE or entities is None:
                continue
            if not isinstance(entities, list):
                self.lost[f"field {role} of a template"] += 1
                continue
            for i, entity in enumerate(entities):
                ids = list(dict.fromkeys(self.fillers(type, role, entity, f"{path}.{role}[{i}]")))
                if ids:
                    yield Argument(role=role, mention=ids[0], alternatives=tuple(ids[1:]))

    def fillers(self, type: str, role: str, entity: Any, path: str) -> Iterator[str]:
        """The ids of an entity's mentions; where none can be taken, the argument is rejected as a whole."""
        mentions = entity if isinstance(entity, list) else []
        found = [(each, self.place(each)) for each in mentions]
        flaws = [(each, flaw) for each, flaw in found if isinstance(flaw, Flaw)]
        if len(flaws) == len(found):
            flaw = flaws[0][1] if flaws else Flaw("", "malformed", "an entity is a list of mentions")
            words = _words(mentions[0]) if mentions else None
            self.reject("argument", flaw, path, entity, type=type, role=role, words=words)
            return
        for each, flaw in flaws:
            self.reject("mention", flaw, path, each, type=FILLER, words=_words(each))
        yield from (self.mention(place) for _, place in found if not isinstance(place, Flaw))

    def place(self, mention: Any) -> Spans | Flaw:
        words = _words(mention)
        offset = mention[1] if isinstance(mention, list) and len(mention) == _PAIR else None
        if words is None or not (offset is None or (type(offset) is int and offset >= 0)):
            return Flaw("", "malformed", f"{mention!r} is neither words nor [words, offset]")
        spans = None if offset is None else (Span(offset, offset + len(words)),)
        return self.placer.argument(spans, words, None)

    def mention(self, spans: Spans) -> str:
        made = Mention(id=f"m{len(self.mentions) + 1}", type=FILLER, spans=spans)
        return self.mentions.setdefault(spans, made).id

    def reject(self, unit: Any, flaw: Flaw, path: str, value: Any, **given: Any) -> None:
        self.rejected.append(
            Rejected(
                unit=unit,
                kind=flaw.kind,
                message=flaw.message,
                where=self.where,
                document=self.document.id,
                path=path,
                value=value,
                **given,
            )
        )


def _words(mention: Any) -> str | None:
    """The words of `[words, offset]` or of words alone."""
    words = mention[0] if isinstance(mention, list) and 0 < len(mention) <= _PAIR else mention
    return words if isinstance(words, str) and words else None
