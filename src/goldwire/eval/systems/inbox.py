"""Inbox of a pool that stays open: documents that other threads put in while it works."""

from __future__ import annotations

import contextlib
import os
import queue

import msgspec

from goldwire.corpora.types import Document

_CHUNK = 1 << 16  # calls heard at once, a byte each: as many as a pipe holds


class Put(msgspec.Struct, frozen=True):
    """A document that was put into an inbox; without it, the call to take it before all others."""

    index: int
    document: Document | None
    urgent: bool


class Inbox:
    """Documents for a pool that stays open: any thread puts them in, each under a number of its own.

    An `urgent` one goes before all that wait.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Put] = queue.SimpleQueue()
        self.output, self._input = os.pipe()  # what is written there wakes the pool
        os.set_blocking(self._input, False)
        self.closed = False

    def put(self, index: int, document: Document, *, urgent: bool = False) -> None:
        """Hand over a document."""
        self._waiting.put(Put(index, document, urgent))
        self._wake()

    def urge(self, index: int) -> None:
        """Let a document that was put in, and perhaps waits, go before all others."""
        self._waiting.put(Put(index, None, urgent=True))
        self._wake()

    def close(self) -> None:
        """Let the pool that serves it come to its end; what it has not begun stays undone."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full of calls that nobody has heard yet: one is enough
            os.write(self._input, b"\n")

    def take(self) -> list[Put]:
        """All that was put in since, after at least one call; waits for it."""
        os.read(self.output, _CHUNK)
        found = list[Put]()
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._waiting.get_nowait())
        return found

    def discard(self) -> None:
        """Give its descriptors back, when no pool serves it any more."""
        os.close(self.output)
        os.close(self._input)
