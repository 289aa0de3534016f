"""BioC, the exchange format of biomedical text mining, as XML and as JSON.

Forms: the BioC DTD and its JSON counterpart (Comeau et al. 2013, and NCBI's PubTator).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts, markup
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.markup import Element
from goldwire.corpora.formats.records import (
    Placed,
    Records,
    fields,
    id_of,
    listed,
    read_records,
    text_of,
)
from goldwire.corpora.offsets import Converter, OffsetError, Unit, joined, surface
from goldwire.corpora.types import Mention, Rejected, Relation, Span

_XML = b"<"


class _Annotation(NamedTuple):
    id: str | None
    infons: Mapping[str, Any]
    locations: Sequence[tuple[int, int]]
    text: str | None


class Bioc(Records):
    """BioC, XML or JSON: documents with passages at offsets, annotations with locations, and relations.

    The text of a document is that of its passages, each at its offset; what is between them is line breaks
    and spaces. Offsets are those of code points, of UTF-8 bytes or of UTF-16 units: that count is taken in
    which the words of all annotations of a document agree, code points where none does. An annotation is a
    mention, its type the infon `type` (or as the option `label` says); its locations are the parts of it. A
    relation is one from its first node to its second. Annotations and relations of sentences are read too.

    Not kept: other infons, relations of more than two nodes, or one, and roles of nodes.
    """

    FACTS = Facts(
        about="BioC, XML or JSON: documents of passages, with annotations and relations",
        loss="infons besides the type, roles of nodes, relations that have not two nodes",
        coverage="a document in the collection",
        example="goldwire corpus new work --from train.xml --format bioc --layer gold",
    )

    class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`label`: the infon that holds the type of an annotation and of a relation."""

        label: str = "type"

    def recognise(self, head: Head) -> bool:
        """A collection of documents in XML, or such in JSON."""
        if head.root == "collection":
            return b"<document" in head.data and (b"<passage" in head.data or b"BioC" in head.data)
        documents = head.members.get("documents")
        records = [head.members] if documents else head.records
        return any(map(self.fits, self.unwrap(records))) if head.data else False

    def records(self, path: Path) -> Placed:
        """See `Records.records`: XML in the shape that BioC's JSON has."""
        if not _is_xml(path):
            return read_records(path, self.unwrap)
        root = markup.read(path)
        if root.tag != "collection":
            raise root.fault(f"the outermost element is <{root.tag}>, that of BioC is <collection>")
        return [(item.where, _document(item)) for item in root.all("document")]

    def unwrap(self, records: list[Any]) -> list[Any]:
        """Documents, of collections or alone."""
        return list(chain.from_iterable(map(_documents, records)))

    def fits(self, record: Any) -> bool:
        """A document with passages that have offsets."""
        passages = record.get("passages") if isinstance(record, dict) else None
        return isinstance(passages, list) and any(isinstance(p, dict) and "offset" in p for p in passages)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "passages")
        parts = [fields(part, "offset") for part in listed(line, "passages")]
        nested = [fields(item) for part in parts for item in listed(part, "sentences")]
        units = [line, *parts, *nested]
        annotations = [a for unit in units for a in map(_annotation, listed(unit, "annotations"))]
        text, unit = _text(parts, annotations)
        place = gathering.text(id_of(line.get("id")), text, where, record)
        if place is None:
            return
        reader = _Bioc(place, text, unit, gathering)
        mentions = [mention for a in annotations for mention in reader.mention(a)]
        relations = [
            r for item in units for value in listed(item, "relations") for r in reader.relation(value)
        ]
        gathering.add(place, mentions, relations=relations, rejected=reader.rejected)


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_XML)


def _documents(record: Any) -> list[Any]:
    """Those of a collection; NCBI's service wraps collections in lists, and calls documents by a source."""
    if isinstance(record, list):
        return [item for one in record for item in _documents(one)]
    documents = record.get("documents") if isinstance(record, dict) else None
    return documents if isinstance(documents, list) else [record]


def _document(element: Element) -> dict[str, Any]:
    return {
        "id": (element.text_of("id") or "").strip(),
        "passages": [_passage(item) for item in element.all("passage")],
        **_units(element),
    }


def _passage(element: Element) -> dict[str, Any]:
    found = {"offset": _whole(element, "offset"), **_units(element)}
    if (text := element.text_of("text")) is not None:
        found["text"] = text
    found["sentences"] = [_passage(item) for item in element.all("sentence")]
    return found


