"""News comes in: files and folders to documents, frozen, hashed, their boilerplate marked.

Everything wrong with everything that was given is told at once, and then nothing is taken.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from goldwire.corpora import boilerplate
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.columns import Columns
from goldwire.corpora.encodings import decode, iter_text, text_faults, text_warnings
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.files import PARQUET, File, find
from goldwire.corpora.html import decode_html
from goldwire.corpora.integrity import check_id
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.rows import ALL, Item, Row, iter_csv, iter_jsonl, iter_parquet
from goldwire.corpora.spool import Chosen, Documents, Spool
from goldwire.corpora.types import Document, Meta

ENCODED = (".txt", ".jsonl", ".csv")  # files that do not say what they are encoded in
TABLES = (".jsonl", ".csv", PARQUET)  # files with columns
CHOICES = "--skip-duplicates (or --keep-duplicates to have both)"
SHOWN_FIELDS = 20  # of those that are not kept; a table may have a thousand
TITLE_LENGTH = 200  # code points; a longer first line is a paragraph
STRETCH = 2**18  # code points of texts that are read before they are taken
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")


Equal = Literal["refuse", "skip", "keep"]  # what becomes of a text that was there before


class Intake(msgspec.Struct, frozen=True):
    """What came in: the documents, and what people should know of it, a line each."""

    documents: Documents
    notes: list[str]


def read(
    paths: Iterable[Path],
    *,
    encoding: str | None = None,
    mark: bool = True,
    equal: Equal = "refuse",
    columns: Columns = ALL,
    spool: Spool | None = None,
) -> Intake:
    """The documents of files, folders (searched to the bottom) and addresses, in order of path.

    `.txt` and `.html` hold one document with the file's name as its id; `.jsonl`, `.csv` and `.parquet`
    hold one a row, with text, id and metadata in the columns that `columns` names. `mark` marks boilerplate.
    A text that occurs twice is a fault unless `equal` skips all but the first and notes them, or keeps them:
    rows without an id, which are called by their text, are then numbered. They go into a `spool`, if one is
    given, as they come: of texts some are in memory then, of Parquet those of a slice.
    Raises `CorpusError` if a path is not there or of another kind, `DataError` with every other fault.
    """
    files, notes = find(paths)
    _check_used(files, encoding, columns)
    faults, empty = list[Fault](), list[str]()
    taker = _Taker(mark, equal, [] if spool is None else spool)
    for rows in _stretches(_iter_rows(files, encoding, columns, faults, empty)):
        for row in rows:
            taker.take(row)
    if faults := faults + taker.faults:
        raise DataError(f"{len(faults)} fault(s) in what was given; nothing was taken", faults)
    return Intake(taker.documents, [*notes, *empty, *taker.told()])


def _check_used(files: Iterable[File], encoding: str | None, columns: Columns) -> None:
    """Raise `CorpusError` for what is asked for and has an effect on no file."""
    suffixes = {file.suffix for file in files}
    if encoding is not None and not suffixes & {*ENCODED}:
        raise CorpusError(
            f"--encoding {encoding} has no effect on files that say their own encoding; it is for "
            f"{', '.join(ENCODED)}; leave it out"
        )
    if columns != ALL and not suffixes & {*TABLES}:
        raise CorpusError(f"--column has no effect on files without columns; it is for {', '.join(TABLES)}")


def read_text(path: Path, encoding: str | None = None) -> str:
    """The text of one article, from a file of any name; `CorpusError` if it is one that holds many."""
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm"):
        return decode_html(read_bytes(path), path).text
    if suffix in _READERS and suffix != ".txt":
        raise CorpusError(f"{path}: {suffix} files hold many articles: give a file with the text alone")
    return decode(read_bytes(path), str(path), encoding)


def _iter_rows(
    files: Iterable[File], encoding: str | None, columns: Columns, faults: list[Fault], notes: list[str]
) -> Iterator[Row]:
    """The rows of files; what is no row is added to `faults`, and to `notes` which files are empty."""
    for file in files:
        before, rows = len(faults), 0
        try:
            for item in _READERS[file.suffix](file, encoding, columns):
                if isinstance(item, Fault):
                    faults.append(item)
                else:
                    rows += 1
                    yield item
        except DataError as error:
            faults += error.faults
        except OSError as error:
            faults.append(Fault(file.where, "", f"cannot be read ({error.strerror})"))
        if not rows and len(faults) == before and file.suffix == PARQUET:
            notes.append(f"{file.where}: has no rows")


def _stretches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in stretches of some texts: to read one and take one in turn is a third slower."""
    stretch, size = list[Row](), 0
    for row in rows:
        stretch.append(row)
        size += len(row.text)
        if size >= STRETCH:
            yield stretch
            stretch, size = [], 0
    yield stretch


