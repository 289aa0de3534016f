"""spaCy's DocBin, `.spacy`: texts with entities or groups of spans.

Mentions are the entities of a Doc, or the spans of the group that the option `spans` names. Without it they
are the entities where any Doc has some set, and else the one group that there is. A Doc is called by the
`id` in its user data, else by its number.

A Doc is judged where its entities were set, be it to none, or where it has the group; one of which spaCy
knows no entities is not.

Not kept when read: other groups, links to a knowledge base, categories; parts of speech, syntax and the like
are passed over. Not held when written: everything but mentions, mentions with several parts or with white
space at their ends. Entities cannot overlap: where mentions of the layer do, all are written as the spans of
group `sc` (spaCy's own name), and as entities only if `spans=ents` asks for the longest of them. Tokens are
those of Goldwire, parted where a mention begins or ends.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from goldwire.corpora import extras
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.gather import Gathering, Place
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.records import id_of
from goldwire.corpora.formats.words import OUT_OF_WORDS, Words, apart, whole, words
from goldwire.corpora.types import Annotations, Document, Mention, Provenance, Span

COVERS: Literal["listed"] = "listed"
FACTS = Facts(
    about="spaCy's DocBin (.spacy), texts with entities or groups of spans",
    loss="all but mentions; mentions in parts; read: links to a knowledge base, categories",
    coverage="a Doc whose entities were set, also to none, or that has the group of spans",
    example="goldwire corpus export work train.spacy --format spacy --layer gold",
    extra="spacy",
)
ENTITIES, GROUP = "ents", "sc"
_ATTRIBUTES = ["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`spans`: `ents`, or the name of a group of spans; what there is, and what fits, if not given."""

    spans: str = ""


def recognise(head: Head) -> bool:
    """Compressed by zlib, and what comes out begins as spaCy's messages do."""
    try:
        start = zlib.decompressobj().decompress(head.data, 1000)
    except zlib.error:
        return False
    return b"attrs" in start and b"tokens" in start


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`."""
    gathering = Gathering(documents)
    for path in paths:
        docs = _docs(path)
        source = _source(docs, options.spans, str(path))
        gathering.notes.append(f"{path}: mentions are {source if source == ENTITIES else f'group {source}'}")
        for number, doc in enumerate(docs, start=1):
            _take(doc, source, f"{path}:{number}", gathering)
    return gathering.reading()


def _spacy() -> Any:
    for module in ("spacy.tokens", "spacy.vocab"):
        extras.load(module, "spacy", "DocBin needs spaCy")
    return extras.load("spacy", "spacy", "DocBin needs spaCy")


def _docs(path: Path) -> list[Any]:
    spacy = _spacy()
    data = read_bytes(path)
    try:
        return list(spacy.tokens.DocBin(store_user_data=True).from_bytes(data).get_docs(spacy.vocab.Vocab()))
    except Exception as error:  # what damaged bytes raise is not documented
        message = f"spaCy reads no DocBin in it: {type(error).__name__}: {error}"
        raise DataError(f"{path}: not a DocBin", [Fault(str(path), "", message)]) from error


def _source(docs: Sequence[Any], asked: str, where: str) -> str:
    """Where the mentions are: entities, or the group that is asked for or the only one."""
    groups: list[str] = sorted({name for doc in docs for name in doc.spans})
    if asked and asked != ENTITIES and asked not in groups:
        message = f"no Doc has spans of group {asked!r}; there are: {', '.join([ENTITIES, *groups])}"
        raise DataError(f"{where}: no such group", [Fault(where, "", message)])
    if asked or not groups or any(doc.ents for doc in docs):
        return asked or ENTITIES
    if len(groups) > 1:
        message = (
            f"no Doc has entities, and there are groups {', '.join(groups)}: say which by `-o spans=NAME`"
        )
        raise DataError(f"{where}: cannot be read", [Fault(where, "", message)])
    return groups[0]


def _take(doc: Any, source: str, where: str, into: Gathering) -> None:
    place = into.text(id_of(doc.user_data.get("id")), doc.text, where)
    into.lost["categories"] += len(doc.cats)
    others = (group for name, group in doc.spans.items() if name != source)
    into.lost["spans of other groups"] += sum(map(len, others))
    if place is None:
        return
    if source == ENTITIES:
        judged, spans = doc.has_annotation("ENT_IOB"), doc.ents
    else:
        judged, spans = source in doc.spans, doc.spans.get(source, ())
        into.lost["entities"] += len(doc.ents)
    into.lost["links to a knowledge base"] += sum(bool(span.kb_id_) for span in spans)
    if judged:
        into.add(place, _mentions(spans, place), provenance=Provenance(tool="spacy"))


def _mentions(spans: Iterable[Any], place: Place) -> Iterator[Mention]:
    for number, span in enumerate(spans, start=1):
        where = place.span(span.start_char, span.end_char)
        yield Mention(id=f"m{number}", type=span.label_, spans=(where,))


# ---------------------------------------------------------------- writing


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`."""
    spacy = _spacy()
    lost = loss.count(layer.values())
    items = [(document, whole(layer[document.id].mentions, lost)) for document in documents]
    target = options.spans or (GROUP if any(map(_overlap, (mentions for _, mentions in items))) else ENTITIES)
    packed, vocab = spacy.tokens.DocBin(attrs=_ATTRIBUTES, store_user_data=True), spacy.vocab.Vocab()
    for document, mentions in items:
        packed.add(_doc(document, mentions, target, vocab, lost))
    write_atomic(path, packed.to_bytes())
    return loss.report(lost)


def _overlap(mentions: Sequence[Mention]) -> bool:
    return len(apart(mentions, Counter())) < len(mentions)


def _doc(document: Document, mentions: list[Mention], target: str, vocab: Any, lost: Counter[str]) -> Any:
    """A Doc with mentions as its entities, or as the group that `target` names."""
    tokens = _spacy().tokens
    kept = apart(mentions, lost) if target == ENTITIES else mentions
    counted = words(document, [mention.spans for mention in kept])
    parts, spaces, numbers = _parts(counted, document.text)
    doc = tokens.Doc(vocab, words=parts, spaces=spaces, user_data={"id": document.id})
    places = [(place, mention.type) for mention in kept if (place := counted.of(mention.spans[0]))]
    lost[OUT_OF_WORDS] += len(kept) - len(places)
    spans = [
        tokens.Span(doc, numbers[first], numbers[after - 1] + 1, label=type)
        for (first, after), type in places
    ]
    if target == ENTITIES:
        doc.set_ents(spans)
    else:
        doc.spans[target] = spans
    return doc


def _parts(counted: Words, text: str) -> tuple[list[str], list[bool], list[int]]:
    """The tokens of a text in spaCy's sense, whether a space is behind each, and which of them are words.

    All white space that is not one space behind a word is a token of its own.
    """
    parts: list[str] = []
    spaces: list[bool] = []
    numbers: list[int] = []
    place = 0
    for start, end in map(_bounds, [*counted.spans, Span(len(text), len(text))]):
        gap = text[place:start]
        if gap.startswith(" ") and numbers:
            spaces[-1], gap = True, gap[1:]
        if gap:
            parts.append(gap)
            spaces.append(False)
        if start < end:
            numbers.append(len(parts))
            parts.append(text[start:end])
            spaces.append(False)
        place = end
    return parts, spaces, numbers


def _bounds(span: Span) -> tuple[int, int]:
    return span.start, span.end
