"""The beginning of a file, or what a folder lists: all that a format is recognised by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.encodings import decode
from goldwire.corpora.errors import CorpusError, DataError

SIZE = 1 << 20  # bytes that are looked at
LISTED = 10_000  # files of a folder that are looked at
RECORDS = 50  # JSON values that are looked at
_GAP = re.compile(r"[\s,]*")
_COLON = re.compile(r"\s*:")
_DECODER = json.JSONDecoder()
# The first element, behind declaration, comments and document type. Each ends at its first end (an atomic
# group): to try later ones takes time that doubles with every piece.
_BEFORE = r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:>|\[.*?\]\s*+>)"
_ROOT = re.compile(rf"\s*+(?:(?>{_BEFORE})\s*+)*+<([\w.:-]+)", re.DOTALL)


@dataclass(frozen=True)
class Head:
    """What is looked at of one path.

    Of a file: `data`, its first bytes, and `whole` if these are all. Of a folder: `names`, the paths of its
    files relative to it, hidden ones left out, in order.
    """

    path: Path
    data: bytes = b""
    whole: bool = True
    names: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The bytes as text, up to the last line end where the file goes on; empty if they are no text.

        What is not UTF-8 is taken for an encoding of one byte a character: enough to see what it is.
        """
        data = self.data if self.whole else self.data[: self.data.rfind(b"\n") + 1] or _characters(self.data)
        try:
            return decode(data, str(self.path))
        except DataError:
            return "" if b"\0" in data else data.decode("latin-1")

    @cached_property
    def lines(self) -> list[str]:
        """Lines with something in them, whole ones only."""
        return [line for line in self.text.split("\n") if line.strip()]

    @cached_property
    def records(self) -> list[Any]:
        """The first JSON values of a file of JSON lines, of a list, or the one object: whole ones only."""
        text = self.text.lstrip()
        if not text.startswith(("{", "[")):
            return []
        inner = text.startswith("[") and not _starts_rows(text)
        return [value for value, _ in islice(_values(text, 1 if inner else 0), RECORDS)]

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the one object that a file is; the last is None where the head ends inside it."""
        text = self.text.lstrip()
        return dict(_members(text)) if text.startswith("{") else {}

    @cached_property
    def root(self) -> str:
        """The name of the outermost XML element, prefix and all; empty if it is no XML."""
        found = _ROOT.match(self.text)
        return found[1] if found else ""


def look(path: Path) -> Head:
    """The head of a path; `CorpusError` if it is not there, or cannot be read."""
    if path.is_dir():
        files = (item.relative_to(path) for item in path.rglob("*") if item.is_file())
        shown = (str(item) for item in files if not any(part.startswith(".") for part in item.parts))
        return Head(path, names=tuple(sorted(islice(shown, LISTED))))
    if not path.exists():
        raise CorpusError(f"{path}: cannot be read (no such file or folder)")
    if not path.is_file():  # a pipe can be read once only
        return Head(path)
    if path.stat().st_size <= SIZE:
        return Head(path, read_bytes(path))
    try:
        with path.open("rb") as file:
            return Head(path, file.read(SIZE), whole=False)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error


def _characters(data: bytes) -> bytes:
    """UTF-8 without the beginning of a character at its end."""
    return data.decode("utf-8", "ignore").encode("utf-8")


def _starts_rows(text: str) -> bool:
    """Whether a text that begins with a list has more values behind it: then its lines are the records."""
    first = next(_values(text, 0), None)
    return first is not None and text.startswith("[", _after(text, first[1]))


def _after(text: str, place: int) -> int:
    found = _GAP.match(text, place)
    return found.end() if found else place


def _values(text: str, place: int) -> Iterator[tuple[Any, int]]:
    """JSON values one behind the other, white space or commas between, and where each ends."""
    while (place := _after(text, place)) < len(text):
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        yield value, place


def _members(text: str) -> Iterator[tuple[str, Any]]:
    place = 1
    while (key := next(_values(text, place), None)) is not None and isinstance(key[0], str):
        colon = _COLON.match(text, key[1])
        if colon is None:
            return
        value = next(_values(text, colon.end()), None)
        yield key[0], value[0] if value else None
        if value is None:
            return
        place = value[1]
