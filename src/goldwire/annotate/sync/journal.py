"""Journal of what was begun with a project on a server, and is known to be done, one JSON line each.

A line is on the disk before the step it announces is taken: killed at any moment, the next run knows which
answers are missing and asks the server what is there (see `corpora.journal`).

    CORPUS/labelstudio/NAME/journal.jsonl
    CORPUS/labelstudio/NAME/raw/000001.json …      answers of the server as they came, never edited
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from goldwire.annotate.exchange.store import FOLDER
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora import journal
from goldwire.corpora.atomic import make_folder
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus

JOURNAL, RAW = "journal.jsonl", "raw"
_NAME_CHARACTERS = 60
Why = Literal["annotation deleted", "task deleted", "skipped"]


class _Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="note"):
    pass


class Creating(_Note, frozen=True, tag="creating"):
    """A project is about to be made; `mark` stands in its description."""

    title: str
    mark: str


class Linked(_Note, frozen=True, tag="linked"):
    """The project that this folder is about; `created_at` tells it from another of the same id."""

    project: int
    created_at: str
    url: str
    title: str
    group: str
    layout: str = "graph"


class Adopted(_Note, frozen=True, tag="adopted"):
    """Somebody has said that this project, which Goldwire did not make, may be written to."""

    project: int


class Remembered(_Note, frozen=True, tag="remembered"):
    """How the project is pushed and pulled from now on."""

    settings: Settings


class Sending(_Note, frozen=True, tag="sending"):
    """Tasks are about to be sent."""

    keys: tuple[str, ...]


class Landed(_Note, frozen=True, tag="landed"):
    """The tasks of the last `Sending` are on the server, each once or more."""

    ids: tuple[int, ...]


class Displaced(_Note, frozen=True, tag="displaced"):
    """Predictions of others, which are in this file, are about to be deleted with ours."""

    file: str


class Restored(_Note, frozen=True, tag="restored"):
    """The predictions of the last `Displaced` are on the server again."""


class Bulk(_Note, frozen=True, tag="bulk"):
    """All is in the raw files that was changed by this run, or before it, without leaving a time."""

    run: str


class Snapping(_Note, frozen=True, tag="snapping"):
    """The server is about to be asked for a snapshot of this title."""

    title: str
    clock: datetime


class Saved(_Note, frozen=True, tag="saved"):
    """An answer is in a raw file. `whole` if it has all tasks; `clock` is the server's time before it."""

    file: str
    whole: bool
    tasks: int
    clock: datetime


class Dropped(_Note, frozen=True, tag="dropped"):
    """Tasks that are in raw files and not on the server any more."""

    ids: tuple[int, ...]


class Current(_Note, frozen=True, tag="current"):
    """Everything that was changed before this time of the server is in the raw files."""

    clock: datetime


class Gone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An annotation that was in a layer and that its person, or somebody else, has withdrawn on the server.

    `layer` is where it was, `event` the one that it answers in frames, and `why` what was done.
    """

    layer: str
    document: str
    annotation: int
    why: Why
    event: str | None = None


class Withdrawn(_Note, frozen=True, tag="withdrawn"):
    """These are about to leave their layers; the lines are kept under `withdrawn/`."""

    gone: tuple[Gone, ...]


class Accepted(_Note, frozen=True, tag="accepted"):
    """Somebody has said that these need no more to be told."""

    gone: tuple[Gone, ...]


class Migrating(_Note, frozen=True, tag="migrating"):
    """A change of the ontology is about to be carried out, as the file says; the old state is in it too."""

    file: str
    ontology: str


class Migrated(_Note, frozen=True, tag="migrated"):
    """The change to this ontology, by its fingerprint, is done."""

    ontology: str


Note = (
    Creating
    | Linked
    | Adopted
    | Remembered
    | Sending
    | Landed
    | Displaced
    | Restored
    | Bulk
    | Snapping
    | Saved
    | Dropped
    | Current
    | Withdrawn
    | Accepted
    | Migrating
    | Migrated
)


class Journal:
    """The notes of one project, open for more. Made by `open_journal`."""

    def __init__(self, folder: Path, file: journal.Journal[Note]) -> None:
        self.folder = folder
        self._file = file

    @property
    def notes(self) -> list[Note]:
        """All notes, in their order."""
        return self._file.lines

    @property
    def raw(self) -> Path:
        """Where answers are kept."""
        return self.folder / RAW

    @property
    def link(self) -> Linked | None:
        """The project on the server, if it is known."""
        return next((note for note in reversed(self.notes) if isinstance(note, Linked)), None)

    def add(self, note: Note) -> None:
        """Put a note on the disk before going on."""
        self._file.add(note)


def folder(corpus: Corpus, title: str) -> Path:
    """Where the notes of a project are kept: named like it, as far as file systems allow.

    >>> from goldwire.corpora.store import Manifest
    >>> folder(Corpus(Path("work"), Manifest(name="x")), "round 1").as_posix()
    'work/labelstudio/round-1-cf7c48'
    """
    plain = re.sub(r"\W+", "-", title, flags=re.ASCII).strip("-")[:_NAME_CHARACTERS]
    name = plain if plain == title else f"{plain}-{hashlib.sha256(title.encode()).hexdigest()[:6]}".strip("-")
    return corpus.path / FOLDER / name


def read(folder: Path) -> list[Note]:
    """The notes in a folder, without what a kill cut off; [] if there are none."""
    return journal.read(folder / JOURNAL, Note)


def links(corpus: Corpus, group: str) -> list[tuple[Path, Linked]]:
    """The folders and projects that belong together under one name, in order of title."""
    return [(path, link) for path, link in all_links(corpus) if link.group == group]


def all_links(corpus: Corpus) -> list[tuple[Path, Linked]]:
    """The folders that know their project, and it, in order of title."""
    found = []
    for path in (corpus.path / FOLDER).glob(f"*/{JOURNAL}"):
        link = next((note for note in reversed(read(path.parent)) if isinstance(note, Linked)), None)
        if link is not None:
            found.append((path.parent, link))
    return sorted(found, key=lambda pair: (pair[1].title, pair[0].name))


def home(corpus: Corpus, title: str, project: int, created_at: str) -> Path:
    """Where a project is kept that is asked for by a title: what came of it is kept once.

    That is the folder named so, unless nothing is in it and another knows the project, by another name.
    """
    named = folder(corpus, title)
    if read(named):
        return named
    known = (
        path for path, link in all_links(corpus) if (link.project, link.created_at) == (project, created_at)
    )
    return next(known, named)


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The notes of a project, to be added to. Raises `ServerError` if another process has them open."""
    busy = ServerError(f"{folder}: another goldwire is at work on this project; wait until it is done")
    with journal.Journal[Note](folder / JOURNAL, Note, busy, durable=True) as file:
        make_folder(folder / RAW)
        yield Journal(folder, file)
