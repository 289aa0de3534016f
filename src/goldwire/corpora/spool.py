"""Documents on the disk that are gone through again and again: of their texts one is in memory at a time.

What is kept of a document in memory is where its line is, some bytes whatever its length.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, Protocol, Self

import msgspec

from goldwire.corpora.codec import BOM, BROKEN, all_faults, check_file
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.types import Document

HELD = 2**20  # bytes of lines that need no file yet
CHUNK = 2**18  # bytes of lines that are read at once
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Document)


class Documents(Protocol):
    """Documents that can be gone through several times and asked for by number: a list, or those below."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Document]: ...
    def __getitem__(self, number: int, /) -> Document: ...


class _Lines:
    """Documents by the places of their lines in a file; use it in a `with` statement.

    Raises `CorpusError` if it cannot be read, `DataError` with the faults of all lines at the first that is
    no document.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._starts, self._sizes = array("Q"), array("Q")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # of a full disk, told when it was written to
                self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> Document:
        return self._document(self._read(self._starts[number], self._sizes[number]))

    def __iter__(self) -> Iterator[Document]:
        first = 0
        while first < len(self):
            start = self._starts[first]
            last = bisect_right(self._starts, start + CHUNK, first) - 1
            data = memoryview(self._read(start, self._starts[last] + self._sizes[last] - start))
            for number in range(first, last + 1):
                place = self._starts[number] - start
                yield self._document(data[place : place + self._sizes[number]])
            first = last + 1

    def _note(self, start: int, size: int) -> None:
        self._starts.append(start)
        self._sizes.append(size)

    def _read(self, start: int, size: int) -> bytes | bytearray:
        try:
            file = self._opened()
            file.seek(start)
            return file.read(size)
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be read ({error.strerror})") from error

    def _document(self, line: bytes | bytearray | memoryview) -> Document:
        try:
            return _DECODER.decode(line)
        except BROKEN as error:
            file = self._opened()
            file.seek(0)
            raise all_faults(file, Document, str(self.path)) from error

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._open()
        return self._file

    def _open(self) -> IO[bytes]:
        raise NotImplementedError


class Spool(_Lines):
    """Documents that come one by one and are to be put at `path`.

    They are on the disk of that place, or where temporary files are if nothing can be written there: in a
    file without a name, which is gone with the process however that ends. Raises `CorpusError` if it cannot
    be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._held, self._written = bytearray(), 0

    def append(self, document: Document) -> None:
        """Take a document; its text is not needed any more."""
        line = _ENCODER.encode(document)
        self._note(self._written + len(self._held), len(line))
        self._held += line
        if len(self._held) > HELD:
            self._put()

    def _put(self) -> None:
        try:
            file = self._opened()
            file.seek(self._written)
            file.write(self._held)
            file.flush()
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be written ({error.strerror})") from error
        self._written += len(self._held)
        self._held = bytearray()

    def _read(self, start: int, size: int) -> bytes | bytearray:
        if not self._written:
            return self._held[start : start + size]
        if self._held:
            self._put()
        return super()._read(start, size)

    def _open(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=_room(self.path))


def _room(path: Path) -> Path | None:
    """The folder that has a path, or would; None if nothing can be written there."""
    near = next(folder for folder in path.absolute().parents if folder.is_dir())
    return near if os.access(near, os.W_OK | os.X_OK) else None


class Stored(_Lines):
    """The documents of a file, as it is when it is opened."""

    def __enter__(self) -> Self:
        start = 0
        try:
            for line in self._opened():
                mark = len(BOM) if not start and line.startswith(BOM) else 0
                if line[mark:].strip():
                    self._note(start + mark, len(line) - mark)
                start += len(line)
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be read ({error.strerror})") from error
        return self

    def _open(self) -> IO[bytes]:
        check_file(self.path)
        return self.path.open("rb")


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
