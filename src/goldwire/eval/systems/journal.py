"""Journal of what systems have given: one for each state of a system, appended to as documents finish.

    CORPUS/runs/NAME/FINGERPRINT.jsonl              sessions, starts of workers, an entry for each document
    CORPUS/runs/NAME/FINGERPRINT-17-of-400.jsonl    the same of a part of the documents (see `corpora.parts`)

A journal is the cache (by document and system) and the memory of an interrupted run in one. It holds the
output as it came, before any label map or check (see `corpora.journal`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from goldwire.corpora.codec import NULL
from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.corpora.integrity import check_layer
from goldwire.corpora.journal import Journal
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document

if TYPE_CHECKING:
    from goldwire.eval.systems.pool import Started
    from goldwire.eval.systems.worker import Result

RUNS = "runs"
Seconds = Annotated[float, msgspec.Meta(ge=0, lt=2**53)]
Size = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Session(_Line, frozen=True, tag="session"):
    """A run began or went on; `created` is an ISO 8601 time."""

    created: str
    workers: Size
    goldwire: str


class Start(_Line, frozen=True, tag="start"):
    """A worker opened the system, in `seconds`."""

    name: str
    version: str
    provides: list[str]
    seconds: Seconds
    notes: list[str] = []


class Entry(_Line, frozen=True, tag="document"):
    """A document is done: its output, or the reason why there is none.

    `seconds` is the system's own time; `at` the seconds since the first worker of the session was open, of a
    service only those in which something was asked for; `notes` what the system had to say meanwhile.
    """

    key: str
    characters: Size
    seconds: Seconds
    at: Seconds
    output: msgspec.Raw = NULL
    error: str | None = None
    details: dict[str, Any] = {}
    memory: Size | None = None
    notes: list[str] = []


Line = Session | Start | Entry


class Reused(msgspec.Struct, frozen=True, kw_only=True):
    """So many `documents` of all were not run, since they were run before: in sessions of these times."""

    documents: int
    of: int
    first: str
    last: str


class Renewal:
    """A journal begun anew: what it holds goes when the first document has succeeded, and not before."""

    def __init__(self, journal: Journal[Line] | Unkept) -> None:
        self._journal = journal
        self._held: list[Line] | None = []

    @property
    def lines(self) -> list[Line]:
        """The lines since the journal was begun anew."""
        return self._journal.lines if self._held is None else self._held

    def add(self, line: Line) -> None:
        """Put a line at the end."""
        if self._held is None:
            self._journal.add(line)
            return
        self._held.append(line)
        if isinstance(line, Entry) and line.error is None:
            held, self._held = self._held, None
            self._journal.clear()
            for one in held:
                self._journal.add(one)


class Unkept:
    """What a system gives that may be another one the next time: in memory, and gone with the run."""

    damaged = 0

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Put a line at the end."""
        self.lines.append(line)

    def clear(self) -> None:
        """Forget everything."""
        self.lines.clear()


def open_journal(path: Path) -> Journal[Line]:
    """The journal of a state of a system; `ExtractorError` if another process is writing to it.

    A damaged line costs what it holds: that document is run again.
    """
    busy = ExtractorError(
        f"{path}: another process is running this system, `eval run` or `annotate backend`; wait for it, or "
        "stop it"
    )
    return Journal(path, Line, busy, patient=True)


def begun(event: Started) -> Start:
    """The line of a worker that is open."""
    ready = event.ready
    return Start(
        name=ready.name,
        version=ready.version,
        provides=ready.provides,
        seconds=event.seconds,
        notes=ready.notes,
    )


def done(key: str, characters: int, result: Result, at: float) -> Entry:
    """The line of a document that is done."""
    return Entry(
        key=key,
        characters=characters,
        seconds=result.seconds,
        at=at,
        output=result.output,
        error=result.error,
        details=result.details,
        memory=result.memory,
        notes=result.notes,
    )


def entries(lines: Iterable[Line]) -> dict[str, Entry]:
    """The last entry for each document, by its key."""
    return {line.key: line for line in lines if isinstance(line, Entry)}


def reused(lines: Iterable[Line], keys: Collection[str], of: int) -> Reused | None:
    """What was taken from a journal, given the keys of these documents; None if nothing was."""
    created, times = "", dict[str, str]()
    for line in lines:
        if isinstance(line, Session):
            created = line.created
        elif isinstance(line, Entry) and line.key in keys:
            times[line.key] = created
    if not times:
        return None
    return Reused(documents=len(keys), of=of, first=min(times.values()), last=max(times.values()))


def document_key(document: Document) -> str:
    """16 hexadecimal digits for a document as a system sees it: id, text, metadata, excluded regions."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()[:16]


def fingerprint(parts: Sequence[Any]) -> str:
    """12 hexadecimal digits for what decides a system's output, given as values that msgspec can encode."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:12]


def check_system(name: str) -> None:
    """Raise `CorpusError` unless a system's name can name a layer: one safe file name."""
    if "/" in name:
        raise CorpusError(f"{name!r} is no name of a system: `/` is for the layers of its runs (--runs)")
    check_layer(name)


def folder(corpus: Corpus, name: str) -> Path:
    """Where the runs of a system on a corpus, or one of its runs by number, are kept."""
    check_layer(name)
    return (corpus.workplace or corpus.path) / RUNS / name


def path_of(corpus: Corpus, name: str, state: str, part: Part | None = None) -> Path:
    """Where the journal of a state of a system is or would be, or that of one part of the documents."""
    tail = "" if part is None else f"-{part.number}-of-{part.of}"
    return folder(corpus, name) / f"{state}{tail}.jsonl"
