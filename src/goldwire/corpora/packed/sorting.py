"""Sorting of lines into parts and back into their order, on disk: never more than one part is in memory.

A file is read once and each line put into a file of its part. On the way back the lines of each part, in
order of their numbers, are merged.
"""

from __future__ import annotations

import hashlib
import heapq
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from goldwire.corpora.codec import BOM
from goldwire.corpora.errors import DataError
from goldwire.corpora.packed.columns import Line

HELD = 2**25  # bytes of lines that wait in memory for their files
OPEN = 200  # files that are read at once: systems allow 256 and more
_HEAD = struct.Struct("<QQ")  # before a line: its number and its length
_READ = 2**16


class Sorted(msgspec.Struct, frozen=True):
    """What was sorted: the lines of a file, its size and digest, and the parts that have a line."""

    rows: int
    bytes: int
    sha256: str
    parts: tuple[int, ...]


def iter_lines(path: Path) -> Iterator[Line]:
    """The lines of a file by their numbers; empty ones, and a byte order mark, go with those beside them.

    Raises `DataError` for a file that has nothing else: no line could take these along.
    """
    waiting: Line | None = None
    before = b""
    with path.open("rb") as file:
        for number, data in enumerate(file, start=1):
            if not data.removeprefix(BOM).strip():
                if waiting is None:
                    before += data
                else:
                    waiting = Line(waiting.number, waiting.data + data)
                continue
            if waiting is not None:
                yield waiting
            waiting, before = Line(number, before + data), b""
    if waiting is not None:
        yield waiting
    elif before:
        raise DataError(f"{path}: has empty lines and no other, which no part can keep; make the file empty")


def scatter(path: Path, part_of: Callable[[Line], int], folder: Path) -> Sorted:
    """Put each line of a file into the file of its part, `folder/NUMBER`, by `part_of`."""
    waiting: dict[int, bytearray] = {}
    held = rows = size = 0
    digest, parts = hashlib.sha256(), set[int]()
    for line in iter_lines(path):
        digest.update(line.data)
        waiting.setdefault(number := part_of(line), bytearray()).extend(
            _HEAD.pack(line.number, len(line.data))
        )
        waiting[number] += line.data
        parts.add(number)
        held, rows, size = held + len(line.data), rows + 1, size + len(line.data)
        if held >= HELD:
            _append(waiting, folder)
            held = 0
    _append(waiting, folder)
    return Sorted(rows, size, digest.hexdigest(), tuple(sorted(parts)))


def _append(waiting: dict[int, bytearray], folder: Path) -> None:
    for number, data in waiting.items():
        with (folder / str(number)).open("ab") as file:
            file.write(data)
    waiting.clear()


def write_run(path: Path, lines: Iterable[Line]) -> None:
    """Lines with their numbers in a file of ours."""
    with path.open("wb") as file:
        for line in lines:
            file.write(_HEAD.pack(line.number, len(line.data)))
            file.write(line.data)


def read_run(path: Path) -> Iterator[Line]:
    """The lines of such a file, one by one."""
    with path.open("rb", buffering=_READ) as file:
        while head := file.read(_HEAD.size):
            number, length = _HEAD.unpack(head)
            yield Line(number, file.read(length))


class Writable(Protocol):
    """A file as far as it is written."""

    def write(self, data: bytes, /) -> Any:
        """Put data at its end."""


def gather(runs: Sequence[Path], file: Writable) -> tuple[int, str]:
    """Write the lines of files that are in order into one, in order; its size and digest."""
    size, digest = 0, hashlib.sha256()
    for line in heapq.merge(*map(read_run, _few(runs))):
        file.write(line.data)
        digest.update(line.data)
        size += len(line.data)
    return size, digest.hexdigest()


def _few(runs: Sequence[Path]) -> Sequence[Path]:
    """Files with the same lines, no more than can be open at once."""
    while len(runs) > OPEN:
        some, rest = runs[:OPEN], runs[OPEN:]
        merged = some[0].with_name(f"{some[0].name}+")
        write_run(merged, heapq.merge(*map(read_run, some)))
        for run in some:
            run.unlink()
        runs = [*rest, merged]
    return runs
