"""News comes in: files and folders to documents, frozen, hashed, their boilerplate marked.

Everything wrong with everything that was given is told at once, and then nothing is taken.
"""

from __future__ import annotations

import re
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
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.rows import ALL, Item, Row, iter_csv, iter_jsonl, iter_parquet
from goldwire.corpora.store import check_id
from goldwire.corpora.types import Document, Meta

ENCODED = (".txt", ".jsonl", ".csv")  # files that do not say what they are encoded in
TABLES = (".jsonl", ".csv", PARQUET)  # files with columns
CHOICES = "--skip-duplicates (or --keep-duplicates to have both)"
SHOWN_FIELDS = 20  # of those that are not kept; a table may have a thousand
TITLE_LENGTH = 200  # code points; a longer first line is a paragraph
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")


Equal = Literal["refuse", "skip", "keep"]  # what becomes of a text that was there before


class Intake(msgspec.Struct, frozen=True):
    """What came in: the documents, and what people should know of it, a line each."""

    documents: list[Document]
    notes: list[str]


def read(
    paths: Iterable[Path],
    *,
    encoding: str | None = None,
    mark: bool = True,
    equal: Equal = "refuse",
    columns: Columns = ALL,
) -> Intake:
    """The documents of files, folders (searched to the bottom) and addresses, in order of path.

    `.txt` and `.html` hold one document with the file's name as its id; `.jsonl`, `.csv` and `.parquet`
    hold one a row, with text, id and metadata in the columns that `columns` names. `mark` marks boilerplate.
    A text that occurs twice is a fault unless `equal` skips all but the first and notes them, or keeps them:
    rows without an id, which are called by their text, are then numbered.
    Raises `CorpusError` if a path is not there or of another kind, `DataError` with every other fault.
    """
    files, notes = find(paths)
    _check_used(files, encoding, columns)
    rows, faults, empty = _read_rows(files, encoding, columns)
    documents, more, said = _documents(rows, mark, equal)
    if faults + more:
        raise DataError(f"{len(faults + more)} fault(s) in what was given; nothing was taken", faults + more)
    return Intake(documents, notes + empty + said)


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


def _read_rows(
    files: Iterable[File], encoding: str | None, columns: Columns
) -> tuple[list[Row], list[Fault], list[str]]:
    rows: list[Row] = []
    faults: list[Fault] = []
    notes: list[str] = []
    for file in files:
        before = len(rows), len(faults)
        try:
            for item in _READERS[file.suffix](file, encoding, columns):
                (faults if isinstance(item, Fault) else rows).append(item)  # type: ignore[arg-type]
        except DataError as error:
            faults += error.faults
        except OSError as error:
            faults.append(Fault(file.where, "", f"cannot be read ({error.strerror})"))
        if (len(rows), len(faults)) == before and file.suffix == PARQUET:
            notes.append(f"{file.where}: has no rows")
    return rows, faults, notes


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


def _documents(rows: list[Row], mark: bool, equal: Equal) -> tuple[list[Document], list[Fault], list[str]]:
    documents: list[Document] = []
    faults: list[Fault] = []
    notes: list[str] = []
    ids: dict[str, str] = {}
    texts: dict[str, str] = {}
    for row in _numbered(rows) if equal == "keep" else rows:
        wrong = list(_row_faults(row))
        if row.id in ids and not row.unnamed:  # whose id is that of its text: see below
            wrong.append(("$.id", f"{row.id!r} is the id of {ids[row.id]} too"))
        document = None if wrong else _document(row, mark)
        first = texts.setdefault(document.sha256, row.where) if document else row.where
        if first != row.where and equal == "refuse":
            wrong.append(("$.text", f"is the text of {first} too; leave one out, or give {CHOICES}"))
        elif first != row.where and equal == "skip":
            notes.append(f"left out: {row.where} (the text of {first} again)")
        elif document is not None:
            documents.append(document)
            notes += [f"{row.where}: {warning}" for warning in text_warnings(row.text)]
        ids.setdefault(row.id, row.where)
        faults += [Fault(row.where, path, message) for path, message in wrong]
    return documents, faults, [*notes, *_unnamed(rows), *_lost(rows)]


def _numbered(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of which those without an id are told apart where they have one text."""
    times: Counter[str] = Counter()
    for row in rows:
        times[row.id] += row.unnamed
        again = row.unnamed and times[row.id] > 1
        yield msgspec.structs.replace(row, id=f"{row.id}-{times[row.id]}", unnamed=False) if again else row


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


def _unnamed(rows: Iterable[Row]) -> list[str]:
    number = sum(row.unnamed for row in rows)
    return [f"without an id: {number} row(s), each called by the hash of its text"] if number else []


def _lost(rows: Iterable[Row]) -> list[str]:
    """Notes on what is not kept of the rows' fields, and why; of very many the first ones by name."""
    counts = sorted(Counter(item for row in rows for item in row.lost.items()).items())
    notes = [f"not kept: field {name!r} of {count} row(s): it {why}" for (name, why), count in counts]
    more = len(notes) - SHOWN_FIELDS
    return notes if more <= 0 else [*notes[:SHOWN_FIELDS], f"not kept: {more} more fields, for such reasons"]


def merge(
    old: Iterable[Document],
    new: Iterable[Document],
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
    added, faults, notes = [], [], []
    for document in new:
        twin = texts.get(document.sha256)
        if ids.get(document.id) == document.sha256:
            notes.append(f"there already: {document.id}")
        elif (document.id, document.sha256) in earlier:
            notes.append(f"there already, and corrected since: {document.id}")
        elif document.id in ids:
            faults.append(Fault(document.id, "$.id", "is the id of another text in the corpus"))
        elif twin is None or equal == "keep":
            added.append(document)
        elif equal == "skip":
            notes.append(f"left out: {document.id} (the text of {twin} again)")
        else:
            told = f"is the text of {twin!r} in the corpus; leave it out, or give {CHOICES}"
            faults.append(Fault(document.id, "$.text", told))
    if faults:
        raise DataError(
            f"{len(faults)} document(s) do not go with those there are; nothing was taken", faults
        )
    return Intake(added, notes)
