"""Taking of a part: its documents and their lines in some layers, as a small corpus of their own.

    FOLDER/corpus.toml              the manifest; an ontology of the corpus's own lies beside it
    FOLDER/documents.jsonl          the documents of the part
    FOLDER/layers/NAME.jsonl        their lines, and FOLDER/tokens/NAME.jsonl the tokens beside them

Every file is read through once, and of a line no more is looked at than which document it is about: the rest
is kept byte by byte. Lines are put in order of id. A line about a document that the corpus does not have goes
to the part of its id, so that exactly one part tells its fault.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from mmap import ACCESS_READ, mmap
from operator import le
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.codec import BOM, BROKEN, check_file, hash_file, line_faults
from goldwire.corpora.errors import CorpusError, DataError, Fault, check_sound
from goldwire.corpora.parts import Part
from goldwire.corpora.source import Source
from goldwire.corpora.store import DOCUMENTS, MANIFEST, Corpus, encode_manifest
from goldwire.corpora.types import Annotations, Document, Tokens

SOURCE = "documents"  # what the source of documents is called; those of layers are layers/NAME, tokens/NAME
_ONTOLOGY = "ontology.toml"
_CHUNK = 2**20  # bytes of lines that are read at once
Numbers = Sequence[int]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A part as a small corpus, and what it was taken from.

    `sources` has the SHA-256 of each file as a whole, by its name: `documents`, `layers/NAME`, `tokens/NAME`.
    `elsewhere` are ids of documents whose group puts them into another part than their id would. `numbers`
    says of each file which lines of the source its lines are, from 1.
    """

    corpus: Corpus
    origin: Path
    part: Part
    sources: dict[str, str]
    documents: frozenset[str]
    elsewhere: frozenset[str] = frozenset()
    numbers: dict[str, Numbers] = {}

    def has(self, id: str) -> bool:
        """Whether what is said of a document belongs to the part, even if the corpus does not have it."""
        return id in self.documents or (id not in self.elsewhere and self.part.takes(id, None))

    def told(self, error: DataError) -> DataError:
        """An error about the small corpus as one about the corpus that it was taken from."""
        what = error.what.replace(str(self.corpus.path), str(self.origin))
        return DataError(what, [self._told(fault) for fault in error.faults])

    def _told(self, fault: Fault) -> Fault:
        path, _, line = fault.where.rpartition(":")
        name = path.removeprefix(f"{self.corpus.path}{os.sep}")
        if name == path or not line.isdecimal():
            return fault
        number = self.numbers[name.removesuffix(".jsonl")][int(line) - 1]
        return msgspec.structs.replace(fault, where=f"{self.origin / name}:{number}")


def take(corpus: Corpus, part: Part, layers: Sequence[str], folder: Path, *, tokens: bool = True) -> Taken:
    """The documents of a part with their lines in some layers, and `tokens` beside these, as a small corpus.

    `folder` is absent or empty, and of no use where this fails. Memory grows with the documents of the part
    alone, by their ids. Raises `CorpusError` if a layer is not there, `DataError` with all faults of a file
    of which not every line says which document it is about, or if two documents of different groups have
    one id.
    """
    names = dict.fromkeys(layers)
    for name in names:
        corpus.check_there(name)
    _write_head(corpus, folder)
    sorter = _Sorter(part)
    copied = {
        SOURCE: _copy(_lines(corpus, SOURCE, part), folder / DOCUMENTS, _Document, Document, sorter.takes)
    }
    sorter.check(corpus.path / DOCUMENTS)
    taken = Taken(
        corpus=Corpus(folder, _manifest(corpus)),
        origin=corpus.path,
        part=part,
        sources={},
        documents=frozenset(sorter.own),
        elsewhere=frozenset(sorter.elsewhere),
    )

    def takes(line: _Line) -> bool:
        return taken.has(line.document)

    for name in names:
        lines = _lines(corpus, f"layers/{name}", part)
        copied[f"layers/{name}"] = _copy(lines, taken.corpus.layer_path(name), _Line, Annotations, takes)
    for name in names if tokens else ():
        lines = _lines(corpus, f"tokens/{name}", part)
        if lines.is_there():
            copied[f"tokens/{name}"] = _copy_tokens(lines, taken.corpus.tokens_path(name), takes)
    return msgspec.structs.replace(
        taken,
        sources={name: file.digest for name, file in copied.items()},
        numbers={name: file.numbers for name, file in copied.items()},
    )


def sources(corpus: Corpus, names: Sequence[str]) -> dict[str, str | None]:
    """The digests of files as they are now, by the names that `Taken.sources` has; None if absent."""
    if corpus.source is not None:
        return {name: corpus.source.digest(name) for name in names}
    paths = {name: corpus.path / f"{name}.jsonl" for name in names}
    return {name: hash_file(path) if path.is_file() else None for name, path in paths.items()}


