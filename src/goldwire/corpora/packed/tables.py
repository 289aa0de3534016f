"""Tables between a directory and a store: a file of JSON lines into parts of Parquet, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.corpora.atomic import Staged
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.packed import room, sorting
from goldwire.corpora.packed.columns import BATCH, Kind, kind_of
from goldwire.corpora.packed.index import Index, Part, Table, object_name
from goldwire.corpora.packed.lines import Line, iter_lines, key_of
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.packed.writing import Writer
from goldwire.corpora.parts import Part as Share
from goldwire.corpora.parts import place

if TYPE_CHECKING:
    import polars

Progress = Callable[[str], None]


# ---------------------------------------------------------------- out
class Packer:
    """Packs the tables of one corpus; it remembers which documents are in the part of their group."""

    def __init__(self, store: Store, parts: int, writer: Writer, tell: Progress) -> None:
        self._store, self._parts, self._writer, self._tell = store, parts, writer, tell
        self._places: dict[str, int] = {}

    def pack(self, table: str, path: Path) -> Table:
        """Put a file of JSON lines into the store; `DataError` if a line is wrong, and then nothing more."""
        kind, where = kind_of(table), str(path)
        folder = self._writer.folder
        room.check(folder, path.stat().st_size, f"packing {path.name}")
        folder.mkdir()
        found = sorting.scatter(path, lambda line: self._part_of(line, kind, where), folder)
        parts = []
        for number, written, file in self._writer.write(table, found.parts):
            parts.append(part := Part(number, *written))
            self._store.create(object_name(table, part, self._parts), file)
            file.unlink()
            self._tell(f"{table}: {len(parts)} of {len(found.parts)} parts")
        folder.rmdir()
        return Table(found.rows, found.bytes, found.sha256, tuple(parts))

    def learn(self, path: Path) -> None:
        """Remember where documents are that are in the store already."""
        for line in iter_lines(path):
            self._part_of(line, kind_of("documents"), str(path))

    def know(self, groups: Mapping[str, str]) -> None:
        """Remember the same of documents by their groups."""
        self._places.update({id: place(group, self._parts) for id, group in groups.items()})

    def _part_of(self, line: Line, kind: Kind[Any], where: str) -> int:
        try:
            key = key_of(line)
        except BROKEN:
            kind.items([line], where)  # raises with what is wrong
            raise
        if kind.key == "id":
            number = place(key.group or key.id, self._parts)
            if key.group:
                self._places[key.id] = number
            return number
        return self._places.get(key.document) or place(key.document, self._parts)


# ---------------------------------------------------------------- back
def read_part(store: Store, table: str, part: Part, of: int, file: Path) -> polars.DataFrame:
    """A part of a table that was brought to `file`; `DataError` if it is not what the index says."""
    import polars

    where = f"{store.address}/{object_name(table, part, of)}"
    try:
        frame = polars.read_parquet(file)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        raise DataError(f"{where}: not a Parquet file ({str(error).partition(chr(10))[0]})") from error
    if dict(frame.schema) != kind_of(table).schema() or frame.height != part.rows:
        raise DataError(f"{where}: has other columns or rows than a part of a packed corpus; pack it again")
    return frame


def bring(store: Store, name: str, size: int, digest: str, file: Path) -> None:
    """An object into a file, if it is what the index says: `DataError` if not, or if there is none."""
    where = f"{store.address}/{name}"
    pieces = store.stream(name)
    if pieces is None:
        raise DataError(f"{where}: is missing; pack the corpus again, it goes on with what is there")
    content, read = hashlib.sha256(), 0
    try:
        with file.open("wb") as out:
            for piece in pieces:
                content.update(piece)
                read += len(piece)
                if read > size:
                    break
                out.write(piece)
    except OSError as error:
        raise CorpusError(f"{file}: cannot be written ({error.strerror})") from error
    if read != size or content.hexdigest() != digest:
        raise DataError(
            f"{where}: damaged, or another file: it is not the {size} bytes that the index tells of; take it "
            "away and pack the corpus again"
        )


def of_part(frame: polars.DataFrame, part: Share) -> polars.DataFrame:
    """The documents that are in a part by their group, or would be by their id."""
    import polars

    rows = zip(frame["id"], frame["group"], strict=True)
    taken = [part.takes(id, group) or part.takes(id, None) for id, group in rows]
    return frame.filter(polars.Series(taken, dtype=polars.Boolean))


def part_lines(frame: polars.DataFrame, table: str, where: str) -> Iterator[Line]:
    """The lines of a part in their order in it, some thousand decoded at a time."""
    kind = kind_of(table)
    for some in frame.iter_slices(BATCH):
        yield from kind.lines(some, where)


def write_file(store: Store, index: Index, table: str, path: Path, tell: Progress) -> None:
    """The file of JSON lines that was packed as a table, at `path` whole or not at all."""
    content = index.tables()[table]
    what = f"{table} of {store.address}"
    room.check(path, content.bytes, what)
    room.check(room.cache(), content.bytes + max((part.bytes for part in content.parts), default=0), what)
    with room.working() as work, Staged(path) as file:
        runs = [*_runs(store, index, table, work, tell)]
        size, digest = sorting.gather(runs, file)
        if (size, digest) != (content.bytes, content.sha256):
            raise DataError(
                f"{store.address}: the parts of {table} do not give the file that was packed: the index "
                "tells of others; pack the corpus again"
            )
        file.close()
        file.put()


def _runs(store: Store, index: Index, table: str, work: Path, tell: Progress) -> Iterator[Path]:
    parts = index.tables()[table].parts
    for done, part in enumerate(parts, start=1):
        file = work / "part.parquet"
        bring(store, object_name(table, part, index.parts), part.bytes, part.sha256, file)
        frame = read_part(store, table, part, index.parts, file).sort("line")
        run = work / f"{part.part}"
        sorting.write_run(run, part_lines(frame, table, f"{store.address}/{table}"))
        yield run
        tell(f"{table}: {done} of {len(parts)} parts")