def _read_txt(file: File, encoding: str | None, columns: Columns) -> Iterator[Item]:  # noqa: ARG001 - has none
    text = decode(read_bytes(file.path), file.where, encoding)
    yield Row(where=file.where, id=file.path.stem, text=text, meta=Meta(title=headline(text)))


def _read_jsonl(file: File, encoding: str | None, columns: Columns) -> Iterator[Item]:
    return iter_jsonl(iter_text(file.path, file.where, encoding), file.where, columns)


def _read_csv(file: File, encoding: str | None, columns: Columns) -> Iterator[Item]:
    return iter_csv(iter_text(file.path, file.where, encoding), file.where, columns)


def _read_html(file: File, encoding: str | None, columns: Columns) -> Iterator[Item]:  # noqa: ARG001 - as named
    yield decode_html(read_bytes(file.path), file.path)


def _read_parquet(file: File, encoding: str | None, columns: Columns) -> Iterator[Item]:  # noqa: ARG001 - UTF-8
    with file.here() as path:
        yield from iter_parquet(path, file.where, columns, file.beside())


_READERS: Mapping[str, Callable[[File, str | None, Columns], Iterator[Item]]] = {
    ".txt": _read_txt,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".html": _read_html,
    ".htm": _read_html,
    PARQUET: _read_parquet,
}


def headline(text: str) -> str | None:
    """The first line, where it can be nothing but a headline; else None. The text keeps it.

    The rule: a blank line follows and then more text; it has two words or more, `TITLE_LENGTH` code points
    at most, no sentence end or colon at its end, and is no boilerplate.

    >>> headline("River rises in Herat\\n\\nThe river rose on Sunday.")
    'River rises in Herat'
    >>> headline("The river rose on Sunday.\\n\\nIt fell on Monday.") is None
    True
    """
    first, blank, rest = text.partition("\n\n")
    line = first.strip()
    stands = blank and rest.strip() and "\n" not in first and len(line) <= TITLE_LENGTH and " " in line
    # Put second, because a byline is looked for below the first line only.
    furniture = boilerplate.find(f"-\n{line}")
    return line if stands and not _SENTENCE_END.search(line) and not furniture else None


class _Taker:
    """Makes documents of rows that come one by one; of each the id, the place and the hash are kept.

    Where anything is wrong nothing is taken, so no text is kept from then on.
    """

    def __init__(self, mark: bool, equal: Equal, documents: list[Document] | Spool) -> None:
        self.mark, self.equal, self.documents = mark, equal, documents
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.ids: dict[str, str] = {}  # where each was first
        self.texts: dict[str, str] = {}  # the same of each text, by its hash
        self.unnamed = Counter[str]()  # rows without an id
        self.lost = Counter[tuple[str, str]]()  # fields that are not kept, and why

    def take(self, row: Row) -> None:
        """Take a row, or note what is wrong with it."""
        if row.lost:
            self.lost.update(row.lost.items())
        if row.unnamed:
            row = self._numbered(row)
        wrong = list(_row_faults(row))
        if row.id in self.ids and not row.unnamed:  # whose id is that of its text: see below
            wrong.append(("$.id", f"{row.id!r} is the id of {self.ids[row.id]} too"))
        document = None if wrong else _document(row, self.mark)
        first = self.texts.setdefault(document.sha256, row.where) if document else row.where
        if first != row.where and self.equal == "refuse":
            wrong.append(("$.text", f"is the text of {first} too; leave one out, or give {CHOICES}"))
        elif first != row.where and self.equal == "skip":
            self.notes.append(f"left out: {row.where} (the text of {first} again)")
        elif document is not None:
            if not self.faults:
                self.documents.append(document)
            self.notes += [f"{row.where}: {warning}" for warning in text_warnings(row.text)]
        self.ids.setdefault(row.id, row.where)
        self.faults += [Fault(row.where, path, message) for path, message in wrong]

    def _numbered(self, row: Row) -> Row:
        """A row without an id, told apart from others of one text where these are kept."""
        self.unnamed[row.id] += 1
        if self.equal != "keep" or self.unnamed[row.id] == 1:
            return row
        return msgspec.structs.replace(row, id=f"{row.id}-{self.unnamed[row.id]}", unnamed=False)

    def told(self) -> list[str]:
        """What people should know of it all."""
        number = self.unnamed.total()
        unnamed = [f"without an id: {number} row(s), each called by the hash of its text"] if number else []
        return [*self.notes, *unnamed, *_lost(self.lost)]


