"""Lines of a file by their numbers: each with all that stands around it, so that none of the file is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from goldwire.corpora.codec import BOM, BROKEN
from goldwire.corpora.errors import DataError

T = TypeVar("T")


class Line(NamedTuple):
    """A line of a file by its number, as it is there: with its end, and with empty lines around it."""

    number: int
    data: bytes

    @property
    def content(self) -> bytes:
        """The line without what stands around it."""
        return self.data.removeprefix(BOM).strip()


def decode_line(decode: Callable[[bytes], T], line: Line) -> T:
    """What a line says; most have nothing around them, or blanks alone, which are none of its value."""
    try:
        return decode(line.data)
    except BROKEN:
        return decode(line.content)


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