def _whole(element: Element, tag: str) -> int:
    text = (element.text_of(tag) or "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 18:  # noqa: PLR2004 - 64 bits
        raise element.fault(f"<{element.tag}> has {text!r} as its <{tag}>, which is no whole number")
    return int(text)


def _units(element: Element) -> dict[str, Any]:
    return {
        "annotations": [
            {
                "id": item.get("id"),
                "infons": _infons(item),
                "text": item.text_of("text"),
                "locations": [
                    {"offset": one.number("offset"), "length": one.number("length")}
                    for one in item.all("location")
                ],
            }
            for item in element.all("annotation")
        ],
        "relations": [
            {
                "id": item.get("id"),
                "infons": _infons(item),
                "nodes": [{"refid": n.get("refid"), "role": n.get("role")} for n in item.all("node")],
            }
            for item in element.all("relation")
        ],
    }


def _infons(element: Element) -> dict[str, str]:
    return {item.need("key"): item.text for item in element.all("infon")}


class _Location(msgspec.Struct, frozen=True):
    offset: int
    length: int


def _annotation(value: Any) -> _Annotation:
    line = fields(value)
    infons = line.get("infons")
    try:
        places = msgspec.convert(listed(line, "locations"), list[_Location])
    except msgspec.ValidationError as error:
        raise DataError(f"annotation {line.get('id')!r}: {error}") from error
    text = line.get("text")
    return _Annotation(
        id_of(line.get("id")),
        infons if isinstance(infons, dict) else {},
        [(item.offset, item.offset + item.length) for item in places],
        text if isinstance(text, str) else None,
    )


def _text(parts: Sequence[Mapping[str, Any]], annotations: Sequence[_Annotation]) -> tuple[str, Unit]:
    """The text of passages put at their offsets, and what is counted: what the words say."""
    units: tuple[Unit, ...] = ("code point", "byte", "utf-16")
    texts = {unit: _laid_out(parts, unit) for unit in units}
    good = {unit: _agreeing(text, unit, annotations) for unit, text in texts.items() if text is not None}
    if not good:
        raise DataError("passages overlap: an offset lies inside the passage before it")
    unit = max(good, key=lambda one: good[one])  # the first of equals
    return texts[unit] or "", unit


def _laid_out(parts: Sequence[Mapping[str, Any]], unit: Unit) -> str | None:
    pieces, length = [], 0
    for part in parts:
        for offset, text in _pieces(part):
            if offset < length:
                return None
            gap = offset - length
            if gap > _WIDEST:
                raise DataError(f"a passage at offset {offset} begins {gap} behind the end of the one before")
            filler = ("\n" + " " * (gap - 1)) if gap and length else " " * gap
            pieces += [filler, text]
            length = offset + Converter(text, unit).encode(len(text))
    return "".join(pieces)


_WIDEST = 100_000  # characters between passages; more is a damaged offset, and would fill the memory


def _pieces(part: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The text of a passage, or those of its sentences."""
    if isinstance(part.get("text"), str):
        yield _offset(part), part["text"]
        return
    for item in listed(part, "sentences"):
        line = fields(item, "offset", "text")
        yield _offset(line), text_of(line)


def _offset(part: Mapping[str, Any]) -> int:
    offset = part["offset"]
    if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
        raise DataError(f"offset {offset!r} of a passage is no whole number from 0")
    return offset


def _agreeing(text: str, unit: Unit, annotations: Sequence[_Annotation]) -> int:
    converter = Converter(text, unit)
    return sum(_agree(item, _spans(item.locations, converter), text) for item in annotations)


def _agree(item: _Annotation, spans: Sequence[tuple[int, int]] | None, text: str) -> bool:
    if spans is None or item.text is None:
        return spans is not None
    got = "".join(text[start:end] for start, end in spans)
    return "".join(got.split()) == "".join(item.text.replace("...", "").split())


def _spans(locations: Iterable[tuple[int, int]], converter: Converter) -> list[tuple[int, int]] | None:
    """Locations as code points; None if one is not of the text."""
    try:
        return [(converter.decode(start), converter.decode(end)) for start, end in locations]
    except OffsetError:
        return None


class _Bioc:
    """Reads the units of one document."""

    def __init__(self, place: Place, text: str, unit: Unit, gathering: Gathering) -> None:
        self.place, self.text, self.gathering = place, text, gathering
        self.converter = Converter(text, unit)
        self.rejected: list[Rejected] = []
        self.number = 0

    def mention(self, item: _Annotation) -> Iterator[Mention]:
        label = self.gathering.options.label
        type = item.infons.get(label)
        self.number += 1
        id = item.id or f"a{self.number}"
        self.gathering.lost["infons"] += len(item.infons.keys() - {label})
        spans = _spans(item.locations, self.converter)
        more: dict[str, Any] = {"id": id, "type": type if isinstance(type, str) else None, "words": item.text}
        if not isinstance(type, str) or not type:
            message = f"it has no infon {label!r}; another is named by -o label=NAME"
            self.reject("unlabelled", message, item, **more)
        elif not spans:
            self.reject(
                "outside-text" if item.locations else "empty-span", "no location in the text", item, **more
            )
        elif not _agree(item, spans, self.text):
            got = surface(self.text, tuple(Span(*pair) for pair in spans))
            hint = composed(got, item.text or "", self.text)
            message = f"the offsets give {got!r}, the file says {item.text!r}{hint}"
            self.reject("words-differ", message, item, **more)
        else:
            parts = joined((self.place.span(*pair) for pair in spans), self.place.document.text)
            yield Mention(id=id, type=type, spans=parts)

    def reject(self, kind: str, message: str, item: _Annotation, **more: Any) -> None:
        self.rejected.append(reject(self.place, "mention", kind, message, item.locations, **more))

    def relation(self, value: Any) -> Iterator[Relation]:
        line = fields(value)
        nodes = [fields(node, "refid") for node in listed(line, "nodes")]
        infons = line.get("infons") if isinstance(line.get("infons"), dict) else {}
        label = self.gathering.options.label
        type = (infons or {}).get(label)
        self.number += 1
        id = id_of(line.get("id")) or f"r{self.number}"
        if len(nodes) != 2:  # noqa: PLR2004 - from one to another
            self.gathering.lost["relations that have not two nodes"] += 1
        elif not isinstance(type, str) or not type:
            message = f"it has no infon {label!r}; another is named by -o label=NAME"
            self.rejected.append(reject(self.place, "relation", "unlabelled", message, id=id))
        else:
            source, target = (str(node["refid"]) for node in nodes)
            self.gathering.lost["infons"] += len((infons or {}).keys() - {label})
            self.gathering.lost["roles of nodes"] += sum(bool(node.get("role")) for node in nodes)
            yield Relation(id=id, type=type, source=source, target=target)


bioc = Bioc()
