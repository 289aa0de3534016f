"""Writing of parts as Parquet: by this process, or by several that are forked before anything else is done.

    WORK/sorted/NUMBER            lines of a part, as `sorting.scatter` puts them there
    WORK/sorted/NUMBER.parquet    the same as Parquet, until it is in the store

A forked process must not find threads of polars or obstore, which would not be there any more and be waited
for. So none is forked where one of the two was imported; and each imports polars for itself, and never asks
the store for anything: who forked it does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from goldwire.corpora.codec import hash_file
from goldwire.corpora.errors import DataError
from goldwire.corpora.forked import forked
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.integrity import document_faults
from goldwire.corpora.packed import room, sorting
from goldwire.corpora.packed.columns import BATCH, kind_of
from goldwire.corpora.packed.lines import name_of
from goldwire.corpora.parts import MOST

AT_ONCE = 4  # processes at most: each holds a part, and one of them sorts for all
LEAST = 2**24  # bytes of lines a process: for fewer it is not worth its start
_THREADED = ("polars", "obstore")


class Written(NamedTuple):
    """A part as Parquet: its rows, its size in bytes and its digest."""

    rows: int
    bytes: int
    sha256: str


class Writer:
    """Writes the sorted lines of tables as Parquet, table by table."""

    def __init__(
        self, work: Path, tables: Sequence[str], made: Callable[[Sequence[int]], Iterator[Written]]
    ) -> None:
        self.folder = work / "sorted"
        self._tables, self._made = tables, made

    def write(self, table: str, parts: Sequence[int]) -> Iterator[tuple[int, Written, Path]]:
        """Parts of a table, one by one, and the file of each; their lines are gone then.

        Raises `DataError` if a line is wrong.
        """
        first = self._tables.index(table) * (MOST + 1)
        for part, written in zip(parts, self._made([first + part for part in parts]), strict=True):
            yield part, written, _file(self.folder, part)


@contextmanager
def writing(tables: Mapping[str, Path], parts: int, workers: int) -> Iterator[Writer]:
    """What writes tables, which are of these files, in so many parts, by so many processes at most."""
    names, paths = [*tables], [str(path) for path in tables.values()]
    with room.working() as work:

        def write(number: int) -> Written:
            table, part = divmod(number, MOST + 1)
            return _write(names[table], paths[table], work / "sorted", part)

        def write_alone(number: int) -> Written:
            os.environ.setdefault("POLARS_MAX_THREADS", "1")  # the other cores have processes of their own
            return write(number)

        processes = min(workers, AT_ONCE, parts, _size(tables) // LEAST)
        if processes > 1 and hasattr(os, "fork") and not sys.modules.keys() & {*_THREADED}:
            with forked(write_alone, processes) as made:
                yield Writer(work, names, made)
        else:
            yield Writer(work, names, lambda numbers: map(write, numbers))


def _size(tables: Mapping[str, Path]) -> int:
    return sum(path.stat().st_size for path in tables.values())


def _file(folder: Path, part: int) -> Path:
    return folder / f"{part}.parquet"


def _write(table: str, where: str, folder: Path, part: int) -> Written:
    """One part: read, ordered, and written as Parquet."""
    import polars

    kind, file = kind_of(table), _file(folder, part)
    with no_collection():  # nothing that is made here refers to itself
        lines = sorted(sorting.read_run(folder / str(part)), key=name_of)
        frames, seen = [], set[str]()
        for first in range(0, len(lines), BATCH):
            some = lines[first : first + BATCH]
            items = kind.items(some, where)
            if table == "documents":
                _check(items, seen, where)
            frames.append(kind.frame(some, items, where))
        polars.concat(frames).write_parquet(file, row_group_size=BATCH)
    (folder / str(part)).unlink()
    return Written(len(lines), file.stat().st_size, hash_file(file))


def _check(documents: list[Any], seen: set[str], where: str) -> None:
    """Raise `DataError` for documents that are not what they should be."""
    faults = [*document_faults(documents)]
    twice = [item.id for item in documents if item.id in seen]
    seen.update(item.id for item in documents)
    if faults or twice:
        more = f", and {', '.join(twice)} twice" if twice else ""
        raise DataError(f"{where}: {len(faults)} fault(s){more}; see `goldwire corpus validate`", faults)
