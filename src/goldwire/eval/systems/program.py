"""A program outside: started, told lines, read with limits, and ended with all that it started.

Its end is seen even where a child of it still holds its output open.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from goldwire.corpora import secrets
from goldwire.eval.systems.extractor import DocumentError

LONGEST = 100_000_000  # bytes of one answer: a hundred times what a document of 20 MB was seen to give
MEGABYTE = 1_000_000
GRACE = 2.0  # seconds a program may take to end when there is nothing left to do
_MARK = "GOLDWIRE_PROGRAM"
_LOOK = 0.05  # seconds between two looks at whether a silent program has ended
_CHUNK = 1 << 16
_TAIL = 2000  # bytes of what a program wrote to standard error that are looked at
_ROUNDS = 10  # times that processes are looked for, since they may start others meanwhile
_EXEC = 0.001  # seconds between two looks at a process that is becoming another program


class Program:
    """One process, its unread output, and the mark by which what it starts is found."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.asked = 0  # lines that it was given
        self._mark = uuid.uuid4().hex
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # What it imports is compiled anew, as for functions (`running.pool`).
            env={"PYTHONDONTWRITEBYTECODE": "1", **os.environ, _MARK: self._mark},
        )
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: a pipe was asked for
        assert self._process.stdout is not None  # noqa: S101 - as above
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._unsent = memoryview(b"")
        self._unread = bytearray()
        self._closed = False  # its output

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, line: bytes) -> bytes:
        """The next line that is not blank, after this one was written.

        Raises `DocumentError`, after which the program is ended, if there is none or it is too long.
        """
        self.asked += 1
        self._unsent = memoryview(line + b"\n")
        self._selector.register(self._input, selectors.EVENT_WRITE)
        while not (answer := self._line()).strip():
            continue
        self._stop_sending()
        return answer

    def _line(self) -> bytes:
        looked = 0
        while (end := self._unread.find(b"\n", looked)) < 0:
            looked = len(self._unread)
            self._check_length()
            if not self._turn(_LOOK):
                raise DocumentError(self.end())
        line = bytes(self._unread[: end + 1])
        del self._unread[: end + 1]
        return line

    def more(self, seconds: float) -> bool:
        """Whether there is output that nobody asked for, or there comes some within so many seconds."""
        limit = time.perf_counter() + seconds
        while not self._unread.strip():
            left = limit - time.perf_counter()
            if not self._turn(max(0.0, min(left, _LOOK))) or left <= 0:
                break
        return bool(self._unread.strip())

    def finish(self) -> bytes:
        """Say that there are no more lines and end the program; returns what else it wrote."""
        self._close_input()
        limit = time.perf_counter() + GRACE
        while time.perf_counter() < limit and self._turn(_LOOK):
            self._check_length()
        rest = bytes(self._unread)
        self.end(0.0 if time.perf_counter() >= limit else GRACE)
        return rest

    def end(self, grace: float = GRACE) -> str:
        """End the program and what it started; returns how it ended."""
        self._close_input()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        code = self._process.poll()
        if code is None:
            self._process.kill()
            self._process.wait()
        end_marked(_MARK, self._mark)
        self._process.stdout.close()  # type: ignore[union-attr]  # a pipe
        self._selector.close()
        said = last_line(self._log)
        self._log.close()
        how = (
            "the program closed its output and went on" if code is None else f"the program exited with {code}"
        )
        return f"{how}: {said}" if said else how

    def stop(self) -> None:
        """End the program at once."""
        self._process.kill()
        self.end()

    def _check_length(self) -> None:
        if len(self._unread) > LONGEST:
            self.stop()
            raise DocumentError(too_long())

    def _turn(self, seconds: float) -> bool:
        """Send and receive what can be, waiting so long for it; False when there is nothing to wait for."""
        if self._closed:
            return False
        ended = self._process.poll() is not None  # before the look at its output, which may be its last words
        events = self._selector.select(0.0 if ended else seconds)
        for key, _ in events:
            if key.fd == self._input:
                self._send()
            else:
                self._receive()
        return not self._closed and (bool(events) or not ended)

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._input, self._unsent) :]
        except BrokenPipeError:
            self._unsent = memoryview(b"")  # its end shows in its output
        if not self._unsent:
            self._stop_sending()

    def _stop_sending(self) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._input)

    def _receive(self) -> None:
        data = os.read(self._output, _CHUNK)
        self._closed = not data
        self._unread += data

    def _close_input(self) -> None:
        if not self._process.stdin.closed:  # type: ignore[union-attr]  # a pipe
            self._stop_sending()
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()  # type: ignore[union-attr]  # a pipe


def too_long() -> str:
    """What is said of an answer beyond all measure."""
    return f"the answer has more than {LONGEST // MEGABYTE} MB"


def last_line(log: IO[bytes]) -> str:
    """The last line of what a process wrote to standard error, without secrets."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return secrets.hide(lines[-1].strip()) if lines else ""


def end_marked(name: str, value: str) -> None:
    """End every process in whose environment this variable has this value, whichever session it is in.

    Where there is no /proc to look in, nothing is found.
    """
    mark = f"{name}={value}".encode()
    looked_at = _processes()
    for _ in range(_ROUNDS):
        seen = {number: _marked(number, mark) for number in looked_at if number != os.getpid()}
        for number in (number for number, marked in seen.items() if marked):
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        unclear = [number for number, marked in seen.items() if marked is None]
        if any(seen.values()):
            looked_at = _processes()
        elif unclear:
            looked_at = unclear
            time.sleep(_EXEC)
        else:
            return


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return []


def _marked(number: int, mark: bytes) -> bool | None:
    """Whether a living process of ours has the mark; None if it is just becoming another program.

    For that moment it has a program and no environment. What has ended has neither, like the system's own.
    """
    with contextlib.suppress(OSError):
        environment = Path(f"/proc/{number}/environ").read_bytes()
        if environment:
            return mark in environment.split(b"\0")
        return None if os.readlink(f"/proc/{number}/exe") else False  # noqa: PTH115 - hot path
    return False
