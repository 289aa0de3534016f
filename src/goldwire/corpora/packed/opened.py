"""A packed corpus, opened: a `Corpus` whose files come into a cache when they are first asked for.

    CACHE/packed/DIGEST/            by the digest of the index: what it has never changes
    CACHE/packed/DIGEST/.goldwire.packed    the address and the index: by it the folder is known

    CACHE/packed/objects/DIGEST.parquet     a part of a table, of which parts of a run or a score were taken

What is there is believed as long as it is what was checked (see `kept`), and goes where there is too much of
it (see `clearing`); what is asked for comes again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from goldwire.corpora.atomic import make_folder, write_atomic
from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.lock import PACKED
from goldwire.corpora.packed import clearing, kept, room, storage, tables
from goldwire.corpora.packed import index as indexes
from goldwire.corpora.packed.address import is_address, parse
from goldwire.corpora.packed.index import Index, object_name, stem
from goldwire.corpora.packed.pack import needed_index
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.packed.unpack import bring_object
from goldwire.corpora.parts import Part
from goldwire.corpora.store import DOCUMENTS, Corpus

if TYPE_CHECKING:
    import polars

TRIES = 5  # to read a stored part that others clear away
DOCUMENT_TABLE = stem(DOCUMENTS)
_BRINGING = threading.Lock()


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder of the cache says of itself."""

    address: str
    index: Index


class Source(msgspec.Struct, frozen=True):
    """Where the files of a packed corpus come from."""

    address: str
    index: Index
    folder: Path

    def store(self) -> Store:
        """The store that has them."""
        return storage.connect(parse(self.address))

    @property
    def parts(self) -> int:
        """In how many parts it is packed."""
        return self.index.parts

    @property
    def documents(self) -> int:
        """How many documents it has."""
        return self.index.documents.rows

    def layers(self) -> list[str]:
        """The names of all layers, sorted."""
        return sorted(self.index.layers)

    def bring(self, path: str) -> None:
        """See to it that a file of JSON lines is in the folder, whole, if the corpus has it."""
        place = self.folder / path
        with _BRINGING:  # threads may ask for the same file
            table = self.index.tables().get(stem(path))
            if table is not None and not kept.is_sound(place, table.bytes, table.sha256):
                # Twice: the lines of the parts, and the file that is made of them.
                clearing.make_room(2 * table.bytes + max((part.bytes for part in table.parts), default=0))
                tables.write_file(self.store(), self.index, stem(path), place, _silent)
                kept.mark(place, table.sha256)

    def digest(self, name: str) -> str | None:
        """The SHA-256 of the file that was packed as a table, or of another by its path; None without one."""
        if (table := self.index.tables().get(name)) is not None:
            return table.sha256
        return next((file.sha256 for file in self.index.files if file.path == name), None)

    def lines(self, table: str, part: Part) -> Iterator[tuple[int, bytes]]:
        """The lines of those parts of a table that can have lines of a part, with their numbers.

        A hash that leaves a remainder by the number of one's parts leaves a known one by what both numbers
        have in common: all of 400 parts are read for one of 7, every 100th for one of 100.
        """
        common = gcd(part.of, self.index.parts)
        for one in self.index.tables()[table].parts:
            if (one.part - part.number) % common == 0:
                frame = self._frame(table, one)
                if table == DOCUMENT_TABLE and common < part.of:
                    frame = tables.of_part(frame, part)
                for line in tables.part_lines(frame, table, self.address):
                    yield line.number, line.content + b"\n"

    def _frame(self, table: str, part: indexes.Part) -> polars.DataFrame:
        """A part of a table; it comes again where another process has cleared it away before it was read."""
        for _ in range(TRIES):
            place = self._object(table, part)
            try:
                return tables.read_part(self.store(), table, part, self.index.parts, place)
            except DataError:
                if place.exists():
                    raise
        raise CorpusError(
            f"{place}: others clear the cache while it is read; run fewer commands at a time, or let it have "
            f"more by {clearing.VARIABLE}"
        )

    def _object(self, table: str, part: indexes.Part) -> Path:
        """A part of a table as it is stored, in the cache: many parts of a run may be taken from it."""
        place = room.cache() / clearing.OBJECTS / f"{part.sha256}.parquet"
        if kept.is_sound(place, part.bytes, part.sha256):
            kept.use(place)
        else:
            clearing.make_room(part.bytes)
            name = object_name(table, part, self.index.parts)
            bring_object(self.store(), name, part.bytes, part.sha256, place)
            kept.mark(place, part.sha256)
        return place


def _silent(_: str) -> None:
    """Nothing is said: a command that reads says its own."""


def open_packed(path: Path) -> Corpus:
    """The packed corpus at an address, or that of a folder of the cache.

    Raises `CorpusError` if there is none, `DataError` if it is not sound.
    """
    if (path / PACKED).is_file():
        clearing.hold(path)
        known = _read_known(path)
        return _corpus(known.address, known.index, path)
    address = parse(path)
    store = storage.connect(address)
    index = needed_index(store)
    folder = room.cache() / indexes.digest(indexes.encode(index))
    said = str(address) if is_address(path) else str(path)
    with _BRINGING:
        clearing.hold(folder)
        make_folder(folder)
        for file in index.files:
            if not kept.is_sound(folder / file.path, file.bytes, file.sha256):
                clearing.make_room(file.bytes)
                bring_object(store, file.name, file.bytes, file.sha256, folder / file.path)
                kept.mark(folder / file.path, file.sha256)
        write_atomic(folder / PACKED, msgspec.json.encode(_Known(said, index)))
    return _corpus(said, index, folder)


def _read_known(folder: Path) -> _Known:
    try:
        return msgspec.json.decode(read_bytes(folder / PACKED), type=_Known)
    except BROKEN as error:
        raise DataError(
            f"{folder}: a folder of the cache that does not say what it is of ({error}); take it away, and "
            "name the corpus by its address: it comes again"
        ) from error


def _corpus(address: str, index: Index, folder: Path) -> Corpus:
    return Corpus(folder, index.manifest, Source(address, index, folder))
