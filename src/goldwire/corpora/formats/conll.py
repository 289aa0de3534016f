"""Columns: a token a line with its tag, an empty line after each sentence (CoNLL, IOB2 files, CoNLL-U, HIPE).

A tagged run of tokens is a mention. Documents are parted by `-DOCSTART-` lines or `# newdoc id = …`
comments; where a file has neither, each sentence is a document, called by its `# sent_id` or by its number.
The text of a sentence is its `# text = …` comment where there is one, and the tokens are found in it; else
the tokens with single spaces between them. Sentences of a document stand on lines of their own.

Where no text is given and single spaces are tokens, nothing stands between the tokens. In CoNLL-U, multiword
tokens and empty nodes are no words, and tags may be in MISC. The brackets of CorefUD (`Entity=` in MISC) and
of the last column of CoNLL-2012 are mentions in clusters; the latter's have the types of its names, or `_`.

Read into a corpus that is there, the tokens must be those of its texts: documents are matched by id where the
file names ids that the corpus has, else by their order. Documents that are not in the file are not judged.

Tokens and raw tags are kept beside the layer, and written as they came in where the layer still says the
same and no `scheme` is asked for; else its mentions are tagged on those tokens. Of layers from elsewhere, a
sentence is a line of the text, and words are as Goldwire counts them. Words are parted at the edges of
mentions. Not held: mentions that overlap a longer one, have several parts, go over a line break or the end of
a sentence, or begin or end in white space; and everything besides types and spans of mentions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, count
from operator import add, sub
from pathlib import Path

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.coverage import shown
from goldwire.corpora.encodings import composed, decode
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import Facts, Reading, brackets, loss, tags
from goldwire.corpora.formats.columns import Parsed, parse
from goldwire.corpora.formats.flat import write, write_kept
from goldwire.corpora.formats.grid import recognise
from goldwire.corpora.formats.layout import Options
from goldwire.corpora.formats.sentences import Part, Sentence
from goldwire.corpora.offsets import hash_text, tokens
from goldwire.corpora.tokens import keep
from goldwire.corpora.types import Annotations, Document, Mention, Provenance, Span, Tokens

__all__ = ["COVERS", "FACTS", "Options", "read", "recognise", "write", "write_kept"]

COVERS = "listed"
FACTS = Facts(
    about="Columns, a token a line: CoNLL, IOB2 files, CoNLL-U and CorefUD, CoNLL-2012, HIPE",
    loss="events, relations, attributes; clusters, mentions that overlap, have parts or go over lines",
    coverage="its tokens; a file that ends inside a document is told",
    example="goldwire corpus new wnut --from test.conll --format conll --layer gold",
)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`."""
    faults: list[Fault] = []
    made: list[Document] = []
    layer: list[Annotations] = []
    kept: list[Tokens] = []
    lost: Counter[str] = Counter()
    notes = []
    for path in paths:
        try:
            text = decode(read_bytes(path), str(path), options.encoding)
            parsed = parse(text, str(path), options)
            scheme = _scheme(parsed.parts, options)
            pairs = _made(parsed, len(made)) if documents is None else _matched(parsed.parts, documents, path)
        except DataError as error:
            faults += error.faults
            continue
        notes.append(f"{path}: {_read_as(parsed, scheme, options)}")
        lost.update(parsed.lost)
        cut: list[str] = []
        others = 0
        for part, document in pairs:
            made.append(document)
            try:
                if documents is not None and options.align == "position":
                    starts, ends = _by_number(part, document)
                    others += _others(part, document, starts, ends)
                else:
                    starts, ends = _places(part, document, parsed.join)
                if parsed.fields is not None:
                    line = _bracketed(part, document, parsed.fields, (starts, ends), lost)
                else:
                    line = _tagged(part, document, scheme, options.policy, (starts, ends))
                    raw = ["\t".join(sentence.tags) for sentence in part.sentences]
                    kept.append(keep(line, starts, ends, raw, scheme))
            except DataError as error:
                faults += [Fault(f"{path}:{fault.path}", "", fault.message) for fault in error.faults]
                continue
            layer.append(line)
            cut += _cut(document, ends)
        if others:
            notes.append(
                f"{path}: {others} token(s) are other words than those of the text that they stand for"
            )
        if cut:
            notes.append(f"{path}: ends before the text does, what follows has no mentions: {shown(cut)}")
    if faults:
        raise DataError(f"{len(faults)} fault(s) in {len(paths)} file(s); nothing was taken", faults)
    return Reading(
        documents=made if documents is None else [],
        annotations=layer,
        tokens=kept,
        loss=loss.report(lost),
        notes=notes,
    )