# ---------------------------------------------------------------- where lines come from
class _Lines:
    """The lines of a file of a corpus with their numbers, and its digest when all were read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest = hashlib.sha256()

    def is_there(self) -> bool:
        """Whether there is such a file."""
        return self.path.is_file()

    def read(self) -> Iterator[tuple[int, bytes]]:
        """All lines, one by one."""
        check_file(self.path)
        return _iter_lines(self.path, self._digest)

    def digest(self) -> str:
        """The SHA-256 of the whole file."""
        return self._digest.hexdigest()


class _Packed(_Lines):
    """The same of a packed corpus: those parts of a table alone that can have lines of the part."""

    def __init__(self, path: Path, name: str, source: Source, part: Part) -> None:
        super().__init__(path)
        self._name, self._source, self._part = name, source, part

    def is_there(self) -> bool:
        """Whether there is such a table."""
        return self._source.digest(self._name) is not None

    def read(self) -> Iterator[tuple[int, bytes]]:
        """The lines of these parts."""
        return self._source.lines(self._name, self._part)

    def digest(self) -> str:
        """That of the file that was packed, as the index says."""
        return self._source.digest(self._name) or ""


def _lines(corpus: Corpus, name: str, part: Part) -> _Lines:
    path = corpus.path / f"{name}.jsonl"
    return _Lines(path) if corpus.source is None else _Packed(path, name, corpus.source, part)


# ---------------------------------------------------------------- which lines
class _Document(msgspec.Struct, frozen=True, gc=False):
    """What decides where a document goes."""

    document: str = msgspec.field(name="id")
    group: str | None = None


class _Line(msgspec.Struct, frozen=True, gc=False):
    """What decides where a line of a layer goes."""

    document: str


class _Sorter:
    """Says which documents are in a part, and keeps their ids, and those that by id alone would be in it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.own: set[str] = set()
        self.elsewhere: set[str] = set()
        self.twice: list[str] = []  # ids of documents in parts of different groups, told by one part

    def takes(self, document: _Document) -> bool:
        """Whether a document is in the part."""
        id = document.document
        if self.part.takes(id, document.group):
            self.twice += [id] if id in self.elsewhere else []
            self.own.add(id)
            return True
        if document.group and self.part.takes(id, None):
            self.twice += [id] if id in self.elsewhere or id in self.own else []
            self.elsewhere.add(id)
        return False

    def check(self, where: Path) -> None:
        """Raise `DataError` if an id stands in two groups: the small corpus has one of the two documents."""
        same = "is the id of an earlier document too"
        check_sound(where, [Fault(id, "$.id", same) for id in self.twice])


# ---------------------------------------------------------------- files
def _manifest(corpus: Corpus) -> Any:
    name = corpus.manifest.ontology
    own = name is not None and os.path.isfile(corpus.path / name)  # noqa: PTH113 - as `Corpus.ontology`
    return msgspec.structs.replace(corpus.manifest, ontology=_ONTOLOGY if own else name)


def _write_head(corpus: Corpus, folder: Path) -> None:
    """The manifest, and the ontology if it is the corpus's own."""
    manifest = _manifest(corpus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if manifest.ontology == _ONTOLOGY:
            (folder / _ONTOLOGY).write_bytes((corpus.path / str(corpus.manifest.ontology)).read_bytes())
        (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be written ({error.strerror})") from error


class _Copied(msgspec.Struct, frozen=True):
    """A file of which some lines were copied: the digest of all of it, and the numbers of these lines."""

    digest: str
    numbers: Numbers


def _copy_tokens(source: _Lines, target: Path, takes: Callable[[Any], bool]) -> _Copied:
    try:
        return _copy(source, target, _Line, Tokens, takes)
    except DataError as error:
        raise kept_tokens.unreadable(source.path, error) from error


def _copy(
    source: _Lines, target: Path, type: type[Any], whole: type[Any], takes: Callable[[Any], bool]
) -> _Copied:
    """Copy those lines of a file that a part `takes`, in order of id; `whole` is what a line is."""
    picked = _Picked()
    decode = msgspec.json.Decoder(type).decode
    faults = list[Fault]()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for number, line in source.read():
                try:
                    item = decode(line)
                except BROKEN as error:
                    faults += (
                        line_faults(line, whole, f"{source.path}:{number}", error) if line.strip() else []
                    )
                    continue
                if takes(item):
                    picked.note(item.document, number, file.write(line))
        numbers = picked.in_order(target)
    except OSError as error:
        raise CorpusError(f"{error.filename or target}: {error.strerror}") from error
    if faults:
        raise DataError(f"{source.path}: {len(faults)} fault(s); no part was taken", faults)
    return _Copied(source.digest(), numbers)


class _Picked:
    """The lines that were picked out of a file, in the order in which they came."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.numbers = array("Q")
        self.starts = array("Q", [0])

    def note(self, id: str, number: int, size: int) -> None:
        """Note a line about a document, with its number in the source and how many bytes it has."""
        self.ids.append(id)
        self.numbers.append(number)
        self.starts.append(self.starts[-1] + size)

    def in_order(self, path: Path) -> Numbers:
        """Put the file of these lines into order of id, equal ones as they are; and say which they are."""
        if all(map(le, self.ids, islice(self.ids, 1, None))):
            return self.numbers
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        _reorder(path, self.starts, order)
        return array("Q", map(self.numbers.__getitem__, order))


def _iter_lines(path: Path, digest: Any) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, each with its end; all bytes of the file go into a digest."""
    first = 1
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK):
            digest.update(b"".join(lines))
            if first == 1:
                lines[0] = lines[0].removeprefix(BOM)
            if not lines[-1].endswith(b"\n"):
                lines[-1] += b"\n"
            yield from enumerate(lines, first)
            first += len(lines)


def _reorder(path: Path, starts: Numbers, order: Sequence[int]) -> None:
    """Put the lines of a file, which start where is said, into another order."""
    ordered = path.with_suffix(".ordered")
    with (
        path.open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as data,
        ordered.open("wb") as to,
    ):
        for number in order:
            to.write(data[starts[number] : starts[number + 1]])
    ordered.replace(path)
