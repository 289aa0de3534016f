"""Documents from disk, as what scoring needs to know of them; and JSON lines read a piece at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import count, islice
from operator import attrgetter, lt
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import BOM, BROKEN, read_lines
from goldwire.corpora.digest import Digest, of_documents
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Excluded, Meta
from goldwire.eval.counting import columns
from goldwire.eval.counting.columns import Extents

# Bytes of lines decoded at once: small enough for the processor's cache, which is measurably faster.
CHUNK = 2**18
_UNREAD = "the texts were not read"


class Row(msgspec.Struct, frozen=True, gc=False):
    """What scoring needs to know of a document; the text is read only for measures that look at it."""

    id: str
    sha256: str
    excluded: tuple[Excluded, ...] = ()
    group: str | None = None


class TextRow(Row, frozen=True, gc=False, kw_only=True):
    """A document with its text."""

    text: str


class MetaRow(Row, frozen=True, gc=False, kw_only=True):
    """A document with what is known of it besides its text."""

    meta: Meta = Meta()


class MetaTextRow(TextRow, frozen=True, gc=False, kw_only=True):
    """A document with both."""

    meta: Meta = Meta()


class Texts(msgspec.Struct, frozen=True, dict=True):
    """The documents of a scoring, in order of id; `rows[i]` is document number i of all tables.

    `left_out` are the hashes, by id, of documents of the corpus that are not scored.
    """

    rows: tuple[Row, ...]
    left_out: Mapping[str, str] = {}

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """All document ids, sorted."""
        return tuple(map(attrgetter("id"), self.rows))

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The hashes of all texts, in the same order."""
        return tuple(map(attrgetter("sha256"), self.rows))

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The number of each document, by id."""
        return dict(zip(self.ids, count(), strict=False))

    @cached_property
    def digest(self) -> Digest:
        """The digest of ids, texts and excluded regions."""
        return of_documents(self.rows)

    @cached_property
    def regions(self) -> Extents:
        """The excluded regions of all documents, as units."""
        return columns.excluded_extents([row.excluded for row in self.rows])

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """All texts, in the same order; only where they were read."""
        try:
            return tuple(map(attrgetter("text"), self.rows))
        except AttributeError:
            raise TypeError(_UNREAD) from None

    def text(self, number: int) -> str:
        """The text of a document; only where texts were read."""
        row = self.rows[number]
        if not isinstance(row, TextRow):
            raise TypeError(_UNREAD)
        return row.text


def make_texts(rows: Iterable[Row]) -> Texts:
    """Documents put in order of id."""
    return Texts(tuple(sorted(rows, key=attrgetter("id"))))


def read_texts(corpus: Corpus, type: type[Row] = Row, documents: Collection[str] | None = None) -> Texts:
    """The documents of a corpus, or some, as rows of a type; `DataError` names all that is wrong."""
    path = corpus.documents_path()
    chunks = iter_chunks(path, type)
    rows = [row for chunk in chunks for row in chunk if documents is None or row.id in documents]
    found = make_texts(rows)
    if len(found.number) < len(rows):
        corpus.documents()  # raises, naming the ids that occur twice
    return found


def iter_chunks(path: Path, type: type[Any], start: int = 0, end: int | None = None) -> Iterator[list[Any]]:
    """The values of a file of JSON lines, or of those from byte `start` to `end`, some hundred at a time.

    If a line is wrong, `DataError` names every fault of the whole file.
    """
    decode = msgspec.json.Decoder(type).decode_lines
    try:
        for lines in _iter_lines(path, start, end):
            yield decode(lines)
    except BROKEN as error:
        read_lines(path, type)
        raise DataError(f"{path}: cannot be read line by line ({error})") from error
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error


def _iter_lines(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    """Whole lines, about `CHUNK` bytes at a time."""
    rest = b""
    with path.open("rb") as file:
        left = (file.seek(0, 2) if end is None else end) - start
        file.seek(start)
        while block := file.read(min(CHUNK, left)):
            left -= len(block)
            block = block.removeprefix(BOM) if file.tell() == len(block) else block
            whole = block.rfind(b"\n") + 1
            if whole:
                yield rest + block[:whole]
            rest = block[whole:] if whole else rest + block
    if rest:
        yield rest


def ascend(ids: Iterable[str]) -> bool:
    """Whether each comes after the one before."""
    return all(map(lt, ids, islice(ids, 1, None)))
