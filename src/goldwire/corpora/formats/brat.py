"""brat stand-off: `NAME.ann` beside `NAME.txt`, as the brat annotation tool keeps them.

T, with one span or several, is a mention; where an E names it, it is that event's trigger. A T type listed in
`triggers` is an event by itself. E arguments that are mentions become arguments. A and M become attributes,
of the event where they name an E or its trigger; one without a value is `true`. R becomes a relation. `*`
Equiv, and R of a type listed in `coreference`, join clusters; so does a T whose type fits the pattern
`clusters`, with the mentions that have its span (LitBank names clusters that way).

Not kept: arguments that are events, attributes of relations, relations between events, N (normalisations) and
# (notes). Parts of a T that only white space parts are one span (brat cuts a mention at each line break), and
parts out of order are sorted. Offsets count code points of the text file, a CRLF as two or as one, or UTF-16
units: whichever way makes every surface fit that fits in any. What does not give its surface is refused; one
that differs in case alone is taken, with a note.
A text is judged where there is an `.ann` file, be it empty; a `.txt` without one is not judged.

Not held when written: heads, scores, provenance, events without a trigger, and labels with white space, which
become `_`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.coverage import named
from goldwire.corpora.encodings import composed, decode, decode_exactly, normalise, text_faults
from goldwire.corpora.errors import CorpusError, DataError, Fault, Faults
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.ann import parse
from goldwire.corpora.formats.folders import filling
from goldwire.corpora.formats.head import Head, look
from goldwire.corpora.formats.standoff import Options, encode, to_annotations
from goldwire.corpora.names import check_apart
from goldwire.corpora.offsets import hash_text, joined
from goldwire.corpora.types import Annotations, Document

__all__ = ["COVERS", "FACTS", "Options", "read", "recognise", "write"]

COVERS = "listed"
FACTS = Facts(
    about="brat stand-off, NAME.ann beside NAME.txt, as the brat annotation tool keeps them",
    loss="heads, scores, events without a trigger; read: arguments that are events, attributes of relations, "
    "normalisations, notes",
    coverage="an .ann file, also an empty one; a .txt alone only brings the text",
    example="goldwire corpus export wnut out/ --format brat --layer gold",
)
_LINE = re.compile(r"[TEARMN*#][\w*]*[\t ]|\*\t")


def recognise(head: Head) -> bool:
    """A folder with `.ann` files, or such a file, that are brat's lines."""
    if head.names:
        first = next((name for name in head.names if name.endswith(".ann")), None)
        return first is not None and recognise(look(head.path / first))
    return head.path.suffix == ".ann" and all(_LINE.match(line) for line in head.lines)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. Paths are folders, or `.ann` files; a document is called as its file."""
    known = None if documents is None else {document.id: document for document in documents}
    made: list[Document] = []
    layer: list[Annotations] = []
    lost: Counter[str] = Counter()
    faults = Faults()
    notes: list[str] = []
    for path in (found := find(paths)):
        with faults.noted():
            raw, document = _text(path, options, known)
            lines = parse(decode(read_bytes(path), str(path), options.encoding), str(path))
            annotations, said = to_annotations(lines, raw, document, options, lost)
            made.append(document)
            layer.append(annotations)
            notes += said
    bare = [path for path in _bare(paths, found) if known is None or path.stem in known]
    for path in bare if documents is None else ():
        with faults.noted():
            made.append(_text(path, options, None)[1])
    faults.check()
    return Reading(
        documents=made if documents is None else [],
        annotations=layer,
        loss=loss.report(lost),
        notes=notes + ([f"texts without .ann: {named([path.stem for path in bare])}"] if bare else []),
    )


def find(paths: Iterable[Path]) -> list[Path]:
    """The `.ann` files of paths, each once; `CorpusError` where there is none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*.ann")) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            raise CorpusError(f"{path}: neither an .ann file nor a folder with some")
        found += [item for item in inside if item not in found]
    return found


def _bare(paths: Iterable[Path], found: Iterable[Path]) -> list[Path]:
    """The texts in folders that no `.ann` file that was found has the name of."""
    annotated = {path.stem for path in found}
    texts = (text for path in paths if path.is_dir() for text in sorted(path.rglob("*.txt")))
    return [text for text in dict.fromkeys(texts) if text.stem not in annotated]


def _text(path: Path, options: Options, known: Mapping[str, Document] | None) -> tuple[str, Document]:
    """The text as the offsets count it, line ends included, and the document that it is."""
    source = path.with_suffix(".txt")
    if known is not None and path.stem not in known:
        raise _fault(path, f"the corpus has no document {path.stem!r}")
    if not source.is_file():
        if known is None:
            raise _fault(path, f"there is no {source.name} beside it")
        return known[path.stem].text, known[path.stem]
    raw = decode_exactly(read_bytes(source), str(source), options.encoding)
    text = normalise(raw)
    if known is not None:
        if known[path.stem].text != text:
            hint = composed(known[path.stem].text, text)
            raise _fault(source, f"is not the text of {path.stem!r} in the corpus{hint}")
        return raw, known[path.stem]
    for message in text_faults(text):
        raise _fault(source, message)
    return raw, Document(id=path.stem, text=text, sha256=hash_text(text))


def _fault(path: Path, message: str) -> DataError:
    return DataError(f"{path}: {message}", [Fault(str(path), "", message)])


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: a folder with two files for each document; clusters become `*` Equiv lines.

    `CorpusError` if the folder has `.ann` files of other documents: they would be taken for judged ones; or
    other texts under their names, as the articles that a corpus was made from may be.
    """
    del options
    lost: Counter[str] = Counter()
    items = list(documents)
    check_apart([f"{document.id}.ann" for document in items], str(path))
    with filling(path, {f"{document.id}.ann" for document in items}, {".ann"}):
        _check_texts(path, items)
        for document in items:
            lines = encode(layer[document.id], document, lost)
            lost["gaps of white space alone"] += _gaps(layer[document.id], document.text)
            write_atomic(path / f"{document.id}.txt", document.text.encode("utf-8"))
            write_atomic(path / f"{document.id}.ann", str(lines).encode("utf-8"))
    lost += Counter(loss.count(layer.values()))
    held = ("events", "arguments", "relations", "attributes", "cluster links")
    return loss.report(lost, held)


def _check_texts(path: Path, documents: Iterable[Document]) -> None:
    sources = ((path / f"{document.id}.txt", document.text.encode("utf-8")) for document in documents)
    others = [source.name for source, text in sources if source.is_file() and source.read_bytes() != text]
    if others:
        raise CorpusError(
            f"{path}: has {len(others)} .txt file(s) with another text than the corpus ({named(others)}), "
            "which would be written over: name another folder, or remove them"
        )


def _gaps(item: Annotations, text: str) -> int:
    """How many mentions and triggers have parts that are one when they are read back: brat itself has no
    other way to write a mention that goes over a line.
    """
    spans = [*(mention.spans for mention in item.mentions), *(event.trigger for event in item.events)]
    return sum(len(joined(parts, text)) < len(parts) for parts in spans)
