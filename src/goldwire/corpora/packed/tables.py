"""Tables between a directory and a store: a file of JSON lines into parts of Parquet, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.corpora.atomic import Staged
from goldwire.corpora.codec import BROKEN, hash_file
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.packed import room, sorting
from goldwire.corpora.packed.columns import Kind, kind_of
from goldwire.corpora.packed.index import Index, Part, Table, object_name
from goldwire.corpora.packed.lines import Line, decode_line, iter_lines
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.parts import Part as Share
from goldwire.corpora.parts import place
from goldwire.corpora.store import document_faults

if TYPE_CHECKING:
    import polars

BATCH = 5000  # rows that are Python's objects at once, and a group of rows in a file
Progress = Callable[[str], None]


class _Key(msgspec.Struct, frozen=True, gc=False):
    """What decides in which part a line is: of a document or about one."""

    id: str = ""
    document: str = ""
    group: str | None = None


_key_of = msgspec.json.Decoder(_Key).decode


def _name(line: Line) -> str:
    key = decode_line(_key_of, line)
    return key.id or key.document


# ---------------------------------------------------------------- out
class Packer:
    """Packs the tables of one corpus; it remembers which documents are in the part of their group."""

    def __init__(self, store: Store, parts: int, work: Path, tell: Progress) -> None:
        self._store, self._parts, self._work, self._tell = store, parts, work, tell
        self._places: dict[str, int] = {}

    def pack(self, table: str, path: Path) -> Table:
        """Put a file of JSON lines into the store; `DataError` if a line is wrong, and then nothing more."""
        kind, where = kind_of(table), str(path)
        folder = self._work / "sorted"
        room.check(folder, path.stat().st_size, f"packing {path.name}")
        folder.mkdir()
        found = sorting.scatter(path, lambda line: self._part_of(line, kind, where), folder)
        parts = []
        for done, number in enumerate(found.parts, start=1):
            parts.append(self._put(table, number, folder / str(number), where))
            (folder / str(number)).unlink()
            self._tell(f"{table}: {done} of {len(found.parts)} parts")
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
            key = decode_line(_key_of, line)
        except BROKEN:
            kind.items([line], where)  # raises with what is wrong
            raise
        if kind.key == "id":
            number = place(key.group or key.id, self._parts)
            if key.group:
                self._places[key.id] = number
            return number
        return self._places.get(key.document) or place(key.document, self._parts)

    def _put(self, table: str, number: int, lines: Path, where: str) -> Part:
        """One part: read, ordered, written as Parquet and put under the name of its content."""
        file = self._work / "part.parquet"
        rows = self._write(table, lines, file, where)
        digest = hash_file(file)
        part = Part(number, rows, file.stat().st_size, digest)
        self._store.create(object_name(table, part, self._parts), file)
        file.unlink()
        return part

    def _write(self, table: str, path: Path, file: Path, where: str) -> int:
        import polars

        kind = kind_of(table)
        lines = sorted(sorting.read_run(path), key=_name)  # those of one name stay in order of their numbers
        frames, seen = [], set[str]()
        for first in range(0, len(lines), BATCH):
            some = lines[first : first + BATCH]
            items = kind.items(some, where)
            if table == "documents":
                _check(items, seen, where)
            frames.append(kind.frame(some, items, where))
        polars.concat(frames).write_parquet(file, row_group_size=BATCH)
        return len(lines)


def _check(documents: list[Any], seen: set[str], where: str) -> None:
    """Raise `DataError` for documents that are not what they should be."""
    faults = [*document_faults(documents)]
    twice = [item.id for item in documents if item.id in seen]
    seen.update(item.id for item in documents)
    if faults or twice:
        more = f", and {', '.join(twice)} twice" if twice else ""
        raise DataError(f"{where}: {len(faults)} fault(s){more}; see `goldwire corpus validate`", faults)


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
