"""Tells that something long is still going on, so that nobody takes it for hung."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]

EVERY = 10.0  # seconds without a word


@contextmanager
def telling(progress: Progress, doing: str = "", *, every: float = EVERY) -> Iterator[Progress]:
    """What is told in here goes to `progress`; after so many seconds of silence the last of it, and how long.

    `doing` is what goes on before the first word; nothing is repeated while it is "".
    """
    told = _Told(progress, doing)
    done = threading.Event()
    beat = threading.Thread(target=told.repeat, args=(done, every), daemon=True)
    beat.start()
    try:
        yield told
    finally:
        done.set()
        beat.join()


class _Told:
    """The last word, and when it was said."""

    def __init__(self, progress: Progress, doing: str) -> None:
        self._progress = progress
        self._last = doing, time.monotonic()

    def __call__(self, line: str) -> None:
        self._last = line, time.monotonic()
        self._progress(line)

    def repeat(self, done: threading.Event, every: float) -> None:
        """Say the last word again whenever nothing was said for a while."""
        spoken = time.monotonic()
        while not done.wait(max(0.01, max(spoken, self._last[1]) + every - time.monotonic())):
            doing, since = self._last
            now = time.monotonic()
            if doing and now - max(spoken, since) >= every:
                spoken = now
                self._progress(f"{doing} … {now - since:.0f} s")