def _read_as(parsed: Parsed, scheme: tags.Scheme, options: Options) -> str:
    """How a file was read, as people are told."""
    if parsed.fields is not None:
        return parsed.read_as
    by = "" if options.policy == "conlleval" else f", scheme {scheme}"
    return f"{parsed.read_as}{by}, policy {options.policy}"


def _scheme(parts: Iterable[Part], options: Options) -> tags.Scheme:
    if options.scheme != "auto":
        return options.scheme
    return tags.detect(sentence.tags for part in parts for sentence in part.sentences)


_WORD = re.compile(r"\S+")
_Pairs = Iterator[tuple[Part, Document]]


def _made(parsed: Parsed, before: int) -> _Pairs:
    """A document for each part; `before` are those of earlier files."""
    filled = (part for part in parsed.parts if part.sentences)
    for number, part in enumerate(filled, start=before + 1):
        text = "\n".join(sentence.said(parsed.join) for sentence in part.sentences)
        yield part, Document(id=part.id or f"{number:06d}", text=text, sha256=hash_text(text))


def _matched(parts: Iterable[Part], documents: Sequence[Document], path: Path) -> _Pairs:
    """The document of each part: that of its id, or if the file has no known ids that of its number."""
    filled = [part for part in parts if part.sentences]
    ids = {document.id: document for document in documents}
    if not any(part.id in ids for part in filled):
        if len(filled) != len(documents):
            message = (
                f"holds {len(filled)} document(s) without known ids, the corpus {len(documents)}: "
                "name them by `# newdoc id = ID` lines"
            )
            raise DataError(f"{path}: does not fit", [Fault(str(path), "", message)])
        return zip(filled, documents, strict=True)
    faults = [
        Fault(f"{path}:{part.line}", "", f"the corpus has no document {part.id!r}")
        for part in filled
        if part.id not in ids
    ]
    if faults:
        raise DataError(f"{path}: does not fit the corpus", faults)
    return ((part, ids[part.id]) for part in filled if part.id is not None)


def _cut(document: Document, ends: Sequence[int]) -> Iterator[str]:
    """How far the tokens of a document go, where its text goes on behind the last one."""
    end, given = ends[-1], len(ends)
    if document.text[end:].strip():
        whole = given + len(tokens(document.text[end:]))
        yield f"{document.id} at {given} of {whole} tokens"


_Places = tuple[list[int], list[int]]  # where tokens begin and end


def _places(part: Part, document: Document, join: str) -> _Places:
    """Where the tokens of a document are in its text; faults' paths in a `DataError` are lines."""
    faults: list[Fault] = []
    starts: list[int] = []
    ends: list[int] = []
    for sentence in part.sentences:
        try:
            begun, done = _locate(sentence, document, ends[-1] if ends else 0, join)
        except DataError as error:
            faults += _by_line(sentence, error)
            continue
        starts += begun
        ends += done
    if faults:
        raise DataError("wrong tokens", faults)
    return starts, ends


def _by_number(part: Part, document: Document) -> _Places:
    """The words of a text that tokens stand for, if there are as many; faults' paths are lines."""
    given = sum(len(sentence.tokens) for sentence in part.sentences)
    by_space = [Span(*match.span()) for match in _WORD.finditer(document.text)]
    words = by_space if len(by_space) == given else tokens(document.text)
    if len(words) != given:
        message = (
            f"{given} token(s) for {document.id!r}, whose text has {len(by_space)} words between spaces, "
            f"or {len(words)} as Goldwire counts them: by position there must be as many"
        )
        raise DataError("wrong number of tokens", [Fault("", str(part.sentences[0].lines[0]), message)])
    return [word.start for word in words], [word.end for word in words]


