"""The tasks of a project as the server last told them: pulled whole once, then what has changed since.

The first time, and when much has changed, the server makes a snapshot and its file is fetched; otherwise,
and where the server makes none, tasks are asked for by id. What came is kept in `raw/` as it came, and each
task counts as the last file that has it says. Killed at any moment, the next run goes on with what is kept.

The server notes the time of an annotation but not of a draft, so tasks with drafts are always asked for. What
leaves no time at all (tasks deleted, annotations deleted in bulk) shows in the totals: all is pulled anew.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.api import Snapshot, Totals
from goldwire.annotate.sync.client import Client, RefusedError, UncertainError
from goldwire.annotate.sync.journal import Current, Dropped, Journal, Note, Saved, Snapping
from goldwire.corpora.atomic import sync, write_atomic
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError, Fault, ServerError

Progress = Callable[[str], None]

SNAPSHOT_TIMEOUT = 1800.0  # seconds; 10,000 annotated tasks took 80 on a busy machine
MARGIN = timedelta(seconds=30)  # for changes that were under way when the time was taken
FEW = 200  # changed tasks that are asked for by id in any case
SHARE = 0.2  # of all tasks: when more have changed a snapshot is faster

_POLL = 0.5  # seconds between two looks at a snapshot in the making
_LOST = 10.0  # seconds until a snapshot whose request broke off is believed never to come
_TRIES = 3  # snapshots begun before tasks are asked for by id
_LOOKS = 2  # at what has changed, before a difference in the totals is put down to something deleted


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it came, only its outline decoded."""

    id: int
    data: dict[str, Any]
    annotations: list[Any] = []
    drafts: list[Any] = []
    predictions: list[Any] = []

    @property
    def worked(self) -> bool:
        """Whether anybody has annotated, skipped or begun it."""
        return bool(self.annotations or self.drafts)


class _Outline(msgspec.Struct):
    id: int
    total_annotations: int = 0
    total_predictions: int = 0
    drafts: list[msgspec.Raw] = []


class Mirror:
    """The tasks of a project by id, undecoded, and the server's time up to which they are right."""

    def __init__(self) -> None:
        self.raw: dict[int, msgspec.Raw] = {}
        self.clock: datetime | None = None
        self._outlines: dict[int, _Outline] = {}

    def __len__(self) -> int:
        return len(self.raw)

    def tasks(self) -> Iterator[Task]:
        """Every task, decoded one by one."""
        decoder = msgspec.json.Decoder(Task)
        return (decoder.decode(self.raw[id]) for id in sorted(self.raw))

    def values(self) -> Iterator[Any]:
        """Every task as it came, decoded one by one."""
        return (msgspec.json.decode(self.raw[id]) for id in sorted(self.raw))

    def newest(self) -> int:
        """The highest id of a task; 0 without tasks."""
        return max(self.raw, default=0)

    def with_drafts(self) -> set[int]:
        """The tasks that had drafts."""
        return {id for id, outline in self._outlines.items() if outline.drafts}

    def totals(self) -> Totals:
        """How much it holds."""
        outlines = self._outlines.values()
        annotations = sum(outline.total_annotations for outline in outlines)
        return Totals(len(self.raw), annotations, sum(outline.total_predictions for outline in outlines))

    def take(self, items: Iterable[msgspec.Raw], *, whole: bool) -> None:
        """Take tasks in: in place of all, or each in place of what it was.

        Raises `ServerError`, and takes nothing, if one is no task.
        """
        decoder, found = msgspec.json.Decoder(_Outline), []
        for item in items:
            try:
                found.append((decoder.decode(item), item))
            except BROKEN as error:
                raise ServerError(f"a task from the server is none: {error}") from error
        if whole:
            self.raw, self._outlines = {}, {}
        for outline, item in found:
            self.raw[outline.id] = item
            self._outlines[outline.id] = outline

    def drop(self, ids: Iterable[int]) -> None:
        """Take tasks out."""
        for id in ids:
            self.raw.pop(id, None)
            self._outlines.pop(id, None)


def load(folder: Path, notes: Iterable[Note]) -> Mirror:
    """What the raw files say, from the last that has all tasks."""
    mirror = Mirror()
    for note in _relevant(notes):
        if isinstance(note, Saved):
            mirror.take(_read(folder / note.file), whole=note.whole)
            mirror.clock = note.clock if note.whole else mirror.clock or note.clock
        elif isinstance(note, Dropped):
            mirror.drop(note.ids)
        elif isinstance(note, Current):
            mirror.clock = note.clock
    return mirror


