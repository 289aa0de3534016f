"""What systems have given so far: a journal for each state of a system, appended to as documents finish.

    CORPUS/runs/NAME/FINGERPRINT.jsonl     sessions, starts of workers, and an entry for each document

A journal is the cache (by document and system) and the memory of an interrupted run in one. It holds the
output as it came, before any label map or check. A line that a kill cut short is taken away when the journal
is opened again; a journal that another process is writing to cannot be opened.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, check_layer
from goldwire.corpora.types import Document
from goldwire.eval.running.worker import NOTHING

RUNS = "runs"


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Session(_Line, frozen=True, tag="session"):
    """A run began or went on; `created` is an ISO 8601 time."""

    created: str
    workers: int
    goldwire: str


class Start(_Line, frozen=True, tag="start"):
    """A worker opened the system, in `seconds`."""

    name: str
    version: str
    provides: list[str]
    seconds: float
    notes: list[str] = []


class Entry(_Line, frozen=True, tag="document"):
    """A document is done: its output, or the reason why there is none.

    `seconds` is the system's own time; `at` the seconds since the first worker of the session was open.
    """

    key: str
    characters: int
    seconds: float
    at: float
    output: msgspec.Raw = NOTHING
    error: str | None = None
    details: dict[str, Any] = {}
    memory: int | None = None


Line = Session | Start | Entry


class Journal:
    """An open journal: what it holds, and a place to append. Close it, or use it in a `with` statement."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise ExtractorError(f"{path}: another process is running this system; wait for it") from None
        _trim(path)
        self.lines: list[Line] = read_lines(path, Line)  # type: ignore[arg-type]  # a union is no type to mypy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, line: Line) -> None:
        """Add a line; it outlives a kill of this process (not a power cut)."""
        self.lines.append(line)
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def clear(self) -> None:
        """Forget everything."""
        self.lines.clear()
        self._file.truncate(0)


def _trim(path: Path) -> None:
    """Take away what follows the last newline: a line that was cut short."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)


def entries(lines: Iterable[Line]) -> dict[str, Entry]:
    """The last entry for each document, by its key."""
    return {line.key: line for line in lines if isinstance(line, Entry)}


def document_key(document: Document) -> str:
    """16 hexadecimal digits for a document as a system sees it: id, text, metadata, excluded regions."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()[:16]


def fingerprint(parts: Sequence[Any]) -> str:
    """12 hexadecimal digits for what decides a system's output, given as values that msgspec can encode."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:12]


def check_system(name: str) -> None:
    """Raise `CorpusError` unless a system's name can name a layer: one safe file name."""
    check_layer(name.replace("/", " "))


def folder(corpus: Corpus, name: str) -> Path:
    """Where the runs of a system on a corpus are kept."""
    check_system(name)
    return corpus.path / RUNS / name
