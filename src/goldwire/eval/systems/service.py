"""A system that stays open: it answers for documents as they come, out of its journal where it can.

The journal is that of `eval run` for the same state of the system: what either has done, the other need not
do again. It is held for as long as the service lives, so there is one of them, or one run, at a time. What a
document failed on is kept too, and the document is run again when it is asked for the next time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from goldwire import __version__
from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems import journal, payment
from goldwire.eval.systems.config import timeout_of
from goldwire.eval.systems.facts import now
from goldwire.eval.systems.inbox import Inbox
from goldwire.eval.systems.journal import Entry, Session
from goldwire.eval.systems.plan import Plan
from goldwire.eval.systems.pool import Finished, Happening, Pool, Started
from goldwire.eval.systems.worker import Result

CLOSED = "the system was closed before the document was done"
OPENING = 0.05  # seconds between two looks whether a system is open


class Answer(Future[Entry]):
    """What a document will have come to; `known` if it is from the journal."""

    known = False


class Service:
    """One state of a system, open; use it in a `with` statement.

    `tell` hears what goes wrong with the system itself; what goes wrong with a document is in its entry.
    """

    def __init__(self, corpus: Corpus, plan: Plan, tell: Callable[[str], None]) -> None:
        self.plan, self._tell, self._corpus = plan, tell, corpus
        self.journal: Path = journal.folder(corpus, plan.system.name) / f"{plan.state}.jsonl"
        self._lock = threading.Lock()
        self._pending: dict[int, tuple[str, Document, Answer]] = {}
        self._asked: dict[str, int] = {}  # those that are pending, by key
        self._given = 0
        self._idle = threading.Condition(self._lock)
        self._clock = _Clock()
        self._opened = threading.Event()
        self.broken: str | None = None  # why the system cannot be opened, as it was the last time
        self._open, self._closed = ExitStack(), False

    @property
    def version(self) -> str:
        """What is served: the system's name and the fingerprint of all that decides its output."""
        return f"{self.plan.system.name}@{self.plan.state}"

    def __enter__(self) -> Self:
        return self.open()

    def open(self) -> Self:
        """Take the journal and begin to open the workers; `ExtractorError` if somebody else has it."""
        with ExitStack() as opening:
            self._journal = opening.enter_context(journal.open_journal(self.journal))
            self._known = journal.entries(self._journal.lines)
            self.plan = self._paid(opening)
            self._journal.add(Session(created=now(), workers=self.plan.workers, goldwire=__version__))
            self._inbox = Inbox()
            opening.callback(self._inbox.discard)
            self._thread = threading.Thread(target=self._work, name=self.version, daemon=True)
            self._thread.start()
            opening.callback(self._thread.join)
            opening.callback(self._inbox.close)
            self._open = opening.pop_all()
        return self

    def _paid(self, opening: ExitStack) -> Plan:
        """The plan with the ledger of what is paid for, which is that of `eval run` too."""
        lines = self._journal.lines
        paid = payment.opened(self._corpus, self.plan, lines, payment.Terms(), fresh=False)
        found = opening.enter_context(paid)
        return found.plan if found else self.plan

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; documents that are not done have failed, and nothing of it is kept."""
        with self._lock:
            self._closed = True
        self._open.close()
        self._fail(CLOSED)

    def ask(self, document: Document, *, urgent: bool = False) -> Answer:
        """What a document comes to, known at once or some time; asked for twice, it is run once.

        An `urgent` one goes before all that wait.
        """
        key = journal.document_key(document)
        with self._lock:
            if (entry := self._known.get(key)) is not None and entry.error is None:
                return _known(entry)
            if self._closed:
                return _known(_failure(key, document, CLOSED))
            if (index := self._asked.get(key)) is not None:
                answer = self._pending[index][2]
                if urgent:
                    self._inbox.urge(index)
            else:
                answer = Answer()
                self._given += 1
                self._asked[key] = self._given
                self._pending[self._given] = key, document, answer
                if self._opened.is_set():
                    self._clock.go()
                self._inbox.put(self._given, document, urgent=urgent)
            return answer

    def wait_open(self, gone: Callable[[], bool] = lambda: False) -> None:
        """Wait until a worker is open; `ExtractorError` if that goes wrong, or if it is `gone`."""
        while not self._opened.wait(OPENING):
            if self.broken is not None or gone():
                raise ExtractorError(self.broken or "closed before it was open")

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is asked for that is not done, at most so long; whether that is so."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._pending, seconds)

    # ------------------------------------------------------------ the thread that has the workers

    def _work(self) -> None:
        while not self._inbox.closed:
            try:
                with self._pool() as pool:
                    for event in pool.serve(self._inbox):
                        self._note(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                self.broken = str(error) if isinstance(error, ExtractorError) else repr(error)
                self._tell(f"{self.broken}; it is opened again when the next document is asked for")
                self._fail(self.broken)
                self._await_documents()

    def _pool(self) -> Pool:
        return Pool(self.plan.job, workers=self.plan.workers, timeout=timeout_of(self.plan.system))

    def _await_documents(self) -> None:
        """Wait for a document after the system broke, and put it where the next pool finds it."""
        while not self._inbox.closed:
            for put in self._inbox.take():
                with self._lock:
                    wanted = put.index in self._pending
                if wanted and put.document is not None:
                    self._inbox.put(put.index, put.document, urgent=put.urgent)
            with self._lock:
                if self._pending:
                    return

    def _note(self, event: Happening) -> None:
        if isinstance(event, Started):
            self.broken = None
            with self._lock:
                self._opened.set()
                if self._pending:
                    self._clock.go()
            self._keep(journal.begun(event))
            return
        self._settle(event)

    def _settle(self, event: Finished) -> None:
        with self._lock:
            key, document, answer = self._pending[event.index]
        entry = journal.done(key, len(document.text), event.result, self._clock.read())
        self._keep(entry)
        with self._idle:
            self._known[key] = entry
            self._forget(event.index)
        answer.set_result(entry)

    def _keep(self, line: journal.Line) -> None:
        try:
            self._journal.add(line)
        except CorpusError as error:  # a full disk is no reason to keep what was found from those who wait
            self._tell(str(error))

    def _forget(self, index: int) -> None:
        key, _, _ = self._pending.pop(index)
        del self._asked[key]
        if not self._pending:
            self._clock.stop()
            self._idle.notify_all()

    def _fail(self, reason: str) -> None:
        """Tell all who wait that nothing comes; they ask again."""
        with self._idle:
            waiting = [*self._pending.values()]
            for index in [*self._pending]:
                self._forget(index)
        for key, document, answer in waiting:
            answer.set_result(_failure(key, document, reason))


class _Clock:
    """Seconds in which something was asked for: those in between say nothing of how fast a system is."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def go(self) -> None:
        """Let time pass."""
        self._since = time.perf_counter() if self._since is None else self._since

    def read(self) -> float:
        """The seconds so far."""
        return self._before + (0.0 if self._since is None else time.perf_counter() - self._since)

    def stop(self) -> None:
        """Let none pass."""
        self._before, self._since = self.read(), None


def _failure(key: str, document: Document, reason: str) -> Entry:
    return journal.done(key, len(document.text), Result(seconds=0.0, error=reason), 0.0)


def _known(entry: Entry) -> Answer:
    answer = Answer()
    answer.known = True
    answer.set_result(entry)
    return answer
