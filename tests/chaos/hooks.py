"""Crash points: every step by which a process changes files under a folder, counted, killed at or refused.

A step is a file opened for writing, renamed or removed, a folder made or removed, the middle of the content
of a file, a line of a journal half written, and a file brought to the disk. They are found by the audit
events of Python and at the one place that writes, so that none can be forgotten. Nothing of this is in what
is tested: a process is armed after it was forked.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {"os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0}  # event, which argument is the path
SERVER = "/server"  # what stands in for one is in this folder
TAKES_SPACE = frozenset({"open", "os.mkdir", "content", "line", "fsync"})


class Steps:
    """Counts the steps of this process under a folder and does something before each."""

    def __init__(self, root: Path, act: Callable[[int, str], None]) -> None:
        self.number = 0
        self._root, self._act, self._busy = str(root), act, False

    def step(self, kind: str, path: Any) -> None:
        """One more step."""
        if self._busy or not str(path).startswith(self._root):
            return
        if SERVER in str(path):
            kind = "server"  # whose disk is not full
        self.number += 1
        self._busy = True
        try:
            self._act(self.number, kind)
        finally:
            self._busy = False

    def arm(self) -> None:
        """From now on, and for the rest of this process."""
        sys.addaudithook(self._hear)
        self._tear_files()
        self._tear_journals()

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            if (arguments[2] or 0) & WRITING:
                self.step("open", os.fspath(arguments[0]))
        elif event in PATHS:
            self.step(event, arguments[PATHS[event]])

    def _tear_files(self) -> None:
        from goldwire.corpora import atomic

        whole, sync = atomic._write, os.fsync

        def write(path: Path, data: bytes | Iterable[bytes]) -> None:
            data = data if isinstance(data, bytes) else b"".join(data)
            half = path.open("wb")
            half.write(data[: len(data) // 2])
            half.close()
            self.step("content", path)
            whole(path, data)

        def fsync(handle: Any) -> None:
            number = handle if isinstance(handle, int) else handle.fileno()
            self.step("fsync", Path(f"/proc/self/fd/{number}").readlink())
            sync(number)

        atomic._write = write
        os.fsync = fsync

    def _tear_journals(self) -> None:
        from goldwire.corpora.journal import Journal

        begin, steps = Journal.__init__, self

        class Torn:
            """The file of a journal, each line of which is half there at first."""

            def __init__(self, file: Any) -> None:
                self._file = file

            def __getattr__(self, name: str) -> Any:
                return getattr(self._file, name)

            def write(self, data: Any) -> int:
                there = os.fstat(self._file.fileno()).st_size
                self._file.write(data[: len(data) // 2])
                steps.step("line", self._file.name)
                self._file.truncate(there)
                return int(self._file.write(data))

        def torn(journal: Any, *arguments: Any, **named: Any) -> None:
            begin(journal, *arguments, **named)
            journal._file = Torn(journal._file)

        Journal.__init__ = torn  # type: ignore[method-assign]


def count(root: Path, into: int) -> Steps:
    """Write a byte to a pipe at each step."""
    return Steps(root, lambda _, __: os.write(into, b".") and None)


def kill(root: Path, at: int) -> Steps:
    """SIGKILL just before a step."""

    def act(number: int, _: str) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return Steps(root, act)


def fill(root: Path, at: int) -> Steps:
    """A disk that is full from a step on: whatever takes space is refused."""

    def act(number: int, kind: str) -> None:
        if number >= at and kind in TAKES_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return Steps(root, act)


def dawdle(root: Path, seconds: Callable[[], float]) -> Steps:
    """Sleep at each step, so that two processes meet in every way."""
    return Steps(root, lambda _, __: time.sleep(seconds()))
