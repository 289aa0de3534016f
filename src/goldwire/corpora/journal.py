"""JSON lines that one process at a time adds to: the memory of work that a kill may interrupt.

Lines are added and never changed. A last line that was cut short by a kill is taken away.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import msgspec

from goldwire.corpora.codec import BROKEN, decode_lines, read_bytes
from goldwire.corpora.errors import CorpusError, GoldwireError
from goldwire.corpora.lock import grab

T = TypeVar("T")


class Journal(Generic[T]):
    """A journal that is open for more: its `lines`, decoded as `type`. Use it in a `with` statement.

    A line outlives a kill of this process; one that is `durable` a power cut too. Raises `busy` if another
    process has it open, `CorpusError` if it cannot be written, `DataError` if a line is damaged; with
    `patient` such lines are passed over, and `damaged` says how many.
    """

    def __init__(
        self, path: Path, type: Any, busy: GoldwireError, *, durable: bool = False, patient: bool = False
    ) -> None:
        self.durable, self._path, self.damaged = durable, path, 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)  # so that nothing waits to be written when it cannot be
        except OSError as error:
            raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            if not grab(self._file.fileno(), path):
                raise busy  # noqa: TRY301 - the file is closed below, whatever goes wrong
            whole = _whole_lines(read_bytes(path))
            self._file.truncate(len(whole))
            self.lines: list[T] = (
                self._passable(whole, type) if patient else decode_lines(whole, type, str(path))
            )
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, line: T) -> None:
        """Put a line at the end, and on the disk if the journal is durable.

        Raises `CorpusError` if it cannot be written; whoever opens the journal next takes a part of it away.
        """
        rest = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            if self.durable:
                os.fsync(self._file)
        except OSError as error:
            raise CorpusError(
                f"{self._path}: cannot be written ({error.strerror}); what was done before is kept, and the "
                "same command goes on from there"
            ) from error
        self.lines.append(line)

    def _passable(self, whole: bytes, type: Any) -> list[T]:
        """The lines that can be read; the others are counted."""
        decoder, lines = msgspec.json.Decoder(type), list[T]()
        for line in filter(bytes.strip, whole.split(b"\n")):
            try:
                lines.append(decoder.decode(line))
            except BROKEN:
                self.damaged += 1
        return lines

    def clear(self) -> None:
        """Forget everything."""
        self._file.truncate(0)
        self.lines.clear()


def read(path: Path, type: Any) -> list[Any]:
    """The whole lines of a journal that somebody else may have open; [] if there is none."""
    return decode_lines(_whole_lines(read_bytes(path)), type, str(path)) if path.exists() else []


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]