def _row_faults(row: Row) -> Iterator[tuple[str, str]]:
    try:
        check_id(row.id)
    except CorpusError as error:
        yield "$.id", str(error)
    broken = text_faults(row.text)
    yield from (("$.text", message) for message in broken)
    if row.sha256 is not None and not broken and hash_text(row.text) != row.sha256:
        yield "$.sha256", "is not the hash of the text: one of the two was changed"
    for i, region in enumerate(row.excluded):
        if not region.start < region.end <= len(row.text):
            yield f"$.excluded[{i}]", f"[{region.start}, {region.end}] is not in the text"


def _document(row: Row, mark: bool) -> Document:
    # Regions that came along were somebody's decision; the rules do not overrule it.
    excluded = row.excluded or (boilerplate.find(row.text) if mark else ())
    return Document(id=row.id, text=row.text, sha256=hash_text(row.text), meta=row.meta, excluded=excluded)


def _lost(lost: Counter[tuple[str, str]]) -> list[str]:
    """Notes on what is not kept of the rows' fields, and why; of very many the first ones by name."""
    notes = [
        f"not kept: field {name!r} of {count} row(s): it {why}" for (name, why), count in sorted(lost.items())
    ]
    more = len(notes) - SHOWN_FIELDS
    return notes if more <= 0 else [*notes[:SHOWN_FIELDS], f"not kept: {more} more fields, for such reasons"]


def merge(
    old: Iterable[Document],
    new: Documents,
    equal: Equal = "refuse",
    earlier: Container[tuple[str, str]] = frozenset(),
) -> Intake:
    """The documents that `new` adds to `old`; those that are there already, id and text, are passed over.

    So are those with a text that their document had before it was corrected: `earlier` has ids and hashes.
    Raises `DataError` where an id stands for another text, or a text has another id and equal ones are
    neither skipped nor kept.
    """
    ids = {document.id: document.sha256 for document in old}
    texts = {sha256: id for id, sha256 in ids.items()}
    added, faults, notes = array("Q"), [], []
    for number, document in enumerate(new):
        twin = texts.get(document.sha256)
        if ids.get(document.id) == document.sha256:
            notes.append(f"there already: {document.id}")
        elif (document.id, document.sha256) in earlier:
            notes.append(f"there already, and corrected since: {document.id}")
        elif document.id in ids:
            faults.append(Fault(document.id, "$.id", "is the id of another text in the corpus"))
        elif twin is None or equal == "keep":
            added.append(number)
        elif equal == "skip":
            notes.append(f"left out: {document.id} (the text of {twin} again)")
        else:
            told = f"is the text of {twin!r} in the corpus; leave it out, or give {CHOICES}"
            faults.append(Fault(document.id, "$.text", told))
    if faults:
        raise DataError(
            f"{len(faults)} document(s) do not go with those there are; nothing was taken", faults
        )
    return Intake(Chosen(new, added), notes)