def _relevant(notes: Iterable[Note]) -> list[Note]:
    """The notes from the last file on that has all tasks."""
    kept: list[Note] = []
    for note in notes:
        kept = [note] if isinstance(note, Saved) and note.whole else [*kept, note]
    return kept


def _read(path: Path) -> list[msgspec.Raw]:
    try:
        return _split(path.read_bytes(), str(path))
    except (OSError, ValueError) as error:  # the name is from a journal, which may be damaged
        said = "is gone" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise ServerError(f"{path} {said}: pull again with --full to have everything anew") from None


def _split(data: bytes, where: str) -> list[msgspec.Raw]:
    try:
        msgspec.json.decode(data, type=list[Task])  # what is left undecoded now is decoded later
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except BROKEN as error:
        raise DataError(f"{where}: not a list of tasks", [Fault(where, "$", str(error))]) from error


def refresh(
    client: Client, journal: Journal, project: int, *, full: bool = False, progress: Progress = lambda _: None
) -> Mirror:
    """The tasks as they are on the server now. `full` asks for all of them whatever is known."""
    mirror = Mirror() if full else load(journal.raw, journal.notes)
    puller = _Puller(client, journal, project, mirror, progress)
    before = mirror.clock
    totals, clock = api.totals(client, project)
    if before is None or puller.much_has_changed(totals):
        puller.pull_all(totals, clock)
    # People work on while tasks are pulled. The clock says nothing here: it shows whole seconds.
    for _ in range(_LOOKS):
        if not puller.current or mirror.totals() != totals:
            puller.pull_changed()
            mirror.clock = clock
            totals = api.totals(client, project)[0]
    if mirror.totals() != totals:
        puller.pull_all(totals, clock)
    mirror.clock = clock
    if before != clock:
        journal.add(Current(clock=clock))
    return mirror


def catch_up(
    client: Client, journal: Journal, project: int, mirror: Mirror, *, progress: Progress = lambda _: None
) -> None:
    """Ask for the tasks that were changed together with others, of which the server notes no time."""
    decoder = msgspec.json.Decoder(Task)
    behind = [
        task.id
        for task in api.tasks(client, project, filters.with_marks())
        if task.id not in mirror.raw or decoder.decode(mirror.raw[task.id]).data != task.data
    ]
    _Puller(client, journal, project, mirror, progress).pull_pages(behind)


