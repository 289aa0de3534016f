"""Sorting of lines into parts and back into their order, on disk: never more than one part is in memory.

A file is read once and each line put into a file of its part. On the way back the lines of each part, in
order of their numbers, are merged.
"""

from __future__ import annotations

import hashlib
import heapq
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from goldwire.corpora.packed.lines import Line, iter_lines

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


def scatter(path: Path, part_of: Callable[[Line], int], folder: Path) -> Sorted:
    """Put each line of a file into the file of its part, `folder/NUMBER`, by `part_of`."""
    waiting = defaultdict[int, bytearray](bytearray)
    held = rows = size = 0
    digest, parts = hashlib.sha256(), set[int]()
    for line in iter_lines(path):
        data = line.data
        digest.update(data)
        of_part = waiting[part_of(line)]
        of_part += _HEAD.pack(line.number, len(data))
        of_part += data
        held += len(data)
        rows += 1
        if held >= HELD:
            size, held = size + held, 0
            parts |= _append(waiting, folder)
    parts |= _append(waiting, folder)
    return Sorted(rows, size + held, digest.hexdigest(), tuple(sorted(parts)))


def _append(waiting: dict[int, bytearray], folder: Path) -> set[int]:
    """Put what waits at the ends of its files; which these are."""
    parts = {*waiting}
    for number, data in waiting.items():
        with (folder / str(number)).open("ab") as file:
            file.write(data)
    waiting.clear()
    return parts


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
