"""Documents on the disk that are gone through again and again: of their texts one is in memory at a time.

What is kept of a document in memory is where its line is, some bytes whatever its length.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, Protocol, Self

import msgspec

from goldwire.corpora.codec import BOM, BROKEN, all_faults, check_file
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.types import Document

HELD = 2**22  # bytes of lines that need no file yet
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Document)


class Documents(Protocol):
    """Documents that can be gone through several times and asked for by number: a list, or those below."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Document]: ...
    def __getitem__(self, number: int, /) -> Document: ...


class _Lines:
    """Documents by the places of their lines in a file."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = file
        self._starts, self._sizes = array("Q"), array("Q")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of a full disk, told when it was written to
            self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Document]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Document:
        try:
            self._file.seek(self._starts[number])
            return _DECODER.decode(self._file.read(self._sizes[number]))
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be read ({error.strerror})") from error

    def _note(self, start: int, size: int) -> None:
        self._starts.append(start)
        self._sizes.append(size)


class Spool(_Lines):
    """Documents that come one by one and are to be put at `path`; use it in a `with` statement.

    They are on the disk of that place, or where temporary files are if nothing can be written there: in a
    file without a name, which is gone with the process however that ends. Raises `CorpusError` if it cannot
    be written.
    """

    def __init__(self, path: Path) -> None:
        # No file of a writer that appears at a place: this one never has one.
        super().__init__(path, tempfile.SpooledTemporaryFile(HELD, dir=_room(path)))  # noqa: SIM115
        self._end, self._whole = 0, True

    def append(self, document: Document) -> None:
        """Take a document; its text is not needed any more."""
        line = _ENCODER.encode(document)
        try:
            self._file.seek(self._end)
            self._file.write(line)
        except OSError as error:
            raise self._told(error) from error
        self._whole = False
        self._note(self._end, len(line))
        self._end += len(line)

    def __getitem__(self, number: int) -> Document:
        if not self._whole:
            try:
                self._file.flush()
            except OSError as error:
                raise self._told(error) from error
            self._whole = True
        return super().__getitem__(number)

    def _told(self, error: OSError) -> CorpusError:
        return CorpusError(f"{self.path}: cannot be written ({error.strerror})")


def _room(path: Path) -> str | None:
    """The folder that has a path, or would; None if nothing can be written there."""
    near = next(folder for folder in path.absolute().parents if folder.is_dir())
    return str(near) if os.access(near, os.W_OK | os.X_OK) else None


class Stored(_Lines):
    """The documents of a file, as it is when it is opened; use it in a `with` statement.

    Raises `CorpusError` if it cannot be read, `DataError` with the faults of all lines at the first that is
    none of a document.
    """

    def __init__(self, path: Path) -> None:
        try:
            check_file(path)
            super().__init__(path, path.open("rb"))
            start = 0
            for line in self._file:
                mark = BOM if not start and line.startswith(BOM) else b""
                if not line[len(mark) :].isspace():
                    self._note(start + len(mark), len(line) - len(mark))
                start += len(line)
        except OSError as error:
            raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error

    def __getitem__(self, number: int) -> Document:
        try:
            return super().__getitem__(number)
        except BROKEN as error:
            self._file.seek(0)
            raise all_faults(self._file, Document, str(self.path)) from error


class Chosen:
    """Some of other documents, by their numbers."""

    def __init__(self, documents: Documents, numbers: Sequence[int]) -> None:
        self._documents, self._numbers = documents, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Document]:
        return map(self._documents.__getitem__, self._numbers)

    def __getitem__(self, number: int) -> Document:
        return self._documents[self._numbers[number]]


class Joined:
    """Documents with others behind them."""

    def __init__(self, first: Documents, second: Documents) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __iter__(self) -> Iterator[Document]:
        return chain(self._first, self._second)

    def __getitem__(self, number: int) -> Document:
        first = len(self._first)
        return self._first[number] if number < first else self._second[number - first]


class Grouped:
    """Documents with other groups."""

    def __init__(self, documents: Documents, groups: Sequence[str | None]) -> None:
        self._documents, self._groups = documents, groups

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Document]:
        return map(_grouped, self._documents, self._groups)

    def __getitem__(self, number: int) -> Document:
        return _grouped(self._documents[number], self._groups[number])


def _grouped(document: Document, group: str | None) -> Document:
    return msgspec.structs.replace(document, group=group)