def _others(part: Part, document: Document, starts: Sequence[int], ends: Sequence[int]) -> int:
    """How many tokens are not the words that they stand for."""
    given = (token for sentence in part.sentences for token in sentence.tokens)
    words = map(document.text.__getitem__, map(slice, starts, ends))
    return sum(token != word for token, word in zip(given, words, strict=True))


def _by_line(sentence: Sentence, error: DataError) -> Iterator[Fault]:
    """Faults whose paths are tokens of a sentence, with lines for these."""
    return (Fault("", str(sentence.lines[int(f.path)]), f.message) for f in error.faults)


def _tagged(
    part: Part, document: Document, scheme: tags.Scheme, policy: tags.Policy, places: _Places
) -> Annotations:
    """The mentions that the tags of a document say; faults' paths in a `DataError` are lines."""
    starts, ends = places
    mentions: list[Mention] = []
    faults: list[Fault] = []
    before = 0
    for sentence in part.sentences:
        try:
            found = tags.decode(sentence.tags, scheme, policy)
        except DataError as error:
            faults += _by_line(sentence, error)
            continue
        for first, after, type in found:
            span = Span(starts[before + first], ends[before + after - 1])
            mentions.append(Mention(id=f"m{len(mentions) + 1}", type=type, spans=(span,)))
        before += len(sentence.tokens)
    if faults:
        raise DataError("wrong tags", faults)
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions),
        provenance=_provenance(scheme, policy),
    )


def _bracketed(
    part: Part, document: Document, fields: Sequence[str], places: _Places, lost: Counter[str]
) -> Annotations:
    """The mentions that brackets say, in clusters; faults' paths in a `DataError` are lines."""
    reader = brackets.Reader(fields)
    found = reader.read(brackets.marks(part.sentences))
    if reader.faults:
        raise DataError("wrong brackets", reader.faults)
    lost["mentions of empty nodes"] += reader.empty
    mentions = []
    for number, (entity, type, parts) in enumerate(brackets.named(found, part.sentences), start=1):
        spans = tuple(Span(places[0][first], places[1][after - 1]) for first, after in parts)
        mentions.append(Mention(id=f"m{number}", type=type, spans=spans, cluster=entity))
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions),
        provenance=Provenance(tool="conll", details={"brackets": "-".join(fields)}),
    )


@cache
def _provenance(scheme: tags.Scheme, policy: tags.Policy) -> Provenance:
    return Provenance(tool="conll", details={"tags": tags.reading(scheme, policy)})


def _locate(sentence: Sentence, document: Document, place: int, join: str) -> _Places:
    """Where the tokens of a sentence begin and end in a text from `place` on.

    Only white space may stand between tokens. The path of the fault in a `DataError` is the token's index.
    """
    text, lengths = document.text, list(map(len, sentence.tokens))
    blank = sentence.tokens[0].isspace()
    place = begin = place + text.startswith("\n", place) if blank else _skip(text, place)
    if join and text.startswith(join.join(sentence.tokens), begin):
        ends = list(map(add, accumulate(lengths), count(begin)))  # a space before each but the first
        return list(map(sub, ends, lengths)), ends
    starts = list[int]()
    for i, token in enumerate(sentence.tokens):
        blank = token.isspace()
        place = place if blank else _skip(text, place)
        there = text[place : place + len(token)]
        if there != token and not (blank and there.isspace() and len(there) == len(token)):
            got = text[place : place + 20]
            message = f"token {token!r} is not where the text of {document.id!r} goes on with {got!r}"
            message += composed(got, token, document.text)
            raise DataError(message, [Fault("", str(i), message)])
        starts.append(place)
        place += len(token)
    return starts, list(map(add, starts, lengths))


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