class _Puller:
    """Brings a mirror up to date, each answer kept before it counts."""

    def __init__(
        self, client: Client, journal: Journal, project: int, mirror: Mirror, progress: Progress
    ) -> None:
        self.client = client
        self.journal = journal
        self.project = project
        self.mirror = mirror
        self.progress = progress
        self.doubted = False  # whether a snapshot may have been made more than once
        self.current = False  # whether all was asked for in this run; a snapshot may be of an earlier one

    def much_has_changed(self, totals: Totals) -> bool:
        """Whether a snapshot is faster than asking for what has changed."""
        changed = api.count(self.client, self.project, self._changed())
        return changed > max(FEW, SHARE * totals.tasks)

    def _changed(self) -> filters.Filter:
        since = self.mirror.clock or datetime.fromtimestamp(0, UTC)
        return filters.changed_since(since - MARGIN)

    def pull_changed(self) -> None:
        """Ask for what was annotated since, and for whatever has or had drafts."""
        changed = {task.id for task in api.tasks(self.client, self.project, self._changed())}
        drafts = {task.id for task in api.tasks(self.client, self.project, filters.with_drafts())}
        self.pull_pages(sorted(changed | drafts | self.mirror.with_drafts()))
        self.current = True

    def pull_all(self, totals: Totals, clock: datetime) -> None:
        """Pull every task, by a snapshot or, where the server fails to make one, by id."""
        if totals.tasks == 0:
            self._drop(set())
            self.current = True
            return
        self.progress(f"pulling {totals.tasks} task(s)")
        begun = self._begun()
        title, clock = (begun.title, begun.clock) if begun else self._new(clock)
        snapshot = self._snapshot(title, wait=_LOST if begun else None)
        if snapshot is None:
            self._pull_listed(clock)
            return
        self._fetch(snapshot, clock)
        self.current = begun is None
        for id in self._copies(title) if self.doubted else [snapshot.id]:
            api.delete_snapshot(self.client, self.project, id)

    def _copies(self, title: str) -> list[int]:
        return [item.id for item in api.snapshots(self.client, self.project, title)]

    # ------------------------------------------------------------ by id

    def pull_pages(self, ids: Sequence[int]) -> None:
        """Ask for tasks by id."""
        for start in range(0, len(ids), api.ASKED):
            self._pull_page(ids[start : start + api.ASKED])
            self.progress(f"pulled {min(start + api.ASKED, len(ids))} of {len(ids)} task(s) by id")

    def _pull_page(self, ids: Sequence[int]) -> None:
        """Ask for tasks by id; an answer that says nothing new is not kept."""
        answer = api.export(self.client, self.project, ids)
        items = _split(answer, f"{self.client.url}: tasks {ids[0]} to {ids[-1]}")
        before = [bytes(self.mirror.raw.get(id, b"")) for id in ids]
        self.mirror.take(items, whole=False)
        if [bytes(self.mirror.raw.get(id, b"")) for id in ids] != before:
            path = _next_file(self.journal.raw)
            write_atomic(path, answer)
            self._note_saved(path, len(items), self.mirror.clock, whole=False)

    def _pull_listed(self, clock: datetime) -> None:
        """Go through the list of tasks: what is gone goes, what is missing or has changed is asked for."""
        self.mirror.clock = self.mirror.clock or clock
        listed = {task.id for task in api.tasks(self.client, self.project, filters.everything())}
        self._drop(listed)
        self.pull_pages(sorted(listed - self.mirror.raw.keys()))
        self.pull_changed()

    def _drop(self, listed: set[int]) -> None:
        gone = self.mirror.raw.keys() - listed
        if gone:
            self.journal.add(Dropped(ids=tuple(sorted(gone))))
            self.mirror.drop(tuple(gone))

    # ------------------------------------------------------------ by snapshot

    def _begun(self) -> Snapping | None:
        """The snapshot that was begun and not fetched."""
        for note in reversed(self.journal.notes):
            if isinstance(note, Snapping):
                return note
            if isinstance(note, Saved) and note.whole:
                break
        return None

    def _new(self, clock: datetime) -> tuple[str, datetime]:
        title = f"goldwire {secrets.token_hex(8)}"
        self.journal.add(Snapping(title=title, clock=clock))
        return title, clock

    def _snapshot(self, title: str, *, wait: float | None) -> Snapshot | None:
        """The snapshot of this title, complete; None if it does not come.

        `wait` is how many seconds one that was begun already is waited for; None if none was.
        """
        for _ in range(_TRIES):
            self.doubted = wait is not None
            done = self._await(title, wait) if wait is not None else None
            if done is not None:
                return done
            try:
                made = api.create_snapshot(self.client, self.project, title)
                wait = SNAPSHOT_TIMEOUT
                if made.status == "completed":
                    return made
            except UncertainError as error:
                wait = SNAPSHOT_TIMEOUT if error.pending else _LOST
            except RefusedError as error:
                self.progress(f"no snapshot: {error}")
                return None
        return self._await(title, wait or 0.0)

    def _await(self, title: str, wait: float) -> Snapshot | None:
        """A complete snapshot; None if there is none under way, or it takes longer than `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            found = api.snapshots(self.client, self.project, title)
            done = [item for item in found if item.status == "completed"]
            if done:
                return done[-1]
            if time.monotonic() > deadline or all(item.status == "failed" for item in found):
                return None
            time.sleep(_POLL)

    def _fetch(self, snapshot: Snapshot, clock: datetime) -> None:
        path = _next_file(self.journal.raw)
        part = path.with_name(f".{path.name}.part")
        api.download_snapshot(self.client, self.project, snapshot.id, part)
        data = part.read_bytes()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != snapshot.md5:
            raise ServerError(f"{self.client.url}: the snapshot came damaged; pull again")
        items = _split(data, str(path))
        sync(part)
        part.replace(path)
        self._note_saved(path, len(items), clock, whole=True)
        self.mirror.take(items, whole=True)
        self.mirror.clock = clock
        self.progress(f"pulled {len(items)} task(s)")

    def _note_saved(self, path: Path, tasks: int, clock: datetime | None, *, whole: bool) -> None:
        assert clock is not None  # noqa: S101 - for the type checker
        self.journal.add(Saved(file=path.name, whole=whole, tasks=tasks, clock=clock))


def _next_file(folder: Path) -> Path:
    last = max((int(path.stem) for path in folder.glob("[0-9]*.json")), default=0)
    return folder / f"{last + 1:06}.json"
