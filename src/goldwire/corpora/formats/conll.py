"""Columns: a token a line with its tag, an empty line after each sentence (CoNLL, IOB2 files, CoNLL-U style).

A tagged run of tokens is a mention. Documents are parted by `-DOCSTART-` lines or `# newdoc id = …`
comments; where a file has neither, each sentence is a document, called by its `# sent_id` or by its number.
The text of a sentence is its `# text = …` comment where there is one, and the tokens are found in it; else
the tokens with single spaces between them. Sentences of a document stand on lines of their own.

Read into a corpus that is there, the tokens must be those of its texts: documents are matched by id where the
file names ids that the corpus has, else by their order. Documents that are not in the file are not judged.

Tokens and raw tags are kept beside the layer, and written as they came in where the layer still says the
same and no `scheme` is asked for; else its mentions are tagged on those tokens. Of layers from elsewhere, a
sentence is a line of the text, and words are as Goldwire counts them. Words are parted at the edges of
mentions. Not held: mentions that overlap a longer one, have several parts, go over a line break or the end of
a sentence, or begin or end in white space; and everything besides types and spans of mentions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, count
from operator import add, sub
from pathlib import Path

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.coverage import shown
from goldwire.corpora.encodings import decode
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import Facts, Reading, loss, tags
from goldwire.corpora.formats.columns import Options, Part, Sentence, parse
from goldwire.corpora.formats.flat import write, write_kept
from goldwire.corpora.formats.grid import recognise
from goldwire.corpora.offsets import hash_text, tokens
from goldwire.corpora.tokens import keep
from goldwire.corpora.types import Annotations, Document, Mention, Provenance, Span, Tokens

__all__ = ["COVERS", "FACTS", "Options", "read", "recognise", "write", "write_kept"]

COVERS = "listed"
FACTS = Facts(
    about="Columns, a token a line with its tag: CoNLL, IOB2 files, CoNLL-U style",
    loss="events, relations, attributes, clusters; mentions that overlap, have parts or go over lines",
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
            parts, columns = parse(text, str(path), options)
            scheme = _scheme(parts, options)
            pairs = _made(parts, len(made)) if documents is None else _matched(parts, documents, path)
        except DataError as error:
            faults += error.faults
            continue
        by = "" if options.policy == "conlleval" else f", scheme {scheme}"
        notes.append(f"{path}: {columns}{by}, policy {options.policy}")
        lost["columns"] += columns.kept
        cut: list[str] = []
        for part, document in pairs:
            made.append(document)
            try:
                annotations, found = _annotations(part, document, scheme, options.policy)
            except DataError as error:
                faults += [Fault(f"{path}:{fault.path}", "", fault.message) for fault in error.faults]
                continue
            layer.append(annotations)
            kept.append(found)
            if documents is not None:
                cut += _cut(document, found)
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


def _scheme(parts: Iterable[Part], options: Options) -> tags.Scheme:
    if options.scheme != "auto":
        return options.scheme
    return tags.detect(sentence.tags for part in parts for sentence in part.sentences)


_Pairs = Iterator[tuple[Part, Document]]


def _made(parts: Iterable[Part], before: int) -> _Pairs:
    """A document for each part; `before` are those of earlier files."""
    filled = (part for part in parts if part.sentences)
    for number, part in enumerate(filled, start=before + 1):
        text = "\n".join(s.text if s.text is not None else " ".join(s.tokens) for s in part.sentences)
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


def _cut(document: Document, found: Tokens) -> Iterator[str]:
    """How far the tokens of a document go, where its text goes on behind the last one."""
    end, given = found.ends[-1], len(found.ends)
    if document.text[end:].strip():
        whole = given + len(tokens(document.text[end:]))
        yield f"{document.id} at {given} of {whole} tokens"


def _annotations(
    part: Part, document: Document, scheme: tags.Scheme, policy: tags.Policy
) -> tuple[Annotations, Tokens]:
    """The mentions and the tokens of a document; faults' paths in a `DataError` are lines."""
    mentions: list[Mention] = []
    faults: list[Fault] = []
    starts: list[int] = []
    ends: list[int] = []
    for sentence in part.sentences:
        try:
            found = tags.decode(sentence.tags, scheme, policy)
            begun, done = _locate(sentence, document, ends[-1] if ends else 0)
        except DataError as error:
            faults += [Fault("", str(sentence.line + int(f.path)), f.message) for f in error.faults]
            continue
        starts += begun
        ends += done
        for first, after, type in found:
            span = Span(begun[first], done[after - 1])
            mentions.append(Mention(id=f"m{len(mentions) + 1}", type=type, spans=(span,)))
    if faults:
        raise DataError("wrong tags or tokens", faults)
    annotations = Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions),
        provenance=_provenance(scheme, policy),
    )
    raw = ["\t".join(sentence.tags) for sentence in part.sentences]
    return annotations, keep(annotations, starts, ends, raw, scheme)


@cache
def _provenance(scheme: tags.Scheme, policy: tags.Policy) -> Provenance:
    return Provenance(tool="conll", details={"tags": tags.reading(scheme, policy)})


def _locate(sentence: Sentence, document: Document, place: int) -> tuple[list[int], list[int]]:
    """Where the tokens of a sentence begin and end in a text from `place` on.

    Only white space may stand between tokens. The path of the fault in a `DataError` is the token's index.
    """
    text, lengths = document.text, list(map(len, sentence.tokens))
    place = _skip(text, place)
    if text.startswith(" ".join(sentence.tokens), place):
        ends = list(map(add, accumulate(lengths), count(place)))  # a space before each but the first
        return list(map(sub, ends, lengths)), ends
    starts = list[int]()
    for i, token in enumerate(sentence.tokens):
        place = _skip(text, place)
        if not text.startswith(token, place):
            got = text[place : place + 20]
            message = f"token {token!r} is not where the text of {document.id!r} goes on with {got!r}"
            raise DataError(message, [Fault("", str(i), message)])
        starts.append(place)
        place += len(token)
    return starts, list(map(add, starts, lengths))


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
