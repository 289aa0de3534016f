"""Lines of a file by their numbers: each with all that stands around it, so that none of the file is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.corpora.codec import BOM, BROKEN
from goldwire.corpora.errors import DataError


class Line(NamedTuple):
    """A line of a file by its number, as it is there: with its end, and with empty lines around it."""

    number: int
    data: bytes

    @property
    def content(self) -> bytes:
        """The line without what stands around it."""
        return self.data.removeprefix(BOM).strip()


def iter_lines(path: Path) -> Iterator[Line]:
    """The lines of a file by their numbers; empty ones, and a byte order mark, go with those beside them.

    Raises `DataError` for a file that has nothing else: no line could take these along.
    """
    waiting: Line | None = None
    before = b""
    with path.open("rb") as file:
        for number, data in enumerate(file, start=1):
            if not (data.startswith(b"{") or data.removeprefix(BOM).strip()):
                if waiting is None:
                    before += data
                else:
                    waiting = Line(waiting.number, waiting.data + data)
                continue
            if waiting is not None:
                yield waiting
            waiting, before = Line(number, before + data), b""
    if waiting is not None:
        yield waiting
    elif before:
        raise DataError(f"{path}: has empty lines and no other, which no part can keep; make the file empty")


class Key(msgspec.Struct, frozen=True, gc=False):
    """What decides in which part a line is, and where in it: of a document or about one."""

    id: str = ""
    document: str = ""
    group: str | None = None


_decode_key = msgspec.json.Decoder(Key).decode


def key_of(line: Line) -> Key:
    """The key of a line; raises one of `codec.BROKEN` if it is none that has one."""
    try:
        return _decode_key(line.data)  # blanks around a value are none of it
    except BROKEN:
        return _decode_key(line.content)


def name_of(line: Line) -> str:
    """The id of the document that a line is of, or about."""
    key = key_of(line)
    return key.id or key.document
