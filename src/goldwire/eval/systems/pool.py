"""Worker processes seen from outside: started, fed, timed, and replaced when they die.

A crash or a time-out costs the document at hand. A batch that went down is run again document by document,
so that only the one at fault fails. A pool runs a list of documents, or serves those that come to its inbox.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.types import Document
from goldwire.eval.systems.inbox import Inbox, Put
from goldwire.eval.systems.program import end_marked, last_line
from goldwire.eval.systems.worker import FAREWELL, MARK, Batch, Broken, Job, Message, Ready, Result

# Seconds a system may take to open: a large model is loaded, or a small one trained.
START_LIMIT = 1800.0
# Batches a worker has: one it works on, and one that lies ready, so that it never waits for us.
DEPTH = 2
# Seconds a system that has nothing left to do may take to close.
GRACE = 2.0
_CHUNK = 1 << 16
_LOOK = 0.5  # seconds without a word after which it is seen whether a process has ended
_POLL = 0.001  # seconds between two looks at whether a process has ended
# One thread per worker: workers are what uses the cores, and sums come out the same each time.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # Python takes compiled code for that of a source of the same second and size: a system that was changed
    # and run again at once would be the old one under the new one's name.
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Started(msgspec.Struct, frozen=True):
    """A worker is open; `seconds` runs from the start of its process."""

    ready: Ready
    seconds: float


class Finished(msgspec.Struct, frozen=True):
    """A document is done, well or not; `index` is its place among those given."""

    index: int
    result: Result


Happening = Started | Finished


class Pool:
    """Runs documents through worker processes of one system; use it in a `with` statement.

    `timeout` is in seconds per document; None waits for ever.
    """

    def __init__(self, job: Job, *, workers: int = 1, timeout: float | None = None) -> None:
        self._job, self.size, self._timeout = job, workers, timeout
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._documents: dict[int, Document] = {}  # those that are not done
        self._waiting: deque[int] = deque()
        self._alone: deque[int] = deque()  # from batches that went down
        self._batch = 1
        self._broken: str | None = None
        self._lasting = False  # whether it stays open when it has nothing to do

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._selector.close()

    def run(self, documents: Sequence[Document]) -> Iterator[Happening]:
        """Yield what happens, documents in the order they finish.

        Raises `ExtractorError` if the system cannot be opened or says that it cannot go on. Called again, the
        pool goes on with the workers that are open, and says so first.
        """
        self._documents = dict(enumerate(documents))
        self._waiting.extend(self._documents)
        if self._workers:
            yield from self._go_on()
        elif documents:
            self._start()  # the others follow when the first is open: what it prepares, they find
        while self._documents:
            yield from self._step()

    def _go_on(self) -> Iterator[Happening]:
        """Feed the workers that are open, and let others follow where there is more to do."""
        for worker in [one for one in self._workers if one.ended()]:  # meanwhile: no document is at fault
            self._selector.unregister(worker.output)
            self._workers.remove(worker)
            worker.end()
        yield from [worker.started for worker in self._workers if worker.started]
        self._fill()
        for worker in self._workers:
            while worker.open and self._wants(worker):
                self._feed(worker)

    def serve(self, inbox: Inbox) -> Iterator[Happening]:
        """Open the workers, and yield what happens to the documents of an inbox until that is closed.

        Raises what `run` does; then documents that are not finished are lost to the caller, who has them.
        """
        self._lasting = True
        self._selector.register(inbox.output, selectors.EVENT_READ, inbox)
        self._start()
        while not inbox.closed:
            yield from self._step()

    def _put(self, found: Iterable[Put]) -> None:
        for put in found:
            if put.document is not None:
                self._documents[put.index] = put.document
                (self._waiting.appendleft if put.urgent else self._waiting.append)(put.index)
            elif put.index in self._waiting:  # else it is at work, or done
                self._waiting.remove(put.index)
                self._waiting.appendleft(put.index)

    def _step(self) -> Iterator[Happening]:
        yield from self._wait()
        if self._broken is not None:
            raise ExtractorError(self._told(self._broken))

    def _told(self, what: str) -> str:
        """What went wrong, with the system in front; many messages of extractors begin with it."""
        name = self._job.spec.shown()
        return what if what.startswith(f"{name}: ") else f"{name}: {what}"

    def _wait(self) -> list[Happening]:
        """What happened since; workers are fed before anybody looks at what they gave."""
        events: list[Happening] = []
        for key, _ in self._selector.select(self._patience()):
            if isinstance(key.data, Inbox):
                self._put(key.data.take())
            else:
                events += self._hear(key.data)
        for worker in [w for w in self._workers if not events and w.ended()]:
            events += self._lose(worker, None)
        for worker in [w for w in self._workers if w.deadline <= time.perf_counter()]:
            events += self._lose(worker, self._overdue(worker))
        for worker in self._workers:
            while worker.open and self._wants(worker):
                self._feed(worker)
        return events

    def _wants(self, worker: _Worker) -> bool:
        """Whether a worker has nothing to do, or could have the next at hand without another going short.

        Where somebody waits for each document, none lies ready behind one that may take long.
        """
        if not worker.queue:
            return bool(self._waiting or self._alone)
        plenty = not self._lasting and len(self._waiting) > self.size * self._batch and not self._alone
        return len(worker.queue) < DEPTH and plenty

    def _patience(self) -> float:
        """Seconds until the first deadline, or until it is time to see whether all are alive."""
        first = min((worker.deadline for worker in self._workers), default=math.inf)
        return max(0.0, min(first - time.perf_counter(), _LOOK))

    def _hear(self, worker: _Worker) -> list[Happening]:
        messages, alive = worker.read()
        events = [event for message in messages if (event := self._take(worker, message))]
        if not alive and self._broken is None:
            return events + self._lose(worker, None)
        worker.wind(self._timeout)
        return events

    def _take(self, worker: _Worker, message: Message) -> Happening | None:
        if isinstance(message, Broken):
            self._broken = message.reason
            return None
        if isinstance(message, Result):
            return self._finished(worker.finish(), message)
        worker.open, self._batch = True, max(1, message.batch)
        self._fill()
        worker.started = Started(message, time.perf_counter() - worker.begun)
        return worker.started

    def _finished(self, index: int, result: Result) -> Finished:
        del self._documents[index]
        return Finished(index, result)

    def _fill(self) -> None:
        """As many workers as are wanted and have something to do, or may get it."""
        calls = math.ceil(len(self._waiting) / self._batch) + len(self._alone)
        for _ in range((self.size if self._lasting else min(self.size, calls)) - len(self._workers)):
            self._start()

    def _start(self) -> None:
        worker = _Worker(self._job)
        self._workers.append(worker)
        self._selector.register(worker.output, selectors.EVENT_READ, worker)

    def _feed(self, worker: _Worker) -> None:
        if self._alone:
            tasks = [self._alone.popleft()]
        else:
            tasks = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
        worker.give(tasks, [self._documents[i] for i in tasks], self._timeout)

    def _overdue(self, worker: _Worker) -> str:
        if not worker.open:
            raise ExtractorError(f"{self._job.spec.shown()}: not open after {START_LIMIT:g} s")
        return f"time-out after {self._timeout:g} s"

    def _lose(self, worker: _Worker, reason: str | None) -> list[Happening]:
        """Replace a worker that died or that `reason` condemns; its only document fails."""
        self._selector.unregister(worker.output)
        self._workers.remove(worker)
        ending = worker.end()
        if not worker.open:
            raise ExtractorError(f"{self._job.spec.shown()}: could not be opened: {ending}")
        events: list[Happening] = []
        current, *later = worker.queue or [[]]
        self._waiting.extendleft(i for batch in reversed(later) for i in reversed(batch))
        if len(current) == 1:
            seconds = time.perf_counter() - worker.fed
            events.append(self._finished(current[0], Result(seconds=seconds, error=reason or ending)))
        else:
            self._alone.extend(current)
        if self._waiting or self._alone or self._lasting:
            self._start()
        return events


class _Worker:
    """One process and what is known of it."""

    def __init__(self, job: Job) -> None:
        self.begun = time.perf_counter()
        self.deadline = self.begun + START_LIMIT
        self.fed = self.begun
        self.open = self.silent = False
        self.started: Started | None = None
        self.queue: deque[list[int]] = deque()  # what it works on, and what lies ready
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._mark = uuid.uuid4().hex
        self._rest: list[bytes] = []  # of a line whose end has not come
        self._decoder = msgspec.json.Decoder(Message)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "goldwire.eval.systems.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**_ENVIRONMENT, **os.environ, MARK: self._mark},
            start_new_session=True,  # so that what it starts can be ended with it, and by the mark
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: a pipe was asked for
        self.output = self._process.stdout.fileno()
        self._send(msgspec.json.encode(job))

    def _send(self, line: bytes) -> None:
        """Write a line; that the process is gone shows when its output ends."""
        assert self._process.stdin is not None  # noqa: S101 - as above
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()

    def give(self, tasks: list[int], documents: list[Document], timeout: float | None) -> None:
        """Hand over documents; the clock runs from when the first of them is begun."""
        self.queue.append(tasks)
        if len(self.queue) == 1:
            self.fed = time.perf_counter()
            self.wind(timeout)
        self._send(msgspec.json.encode(Batch(tuple(documents))))

    def finish(self) -> int:
        """Take the document that is done from the queue."""
        task = self.queue[0].pop(0)
        if not self.queue[0]:
            self.queue.popleft()
            self.fed = time.perf_counter()
        return task

    def wind(self, timeout: float | None) -> None:
        """Set the clock anew: time for each document that is still to come."""
        if self.open:
            left = timeout * len(self.queue[0]) if self.queue and timeout is not None else math.inf
            self.deadline = time.perf_counter() + left

    def read(self) -> tuple[list[Message], bool]:
        """The messages that have come, and whether the process still lives."""
        data = os.read(self.output, _CHUNK)
        self.silent = not data
        first, *others = data.split(b"\n")
        self._rest.append(first)
        if not others:
            return [], not self.silent
        lines, self._rest = [b"".join(self._rest), *others[:-1]], others[-1:]
        try:
            return [self._decoder.decode(line) for line in lines], not self.silent
        except BROKEN:
            return [], False

    def ended(self) -> bool:
        """Whether the process has ended and nothing is unread; a child may still hold its output open."""
        gone = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            return gone and not selector.select(0.0)

    def end(self) -> str:
        """End the process and all it started, in peace if it is idle; returns how it ended."""
        if self.open and not self.queue:
            self._send(FAREWELL.rstrip(b"\n"))
            self._drain(GRACE)
        if self.silent:
            self._await(GRACE)  # its output ends before it does, and how it ends is to be known
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # not waited for yet, so the number is still its own
        end_marked(MARK, self._mark)
        code = self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # type: ignore[union-attr]  # both ends are pipes
        self._process.stdout.close()  # type: ignore[union-attr]  # as above
        words = last_line(self._log)
        self._log.close()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"the process exited with {code}"
        return f"{how} ({words})" if words else how

    def _drain(self, seconds: float) -> None:
        """Wait for the end of the output, which is the end of the process."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            limit = time.perf_counter() + seconds
            while (left := limit - time.perf_counter()) > 0:
                if selector.select(left) and not os.read(self.output, _CHUNK):
                    self.silent = True
                    return

    def _await(self, seconds: float) -> None:
        """Wait for the process to end without taking leave of it, so that its number stays its own."""
        limit = time.perf_counter() + seconds
        while time.perf_counter() < limit:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
            time.sleep(_POLL)
