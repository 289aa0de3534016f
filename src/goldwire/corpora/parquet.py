"""Reads Parquet that others made, slice by slice: a file is never whole in memory.

Damage of some kinds ends the process that reads it, so another process reads (`frames`), one for all files.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

import msgspec

from goldwire.corpora import frames
from goldwire.corpora.codec import check_file
from goldwire.corpora.errors import CorpusError, DataError, Fault

if TYPE_CHECKING:
    import polars

FIRST, MOST = 20, 50_000  # rows in the first slice, and in any
GROWTH = 5  # times the rows of the slice before, at most: those that come may be longer
SLICE = 2**23  # bytes, as polars counts them, that a slice is meant to have
_ANSWER = 9  # bytes before an answer: whether it is one, and how long it is


class Head(msgspec.Struct, frozen=True):
    """The columns of a file by name, with their types, and what it says of itself."""

    columns: dict[str, str]
    said: dict[str, str]


def read_head(path: Path, where: str | None = None) -> Head:
    """The head of a Parquet file, which is called `where`; `DataError` if it is none, or damaged."""
    _check(path)
    return msgspec.json.decode(_ask(path, where or str(path)), type=Head)


def iter_slices(
    path: Path, columns: Sequence[str] | None = None, *, where: str | None = None, most: int | None = None
) -> Iterator[polars.DataFrame]:
    """The rows of a Parquet file, of some columns if named, in slices of some megabytes; `most` at most.

    Raises `DataError` if it is none, is damaged, or becomes another while it is read.
    """
    import polars

    _check(path)
    first, rows, state = 0, FIRST, _state(path)
    while most is None or first < most:
        asked = rows if most is None else min(rows, most - first)
        content = _ask(path, where or str(path), columns=columns, first=first, rows=asked)
        if _state(path) != state:
            raise _refused(where or str(path), "became another file while it was read; run this again")
        frame = polars.read_ipc_stream(BytesIO(content))
        if frame.height:
            yield frame
        if frame.height < asked:
            return
        first += frame.height
        rows = max(1, min(MOST, GROWTH * asked, SLICE * frame.height // max(1, int(frame.estimated_size()))))


def read_first(path: Path, rows: int | None = None) -> tuple[polars.DataFrame, dict[str, str]]:
    """So many rows of a Parquet file, or all, and what it says of itself; `DataError` as of `iter_slices`."""
    import polars

    head = read_head(path)
    slices = [*iter_slices(path, most=rows)]
    return (polars.concat(slices) if slices else polars.DataFrame()), head.said


def _check(path: Path) -> None:
    with suppress(OSError):
        check_file(path)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _refused(where: str, why: str) -> DataError:
    return DataError(f"{where}: not a Parquet file", [Fault(where, "", why)])


# ---------------------------------------------------------------- the process that reads
class _Reader:
    """A process that answers, one request at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = Lock()
        self.process = self._start()
        atexit.register(self.close)

    def _start(self) -> subprocess.Popen[bytes]:
        # Safe (-P): the folder of that file has modules that are called as some of Python's own.
        command = [sys.executable, "-P", str(Path(frames.__file__))]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def ask(self, request: bytes) -> tuple[bool, bytes] | int:
        """Whether it could be read, and the answer or message; a number if the process ended: its code."""
        with self.lock:
            for _ in range(2):  # one that had nothing to do for long has ended, or does so now
                if self.process.poll() is not None:
                    self.close()
                    self.process = self._start()
                if (answer := self._answer(request)) is not None:
                    return answer
                self.close()
                if self.process.returncode:
                    break
            return self.process.returncode or -signal.SIGPIPE

    def _answer(self, request: bytes) -> tuple[bool, bytes] | None:
        into, out = self._pipes()
        try:
            into.write(request + b"\n")
            into.flush()
        except (OSError, ValueError):  # it has ended, or its pipe was closed
            return None
        head = out.read(_ANSWER)
        size = int.from_bytes(head[1:], "big")
        content = out.read(size) if len(head) == _ANSWER else b""
        return (head[:1] == b"o", content) if len(head) == _ANSWER and len(content) == size else None

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self.process.stdin is None or self.process.stdout is None:  # never so: both were asked for
            raise CorpusError("the process that reads Parquet has no pipes")
        return self.process.stdin, self.process.stdout

    def close(self) -> None:
        """End the process, which has nothing to do once nobody can ask."""
        if self.owner == os.getpid():
            for pipe in self._pipes():
                with suppress(OSError):
                    pipe.close()
            self.process.wait()


@cache
def _reader(process: int) -> _Reader:  # noqa: ARG001 - of a process, for one that was forked has none
    return _Reader()


def _ask(path: Path, where: str, **more: Any) -> bytes:
    answer = _reader(os.getpid()).ask(msgspec.json.encode({"path": str(path.absolute()), **more}))
    if isinstance(answer, int):
        ended = f"by {signal.Signals(-answer).name}" if answer < 0 else f"with code {answer}"
        raise _refused(where, f"not a Parquet file, or damaged: what reads it was ended {ended}")
    sound, content = answer
    if not sound:
        raise _refused(where, f"not a Parquet file, or damaged: {content.decode('utf-8', 'replace')}")
    return content
