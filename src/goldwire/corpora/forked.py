"""Processes forked to work through a list at the same time: what they make comes in order of the list.

    numbers of what is to be done  ->  one pipe that all processes read  ->  a pipe each, back

A forked process has what it works on from the start: sent to it, a long list of documents would take more
time than the work.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import selectors
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from typing import NamedTuple, NoReturn, TypeVar, cast

from goldwire.corpora.errors import GoldwireError

T = TypeVar("T")
AHEAD = 3  # pieces of work a process that are given out before the first of them is taken
ROOM = 2**20  # bytes that a pipe holds where it can: a piece or more, so that nobody waits until it is taken
_NUMBER = 8  # bytes of a number in a pipe: so few are read or written at once, or not at all


class _Child(NamedTuple):
    process: int
    output: FileIO


def iter_forked(work: Callable[[int], T], size: int, processes: int) -> Iterator[T]:
    """What `work` makes of the numbers from 0 up to `size`, in their order, made by so many processes."""
    with forked(work, processes) as made:
        yield from made(range(size))


@contextmanager
def forked(work: Callable[[int], T], processes: int) -> Iterator[Callable[[Sequence[int]], Iterator[T]]]:
    """So many processes, forked now: a function that has them make of different numbers what `work` does.

    It gives these in order, and is asked again when all were taken. No more than `AHEAD` pieces a process
    wait to be taken, so that memory stays. It raises what `work` raises, and `GoldwireError` if a process
    was killed.
    """
    tasks, source = os.pipe()
    children: list[_Child] = []
    try:
        for _ in range(processes):
            children.append(_fork(work, tasks, [source, *(child.output.fileno() for child in children)]))
        yield lambda numbers: _in_order(children, source, numbers)
    finally:
        for child in children:
            os.kill(child.process, signal.SIGKILL)  # it is not waited for yet, so the number is its own
            os.waitpid(child.process, 0)
            child.output.close()
        os.close(tasks)
        os.close(source)


def _in_order(children: Sequence[_Child], source: int, numbers: Sequence[int]) -> Iterator[T]:
    """What children make, in order; each time a piece is taken, as many more are given out."""
    made: dict[int, T | Exception] = {}
    given = 0
    with selectors.DefaultSelector() as selector:
        for child in children:
            selector.register(child.output, selectors.EVENT_READ)
        for place, number in enumerate(numbers):
            while given < min(len(numbers), place + AHEAD * len(children)):
                os.write(source, numbers[given].to_bytes(_NUMBER))
                given += 1
            while number not in made:
                made.update(_receive(cast("FileIO", key.fileobj)) for key, _ in selector.select())
            found = made.pop(number)
            if isinstance(found, Exception):
                raise found
            yield found


def _receive(output: FileIO) -> tuple[int, T | Exception]:
    """The number of a piece and what was made of it: from a child of ours, which has our code and rights."""
    size = int.from_bytes(_read(output, _NUMBER))
    found: tuple[int, T | Exception] = pickle.loads(_read(output, size))  # noqa: S301 - see above
    return found


def _read(output: FileIO, size: int) -> bytes:
    parts = []
    while size:
        part = output.read(size)
        if not part:
            raise GoldwireError("a process that did part of the work was killed; the memory may be too small")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# ---------------------------------------------------------------- the children
def _fork(work: Callable[[int], T], tasks: int, ours: Sequence[int]) -> _Child:
    """A new process; of the descriptors that are `ours` alone it gives up its copies."""
    output, sink = os.pipe()
    _widen(sink)
    process = os.fork()
    if process == 0:
        _serve(work, tasks, sink, [*ours, output])
    os.close(sink)
    return _Child(process, FileIO(output))


def _widen(pipe: int) -> None:
    """Give a pipe `ROOM`, on Linux; where users may not have so much, it stays as it is."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(PermissionError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)


def _serve(work: Callable[[int], T], tasks: int, sink: int, ours: Sequence[int]) -> NoReturn:
    """Do what is given out until there is nothing, or nobody takes it; nothing of the parent is ended."""
    try:
        for descriptor in ours:
            os.close(descriptor)
        with open(sink, "wb") as file:
            while task := os.read(tasks, _NUMBER):
                number = int.from_bytes(task)
                made = pickle.dumps((number, _done(work, number)), pickle.HIGHEST_PROTOCOL)
                file.write(len(made).to_bytes(_NUMBER) + made)
                file.flush()
    finally:
        os._exit(1)


def _done(work: Callable[[int], T], number: int) -> T | Exception:
    try:
        return work(number)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised by the parent
        error.add_note("".join(traceback.format_exception(error)))
        return error
